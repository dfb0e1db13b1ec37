"""Where satcfdi keeps the SAT's schemas, stylesheets and catalogues.

The package is located, not imported: importing it would load half a second of modules that are not needed
to read its files. Nothing of the SAT's is copied into this project.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

_SITE = Path("transform", "schemas", "www.sat.gob.mx", "sitio_internet", "cfd")


@lru_cache(maxsize=1)
def package_folder() -> Path:
    """Folder of the installed satcfdi.

    :raises ModuleNotFoundError: satcfdi is not installed.
    """
    spec = find_spec("satcfdi")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the Python package 'satcfdi' is not installed", name="satcfdi")
    return Path(spec.submodule_search_locations[0])


def sat_file(relative: str) -> Path:
    """A file of the SAT's site (below /sitio_internet/cfd), as satcfdi ships it.

    :raises FileNotFoundError: this version of satcfdi does not have it.
    """
    path = package_folder() / _SITE / relative
    if not path.is_file():
        raise FileNotFoundError(f"satcfdi does not ship {relative}")
    return path


def catalogs_file() -> Path:
    """The SQLite database of the SAT's catalogues."""
    return package_folder() / "catalogs" / "catalogs.db"
