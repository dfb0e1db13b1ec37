"""A CFDI that somebody handed over: seal, certificate, timbre."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

import cfdi
from devtools import csd
from devtools.pac import checks, stamping
from support import NOON, changed, comprobante


@pytest.fixture(scope="module")
def sat(authority):
    return csd.issue(authority, csd.SAT_RFC, csd.SAT_NAME, csd.SAT)


@pytest.fixture(scope="module")
def sent(credential):
    return cfdi.seal(cfdi.build_xml(comprobante()), certificate_der=credential.der, sign=credential.sign)


@pytest.fixture(scope="module")
def stamped(sent, sat):
    return stamping.stamp(checks.read(sent), sat, NOON).xml


def found(verification):
    return [problem.code or problem.message.partition(":")[0] for problem in verification.problems]


def test_what_holds(stamped, sat):
    verification = cfdi.verify(stamped, sat_certificate_der=sat.der)
    assert (verification.version, verification.seal, verification.timbre_seal) == ("4.0", True, True)
    assert verification.certificate
    assert verification.problems == ()
    assert verification.timbre == cfdi.parse_timbre(stamped)
    assert verification.comprobante.Total == cfdi.read_comprobante(stamped).Total
    assert verification.sello == etree.fromstring(stamped).get("Sello")


def test_without_the_certificate_the_timbre_is_not_checked(stamped, credential):
    assert cfdi.verify(stamped).timbre_seal is None
    assert cfdi.verify(stamped).problems == ()
    other = cfdi.verify(stamped, sat_certificate_der=credential.der)
    assert other.timbre_seal is None
    assert credential.number in other.problems[0].message


def test_without_timbre(sent):
    verification = cfdi.verify(sent)
    assert (verification.seal, verification.timbre, verification.timbre_seal) == (True, None, None)
    assert found(verification) == ["El comprobante no trae timbre."]


@pytest.mark.parametrize(
    "change",
    [{"@Total": "117.00"}, {"Emisor/@Nombre": "OTRO"}, {"Conceptos/Concepto/@Descripcion": "Otra cosa"}],
)
def test_changed_after_it_was_stamped(stamped, sat, change):
    other = etree.tostring(changed(etree.fromstring(stamped), change))
    verification = cfdi.verify(other, sat_certificate_der=sat.der)
    assert not verification.seal
    assert found(verification) == ["CFDI40102"]
    assert verification.timbre_seal, "the timbre is whole, and of this seal"


def test_the_timbre_of_another(stamped, sent, sat, credential):
    other = cfdi.seal(cfdi.build_xml(comprobante(Folio="999")), certificate_der=credential.der, sign=credential.sign)
    element = etree.fromstring(stamped)
    theirs = etree.fromstring(other)
    theirs.append(element.find("{*}Complemento"))
    verification = cfdi.verify(etree.tostring(theirs), sat_certificate_der=sat.der)
    assert (verification.seal, verification.timbre_seal) == (True, False)
    assert found(verification) == ["El timbre es de otro comprobante"]


def test_a_timbre_that_was_changed(stamped, sat):
    uuid = cfdi.parse_timbre(stamped).UUID
    other = stamped.replace(uuid.encode(), b"00000000-0000-0000-0000-000000000000")
    assert other != stamped
    verification = cfdi.verify(other, sat_certificate_der=sat.der)
    assert (verification.seal, verification.timbre_seal) == (True, False)
    assert cfdi.verify(other).timbre_seal is None


def test_the_certificate_of_another_issuer(authority):
    other = csd.issue(authority, "URE180429TM6", "UNIVERSIDAD ROBOTICA ESPAÑOLA", not_before=NOON - timedelta(days=90))
    doc = comprobante()
    mine = cfdi.seal(
        cfdi.build_xml(replace(doc, Emisor=replace(doc.Emisor, Rfc="URE180429TM6"))),
        certificate_der=other.der,
        sign=other.sign,
    )
    assert cfdi.verify(mine).seal
    stolen = etree.tostring(changed(etree.fromstring(mine), {"Emisor/@Rfc": doc.Emisor.Rfc}))
    verification = cfdi.verify(stolen)
    assert found(verification)[:2] == ["303", "CFDI40102"]
    assert (verification.seal, verification.certificate) == (False, False)


def test_a_fiel_and_a_certificate_out_of_force(authority):
    """The seal holds, and the certificate is none to seal with."""
    element = cfdi.build_xml(comprobante())
    for kind, days, code in ((csd.FIEL, 90, "306"), (csd.CSD, -1, "305")):
        other = csd.issue(
            authority, element.find("{*}Emisor").get("Rfc"), "X", kind, not_before=NOON - timedelta(days=days)
        )
        element.set("NoCertificado", other.number)
        element.set("Certificado", base64.b64encode(other.der).decode())
        element.set("Sello", other.sign(cfdi.cadena_original(element).encode()))
        verification = cfdi.verify(etree.tostring(element))
        assert (verification.seal, verification.certificate) == (True, False)
        assert found(verification)[0] == code


@pytest.mark.parametrize("data", [b"", b"<a/>", b"no", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_is_no_cfdi(data):
    with pytest.raises(cfdi.CfdiError):
        cfdi.verify(data)


def test_what_is_no_certificate(stamped):
    with pytest.raises(cfdi.CertificateError):
        cfdi.verify(stamped, sat_certificate_der=b"nada")
