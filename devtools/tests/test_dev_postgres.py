"""Our own PostgreSQL: shared, never on a network, and back after whatever happened. Databases: whole or absent."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import REPOSITORY
from devtools.databases import Databases
from devtools.errors import DevError
from devtools.home import Home
from devtools.postgres import Embedded, socket_folder, stop_unused

VENV = Path(sys.prefix)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cache folder with a server of its own, stopped at the end whatever the tests did."""
    home = Home(tmp_path_factory.mktemp("pg") / "home")
    yield home
    Embedded(home, VENV).stop()


def connect(home):
    embedded = Embedded(home, VENV)
    return SimpleNamespace(embedded=embedded, use=embedded.use)


def ask(server, query="SELECT 1"):
    return subprocess.run(
        [server.program("psql"), "-XAtc", query, "postgres"],
        env={**os.environ, **server.environ()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def postmaster(home):
    return int((home / "pg/data/postmaster.pid").read_text().split("\n")[0])


def tcp_sockets(pid):
    """The inodes of the process's sockets that are of TCP."""
    links = (os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir())
    mine = {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}
    tables = (Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    return mine & {line.split()[9] for table in tables for line in table.splitlines()[1:]}


def test_started_shared_and_stopped_by_the_last(cluster):
    with connect(cluster).use() as one:
        pid = postmaster(cluster)
        with connect(cluster).use() as two:
            assert ask(two) == "1"
        assert ask(one) == "1", "the first one still uses it"
        assert postmaster(cluster) == pid
    assert not (cluster / "pg/data/postmaster.pid").exists()


def test_kept_when_asked_for(cluster):
    (cluster / "pg/keep").touch()
    with connect(cluster).use():
        pass
    assert postmaster(cluster)
    (cluster / "pg/keep").unlink()
    with connect(cluster).use() as server:
        assert ask(server) == "1"
    assert not (cluster / "pg/data/postmaster.pid").exists()


def test_not_on_the_network_and_closed_to_others(cluster):
    with connect(cluster).use() as server:
        assert ask(server, "SHOW listen_addresses") == ""
        assert not tcp_sockets(postmaster(cluster))
        assert stat.S_IMODE(Path(server.host).stat().st_mode) == 0o700
        assert ask(server, "SHOW fsync") == "on"


def test_stale_pid_of_another_process(cluster):
    """After a crash of the machine, the number may be of anything: here, of this very test."""
    with connect(cluster).use():
        text = (cluster / "pg/data/postmaster.pid").read_text()
    pid_file = cluster / "pg/data/postmaster.pid"
    pid_file.write_text(text.replace(text.split("\n")[0], str(os.getpid()), 1))
    with connect(cluster).use() as server:
        assert ask(server) == "1"


def test_killed_server(cluster):
    with connect(cluster).use() as server:
        subprocess.run(
            [server.program("psql"), "-Xqc", "CREATE TABLE kept AS SELECT 42 AS answer", "postgres"],
            env={**os.environ, **server.environ()},
            check=True,
        )
        time.sleep(1)  # synchronous_commit is off: what is older than a second is on the disk
        os.kill(postmaster(cluster), signal.SIGKILL)
    with connect(cluster).use() as server:
        assert ask(server, "SELECT answer FROM kept") == "42"


def test_user_killed(cluster):
    """A command that is killed leaves the server; the next one uses it and stops it."""
    program = (
        f"import sys, os, signal; sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from pathlib import Path; from devtools.home import Home; from devtools.postgres import Embedded\n"
        f"with Embedded(Home({str(cluster.path)!r}), Path({str(VENV)!r})).use():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    pid = postmaster(cluster)
    with connect(cluster).use() as server:
        assert ask(server) == "1"
        assert postmaster(cluster) == pid
    assert not (cluster / "pg/data/postmaster.pid").exists()


def test_reset_waits_for_nobody(cluster):
    """It stops a server that nobody uses, and refuses while somebody does."""
    (cluster / "pg/keep").touch()
    with connect(cluster).use(), pytest.raises(DevError, match=r"another `./dev` command is at work"):
        stop_unused(cluster)
    assert postmaster(cluster)
    stop_unused(cluster)
    assert not (cluster / "pg/data/postmaster.pid").exists()
    (cluster / "pg/keep").unlink()


def test_half_made_data_folder(cluster):
    (cluster / "pg/data").rename(cluster / "pg/whole")
    (cluster / "pg/data").mkdir()
    (cluster / "pg/data/half").touch()
    with connect(cluster).use() as server:
        assert ask(server) == "1"


def test_long_path_has_a_short_socket(tmp_path):
    home = Home(tmp_path / ("x" * 100))
    assert len(str(socket_folder(home))) < 80
    assert socket_folder(home) != socket_folder(Home(tmp_path / ("y" * 100)))


@pytest.fixture
def databases(cluster):
    with connect(cluster).use() as server:
        data = cluster / "filestores"
        data.mkdir(exist_ok=True)
        found = Databases(SimpleNamespace(home=cluster, server=server, data=data))
        yield found
        for name in found.names():
            found.drop(name)


def make(databases, calls, fail=False):
    def build(part):
        calls.append(part)
        databases.sql(f'CREATE DATABASE "{part}"')
        databases.sql("CREATE TABLE ir_config_parameter (key text, value text)", part)
        databases.sql("INSERT INTO ir_config_parameter VALUES ('database.uuid', 'template')", part)
        (databases.filestore(part) / "ab").mkdir(parents=True)
        (databases.filestore(part) / "ab/file").write_text("content")
        if fail:
            raise DevError("interrupted")

    return build


def test_template_is_made_once_and_copied(databases):
    calls = []
    name = databases.template("kind", "1", make(databases, calls))
    assert databases.template("kind", "1", make(databases, calls)) == name
    assert len(calls) == 1
    with databases.throwaway(name, "one") as one:
        assert (databases.filestore(one) / "ab/file").read_text() == "content"
        assert databases.sql("SELECT value FROM ir_config_parameter", one) != ["template"], "it has its own identity"
    assert not databases.exists(one)
    assert not databases.filestore(one).exists()
    assert (databases.filestore(name) / "ab/file").exists()


def test_half_made_template_is_made_again(databases):
    calls = []
    with pytest.raises(DevError, match="interrupted"):
        databases.template("kind", "1", make(databases, calls, fail=True))
    assert databases.names("kind") == [f"{databases.prefix}_kind_1_part"]
    name = databases.template("kind", "1", make(databases, calls))
    assert databases.names("kind") == [name]
    assert len(calls) == 2


def test_old_templates_go(databases):
    for key in "abc":
        databases.template("kind", key, make(databases, []))
    assert databases.names("kind") == [f"{databases.prefix}_kind_{key}" for key in "cb"]


def test_two_at_once_whatever_their_purpose_is_called(databases):
    name = databases.template("kind", "1", make(databases, []))
    with databases.throwaway(name, "tests_with_the_shop_and_the_point_of_sale_and_much_else") as one:
        assert databases.names("run") == [one]
        with databases.throwaway(name, "other") as other:
            assert databases.exists(one)
            assert databases.names("run") == [other, one]
    assert databases.names("run") == []


def test_databases_of_dead_processes_go(databases):
    name = databases.template("kind", "1", make(databases, []))
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = f"{databases.prefix}_run_test_{dead.pid}"
    databases.copy(name, left)
    alive = f"{databases.prefix}_run_other_{os.getppid()}"
    databases.copy(name, alive)
    with databases.throwaway(name, "one"):
        assert not databases.exists(left)
        assert databases.exists(alive), "another command works in it"
