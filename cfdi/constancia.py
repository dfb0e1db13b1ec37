"""The Constancia de Situación Fiscal, from the text of its PDF.

The SAT publishes no format of it: what is stable are its labels ("Nombre de Vialidad:"). The order, the line breaks
and even the spaces of the text depend on the library that takes it out of the PDF, so a value is whatever stands
between a label and the next one, wherever the lines break.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from stdnum.exceptions import ValidationError as StdnumError
from stdnum.mx import rfc as stdnum_rfc

from . import catalogs
from .errors import CfdiError

MAX_VALUE = 254
"""No value of a Constancia is longer (Nombre of the CFDI: 300, names of the RFC: 254); longer is a label lost."""


class ConstanciaError(CfdiError, ValueError):
    """The text is no Constancia, or lacks what makes one. The text says what, in Spanish."""


@dataclass(frozen=True, slots=True)
class Regimen:
    """A row of the table "Regímenes". code: of c_RegimenFiscal, empty when the name is none of the catalogue's."""

    code: str
    name: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Constancia:
    """What a Constancia says, as it writes it. Empty is what it does not say."""

    rfc: str
    curp: str = ""
    nombre: str = ""
    primer_apellido: str = ""
    segundo_apellido: str = ""
    denominacion: str = ""
    regimen_capital: str = ""
    nombre_comercial: str = ""
    estatus: str = ""
    codigo_postal: str = ""
    tipo_vialidad: str = ""
    vialidad: str = ""
    numero_exterior: str = ""
    numero_interior: str = ""
    colonia: str = ""
    localidad: str = ""
    municipio: str = ""
    entidad: str = ""
    regimenes: tuple[Regimen, ...] = ()

    @property
    def is_fisica(self) -> bool:
        return catalogs.person_of(self.rfc) == catalogs.FISICA

    @property
    def apellidos(self) -> str:
        return f"{self.primer_apellido} {self.segundo_apellido}".strip()

    @property
    def legal_name(self) -> str:
        """The name that the CFDI 4.0 wants: without régimen de capital (guía de llenado, Nombre)."""
        return f"{self.nombre} {self.apellidos}".strip() if self.is_fisica else self.denominacion

    @property
    def regimen_codes(self) -> tuple[str, ...]:
        """Codes of the regímenes that have not ended, in the order of the table."""
        return tuple(regimen.code for regimen in self.regimenes if regimen.code and not regimen.end)


# label -> field; None is a label that only ends the value before it
_LABELS: dict[str, str | None] = {
    "Datos de Identificación del Contribuyente": None,
    "RFC:": "rfc",
    "CURP:": "curp",
    "Nombre (s):": "nombre",
    "Primer Apellido:": "primer_apellido",
    "Segundo Apellido:": "segundo_apellido",
    "Denominación/Razón Social:": "denominacion",
    "Régimen Capital:": "regimen_capital",
    "Nombre Comercial:": "nombre_comercial",
    "Fecha inicio de operaciones:": None,
    "Estatus en el padrón:": "estatus",
    "Fecha de último cambio de estado:": None,
    "Datos del domicilio registrado": None,
    "Datos de Ubicación": None,
    "Código Postal:": "codigo_postal",
    "Tipo de Vialidad:": "tipo_vialidad",
    "Nombre de Vialidad:": "vialidad",
    "Número Exterior:": "numero_exterior",
    "Número Interior:": "numero_interior",
    "Nombre de la Colonia:": "colonia",
    "Nombre de la Localidad:": "localidad",
    "Nombre del Municipio o Demarcación Territorial:": "municipio",
    "Nombre de la Entidad Federativa:": "entidad",
    "Entre Calle:": None,
    "Y Calle:": None,
    "Correo Electrónico:": None,
    "Tel. Fijo Lada:": None,
    "Tel. Móvil Lada:": None,
    "Número:": None,
    "Estado del domicilio:": None,
    "Estado del contribuyente en el domicilio:": None,
    "Actividades Económicas:": None,
    "Regímenes:": "regimenes",
    "Obligaciones:": None,
    "Sus datos personales son incorporados": None,
    "Cadena Original Sello:": None,
    "Sello Digital:": None,
}
# at the foot of each page, in the middle of whatever goes on there
_PAGE_FOOT = re.compile(
    r"(?:CONTACTO\s*)?AV\.?\s*HIDALGO\s*77.{0,400}?\(?\+?\s*52\s*\)?\s*55\s*627\s*22\s*728"
    r"|PAGINA\s*\[?\s*\d+\s*\]?\s*DE\s*\[?\s*\d+\s*\]?"
)
_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_TABLE_HEAD = re.compile(r"REGIMEN\s*FECHA\s*(?:DE\s*)?INICIO\s*FECHA\s*(?:DE\s*)?FIN", re.ASCII)
_RFC = re.compile(r"(?<![A-ZÑ&0-9])[A-ZÑ&]{3,4}[0-9]{6}[A-Z0-9]{3}(?![A-Z0-9])")
_CURP = re.compile(r"(?<![A-Z0-9])[A-Z]{4}[0-9]{6}[A-Z]{6}[A-Z0-9][0-9](?![A-Z0-9])")
_NO_NAME = re.compile(r"[*\s-]*(?:SIN NOMBRE COMERCIAL|NO APLICA|N/?A)?[*\s-]*", re.IGNORECASE)


def fold(text: str) -> str:
    """`text` in capitals and without accents, character by character: offsets in it are offsets in `text`.

    Ñ loses its tilde too: it is for comparing, not for keeping.
    """
    return "".join(unicodedata.normalize("NFD", character)[0].upper()[0] for character in text)


def read_constancia(text: str) -> Constancia:
    """What the Constancia whose text this is says.

    :raises ConstanciaError: it is none, or its RFC or name cannot be made out.
    """
    # one space where there was any: the labels' expressions stay linear on whatever comes
    text = " ".join(unicodedata.normalize("NFC", text).split())
    text = _without_page_feet(text)
    found: dict[str, str] = {}
    for field, value in _values(text):
        if value and field not in found:
            found[field] = value
    regimenes = tuple(_regimenes(found.pop("regimenes", "")))
    found = {field: value for field, value in found.items() if len(value) <= MAX_VALUE}
    found["rfc"] = _valid_rfc(found.get("rfc", ""), text)
    found["curp"] = _first(_CURP, found.get("curp", ""))
    found["codigo_postal"] = _first(re.compile(r"(?<!\d)\d{5}(?!\d)"), found.get("codigo_postal", ""))
    if _NO_NAME.fullmatch(found.get("nombre_comercial", "")):
        found["nombre_comercial"] = ""
    constancia = Constancia(**found, regimenes=regimenes)
    if not constancia.legal_name:
        raise ConstanciaError(
            "El PDF no parece una Constancia de Situación Fiscal: falta el nombre, denominación o razón social."
        )
    return constancia


def state_key(name: str) -> str:
    """What two ways of writing one state have in common: "Coahuila" and "COAHUILA DE ZARAGOZA"."""
    key = " ".join(fold(name).replace(",", " ").split())
    key = re.sub(r"^ESTADO DE (?=MEXICO$)", "", key)
    key = re.sub(r"^DISTRITO FEDERAL$", "CIUDAD DE MEXICO", key)
    return re.sub(r" (DE ZARAGOZA|DE OCAMPO|DE IGNACIO DE LA LLAVE|DE ARTEAGA)$", "", key)


def _without_page_feet(text: str) -> str:
    parts, position = [], 0
    for match in _PAGE_FOOT.finditer(fold(text)):
        parts.append(text[position : match.start()])
        position = match.end()
    return " ".join(" ".join([*parts, text[position:]]).split())


@lru_cache(maxsize=1)
def _labels() -> tuple[re.Pattern[str], tuple[str | None, ...]]:
    """One expression of all the labels, the longest first, and the field of each of its groups."""
    labels = sorted(_LABELS, key=len, reverse=True)
    patterns = []
    for label in labels:
        letters = r"\s?".join(re.escape(letter) for letter in fold(label) if letter != " ")
        # a short label may be the end of a word; a long one may stick to the value before it
        boundary = r"(?<![A-Z0-9])" if len(label) < 10 else ""
        patterns.append(f"({boundary}{letters})")
    return re.compile("|".join(patterns)), tuple(_LABELS[label] for label in labels)


def _values(text: str) -> Iterator[tuple[str, str]]:
    """(field, value) of every label, in the order of the text."""
    pattern, fields = _labels()
    matches = list(pattern.finditer(fold(text)))
    ends = [*(match.start() for match in matches[1:]), len(text)][: len(matches)]
    for match, end in zip(matches, ends, strict=True):
        field = fields[match.lastindex - 1]
        if field:
            yield field, text[match.end() : end].strip(" :|")


def _first(pattern: re.Pattern[str], value: str) -> str:
    match = pattern.search(value.upper())
    return match.group() if match else ""


def _valid_rfc(value: str, text: str) -> str:
    """The RFC after its label; where the library put it elsewhere, the only valid one of the text."""
    for source in (value, text):
        valid = dict.fromkeys(number for number in _RFC.findall(source.upper()) if _is_rfc(number))
        if len(valid) == 1:
            return next(iter(valid))
    raise ConstanciaError(
        "El PDF no parece una Constancia de Situación Fiscal: no se encontró un RFC válido."
        if not valid
        else f"El PDF menciona varios RFC ({', '.join(valid)}) y no se distingue cuál es el del contribuyente."
    )


def _is_rfc(number: str) -> bool:
    try:
        stdnum_rfc.validate(number, validate_check_digits=True)
    except StdnumError:
        return False
    return True


def _regimenes(table: str) -> Iterator[Regimen]:
    """Rows of the table: a name without digits, its date of start and, if it has ended, its date of end."""
    table = table[: 20 * MAX_VALUE]
    head = _TABLE_HEAD.search(fold(table))
    table = table[head.end() :] if head else table
    position, rows = 0, []
    for match in _DATE.finditer(table):
        name = table[position : match.start()].strip()
        position = match.end()
        if name:
            rows.append([name, _date(match), None])
        elif rows:
            rows[-1][2] = _date(match)
    if not rows:
        rows = [[table.strip(), None, None]]
    for name, start, end in rows:
        key = _regimen_key(name)
        if key in _regimen_codes():
            yield Regimen(_regimen_codes()[key], name, start, end)
            continue
        # a column at a time: the names follow each other, and which date is whose cannot be told
        inside = sorted((key.index(other), code) for other, code in _regimen_codes().items() if other in key)
        for _position, code in inside:
            yield Regimen(code, catalogs.regimen_name(code))
        if name and not inside:
            yield Regimen("", name[:MAX_VALUE], start, end)


def _date(match: re.Match[str]) -> date | None:
    day, month, year = map(int, match.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _regimen_key(name: str) -> str:
    """The name of a régimen as letters alone, without the "Régimen de las" that the Constancia puts before it."""
    letters = re.sub(r"[^A-Z]", "", fold(name))
    return re.sub(r"^REGIMEN(DE(LOS|LAS|LA|L)?)?", "", letters)


@lru_cache(maxsize=1)
def _regimen_codes() -> dict[str, str]:
    return {_regimen_key(catalogs.regimen_name(code)): code for code in catalogs.REGIMEN_PERSONAS if _known(code)}


def _known(code: str) -> bool:
    try:
        return bool(catalogs.regimen_name(code))
    except KeyError:
        return False
