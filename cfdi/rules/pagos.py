"""Rules of the receipt of payments (complemento de pagos 2.0, CRP20101-CRP20279).

Not here, because only the SAT can tell: the lists of RFC and of bank accounts (CRP20222, CRP20225, CRP20226) and the
limits that ask for a Confirmacion (CRP20216, CRP20220). `schema` has the codes of what the schema says.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from ..comprobante import RFC_EXTRANJERO
from ..namespaces import PAGOS, cfdi
from ..pagos_totals import ISR, IVA, IVA_RATES, RETENTIONS
from ..rounding import (
    decimals_of,
    exchanged,
    half_up,
    in_pesos,
    neighbours,
    payment_limits,
    truncated,
)
from .base import Condition, Document, Node, Rule, Shape, all_different, decimals_of_currency, has, is_, none, tax_key
from .conceptos import known_rate, tax_in_limits

ZERO = Decimal(0)
_WITH_PAYER_ACCOUNT = frozenset("02 03 04 05 06 28 29".split())
_WITH_PAYEE_ACCOUNT = _WITH_PAYER_ACCOUNT - {"06"}
_NOT_ITEMISED = frozenset({"01", "03", "04", "05"})
_PLURALS = {"Traslado": "Traslados", "Retencion": "Retenciones"}
_PROOF = {
    "CertPago": ("CRP20230", "CRP20231"),
    "CadPago": ("CRP20232", "CRP20233"),
    "SelloPago": ("CRP20234", "CRP20235"),
}


# ----------------------------------------------------------------------
# The nodes around a node
# ----------------------------------------------------------------------
def _up(node: Node, name: str) -> Node:
    """The ancestor of a name."""
    return Node(next(node.element.iterancestors(_tag(name))))


def _down(node: Node, *names: str) -> list[Node]:
    """The descendants by a path of names."""
    return [Node(element) for element in node.element.findall("/".join(map(_tag, names)))]


def _tag(name: str) -> str:
    return f"{{{PAGOS}}}{name}"


def _equivalence(docto: Node) -> Decimal:
    """1 where it is missing, which a rule says."""
    return docto.number("EquivalenciaDR") or Decimal(1)


# ----------------------------------------------------------------------
# Conditions
# ----------------------------------------------------------------------
def _is_payment(shape: Shape) -> bool:
    return shape.type == "P" or PAGOS in shape.complements


def _is_zero(name: str) -> Condition:
    return lambda node, _document: node.number(name) == 0


def _positive(name: str) -> Condition:
    return lambda node, _document: node.amount(name) > 0


def _within(name: str, currency: str) -> Condition:
    return lambda node, _document: decimals_of(node.number(name)) <= decimals_of_currency(node[currency])


# ----------------------------------------------------------------------
# Sums
# ----------------------------------------------------------------------
def _same_currency(pago: Node) -> bool:
    return all(docto["MonedaDR"] == pago["MonedaP"] for docto in _down(pago, "DoctoRelacionado"))


def _paid_fits(node: Node, _document: Document) -> bool:
    return sum((docto.amount("ImpPagado") for docto in _down(node, "DoctoRelacionado")), ZERO) <= node.amount("Monto")


def _exchanged_fits(node: Node, _document: Document) -> bool:
    decimals, amount = decimals_of_currency(node["MonedaP"]), node.amount("Monto")
    doctos = _down(node, "DoctoRelacionado")
    paid = sum((exchanged(docto.amount("ImpPagado"), _equivalence(docto)) for docto in doctos), ZERO)
    if truncated(paid, decimals) <= amount:
        return True
    limits = [payment_limits(docto.amount("ImpPagado"), _equivalence(docto), decimals) for docto in doctos]
    return sum(lower for lower, _upper in limits) <= amount <= sum(upper for _lower, upper in limits)


def _adds_up(name: str, kind: str, same: Callable[[Node, Node], bool]) -> Condition:
    """Whether a figure of the payment is what its documents have, in its currency."""

    def holds(node: Node, _document: Document) -> bool:
        total = ZERO
        for docto in _down(_up(node, "Pago"), "DoctoRelacionado"):
            taxes = (tax for tax in _taxes_of(docto, kind) if same(node, tax))
            total += sum((exchanged(tax.amount(f"{name}DR"), _equivalence(docto)) for tax in taxes), ZERO)
        written = node.amount(f"{name}P")
        lower, upper = neighbours(total, decimals_of(written))
        return lower <= written <= upper

    return holds


def _same_tax(node: Node, tax: Node) -> bool:
    return tax_key(node, "P") == tax_key(tax, "DR")


def _same_code(node: Node, tax: Node) -> bool:
    return node["ImpuestoP"] == tax["ImpuestoDR"]


def _is_iva(rate: Decimal | None) -> Callable[[Node], bool]:
    factor = "Exento" if rate is None else "Tasa"
    return lambda tax: tax_key(tax, "P") == (IVA, factor, rate)


def _total(kind: str, name: str, counts: Callable[[Node], bool]) -> Callable[[Document], Decimal]:
    """What the payments have of a total, in pesos."""

    def total(document: Document) -> Decimal:
        found = (
            in_pesos(node.amount(name), (_up(node, "Pago") if kind != "Pago" else node).amount("TipoCambioP"))
            for node in document.nodes(kind)
            if counts(node)
        )
        return half_up(sum(found, ZERO), 2)

    return total


_TOTALS = {
    **{
        name: (code, _total("RetencionP", "ImporteP", lambda tax, impuesto=impuesto: tax["ImpuestoP"] == impuesto))
        for code, (impuesto, name) in zip(("CRP20201", "CRP20202", "CRP20203"), RETENTIONS.items(), strict=True)
    },
    **{
        f"TotalTraslados{part}{name}": (f"CRP202{number:02}", _total("TrasladoP", f"{column}P", _is_iva(rate)))
        for number, (rate, name, part, column) in enumerate(
            (
                (rate, name, part, column)
                for rate, name in IVA_RATES.items()
                for part, column in (("Base", "Base"), ("Impuesto", "Importe"))
            ),
            4,
        )
    },
    "TotalTrasladosBaseIVAExento": ("CRP20210", _total("TrasladoP", "BaseP", _is_iva(None))),
    "MontoTotalPagos": ("CRP20211", _total("Pago", "Monto", lambda _pago: True)),
}
"""Attribute of Totales -> code, and what it has to be."""


def _total_rule(name: str, code: str, total: Callable[[Document], Decimal]) -> Rule:
    return Rule(
        code,
        "PagosTotales",
        name,
        f"{name} no es el redondeo de la suma de los pagos, en pesos a su TipoCambioP.",
        applies=has(name),
        holds=lambda node, document: node.amount(name) == total(document),
    )


def _has_total(name: Callable[[Node], str]) -> Condition:
    return lambda node, document: all(totals.has(name(node)) for totals in document.nodes("PagosTotales"))


def _iva_total(part: str) -> Callable[[Node], str]:
    def name(tax: Node) -> str:
        rate = tax.number("TasaOCuotaP")
        return f"TotalTraslados{part}{'IVAExento' if rate is None else IVA_RATES[rate]}"

    return name


def _totalled(node: Node, _document: Document) -> bool:
    return node["ImpuestoP"] == IVA and (node["TipoFactorP"] == "Exento" or node.number("TasaOCuotaP") in IVA_RATES)


# ----------------------------------------------------------------------
# Taxes of a document
# ----------------------------------------------------------------------
def _taxes_of(docto: Node, kind: str) -> list[Node]:
    return _down(docto, "ImpuestosDR", f"{_PLURALS[kind]}DR", f"{kind}DR")


def _only_isr_withheld(node: Node, _document: Document) -> bool:
    return not _taxes_of(node, "Traslado") and all(tax["ImpuestoDR"] == ISR for tax in _taxes_of(node, "Retencion"))


def _ieps_without_iva(node: Node, _document: Document) -> bool:
    added, withheld = _taxes_of(node, "Traslado"), _taxes_of(node, "Retencion")
    return bool(added) and all(tax["ImpuestoDR"] != IVA for tax in added + withheld)


def _unique(kind: str, key: Callable[[Node], object]) -> Condition:
    path = ("ImpuestosP", f"{_PLURALS[kind]}P", f"{kind}P")
    return lambda node, _document: all_different(map(key, _down(node, *path)))


def _mixes_currencies(node: Node, _document: Document) -> bool:
    pago = _up(node, "Pago")
    return node["MonedaDR"] == pago["MonedaP"] and len(_down(pago, "DoctoRelacionado")) > 1 and not _same_currency(pago)


def _envelope() -> list[Rule]:
    """What a comprobante of payments has besides them is fixed."""
    head = {
        "TipoDeComprobante": ("CRP20101", "El TipoDeComprobante debe ser P.", is_("TipoDeComprobante", "P")),
        "Exportacion": ("CRP20102", "La Exportacion debe ser 01.", is_("Exportacion", "01")),
        "SubTotal": ("CRP20103", "El SubTotal debe ser 0.", _is_zero("SubTotal")),
        "Moneda": ("CRP20104", "La Moneda debe ser XXX.", is_("Moneda", "XXX")),
        "Total": ("CRP20110", "El Total debe ser 0.", _is_zero("Total")),
    }
    concept = {
        "ClaveProdServ": ("CRP20113", "La ClaveProdServ debe ser 84111506.", is_("ClaveProdServ", "84111506")),
        "Cantidad": ("CRP20115", "La Cantidad debe ser 1.", is_("Cantidad", "1")),
        "ClaveUnidad": ("CRP20116", "La ClaveUnidad debe ser ACT.", is_("ClaveUnidad", "ACT")),
        "Descripcion": ("CRP20118", "La Descripcion debe ser Pago.", is_("Descripcion", "Pago")),
        "ValorUnitario": ("CRP20119", "El ValorUnitario debe ser 0.", _is_zero("ValorUnitario")),
        "Importe": ("CRP20120", "El Importe debe ser 0.", _is_zero("Importe")),
        "ObjetoImp": ("CRP20122", "El ObjetoImp debe ser 01.", is_("ObjetoImp", "01")),
    }
    absent = {
        "Comprobante": {
            "FormaPago": "CRP20105",
            "MetodoPago": "CRP20106",
            "CondicionesDePago": "CRP20107",
            "Descuento": "CRP20108",
            "TipoCambio": "CRP20109",
        },
        "Concepto": {"NoIdentificacion": "CRP20114", "Unidad": "CRP20117", "Descuento": "CRP20121"},
    }
    rules = [
        Rule(code, kind, name, message, holds, when=_is_payment)
        for kind, rows in {"Comprobante": head, "Concepto": concept}.items()
        for name, (code, message, holds) in rows.items()
    ]
    rules += [
        Rule(code, kind, name, f"Un recibo de pagos no lleva {name}.", none(has(name)), when=_is_payment)
        for kind, names in absent.items()
        for name, code in names.items()
    ]
    return [
        *rules,
        Rule(
            "CRP20111",
            "Comprobante",
            "",
            "Un recibo de pagos tiene un solo concepto.",
            when=_is_payment,
            holds=lambda n, d: len(d.nodes("Concepto")) == 1,
        ),
        Rule(
            "CRP20112",
            "Concepto",
            "",
            "El concepto de un recibo de pagos no tiene más que ACuentaTerceros.",
            when=_is_payment,
            holds=lambda n, d: (
                {child.tag for child in n.element.findall("*")} <= {cfdi("ACuentaTerceros"), cfdi("Impuestos")}
            ),
        ),
        Rule(
            "CRP20123",
            "Concepto",
            "",
            "El concepto de un recibo de pagos no lleva Impuestos.",
            when=_is_payment,
            holds=lambda n, d: n.child("cfdi:Impuestos") is None,
        ),
    ]


RULES = (
    *_envelope(),
    *(_total_rule(name, code, total) for name, (code, total) in _TOTALS.items()),
    Rule(
        "CRP20212", "Pago", "FormaDePagoP", "La FormaDePagoP no puede ser 99.", lambda n, d: n["FormaDePagoP"] != "99"
    ),
    Rule("CRP20213", "Pago", "MonedaP", "La MonedaP no puede ser XXX.", lambda n, d: n["MonedaP"] != "XXX"),
    Rule(
        "CRP20214",
        "Pago",
        "TipoCambioP",
        "Falta el TipoCambioP, obligatorio cuando la moneda del pago no es MXN.",
        applies=lambda n, d: n["MonedaP"] != "MXN",
        holds=has("TipoCambioP"),
    ),
    Rule(
        "CRP20215",
        "Pago",
        "TipoCambioP",
        "Con MonedaP MXN el TipoCambioP debe ser 1.",
        applies=lambda n, d: n["MonedaP"] == "MXN",
        holds=is_("TipoCambioP", "1"),
    ),
    Rule(
        "CRP20217",
        "Pago",
        "Monto",
        "El Monto es menor que la suma de lo pagado de sus documentos.",
        applies=lambda n, d: _same_currency(n),
        holds=_paid_fits,
    ),
    Rule(
        "CRP20276",
        "Pago",
        "Monto",
        "El Monto no está entre los límites de lo pagado de sus documentos, en la moneda del pago.",
        applies=lambda n, d: not _same_currency(n),
        holds=_exchanged_fits,
    ),
    Rule("CRP20218", "Pago", "Monto", "El Monto debe ser mayor que cero.", _positive("Monto")),
    Rule(
        "CRP20219",
        "Pago",
        "Monto",
        "El Monto tiene más decimales de los que admite la moneda del pago.",
        applies=has("Monto"),
        holds=_within("Monto", "MonedaP"),
    ),
    *(
        Rule(
            code,
            "Pago",
            name,
            f"Con esta FormaDePagoP no se registra {name}.",
            applies=lambda n, d, forms=forms: n["FormaDePagoP"] not in forms,
            holds=none(has(name)),
        )
        for code, name, forms in (
            ("CRP20221", "RfcEmisorCtaOrd", _WITH_PAYER_ACCOUNT),
            ("CRP20224", "CtaOrdenante", _WITH_PAYER_ACCOUNT),
            ("CRP20227", "RfcEmisorCtaBen", _WITH_PAYEE_ACCOUNT),
            ("CRP20228", "CtaBeneficiario", _WITH_PAYEE_ACCOUNT),
            ("CRP20229", "TipoCadPago", frozenset({"03"})),
        )
    ),
    Rule(
        "CRP20223",
        "Pago",
        "NomBancoOrdExt",
        "Falta NomBancoOrdExt, obligatorio cuando la cuenta ordenante es de un banco extranjero.",
        applies=lambda n, d: n["RfcEmisorCtaOrd"] == RFC_EXTRANJERO,
        holds=has("NomBancoOrdExt"),
    ),
    *(
        rule
        for name, (needed, refused) in _PROOF.items()
        for rule in (
            Rule(needed, "Pago", name, f"Con TipoCadPago se registra {name}.", has(name), has("TipoCadPago")),
            Rule(
                refused,
                "Pago",
                name,
                f"Sin TipoCadPago no se registra {name}.",
                none(has(name)),
                none(has("TipoCadPago")),
            ),
        )
    ),
    Rule(
        "CRP20236", "DoctoRelacionado", "MonedaDR", "La MonedaDR no puede ser XXX.", lambda n, d: n["MonedaDR"] != "XXX"
    ),
    Rule(
        "CRP20237",
        "DoctoRelacionado",
        "EquivalenciaDR",
        "Falta la EquivalenciaDR, obligatoria cuando la moneda del documento no es la del pago.",
        applies=lambda n, d: n["MonedaDR"] != _up(n, "Pago")["MonedaP"],
        holds=has("EquivalenciaDR"),
    ),
    Rule(
        "CRP20238",
        "DoctoRelacionado",
        "EquivalenciaDR",
        "La EquivalenciaDR debe ser 1 cuando la moneda del documento es la del pago.",
        applies=lambda n, d: n["MonedaDR"] == _up(n, "Pago")["MonedaP"],
        holds=lambda n, d: n.number("EquivalenciaDR") == 1,
    ),
    Rule(
        "CRP20277",
        "DoctoRelacionado",
        "EquivalenciaDR",
        "La EquivalenciaDR debe ser 1.0000000000 cuando el pago tiene además documentos en otra moneda.",
        applies=_mixes_currencies,
        holds=is_("EquivalenciaDR", "1.0000000000"),
    ),
    *(
        Rule(code, "DoctoRelacionado", name, f"{name} debe ser mayor que cero.", _positive(name))
        for code, name in (("CRP20239", "ImpSaldoAnt"), ("CRP20241", "ImpPagado"))
    ),
    *(
        Rule(
            code,
            "DoctoRelacionado",
            name,
            f"{name} tiene más decimales de los que admite la moneda del documento.",
            applies=has(name),
            holds=_within(name, "MonedaDR"),
        )
        for code, name in (("CRP20240", "ImpSaldoAnt"), ("CRP20242", "ImpPagado"), ("CRP20243", "ImpSaldoInsoluto"))
    ),
    Rule(
        "CRP20244",
        "DoctoRelacionado",
        "ImpSaldoInsoluto",
        "ImpSaldoInsoluto debe ser ImpSaldoAnt menos ImpPagado, y no menor que cero.",
        holds=lambda n, d: 0 <= n.amount("ImpSaldoInsoluto") == n.amount("ImpSaldoAnt") - n.amount("ImpPagado"),
    ),
    Rule(
        "CRP20246",
        "DoctoRelacionado",
        "ObjetoImpDR",
        "Con ObjetoImpDR 02 se registran los ImpuestosDR.",
        applies=is_("ObjetoImpDR", "02"),
        holds=lambda n, d: bool(_down(n, "ImpuestosDR")),
    ),
    Rule(
        "CRP20247",
        "DoctoRelacionado",
        "ObjetoImpDR",
        "Con este ObjetoImpDR no se registran ImpuestosDR.",
        applies=lambda n, d: n["ObjetoImpDR"] in _NOT_ITEMISED,
        holds=lambda n, d: not _down(n, "ImpuestosDR"),
    ),
    Rule(
        "CRP20278",
        "DoctoRelacionado",
        "ObjetoImpDR",
        "Con ObjetoImpDR 06 u 08 solo puede haber retención de ISR.",
        applies=lambda n, d: n["ObjetoImpDR"] in {"06", "08"},
        holds=_only_isr_withheld,
    ),
    Rule(
        "CRP20279",
        "DoctoRelacionado",
        "ObjetoImpDR",
        "Con ObjetoImpDR 07 se traslada el IEPS y no hay IVA.",
        applies=is_("ObjetoImpDR", "07"),
        holds=_ieps_without_iva,
    ),
    Rule(
        "CRP20248",
        "ImpuestosDR",
        "",
        "Los ImpuestosDR deben tener traslados o retenciones.",
        holds=lambda n, d: bool(_down(n, "RetencionesDR", "RetencionDR") or _down(n, "TrasladosDR", "TrasladoDR")),
    ),
    Rule(
        "CRP20252",
        "RetencionDR",
        "TipoFactorDR",
        "Una retención no puede ser Exento.",
        holds=lambda n, d: n["TipoFactorDR"] != "Exento",
    ),
    *(
        Rule(
            code,
            kind,
            "ImporteDR",
            "El ImporteDR no corresponde a la BaseDR por su TasaOCuotaDR.",
            applies=has("BaseDR", "TasaOCuotaDR", "ImporteDR"),
            holds=tax_in_limits("DR"),
        )
        for code, kind in (("CRP20254", "RetencionDR"), ("CRP20261", "TrasladoDR"))
    ),
    Rule(
        "CRP20258",
        "TrasladoDR",
        "TipoFactorDR",
        "Un traslado Exento no lleva TasaOCuotaDR ni ImporteDR.",
        applies=is_("TipoFactorDR", "Exento"),
        holds=lambda n, d: not n.has("TasaOCuotaDR") and not n.has("ImporteDR"),
    ),
    Rule(
        "CRP20259",
        "TrasladoDR",
        "TipoFactorDR",
        "Un traslado por Tasa o Cuota lleva TasaOCuotaDR e ImporteDR.",
        applies=lambda n, d: n["TipoFactorDR"] in {"Tasa", "Cuota"},
        holds=has("TasaOCuotaDR", "ImporteDR"),
    ),
    *(
        Rule(
            code,
            kind,
            f"TasaOCuota{suffix}",
            f"La TasaOCuota{suffix} no existe para este impuesto.",
            applies=has(f"TasaOCuota{suffix}"),
            holds=lambda n, d, suffix=suffix: known_rate(*tax_key(n, suffix)),
        )
        for code, kind, suffix in (("CRP20260", "TrasladoDR", "DR"), ("CRP20272", "TrasladoP", "P"))
    ),
    Rule(
        "CRP20263",
        "Pago",
        "",
        "Hay más de una RetencionP del mismo impuesto.",
        holds=_unique("Retencion", lambda tax: tax["ImpuestoP"]),
    ),
    Rule(
        "CRP20264",
        "RetencionP",
        "ImporteP",
        "Falta en Totales el total de esta retención.",
        applies=lambda n, d: n["ImpuestoP"] in RETENTIONS,
        holds=_has_total(lambda tax: RETENTIONS[tax["ImpuestoP"]]),
    ),
    Rule(
        "CRP20265",
        "RetencionP",
        "ImporteP",
        "El ImporteP no es la suma de las retenciones de los documentos, en la moneda del pago.",
        applies=has("ImporteP"),
        holds=_adds_up("Importe", "Retencion", _same_code),
    ),
    Rule(
        "CRP20266",
        "TrasladoP",
        "TipoFactorP",
        "Un traslado Exento lleva solo BaseP, ImpuestoP y TipoFactorP.",
        applies=is_("TipoFactorP", "Exento"),
        holds=lambda n, d: not n.has("TasaOCuotaP") and not n.has("ImporteP"),
    ),
    Rule(
        "CRP20267",
        "TrasladoP",
        "BaseP",
        "Falta en Totales la base de este IVA.",
        applies=_totalled,
        holds=_has_total(_iva_total("Base")),
    ),
    *(
        Rule(
            code,
            "TrasladoP",
            "BaseP",
            "La BaseP no es la suma de las bases de los documentos, en la moneda del pago.",
            applies=lambda n, d, exempt=exempt: n.has("BaseP") and (n["TipoFactorP"] == "Exento") == exempt,
            holds=_adds_up("Base", "Traslado", _same_tax),
        )
        for code, exempt in (("CRP20268", False), ("CRP20269", True))
    ),
    Rule(
        "CRP20271",
        "Pago",
        "",
        "Hay más de un TrasladoP con el mismo impuesto, factor y tasa.",
        holds=_unique("Traslado", lambda tax: tax_key(tax, "P")),
    ),
    Rule(
        "CRP20273",
        "TrasladoP",
        "ImporteP",
        "Falta en Totales el impuesto de este IVA.",
        applies=lambda n, d: _totalled(n, d) and n["TipoFactorP"] != "Exento",
        holds=_has_total(_iva_total("Impuesto")),
    ),
    Rule(
        "CRP20274",
        "TrasladoP",
        "ImporteP",
        "El ImporteP no es la suma de los impuestos de los documentos, en la moneda del pago.",
        applies=has("ImporteP"),
        holds=_adds_up("Importe", "Traslado", _same_tax),
    ),
)
