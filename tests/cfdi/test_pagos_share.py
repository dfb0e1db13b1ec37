"""What a payment pays of an invoice: its part of the taxes, and the accounts that it may name."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cfdi
from cfdi import Account, Traslado, account_fields, taxes_of_share
from support import NOON, codes, comprobante, concepto, d, docto, ieps, iva, pago, recibo, retencion

_KINDS = {
    "16": lambda base: {"Traslados": (iva(base),)},
    "8": lambda base: {"Traslados": (iva(base, "0.08"),)},
    "0": lambda base: {"Traslados": (iva(base, "0"),)},
    "exempt": lambda base: {"Traslados": (Traslado(base, "002", "Exento"),)},
    "none": lambda base: {"ObjetoImp": "01"},
    "ieps": lambda base: {"Traslados": (ieps(base, "0.08"), iva(base + cfdi.tax_amount(base, d("0.08"))))},
    "quota": lambda base: {"Traslados": (ieps(d(7), "0.5", "Cuota"), iva(base))},
    "withheld": lambda base: {
        "Traslados": (iva(base),),
        "Retenciones": (retencion(base, "001", "0.1"), retencion(base, "002", "0.106667")),
    },
}


@st.composite
def invoices(draw):
    lines = []
    for kind in draw(st.lists(st.sampled_from(sorted(_KINDS)), min_size=1, max_size=6)):
        price = draw(st.decimals(min_value=1, max_value=10**6, places=2))
        lines.append(concepto(str(price), **_KINDS[kind](price)))
    return cfdi.complete(comprobante(*lines, MetodoPago="PPD", FormaPago="99"))


@settings(max_examples=150, deadline=None)
@given(invoices(), st.lists(st.decimals(min_value="0.01", max_value=1, places=4), min_size=1, max_size=4))
def test_whatever_is_paid_of_whatever_invoice(invoice, parts):
    """Each partiality is a valid receipt; together they have no more than the invoice's taxes."""
    balance, doctos, bases = invoice.Total, [], {}
    for number, part in enumerate([*parts, None], 1):
        paid = balance if part is None else min(balance, (invoice.Total * part).quantize(d("0.01")))
        if not paid:
            continue
        objeto, traslados, retenciones = taxes_of_share(invoice, paid)
        doctos.append(
            docto(
                str(paid),
                NumParcialidad=number,
                ImpSaldoAnt=balance,
                ObjetoImpDR=objeto,
                Traslados=traslados,
                Retenciones=retenciones,
            )
        )
        balance -= paid
        for tax in (*traslados, *retenciones):
            key = (type(tax), tax.ImpuestoDR, tax.TipoFactorDR, tax.TasaOCuotaDR)
            bases[key] = bases.get(key, 0) + tax.BaseDR
    assert not balance
    for document in doctos:
        element = cfdi.build_xml(recibo(pago(document)))
        assert [str(problem) for problem in cfdi.validate(element, sealed=False, now=NOON)] == []
    whole = {}
    for line in invoice.Conceptos:
        for tax, kind in [(tax, cfdi.TrasladoDR) for tax in line.Traslados] + [
            (tax, cfdi.RetencionDR) for tax in line.Retenciones
        ]:
            key = (kind, tax.Impuesto, tax.TipoFactor, tax.TasaOCuota)
            whole[key] = whole.get(key, 0) + tax.Base
    assert bases.keys() == whole.keys()
    for key, base in whole.items():
        assert abs(bases[key] - base) <= len(doctos) * d("0.000001")


def test_in_proportion():
    invoice = cfdi.complete(comprobante(concepto("1000")))
    objeto, (tax,), () = taxes_of_share(invoice, d("400"))
    assert objeto == "02"
    assert abs(Fraction(tax.BaseDR) - Fraction(1000 * 400, 1160)) < Fraction(1, 10**6)
    assert tax.ImporteDR == cfdi.tax_amount(tax.BaseDR, d("0.16"))


def test_a_cent_of_a_million():
    """BaseDR is greater than zero, however small its part (CRP20255)."""
    invoice = cfdi.complete(comprobante(concepto("1000000"), concepto("0.01", Traslados=(iva(d("0.01"), "0.08"),))))
    _objeto, traslados, _retenciones = taxes_of_share(invoice, d("0.01"))
    assert min(tax.BaseDR for tax in traslados) == d("0.000001")


@pytest.mark.parametrize(
    ("lines", "objeto"),
    [
        ([concepto()], "02"),
        ([concepto(ObjetoImp="01")], "01"),
        ([concepto(ObjetoImp="03")], "03"),
        ([concepto(ObjetoImp="04"), concepto("5", ObjetoImp="01")], "04"),
        ([concepto(), concepto(ObjetoImp="01")], "02"),
        ([concepto(ObjetoImp="07", Traslados=(ieps(d(100), "0.08"),))], "07"),
        ([concepto(ObjetoImp="07", Traslados=(ieps(d(100), "0.08"),)), concepto()], "02"),
        ([concepto(ObjetoImp="06", Retenciones=(retencion(d(100), "001", "0.1"),))], "06"),
    ],
)
def test_object_of_tax(lines, objeto):
    invoice = cfdi.complete(comprobante(*lines))
    found, traslados, retenciones = taxes_of_share(invoice, invoice.Total)
    assert found == objeto
    document = docto(str(invoice.Total), ObjetoImpDR=found, Traslados=traslados, Retenciones=retenciones)
    assert codes(cfdi.validate(cfdi.build_xml(recibo(pago(document))), sealed=False, now=NOON)) == set()


def test_what_was_given_away_has_no_tax():
    free = concepto("10", Descuento=d(10), Traslados=(iva(Decimal(0)),))
    objeto, traslados, _retenciones = taxes_of_share(cfdi.complete(comprobante(free, concepto(ObjetoImp="01"))), d(100))
    assert (objeto, traslados) == ("01", ())


def test_an_invoice_without_total():
    with pytest.raises(ValueError, match="Total"):
        taxes_of_share(replace(comprobante(), Total=None), d(1))


_BANK = {"bank_rfc": "BBA830831LJ2", "bank": "Banco"}


@pytest.mark.parametrize(
    ("form", "payer", "payee", "expected"),
    [
        ("03", Account(("032180000118359719",), **_BANK), Account(), {"CtaOrdenante", "RfcEmisorCtaOrd"}),
        ("03", Account(("12345",), **_BANK), Account(("12345",), **_BANK), {"RfcEmisorCtaOrd", "RfcEmisorCtaBen"}),
        ("03", Account(("12345", "1234567890")), Account(), {"CtaOrdenante"}),
        ("03", Account(), Account(("1234567890123456",)), set()),
        ("04", Account(), Account(("1234567890123456",)), {"CtaBeneficiario"}),
        ("04", Account(("032180000118359719",)), Account(), set()),
        ("06", Account(("1234567890",)), Account(("1234567890",), **_BANK), {"CtaOrdenante"}),
        ("01", Account(("1234567890",), **_BANK), Account(("1234567890",), **_BANK), set()),
        ("17", Account(("1234567890",), **_BANK), Account(("1234567890",), **_BANK), set()),
        ("03", Account((), "", "First | Bank", foreign=True), Account(), {"RfcEmisorCtaOrd", "NomBancoOrdExt"}),
        ("03", Account((), "", "", foreign=True), Account(), set()),
        ("03", Account((), "XAXX010101000"), Account((), "XEXX010101000"), set()),
    ],
)
def test_accounts(form, payer, payee, expected):
    fields = account_fields(form, payer, payee)
    assert fields.keys() == expected
    receipt = recibo(pago(FormaDePagoP=form, **fields))
    assert codes(cfdi.validate(cfdi.build_xml(receipt), sealed=False, now=NOON)) == set()
