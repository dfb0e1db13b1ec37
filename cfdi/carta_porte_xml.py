"""Carta Porte <-> element `cartaporte31:CartaPorte`, by the fields of its dataclasses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lxml import etree

from . import rounding
from .attributes import ReadError, day, moment, number
from .carta_porte import CartaPorte
from .carta_porte_nodes import Attribute, attributes
from .carta_porte_totals import totals_of
from .elements import add, clean
from .errors import ComprobanteError, Problem
from .namespaces import CARTA_PORTE
from .rules.base import node_path

_DISTANCE_DECIMALS, _WEIGHT_DECIMALS = 6, 3


# ----------------------------------------------------------------------
# Writing
# ----------------------------------------------------------------------
def add_carta_porte(parent: etree._Element, carta_porte: CartaPorte) -> None:
    """Add the complemento to a cfdi:Complemento, with its sums.

    :raises ComprobanteError: a number that cannot be written.
    """
    totals = totals_of(carta_porte)
    goods = replace(carta_porte.Mercancias, PesoNetoTotal=totals.PesoNetoTotal)
    root = _write(parent, "CartaPorte", replace(carta_porte, Mercancias=goods))
    if totals.TotalDistRec is not None:
        root.set("TotalDistRec", _number(root, "TotalDistRec", totals.TotalDistRec, _DISTANCE_DECIMALS))
    node = root.find(_tag("Mercancias"))
    node.set("PesoBrutoTotal", _number(node, "PesoBrutoTotal", totals.PesoBrutoTotal, _WEIGHT_DECIMALS))
    node.set("NumTotalMercancias", str(totals.NumTotalMercancias))


def _write(parent: etree._Element, name: str, value: Any) -> etree._Element:
    node = add(parent, _tag(name))
    for attribute in attributes(type(value)):
        content = getattr(value, attribute.name)
        if attribute.several:
            _write_each(node, attribute, content)
        elif attribute.is_node:
            if content is not None:
                _write(node, attribute.name, content)
        elif content not in ("", None):
            node.set(attribute.name, _text(content, attribute, node))
    return node


def _write_each(node: etree._Element, attribute: Attribute, values: tuple[Any, ...]) -> None:
    form = attribute.form
    if form.inside and values:
        node = add(node, _tag(attribute.name))
    for value in values:
        if form.code:
            add(node, _tag(form.inside or attribute.name), **{form.code: value})
        else:
            _write(node, form.inside or attribute.name, value)


def _text(value: Any, attribute: Attribute, node: etree._Element) -> str:
    if isinstance(value, Decimal):
        return _number(node, attribute.name, value, attribute.form.most, attribute.form.least)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if attribute.form.verbatim else clean(str(value))


def _number(node: etree._Element, name: str, value: Decimal, most: int, least: int = 0) -> str:
    try:
        return rounding.text(value, least, most)
    except ValueError:
        message = f"{name}: el valor no se puede escribir en el XML; es un número con hasta {most} decimales."
        raise ComprobanteError([Problem("301", message, f"{node_path(node)}/@{name}", str(value))]) from None


# ----------------------------------------------------------------------
# Reading
# ----------------------------------------------------------------------
def read_carta_porte(node: etree._Element) -> CartaPorte:
    """:raises ReadError: something without which there is no Carta Porte is missing, or is not what it should be."""
    return _read(node, CartaPorte)


def _read(node: etree._Element, kind: type) -> Any:
    return kind(**{attribute.name: _content(node, attribute) for attribute in attributes(kind)})


def _content(node: etree._Element, attribute: Attribute) -> Any:
    form = attribute.form
    if attribute.several:
        path = _tag(form.inside or attribute.name)
        found = node.iterfind(f"{_tag(attribute.name)}/{path}" if form.inside else path)
        return tuple(clean(each.get(form.code, "")) if form.code else _read(each, attribute.type) for each in found)
    if attribute.is_node:
        child = node.find(_tag(attribute.name))
        if child is None and not attribute.optional:
            raise ReadError(f"{etree.QName(node).localname}: falta {attribute.name}.")
        return None if child is None else _read(child, attribute.type)
    if attribute.type is str:
        text = node.get(attribute.name, "")
        return text if form.verbatim else clean(text)
    if attribute.name not in node.attrib:
        if attribute.optional:
            return None
        raise ReadError(f"{etree.QName(node).localname}: falta {attribute.name}.")
    return _READERS[attribute.type](node, attribute.name)


def _whole(node: etree._Element, name: str) -> int:
    value = number(node, name)
    if value != value.to_integral_value():
        raise ReadError(f"{etree.QName(node).localname}: {name} no es un número entero: «{node.get(name)}».")
    return int(value)


_READERS = {Decimal: number, int: _whole, datetime: moment, date: day}


def _tag(name: str) -> str:
    return f"{{{CARTA_PORTE}}}{name}"
