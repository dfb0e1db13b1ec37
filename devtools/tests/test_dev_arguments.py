"""What is wrong in a call is said in one line, before any set-up."""

import ast
import socket
import subprocess

import pytest

from conftest import PYTHON, REPOSITORY


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "abc", "80.5", "", "٨٠"])
@pytest.mark.parametrize("command", ["demo", "serve"])
def test_bad_port(dev, error_of, tmp_path, command, port):
    done = dev(command, f"--port={port}")
    assert done.returncode == 2
    assert error_of(done) == f"--port must be a number between 1 and 65535, not {port!r}"
    assert not (tmp_path / "home").exists()


def test_port_taken(dev, error_of, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = dev("demo", "--once", f"--port={port}")
    assert error_of(done) == f"port {port} cannot be used (taken, or not allowed): choose another with --port"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required: COMMAND"),
        (("fly",), "'fly'"),
        (("test", "test_of_nothing"), "no test is called test_of_nothing"),
        (("bench", "nothing"), "nothing is called nothing"),
        (("load", "nothing"), "nothing is called nothing"),
        (("shell", "/no/such/file.py"), "/no/such/file.py cannot be read: No such file"),
        (("demo", "--twice"), "--twice"),
    ],
)
def test_bad_arguments(dev, error_of, arguments, said):
    done = dev(*arguments)
    assert done.returncode == 2
    assert said in error_of(done)


def test_debug_shows_where(dev):
    done = dev("demo", "--port=0", DEV_DEBUG="1")
    assert "Traceback" in done.stderr
    assert "dev: error: --port" in done.stderr


def test_the_entry_file_is_readable_for_old_pythons():
    ast.parse((REPOSITORY / "dev").read_text(), feature_version=(3, 4))


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 9, 18)])
def test_python_too_old(version):
    program = (
        f"import runpy, sys; sys.version_info = {version!r}; sys.argv = ['dev', 'demo'];"
        f"runpy.run_path({str(REPOSITORY / 'dev')!r}, run_name='__main__')"
    )
    done = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f"dev: error: Python 3.10 or newer is needed and this is Python {version[0]}.{version[1]}; "
        "run it as `python3.11 dev ...`\n"
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x", "DATABASE_URL must look like postgresql://"),
        ("postgresql://odoo@localhost:abc/x", "port that is not a number"),
        ("postgresql://postgres@localhost/x", "refuses to work as the user postgres"),
    ],
)
def test_bad_database_url(url, said):
    from devtools.errors import DevError
    from devtools.postgres import external

    with pytest.raises(DevError, match=said):
        external({"DATABASE_URL": url})


def test_database_of_the_environment():
    from devtools.postgres import external

    found = external({"DATABASE_URL": "postgresql://ana:s%40l@db.example:5433/work"})
    assert (found.host, found.port, found.user, found.password) == ("db.example", "5433", "ana", "s@l")
    assert found.maintenance == "work"
    assert not found.own
    socket = external({"DATABASE_URL": "postgresql://ana@%2Fvar%2FRun:5433/x?sslmode=disable"})
    assert (socket.host, socket.port, socket.sslmode) == ("/var/Run", "5433", "disable")
    assert external({"PGHOST": "/run/pg", "PGUSER": "ana"}).environ()["PGHOST"] == "/run/pg"
    # what `./dev env` exports is our own server, not another one
    assert external({"PGHOST": "/home/x/pg/socket", "PGUSER": "odoo"}, own_socket="/home/x/pg/socket") is None
    assert external({}) is None
