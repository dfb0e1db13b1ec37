"""Every rounding of the CFDI, decided here and nowhere else.

1. Values of a concepto (Importe, Descuento, Base and Importe of its taxes) are kept at up to six decimals,
   the most that the Anexo 20 admits (t_Importe), rounded half up: the error of a line stays below a
   millionth and the header can be exact.
2. Header values (SubTotal, Descuento, Base and Importe of each tax group) are the rounding, half up and at
   the decimals of the currency, of the SUM of the values written in the conceptos (CFDI40108, 40111, 40211,
   40215, 40221). They are never base x rate of the header: the SAT adds what it reads.
3. TotalImpuestosTrasladados, TotalImpuestosRetenidos and Total add values that are already rounded, so they
   need no rounding of their own (CFDI40203, 40205, 40119).
4. Of a payment, BaseP and ImporteP are the sum of the values written in its documents, each divided by its
   EquivalenciaDR, rounded once, half up, at six decimals: in the document's own currency that is the exact sum
   (CRP20265, 20268, 20274). Totales are the rounding, half up and at two decimals, of the sum of what is written
   in the payments times TipoCambioP (CRP20201-20211). EquivalenciaDR has up to ten decimals, rounded half up (guide
   of Pagos 2.0, Monto, i). Of a tax of the invoice, BaseDR is the paid part, rounded half up at six decimals, and
   ImporteDR that times its rate: the SAT compares the two as they are written (CRP20254, CRP20261).
5. A value is written with the decimals that it needs, at least those of the currency; rates always with six.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

CONCEPT_DECIMALS = 6
"""Most decimals of a concepto's values: t_Importe and the other decimals of cfdv40.xsd."""

EQUIVALENCE_DECIMALS = 10
"""Most decimals of EquivalenciaDR (Pagos20.xsd)."""

_WIDE = Context(prec=60)
"""Precision that holds any product of two valid values exactly: 18 integers and 6 decimals each."""
_ZERO = Decimal(0)
_EPSILON = Decimal("1e-12")
"""What keeps the upper limit open, as the SAT's guide writes it (10 to the -12)."""
_TINY = Decimal("1e-16")
"""The same, in the formula of the payments (CRP20275)."""
_QUANTA = tuple(Decimal(1).scaleb(-n) for n in range(19))
_HALVES = tuple(quantum / 2 for quantum in _QUANTA)
"""Half of the last digit, by decimals."""
_HALF_UP, _DOWN, _CEILING = (
    Context(prec=60, rounding=rounding) for rounding in (ROUND_HALF_UP, ROUND_DOWN, ROUND_CEILING)
)


def half_up(value: Decimal, decimals: int) -> Decimal:
    """`value` at `decimals`, ties away from zero, as the SAT rounds."""
    return _HALF_UP.quantize(value, _QUANTA[decimals])


def header(value: Decimal, decimals: int) -> Decimal:
    """Rule 2: a header value, from the sum of the conceptos' values."""
    return half_up(value, decimals)


def concept(value: Decimal) -> Decimal:
    """Rule 1: any value of a concepto."""
    return half_up(value, CONCEPT_DECIMALS)


def line_amount(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Importe of a concepto: Cantidad x ValorUnitario, before discount."""
    return concept(_WIDE.multiply(quantity, unit_price))


def tax_amount(base: Decimal, rate: Decimal) -> Decimal:
    """Importe of a tax of a concepto: Base x TasaOCuota."""
    return concept(_WIDE.multiply(base, rate))


def equivalence(paid: Decimal, received: Decimal) -> Decimal:
    """Rule 4: EquivalenciaDR of a document, from what is paid of it and what that is in the payment's currency."""
    return half_up(_WIDE.divide(paid, received), EQUIVALENCE_DECIMALS)


def exchanged(value: Decimal, equivalence: Decimal) -> Decimal:
    """A value of a document in the payment's currency, not rounded yet."""
    return _WIDE.divide(value, equivalence)


def share(value: Decimal, paid: Decimal, total: Decimal) -> Decimal:
    """Rule 4: the part of a value of an invoice that goes with what is paid of its total."""
    return concept(_WIDE.divide(_WIDE.multiply(value, paid), total))


def in_pesos(value: Decimal, rate: Decimal) -> Decimal:
    """A value of a payment in pesos, not rounded yet."""
    return _WIDE.multiply(value, rate)


def truncated(value: Decimal, decimals: int) -> Decimal:
    """`value` at `decimals`, cut off."""
    return _DOWN.quantize(value, _QUANTA[decimals])


def decimals_of(value: Decimal) -> int:
    """Decimals that `value` carries, trailing zeros included."""
    digits = str(value).partition(".")[2]
    if digits.isdigit():  # not of 1E-7
        return len(digits)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"not a finite number: {value}")  # noqa: TRY004 - of the right type, of the wrong value
    return max(0, -exponent)


def text(value: Decimal, minimum: int = 0, maximum: int = CONCEPT_DECIMALS) -> str:
    """Rule 5: `value` as the XML wants it, no exponent, between `minimum` and `maximum` decimals.

    :raises ValueError: the value is not finite, or would lose digits; nothing is rounded on writing.
    """
    integer, _, decimals = str(value).partition(".")
    if not (integer + decimals).isdigit():  # a sign or an exponent, or no number at all
        if not value.is_finite():
            raise ValueError(f"not a finite number: {value}")
        integer, _, decimals = format(value or abs(value), "f").partition(".")  # a negative zero is a zero
    decimals = decimals.rstrip("0")
    if len(decimals) > maximum:
        raise ValueError(f"{value} has more than {maximum} decimals")
    decimals = decimals.ljust(minimum, "0")
    return f"{integer}.{decimals}" if decimals else integer


def tax_limits(base: Decimal, rate: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    """Least and greatest Importe that the SAT accepts for a tax (CFDI40180, CFDI40186).

    The base may have been rounded by half of its last written digit; `decimals` are those of the Importe.
    """
    half = _half_digit(base)
    lower = _WIDE.multiply(base - half, rate)
    upper = _WIDE.multiply(base + half - _EPSILON, rate)
    return _outwards(lower, upper, decimals)


def is_product(quantity: Decimal, factor: Decimal, amount: Decimal) -> bool:
    """Whether `amount` is the exact product, which is always within the limits of `tax_fits` and `line_fits`."""
    return amount == _WIDE.multiply(quantity, factor) and quantity > _ZERO <= factor


def tax_fits(base: Decimal, rate: Decimal, amount: Decimal, decimals: int) -> bool:
    """Whether the SAT accepts `amount`, which has these decimals, as the Importe of a tax."""
    lower, upper = tax_limits(base, rate, decimals)
    return lower <= amount <= upper


def line_fits(quantity: Decimal, unit_price: Decimal, amount: Decimal, decimals: int) -> bool:
    """Whether the SAT accepts `amount`, which has these decimals, as the Importe of a concepto."""
    lower, upper = line_limits(quantity, unit_price, decimals)
    return lower <= amount <= upper


def line_limits(quantity: Decimal, unit_price: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    """Least and greatest Importe that the SAT accepts for a concepto (CFDI40167)."""
    half_q, half_p = _half_digit(quantity), _half_digit(unit_price)
    lower = _WIDE.multiply(quantity - half_q, unit_price - half_p)
    upper = _WIDE.multiply(quantity + half_q - _EPSILON, unit_price + half_p - _EPSILON)
    return _outwards(lower, upper, decimals)


def payment_limits(paid: Decimal, equivalence: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    """Least and greatest value, in the payment's currency, of what is paid of a document (CRP20275, CRP20276).

    Both may have been rounded by half of their last written digit; `decimals` are those of the payment's currency.
    """
    half_p, half_e = _half_digit(paid), _half_digit(equivalence)
    lower = _WIDE.divide(paid - half_p, equivalence + half_e - _TINY)
    upper = _WIDE.divide(paid + half_p - _TINY, equivalence - half_e)
    return truncated(lower, decimals), half_up(upper, decimals)


def _half_digit(value: Decimal) -> Decimal:
    return _HALVES[decimals_of(value)]


def neighbours(value: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    """`value` rounded down and up: PACs take either of what is converted (BaseP, ImporteP)."""
    return _outwards(value, value, decimals)


def _outwards(lower: Decimal, upper: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    quantum = _QUANTA[decimals]
    return (
        _DOWN.quantize(lower, quantum),
        _CEILING.quantize(upper, quantum),
    )
