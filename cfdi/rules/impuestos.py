"""Rules of the header's Impuestos (CFDI40201-CFDI40221): each figure is the sum of what the conceptos say."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ..rounding import header
from ..totals import WITHOUT_AMOUNTS
from .base import Document, Node, Rule, all_different, has, tax_key


def _within_currency(name: str):
    def holds(node: Node, document: Document) -> bool:
        return node.decimals(name) <= document.decimals

    return holds


def _rounded_sum(document: Document, nodes: Iterable[Node], name: str) -> Decimal:
    return header(sum((node.amount(name) for node in nodes), Decimal(0)), document.decimals)


def _traslado_matches(name: str):
    def holds(node: Node, document: Document) -> bool:
        same = document.taxes("ConceptoTraslado").get(tax_key(node), ())
        return node.amount(name) == _rounded_sum(document, same, name)

    return holds


def _retencion_matches(node: Node, document: Document) -> bool:
    code = node["Impuesto"]
    same = (tax for tax in document.nodes("ConceptoRetencion") if tax["Impuesto"] == code)
    return node.amount("Importe") == _rounded_sum(document, same, "Importe")


def _total_matches(name: str, kind: str):
    def holds(node: Node, document: Document) -> bool:
        return node.number(name) == sum((n.amount("Importe") for n in document.nodes(kind)), Decimal(0))

    return holds


def _unique_traslados(_node: Node, document: Document) -> bool:
    return all_different(map(tax_key, document.nodes("Traslado")))


def _unique_retenciones(_node: Node, document: Document) -> bool:
    return all_different(node["Impuesto"] for node in document.nodes("Retencion"))


def _all_groups_present(_node: Node, document: Document) -> bool:
    written = {tax_key(node) for node in document.nodes("Traslado")}
    return document.taxes("ConceptoTraslado").keys() <= written


def _all_withholdings_present(_node: Node, document: Document) -> bool:
    written = {node["Impuesto"] for node in document.nodes("Retencion")}
    return all(node["Impuesto"] in written for node in document.nodes("ConceptoRetencion"))


def _with_amounts(_node: Node, document: Document) -> bool:
    return document.type not in WITHOUT_AMOUNTS


RULES = (
    Rule("CFDI40201", "Impuestos", "", "Un comprobante de tipo T o P no lleva el nodo Impuestos.", holds=_with_amounts),
    Rule(
        "CFDI40202",
        "Impuestos",
        "TotalImpuestosRetenidos",
        "El total de impuestos retenidos tiene más decimales de los que admite la moneda.",
        applies=has("TotalImpuestosRetenidos"),
        holds=_within_currency("TotalImpuestosRetenidos"),
    ),
    Rule(
        "CFDI40203",
        "Impuestos",
        "TotalImpuestosRetenidos",
        "El total de impuestos retenidos no es la suma de las retenciones.",
        applies=has("TotalImpuestosRetenidos"),
        holds=_total_matches("TotalImpuestosRetenidos", "Retencion"),
    ),
    Rule(
        "CFDI40204",
        "Impuestos",
        "TotalImpuestosTrasladados",
        "El total de impuestos trasladados tiene más decimales de los que admite la moneda.",
        applies=has("TotalImpuestosTrasladados"),
        holds=_within_currency("TotalImpuestosTrasladados"),
    ),
    Rule(
        "CFDI40205",
        "Impuestos",
        "TotalImpuestosTrasladados",
        "El total de impuestos trasladados no es la suma de los traslados.",
        applies=has("TotalImpuestosTrasladados"),
        holds=_total_matches("TotalImpuestosTrasladados", "Traslado"),
    ),
    Rule(
        "CFDI40206",
        "Impuestos",
        "TotalImpuestosRetenidos",
        "Falta el total de impuestos retenidos.",
        applies=lambda n, d: bool(d.nodes("Retencion")),
        holds=has("TotalImpuestosRetenidos"),
    ),
    Rule("CFDI40208", "Impuestos", "", "Hay más de una retención del mismo impuesto.", holds=_unique_retenciones),
    Rule(
        "CFDI40210",
        "Retencion",
        "Importe",
        "El Importe de la retención tiene más decimales de los que admite la moneda.",
        applies=has("Importe"),
        holds=_within_currency("Importe"),
    ),
    Rule(
        "CFDI40211",
        "Retencion",
        "Importe",
        "El Importe de la retención no es el redondeo de la suma de las retenciones de los conceptos.",
        holds=_retencion_matches,
    ),
    Rule(
        "CFDI40211",
        "Comprobante",
        "",
        "Hay retenciones en los conceptos que no están en los impuestos del comprobante.",
        when=lambda shape: shape.type not in WITHOUT_AMOUNTS,
        holds=_all_withholdings_present,
    ),
    Rule(
        "CFDI40212",
        "Impuestos",
        "TotalImpuestosTrasladados",
        "Falta el total de impuestos trasladados.",
        applies=lambda n, d: any(t["TipoFactor"] != "Exento" for t in d.nodes("Traslado")),
        holds=has("TotalImpuestosTrasladados"),
    ),
    Rule(
        "CFDI40213",
        "Traslado",
        "TipoFactor",
        "Un traslado Exento solo lleva Base, Impuesto y TipoFactor.",
        applies=lambda n, d: n["TipoFactor"] == "Exento",
        holds=lambda n, d: not (n.has("TasaOCuota") or n.has("Importe")),
    ),
    Rule(
        "CFDI40214",
        "Traslado",
        "Base",
        "La Base del traslado tiene más decimales de los que admite la moneda.",
        applies=has("Base"),
        holds=_within_currency("Base"),
    ),
    Rule(
        "CFDI40215",
        "Traslado",
        "Base",
        "La Base del traslado no es el redondeo de la suma de las bases de los conceptos.",
        holds=_traslado_matches("Base"),
    ),
    Rule(
        "CFDI40218",
        "Impuestos",
        "",
        "Hay más de un traslado con el mismo impuesto, factor y tasa.",
        holds=_unique_traslados,
    ),
    Rule(
        "CFDI40220",
        "Traslado",
        "Importe",
        "El Importe del traslado tiene más decimales de los que admite la moneda.",
        applies=has("Importe"),
        holds=_within_currency("Importe"),
    ),
    Rule(
        "CFDI40221",
        "Traslado",
        "Importe",
        "El Importe del traslado no es el redondeo de la suma de los traslados de los conceptos.",
        applies=has("Importe"),
        holds=_traslado_matches("Importe"),
    ),
    Rule(
        "CFDI40221",
        "Comprobante",
        "",
        "Hay traslados en los conceptos que no están en los impuestos del comprobante.",
        when=lambda shape: shape.type not in WITHOUT_AMOUNTS,
        holds=_all_groups_present,
    ),
)
