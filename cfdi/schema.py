"""The SAT's XSD, offline, fast, and its complaints in Spanish.

libxml2 compares an enumerated value with each entry of its catalogue in turn, and c_CodigoPostal and
c_ClaveProdServ have 150,000 between them: most of the time of a validation. So the enumerations of many
values are taken out of the catalogue as it is loaded, kept as sets, and looked up there. The
verdict is the same; tests hold both ways equal. `schema_catalogs` does the taking out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from lxml import etree

from .errors import Problem
from .namespaces import CARTA_PORTE, CFDI, TFD, cfdi
from .resources import sat_file
from .schema_catalogs import XS, LargeType, Resolver, large_type, large_types

STRUCTURE = "301"
"""Code for what breaks the schema and has none of its own in the SAT's matrix."""

_MAIN = "4/cfdv40.xsd"
_COMPLEMENTS = {
    TFD: "TimbreFiscalDigital/TimbreFiscalDigitalv11.xsd",
    "http://www.sat.gob.mx/Pagos20": "Pagos/Pagos20.xsd",
    "http://www.sat.gob.mx/implocal": "implocal/implocal.xsd",
    "http://www.sat.gob.mx/CartaPorte20": "CartaPorte/CartaPorte20.xsd",
    "http://www.sat.gob.mx/CartaPorte30": "CartaPorte/CartaPorte30.xsd",
    CARTA_PORTE: "CartaPorte/CartaPorte31.xsd",
    "http://www.sat.gob.mx/ComercioExterior11": "ComercioExterior11/ComercioExterior11.xsd",
    "http://www.sat.gob.mx/ComercioExterior20": "ComercioExterior20/ComercioExterior20.xsd",
    "http://www.sat.gob.mx/ine": "ine/ine11.xsd",
    "http://www.sat.gob.mx/leyendasFiscales": "leyendasFiscales/leyendasFisc.xsd",
}
"""Complementos that are known. Their xs:any is strict: those of a document are imported beside the comprobante."""

_CATALOG_CODES: Mapping[tuple[str, str], str] = {
    ("Comprobante", "FormaPago"): "CFDI40104",
    ("Comprobante", "Moneda"): "CFDI40113",
    ("Comprobante", "TipoDeComprobante"): "CFDI40121",
    ("Comprobante", "Exportacion"): "CFDI40123",
    ("Comprobante", "MetodoPago"): "CFDI40124",
    ("Comprobante", "LugarExpedicion"): "CFDI40126",
    ("CfdiRelacionados", "TipoRelacion"): "CFDI40137",
    ("InformacionGlobal", "Periodicidad"): "CFDI40131",
    ("InformacionGlobal", "Meses"): "CFDI40133",
    ("Emisor", "RegimenFiscal"): "CFDI40140",
    ("Receptor", "ResidenciaFiscal"): "CFDI40150",
    ("Receptor", "RegimenFiscalReceptor"): "CFDI40157",
    ("Receptor", "UsoCFDI"): "CFDI40160",
    ("Concepto", "ClaveProdServ"): "CFDI40162",
    ("Concepto", "ClaveUnidad"): "CFDI40165",
    ("Concepto", "ObjetoImp"): "CFDI40170",
    ("ACuentaTerceros", "RegimenFiscalACuentaTerceros"): "CFDI40191",
    ("Parte", "ClaveProdServ"): "CFDI40196",
    ("DoctoRelacionado", "ObjetoImpDR"): "CRP20245",
    ("RetencionDR", "ImpuestoDR"): "CRP20250",
    ("RetencionDR", "TipoFactorDR"): "CRP20251",
    ("TrasladoDR", "ImpuestoDR"): "CRP20256",
    ("TrasladoDR", "TipoFactorDR"): "CRP20257",
    ("RetencionP", "ImpuestoP"): "CRP20262",
    ("TrasladoP", "ImpuestoP"): "CRP20270",
    ("RegimenAduaneroCCP", "RegimenAduanero"): "CP117",
    ("CartaPorte", "PaisOrigenDestino"): "CP121",
    ("CartaPorte", "ViaEntradaSalida"): "CP123",
    ("Ubicacion", "ResidenciaFiscal"): "CP134",
    ("Ubicacion", "NumEstacion"): "CP136",
    ("Ubicacion", "TipoEstacion"): "CP140",
    ("Mercancia", "CveMaterialPeligroso"): "CP156",
    ("Mercancia", "Embalaje"): "CP157",
    ("Mercancia", "SectorCOFEPRIS"): "CP158",
    ("Mercancia", "TipoMateria"): "CP170",
    ("DocumentacionAduanera", "TipoDocumento"): "CP173",
    ("CantidadTransporta", "CvesTransporte"): "CP180",
    ("TransporteAereo", "ResidenciaFiscalEmbarc"): "CP190",
    ("TiposFigura", "ResidenciaFiscalFigura"): "CP198",
}
_PATTERN_CODES = {
    ("Comprobante", "Fecha"): "CFDI40101",
    ("Comprobante", "TipoCambio"): "CFDI40117",
}
_FIXED_CODES = {
    ("CartaPorte", "Version"): "CP115",
}
_MINIMUM_CODES = {
    ("RetencionDR", "BaseDR"): "CRP20249",
    ("TrasladoDR", "BaseDR"): "CRP20255",
}
_TAX_CODES = {
    ("Traslado", "Impuesto"): ("CFDI40175", "CFDI40217"),
    ("Traslado", "TipoFactor"): ("CFDI40176", "CFDI40219"),
    ("Retencion", "Impuesto"): ("CFDI40182", "CFDI40207"),
    ("Retencion", "TipoFactor"): ("CFDI40183", "CFDI40183"),
    ("Traslado", "Base"): ("CFDI40174", STRUCTURE),
    ("Retencion", "Base"): ("CFDI40181", STRUCTURE),
}
"""Codes of a tax: in a concepto, in the header."""

_COMPLEMENTO = cfdi("Complemento")
_ATTRIBUTE = re.compile(r"attribute '([^']+)'", re.I)
_VALUE = re.compile(r"[Tt]he value '(.*?)'|: '(.*?)' is not a valid value", re.S)
_FOLLOW_UP = frozenset({"SCHEMAV_CVC_ATTRIBUTE_3", "SCHEMAV_CVC_DATATYPE_VALID_1_2_3"})
_CVC_REQUIRED = "SCHEMAV_CVC_COMPLEX_TYPE_4"
_CVC_UNKNOWN = "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1"
_CVC_NO_DECLARATION = "SCHEMAV_CVC_ELT_1"
_CVC_FIXED = "SCHEMAV_CVC_AU"
_FACETS = {
    "SCHEMAV_CVC_ENUMERATION_VALID": "no está en el catálogo del SAT",
    "SCHEMAV_CVC_PATTERN_VALID": "no tiene el formato que pide el SAT",
    "SCHEMAV_CVC_MINLENGTH_VALID": "es demasiado corto",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "es demasiado largo",
    "SCHEMAV_CVC_LENGTH_VALID": "no tiene la longitud que pide el SAT",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "tiene más decimales de los que se admiten",
    "SCHEMAV_CVC_MININCLUSIVE_VALID": "es menor que el mínimo",
    "SCHEMAV_CVC_MAXINCLUSIVE_VALID": "es mayor que el máximo",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "no es un valor del tipo que se pide",
    _CVC_FIXED: "no es el que fija el SAT",
}


_one_at_a_time = Lock()
"""A compiled schema keeps the errors of its last document, whichever thread asked."""


@dataclass(frozen=True, slots=True)
class _Schema:
    compiled: etree.XMLSchema
    large: Mapping[str, Mapping[str, frozenset[str]]]
    """Qualified element -> attribute -> codes that it may take, for the catalogues that were taken out."""


def check_schema(element: etree._Element) -> list[Problem]:
    """What the XSD says against `element`, one problem per attribute or element."""
    schema = _load(_complements(element))
    found: dict[str, Problem] = {}
    with _one_at_a_time:
        entries = [] if schema.compiled.validate(element) else list(schema.compiled.error_log)
    for entry in entries:
        problem = _problem(entry)
        if entry.type_name not in _FOLLOW_UP or problem.path not in found:
            found.setdefault(problem.path, problem)
    for problem in _large_catalogs(element, schema.large):
        found.setdefault(problem.path, problem)
    return list(found.values())


def _complements(element: etree._Element) -> frozenset[str]:
    """Namespaces of the complementos of a document, the timbre always among them."""
    used = {TFD}
    for complement in element.iterchildren(_COMPLEMENTO):
        for node in complement.iterchildren(etree.Element):
            namespace = etree.QName(node).namespace
            if namespace in _COMPLEMENTS:
                used.add(namespace)
    return frozenset(used)


@lru_cache(maxsize=8)
def _load(complements: frozenset[str]) -> _Schema:
    """The schema with those complementos. Some 0.4 s the first time: it reads the 5 MB of catCFDI.xsd."""
    namespaces = [CFDI, *sorted(complements)]
    files = [sat_file(_MAIN), *(sat_file(_COMPLEMENTS[namespace]) for namespace in namespaces[1:])]
    large = _large_attributes(namespaces, files)
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(Resolver(frozenset(large.values())))
    compiled = etree.XMLSchema(etree.fromstring(_wrapper(namespaces, files), parser))
    codes: dict[str, dict[str, frozenset[str]]] = {}
    for (tag, attribute), name in large.items():
        codes.setdefault(tag, {})[attribute] = large_types(name.catalog)[name.local]
    return _Schema(compiled, codes)


def _wrapper(namespaces: list[str], files: list[Path]) -> bytes:
    root = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS})
    for namespace, path in zip(namespaces, files, strict=True):
        etree.SubElement(root, f"{{{XS}}}import", namespace=namespace, schemaLocation=path.as_uri())
    return etree.tostring(root)


def _large_attributes(namespaces: list[str], files: list[Path]) -> dict[tuple[str, str], LargeType]:
    """Where the schemas use the large types, read from the schemas themselves: (element, attribute) -> type.

    A type that is used in any way but as the type of an attribute, or whose attribute has another type in
    an element of the same name, is left out: it stays in the schema, and libxml2 checks it.
    """
    found: dict[tuple[str, str], LargeType | None] = {}
    left_out: set[LargeType | None] = {None}
    for namespace, path in zip(namespaces, files, strict=True):
        for node in etree.parse(str(path)).getroot().iter(f"{{{XS}}}*"):
            is_attribute = node.tag == f"{{{XS}}}attribute"
            for name, value in node.attrib.items():
                if not (is_attribute and name == "type"):
                    left_out.update(large_type(node, part) for part in value.split())
            if is_attribute:
                owner = next(node.iterancestors(f"{{{XS}}}element"), None)
                key = (f"{{{namespace}}}{owner.get('name') if owner is not None else ''}", node.get("name"))
                own = large_type(node, node.get("type", ""))
                if owner is None or found.setdefault(key, own) != own:
                    left_out.update((own, found.get(key)))
    return {key: name for key, name in found.items() if name not in left_out}


def _large_catalogs(root: etree._Element, large: Mapping[str, Mapping[str, frozenset[str]]]) -> Iterator[Problem]:
    for node in root.iter(*large):
        for attribute, values in large[node.tag].items():
            value = node.get(attribute)
            # the XSD collapses blanks before it compares
            if value is not None and value not in values and " ".join(value.split()) not in values:
                path = f"{_plain_path(root.getroottree().getpath(node))}/@{attribute}"
                code = _code(path, "SCHEMAV_CVC_ENUMERATION_VALID")
                yield Problem(code, f"{attribute}: el valor no está en el catálogo del SAT.", path, value)


def _problem(entry: etree._LogEntry) -> Problem:
    path = _plain_path(entry.path or "")
    kind, message = entry.type_name, entry.message
    if attribute := _ATTRIBUTE.search(message):
        name = attribute[1].rsplit("}", 1)[-1]
        path = f"{path}/@{name}"
    else:
        name = path.rsplit("/", 1)[-1]
    found = _VALUE.search(message)
    value = (found[1] or found[2] or "") if found else ""
    if kind == _CVC_REQUIRED:
        # "The attribute 'X' is required but missing."
        text = f"Falta {name}, que es obligatorio."
    elif kind == _CVC_UNKNOWN:
        text = f"{name} no existe en el estándar del SAT."
    elif kind == _CVC_NO_DECLARATION:
        text = f"{name}: el complemento no se conoce o está en un lugar que no le corresponde."
    elif kind in _FACETS:
        text = f"{name}: el valor {_FACETS[kind]}."
    elif kind == "SCHEMAV_ELEMENT_CONTENT":
        text = f"{name}: faltan elementos, sobran o están en otro orden ({_expected(message)})."
    else:
        text = f"{name}: no cumple el esquema del SAT ({message})."
    return Problem(_code(path, kind), text, path, value)


def _expected(message: str) -> str:
    """The short part of libxml2's message, without namespaces."""
    return re.sub(r"\{[^}]*\}", "", message.partition(": ")[2])


def _code(path: str, kind: str) -> str:
    names = [re.sub(r"\[\d+\]", "", part) for part in path.split("/")]
    if len(names) < 2 or not names[-1].startswith("@"):
        return STRUCTURE
    key = (names[-2], names[-1][1:])
    if key in _TAX_CODES:
        if key[1] == "Base" and kind != "SCHEMAV_CVC_MININCLUSIVE_VALID":
            return STRUCTURE
        return _TAX_CODES[key]["Concepto" not in names]
    if kind == "SCHEMAV_CVC_MININCLUSIVE_VALID":
        return _MINIMUM_CODES.get(key, STRUCTURE)
    if kind == "SCHEMAV_CVC_ENUMERATION_VALID":
        return _CATALOG_CODES.get(key, STRUCTURE)
    if kind == _CVC_FIXED:
        return _FIXED_CODES.get(key, STRUCTURE)
    return _PATTERN_CODES.get(key, STRUCTURE)


def _plain_path(path: str) -> str:
    """/cfdi:Comprobante/cfdi:Conceptos -> Comprobante/Conceptos."""
    return "/".join(part.rsplit(":", 1)[-1] for part in path.strip("/").split("/"))
