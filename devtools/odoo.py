"""Running Odoo: its configuration file, its environment, its commands."""

import contextlib
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

from . import addon, processes
from .console import step
from .errors import DevError
from .home import NAME

# name of the level, the database, the logger and the message of a line of Odoo's log
LOG_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>[A-Z]+) (?P<db>\S+) (?P<logger>[\w.]+): (?P<text>.*)"
)
# Odoo locks its table of modules without waiting before it installs or uninstalls, and gives up when PostgreSQL's
# autovacuum happens to hold it; then nothing was done yet, and it is done a second later.
TABLE_TAKEN, TRIES = 'could not obtain lock on relation "ir_module_module"', 3
LOGIN = "admin"
PASSWORD = "admin"


class Odoo:
    """Odoo 19 with its Python, talking to one PostgreSQL server."""

    def __init__(self, home, source, venv, server):
        self.home = home
        self.source = source
        self.python = venv / "bin/python"
        self.server = server
        self.checkout = addon.link(home)
        self.data = home / "filestores"
        self.data.mkdir(exist_ok=True)
        self.config = self._write_config()

    def _write_config(self):
        """`odoo module` and `odoo db` take the database's address from a configuration file alone."""
        server = self.server
        options = {
            "admin_passwd": os.urandom(16).hex(),  # the database manager is of no use here: closed
            "list_db": "False",
            "db_host": server.host,
            "db_port": server.port,
            "db_user": server.user,
            "db_password": server.password,
            "db_sslmode": server.sslmode,
            "pg_path": str(server.bin or ""),
            "data_dir": str(self.data),
            "http_interface": "127.0.0.1",
            "max_cron_threads": "1",
            # a developer's machine may be slow; the defaults are for a server in production
            "limit_time_cpu": "600",
            "limit_time_real": "1200",
        }
        text = "[options]\n" + "".join(f"{name} = {value}\n" for name, value in options.items() if value)
        file = self.checkout / "odoo.conf"
        new = file.with_suffix(f".{os.getpid()}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
            output.write(text)
        new.replace(file)
        return file

    def environ(self, **extra):
        """What every Python process that works with Odoo is given."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PYTHON", "ODOO_"))}
        return {
            **env,
            # Odoo too, which the .pth file also names: another command may use another ODOO_SOURCE at the same time
            "PYTHONPATH": f"{self.checkout}{os.pathsep}{self.source.path}",
            "PYTHONUNBUFFERED": "1",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",  # Odoo sets it anyhow; so the same for everything beside it
            **self.server.environ(),
            **extra,
        }

    def command(self, name, *args):
        """`odoo NAME ...` with our configuration."""
        if name == "module":
            return [self.python, "-m", "odoo", name, args[0], "-c", self.config, *args[1:]]
        return [self.python, "-m", "odoo", name, "-c", self.config, *args]

    def run(self, title, log, name, *args, env=None):
        """Run an Odoo command to the end. An ERROR in its log is a failure too: Odoo often goes on and ends with 0."""
        with step(title):
            for attempt in range(1, TRIES + 1):
                try:
                    processes.check(self.command(name, *args), log, title, env=env or self.environ())
                    break
                except DevError:
                    if attempt == TRIES or TABLE_TAKEN not in log.read_text(errors="replace"):
                        raise
                    time.sleep(attempt)
        problems = list(log_records(log, {"ERROR", "CRITICAL"}))
        if problems:
            raise DevError(f"{title} failed: {problems[0].splitlines()[0]} (whole output: {log})")

    def shell(self, database, script, log=None):
        """Run a Python text with `env` in an Odoo shell; its exit status. It commits by itself."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(open(log, "wb")) if log else None
            return subprocess.run(
                self.command("shell", "-d", database, "--no-http", "--log-level=warn"),
                input=script.encode(),
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=self.environ(),
                preexec_fn=processes.die_with_parent,
                check=False,
            ).returncode

    @contextlib.contextmanager
    def serving(self, database, port, log, *args, env=None):
        """A server for one database, ready to answer, for the length of a block; yields its process."""
        command = self.command(
            "server", "-d", database, f"--db-filter=^{database}$", "--http-port", port, "--workers=0", *args
        )
        with (
            open(log, "wb") as output,
            processes.running(command, stdout=output, stderr=subprocess.STDOUT, env=env or self.environ()) as process,
        ):
            with step(f"Starting Odoo on http://localhost:{port}"):
                processes.wait_for(lambda: answers(port), process, 900, "Odoo's server", log)
            yield process


def answers(port):
    """Whether an Odoo server is ready on the port of this machine."""
    try:
        # no proxy: it is this machine
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/web/health", timeout=10) as answer:
            return json.load(answer).get("status") == "pass"
    except (OSError, ValueError, urllib.error.URLError):
        return False


def log_records(log, levels):
    """The records of an Odoo log of these levels, each with the lines (a traceback) that follow it."""
    record = None
    with open(log, errors="replace") as lines:
        for line in lines:
            match = LOG_LINE.match(line)
            if match:
                if record:
                    yield "".join(record).rstrip()
                record = (
                    [f"{match['level']} {match['logger']}: {match['text']}\n"] if match["level"] in levels else None
                )
            elif record is not None:
                record.append(line)
    if record:
        yield "".join(record).rstrip()


def own_warnings(log):
    """The warnings that this addon, and not another one, is the cause of."""
    return [record for record in log_records(log, {"WARNING"}) if NAME in record]
