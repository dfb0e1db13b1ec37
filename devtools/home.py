"""The cache folder, and how things are made in it: under a lock, in a temporary folder, then renamed."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from .console import say
from .errors import DevError

REPOSITORY = Path(__file__).resolve().parent.parent
NAME = "l10n_mx_customer"


def cache_folder(environ=os.environ):
    """`$L10N_MX_CUSTOMER_HOME`, else under `$XDG_CACHE_HOME`, else under `~/.cache`."""
    if environ.get("L10N_MX_CUSTOMER_HOME"):
        return Path(environ["L10N_MX_CUSTOMER_HOME"]).expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME") or ""
    # the XDG specification: a relative path is invalid and is to be ignored
    base = Path(base) if os.path.isabs(base) else Path("~/.cache").expanduser()
    return base / NAME


def digest(*parts):
    """A short name for a combination of texts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


class Home:
    """The cache folder and the places in it."""

    def __init__(self, path=None):
        self.path = Path(path) if path else cache_folder()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"the cache folder {self.path} cannot be made ({error.strerror})"
            raise DevError(f"{problem}: set L10N_MX_CUSTOMER_HOME to a folder that you may write") from error

    def __truediv__(self, name):
        return self.path / name

    @property
    def logs(self):
        folder = self / "logs"
        folder.mkdir(exist_ok=True)
        return folder

    @contextlib.contextmanager
    def lock(self, name):
        """Only one process at a time does what is inside; the others wait, and say so."""
        folder = self / "locks"
        folder.mkdir(exist_ok=True)
        with open(folder / name, "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another `./dev` that makes the same thing ({name})")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def ensure(self, name, key, build):
        """Return the folder `name`, made by `build(folder)` unless it is there already with the same key.

        The folder is complete or absent: it is built beside and renamed, so a process killed half-way leaves
        only a `.part` folder, which the next one throws away.
        """
        target, part = self / name, self / f"{name}.part"
        stamp = target / ".stamp"
        if _read(stamp) == key:
            return target
        with self.lock(name):
            if _read(stamp) == key:
                return target
            remove(part)
            part.mkdir()
            build(part)
            (part / ".stamp").write_text(key)
            remove(target)
            part.rename(target)
        return target


def _read(file):
    try:
        return file.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None


def remove(folder):
    """Delete a folder that may not exist; renamed first, so that it is never seen half-deleted."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        grave = folder.with_name(f"{folder.name}.gone-{os.getpid()}")
        folder.rename(grave)
        shutil.rmtree(grave)
