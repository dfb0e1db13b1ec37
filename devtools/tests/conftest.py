"""The PAC simulator; and for the tests of `dev`, real processes in a cache folder that is empty, as a rule."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import csd
from devtools.home import Home
from devtools.pac.process import running
from pac_support import NAME, RFC

REPOSITORY = Path(__file__).resolve().parents[2]
# `dev` is run by the Python that made the virtual environment, as its user does
PYTHON = getattr(sys, "_base_executable", sys.executable)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the PAC simulator of a module keeps its memory and its authority."""
    return tmp_path_factory.mktemp("pac")


@pytest.fixture(scope="module")
def issuer(folder):
    """A CSD that this simulator accepts."""
    return csd.issue(csd.ensure_authority(folder), RFC, NAME)


@pytest.fixture(scope="module")
def running_simulator(folder):
    with running(folder) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator):
    """The PAC simulator, without faults waiting."""
    running_simulator.control(reset=True)
    return running_simulator


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def dev(tmp_path):
    """Run `./dev ARGUMENTS` to its end."""

    def run(*arguments, timeout=60, path=None, **variables):
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "DATABASE_URL", "ODOO"))}
        env.update({"L10N_MX_CUSTOMER_HOME": str(tmp_path / "home"), **variables})
        if path is not None:
            env["PATH"] = str(path)
        command = [PYTHON, str(REPOSITORY / "dev"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=timeout, check=False)

    return run


@pytest.fixture
def error_of():
    """The one line that a command said before it gave up."""

    def one_line(done):
        assert done.returncode not in (0, None), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        lines = [line for line in done.stderr.splitlines() if line.startswith("dev: error: ")]
        assert len(lines) == 1, done.stderr
        return lines[0].removeprefix("dev: error: ")

    return one_line
