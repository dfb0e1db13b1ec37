"""The addon seen from outside: its manifest, its files, and the link that gives it its Python name."""

import ast
import hashlib
import os

from .errors import DevError
from .home import NAME, REPOSITORY, digest

# The addon's own files, in the order of a reader; pyproject.toml packs the same (a test compares them).
PARTS = (
    "__init__.py",
    "__manifest__.py",
    "hooks.py",
    "cfdi",
    "cli",
    "controllers",
    "data",
    "demo",
    "i18n",
    "migrations",
    "models",
    "reports",
    "security",
    "static",
    "tests",
    "views",
    "wizards",
)


def manifest(repository=REPOSITORY):
    file = repository / "__manifest__.py"
    try:
        return ast.literal_eval(file.read_text())
    except FileNotFoundError as error:
        raise DevError(f"{file} is missing: this is not a whole checkout of the addon") from error
    except (SyntaxError, ValueError) as error:
        raise DevError(f"{file} is not a Python literal: {error}") from error


def files(parts=PARTS, repository=REPOSITORY):
    """The files of the addon, sorted; caches of Python and pytest left out."""
    for part in parts:
        path = repository / part
        if path.is_file():
            yield path
        for folder, names, inside in os.walk(path):
            names[:] = sorted(name for name in names if not name.startswith((".", "__pycache__")))
            for name in sorted(inside):
                if not name.endswith(".pyc"):
                    yield path.__class__(folder, name)


def content_key(without=(), repository=REPOSITORY):
    """A short name for the present content of the addon's files."""
    total = hashlib.sha256()
    for file in files([part for part in PARTS if part not in without], repository):
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # a file being saved by an editor, or a dangling link
            continue
        total.update(f"{file.relative_to(repository)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:12]


def link(home, repository=REPOSITORY):
    """The folder to put on Python's path so that this checkout, whatever its name, is `odoo.addons.l10n_mx_customer`.

    One link a checkout, so that two checkouts may share the cache folder.
    """
    folder = home / f"checkouts/{digest(repository)}"
    addons = folder / "odoo/addons"
    addons.mkdir(parents=True, exist_ok=True)
    target = addons / NAME
    if not target.is_symlink() or os.readlink(target) != str(repository):
        new = addons / f".{NAME}.{os.getpid()}"
        new.unlink(missing_ok=True)
        new.symlink_to(repository)
        new.replace(target)
    return folder
