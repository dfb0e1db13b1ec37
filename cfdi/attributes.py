"""Attributes of a CFDI that somebody wrote, as text, numbers and dates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from lxml import etree

from .elements import clean
from .errors import CfdiError


class ReadError(CfdiError, ValueError):
    """The XML is no CFDI that can be read. The text says why, in Spanish."""


def texts(node: etree._Element, *names: str) -> dict[str, str]:
    """Blanks are read as the cadena original reads them."""
    return {name: clean(node.get(name, "")) for name in names}


def numbers(node: etree._Element, *names: str) -> dict[str, Decimal | None]:
    return {name: number(node, name) for name in names}


def number(node: etree._Element, name: str) -> Decimal | None:
    text = node.get(name)
    if text is None:
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise ReadError(f"{etree.QName(node).localname}: {name} no es un número: «{text}».")
    return value


def needed(node: etree._Element, name: str) -> Decimal:
    value = number(node, name)
    if value is None:
        raise ReadError(f"{etree.QName(node).localname}: falta {name}.")
    return value


def moment(node: etree._Element, name: str) -> datetime:
    text = node.get(name, "")
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        raise ReadError(f"{etree.QName(node).localname}: {name} no es una fecha: «{text}».") from None


def day(node: etree._Element, name: str) -> date:
    return moment(node, name).date()
