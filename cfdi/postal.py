"""What the SAT's catalogues say of a postal code: its state, its municipality and its colonias.

c_Colonia has one row for each colonia under (number, postal code), and an index that begins with the number. To find
the rows of a postal code without reading 145,000 of them each time, their keys alone are read once a process, when the
first postal code is asked for, and packed four bytes each (580 kB); the names are read when they are wanted.
"""

from __future__ import annotations

import io
import pickle
import re
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from .catalogs import _PlainUnpickler
from .resources import catalogs_file

ESTADOS: tuple[str, ...] = tuple(
    "AGU BCN BCS CAM CHH CHP CMX COA COL DUR GRO GUA HID JAL MEX MIC MOR NAY NLE OAX PUE QUE ROO SIN SLP SON TAB TAM "
    "TLA VER YUC ZAC".split()
)
"""c_Estado, the rows of Mexico that postal codes use: DIF, of before 2018, is none of them."""

# How satcfdi writes the key ('0947', '06700') of a colonia: a pickle, protocol 4.
_COLONIA_KEY = re.compile(rb"\x80\x04\x95.{8}\x8c\x04(\d{4})\x94\x8c\x05(\d{5})\x94\x86\x94\.", re.DOTALL)
_POSTAL_CODE = re.compile(r"[0-9]{5}")
_NUMBERS = 10_000  # colonias are numbered with four digits


@dataclass(frozen=True)
class Place:
    """Where a postal code is: a row of c_CodigoPostal, with the name that it points at."""

    estado: str
    """Code of c_Estado, which is Odoo's code of the state too."""
    municipio: str
    """Name in c_Municipio; '' for the two codes in three that the catalogue gives none (they have no colonias)."""


@lru_cache(maxsize=4096)
def place(code: str) -> Place:
    """Where a postal code is.

    :raises KeyError: it is not in c_CodigoPostal, or it is 00000, which stands there for no place at all.
    """
    return places([code])[code]


def places(codes: Iterable[str]) -> dict[str, Place]:
    """Where each of many postal codes is; those that do not exist are left out.

    Opening the catalogue costs most of a look-up: an import asks for all of its codes at once.
    """
    found = {}
    with _catalogs() as connection:
        for code in set(codes) - {"00000"}:
            estado, municipio, *_rest = _read(connection, "C756_c_CodigoPostal", code) or ("", "")
            if estado in ESTADOS:
                name = municipio and _read(connection, "C756_c_Municipio", (municipio, estado))
                found[code] = Place(estado, name or "")
    return found


@lru_cache(maxsize=512)
def colonias(code: str) -> tuple[str, ...]:
    """Names in c_Colonia of a postal code, sorted as people read them.

    :raises KeyError: as `place`
    """
    place(code)
    return tuple(sorted((name for _number, name in numbered_colonias(code)), key=_collation))


def numbered_colonias(code: str) -> list[tuple[str, str]]:
    """(number, name) in c_Colonia of a postal code; none of one that does not exist."""
    if not _POSTAL_CODE.fullmatch(code):
        return []
    index = _colonia_index()
    first = int(code) * _NUMBERS
    rows = index[bisect_left(index, first) : bisect_left(index, first + _NUMBERS)]
    numbers = [f"{row % _NUMBERS:04d}" for row in rows]
    with _catalogs() as connection:
        return [(number, _read(connection, "C756_c_Colonia", (number, code))) for number in numbers]


def _read(connection: sqlite3.Connection, table: str, key: str | tuple[str, str]):
    query = f"SELECT value FROM {table} WHERE key = ?"  # noqa: S608 - the names of this module
    row = connection.execute(query, (pickle.dumps(key, protocol=4),)).fetchone()
    return row and _PlainUnpickler(io.BytesIO(row[0])).load()


@lru_cache(maxsize=1)
def _colonia_index() -> array:
    """Postal code and number of every colonia, as one sorted number each: 067000947."""
    with _catalogs() as connection:
        keys = connection.execute("SELECT key FROM C756_c_Colonia")
        return array("I", sorted(_packed(key) for (key,) in keys))


def _catalogs() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{catalogs_file().as_uri()}?mode=ro&immutable=1", uri=True))


def _packed(key: bytes) -> int:
    found = _COLONIA_KEY.fullmatch(key)
    # Another protocol of pickle is read too, ten times slower.
    number, code = found.groups() if found else _PlainUnpickler(io.BytesIO(key)).load()
    return int(code) * _NUMBERS + int(number)


_PLAIN_LETTERS = str.maketrans("áéíóúüñ", "aeiouun")


def _collation(name: str) -> tuple[str, str]:
    """Álamos among the A, not after the Z."""
    return name.lower().translate(_PLAIN_LETTERS), name
