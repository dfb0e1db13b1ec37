"""Cadena original: the text that is sealed, by the SAT's own stylesheets as satcfdi ships them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from .errors import CfdiError
from .namespaces import cfdi, tfd
from .resources import sat_file
from .secure_xml import as_element

_STYLESHEETS = {
    (cfdi("Comprobante"), "4.0"): "4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt",
    (tfd("TimbreFiscalDigital"), "1.1"): "TimbreFiscalDigital/cadenaoriginal_TFD_1_1.xslt",
}

_XSL = "{http://www.w3.org/1999/XSL/Transform}"


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
    path = sat_file(relative)
    sheets = dict(_sheets(path))
    if _is_known(sheets.values()):
        for sheet in sheets.values():
            _shorten(sheet)
    texts = {name: etree.tostring(sheet) for name, sheet in sheets.items()}
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_Included(texts))
    return etree.XSLT(etree.fromstring(texts[_name(path)], parser, base_url=str(path)), access_control=control)


# ----------------------------------------------------------------------
# The same stylesheet, shorter
# ----------------------------------------------------------------------
# Each value is written by a call of a template with a parameter, which calls another. A comprobante of 100 lines has
# 1,700, so the calls are replaced by what they do, and neighbours are joined to one expression: half the time.
_REQUIRED = "'|', normalize-space({0})"
_OPTIONAL = "substring('|', 1, boolean({0})), normalize-space({0})"
"""A bar where there is something, even if it is empty."""
_CALLS = {"Requerido": _REQUIRED, "Opcional": _OPTIONAL}
_NORMALIZED = (
    '|<xsl:call-template name="ManejaEspacios"><xsl:with-param name="s" select="$valor"></xsl:with-param>'
    "</xsl:call-template>"
)
_KNOWN = {
    "Requerido": f'<xsl:param name="valor"></xsl:param>{_NORMALIZED}',
    "Opcional": f'<xsl:param name="valor"></xsl:param><xsl:if test="$valor">{_NORMALIZED}</xsl:if>',
    "ManejaEspacios": '<xsl:param name="s"></xsl:param>'
    '<xsl:value-of select="normalize-space(string($s))"></xsl:value-of>',
}
"""What the named templates do. A stylesheet of which this is not true is left as it is."""


class _Included(etree.Resolver):
    """Answers the files that a stylesheet includes."""

    def __init__(self, texts: Mapping[str, bytes]):
        self._texts = texts

    def resolve(self, system_url, _public_id, context):
        text = self._texts.get(_name(unquote(urlsplit(system_url).path))) if system_url else None
        return None if text is None else self.resolve_string(text, context, base_url=system_url)


def _name(path: Path | str) -> str:
    return os.path.normpath(path)


def _sheets(path: Path) -> Iterator[tuple[str, etree._Element]]:
    """A stylesheet and those that it includes."""
    root = etree.parse(str(path), etree.XMLParser(no_network=True, resolve_entities=False)).getroot()
    yield _name(path), root
    for node in root.iterfind(f"{_XSL}include"):
        yield from _sheets(path.parent / node.get("href"))


def _is_known(sheets: Iterable[etree._Element]) -> bool:
    templates = [node for sheet in sheets for node in sheet.iterfind(f"{_XSL}template") if node.get("name") in _KNOWN]
    return all(_body(node) == _KNOWN[node.get("name")] for node in templates)


def _body(template: etree._Element) -> str:
    text = etree.tostring(template, method="c14n", exclusive=True, with_tail=False).decode()
    return text.partition(">")[2].rpartition("</")[0]


def _shorten(sheet: etree._Element) -> None:
    """Put what a call does into an expression, that of the value before it if there is one."""
    joined: set[etree._Element] = set()
    for call in [*sheet.iter(f"{_XSL}call-template")]:
        written = _CALLS.get(call.get("name"))
        select = call[0].get("select") if len(call) == 1 else None
        if written is None or select is None:
            continue
        values = written.format(select)
        before, parent = call.getprevious(), call.getparent()
        if before in joined and not before.tail:
            before.set("select", f"{before.get('select')[:-1]}, {values})")
            before.tail = call.tail
            parent.remove(call)
        else:
            value = etree.Element(f"{_XSL}value-of", select=f"concat({values})")
            value.tail = call.tail
            parent.replace(call, value)
            joined.add(value)
