"""Rules of the lines and their taxes (CFDI40166-CFDI40186)."""

from __future__ import annotations

from decimal import Decimal

from ..namespaces import cfdi
from ..rounding import is_product, line_fits, tax_fits
from .base import Condition, Document, Node, Rule, has

_IMPUESTOS = cfdi("Impuestos")
_NOT_ITEMISED = frozenset({"01", "03", "04", "05"})

_RATES = {
    # c_TasaOCuota: (Impuesto, TipoFactor) -> its fixed rates; None = whatever the PAC's copy of it says. The rates
    # of the IEPS change with each year's law, and satcfdi does not carry them: a refusal here could be wrong.
    ("002", "Tasa"): tuple(map(Decimal, ("0.16", "0", "0.08"))),
    ("003", "Tasa"): None,
    ("003", "Cuota"): None,
}
_WITHHOLDING_RANGES = {
    ("001", "Tasa"): (Decimal(0), Decimal("0.35")),
    ("002", "Tasa"): (Decimal(0), Decimal("0.16")),
}


def _has_taxes(node: Node, _document: Document) -> bool:
    return node.has_child(_IMPUESTOS)


def _itemises(node: Node, _document: Document) -> bool:
    return any(group.children for taxes in node.children if taxes.tag == _IMPUESTOS for group in taxes.children)


def amount_in_limits(node: Node, _document: Document) -> bool:
    quantity, price, amount = node.number("Cantidad"), node.number("ValorUnitario"), node.number("Importe")
    return is_product(quantity, price, amount) or line_fits(quantity, price, amount, node.decimals("Importe"))


def tax_in_limits(suffix: str = "") -> Condition:
    """Condition: Importe is what Base and TasaOCuota give, within what the SAT accepts; their names end in `suffix`."""

    importe, base, rate = f"Importe{suffix}", f"Base{suffix}", f"TasaOCuota{suffix}"

    def holds(node: Node, _document: Document) -> bool:
        factors = node.number(base), node.number(rate), node.number(importe)
        return is_product(*factors) or tax_fits(*factors, node.decimals(importe))

    return holds


_rated = has("Base", "TasaOCuota", "Importe")


def _key(node: Node) -> tuple[str, str]:
    return node["Impuesto"], node["TipoFactor"]


def known_rate(impuesto: str, factor: str, rate: Decimal | None) -> bool:
    """Whether c_TasaOCuota has the rate of a tax that is added, as far as it is known here."""
    if (impuesto, factor) not in _RATES:
        return False
    rates = _RATES[impuesto, factor]
    return rates is None or rate in rates


def _withholding_in_range(node: Node, _document: Document) -> bool:
    lower, upper = _WITHHOLDING_RANGES[_key(node)]
    return lower <= node.number("TasaOCuota") <= upper


RULES = (
    Rule(
        "CFDI40166",
        "Concepto",
        "ValorUnitario",
        "El ValorUnitario debe ser mayor que cero.",
        when=lambda shape: shape.type in "IEN",
        holds=lambda n, d: n.amount("ValorUnitario") > 0,
    ),
    Rule(
        "CFDI40167",
        "Concepto",
        "Importe",
        "El Importe no corresponde a Cantidad por ValorUnitario.",
        applies=has("Cantidad", "ValorUnitario", "Importe"),
        holds=amount_in_limits,
    ),
    Rule(
        "CFDI40168",
        "Concepto",
        "Descuento",
        "El Descuento tiene más decimales que el Importe del concepto.",
        applies=lambda n, d: n.has("Descuento") and n.has("Importe"),
        holds=lambda n, d: n.decimals("Descuento") <= n.decimals("Importe"),
    ),
    Rule(
        "CFDI40169",
        "Concepto",
        "Descuento",
        "El Descuento es mayor que el Importe del concepto.",
        holds=lambda n, d: n.amount("Descuento") <= n.amount("Importe"),
    ),
    Rule(
        "CFDI40171",
        "Concepto",
        "ObjetoImp",
        "Un concepto que es objeto de impuesto (02) desglosa sus impuestos.",
        applies=lambda n, d: n["ObjetoImp"] == "02",
        holds=_has_taxes,
    ),
    Rule(
        "CFDI40172",
        "Concepto",
        "ObjetoImp",
        "Un concepto con ObjetoImp 01, 03, 04 o 05 no desglosa impuestos.",
        applies=lambda n, d: n["ObjetoImp"] in _NOT_ITEMISED,
        holds=lambda n, d: not _has_taxes(n, d),
    ),
    Rule(
        "CFDI40173",
        "Concepto",
        "",
        "El nodo Impuestos del concepto está vacío.",
        applies=_has_taxes,
        holds=_itemises,
    ),
    Rule(
        "CFDI40174",
        "ConceptoTraslado",
        "Base",
        "La Base del traslado debe ser mayor que cero.",
        holds=lambda n, d: n.amount("Base") > 0,
    ),
    Rule(
        "CFDI40177",
        "ConceptoTraslado",
        "TipoFactor",
        "Un traslado Exento no lleva TasaOCuota ni Importe.",
        applies=lambda n, d: n["TipoFactor"] == "Exento",
        holds=lambda n, d: not (n.has("TasaOCuota") or n.has("Importe")),
    ),
    Rule(
        "CFDI40178",
        "ConceptoTraslado",
        "TipoFactor",
        "Un traslado por Tasa o Cuota lleva TasaOCuota e Importe.",
        applies=lambda n, d: n["TipoFactor"] in {"Tasa", "Cuota"},
        holds=lambda n, d: n.has("TasaOCuota") and n.has("Importe"),
    ),
    Rule(
        "CFDI40179",
        "ConceptoTraslado",
        "TasaOCuota",
        "La TasaOCuota del traslado no está en el catálogo c_TasaOCuota para ese impuesto y factor.",
        applies=lambda n, d: n.has("TasaOCuota"),
        holds=lambda n, d: known_rate(*_key(n), n.number("TasaOCuota")),
    ),
    Rule(
        "CFDI40180",
        "ConceptoTraslado",
        "Importe",
        "El Importe del traslado no corresponde a Base por TasaOCuota.",
        applies=_rated,
        holds=tax_in_limits(),
    ),
    Rule(
        "CFDI40181",
        "ConceptoRetencion",
        "Base",
        "La Base de la retención debe ser mayor que cero.",
        holds=lambda n, d: n.amount("Base") > 0,
    ),
    Rule(
        "CFDI40184",
        "ConceptoRetencion",
        "TipoFactor",
        "Una retención no puede ser Exento.",
        holds=lambda n, d: n["TipoFactor"] != "Exento",
    ),
    Rule(
        "CFDI40185",
        "ConceptoRetencion",
        "TasaOCuota",
        "La TasaOCuota de la retención está fuera del rango del catálogo c_TasaOCuota.",
        applies=lambda n, d: n.has("TasaOCuota") and _key(n) in _WITHHOLDING_RANGES,
        holds=_withholding_in_range,
    ),
    Rule(
        "CFDI40186",
        "ConceptoRetencion",
        "Importe",
        "El Importe de la retención no corresponde a Base por TasaOCuota.",
        applies=_rated,
        holds=tax_in_limits(),
    ),
)
