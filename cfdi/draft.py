"""A comprobante as it is written: nodes with their attributes, made an element of lxml at the end.

lxml takes a microsecond for each attribute that is set. libxml2 parses the text of all of them in a third of that.
"""

from __future__ import annotations

import re

from lxml import etree

_SPECIAL = re.compile(r'[&<>"\t\n\r]')
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


class Draft:
    """A node in the namespace of the comprobante, with those attributes that are not empty, in their order."""

    __slots__ = ("_attributes", "_children", "_name")

    def __init__(self, name: str, attributes: dict[str, str | None]):
        self._name = name
        self._attributes = attributes
        self._children: list[Draft] = []

    def add(self, name: str, **attributes: str | None) -> Draft:
        """A new child."""
        child = Draft(name, attributes)
        self._children.append(child)
        return child

    def set(self, **attributes: str | None) -> None:
        self._attributes |= attributes

    def element(self) -> etree._Element:
        """:raises ValueError: a character that no XML can carry."""
        parts: list[str] = []
        self._write(parts)
        data = "".join(parts).encode()
        try:
            return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise ValueError(error.msg) from error

    def _write(self, parts: list[str]) -> None:
        parts.append(f"<cfdi:{self._name}")
        for name, value in self._attributes.items():
            if value:
                escaped = value.translate(_ESCAPES) if _SPECIAL.search(value) else value
                parts.append(f' {name}="{escaped}"')
        if not self._children:
            parts.append("/>")
            return
        parts.append(">")
        for child in self._children:
            child._write(parts)
        parts.append(f"</cfdi:{self._name}>")
