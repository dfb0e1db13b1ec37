"""What the SAT's catalogues say of vehicles, customs and addresses, for the Carta Porte.

Addresses are looked up in the database that satcfdi ships; the two columns that it does not carry stand here as data.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from . import postal
from .catalogs import _rows, _value

if TYPE_CHECKING:
    from .carta_porte import Domicilio

REMOLQUES: Mapping[str, frozenset[bool]] = MappingProxyType(
    {
        **dict.fromkeys("VL OTROEVGP".split(), frozenset({True, False})),
        **dict.fromkeys("C2 C3 OTROSG".split(), frozenset({False})),
        **dict.fromkeys((f"GPL{kind}T{size}" for kind in "UA" for size in "ABCD"), frozenset({False})),
        **dict.fromkeys("C2R2 C3R2 C2R3 C3R3 T2S1 T2S2 T2S3 T3S1 T3S2 T3S3".split(), frozenset({True})),
        **dict.fromkeys("T2S1R2 T2S2R2 T2S1R3 T3S1R2 T3S1R3 T3S2R2 T3S2R3 T3S2R4".split(), frozenset({True})),
        **dict.fromkeys("T2S2S2 T3S2S2 T3S3S2".split(), frozenset({True})),
    }
)
"""c_ConfigAutotransporte, column "Remolque": whether such a vehicle has trailers (CP184)."""

REGIMENES_ADUANEROS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys("IMD ITR ITE".split(), frozenset({"Entrada"})),
        **dict.fromkeys("EXD ETR ETE".split(), frozenset({"Salida"})),
        **dict.fromkeys("DFI RFE RFS TRA".split(), frozenset({"Entrada", "Salida"})),
    }
)
"""c_RegimenAduanero, column "ImpoExpo" (CP118, CP169)."""


@cache
def entries(catalogue: str) -> tuple[tuple[str, str], ...]:
    """(code, description) of a catalogue of the Carta Porte, such as ``c_ConfigAutotransporte``: of small ones, to
    choose from."""
    return tuple(sorted(_rows(f"C592_{catalogue}")))


def exists(catalogue: str, code: str) -> bool:
    """Whether a catalogue of the Carta Porte has it: ``c_ClaveProdServCP``, ``c_MaterialPeligroso``."""
    return bool(code) and _exists(f"C592_{catalogue}", code)


def colonia_code(name: str, postal_code: str) -> str:
    """Code in c_Colonia of a colonia by its name, whatever its accents and capitals; '' where it is not to be found."""
    wanted = _letters(name)
    return next((code for code, found in postal.numbered_colonias(postal_code) if _letters(found) == wanted), "")


def colonia_exists(code: str, postal_code: str) -> bool:
    """Whether c_Colonia has it under a postal code."""
    return _exists("C756_c_Colonia", (code, postal_code))


def municipio_exists(code: str, estado: str) -> bool:
    """Whether c_Municipio has it under a state."""
    return _exists("C756_c_Municipio", (code, estado))


def localidad_exists(code: str, estado: str) -> bool:
    """Whether c_Localidad has it under a state."""
    return _exists("C756_c_Localidad", (code, estado))


def country_of_state(code: str) -> str:
    """Country of a state of Mexico, the United States or Canada in c_Estado, '' for none."""
    try:
        return _value("C756_c_Estado", code)[0]
    except KeyError:
        return ""


def place_of(postal_code: str) -> tuple[str, str, str]:
    """Codes of estado, municipio and localidad of a postal code in c_CodigoPostal; '' where it tells none.

    :raises KeyError: the postal code is not in the catalogue.
    """
    estado, municipio, localidad, *_rest = _value("C756_c_CodigoPostal", postal_code)
    return estado, municipio or "", localidad or ""


def address_line(address: Domicilio) -> str:
    """An address as it is read: of Mexico with the names that its codes have in the catalogues."""
    street = " ".join(part for part in (address.Calle, address.NumeroExterior) if part)
    inside = address.NumeroInterior and f"int. {address.NumeroInterior}"
    names = (address.Colonia, address.Localidad, address.Municipio, address.Estado)
    if address.Pais == "MEX":
        names = (
            _name("c_Colonia", (address.Colonia, address.CodigoPostal)),
            _name("c_Localidad", (address.Localidad, address.Estado)),
            _name("c_Municipio", (address.Municipio, address.Estado)),
            _name("c_Estado", address.Estado),
        )
    parts = (street, inside, *names, f"C.P. {address.CodigoPostal}", address.Pais, address.Referencia)
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _name(catalogue: str, key: str | tuple[str, str]) -> str:
    """What a code is called; the code itself where this edition of the catalogue does not have it."""
    try:
        value = _value(f"C756_{catalogue}", key)
    except KeyError:
        return key if isinstance(key, str) else key[0]
    return value if isinstance(value, str) else value[1]


def _letters(text: str) -> str:
    """Letters and digits alone, plain and small."""
    plain = unicodedata.normalize("NFKD", text).lower()
    return "".join(character for character in plain if character.isalnum())


def _exists(table: str, key: str | tuple[str, str]) -> bool:
    try:
        _value(table, key)
    except KeyError:
        return False
    return True
