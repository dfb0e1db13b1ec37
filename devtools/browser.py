"""Programs that only the system's packages bring: a Chromium for browser tests, wkhtmltopdf for Odoo's PDF.

The one thing that `dev` installs into the system, as root on Debian; elsewhere it says what will not work.
"""

import os
import shutil
import subprocess

from . import processes
from .console import say, step
from .errors import DevError

# the names that Odoo's tests look for (odoo/tests/common.py, _find_executable)
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
NEEDS = (
    ("chromium", BROWSERS, "browser tests fail"),
    ("wkhtmltopdf", ("wkhtmltopdf",), "Odoo prints no PDF"),
)


def missing(packages):
    return [need for need in NEEDS if need[0] in packages and not any(shutil.which(name) for name in need[1])]


def ensure(home, packages):
    """Install those of the packages that are missing, as root with apt; else say in one line what will not work."""
    if not missing(packages):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with home.lock("apt"):
            absent = [package for package, _names, _effect in missing(packages)]
            if absent:
                try:
                    _install(absent, home.logs / "apt.log")
                except DevError as error:
                    say(str(error))
    for package, _names, effect in missing(packages):
        say(f"without {package} {effect}: install it with `apt-get install {package}` as root")


def _install(packages, log):
    """The index of the packages may be absent or old: read it again when the first try does not find them."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    env.pop("APT_CONFIG", None)
    command = [
        "apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *packages,
    ]  # fmt: skip
    with step(f"Installing {' and '.join(packages)} with apt (a minute)"):
        if _apt(command, log, env):
            _apt(["apt-get", "update", "-q"], log, env)
            if _apt(command, log, env):
                raise DevError(f"apt cannot install {' '.join(packages)}: {processes.last_words(log)} (see {log})")


def _apt(command, log, env):
    """Unlike our other children apt is never ended half-way, which would leave the system's packages in pieces."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, start_new_session=True
        ).wait()
