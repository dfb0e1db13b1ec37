"""Sums of the payments of a comprobante: the taxes of each (ImpuestosP) and those of all, in pesos (Totales).

The SAT adds what it reads, so these are sums of the values as they are written. The rules are those of `rounding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from . import rounding
from .errors import ComprobanteError, Problem
from .pagos import Pago

ZERO = Decimal(0)
ISR, IVA, IEPS = "001", "002", "003"
RETENTIONS = {IVA: "TotalRetencionesIVA", ISR: "TotalRetencionesISR", IEPS: "TotalRetencionesIEPS"}
IVA_RATES = {Decimal("0.16"): "IVA16", Decimal("0.08"): "IVA8", ZERO: "IVA0"}
_MXN_DECIMALS = 2
TOTALS = (
    *RETENTIONS.values(),
    *(f"TotalTraslados{part}{rate}" for rate in IVA_RATES.values() for part in ("Base", "Impuesto")),
    "TotalTrasladosBaseIVAExento",
    "MontoTotalPagos",
)
"""Attributes of Totales, in the order of the schema. IEPS that is added has none."""


@dataclass(frozen=True, slots=True)
class TrasladoP:
    """A tax of a payment, in its currency: one for each ImpuestoP, TipoFactorP and TasaOCuotaP (CRP20271)."""

    ImpuestoP: str
    TipoFactorP: str
    TasaOCuotaP: Decimal | None
    BaseP: Decimal
    ImporteP: Decimal | None


@dataclass(frozen=True, slots=True)
class ImpuestosP:
    """Taxes of a payment. Retenciones: ImpuestoP -> ImporteP (CRP20263)."""

    Retenciones: tuple[tuple[str, Decimal], ...]
    Traslados: tuple[TrasladoP, ...]


def taxes_of(pago: Pago) -> ImpuestosP:
    """ImpuestosP of a payment: what its documents have, in the payment's currency (CRP20265, 20268, 20269, 20274).

    :raises ComprobanteError: a tax lacks its ImporteDR, or an Exento has one (CRP20258, CRP20259).
    """
    withheld: dict[str, Decimal] = {}
    added: dict[tuple[str, str, Decimal | None], list[Decimal]] = {}
    for number, docto in enumerate(pago.DoctosRelacionados, 1):
        for tax in docto.Retenciones:
            amount = rounding.exchanged(tax.ImporteDR, docto.EquivalenciaDR)
            withheld[tax.ImpuestoDR] = withheld.get(tax.ImpuestoDR, ZERO) + amount
        for tax in docto.Traslados:
            exempt = tax.TipoFactorDR == "Exento"
            if exempt != (tax.ImporteDR is None) or exempt != (tax.TasaOCuotaDR is None):
                raise ComprobanteError([_factor_problem(number, exempt)])
            sums = added.setdefault((tax.ImpuestoDR, tax.TipoFactorDR, tax.TasaOCuotaDR), [ZERO, ZERO])
            sums[0] += rounding.exchanged(tax.BaseDR, docto.EquivalenciaDR)
            sums[1] += rounding.exchanged(tax.ImporteDR or ZERO, docto.EquivalenciaDR)
    return ImpuestosP(
        Retenciones=tuple((code, rounding.concept(amount)) for code, amount in withheld.items()),
        Traslados=tuple(
            TrasladoP(*key, rounding.concept(base), None if key[2] is None else rounding.concept(amount))
            for key, (base, amount) in added.items()
        ),
    )


def totals_of(pagos: Iterable[Pago], taxes: Iterable[ImpuestosP]) -> dict[str, Decimal]:
    """Totales of the payments, in pesos (CRP20201-CRP20211): {attribute: amount}, without those that nothing adds to.

    :param taxes: `taxes_of` each of them
    """
    sums: dict[str, Decimal] = {}

    def add(attribute: str, amount: Decimal, pago: Pago) -> None:
        sums[attribute] = sums.get(attribute, ZERO) + rounding.in_pesos(amount, pago.TipoCambioP)

    for pago, its_taxes in zip(pagos, taxes, strict=True):
        add("MontoTotalPagos", pago.Monto, pago)
        for code, amount in its_taxes.Retenciones:
            add(RETENTIONS[code], amount, pago)
        for tax in its_taxes.Traslados:
            if tax.ImpuestoP != IVA:
                continue
            if tax.ImporteP is None:
                add("TotalTrasladosBaseIVAExento", tax.BaseP, pago)
            elif tax.TasaOCuotaP in IVA_RATES:
                rate = IVA_RATES[tax.TasaOCuotaP]
                add(f"TotalTrasladosBase{rate}", tax.BaseP, pago)
                add(f"TotalTrasladosImpuesto{rate}", tax.ImporteP, pago)
    return {name: rounding.half_up(sums[name], _MXN_DECIMALS) for name in TOTALS if name in sums}


def _factor_problem(number: int, exempt: bool) -> Problem:
    path = f"Pagos/Pago/DoctoRelacionado[{number}]/ImpuestosDR/TrasladosDR/TrasladoDR"
    if exempt:
        return Problem("CRP20258", "Un traslado Exento no lleva TasaOCuotaDR ni ImporteDR.", path)
    return Problem("CRP20259", "Un traslado por Tasa o Cuota lleva TasaOCuotaDR e ImporteDR.", path)
