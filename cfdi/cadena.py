"""Cadena original: the text that is sealed, by the SAT's own stylesheets as satcfdi ships them.

The stylesheets say which attributes are written and in which order, in a handful of forms. They are read once
(`cadena_sheet`) and followed here, several times as fast as libxslt does it; a document that they treat in any other
way is given to libxslt. Tests hold both equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Protocol

from lxml import etree

from .cadena_sheet import ANY, Sheet, Step, for_document, read_sheet
from .errors import CfdiError
from .namespaces import cfdi, tfd
from .nodes import Node
from .resources import sat_file
from .secure_xml import as_element

_STYLESHEETS = {
    (cfdi("Comprobante"), "4.0"): "4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt",
    (tfd("TimbreFiscalDigital"), "1.1"): "TimbreFiscalDigital/cadenaoriginal_TFD_1_1.xslt",
}
_NOT_NORMAL = ("\t", "\n", "\r", "  ", "| ", " |")
"""One of these is where a value has blanks that normalize-space() takes away."""
_BLANKS = re.compile("[ \t\n\r]+")
"""Those of XML: what else is blank in Unicode stays."""


class Written(Protocol):
    """What a cadena is made of: `nodes.Node` of a document that is read, `draft.Draft` of one that is written."""

    tag: str
    attributes: dict[str, str]
    children: Sequence[Written]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing inside."""

    @property
    def element(self) -> etree._Element:
        """The same, of lxml."""


def cadena_original(source: bytes | etree._Element) -> str:
    """Cadena original of a comprobante (sealed or not) or of a timbre.

    :raises CfdiError: neither of the two, or a version that is not supported.
    :raises UnsafeXml: see `secure_xml`.
    """
    return cadena_of(Node(as_element(source)))


def cadena_of(root: Written) -> str:
    """The same, of a document that has been read, or that is being written."""
    key = (root.tag, root.attributes.get("Version", ""))
    if key not in _STYLESHEETS:
        name = etree.QName(root.tag).localname
        raise CfdiError(f"No hay cadena original para {name} versión {key[1] or '(sin versión)'}.")
    relative = _STYLESHEETS[key]
    try:
        values = _Walk(relative, root).values
    except _Unknown:
        return str(_stylesheet(relative)(root.element))
    text = f"|{'|'.join(values)}||"
    if any(blanks in text for blanks in _NOT_NORMAL):
        text = f"|{'|'.join(_BLANKS.sub(' ', value).strip(' ') for value in values)}||"
    return text


class _Unknown(Exception):
    """What only libxslt can tell."""


class _Walk:
    """The values of a document in the order of a stylesheet."""

    def __init__(self, relative: str, root: Written):
        names: set[str] = set()
        _collect_names(root, names)
        self._sheet = _sheet_for(relative, root.tag, frozenset(names))
        self.values = [""]  # what is before the first bar
        self._apply(root)

    def _apply(self, node: Written) -> None:
        steps = self._sheet.get(node.tag)
        if steps is not None:
            self._write(node, steps)
        elif node.tag in self._sheet or not node.is_empty:
            raise _Unknown  # libxslt goes through what no template is for, and writes its text

    def _write(self, node: Written, steps: Sequence[Step]) -> None:
        attribute = node.attributes.get
        for names, absent, path, deep, inner in steps:
            self.values += [value for value in map(attribute, names, absent) if value is not None]
            if path:
                for found in _descendants(node, path[0]) if deep else _at(node, path):
                    if inner is None:
                        self._apply(found)
                    else:
                        self._write(found, inner)


def _collect_names(node: Written, names: set[str]) -> None:
    names.add(node.tag)
    for child in node.children:
        _collect_names(child, names)


def _at(node: Written, path: Sequence[str]) -> Sequence[Written]:
    """The elements at a path of names below."""
    found = [node]
    for name in path:
        found = [child for each in found for child in each.children if child.tag == name or name == ANY]
    return found


def _descendants(node: Written, tag: str) -> Iterator[Written]:
    for child in node.children:
        if child.tag == tag:
            yield child
        yield from _descendants(child, tag)


@lru_cache(maxsize=64)
def _sheet_for(relative: str, root: str, names: frozenset[str]) -> Sheet:
    return for_document(_sheet(relative, root), names)


@cache
def _sheet(relative: str, root: str) -> Sheet:
    return read_sheet(sat_file(relative), root)


@cache
def _stylesheet(relative: str) -> etree.XSLT:
    """Compiled once per process. The stylesheet reads its own files, and nothing writes or leaves."""
    control = etree.XSLTAccessControl(
        read_file=True, write_file=False, create_dir=False, read_network=False, write_network=False
    )
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XSLT(etree.parse(str(sat_file(relative)), parser), access_control=control)
