"""The virtual environment: every package of requirements.txt, and Odoo on its path by a .pth file."""

import os
import subprocess
import sys

from . import processes
from .console import folder_megabytes, step
from .errors import DevError
from .home import REPOSITORY, digest

REQUIREMENTS = REPOSITORY / "requirements.txt"
PTH = "odoo19.pth"


def key():
    """What the environment is made of. It is bound to its Python and to its place (scripts name their interpreter)."""
    return digest(REQUIREMENTS.read_text(), sys.version, sys.base_prefix)


def build(folder, target, pip_wheel, log):
    """Make the environment in `folder`, to be renamed to `target`.

    :param pip_wheel: called for the file of a pip wheel when this Python has no ensurepip
    """
    python = folder / "bin/python"
    try:
        import ensurepip  # noqa: F401 (Debian's python3 has it only with the package python3-venv)
    except ImportError:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        wheel = str(pip_wheel())
        env = {**os.environ, "PYTHONPATH": wheel}
        processes.check([python, "-m", "pip", "install", "-q", wheel], log, "installing pip", env=env)
    else:
        processes.check([sys.executable, "-m", "venv", folder], log, "making the virtual environment")
        env = dict(os.environ)
        env.pop("PYTHONPATH", None)
    # The list is complete and exact: pip has nothing to resolve. Modules are compiled when first imported, which
    # takes less than compiling all of them now.
    command = [python, "-m", "pip", "install", "--no-deps", "--no-compile", "--no-input", "-r", REQUIREMENTS]
    with step("Installing the Python packages", measure=lambda: folder_megabytes(folder)):
        processes.check(command, log, "installing the Python packages (pip)", env=env, append=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    for script in (folder / "bin").iterdir():
        _move(script, folder, target)
    return site


def _move(script, old, new):
    """Scripts begin with the path of their interpreter: say the one it will have after the rename."""
    if script.is_symlink() or not script.is_file():
        return
    content = script.read_bytes()
    if str(old).encode() in content:
        script.write_bytes(content.replace(str(old).encode(), str(new).encode()))


def link_odoo(folder, source):
    """Put Odoo on the environment's path (written each time: ODOO_SOURCE may have changed)."""
    (site,) = (folder / "lib").glob("python*/site-packages")
    pth, text = site / PTH, f"{source.path}\n"
    if not pth.exists() or pth.read_text() != text:
        new = pth.with_suffix(f".{os.getpid()}")
        new.write_text(text)
        new.rename(pth)


def ensure(home, pip_wheel):
    target = home / "venv"
    home.ensure("venv", key(), lambda part: build(part, target, pip_wheel, home.logs / "venv.log"))
    if not (target / "bin/python").exists():
        # the Python that it was made with has been removed or upgraded in place
        raise DevError("the virtual environment's Python is gone: run `./dev reset`")
    return target
