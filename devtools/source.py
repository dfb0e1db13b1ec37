"""Where Odoo 19 is: the tree named by ODOO_SOURCE, or Debian's package in the cache folder."""

import ast
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .errors import DevError

# raised when what is unpacked, or how, changes: then every cache folder fetches it again
RECIPE = "2"


@dataclass(frozen=True)
class OdooSource:
    """`path`: the folder to put on Python's path; `version`: a text that changes whenever the code does."""

    path: Path
    version: str


def check():
    """Raise at once if there is no way to Odoo 19."""
    if os.environ.get("ODOO_SOURCE"):
        from_tree(_tree())
    else:
        debian.check()


def _tree():
    return Path(os.environ["ODOO_SOURCE"]).expanduser().absolute()


def find(home):
    """Odoo 19, fetched if missing."""
    if os.environ.get("ODOO_SOURCE"):
        return from_tree(_tree())
    root = home.ensure("odoo", RECIPE, lambda part: debian.build(part, home / "apt", home.logs / "odoo.log"))
    return OdooSource(root / "usr/lib/python3/dist-packages", f"debian {(root / 'version').read_text()}")


def from_tree(path):
    """An existing tree, of git's layout or of a distribution's."""
    release = path / "odoo/release.py"
    try:
        series = series_of(release.read_text())
    except OSError as error:
        raise DevError(f"ODOO_SOURCE={path} is not an Odoo tree: {release} cannot be read") from error
    if series != "19.0":
        raise DevError(f"ODOO_SOURCE={path} is Odoo {series or 'of an unknown version'}; 19.0 is needed")
    commit = subprocess.run(
        ["git", "-C", path, "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return OdooSource(path, f"{path} {commit or release.stat().st_mtime_ns}")


def series_of(source):
    """The series ("19.0") that the text of an Odoo `release.py` declares, else None."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "version_info":
            elements = getattr(node.value, "elts", [])
            if len(elements) > 1 and all(isinstance(item, ast.Constant) for item in elements[:2]):
                return f"{elements[0].value}.{elements[1].value}"
    return None
