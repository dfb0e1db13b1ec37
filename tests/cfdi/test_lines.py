"""Conceptos that add up to what an invoice program says, whatever it rounded and how."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cfdi
from cfdi import lines as cfdi_lines
from cfdi import rounding
from cfdi.lines import Line, LineTax, merged, rounded_to, to_conceptos
from support import comprobante, d

CENT = d("0.01")
KINDS = {
    "16": [("002", "Tasa", "0.16", False)],
    "8": [("002", "Tasa", "0.08", False)],
    "0": [("002", "Tasa", "0", False)],
    "exempt": [("002", "Exento", None, False)],
    "none": [],
    "ieps": [("003", "Tasa", "0.08", False), ("002", "Tasa", "0.16", False)],
    "withheld": [("002", "Tasa", "0.16", False), ("001", "Tasa", "0.0125", True), ("002", "Tasa", "0.106667", True)],
}


def tax(base, impuesto="002", factor="Tasa", rate="0.16", withheld=False):
    return LineTax(
        Base=d(base),
        Impuesto=impuesto,
        TipoFactor=factor,
        TasaOCuota=None if rate is None else d(rate),
        withheld=withheld,
    )


def line(gross, net=None, taxes=(), quantity=1, **values):
    return Line(
        ClaveProdServ="56112102",
        Cantidad=d(quantity),
        ClaveUnidad="H87",
        Descripcion="Silla",
        gross=d(gross),
        net=d(gross if net is None else net),
        taxes=tuple(taxes),
        **values,
    )


def written(lines, **sums):
    conceptos, gaps = to_conceptos(lines, **sums)
    assert not gaps
    document = cfdi.complete(comprobante(Conceptos=conceptos))
    assert cfdi.validate(cfdi.build_xml(document), sealed=False) == []
    return document


@st.composite
def line_values(draw):
    quantity = draw(st.decimals("0.01", "999", places=draw(st.integers(0, 2))).filter(lambda value: value > 0))
    price = draw(st.decimals("0.01", "9999", places=draw(st.integers(2, 6))))
    off = draw(st.sampled_from([d(0), d(0), d("0.1"), d("0.3333"), d("0.9999"), d(1)]))
    return quantity, price, off, draw(st.sampled_from(sorted(KINDS)))


@settings(max_examples=200, deadline=None)
@given(st.lists(line_values(), min_size=1, max_size=8), st.booleans(), st.sampled_from([d(0), d("0.07"), d("0.35")]))
def test_any_lines(values, each_line, spread):
    """Rounded line by line or at the end; a discount on everything is rounded by itself, as a line of the invoice."""
    lines, sums = [], {"net": d(0), "taxes": defaultdict(Decimal)}
    exact_net, exact_taxes = d(0), defaultdict(Decimal)
    for quantity, price, off, kind in values:
        gross = quantity * price
        nets = [gross * (1 - off), -gross * (1 - off) * spread]
        taxes = [
            tax(sum(nets) * (d("1.08") if len(KINDS[kind]) == 2 and i else 1), *spec)
            for i, spec in enumerate(KINDS[kind])
        ]
        lines.append(line(gross, sum(nets), taxes, quantity, sources=2 if spread else 1))
        exact_net += sum(nets)
        sums["net"] += sum(rounding.half_up(net, 2) for net in nets)
        for found in taxes:
            share = found.Base * (found.TasaOCuota or 0) / (1 - spread)
            exact_taxes[found.key] += share * (1 - spread)
            sums["taxes"][found.key] += rounding.half_up(share, 2) + rounding.half_up(-share * spread, 2)
    if not each_line:
        sums["net"] = rounding.half_up(exact_net, 2)
        sums["taxes"] = {key: rounding.half_up(amount, 2) for key, amount in exact_taxes.items()}
    document = written(lines, decimals=2, **sums)
    added = sum(amount for key, amount in sums["taxes"].items() if key[0] == "T")
    withheld = sum(amount for key, amount in sums["taxes"].items() if key[0] == "R")
    assert document.SubTotal - (document.Descuento or 0) == sums["net"]
    assert document.Total == sums["net"] + added - withheld


@given(
    st.lists(st.decimals("0", "1000", places=5), min_size=1, max_size=20),
    st.sampled_from([0, 2, 3]),
)
def test_rounded_to(values, decimals):
    target = rounding.half_up(sum(values), decimals)
    found, left = rounded_to(values, target, decimals)
    assert not left
    assert sum(found) == target
    assert all(abs(one - other) < Decimal(1).scaleb(-decimals) for one, other in zip(values, found, strict=True))


def test_a_cent_goes_to_the_nearest():
    document = written(
        [line("0.333", quantity=1), line("0.334", quantity=1), line("0.333", quantity=1)],
        net=d("1.00"),
        taxes={},
        decimals=2,
    )
    assert [concepto.Importe for concepto in document.Conceptos] == [d("0.33"), d("0.34"), d("0.33")]


@pytest.mark.parametrize(
    ("said", "amounts"), [("32.00", ["16", "16"]), ("32.01", ["16.01", "16"]), ("31.99", ["15.99", "16"])]
)
def test_a_tax_that_was_rounded_otherwise(said, amounts):
    lines = [line("100.02", taxes=[tax("100.02")]), line("99.98", taxes=[tax("99.98")])]
    key = lines[0].taxes[0].key
    conceptos, gaps = to_conceptos(lines, net=d("200.00"), taxes={key: d(said)}, decimals=2)
    assert not gaps
    document = cfdi.complete(comprobante(Conceptos=conceptos))
    assert document.Total == d("200") + d(said)
    assert cfdi.validate(cfdi.build_xml(document), sealed=False) == []


def test_more_than_roundings_is_a_gap():
    lines = [line("100", taxes=[tax("100")])]
    key = lines[0].taxes[0].key
    assert to_conceptos(lines, net=d("100.00"), taxes={key: d("16.50")}, decimals=2) == (
        (),
        (cfdi_lines.Gap(key, d("16.50"), d("16.00")),),
    )
    assert to_conceptos(lines, net=d("101.00"), taxes={key: d("16.00")}, decimals=2)[1] == (
        cfdi_lines.Gap(None, d("101.00"), d("100.00")),
    )
    other = ("T", "003", "Tasa", "0.08")
    assert to_conceptos(lines, net=d("100.00"), taxes={key: d("16.00"), other: d("1.00")}, decimals=2)[1] == (
        cfdi_lines.Gap(other, d("1.00"), d("0.00")),
    )


def test_several_roundings_in_one_concepto():
    # Four deductions, each rounded by itself, may be more than a cent away from what is left.
    lines = [line("100", "60", taxes=[tax("60")], sources=5)]
    key = lines[0].taxes[0].key
    document = written(lines, net=d("60.02"), taxes={key: d("9.62")}, decimals=2)
    (concepto,) = document.Conceptos
    assert (concepto.Descuento, concepto.Traslados[0].Importe, document.Total) == (d("39.98"), d("9.62"), d("69.64"))


def test_rounding_to_coins_is_a_discount_without_tax():
    lines = [line("100.03", taxes=[tax("100.03")]), line("5")]
    key = lines[0].taxes[0].key
    document = written(lines, net=d("104.99"), taxes={key: d("16.01")}, decimals=2, untaxed_discount=d("0.04"))
    assert [(c.Importe, c.Descuento) for c in document.Conceptos] == [(d("100.03"), d("0.04")), (d("5.00"), None)]
    assert document.Total == d("121.00")


def test_given_away():
    (concepto,) = written([line("10", "0", taxes=[tax("0")])], net=d(0), taxes={}, decimals=2).Conceptos
    assert (concepto.Descuento, concepto.ObjetoImp, concepto.Traslados) == (d("10.00"), "04", ())


def test_merged():
    one = line("100", "90", taxes=[tax("90"), tax("90", "001", rate="0.0125", withheld=True)])
    both = merged([one, line("50", taxes=[tax("50"), tax("50", rate="0.08")])], Descripcion="Venta", Cantidad=d(1))
    assert (both.gross, both.net, both.Descripcion, both.sources) == (d(150), d(140), "Venta", 2)
    assert [(found.Base, found.TasaOCuota) for found in both.taxes] == [
        (d(140), d("0.16")),
        (d(90), d("0.0125")),
        (d(50), d("0.08")),
    ]
