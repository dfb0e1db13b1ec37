"""Header figures: sums of what the lines say, whatever the lines are."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cfdi
from cases import CASES
from cfdi import Traslado
from support import comprobante, concepto, d, ieps, iva, retencion

_CURRENCIES = {"MXN": 2, "USD": 2, "JPY": 0, "BHD": 3}


@st.composite
def conceptos(draw):
    price = draw(st.decimals(min_value="0.000001", max_value=10**6, places=draw(st.integers(0, 6))).filter(bool))
    quantity = draw(st.decimals(min_value="0.01", max_value=10**4, places=draw(st.integers(0, 3))).filter(bool))
    amount = cfdi.line_amount(quantity, price)
    discount = cfdi.rounding.concept(amount * draw(st.sampled_from([d(0), d("0.1"), d("0.333333"), d("0.999")])))
    base = amount - discount
    if not base:
        return concepto(str(price), str(quantity), ObjetoImp="01")
    kind = draw(st.sampled_from(["16", "8", "0", "exempt", "none", "ieps", "withheld"]))
    taxes = {
        "16": (iva(base),),
        "8": (iva(base, "0.08"),),
        "0": (iva(base, "0"),),
        "exempt": (Traslado(base, "002", "Exento"),),
        "none": (),
        "ieps": (ieps(base, "0.08"), iva(base)),
        "withheld": (iva(base),),
    }[kind]
    withheld = (retencion(base, "001", "0.1"), retencion(base, "002", "0.106667")) if kind == "withheld" else ()
    return concepto(
        str(price),
        str(quantity),
        Descuento=discount or None,
        Traslados=taxes,
        Retenciones=withheld,
        ObjetoImp="02" if taxes else "01",
    )


@st.composite
def comprobantes(draw):
    currency = draw(st.sampled_from(sorted(_CURRENCIES)))
    lines = draw(st.lists(conceptos(), min_size=1, max_size=8))
    rate = None if currency == "MXN" else draw(st.decimals(min_value="0.0001", max_value=100, places=4))
    return comprobante(*lines, Moneda=currency, TipoCambio=rate)


def _round(value: Fraction, decimals: int) -> Decimal:
    """Half up, by integers only: independent of the code under test."""
    scaled = value * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-decimals)


@settings(max_examples=150, deadline=None)
@given(comprobantes())
def test_any_lines_give_a_valid_document_with_the_right_total(doc):
    decimals = _CURRENCIES[doc.Moneda]
    element = cfdi.build_xml(doc)
    assert cfdi.validate(element, sealed=False) == []

    subtotal = _round(sum(Fraction(c.Importe) for c in doc.Conceptos), decimals)
    discount = _round(sum(Fraction(c.Descuento or 0) for c in doc.Conceptos), decimals)
    groups: dict = {}
    for tax in (tax for c in doc.Conceptos for tax in c.Traslados if tax.TipoFactor != "Exento"):
        key = (tax.Impuesto, tax.TasaOCuota)
        groups[key] = groups.get(key, 0) + Fraction(tax.Importe)
    withheld: dict = {}
    for tax in (tax for c in doc.Conceptos for tax in c.Retenciones):
        withheld[tax.Impuesto] = withheld.get(tax.Impuesto, 0) + Fraction(tax.Importe)
    total = subtotal - discount
    total += sum((_round(value, decimals) for value in groups.values()), Decimal(0))
    total -= sum((_round(value, decimals) for value in withheld.values()), Decimal(0))
    assert Decimal(element.get("Total")) == total
    assert Decimal(element.get("SubTotal")) == subtotal
    assert Decimal(element.get("Descuento", "0")) == discount


def test_header_tax_is_the_sum_and_not_the_rate_times_the_base():
    # three lines of 0.33 at 16 %: 3 x 0.0528 = 0.1584 -> 0.16, where rounding each line gives 0.15
    totals = cfdi.compute(comprobante(*[concepto("0.33")] * 3))
    assert totals.TotalImpuestosTrasladados == d("0.16")
    # and lines that were rounded to cents by whoever made them are added as they are
    line = concepto("0.33", Traslados=(Traslado(d("0.33"), "002", "Tasa", d("0.16"), d("0.05")),))
    assert cfdi.compute(comprobante(line, line, line)).TotalImpuestosTrasladados == d("0.15")


def test_rates_written_differently_are_one_group():
    lines = [
        concepto("100", Traslados=(Traslado(d(100), "002", "Tasa", d(rate), d(16)),)) for rate in ("0.16", "0.160000")
    ]
    assert len(cfdi.compute(comprobante(*lines)).Traslados) == 1


def test_complete_fills_the_totals():
    doc = cfdi.complete(comprobante(concepto("100", Descuento=d("10"))))
    assert (doc.SubTotal, doc.Descuento, doc.Total) == (d("100.00"), d("10.00"), d("104.40"))
    assert cfdi.complete(doc) == doc


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("SubTotal", "99.99", "CFDI40108"), ("Descuento", "1", "CFDI40111"), ("Total", "1", "CFDI40119")],
)
def test_given_totals_are_checked(field, value, code):
    with pytest.raises(cfdi.ComprobanteError) as error:
        cfdi.build_xml(replace(comprobante(), **{field: d(value)}))
    assert [problem.code for problem in error.value.problems] == [code]


@pytest.mark.parametrize(
    ("tax", "code"),
    [
        (Traslado(d(100), "002", "Exento", d("0.16"), d(16)), "CFDI40177"),
        (Traslado(d(100), "002", "Tasa"), "CFDI40178"),
    ],
)
def test_tax_without_its_parts(tax, code):
    with pytest.raises(cfdi.ComprobanteError, match=code):
        cfdi.build_xml(comprobante(concepto(Traslados=(tax,))))


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"Moneda": "ABC"}, "CFDI40113"), ({"TipoCambio": d("17.1234567"), "Moneda": "USD"}, "301")],
)
def test_what_cannot_be_written(changes, code):
    with pytest.raises(cfdi.ComprobanteError, match=code):
        cfdi.build_xml(comprobante(**changes))


def test_seven_decimals_are_refused_and_not_rounded_away():
    with pytest.raises(cfdi.ComprobanteError, match="301"):
        cfdi.build_xml(comprobante(concepto(Importe=d("100.0000001"))))


def test_rounding_mode_of_the_reference_agrees_with_decimal():
    assert _round(Fraction("1.005"), 2) == Decimal("1.005").quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_local_taxes_are_part_of_the_total():
    sums = cfdi.compute(CASES["impuestos_locales"])
    assert (sums.TotaldeTraslados, sums.TotaldeRetenciones) == (d("105.04"), d("105.04"))
    assert sums.Total == sums.SubTotal + sums.TotalImpuestosTrasladados
    more = replace(CASES["impuestos_locales"], RetencionesLocales=())
    assert cfdi.compute(more).Total == sums.Total + d("105.04")
    for name, amount in (("Importe", "1.005"), ("Tasa", "3.125")):
        tax = replace(more.TrasladosLocales[0], **{name: d(amount)})
        with pytest.raises(cfdi.ComprobanteError, match=amount):
            cfdi.build_xml(replace(more, TrasladosLocales=(tax,)))
