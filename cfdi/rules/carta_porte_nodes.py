"""What the rules of the Carta Porte share: its means of transport, and conditions on attributes and nodes."""

from __future__ import annotations

from collections.abc import Callable

from ..namespaces import CARTA_PORTE
from .base import Condition, Document, Node, Shape

MODES = ("Autotransporte", "TransporteMaritimo", "TransporteAereo", "TransporteFerroviario")


def goes_by(*modes: str) -> Condition:
    """One of these means of transport is there."""
    return lambda _node, document: any(document.nodes(mode) for mode in modes)


def modes_of(document: Document) -> list[str]:
    return [mode for mode in MODES if document.nodes(mode)]


def with_carta_porte(shape: Shape) -> bool:
    return "CartaPorte" in shape.kinds


def of_type(letter: str) -> Callable[[Shape], bool]:
    """Comprobantes of a type with a Carta Porte."""
    return lambda shape: shape.type == letter and with_carta_porte(shape)


def crosses(*ways: str) -> Condition:
    """Goods that enter the country (Entrada) or leave it (Salida)."""

    def condition(_node: Node, document: Document) -> bool:
        return any(c["TranspInternac"] == "Sí" and c["EntradaSalidaMerc"] in ways for c in document.nodes("CartaPorte"))

    return condition


def both(*conditions: Condition) -> Condition:
    return lambda node, document: all(condition(node, document) for condition in conditions)


def present_if(name: str, condition: Condition) -> Condition:
    """The attribute is there where the condition is true, and nowhere else."""
    return lambda node, document: node.has(name) == condition(node, document)


def child_if(name: str, condition: Condition) -> Condition:
    """The node is there where the condition is true, and nowhere else."""
    return lambda node, document: has_child(name)(node, document) == condition(node, document)


def has_child(name: str) -> Condition:
    return lambda node, _document: node.element.find(f"{{{CARTA_PORTE}}}{name}") is not None
