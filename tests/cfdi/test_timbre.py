# ruff: noqa: DTZ001 - Fecha is naive by definition
"""Timbres as the simulator gives them, without a network: parse, verify, compare."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from lxml import etree

import cfdi
from cfdi.pac import PacInDoubt, check_timbrado
from devtools import csd
from devtools.pac import checks, stamping
from support import NOON, RECEPTOR, changed, codes, comprobante


@pytest.fixture(scope="module")
def sat(authority):
    return csd.issue(authority, csd.SAT_RFC, csd.SAT_NAME, csd.SAT)


@pytest.fixture(scope="module")
def sent(credential):
    doc = comprobante(Receptor=replace(RECEPTOR, Rfc="Ñ&A010203AB9"))
    return cfdi.seal(cfdi.build_xml(doc), certificate_der=credential.der, sign=credential.sign)


@pytest.fixture(scope="module")
def stamped(sent, sat):
    return stamping.stamp(checks.read(sent), sat, NOON).xml


def test_timbre(sent, stamped, sat, credential):
    timbre = cfdi.parse_timbre(stamped)
    assert timbre.Version == "1.1"
    assert timbre.FechaTimbrado == datetime(2026, 3, 4, 12, 0, 0)
    assert timbre.SelloCFD == etree.fromstring(sent).get("Sello")
    assert timbre.cadena == (
        f"||1.1|{timbre.UUID}|2026-03-04T12:00:00|{csd.SAT_RFC}|{stamping.LEGEND}|{timbre.SelloCFD}|{sat.number}||"
    )
    assert timbre.verify(sat.der)
    assert not timbre.verify(credential.der)
    assert not replace(timbre, SelloSAT="AAAA").verify(sat.der)
    assert not replace(timbre, cadena=timbre.cadena + " ").verify(sat.der)


def test_stamped_document_is_valid_and_its_seal_still_holds(stamped):
    assert cfdi.validate(stamped) == []
    assert cfdi.verify_seal(stamped)


def test_without_the_timbre_it_is_what_was_sent(sent, stamped):
    assert cfdi.same_comprobante(sent, stamped)
    pretty = etree.tostring(etree.fromstring(stamped), pretty_print=True, encoding="UTF-8", xml_declaration=True)
    assert cfdi.same_comprobante(sent, pretty)


@pytest.mark.parametrize("where", ["@Total", "Emisor/@Nombre", "Conceptos/Concepto/@Descripcion", "@Sello"])
def test_a_pac_that_changes_a_value_is_noticed(sent, stamped, where):
    other = etree.tostring(changed(etree.fromstring(stamped), {where: "1.00"}))
    assert not cfdi.same_comprobante(sent, other)


def test_check_timbrado_accepts(sent, stamped):
    timbre = cfdi.parse_timbre(stamped)
    timbrado = check_timbrado(sent, stamped, uuid=timbre.UUID.lower(), warnings=("aviso",))
    assert (timbrado.xml, timbrado.uuid, timbrado.warnings) == (stamped, timbre.UUID, ("aviso",))


@pytest.mark.parametrize(
    ("spoil", "uuid", "said"),
    [
        (stamping.wrong_seal, None, "otro sello"),
        (lambda xml: xml, "00000000-0000-0000-0000-000000000000", "UUID"),
        (lambda xml: xml.replace(b'Total="116.00"', b'Total="117.00"'), None, "distinto"),
        (lambda xml: b"<x/>", None, "no trae timbre"),
        (lambda xml: b"\xff", None, "no se puede usar"),
        (lambda xml: xml.replace(b'FechaTimbrado="', b'FechaTimbrado="ayer '), None, "mal formado"),
    ],
)
def test_check_timbrado_doubts(sent, stamped, spoil, uuid, said):
    with pytest.raises(PacInDoubt, match=said):
        check_timbrado(sent, spoil(stamped), uuid=uuid)


def test_the_timbre_of_another_document(sent, credential, sat):
    other = cfdi.seal(cfdi.build_xml(comprobante(Folio="2")), certificate_der=credential.der, sign=credential.sign)
    with pytest.raises(PacInDoubt):
        check_timbrado(sent, stamping.stamp(checks.read(other), sat, NOON).xml)


def test_qr(stamped):
    timbre, seal = cfdi.parse_timbre(stamped), etree.fromstring(stamped).get("Sello")
    last = seal[-8:].replace("+", "%2B")
    assert cfdi.qr_url(stamped) == (
        "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx"
        f"?id={timbre.UUID}&re=%C3%91U%26010203HI2&rr=%C3%91%26A010203AB9&tt=116.0&fe={last}"
    )


@pytest.mark.parametrize(
    ("total", "written"),
    [("100.00", "100.0"), ("0.99", "0.99"), ("1234567.10", "1234567.1"), ("0", "0.0"), ("5", "5.0")],
)
def test_total_in_the_qr(stamped, total, written):
    assert f"&tt={written}&" in cfdi.qr_url(changed(etree.fromstring(stamped), {"@Total": total}))


def test_no_timbre(sent):
    with pytest.raises(cfdi.CfdiError, match="no trae timbre"):
        cfdi.parse_timbre(sent)


def test_validation_with_a_clock(sent, authority):
    assert cfdi.validate(sent, now=NOON.replace(year=2031))[0].code == "304"
    old = csd.expired(authority, "ÑU&010203HI2", "ÑUBES")
    data = cfdi.seal(cfdi.build_xml(comprobante()), certificate_der=old.der, sign=old.sign)
    assert "304" in codes(cfdi.validate(data, now=datetime.now(timezone.utc)))
    early = csd.issue(authority, "ÑU&010203HI2", "ÑUBES", not_before=NOON + timedelta(days=1))
    data = cfdi.seal(cfdi.build_xml(comprobante()), certificate_der=early.der, sign=early.sign)
    assert codes(cfdi.validate(data)) == {"305"}


def test_validation_of_seals(sent):
    root = etree.fromstring(sent)
    assert codes(cfdi.validate(changed(root, {"Receptor/@Nombre": "OTRA"}))) == {"CFDI40102"}
    assert codes(cfdi.validate(changed(root, {"@NoCertificado": "1" * 20}))) == {"CFDI40106"}
    assert "303" in codes(cfdi.validate(changed(root, {"Emisor/@Rfc": "XYZ010203AB9"})))
