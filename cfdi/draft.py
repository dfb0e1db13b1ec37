"""A comprobante as it is written: nodes with their attributes, from which the cadena original and the XML are made.

No tree of libxml2 is made on the way: reading one back costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from lxml import etree

from .namespaces import NS

_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_ESCAPES = str.maketrans(_SPECIAL)


class Draft:
    """A node, with those attributes that are not empty, in their order.

    name: with its prefix; the prefixes are those of `namespaces.NS`. tag: its qualified name, as lxml writes it.
    namespaces: prefix -> namespace, that the node declares.
    """

    __slots__ = ("attributes", "children", "name", "namespaces", "tag")

    def __init__(self, name: str, attributes: Mapping[str, str | None], namespaces: Mapping[str, str] | None = None):
        self.name = name
        self.tag = _tag(name)
        self.attributes = {name: value for name, value in attributes.items() if value}
        self.namespaces = namespaces
        self.children: list[Draft] = []

    @classmethod
    def of(cls, element: etree._Element) -> Draft:
        """The same as an element, in which there is no text."""
        draft = cls(f"{element.prefix}:{etree.QName(element).localname}", dict(element.items()))
        draft.children = [cls.of(child) for child in element]
        return draft

    def add(self, name: str, **attributes: str | None) -> Draft:
        """A new child."""
        child = Draft(name, attributes)
        self.children.append(child)
        return child

    def copy(self) -> Draft:
        """Another one, with attributes of its own and the same children."""
        draft = Draft(self.name, self.attributes, self.namespaces)
        draft.children = self.children
        return draft

    @property
    def is_empty(self) -> bool:
        return not self.children

    @property
    def element(self) -> etree._Element:
        """The same, of lxml."""
        return etree.fromstring(self._text().encode(), etree.XMLParser(resolve_entities=False, no_network=True))

    def check(self) -> None:
        """:raises ValueError: a character that no XML can carry."""
        if not self._values().isprintable():
            # what is printable is allowed in XML, and of the rest some is, which libxml2 knows
            try:
                _ = self.element
            except etree.XMLSyntaxError as error:
                raise ValueError(error.msg) from error

    def data(self) -> bytes:
        """The document, byte for byte as lxml writes it."""
        return (_DECLARATION + self._text()).encode()

    def _text(self) -> str:
        # one look at all values instead of one at each: most documents have nothing to escape
        values = self._values()
        parts: list[str] = []
        _write(self, parts, escape=any(special in values for special in _SPECIAL))
        return "".join(parts)

    def _values(self) -> str:
        values: list[str] = []
        _collect(self, values)
        return "".join(values)


def _collect(draft: Draft, values: list[str]) -> None:
    values += draft.attributes.values()
    for child in draft.children:
        _collect(child, values)


def _write(draft: Draft, parts: list[str], *, escape: bool) -> None:
    attributes = draft.attributes
    if escape:
        attributes = {name: value.translate(_ESCAPES) for name, value in attributes.items()}
    parts.append(f"<{draft.name}")
    if draft.namespaces:
        parts += [f' xmlns:{prefix}="{namespace}"' for prefix, namespace in draft.namespaces.items()]
    parts += [f' {name}="{value}"' for name, value in attributes.items()]
    if draft.children:
        parts.append(">")
        for child in draft.children:
            _write(child, parts, escape=escape)
        parts.append(f"</{draft.name}>")
    else:
        parts.append("/>")


@cache
def _tag(name: str) -> str:
    prefix, _colon, local = name.partition(":")
    return f"{{{NS[prefix]}}}{local}"
