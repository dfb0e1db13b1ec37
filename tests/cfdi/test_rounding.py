"""Amounts: how they are rounded, written, and what the SAT lets pass."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfdi import rounding

money = st.decimals(min_value=0, max_value=10**9, places=6)
rates = st.sampled_from([Decimal(r) for r in ("0.16", "0.08", "0", "0.265", "0.106667", "0.0125", "1.6", "6.4555")])


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        ("2.5", 0, "3"),
        ("0.125", 2, "0.13"),  # half even would give 0.12
        ("0.135", 2, "0.14"),
        ("1.005", 2, "1.01"),
        ("1.0049999", 2, "1.00"),
        ("999999999999999999.9999995", 6, "1000000000000000000.000000"),
    ],
)
def test_half_goes_up(value, decimals, expected):
    assert str(rounding.half_up(Decimal(value), decimals)) == expected


@pytest.mark.parametrize(
    ("value", "minimum", "expected"),
    [
        ("1", 0, "1"),
        ("1", 2, "1.00"),
        ("1.5000", 2, "1.50"),
        ("1.23456", 2, "1.23456"),
        ("1.234560", 6, "1.234560"),
        ("1E+3", 2, "1000.00"),
        ("1E-6", 2, "0.000001"),
        ("0", 0, "0"),
        ("0.160000000", 6, "0.160000"),
        ("123456789012345678.123456", 2, "123456789012345678.123456"),
        ("-0.00", 2, "0.00"),
    ],
)
def test_text(value, minimum, expected):
    assert rounding.text(Decimal(value), minimum) == expected


@pytest.mark.parametrize("value", ["0.1234567", "NaN", "Infinity"])
def test_text_never_loses_digits(value):
    with pytest.raises(ValueError, match=r"decimals|finite"):
        rounding.text(Decimal(value))


@given(money, st.integers(min_value=0, max_value=6))
def test_text_reads_back_the_same(value, minimum):
    written = rounding.text(value, minimum)
    assert Decimal(written) == value
    assert "E" not in written
    assert rounding.decimals_of(Decimal(written)) >= minimum


@given(money, rates)
def test_exact_tax_is_within_the_limits(base, rate):
    amount = rounding.tax_amount(base, rate)
    lower, upper = rounding.tax_limits(base, rate, 6)
    assert lower <= amount <= upper
    assert abs(Fraction(amount) - Fraction(base) * Fraction(rate)) <= Fraction(1, 2_000_000)


@given(st.decimals(min_value=0, max_value=10**7, places=2), rates)
def test_tax_rounded_to_cents_is_within_the_limits(base, rate):
    """An issuer that rounds each line to cents is accepted too."""
    amount = rounding.half_up(base * rate, 2)
    lower, upper = rounding.tax_limits(base, rate, 2)
    assert lower <= amount <= upper


@pytest.mark.parametrize(("amount", "accepted"), [("15.99", False), ("16.00", True), ("16.01", True), ("16.02", False)])
def test_limits_are_narrow(amount, accepted):
    # base 100.00 may be 99.995 .. 100.005: from 15.9992 (down to 15.99) to 16.0008 (up to 16.01)
    lower, upper = rounding.tax_limits(Decimal("100.00"), Decimal("0.16"), 2)
    assert (lower, upper) == (Decimal("15.99"), Decimal("16.01"))
    assert (lower < Decimal(amount) <= upper) == accepted


@given(st.decimals(min_value="0.000001", max_value=10**6, places=6), money)
def test_line_amount_is_within_the_limits(quantity, price):
    amount = rounding.line_amount(quantity, price)
    lower, upper = rounding.line_limits(quantity, price, 6)
    assert lower <= amount <= upper
