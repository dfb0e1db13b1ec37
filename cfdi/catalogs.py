"""Small look-ups in the SAT's catalogues (Anexo 20), from the database that satcfdi ships.

Codes are read when they are asked for and remembered; nothing is loaded at import. The two facts that the
database does not carry, who may use a régimen and a use of the CFDI, stand here as data.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from .resources import catalogs_file

FISICA, MORAL = "F", "M"

REGIMEN_PERSONAS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("601", "603", "609", "620", "622", "623", "624", "628"), MORAL),
        **dict.fromkeys(
            ("605", "606", "607", "608", "611", "612", "614", "615", "616", "621", "625", "629", "630"), FISICA
        ),
        **dict.fromkeys(("610", "626"), FISICA + MORAL),
    }
)
"""c_RegimenFiscal, columns "Física" and "Moral"."""

_BUSINESS = frozenset("601 603 606 612 620 621 622 623 624 625 626".split())
_PERSONAL = frozenset("605 606 607 608 611 612 614 615 625".split())
_ANY = frozenset("601 603 605 606 607 608 610 611 612 614 615 616 620 621 622 623 624 625 626".split())

USO_REGIMENES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("G01", "G03", *(f"I0{n}" for n in range(1, 9))), _BUSINESS),
        "G02": _BUSINESS | {"616"},
        **dict.fromkeys((f"D{n:02d}" for n in range(1, 11)), _PERSONAL),
        "S01": _ANY,
        "CP01": _ANY,
        "CN01": frozenset({"605"}),
    }
)
"""c_UsoCFDI, column "Régimen Fiscal Receptor" (CFDI40161)."""

USO_PERSONAS: Mapping[str, str] = MappingProxyType(
    {uso: FISICA if uso[0] == "D" or uso == "CN01" else FISICA + MORAL for uso in USO_REGIMENES}
)
"""c_UsoCFDI, columns "Física" and "Moral" (CFDI40161)."""

_ZONES = {
    # Since October 2022 only the northern border keeps summer time, with the calendar of the United States.
    "Tiempo del Centro": "America/Mexico_City",
    "Tiempo del Centro en Frontera": "America/Matamoros",
    "Tiempo del Noroeste": "America/Tijuana",
    "Tiempo del Pacífico": "America/Hermosillo",
    "Tiempo del Sureste": "America/Cancun",
}


def person_of(rfc: str) -> str:
    """Kind of person of an RFC by its length: 13 natural (F), 12 moral (M), else ''."""
    return {13: FISICA, 12: MORAL}.get(len(rfc), "")


def _includes(persons: str, rfc: str) -> bool:
    """Whether the kind of person of `rfc` is one of `persons`; an RFC of no known length is none."""
    person = person_of(rfc)
    return bool(person) and person in persons


def uso_allowed(uso: str, regimen: str, rfc: str) -> bool:
    """Whether the receiver `rfc` with `regimen` may use `uso` (CFDI40161).

    The generic RFCs have the length of a natural person and follow the row of régimen 616.
    """
    return regimen in USO_REGIMENES.get(uso, ()) and _includes(USO_PERSONAS.get(uso, ""), rfc)


def usos_for(regimen: str, rfc: str) -> tuple[str, ...]:
    """Uses of the CFDI that a receiver may choose, to filter a list before somebody errs."""
    return tuple(uso for uso in USO_REGIMENES if uso_allowed(uso, regimen, rfc))


def regimen_allowed(regimen: str, rfc: str) -> bool:
    """Whether `regimen` is for the kind of person of `rfc` (CFDI40141, CFDI40158)."""
    return _includes(REGIMEN_PERSONAS.get(regimen, ""), rfc)


def currency_decimals(moneda: str) -> int:
    """Decimals of a currency of c_Moneda. :raises KeyError: unknown currency."""
    return _value("C756_c_Moneda", moneda)[1]


def forma_pago_name(code: str) -> str:
    """:raises KeyError: not in c_FormaPago."""
    return _value("C756_c_FormaPago", code)


def regimen_name(code: str) -> str:
    """:raises KeyError: not in c_RegimenFiscal."""
    return _value("C756_c_RegimenFiscal", code)


def uso_name(code: str) -> str:
    """:raises KeyError: not in c_UsoCFDI."""
    return _value("C756_c_UsoCFDI", code)


def postal_code_exists(code: str) -> bool:
    """Whether c_CodigoPostal has it."""
    return _exists("C756_c_CodigoPostal", code)


def product_code_exists(code: str) -> bool:
    """Whether c_ClaveProdServ has it."""
    return _exists("C756_c_ClaveProdServ", code)


def unit_code_exists(code: str) -> bool:
    """Whether c_ClaveUnidad has it."""
    return _exists("C756_c_ClaveUnidad", code)


def currency_exists(moneda: str) -> bool:
    """Whether c_Moneda has it."""
    return _exists("C756_c_Moneda", moneda)


def _exists(table: str, key: str) -> bool:
    try:
        return bool(_value(table, key))
    except KeyError:
        return False


def time_zone(postal_code: str) -> ZoneInfo:
    """Time zone of a postal code, by the column "Huso Horario" of c_CodigoPostal.

    :raises KeyError: the postal code is not in the catalogue.
    """
    return ZoneInfo(_ZONES[_value("C756_c_CodigoPostal", postal_code)[4]])


def local_time(moment: datetime, postal_code: str) -> datetime:
    """Fecha for a comprobante issued at `moment` (aware) in `postal_code`: naive, whole seconds.

    :raises KeyError: unknown postal code. :raises ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the moment must carry its time zone")
    return moment.astimezone(time_zone(postal_code)).replace(tzinfo=None, microsecond=0)


@lru_cache(maxsize=4096)
def _value(table: str, key: str | tuple[str, str]):
    """Value of `key`. A connection per look-up: it is read once, and none is shared across a fork."""
    query = f"SELECT value FROM {table} WHERE key = ?"  # noqa: S608 - the names of this module
    with _database() as connection:
        row = connection.execute(query, (pickle.dumps(key, protocol=4),)).fetchone()
    if row is None:
        raise KeyError(key)
    return _plain(row[0])


def _rows(table: str) -> list[tuple]:
    """Every key of a small catalogue with its value."""
    with _database() as connection:
        rows = connection.execute(f"SELECT key, value FROM {table}").fetchall()  # noqa: S608 - as above
    return [(_plain(key), _plain(value)) for key, value in rows]


def _database() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{catalogs_file().as_uri()}?mode=ro&immutable=1", uri=True))


def _plain(pickled: bytes):
    return _PlainUnpickler(io.BytesIO(pickled)).load()


class _PlainUnpickler(pickle.Unpickler):
    """satcfdi stores its rows pickled: text, numbers and lists only, so nothing else is let through."""

    def find_class(self, module: str, name: str):
        raise pickle.UnpicklingError(f"unexpected {module}.{name} in the catalogue")
