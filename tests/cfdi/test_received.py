"""CFDIs received, read for their parties."""

import pytest

import cfdi
from cfdi.errors import UnsafeXml
from cfdi.received import MAX_BYTES, ReceivedError, read_received
from support import RECEPTOR, RFC, comprobante

V33 = (
    '<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/3" Version="3.3" Folio="1" Sello="x">'
    '<cfdi:Emisor Rfc="fin190304kb1" Nombre="FLORES INVENTADAS DEL NORTE SA DE CV" RegimenFiscal="601"/>'
    '<cfdi:Receptor Rfc="ROVL850412QK0" Nombre="LUCÍA  ROBLEDO" UsoCFDI="P01"/>'
    '<cfdi:Complemento><tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital"'
    ' UUID="aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"/></cfdi:Complemento></cfdi:Comprobante>'
)


@pytest.fixture(scope="module")
def sealed(credential):
    return cfdi.seal(cfdi.build_xml(comprobante()), certificate_der=credential.der, sign=credential.sign)


def test_version_40(sealed):
    received = read_received(sealed)
    assert received.version == "4.0"
    assert received.emisor.rfc == RFC
    assert received.emisor.regimen == "601"
    assert received.emisor.codigo_postal == "", "LugarExpedicion may be a branch, not the tax address"
    assert received.receptor.rfc == RECEPTOR.Rfc
    assert received.receptor.nombre == RECEPTOR.Nombre
    assert received.receptor.codigo_postal == "64000"
    assert received.receptor.uso == "G03"
    assert received.seal_holds is True


def test_changed_after_it_was_sealed(sealed):
    assert read_received(sealed.replace(b"COMERCIAL INVENTADA", b"COMERCIAL CAMBIADA")).seal_holds is False


def test_without_a_seal():
    received = read_received(cfdi.sello.etree.tostring(cfdi.build_xml(comprobante()), encoding="UTF-8"))
    assert received.seal_holds is None


def test_version_33():
    received = read_received(V33.encode())
    assert received.version == "3.3"
    assert received.emisor.rfc == "FIN190304KB1"
    assert received.receptor.nombre == "LUCÍA ROBLEDO"
    assert received.receptor.codigo_postal == ""
    assert received.uuid == "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
    assert received.seal_holds is None


BAD = {
    "no CFDI": ("<factura/>", ReceivedError, "no es un CFDI"),
    "another root": ('<cfdi:Emisor xmlns:cfdi="http://www.sat.gob.mx/cfd/4"/>', ReceivedError, "no es un CFDI"),
    "version 3.2": (V33.replace('Version="3.3"', 'version="3.2"'), ReceivedError, "versión 3.2"),
    "version of another namespace": (V33.replace("cfd/3", "cfd/4"), ReceivedError, "versión 3.3"),
    "no version": (V33.replace('Version="3.3"', ""), ReceivedError, "ninguna"),
    "no issuer": (V33.replace("cfdi:Emisor", "cfdi:Otro"), ReceivedError, "RFC del Emisor"),
    "no RFC": (V33.replace('Rfc="ROVL850412QK0"', ""), ReceivedError, "RFC del Receptor"),
    "entities": ('<!DOCTYPE x [<!ENTITY a "b">]>' + V33, UnsafeXml, "DOCTYPE"),
    "cut short": (V33[:-20], UnsafeXml, "mal formado"),
    "too big": (V33 + " " * MAX_BYTES, UnsafeXml, "el límite es"),
    "latin-1": (V33.encode("latin-1"), UnsafeXml, "UTF-8"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad(case):
    source, error, message = BAD[case]
    with pytest.raises(error, match=message):
        read_received(source if isinstance(source, bytes) else source.encode())
