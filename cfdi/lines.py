"""Lines of an invoice -> conceptos whose sums are the invoice's own, to the cent.

An invoice program rounds in its own way: per line or at the end, each tax by itself, taxes changed by a cent by hand.
The SAT adds what the conceptos say (rule 2 of `rounding`), and accepts of a concepto what its factors give, rounded up
or down (CFDI40167, CFDI40180). That freedom is what is used here, and nothing more:

- Importe and Descuento are at the decimals of the currency: the net of each line is rounded half up, and where the
  lines do not add up to the invoice's untaxed amount, those nearest to the next cent go the other way.
- Taxes stay at six decimals; where their rounded sum is not the invoice's, some are rounded up or down to the cent.
- What several lines of the invoice were rounded by before they became one concepto may be more than a cent: it goes
  into the discount, or into the base of the tax, at most a cent for each of those lines. More is a gap, and nothing is
  written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from . import rounding
from .comprobante import Concepto, Retencion, Traslado

ZERO = Decimal(0)
TaxKey = tuple[str, ...]
"""Of a Traslado: T, Impuesto, TipoFactor, TasaOCuota; of a Retencion: R, Impuesto. What the header adds up by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTax:
    """A tax of a line, on a base that is not rounded; TasaOCuota is None for an Exento.

    Importe follows from the base when it is written: what a program rounded on its way is not what the SAT computes.
    It is positive, withheld or not.
    """

    Base: Decimal
    Impuesto: str
    TipoFactor: str
    TasaOCuota: Decimal | None
    withheld: bool = False
    Importe: Decimal = ZERO

    @property
    def identity(self) -> tuple[bool, str, str, Decimal | None]:
        return self.withheld, self.Impuesto, self.TipoFactor, self.TasaOCuota

    @property
    def key(self) -> TaxKey:
        if self.withheld:
            return "R", self.Impuesto
        return "T", self.Impuesto, self.TipoFactor, "" if self.TasaOCuota is None else str(self.TasaOCuota)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What becomes a concepto. Amounts are not rounded and have no taxes in them.

    gross, net: before and after discounts. ObjetoImp: empty to follow from the taxes.
    sources: of how many lines of the invoice it is made, each of which was rounded by itself.
    """

    ClaveProdServ: str
    Cantidad: Decimal
    ClaveUnidad: str
    Descripcion: str
    gross: Decimal
    net: Decimal
    taxes: tuple[LineTax, ...] = ()
    ObjetoImp: str = ""
    NoIdentificacion: str = ""
    Unidad: str = ""
    sources: int = 1


@dataclass(frozen=True, slots=True)
class Gap:
    """A sum that the conceptos cannot reach: of a tax, or (key None) of the untaxed amount."""

    key: TaxKey | None
    expected: Decimal
    found: Decimal


def merged(lines: Sequence[Line], **texts: object) -> Line:
    """One line with the amounts of all, and the attributes of the first one but for `texts`."""
    return replace(
        lines[0],
        gross=sum((line.gross for line in lines), ZERO),
        net=sum((line.net for line in lines), ZERO),
        taxes=merged_taxes(tax for line in lines for tax in line.taxes),
        sources=sum(line.sources for line in lines),
        **texts,
    )


def merged_taxes(taxes: Iterable[LineTax]) -> tuple[LineTax, ...]:
    """One tax for each Impuesto, TipoFactor and TasaOCuota, in the order of their first."""
    found: dict[tuple[bool, str, str, Decimal | None], LineTax] = {}
    for tax in taxes:
        same = found.get(tax.identity)
        found[tax.identity] = replace(same, Base=same.Base + tax.Base) if same else tax
    return tuple(found.values())


def to_conceptos(
    lines: Sequence[Line],
    *,
    net: Decimal,
    taxes: Mapping[TaxKey, Decimal],
    decimals: int,
    untaxed_discount: Decimal = ZERO,
) -> tuple[tuple[Concepto, ...], tuple[Gap, ...]]:
    """Conceptos that add up to `net` without taxes and to `taxes`, and the sums that they cannot reach.

    :param net: of the invoice, at `decimals`; what `untaxed_discount` takes off is off already.
    :param taxes: of the invoice, for each key of the lines' taxes; positive, withheld or not.
    :param decimals: of the currency.
    :param untaxed_discount: what is taken off the lines without touching a tax (rounding to coins).
    """
    cent = Decimal(1).scaleb(-decimals)
    allowance = cent * sum(line.sources for line in lines)
    nets, left = rounded_to([line.net for line in lines], net, decimals)
    gaps = []
    if left and abs(left) > allowance + untaxed_discount:
        gaps.append(Gap(None, net, net - left))
    elif left:
        largest = max(range(len(nets)), key=lambda i: nets[i])
        nets[largest] += left
        if nets[largest] < 0:
            gaps.append(Gap(None, net, net - left))
    written = [_written_taxes(line) for line in lines]
    for key in {key: None for found in written for key in (tax.key for tax in found)} | dict.fromkeys(taxes):
        gaps += _reach(written, key, taxes.get(key, ZERO), decimals, allowance)
    if gaps:
        return (), tuple(gaps)
    conceptos = map(_concepto, lines, nets, written, [decimals] * len(lines))
    return tuple(conceptos), ()


def rounded_to(values: Sequence[Decimal], target: Decimal, decimals: int) -> tuple[list[Decimal], Decimal]:
    """`values` at `decimals`, each rounded up or down, so that they add up to `target`; and what is left of it."""
    found = [rounding.half_up(value, decimals) for value in values]
    cent = Decimal(1).scaleb(-decimals)
    left = target - sum(found, ZERO)
    step = cent.copy_sign(left)
    # Those that were rounded against the step, the nearest to the other side first.
    against = sorted(
        (i for i, value in enumerate(values) if (value - found[i]) * step > 0),
        key=lambda i: -abs(values[i] - found[i]),
    )
    for i in against:
        if not left:
            break
        found[i] += step
        left -= step
    return found, left


def _written_taxes(line: Line) -> list[LineTax]:
    """Taxes of a line as they can be written: at six decimals, on a base above zero (CFDI40174)."""
    written = []
    for tax in merged_taxes(line.taxes):
        base = rounding.concept(tax.Base)
        if base > 0:
            amount = ZERO if tax.TasaOCuota is None else rounding.tax_amount(base, tax.TasaOCuota)
            written.append(replace(tax, Base=base, Importe=amount))
    return written


def _reach(
    written: list[list[LineTax]], key: TaxKey, target: Decimal, decimals: int, allowance: Decimal
) -> Iterable[Gap]:
    """Change what is `written` of a tax until its header value is `target`."""
    places = [(found, i) for found in written for i, tax in enumerate(found) if tax.key == key]
    amounts = [found[i].Importe for found, i in places]
    reached, left = _tax_amounts(amounts, target, decimals)
    for (found, i), amount in zip(places, reached, strict=True):
        found[i] = replace(found[i], Importe=amount)
    if not left:
        return
    rated = [(found, i) for found, i in places if found[i].TasaOCuota]
    if not rated or abs(left) > allowance:
        yield Gap(key, target, target - left)
        return
    found, i = max(rated, key=lambda place: place[0][place[1]].Base)
    amount = found[i].Importe + left
    base = rounding.concept(amount / found[i].TasaOCuota)
    if base <= 0:
        yield Gap(key, target, target - left)
        return
    found[i] = replace(found[i], Importe=amount, Base=base)


def _tax_amounts(amounts: Sequence[Decimal], target: Decimal, decimals: int) -> tuple[list[Decimal], Decimal]:
    """`amounts`, some of them rounded up or down so that their header value is `target`; and what is left of it."""
    found = list(amounts)
    total = sum(found, ZERO)
    left = target - rounding.header(total, decimals)
    other: Callable[[Decimal], Decimal] = _up if left > 0 else rounding.truncated
    moves = sorted(range(len(found)), key=lambda i: -abs(other(found[i], decimals) - found[i]))
    for i in moves:
        if not left:
            break
        moved = other(found[i], decimals)
        total += moved - found[i]
        found[i] = moved
        left = target - rounding.header(total, decimals)
    return found, left


def _up(value: Decimal, decimals: int) -> Decimal:
    down = rounding.truncated(value, decimals)
    return down if down == value else down + Decimal(1).scaleb(-decimals)


def _concepto(line: Line, net: Decimal, taxes: Sequence[LineTax], decimals: int) -> Concepto:
    gross = max(rounding.half_up(line.gross, decimals), net)
    price = rounding.concept(line.gross / line.Cantidad)
    lower, upper = rounding.line_limits(line.Cantidad, price, decimals)
    if not lower <= gross <= upper:
        price = rounding.concept(gross / line.Cantidad)
    return Concepto(
        ClaveProdServ=line.ClaveProdServ,
        NoIdentificacion=line.NoIdentificacion,
        Cantidad=line.Cantidad,
        ClaveUnidad=line.ClaveUnidad,
        Unidad=line.Unidad,
        Descripcion=line.Descripcion,
        ValorUnitario=price,
        Importe=gross,
        Descuento=gross - net if gross != net else None,
        ObjetoImp=line.ObjetoImp or _tax_object(line, taxes),
        Traslados=tuple(
            Traslado(tax.Base, tax.Impuesto, tax.TipoFactor)
            if tax.TasaOCuota is None
            else Traslado(tax.Base, tax.Impuesto, tax.TipoFactor, tax.TasaOCuota, tax.Importe)
            for tax in taxes
            if not tax.withheld
        ),
        Retenciones=tuple(
            Retencion(tax.Base, tax.Impuesto, tax.TipoFactor, tax.TasaOCuota, tax.Importe)
            for tax in taxes
            if tax.withheld and tax.TasaOCuota is not None
        ),
    )


def _tax_object(line: Line, taxes: Sequence[LineTax]) -> str:
    """c_ObjetoImp: with taxes; subject to them and causing none, because it was given away; not subject to any."""
    if taxes:
        return "02"
    return "04" if line.taxes else "01"
