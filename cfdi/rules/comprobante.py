"""Rules of the header (CFDI40101-CFDI40136), of the global invoice and of the issuer."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from ..catalogs import local_time, regimen_allowed
from ..comprobante import RFC_PUBLICO_EN_GENERAL
from ..namespaces import IMPLOCAL
from ..rounding import header
from ..totals import WITHOUT_AMOUNTS
from .base import Document, Node, Rule, Shape, has

WINDOW = timedelta(hours=72)
TOLERANCE = timedelta(minutes=5)
"""How far in the future PACs accept Fecha, for clocks that differ."""
COMERCIO_EXTERIOR = "http://www.sat.gob.mx/ComercioExterior20"

_WITH_AMOUNTS = frozenset("IEN")
_WITHOUT_PAYMENT = frozenset("TPN")
_BIMESTERS = frozenset("13 14 15 16 17 18".split())
_YEARS_BACK = 5  # of a global invoice


def _within_currency(name: str):
    def holds(node: Node, document: Document) -> bool:
        return node.decimals(name) <= document.decimals

    return holds


def _sum(document: Document, kind: str, name: str) -> Decimal:
    return sum((node.amount(name) for node in document.nodes(kind)), Decimal(0))


def _local_now(document: Document) -> datetime | None:
    """None when there is no clock, or no such postal code (the XSD says it)."""
    try:
        return document.now and local_time(document.now, document.head["LugarExpedicion"])
    except KeyError:
        return None


def _has_date(node: Node, document: Document) -> bool:
    try:
        datetime.fromisoformat(node["Fecha"])
    except ValueError:
        return False
    return _local_now(document) is not None


def _date_in_window(node: Node, document: Document) -> bool:
    now = _local_now(document)
    return now - WINDOW <= datetime.fromisoformat(node["Fecha"]) <= now + TOLERANCE


def _total_adds_up(_node: Node, document: Document) -> bool:
    head = document.head
    total = head.amount("SubTotal") - head.amount("Descuento")
    for impuestos in document.nodes("Impuestos"):
        total += impuestos.amount("TotalImpuestosTrasladados") - impuestos.amount("TotalImpuestosRetenidos")
    local = head.child("cfdi:Complemento/implocal:ImpuestosLocales") if document.has_complement(IMPLOCAL) else None
    if local is not None:
        taxes = Node(local)
        total += taxes.amount("TotaldeTraslados") - taxes.amount("TotaldeRetenciones")
    return total == head.amount("Total")


def _discount_matches(node: Node, document: Document) -> bool:
    if any(concepto.has("Descuento") for concepto in document.nodes("Concepto")):
        expected = header(_sum(document, "Concepto", "Descuento"), document.decimals)
        return node.has("Descuento") and node.number("Descuento") == expected
    return not node.has("Descuento")


def _is_global(document: Document) -> bool:
    receptor = document.receptor
    return receptor["Rfc"] == RFC_PUBLICO_EN_GENERAL and receptor["Nombre"] == "PUBLICO EN GENERAL"


def _with_amounts(shape: Shape) -> bool:
    return shape.type in _WITH_AMOUNTS


def _without_amounts(shape: Shape) -> bool:
    return shape.type in WITHOUT_AMOUNTS


RULES = (
    Rule(
        "401",
        "Comprobante",
        "Fecha",
        "La Fecha debe estar dentro de las últimas 72 horas, en la hora local del lugar de expedición.",
        applies=_has_date,
        holds=_date_in_window,
    ),
    Rule(
        "CFDI40103",
        "Comprobante",
        "FormaPago",
        "Un comprobante de tipo T, N o P no lleva FormaPago.",
        when=lambda shape: shape.type in _WITHOUT_PAYMENT,
        holds=lambda n, d: not n.has("FormaPago"),
    ),
    Rule(
        "CFDI40105",
        "Comprobante",
        "FormaPago",
        "Con método de pago PPD la FormaPago debe ser 99 (Por definir).",
        applies=lambda n, d: n["MetodoPago"] == "PPD",
        holds=lambda n, d: n["FormaPago"] == "99",
    ),
    Rule(
        "CFDI40107",
        "Comprobante",
        "SubTotal",
        "El SubTotal tiene más decimales de los que admite la moneda.",
        when=_with_amounts,
        applies=has("SubTotal"),
        holds=_within_currency("SubTotal"),
    ),
    Rule(
        "CFDI40108",
        "Comprobante",
        "SubTotal",
        "El SubTotal no es el redondeo de la suma de los importes de los conceptos.",
        when=_with_amounts,
        holds=lambda n, d: n.amount("SubTotal") == header(_sum(d, "Concepto", "Importe"), d.decimals),
    ),
    Rule(
        "CFDI40109",
        "Comprobante",
        "SubTotal",
        "En un comprobante de tipo T o P el SubTotal debe ser cero.",
        when=_without_amounts,
        holds=lambda n, d: n.amount("SubTotal") == 0,
    ),
    Rule(
        "CFDI40110",
        "Comprobante",
        "Descuento",
        "El Descuento es mayor que el SubTotal.",
        holds=lambda n, d: n.amount("Descuento") <= n.amount("SubTotal"),
    ),
    Rule(
        "CFDI40111",
        "Comprobante",
        "Descuento",
        "El Descuento no es el redondeo de la suma de los descuentos de los conceptos, o está donde no los hay.",
        when=_with_amounts,
        holds=_discount_matches,
    ),
    Rule(
        "CFDI40112",
        "Comprobante",
        "Descuento",
        "El Descuento tiene más decimales de los que admite la moneda.",
        applies=lambda n, d: n.has("Descuento"),
        holds=_within_currency("Descuento"),
    ),
    Rule(
        "CFDI40114",
        "Comprobante",
        "TipoCambio",
        "Con moneda MXN el TipoCambio se omite o es 1.",
        applies=lambda n, d: n["Moneda"] == "MXN" and n.has("TipoCambio"),
        holds=lambda n, d: n["TipoCambio"] == "1",
    ),
    Rule(
        "CFDI40115",
        "Comprobante",
        "TipoCambio",
        "Falta el TipoCambio, obligatorio cuando la moneda no es MXN ni XXX.",
        applies=lambda n, d: n["Moneda"] not in {"MXN", "XXX"},
        holds=lambda n, d: n.has("TipoCambio"),
    ),
    Rule(
        "CFDI40116",
        "Comprobante",
        "TipoCambio",
        "Con moneda XXX no se registra TipoCambio.",
        applies=lambda n, d: n["Moneda"] == "XXX",
        holds=lambda n, d: not n.has("TipoCambio"),
    ),
    Rule(
        "CFDI40119",
        "Comprobante",
        "Total",
        "El Total no es el SubTotal menos descuentos, más traslados, menos retenciones.",
        holds=_total_adds_up,
    ),
    Rule(
        "CFDI40122",
        "Comprobante",
        "Exportacion",
        "Exportacion 02 pide el complemento de Comercio Exterior.",
        applies=lambda n, d: n["Exportacion"] == "02",
        holds=lambda n, d: (
            d.has_complement(COMERCIO_EXTERIOR) or d.has_complement("http://www.sat.gob.mx/ComercioExterior11")
        ),
    ),
    Rule(
        "CFDI40125",
        "Comprobante",
        "MetodoPago",
        "Un comprobante de tipo T o P no lleva MetodoPago.",
        when=_without_amounts,
        holds=lambda n, d: not n.has("MetodoPago"),
    ),
    Rule(
        "CFDI40223",
        "Comprobante",
        "FormaPago",
        "Un comprobante de tipo I o E lleva FormaPago.",
        when=lambda shape: shape.type in {"I", "E"},
        holds=lambda n, d: n.has("FormaPago"),
    ),
    Rule(
        "CFDI40223",
        "Comprobante",
        "MetodoPago",
        "Un comprobante de tipo I, E o N lleva MetodoPago.",
        when=_with_amounts,
        holds=lambda n, d: n.has("MetodoPago"),
    ),
    Rule(
        "CFDI40130",
        "Comprobante",
        "",
        "Una factura a PUBLICO EN GENERAL con RFC XAXX010101000 lleva InformacionGlobal.",
        when=lambda shape: shape.type == "I",
        applies=lambda n, d: _is_global(d),
        holds=lambda n, d: bool(d.nodes("InformacionGlobal")),
    ),
    Rule(
        "CFDI40132",
        "InformacionGlobal",
        "Periodicidad",
        "La periodicidad 05 (Bimestral) es solo para emisores del régimen 621.",
        applies=lambda n, d: n["Periodicidad"] == "05",
        holds=lambda n, d: all(e["RegimenFiscal"] == "621" for e in d.nodes("Emisor")),
    ),
    Rule(
        "CFDI40134",
        "InformacionGlobal",
        "Meses",
        "Los Meses 13 a 18 van con la periodicidad 05 (Bimestral), y solo con ella.",
        holds=lambda n, d: (n["Periodicidad"] == "05") == (n["Meses"] in _BIMESTERS),
    ),
    Rule(
        "CFDI40136",
        "InformacionGlobal",
        "Año",
        "El Año debe ser el de la fecha de emisión o uno de los cinco anteriores.",
        applies=lambda n, d: d.head["Fecha"][:4].isdigit(),
        holds=lambda n, d: 0 <= int(d.head["Fecha"][:4]) - n.amount("Año") <= _YEARS_BACK,
    ),
    Rule(
        "CFDI40141",
        "Emisor",
        "RegimenFiscal",
        "El régimen fiscal del emisor no corresponde a su tipo de persona (física o moral).",
        holds=lambda n, d: regimen_allowed(n["RegimenFiscal"], n["Rfc"]),
    ),
)
