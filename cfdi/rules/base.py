"""The shape of a rule and the walk that applies them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from importlib import import_module
from typing import NamedTuple

from lxml import etree

from ..catalogs import currency_decimals
from ..errors import Problem
from ..namespaces import NS, cfdi
from ..nodes import Node, NotANumber

_PAGOS = "cfdi:Complemento/pago20:Pagos"
_PAGO = f"{_PAGOS}/pago20:Pago"
_DOCTO = f"{_PAGO}/pago20:DoctoRelacionado"
_CARTA_PORTE = "cfdi:Complemento/cartaporte31:CartaPorte"
_UBICACION = f"{_CARTA_PORTE}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion"
_MERCANCIAS = f"{_CARTA_PORTE}/cartaporte31:Mercancias"
_MERCANCIA = f"{_MERCANCIAS}/cartaporte31:Mercancia"
_FIGURA = f"{_CARTA_PORTE}/cartaporte31:FiguraTransporte/cartaporte31:TiposFigura"
KINDS = {
    "Comprobante": ".",
    "InformacionGlobal": "cfdi:InformacionGlobal",
    "Emisor": "cfdi:Emisor",
    "Receptor": "cfdi:Receptor",
    "Concepto": "cfdi:Conceptos/cfdi:Concepto",
    "ConceptoTraslado": "cfdi:Conceptos/cfdi:Concepto/cfdi:Impuestos/cfdi:Traslados/cfdi:Traslado",
    "ConceptoRetencion": "cfdi:Conceptos/cfdi:Concepto/cfdi:Impuestos/cfdi:Retenciones/cfdi:Retencion",
    "ACuentaTerceros": "cfdi:Conceptos/cfdi:Concepto/cfdi:ACuentaTerceros",
    "InformacionAduanera": "cfdi:Conceptos/cfdi:Concepto/cfdi:InformacionAduanera",
    "Parte": "cfdi:Conceptos/cfdi:Concepto/cfdi:Parte",
    "ParteInformacionAduanera": "cfdi:Conceptos/cfdi:Concepto/cfdi:Parte/cfdi:InformacionAduanera",
    "Impuestos": "cfdi:Impuestos",
    "Traslado": "cfdi:Impuestos/cfdi:Traslados/cfdi:Traslado",
    "Retencion": "cfdi:Impuestos/cfdi:Retenciones/cfdi:Retencion",
    "PagosTotales": f"{_PAGOS}/pago20:Totales",
    "Pago": _PAGO,
    "DoctoRelacionado": _DOCTO,
    "ImpuestosDR": f"{_DOCTO}/pago20:ImpuestosDR",
    "RetencionDR": f"{_DOCTO}/pago20:ImpuestosDR/pago20:RetencionesDR/pago20:RetencionDR",
    "TrasladoDR": f"{_DOCTO}/pago20:ImpuestosDR/pago20:TrasladosDR/pago20:TrasladoDR",
    "RetencionP": f"{_PAGO}/pago20:ImpuestosP/pago20:RetencionesP/pago20:RetencionP",
    "TrasladoP": f"{_PAGO}/pago20:ImpuestosP/pago20:TrasladosP/pago20:TrasladoP",
    "CartaPorte": _CARTA_PORTE,
    "RegimenAduaneroCCP": f"{_CARTA_PORTE}/cartaporte31:RegimenesAduaneros/cartaporte31:RegimenAduaneroCCP",
    "Ubicacion": _UBICACION,
    "UbicacionDomicilio": f"{_UBICACION}/cartaporte31:Domicilio",
    "Mercancias": _MERCANCIAS,
    "Mercancia": _MERCANCIA,
    "DocumentacionAduanera": f"{_MERCANCIA}/cartaporte31:DocumentacionAduanera",
    "GuiasIdentificacion": f"{_MERCANCIA}/cartaporte31:GuiasIdentificacion",
    "CantidadTransporta": f"{_MERCANCIA}/cartaporte31:CantidadTransporta",
    **{
        name: f"{_MERCANCIAS}/cartaporte31:{name}"
        for name in ("Autotransporte", "TransporteMaritimo", "TransporteAereo", "TransporteFerroviario")
    },
    "IdentificacionVehicular": f"{_MERCANCIAS}/cartaporte31:Autotransporte/cartaporte31:IdentificacionVehicular",
    "Seguros": f"{_MERCANCIAS}/cartaporte31:Autotransporte/cartaporte31:Seguros",
    "TiposFigura": _FIGURA,
    "FiguraDomicilio": f"{_FIGURA}/cartaporte31:Domicilio",
}
"""Kind of node -> where it is, from the comprobante."""

_COMPLEMENTO = cfdi("Complemento")
TaxKey = tuple[str, str, Decimal | None]
Condition = Callable[["Node", "Document"], bool]
_MODULES = ("comprobante", "receptor", "conceptos", "partes", "impuestos", "pagos", "carta_porte", "carta_porte_goods")


def _always(_node: Node, _document: Document) -> bool:
    return True


class Shape(NamedTuple):
    """What tells which rules there are for a document.

    type: TipoDeComprobante. kinds: those of its nodes. complements: namespaces, of those that are known here.
    """

    type: str
    kinds: frozenset[str]
    complements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the matrix.

    applies, holds: take the node and the document; `holds` is asked only where `applies` says yes.
    when: of which documents it is a rule. It is asked once for all documents of a shape.
    attribute: what the user has to mend, '' for the node itself.
    """

    code: str
    kind: str
    attribute: str
    message: str
    holds: Condition
    applies: Condition = _always
    when: Callable[[Shape], bool] | None = None


def decimals_of_currency(moneda: str) -> int:
    """Two when it is not in the catalogue, which the XSD says."""
    try:
        return currency_decimals(moneda)
    except KeyError:
        return 2


def has(*names: str) -> Condition:
    """Condition: the node has all these attributes."""
    if len(names) == 1:
        (name,) = names
        return lambda node, _document: node.has(name)
    return lambda node, _document: node.has_all(names)


def is_(name: str, *values: str) -> Condition:
    """Condition: the attribute has one of these values."""
    return lambda node, _document: node[name] in values


def none(condition: Condition) -> Condition:
    """Condition: the other one does not hold."""
    return lambda node, document: not condition(node, document)


def tax_key(node: Node, suffix: str = "") -> TaxKey:
    """What tells a tax from others: Impuesto, TipoFactor, TasaOCuota; their names end in `suffix`."""
    if not suffix:
        return node["Impuesto"], node["TipoFactor"], node.number("TasaOCuota")
    return node[f"Impuesto{suffix}"], node[f"TipoFactor{suffix}"], node.number(f"TasaOCuota{suffix}")


def is_pedimento(name: str) -> Condition:
    """Condition: a customs number is of a year that has begun, and its last six digits are a number from 1 on.

    Customs and patents are not in the catalogues at hand.
    """
    return lambda node, document: (
        node[name][:2] <= document.head["Fecha"][2:4] and node[name][-6:].isdigit() and int(node[name][-6:]) > 0
    )


def all_different(keys: Iterable[object]) -> bool:
    told = list(keys)
    return len(set(told)) == len(told)


class _Place:
    """A place of the tree: the kind of the nodes there, and what is below by qualified name."""

    __slots__ = ("below", "kind")

    def __init__(self):
        self.kind = ""
        self.below: dict[str, _Place] = {}


@lru_cache(maxsize=1)
def _places() -> _Place:
    """`KINDS` as a tree, for one walk through the document."""
    top = _Place()
    for kind, path in KINDS.items():
        place = top
        for step in path.split("/") if path != "." else ():
            prefix, _, name = step.partition(":")
            place = place.below.setdefault(f"{{{NS[prefix]}}}{name}", _Place())
        place.kind = kind
    return top


def _collect(node: Node, place: _Place, nodes: dict[str, list[Node]]) -> None:
    """Add the nodes below `node`, which stands at `place`, to those of their kind."""
    for child in node.children:
        found = place.below.get(child.tag)
        if found is not None:
            if found.kind:
                nodes.setdefault(found.kind, []).append(child)
            if found.below:
                _collect(child, found, nodes)


class Document:
    """A comprobante, its nodes by kind, and what the rules share."""

    def __init__(self, root: Node, now: datetime | None):
        self.element = root.element
        self.now = now
        self.head = root
        self._nodes: dict[str, list[Node]] = {"Comprobante": [root]}
        self._taxes: dict[str, Mapping[TaxKey, Sequence[Node]]] = {}
        _collect(root, _places(), self._nodes)

    @property
    def shape(self) -> Shape:
        # nothing of any length: shapes are remembered
        known = self._complements.intersection(NS.values()) if self._complements else self._complements
        return Shape(self.type if len(self.type) <= 1 else "?", frozenset(self._nodes), known)

    def nodes(self, kind: str) -> Sequence[Node]:
        return self._nodes.get(kind, ())

    @cached_property
    def receptor(self) -> Node:
        return (self.nodes("Receptor") or [Node(etree.Element(cfdi("Receptor")))])[0]

    @cached_property
    def type(self) -> str:
        return self.head["TipoDeComprobante"]

    @cached_property
    def decimals(self) -> int:
        """Decimals of the comprobante's currency."""
        return decimals_of_currency(self.head["Moneda"])

    def taxes(self, kind: str) -> Mapping[TaxKey, Sequence[Node]]:
        """Nodes of a kind by what tells a tax from others."""
        if kind not in self._taxes:
            found: dict[TaxKey, list[Node]] = {}
            for node in self.nodes(kind):
                found.setdefault(tax_key(node), []).append(node)
            self._taxes[kind] = found
        return self._taxes[kind]

    def has_complement(self, namespace: str) -> bool:
        return namespace in self._complements

    @cached_property
    def _complements(self) -> frozenset[str | None]:
        return frozenset(
            etree.QName(node.tag).namespace
            for complement in self.head.children
            if complement.tag == _COMPLEMENTO
            for node in complement.children
        )


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the document. Imported late: rules import this module."""
    package = __package__
    return tuple(rule for name in _MODULES for rule in import_module(f"{package}.{name}").RULES)


@lru_cache(maxsize=256)
def rules_of(shape: Shape) -> tuple[Rule, ...]:
    """The rules for documents of a shape: a third of them, for an invoice."""
    return tuple(rule for rule in all_rules() if rule.kind in shape.kinds and (rule.when is None or rule.when(shape)))


def check_rules(root: Node, *, now: datetime | None, known: set[str]) -> list[Problem]:
    """Problems by the rules.

    :param known: paths with a problem already told; a rule adds nothing to the same attribute.
    """
    document = Document(root, now)
    problems: list[Problem] = []
    for rule in rules_of(document.shape):
        applies, holds = rule.applies, rule.holds
        for node in document.nodes(rule.kind):
            try:
                if (applies is _always or applies(node, document)) and not holds(node, document):
                    problems.append(_problem(rule, node))
            except NotANumber:  # noqa: PERF203 - one node must not hide what is wrong with the others
                continue
    return [problem for problem in problems if problem.path not in known]


def _problem(rule: Rule, node: Node) -> Problem:
    path = node_path(node.element)
    if not rule.attribute:
        return Problem(rule.code, rule.message, path)
    return Problem(rule.code, rule.message, f"{path}/@{rule.attribute}", node[rule.attribute])


def node_path(element: etree._Element) -> str:
    """Comprobante/Conceptos/Concepto[2], as `schema` writes it."""
    path = element.getroottree().getpath(element)
    return "/".join(part.rsplit(":", 1)[-1] for part in path.strip("/").split("/"))
