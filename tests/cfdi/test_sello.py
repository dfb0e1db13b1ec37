"""Cadena original, seal and certificates."""

import base64
from datetime import datetime, timedelta, timezone

import pytest
from lxml import etree

import cfdi
from cfdi.certificado import certificate_number, read_certificate
from devtools import csd
from support import EMISOR, NAME, REPOSITORY, RFC, changed, comprobante, concepto


@pytest.fixture(scope="module")
def element():
    return cfdi.build_xml(comprobante(concepto(Descripcion="Ñandú & pingüino")))


@pytest.fixture(scope="module")
def sealed(element, credential):
    return cfdi.seal(element, certificate_der=credential.der, sign=credential.sign)


def test_cadena_original_by_hand(element):
    assert cfdi.cadena_original(changed(element, {"@NoCertificado": "1" * 20})) == (
        "||4.0|A|1|2026-03-04T05:06:07|03|11111111111111111111|100.00|MXN|116.00|I|01|PUE|06000"
        "|ÑU&010203HI2|ÑUBES Y CIELOS|601|XYZ010203AB9|COMERCIAL INVENTADA|64000|601|G03"
        "|81111500|1|E48|Ñandú & pingüino|100.00|100.00|02|100.00|002|Tasa|0.160000|16.00"
        "|100.00|002|Tasa|0.160000|16.00|16.00||"
    )


def test_sealed_bytes(sealed, credential):
    root = etree.fromstring(sealed)
    assert sealed.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert root.get("NoCertificado") == credential.number
    assert base64.b64decode(root.get("Certificado")) == credential.der
    assert "\n" not in root.get("Sello")
    names = [etree.QName(name).localname for name in root.attrib]
    assert names.index("Fecha") + 1 == names.index("Sello") == names.index("FormaPago") - 1
    assert names.index("NoCertificado") + 1 == names.index("Certificado")
    assert cfdi.verify_seal(sealed)


def test_the_element_is_left_as_it_was(element, credential):
    before = etree.tostring(element)
    cfdi.seal(element, certificate_der=credential.der, sign=credential.sign)
    assert etree.tostring(element) == before


def test_sealing_twice_gives_the_same_bytes(element, sealed, credential):
    assert cfdi.seal(element, certificate_der=credential.der, sign=credential.sign) == sealed


@pytest.mark.parametrize(
    "where", ["@Total", "@Fecha", "Emisor/@Rfc", "Receptor/@Nombre", "Conceptos/Concepto/@Descripcion"]
)
def test_any_change_breaks_the_seal(sealed, where):
    assert not cfdi.verify_seal(changed(etree.fromstring(sealed), {where: "otra cosa"}))


@pytest.mark.parametrize("attribute", ["Sello", "Certificado", "NoCertificado"])
@pytest.mark.parametrize("value", ["", "A", "no es base64 *", "AAAA"])
def test_broken_seal_is_not_an_error_but_a_no(sealed, attribute, value):
    assert not cfdi.verify_seal(changed(etree.fromstring(sealed), {f"@{attribute}": value}))


def test_key_of_another_certificate(element, credential, other_key):
    with pytest.raises(cfdi.SealError):
        cfdi.seal(element, certificate_der=credential.der, sign=other_key.sign)


def test_certificate_of_another_rfc(element, authority):
    other = csd.issue(authority, "XYZ010203AB9", NAME)
    with pytest.raises(cfdi.CertificateError, match="303"):
        cfdi.seal(element, certificate_der=other.der, sign=other.sign)


def test_fiel_does_not_seal(element, authority):
    fiel = csd.issue(authority, RFC, NAME, csd.FIEL)
    assert not read_certificate(fiel.der).is_csd
    with pytest.raises(cfdi.CertificateError, match="306"):
        cfdi.seal(element, certificate_der=fiel.der, sign=fiel.sign)


def test_read_certificate(credential):
    certificate = read_certificate(credential.der)
    assert (certificate.rfc, certificate.number, certificate.is_csd) == (RFC, credential.number, True)
    now = datetime.now(timezone.utc)
    assert certificate.valid_at(now)
    assert not certificate.valid_at(now + timedelta(days=5 * 365))


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x02\x01\x01", b"x" * 100_000])
def test_not_a_certificate(der):
    with pytest.raises(cfdi.CertificateError):
        read_certificate(der)


@pytest.mark.parametrize(
    ("identifier", "rfc"),
    [
        ("EKU9003173C9 / VADA800927DJ3", "EKU9003173C9"),
        ("EKU9003173C9/VADA800927DJ3", "EKU9003173C9"),
        ("CACX7605101P8", "CACX7605101P8"),
        (" CACX7605101P8 / CACX760510MGTSHC04", "CACX7605101P8"),
        ("H&E951128469 / XOJI740919U48", "H&E951128469"),
        ("ÑUB010203HI2/ ", "ÑUB010203HI2"),
    ],
)
def test_rfc_of_a_certificate(identifier, rfc):
    from cfdi.certificado import _RFC

    assert _RFC.match(identifier)[1] == rfc


def test_certificate_number():
    assert certificate_number(int.from_bytes(b"30001000000500003416", "big")) == "30001000000500003416"
    with pytest.raises(cfdi.CertificateError):
        certificate_number(12345)


def test_a_subject_that_cryptography_refuses_is_read_from_its_bytes():
    """A country of three letters, which some certificates of the SAT have, is a ValueError there."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import NameOID

    good = csd.issue(csd.new_authority(), "EKU9003173C9", "ESCUELA")
    attributes = [*good.certificate.subject, x509.NameAttribute(NameOID.COUNTRY_NAME, "MX")]
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(attributes))
        .issuer_name(good.certificate.issuer)
        .public_key(good.certificate.public_key())
        .serial_number(good.certificate.serial_number)
        .not_valid_before(good.certificate.not_valid_before_utc)
        .not_valid_after(good.certificate.not_valid_after_utc)
        .add_extension(good.certificate.extensions.get_extension_for_class(x509.KeyUsage).value, critical=False)
        .sign(good.key, SHA256())
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    der = built.public_bytes(Encoding.DER)
    # an empty country: the two letters become a text of no length and one more of padding in the same room
    broken = der.replace(b"\x55\x04\x06\x13\x02MX", b"\x55\x04\x06\x05\x02MX", 1)
    assert broken != der
    with pytest.raises(ValueError, match=r"(?i)asn"):
        _ = list(x509.load_der_x509_certificate(broken).subject)
    assert read_certificate(broken).rfc == "EKU9003173C9"


def test_cadena_of_something_else():
    with pytest.raises(cfdi.CfdiError, match=r"versión 3\.3"):
        cfdi.cadena_original(b'<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version="3.3"/>')


def test_issuer_fixture_is_the_issuer_of_the_credential(credential):
    assert EMISOR.Rfc == read_certificate(credential.der).rfc


def test_no_key_is_in_the_repository():
    found = [p for pattern in ("*.key", "*.pem", "*.cer", "*.pfx", "*.p12") for p in REPOSITORY.rglob(pattern)]
    assert found == []
