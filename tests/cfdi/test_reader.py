"""From the XML back to the dataclasses."""

import re

import pytest
from lxml import etree

import cfdi
from cases import CASES
from cfdi import ReadError, read_comprobante
from support import FECHA, codes, d, recibo

_33 = """
<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/3" xmlns:pago10="http://www.sat.gob.mx/Pagos"
    Version="3.3" Serie="P" Folio="7" Fecha="2021-05-06T07:08:09" SubTotal="0" Moneda="XXX" Total="0"
    TipoDeComprobante="P" LugarExpedicion="06000" Sello="" NoCertificado="" Certificado="">
  <cfdi:Emisor Rfc="XYZ010203AB9" Nombre="COMERCIAL INVENTADA SA DE CV" RegimenFiscal="601"/>
  <cfdi:Receptor Rfc="XEXX010101000" UsoCFDI="P01"/>
  <cfdi:Conceptos>
    <cfdi:Concepto ClaveProdServ="84111506" Cantidad="1" ClaveUnidad="ACT" Descripcion="Pago" ValorUnitario="0"
        Importe="0"/>
  </cfdi:Conceptos>
  <cfdi:Complemento>
    <pago10:Pagos Version="1.0">
      <pago10:Pago FechaPago="2021-05-01T12:00:00" FormaDePagoP="03" MonedaP="EUR" TipoCambioP="24.1" Monto="100.00">
        <pago10:DoctoRelacionado IdDocumento="11111111-2222-4333-8444-555555555555" MonedaDR="USD"
            TipoCambioDR="1.1147" MetodoDePagoDR="PPD" NumParcialidad="2" ImpSaldoAnt="200.00" ImpPagado="111.47"
            ImpSaldoInsoluto="88.53"/>
      </pago10:Pago>
    </pago10:Pagos>
  </cfdi:Complemento>
</cfdi:Comprobante>
"""


@pytest.mark.parametrize("name", CASES)
def test_what_is_read_is_written_the_same(name, credential):
    element = cfdi.build_xml(CASES[name])
    assert etree.tostring(cfdi.build_xml(read_comprobante(element))) == etree.tostring(element)
    sealed = cfdi.seal(element, certificate_der=credential.der, sign=credential.sign)
    assert read_comprobante(sealed) == read_comprobante(element)


def test_what_is_read_is_what_was_said():
    case = CASES["pago_impuestos"]
    read = read_comprobante(cfdi.build_xml(case))
    assert read == cfdi.complete(case)
    assert read.Fecha == FECHA


def test_version_3_3():
    read = read_comprobante(_33.encode())
    assert (read.Version, read.Emisor.Nombre, read.Receptor.UsoCFDI) == ("3.3", "COMERCIAL INVENTADA SA DE CV", "P01")
    assert (read.Receptor.DomicilioFiscalReceptor, read.Conceptos[0].ObjetoImp, read.Exportacion) == ("", "", "")
    [payment] = read.Pagos
    [document] = payment.DoctosRelacionados
    assert (payment.MonedaP, payment.Monto, payment.TipoCambioP) == ("EUR", d("100.00"), d("24.1"))
    assert (document.EquivalenciaDR, document.NumParcialidad) == (d("1.1147"), 2)
    assert (document.ImpPagado, document.ImpSaldoInsoluto) == (d("111.47"), d("88.53"))
    assert (document.Traslados, document.ObjetoImpDR) == ((), "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('Monto="100.00"', 'Monto="cien"'), "Pago: Monto no es un número: «cien»"),
        (('Monto="100.00"', 'Monto="NaN"'), "Pago: Monto no es un número"),
        (('Monto="100.00"', ""), "Pago: falta Monto"),
        (('Cantidad="1"', ""), "Concepto: falta Cantidad"),
        (('Fecha="2021-05-06T07:08:09"', 'Fecha="ayer"'), "Comprobante: Fecha no es una fecha: «ayer»"),
        ((re.search("<cfdi:Receptor.*/>", _33)[0], ""), "no trae Receptor"),
        (('Version="3.3"', 'Version="3.2"'), "no es un CFDI 4.0 ni 3.3"),
    ],
)
def test_what_cannot_be_read(change, message):
    assert change[0] in _33
    with pytest.raises(ReadError, match=re.escape(message)):
        read_comprobante(_33.replace(*change, 1).encode())


def test_no_cfdi():
    with pytest.raises(ReadError):
        read_comprobante(b"<Comprobante/>")
    with pytest.raises(cfdi.UnsafeXml):
        read_comprobante(b'<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>')


def test_what_was_read_can_be_validated_again():
    read = read_comprobante(cfdi.build_xml(recibo()))
    assert codes(cfdi.validate(cfdi.build_xml(read), sealed=False)) == set()
