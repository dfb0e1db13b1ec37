"""Reading XML that somebody else wrote.

No document type, so no entities of any kind; no network; a limit on size and on depth; UTF-8 only, as the
Anexo 20 demands. Everything that fails says so with `UnsafeXml`.
"""

from __future__ import annotations

from lxml import etree

from .errors import UnsafeXml

MAX_BYTES = 16 * 1024 * 1024
"""A comprobante of 10,000 conceptos is under 8 MiB; PACs refuse above 5 MB."""
MAX_DEPTH = 48
"""The deepest complemento (Carta Porte 3.1) reaches 9; addendas of clients a little more."""

_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


def parse_xml(data: bytes, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Root of the untrusted document `data`.

    :raises UnsafeXml: with a message in Spanish that can be shown.
    """
    if not isinstance(data, bytes):
        raise TypeError("parse_xml takes bytes: the encoding belongs to the document")
    if len(data) > max_bytes:
        raise UnsafeXml(f"El XML mide {len(data):,} bytes; el límite es de {max_bytes:,}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsafeXml(f"El XML no está en UTF-8 (byte {error.start}).") from error
    if _has_doctype(text):
        raise UnsafeXml("El XML trae una declaración DOCTYPE, que un CFDI no admite.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        # the text was decoded as UTF-8 above; whatever the declaration claims cannot change its meaning
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise UnsafeXml(f"El XML está mal formado: {error.msg}.") from error
    if root.getroottree().docinfo.doctype:
        raise UnsafeXml("El XML trae una declaración DOCTYPE, que un CFDI no admite.")
    if _TOO_DEEP(root.getroottree()):
        raise UnsafeXml(f"El XML tiene más de {MAX_DEPTH} niveles de profundidad.")
    return root


def as_element(source: bytes | etree._Element) -> etree._Element:
    """`source` as an element: bytes are untrusted and go through `parse_xml`."""
    if isinstance(source, bytes):
        return parse_xml(source)
    return source


def _has_doctype(text: str) -> bool:
    """A document type can only stand before the root; walk the prologue in linear time."""
    position = 0
    while True:
        while position < len(text) and text[position].isspace():
            position += 1
        if text.startswith("<?", position):
            end = text.find("?>", position)
            position = end + 2
        elif text.startswith("<!--", position):
            end = text.find("-->", position)
            position = end + 3
        else:
            return text.startswith("<!DOCTYPE", position)
        if end < 0:
            return False
