"""The shape of a rule and the walk that applies them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from importlib import import_module

from lxml import etree

from ..catalogs import currency_decimals
from ..errors import Problem
from ..namespaces import NS, cfdi

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

_MODULES = ("comprobante", "receptor", "conceptos", "partes", "impuestos", "pagos", "carta_porte", "carta_porte_goods")


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the matrix.

    applies, holds: take the node and the document; `holds` is asked only where `applies` says yes.
    attribute: what the user has to mend, '' for the node itself.
    """

    code: str
    kind: str
    attribute: str
    message: str
    holds: Callable[[Node, Document], bool]
    applies: Callable[[Node, Document], bool] = lambda _node, _document: True


class Node:
    """An element with its attributes as numbers; '' and None are told apart from zero."""

    __slots__ = ("_numbers", "element")

    def __init__(self, element: etree._Element):
        self.element = element
        self._numbers: dict[str, Decimal | None] = {}

    def __getitem__(self, name: str) -> str:
        """The attribute, '' when it is absent."""
        return self.element.get(name, "")

    def has(self, name: str) -> bool:
        return name in self.element.attrib

    def number(self, name: str) -> Decimal | None:
        """The attribute as a number with the decimals that it was written with, None when absent."""
        if name not in self._numbers:
            text = self.element.get(name)
            self._numbers[name] = None if text is None else _decimal(text)
        return self._numbers[name]

    def amount(self, name: str) -> Decimal:
        """The attribute as a number, zero when absent."""
        number = self.number(name)
        return Decimal(0) if number is None else number

    def child(self, path: str) -> etree._Element | None:
        return self.element.find(path, NS)


class _NotANumber(ValueError):
    """The XSD has already said it."""


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise _NotANumber(text) from error
    if not number.is_finite():
        raise _NotANumber(text)
    return number


def decimals_of_currency(moneda: str) -> int:
    """Two when it is not in the catalogue, which the XSD says."""
    try:
        return currency_decimals(moneda)
    except KeyError:
        return 2


def has(*names: str) -> Callable[[Node, Document], bool]:
    """Condition: the node has all these attributes."""
    return lambda node, _document: all(node.has(name) for name in names)


def tax_key(node: Node, suffix: str = "") -> tuple[str, str, Decimal | None]:
    """What tells a tax from others: Impuesto, TipoFactor, TasaOCuota; their names end in `suffix`."""
    return node[f"Impuesto{suffix}"], node[f"TipoFactor{suffix}"], node.number(f"TasaOCuota{suffix}")


def is_pedimento(name: str) -> Callable[[Node, Document], bool]:
    """Condition: a customs number is of a year that has begun, and its last six digits are a number from 1 on.

    Customs and patents are not in the catalogues at hand.
    """
    return lambda node, document: (
        node[name][:2] <= document.head["Fecha"][2:4] and node[name][-6:].isdigit() and int(node[name][-6:]) > 0
    )


def all_different(keys: Iterable[object]) -> bool:
    return max(Counter(keys).values(), default=0) <= 1


class Document:
    """A comprobante, its nodes by kind, and what the rules share."""

    def __init__(self, element: etree._Element, now: datetime | None):
        self.element = element
        self.now = now
        self._nodes: dict[str, list[Node]] = {}

    def nodes(self, kind: str) -> list[Node]:
        if kind not in self._nodes:
            path = KINDS[kind]
            found = [self.element] if path == "." else self.element.findall(path, NS)
            self._nodes[kind] = [Node(element) for element in found]
        return self._nodes[kind]

    @property
    def head(self) -> Node:
        return self.nodes("Comprobante")[0]

    @cached_property
    def receptor(self) -> Node:
        return (self.nodes("Receptor") or [Node(etree.Element(cfdi("Receptor")))])[0]

    @property
    def type(self) -> str:
        return self.head["TipoDeComprobante"]

    @cached_property
    def decimals(self) -> int:
        """Decimals of the comprobante's currency."""
        return decimals_of_currency(self.head["Moneda"])

    def has_complement(self, namespace: str) -> bool:
        path = f"{cfdi('Complemento')}/{{{namespace}}}*"
        return self.element.find(path) is not None


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the document. Imported late: rules import this module."""
    package = __package__
    return tuple(rule for name in _MODULES for rule in import_module(f"{package}.{name}").RULES)


def check_rules(element: etree._Element, *, now: datetime | None, known: set[str]) -> list[Problem]:
    """Problems by the rules.

    :param known: paths with a problem already told; a rule adds nothing to the same attribute.
    """
    document = Document(element, now)
    return [problem for rule in all_rules() for problem in _apply(rule, document) if problem.path not in known]


def _apply(rule: Rule, document: Document) -> Iterator[Problem]:
    for node in document.nodes(rule.kind):
        try:
            broken = rule.applies(node, document) and not rule.holds(node, document)
        except _NotANumber:
            continue
        if broken:
            path = node_path(node.element)
            if rule.attribute:
                path += f"/@{rule.attribute}"
            yield Problem(rule.code, rule.message, path, node[rule.attribute] if rule.attribute else "")


def node_path(element: etree._Element) -> str:
    """Comprobante/Conceptos/Concepto[2], as `schema` writes it."""
    path = element.getroottree().getpath(element)
    return "/".join(part.rsplit(":", 1)[-1] for part in path.strip("/").split("/"))
