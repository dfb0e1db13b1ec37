"""What the SAT puts in an X.509 certificate, read from its DER bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .errors import CertificateError

_UNIQUE_IDENTIFIER_DER = bytes.fromhex("0603 55042D")
_MAX_DER = 16 * 1024
_RFC = re.compile(r"\s*([A-ZÑ&]{3,4}\d{6}[A-Z0-9]{3})\s*(?:/|$)")


@dataclass(frozen=True, slots=True)
class Certificado:
    """A certificate of the SAT: a CSD (to seal), a FIEL (e.firma, never to seal) or a PAC's.

    number: NoCertificado, 20 digits. rfc: of its owner. not_before, not_after: aware, UTC.
    """

    der: bytes
    number: str
    rfc: str
    is_csd: bool
    not_before: datetime
    not_after: datetime
    public_key: rsa.RSAPublicKey

    def valid_at(self, moment: datetime) -> bool:
        """Whether `moment` (aware) is inside its validity (PAC code 305)."""
        return self.not_before <= moment <= self.not_after

    @property
    def issuer_name(self) -> str:
        """Who issued it (RFC 4514), empty where its name breaks the rules of X.509."""
        try:
            return x509.load_der_x509_certificate(self.der).issuer.rfc4514_string()
        except ValueError:
            return ""


@lru_cache(maxsize=256)
def read_certificate(der: bytes) -> Certificado:
    """The certificate in `der`.

    :raises CertificateError: not a certificate of the SAT with an RSA key.
    """
    if len(der) > _MAX_DER:
        raise CertificateError("El certificado es demasiado grande para ser del SAT.")
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except ValueError as error:
        raise CertificateError(f"No es un certificado X.509 en DER: {error}") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise CertificateError("La llave del certificado no es RSA.")
    return Certificado(
        der=der,
        number=certificate_number(certificate.serial_number),
        rfc=_rfc(certificate),
        is_csd=_is_csd(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        public_key=key,
    )


def certificate_number(serial: int) -> str:
    """NoCertificado: the bytes of the serial number are the ASCII of its 20 digits.

    :raises CertificateError: the serial is not one of the SAT's.
    """
    text = serial.to_bytes((serial.bit_length() + 7) // 8, "big").decode("latin-1")
    if not re.fullmatch(r"[0-9]{20}", text):
        raise CertificateError("El número de serie del certificado no es del SAT (20 dígitos).")
    return text


def _rfc(certificate: x509.Certificate) -> str:
    """RFC of the owner, from x500UniqueIdentifier: 'RFC', 'RFC / CURP' or 'RFC/ CURP'.

    In a company's certificate what follows the bar is the legal representative's.
    """
    match = _RFC.match(_unique_identifier(certificate))
    if not match:
        raise CertificateError("El certificado no dice de qué RFC es (x500UniqueIdentifier).")
    return match[1]


def _unique_identifier(certificate: x509.Certificate) -> str:
    try:
        found = certificate.subject.get_attributes_for_oid(NameOID.X500_UNIQUE_IDENTIFIER)
        value = found[0].value if found else ""
    except ValueError:
        # Some subjects of the SAT break rules that cryptography enforces (a country of three letters, an
        # empty field): take the last attribute of that type from the bytes; the issuer's comes before.
        tbs = certificate.tbs_certificate_bytes
        at = tbs.rfind(_UNIQUE_IDENTIFIER_DER)
        if at < 0:
            return ""
        start = at + len(_UNIQUE_IDENTIFIER_DER) + 2
        value = tbs[start : start + tbs[start - 1]]
    if isinstance(value, bytes):
        return value.lstrip(b"\0").decode("utf-8", "replace")
    return value


def _is_csd(certificate: x509.Certificate) -> bool:
    """A CSD signs and nothing else; a FIEL also enciphers data and agrees on keys (PAC code 306)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    signs = usage.digital_signature and usage.content_commitment
    return signs and not (usage.data_encipherment or usage.key_agreement or usage.key_cert_sign)
