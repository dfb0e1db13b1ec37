"""The signed request that cancels."""

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1
from lxml import etree

import cfdi
from cfdi.cancelacion import DSIG, Folio, cancellation_request, verify_request
from devtools import csd
from support import FECHA, NAME, NOON, RFC, codes

_ONE, _TWO = "11111111-2222-4333-8444-55555555abcd", "AAAAAAAA-2222-4333-8444-555555555555"
_NS = {"d": DSIG}


def _signer(credential):
    return lambda message: base64.b64encode(credential.key.sign(message, padding.PKCS1v15(), SHA1())).decode()  # noqa: S303


def _request(credential, *folios, sign=None):
    return cancellation_request(
        folios or (Folio(_ONE, "02"),),
        Fecha=FECHA,
        certificate_der=credential.der,
        sign_sha1=sign or _signer(credential),
    )


def test_what_is_digested_and_signed(credential):
    """By the letter of C14N 1.0: written here by hand."""
    data = _request(credential, Folio(_ONE, "01", _TWO), Folio(_TWO, "03"))
    root = etree.fromstring(data)
    digested = (
        '<Cancelacion xmlns="http://cancelacfd.sat.gob.mx" Fecha="2026-03-04T05:06:07" RfcEmisor="ÑU&amp;010203HI2">'
        f'<Folios><Folio FolioSustitucion="{_TWO}" Motivo="01" UUID="{_ONE.upper()}"></Folio>'
        f'<Folio Motivo="03" UUID="{_TWO}"></Folio></Folios></Cancelacion>'
    )
    digest = base64.b64encode(hashlib.sha1(digested.encode()).digest()).decode()  # noqa: S324
    assert root.findtext(".//d:DigestValue", namespaces=_NS) == digest
    signed = (
        f'<SignedInfo xmlns="{DSIG}">'
        '<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{DSIG}rsa-sha1"></SignatureMethod><Reference URI=""><Transforms>'
        f'<Transform Algorithm="{DSIG}enveloped-signature"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{DSIG}sha1"></DigestMethod><DigestValue>{digest}</DigestValue>'
        "</Reference></SignedInfo>"
    )
    value = base64.b64decode(root.findtext(".//d:SignatureValue", namespaces=_NS))
    credential.key.public_key().verify(value, signed.encode(), padding.PKCS1v15(), SHA1())  # noqa: S303
    assert root.findtext(".//d:X509SerialNumber", namespaces=_NS) == credential.number
    assert base64.b64decode(root.findtext(".//d:X509Certificate", namespaces=_NS)) == credential.der
    assert "CN=" in root.findtext(".//d:X509IssuerName", namespaces=_NS)


def test_its_signature_holds(credential):
    data = _request(credential)
    assert verify_request(data)
    for old, new in (
        (b'Motivo="02"', b'Motivo="03"'),
        (b"T05:06:07", b"T05:06:08"),
        (b"<SignatureValue>", b"<SignatureValue>A"),
    ):
        assert data.count(old) == 1
        assert not verify_request(data.replace(old, new))
    assert not verify_request(b"<Cancelacion/>")


def test_the_certificate_is_that_of_the_issuer(credential, authority):
    stranger = csd.issue(authority, "XYZ010203AB9", "OTRA", not_before=NOON - timedelta(days=9))
    forged = _request(stranger).replace(
        b'RfcEmisor="XYZ010203AB9"', f'RfcEmisor="{RFC}"'.replace("&", "&amp;").encode()
    )
    assert not verify_request(forged)


def test_another_key_or_a_fiel_does_not_sign(credential, other_key, authority):
    with pytest.raises(cfdi.SealError):
        _request(credential, sign=_signer(other_key))
    fiel = csd.issue(authority, RFC, NAME, kind=csd.FIEL, not_before=NOON - timedelta(days=9))
    with pytest.raises(cfdi.CertificateError, match="306"):
        _request(fiel)


@pytest.mark.parametrize(
    ("folio", "code"),
    [
        (Folio("no es un UUID", "02"), "205"),
        (Folio(_ONE, "05"), "207"),
        (Folio(_ONE, "01"), "208"),
        (Folio(_ONE, "01", "otro"), "208"),
        (Folio(_ONE, "02", _TWO), "209"),
    ],
)
def test_what_cannot_be_asked_for(credential, folio, code):
    with pytest.raises(cfdi.ComprobanteError) as refused:
        _request(credential, Folio(_TWO, "03"), folio)
    assert codes(refused.value.problems) == {code}
    assert refused.value.problems[0].path.startswith("Cancelacion/Folios/Folio[2]/@")


@pytest.mark.parametrize("count", [0, 501])
def test_how_many(credential, count):
    with pytest.raises(cfdi.ComprobanteError, match="1 a 500"):
        cancellation_request([Folio(_ONE, "02")] * count, Fecha=FECHA, certificate_der=credential.der, sign_sha1=str)
