"""`./dev lock`: resolve requirements.in into requirements.txt, every package with its exact version.

Resolved by the oldest Python supported, so that one file serves every Python: what newer ones do not need (such as
exceptiongroup) does no harm there.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .console import step
from .errors import DevError
from .home import REPOSITORY

HEADER = """\
# Every package of the development environment, with its exact version. Made from requirements.in by `./dev lock`
# with Python 3.10 (`python3.10 dev lock`); do not edit. Odoo itself is not here: see devtools/source.py.
"""


def lock():
    if sys.version_info[:2] != (3, 10):
        raise DevError("the lock file is made with the oldest Python supported: run `python3.10 dev lock`")
    with tempfile.TemporaryDirectory() as folder, step("Resolving requirements.in"):
        venv = Path(folder) / "venv"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        # setuptools is a requirement like any other; the environment must not hide it from the report
        subprocess.run([venv / "bin/pip", "uninstall", "-qy", "setuptools"], check=True)
        pretend_odoo(venv)
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [venv / "bin/pip", "install", "-q", "--dry-run", "--report", report, "-r", REPOSITORY / "requirements.in"],
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            raise DevError("pip could not resolve requirements.in: its reason is above")
        chosen = [package["metadata"] for package in json.loads(report.read_text())["install"]]
    lines = sorted({f"{normal(data['name'])}=={data['version']}" for data in chosen})
    (REPOSITORY / "requirements.txt").write_text(HEADER + "\n".join(lines) + "\n")
    print(f"requirements.txt: {len(lines)} packages")
    return 0


def normal(name):
    """A distribution's name as the packaging standards normalise it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pretend_odoo(venv):
    """The OCA packages require the distribution `odoo`; for resolving them its name and version are enough."""
    (site,) = (venv / "lib").glob("python*/site-packages")
    info = site / "odoo-19.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n")
