"""What is printed: amounts in words, descriptions of codes, and what is read of the stamped XML besides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cfdi.catalogs import currency_decimals
from cfdi.descriptions import describe, described
from cfdi.errors import CfdiError
from cfdi.importe_letra import amount_in_words
from cfdi.impreso import read_impreso

STAMPED = """<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version="4.0" Fecha="2026-03-04T10:00:00"
 Sello="c2VsbG8=" NoCertificado="30001000000500003416" SubTotal="300.00" Moneda="MXN" Total="300.00"
 TipoDeComprobante="I" Exportacion="01" LugarExpedicion="42501">
<cfdi:Emisor Rfc="EKU9003173C9" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>
<cfdi:Receptor Rfc="URE180429TM6" Nombre="UNIVERSIDAD ROBOTICA ESPAÑOLA" DomicilioFiscalReceptor="86991"
 RegimenFiscalReceptor="601" UsoCFDI="G03"/>
<cfdi:Conceptos>
<cfdi:Concepto ClaveProdServ="80131500" Cantidad="1" ClaveUnidad="E48" Descripcion="Renta" ValorUnitario="100"
 Importe="100.00" ObjetoImp="01">
<cfdi:ACuentaTerceros RfcACuentaTerceros="XIA190128J61" NombreACuentaTerceros="XENON  INDUSTRIAL"
 RegimenFiscalACuentaTerceros="601" DomicilioFiscalACuentaTerceros="76343"/>
<cfdi:CuentaPredial Numero="15956011002"/></cfdi:Concepto>
<cfdi:Concepto ClaveProdServ="56112102" Cantidad="1" ClaveUnidad="H87" Descripcion="Silla" ValorUnitario="200"
 Importe="200.00" ObjetoImp="01"><cfdi:InformacionAduanera NumeroPedimento="15  48  3009  0001234"/>
<cfdi:Parte ClaveProdServ="56112102" Cantidad="4" Descripcion="Patas"/></cfdi:Concepto></cfdi:Conceptos>
<cfdi:Complemento><ine:INE xmlns:ine="http://www.sat.gob.mx/ine" Version="1.1" TipoProceso="Ordinario"/>
<tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" Version="1.1"
 UUID="5fb2822e-396d-4725-8521-cdc4bdd20ccf" FechaTimbrado="2026-03-04T10:01:00" RfcProvCertif="SPR190613I52"
 SelloCFD="c2VsbG8=" NoCertificadoSAT="30001000000400002495" SelloSAT="c2F0"/></cfdi:Complemento>
</cfdi:Comprobante>"""


@pytest.mark.parametrize(
    ("amount", "moneda", "words"),
    [
        ("0", "MXN", "CERO PESOS 00/100 M.N."),
        ("0.5", "MXN", "CERO PESOS 50/100 M.N."),
        ("1", "MXN", "UN PESO 00/100 M.N."),
        ("1.01", "MXN", "UN PESO 01/100 M.N."),
        ("15", "MXN", "QUINCE PESOS 00/100 M.N."),
        ("16", "MXN", "DIECISÉIS PESOS 00/100 M.N."),
        ("21", "MXN", "VEINTIÚN PESOS 00/100 M.N."),
        ("22", "MXN", "VEINTIDÓS PESOS 00/100 M.N."),
        ("31", "MXN", "TREINTA Y UN PESOS 00/100 M.N."),
        ("100", "MXN", "CIEN PESOS 00/100 M.N."),
        ("101", "MXN", "CIENTO UN PESOS 00/100 M.N."),
        ("121", "MXN", "CIENTO VEINTIÚN PESOS 00/100 M.N."),
        ("500", "MXN", "QUINIENTOS PESOS 00/100 M.N."),
        ("777", "MXN", "SETECIENTOS SETENTA Y SIETE PESOS 00/100 M.N."),
        ("900", "MXN", "NOVECIENTOS PESOS 00/100 M.N."),
        ("1000", "MXN", "MIL PESOS 00/100 M.N."),
        ("1001", "MXN", "MIL UN PESOS 00/100 M.N."),
        ("2320", "MXN", "DOS MIL TRESCIENTOS VEINTE PESOS 00/100 M.N."),
        ("21000", "MXN", "VEINTIÚN MIL PESOS 00/100 M.N."),
        ("31021.99", "MXN", "TREINTA Y UN MIL VEINTIÚN PESOS 99/100 M.N."),
        ("100000", "MXN", "CIEN MIL PESOS 00/100 M.N."),
        ("101000", "MXN", "CIENTO UN MIL PESOS 00/100 M.N."),
        ("1000000", "MXN", "UN MILLÓN DE PESOS 00/100 M.N."),
        ("1000001", "MXN", "UN MILLÓN UN PESOS 00/100 M.N."),
        ("1001001", "MXN", "UN MILLÓN MIL UN PESOS 00/100 M.N."),
        ("2000000.10", "MXN", "DOS MILLONES DE PESOS 10/100 M.N."),
        ("21021021", "MXN", "VEINTIÚN MILLONES VEINTIÚN MIL VEINTIÚN PESOS 00/100 M.N."),
        ("1000000000", "MXN", "MIL MILLONES DE PESOS 00/100 M.N."),
        ("1000000000000", "MXN", "UN BILLÓN DE PESOS 00/100 M.N."),
        ("3000001000000", "MXN", "TRES BILLONES UN MILLÓN DE PESOS 00/100 M.N."),
        ("1", "USD", "UN DÓLAR 00/100 USD"),
        ("1160.50", "USD", "MIL CIENTO SESENTA DÓLARES 50/100 USD"),
        ("2000000", "EUR", "DOS MILLONES DE EUROS 00/100 EUR"),
        ("1", "GBP", "UNA LIBRA ESTERLINA 00/100 GBP"),
        ("521", "GBP", "QUINIENTAS VEINTIUNA LIBRAS ESTERLINAS 00/100 GBP"),
        ("200700", "GBP", "DOSCIENTAS MIL SETECIENTAS LIBRAS ESTERLINAS 00/100 GBP"),
        ("21000000", "GBP", "VEINTIÚN MILLONES DE LIBRAS ESTERLINAS 00/100 GBP"),
        ("1500", "JPY", "MIL QUINIENTOS YENES 00/100 JPY"),
        ("1.234", "KWD", "UNO 234/1000 KWD"),
        ("21", "SEK", "VEINTIUNO 00/100 SEK"),
    ],
)
def test_amount_in_words(amount, moneda, words):
    assert amount_in_words(Decimal(amount), moneda) == words


def test_words_round_as_the_currency_does():
    assert currency_decimals("MXN") == 2
    assert amount_in_words(Decimal("0.995"), "MXN") == "UN PESO 00/100 M.N."
    assert amount_in_words(Decimal("999999.999"), "MXN") == "UN MILLÓN DE PESOS 00/100 M.N."


def _value(words):
    """The number that words say: the inverse of `amount_in_words`, written apart."""
    units = (
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
        "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
        "veintiocho veintinueve"
    ).split()
    known = {word: number for number, word in enumerate(units)}
    known |= {"un": 1, "veintiún": 21, "y": 0, "de": 0, "cien": 100, "ciento": 100}
    tens = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
    known |= {word: 10 * number for number, word in enumerate(tens, 3)}
    hundreds = "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split()
    known |= {word: 100 * number for number, word in enumerate(hundreds, 2)}
    total = group = part = 0
    for word in words.lower().split():
        if word == "mil":
            group, part = group + (part or 1) * 1000, 0
        elif word.startswith("mill"):
            total, group, part = total + (group + part) * 10**6, 0, 0
        else:
            part += known[word]
    return total + group + part


def test_words_say_the_amount():
    step = 9973  # prime: every ending comes up
    for number in (*range(2, 3000), *range(2, 30_000_000, step), *range(999_990, 1_000_010)):
        words = amount_in_words(Decimal(number), "MXN").removesuffix(" PESOS 00/100 M.N.")
        assert _value(words) == number, words


@pytest.mark.parametrize("amount", ["-1", "1000000000000000000000000"])
def test_what_cannot_be_said(amount):
    with pytest.raises(ValueError, match="cannot be said"):
        amount_in_words(Decimal(amount), "MXN")


def test_unknown_currency():
    with pytest.raises(KeyError):
        amount_in_words(Decimal(1), "ZZZ")


@pytest.mark.parametrize(
    ("catalogue", "code", "text"),
    [
        ("c_RegimenFiscal", "601", "General de Ley Personas Morales"),
        ("c_UsoCFDI", "CP01", "Pagos"),
        ("c_FormaPago", "03", "Transferencia electrónica de fondos"),
        ("c_MetodoPago", "PPD", "Pago en parcialidades o diferido"),
        ("c_Moneda", "USD", "Dólar americano"),
        ("c_TipoRelacion", "04", "Sustitución de los CFDI previos"),
        ("c_Exportacion", "01", "No aplica"),
        ("c_ClaveUnidad", "H87", "Pieza"),
        ("c_ClaveProdServ", "84111506", "Servicios de facturación"),
        ("c_Impuesto", "003", "IEPS"),
        ("c_Meses", "13", "Enero-Febrero"),
        ("c_Pais", "USA", "Estados Unidos (los)"),
        ("c_UsoCFDI", "ZZ9", ""),
    ],
)
def test_descriptions(catalogue, code, text):
    assert describe(catalogue, code) == text
    assert described(catalogue, code) == (f"{code} - {text}" if text else code)


def test_no_code_and_no_catalogue():
    assert described("c_UsoCFDI", "") == ""
    with pytest.raises(KeyError):
        describe("c_Nada", "1")


def test_what_the_dataclasses_leave_out():
    impreso = read_impreso(STAMPED.encode())
    assert impreso.conceptos == (
        ("Por cuenta de XIA190128J61 XENON INDUSTRIAL", "Cuenta predial: 15956011002"),
        ("Pedimento: 15  48  3009  0001234", "Parte: 4 Patas"),
    )
    assert impreso.complemento_names == ("INE",)
    assert impreso.has_complemento("INE")
    assert not impreso.has_complemento("TimbreFiscalDigital")
    assert (impreso.sello, impreso.no_certificado) == ("c2VsbG8=", "30001000000500003416")
    assert impreso.timbre.UUID == "5FB2822E-396D-4725-8521-CDC4BDD20CCF"
    assert impreso.year is None


def test_not_stamped():
    with pytest.raises(CfdiError, match="timbre"):
        read_impreso(STAMPED.replace("tfd:TimbreFiscalDigital", "tfd:Otro").encode())
