"""The elements of a document, read from libxml2 once: the cadena original and the rules ask each attribute again."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from lxml import etree

from .namespaces import NS
from .rounding import decimals_of

_ZERO = Decimal(0)


class NotANumber(ValueError):
    """An attribute is no number; the XSD says it."""


class Node:
    """An element with its attributes, also as numbers; '' and None are told apart from zero."""

    __slots__ = ("_children", "_numbers", "attributes", "element", "tag")

    def __init__(self, element: etree._Element):
        self.element = element
        self.tag: str = element.tag
        self.attributes: dict[str, str] = dict(element.items())
        self._numbers: dict[str, Decimal | None] = {}
        self._children: list[Node] | None = None

    @property
    def children(self) -> list[Node]:
        """The elements in it, neither comments nor processing instructions; read when they are asked for."""
        if self._children is None:
            # a slice is made in C, and is six times as fast as a loop over the element
            self._children = [Node(child) for child in self.element[:] if isinstance(child.tag, str)]
        return self._children

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing inside, not even text."""
        return not (len(self.element) or self.element.text)

    def __getitem__(self, name: str) -> str:
        """The attribute, '' when it is absent."""
        return self.attributes.get(name, "")

    def has(self, name: str) -> bool:
        return name in self.attributes

    def has_all(self, names: Iterable[str]) -> bool:
        return all(map(self.attributes.__contains__, names))

    def decimals(self, name: str) -> int:
        """Decimals that an attribute was written with, trailing zeros included; the attribute is there."""
        number = self.number(name)
        digits = self.attributes[name].partition(".")[2]
        return len(digits) if digits.isdigit() else decimals_of(number)

    def number(self, name: str) -> Decimal | None:
        """The attribute as a number with the decimals that it was written with, None when absent."""
        if name not in self._numbers:
            text = self.attributes.get(name)
            self._numbers[name] = None if text is None else _decimal(text)
        return self._numbers[name]

    def amount(self, name: str) -> Decimal:
        """The attribute as a number, zero when absent."""
        number = self.number(name)
        return _ZERO if number is None else number

    def has_child(self, tag: str) -> bool:
        """Whether it has a child of this qualified name."""
        return tag in [child.tag for child in self.children]

    def child(self, path: str) -> etree._Element | None:
        return self.element.find(path, NS)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise NotANumber(text) from error
    if not number.is_finite():
        raise NotANumber(text)
    return number
