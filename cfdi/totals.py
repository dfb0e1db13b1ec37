"""Sums of a comprobante, from the values of its conceptos. The rules are those of `rounding`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from . import rounding
from .catalogs import currency_decimals
from .comprobante import Comprobante
from .errors import ComprobanteError, Problem

ZERO = Decimal(0)
WITHOUT_AMOUNTS = frozenset({"T", "P"})
"""Types whose SubTotal and Total are zero and that have no Impuestos (CFDI40109, CFDI40201)."""


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """A Traslado of the header: one for each Impuesto, TipoFactor and TasaOCuota (CFDI40218)."""

    Impuesto: str
    TipoFactor: str
    TasaOCuota: Decimal | None
    Base: Decimal
    Importe: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the header says. Retenciones: Impuesto -> Importe (CFDI40208). None = the attribute is absent.

    TotaldeTraslados, TotaldeRetenciones: of the local taxes, zero without any.
    """

    SubTotal: Decimal
    Descuento: Decimal | None
    Traslados: tuple[TaxGroup, ...]
    Retenciones: tuple[tuple[str, Decimal], ...]
    TotalImpuestosTrasladados: Decimal | None
    TotalImpuestosRetenidos: Decimal | None
    Total: Decimal
    TotaldeTraslados: Decimal = ZERO
    TotaldeRetenciones: Decimal = ZERO


def compute(comprobante: Comprobante) -> Totals:
    """Totals of `comprobante` at the decimals of its currency; what it carries itself is not looked at.

    :raises ComprobanteError: the currency is not in c_Moneda (CFDI40113), or a tax lacks its Importe
        (CFDI40178).
    """
    if comprobante.TipoDeComprobante in WITHOUT_AMOUNTS:
        return Totals(ZERO, None, (), (), None, None, ZERO)
    decimals = decimals_of_currency(comprobante.Moneda)
    conceptos = comprobante.Conceptos
    subtotal = rounding.header(sum((c.Importe for c in conceptos), ZERO), decimals)
    discounts = [c.Descuento for c in conceptos if c.Descuento]
    discount = rounding.header(sum(discounts, ZERO), decimals) if discounts else None
    traslados = _traslados(comprobante, decimals)
    retenciones = _retenciones(comprobante, decimals)
    transferred = _sum(group.Importe for group in traslados)
    withheld = _sum(amount for _code, amount in retenciones)
    local_transferred, local_withheld = (
        sum((tax.Importe for tax in taxes), ZERO)
        for taxes in (comprobante.TrasladosLocales, comprobante.RetencionesLocales)
    )
    return Totals(
        SubTotal=subtotal,
        Descuento=discount,
        Traslados=traslados,
        Retenciones=retenciones,
        TotalImpuestosTrasladados=transferred,
        TotalImpuestosRetenidos=withheld,
        Total=subtotal
        - (discount or ZERO)
        + (transferred or ZERO)
        - (withheld or ZERO)
        + local_transferred
        - local_withheld,
        TotaldeTraslados=local_transferred,
        TotaldeRetenciones=local_withheld,
    )


def complete(comprobante: Comprobante) -> Comprobante:
    """`comprobante` with SubTotal, Descuento and Total.

    :raises ComprobanteError: it already carried one of them and it is not what the conceptos add up to.
    """
    totals = compute(comprobante)
    check(comprobante, totals)
    return replace(comprobante, SubTotal=totals.SubTotal, Descuento=totals.Descuento, Total=totals.Total)


def check(comprobante: Comprobante, totals: Totals) -> None:
    """:raises ComprobanteError: `comprobante` carries a total that is not the one of `totals`."""
    problems = []
    for name, code in (("SubTotal", "CFDI40108"), ("Descuento", "CFDI40111"), ("Total", "CFDI40119")):
        given, computed = getattr(comprobante, name), getattr(totals, name)
        if given is not None and given != (computed or ZERO):
            message = f"{name} no corresponde con los conceptos, que suman {computed or ZERO}."
            problems.append(Problem(code, message, f"Comprobante/@{name}", str(given)))
    if problems:
        raise ComprobanteError(problems)


def _traslados(comprobante: Comprobante, decimals: int) -> tuple[TaxGroup, ...]:
    groups: dict[tuple[str, str, Decimal | None], list[Decimal]] = {}
    for number, concepto in enumerate(comprobante.Conceptos, 1):
        for tax in concepto.Traslados:
            exempt = tax.TipoFactor == "Exento"
            if exempt != (tax.Importe is None) or exempt != (tax.TasaOCuota is None):
                raise ComprobanteError([_factor_problem(number, exempt)])
            sums = groups.setdefault((tax.Impuesto, tax.TipoFactor, tax.TasaOCuota), [ZERO, ZERO])
            sums[0] += tax.Base
            sums[1] += tax.Importe or ZERO
    return tuple(
        TaxGroup(
            impuesto,
            factor,
            rate,
            rounding.header(base, decimals),
            None if rate is None else rounding.header(amount, decimals),
        )
        for (impuesto, factor, rate), (base, amount) in groups.items()
    )


def _retenciones(comprobante: Comprobante, decimals: int) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for concepto in comprobante.Conceptos:
        for tax in concepto.Retenciones:
            sums[tax.Impuesto] = sums.get(tax.Impuesto, ZERO) + tax.Importe
    return tuple((code, rounding.header(amount, decimals)) for code, amount in sums.items())


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Sum of what is there; None when nothing is."""
    present = [amount for amount in amounts if amount is not None]
    return sum(present, ZERO) if present else None


def decimals_of_currency(moneda: str, code: str = "CFDI40113", path: str = "Comprobante/@Moneda") -> int:
    """Decimals of a currency.

    :raises ComprobanteError: it is not in c_Moneda; with this code, for this attribute.
    """
    try:
        return currency_decimals(moneda)
    except KeyError:
        problem = Problem(code, "La moneda no está en el catálogo c_Moneda.", path, moneda)
        raise ComprobanteError([problem]) from None


def _factor_problem(number: int, exempt: bool) -> Problem:
    path = f"Comprobante/Conceptos/Concepto[{number}]/Impuestos/Traslados/Traslado"
    if exempt:
        return Problem("CFDI40177", "Un traslado Exento no lleva TasaOCuota ni Importe.", path)
    return Problem("CFDI40178", "Un traslado por Tasa o Cuota lleva TasaOCuota e Importe.", path)
