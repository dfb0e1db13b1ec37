"""The SAT's files, as the package satcfdi ships them."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

CFDI = "http://www.sat.gob.mx/cfd/4"
PAGOS = "http://www.sat.gob.mx/Pagos20"
TFD = "http://www.sat.gob.mx/TimbreFiscalDigital"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XS = "http://www.w3.org/2001/XMLSchema"

_SCHEMAS = {
    CFDI: "4/cfdv40.xsd",
    TFD: "TimbreFiscalDigital/TimbreFiscalDigitalv11.xsd",
    PAGOS: "Pagos/Pagos20.xsd",
    "http://www.sat.gob.mx/implocal": "implocal/implocal.xsd",
    "http://www.sat.gob.mx/CartaPorte31": "CartaPorte/CartaPorte31.xsd",
}


def sat_path(relative: str) -> Path:
    spec = find_spec("satcfdi")
    if spec is None:
        raise SystemExit("the simulator needs the Python package satcfdi")
    root = Path(spec.submodule_search_locations[0])
    return root / "transform" / "schemas" / "www.sat.gob.mx" / "sitio_internet" / "cfd" / relative


@lru_cache
def schema() -> etree.XMLSchema:
    """The whole official schema, every catalogue entry compared: slow, and beyond discussion."""
    root = etree.Element(f"{{{_XS}}}schema")
    for namespace, relative in _SCHEMAS.items():
        etree.SubElement(root, f"{{{_XS}}}import", namespace=namespace, schemaLocation=sat_path(relative).as_uri())
    return etree.XMLSchema(etree.fromstring(etree.tostring(root)))


@lru_cache
def _stylesheet(relative: str) -> etree.XSLT:
    return etree.XSLT(etree.parse(str(sat_path(relative))))


def comprobante_cadena(tree: etree._ElementTree) -> bytes:
    return str(_stylesheet("4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt")(tree)).encode()


def timbre_cadena(node: etree._Element) -> bytes:
    return str(_stylesheet("TimbreFiscalDigital/cadenaoriginal_TFD_1_1.xslt")(etree.ElementTree(node))).encode()
