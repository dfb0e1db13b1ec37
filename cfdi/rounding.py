"""Every rounding of the CFDI, decided here and nowhere else.

1. Values of a concepto (Importe, Descuento, Base and Importe of its taxes) are kept at up to six decimals,
   the most that the Anexo 20 admits (t_Importe), rounded half up: the error of a line stays below a
   millionth and the header can be exact.
2. Header values (SubTotal, Descuento, Base and Importe of each tax group) are the rounding, half up and at
   the decimals of the currency, of the SUM of the values written in the conceptos (CFDI40108, 40111, 40211,
   40215, 40221). They are never base x rate of the header: the SAT adds what it reads.
3. TotalImpuestosTrasladados, TotalImpuestosRetenidos and Total add values that are already rounded, so they
   need no rounding of their own (CFDI40203, 40205, 40119).
4. A value is written with the decimals that it needs, at least those of the currency; rates always with six.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

CONCEPT_DECIMALS = 6
"""Most decimals of a concepto's values: t_Importe and the other decimals of cfdv40.xsd."""

_WIDE = Context(prec=60)
"""Precision that holds any product of two valid values exactly: 18 integers and 6 decimals each."""
_EPSILON = Decimal("1e-12")
"""What keeps the upper limit open, as the SAT's guide writes it (10 to the -12)."""
_QUANTA = tuple(Decimal(1).scaleb(-n) for n in range(19))


def half_up(value: Decimal, decimals: int) -> Decimal:
    """`value` at `decimals`, ties away from zero, as the SAT rounds."""
    return value.quantize(_QUANTA[decimals], rounding=ROUND_HALF_UP, context=_WIDE)


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


def decimals_of(value: Decimal) -> int:
    """Decimals that `value` carries, trailing zeros included."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"not a finite number: {value}")  # noqa: TRY004 - of the right type, of the wrong value
    return max(0, -exponent)


def text(value: Decimal, minimum: int = 0, maximum: int = CONCEPT_DECIMALS) -> str:
    """Rule 4: `value` as the XML wants it, no exponent, between `minimum` and `maximum` decimals.

    :raises ValueError: the value is not finite, or would lose digits; nothing is rounded on writing.
    """
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


def line_limits(quantity: Decimal, unit_price: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    """Least and greatest Importe that the SAT accepts for a concepto (CFDI40167)."""
    half_q, half_p = _half_digit(quantity), _half_digit(unit_price)
    lower = _WIDE.multiply(quantity - half_q, unit_price - half_p)
    upper = _WIDE.multiply(quantity + half_q - _EPSILON, unit_price + half_p - _EPSILON)
    return _outwards(lower, upper, decimals)


def _half_digit(value: Decimal) -> Decimal:
    return _QUANTA[decimals_of(value)] / 2


def _outwards(lower: Decimal, upper: Decimal, decimals: int) -> tuple[Decimal, Decimal]:
    quantum = _QUANTA[decimals]
    return (
        lower.quantize(quantum, rounding=ROUND_DOWN, context=_WIDE),
        upper.quantize(quantum, rounding=ROUND_CEILING, context=_WIDE),
    )
