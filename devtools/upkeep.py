"""`./dev lint`, `build`, `stop` and `reset`."""

import subprocess

from . import addon, postgres
from .console import say, step
from .home import REPOSITORY, Home, remove
from .setup import tools


def lint():
    """ruff over the whole repository, pylint-odoo over the addon; non-zero on any finding."""
    _source, venv = tools(Home())
    folders = [part for part in addon.PARTS if (REPOSITORY / part).exists()]
    findings = 0
    for title, command in (
        ("ruff check", ["-m", "ruff", "check", "."]),
        ("ruff format", ["-m", "ruff", "format", "--check", "."]),
        ("pylint-odoo", ["-m", "pylint", "--rcfile=pyproject.toml", *folders]),
    ):
        with step(title):
            status = subprocess.run([venv / "bin/python", *command], cwd=REPOSITORY, check=False).returncode
        if status:
            say(f"{title}: there are findings (above)")
            findings += 1
    print("lint: no findings" if not findings else f"lint: {findings} of 3 tools have findings")
    return 1 if findings else 0


def build():
    """The wheel, into dist/."""
    _source, venv = tools(Home())
    command = [venv / "bin/python", "-m", "hatchling", "build", "-t", "wheel"]
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


def stop():
    home = Home()
    (home / "pg/keep").unlink(missing_ok=True)
    if (home / "pg/data").exists():
        _source, venv = tools(home)
        if not postgres.external(own_socket=postgres.socket_folder(home)):
            with postgres.server(home, venv):
                pass  # the last user stops it, as it is no longer to be kept
    return 0


# all that `dev` makes in the cache folder; whatever else is there stays
MADE = ("apt", "checkouts", "filestores", "locks", "logs", "odoo", "odoo.part", "pac-*", "pg", "venv", "venv.part")


def reset():
    """Delete what `dev` made in the cache folder, PostgreSQL stopped first. Databases on a server of others stay."""
    home = Home()
    postgres.stop_unused(home)
    with step(f"Emptying {home.path}"):
        for pattern in (*MADE, "*.gone-*"):
            for entry in home.path.glob(pattern):
                remove(entry)
    return 0
