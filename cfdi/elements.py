"""Elements and attributes of a CFDI, as the writers make them."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from . import rounding

_RATE_DECIMALS = 6
_UNWRITABLE = dict.fromkeys(range(0x20))
"""Control characters that XML 1.0 cannot carry; blanks among them have become spaces before."""


def clean(value: str) -> str:
    """Text as an attribute of the CFDI carries it: single blanks, no control characters."""
    if not value:
        return value
    text = " ".join(value.split())
    return text if text.isprintable() else text.translate(_UNWRITABLE)


def number(value: Decimal | None, decimals: int) -> str | None:
    """An amount with at least these decimals; None for none."""
    return None if value is None else rounding.text(value, decimals)


def rate(value: Decimal | None) -> str | None:
    """TasaOCuota, which always has six decimals; None for none."""
    return number(value, _RATE_DECIMALS)


def add(parent: etree._Element, tag: str, **attributes: str | None) -> etree._Element:
    """A new child, with those attributes that are not empty.

    :param tag: its qualified name
    """
    kept = {name: value for name, value in attributes.items() if value}
    return etree.SubElement(parent, tag, kept)
