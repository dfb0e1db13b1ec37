"""Cadena original: the text that is sealed, by the SAT's own stylesheets as satcfdi ships them."""

from __future__ import annotations

from functools import cache

from lxml import etree

from .errors import CfdiError
from .namespaces import cfdi, tfd
from .resources import sat_file
from .secure_xml import as_element

_STYLESHEETS = {
    (cfdi("Comprobante"), "4.0"): "4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt",
    (tfd("TimbreFiscalDigital"), "1.1"): "TimbreFiscalDigital/cadenaoriginal_TFD_1_1.xslt",
}


def cadena_original(source: bytes | etree._Element) -> str:
    """Cadena original of a comprobante (sealed or not) or of a timbre.

    :raises CfdiError: neither of the two, or a version that is not supported.
    :raises UnsafeXml: see `secure_xml`.
    """
    element = as_element(source)
    key = (element.tag, element.get("Version", ""))
    if key not in _STYLESHEETS:
        name = etree.QName(element).localname
        raise CfdiError(f"No hay cadena original para {name} versión {key[1] or '(sin versión)'}.")
    return str(_stylesheet(_STYLESHEETS[key])(element))


@cache
def _stylesheet(relative: str) -> etree.XSLT:
    """Compiled once per process. The stylesheet reads its own files, and nothing writes or leaves."""
    control = etree.XSLTAccessControl(
        read_file=True, write_file=False, create_dir=False, read_network=False, write_network=False
    )
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XSLT(etree.parse(str(sat_file(relative)), parser), access_control=control)
