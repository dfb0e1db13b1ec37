"""What a payment pays of an invoice: the part of the invoice's taxes that goes with it.

They come from the invoice as it was stamped, in proportion to what is paid of its Total (guide of Pagos 2.0,
ImpuestosDR: "conforme al monto del pago recibido"), rounded as rule 4 of `rounding` says.
"""

from __future__ import annotations

from decimal import Decimal

from . import rounding
from .comprobante import Comprobante, Retencion, Traslado
from .pagos import RetencionDR, TrasladoDR
from .totals import ZERO

_LEAST = Decimal(1).scaleb(-rounding.CONCEPT_DECIMALS)
"""BaseDR is greater than zero (CRP20249, CRP20255), however little is paid."""
_WITH_TAXES, _WITHOUT = "02", "01"
_KEPT = frozenset({"06", "07", "08"})
"""What may have some taxes and not others (CRP20278, CRP20279)."""


def taxes_of_share(invoice: Comprobante, paid: Decimal) -> tuple[str, tuple[TrasladoDR, ...], tuple[RetencionDR, ...]]:
    """ObjetoImpDR, Traslados and Retenciones of a payment of an invoice.

    Local taxes (implocal) have no place in a receipt: their part of the Total is paid without any.

    :param invoice: as it was stamped, with its Total
    :param paid: ImpPagado, in the invoice's currency
    :raises ValueError: the invoice's Total is missing or zero
    """
    if not invoice.Total:
        raise ValueError("an invoice without Total is not paid")
    added: dict[tuple[str, str, Decimal | None], Decimal] = {}
    withheld: dict[tuple[str, str, Decimal], Decimal] = {}
    for concepto in invoice.Conceptos:
        for tax in concepto.Traslados:
            _add(added, tax)
        for tax in concepto.Retenciones:
            _add(withheld, tax)
    traslados = []
    for (impuesto, factor, rate), whole in added.items():
        if base := _share(whole, paid, invoice.Total):
            amount = None if rate is None else rounding.tax_amount(base, rate)
            traslados.append(TrasladoDR(base, impuesto, factor, rate, amount))
    retenciones = []
    for (impuesto, factor, rate), whole in withheld.items():
        if base := _share(whole, paid, invoice.Total):
            retenciones.append(RetencionDR(base, impuesto, factor, rate, rounding.tax_amount(base, rate)))
    return _object(invoice, bool(traslados or retenciones)), tuple(traslados), tuple(retenciones)


def _add(sums: dict, tax: Traslado | Retencion) -> None:
    key = (tax.Impuesto, tax.TipoFactor, tax.TasaOCuota)
    sums[key] = sums.get(key, ZERO) + tax.Base


def _share(whole: Decimal, paid: Decimal, total: Decimal) -> Decimal:
    if not whole:
        return ZERO  # given away: there is nothing to pay of it
    return max(rounding.share(whole, paid, total), _LEAST)


def _object(invoice: Comprobante, taxed: bool) -> str:
    """ObjetoImpDR: the invoice's own where all of it has the same, else what its taxes say (CRP20246, CRP20247)."""
    weights: dict[str, Decimal] = {}
    for concepto in invoice.Conceptos:
        weights[concepto.ObjetoImp] = weights.get(concepto.ObjetoImp, ZERO) + concepto.Importe
    if taxed:
        (only, *others) = weights
        return only if not others and only in _KEPT else _WITH_TAXES
    untaxed = [code for code in weights if code != _WITH_TAXES]
    return max(untaxed, key=weights.__getitem__, default=_WITHOUT)
