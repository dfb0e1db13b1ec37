"""Sealing a comprobante and verifying seals. RSA PKCS#1 v1.5 over SHA-256 of the cadena original.

The private key never comes here: who holds it hands a function that signs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from lxml import etree

from .cadena import cadena_of, cadena_original
from .certificado import Certificado, read_certificate
from .draft import Draft
from .errors import CertificateError, SealError
from .namespaces import XSI, cfdi
from .secure_xml import as_element

HEADER_ORDER = (
    "xsi:schemaLocation",  # as a draft writes it
    f"{{{XSI}}}schemaLocation",
    *"Version Serie Folio Fecha Sello FormaPago NoCertificado Certificado CondicionesDePago SubTotal".split(),
    *"Descuento Moneda TipoCambio Total TipoDeComprobante Exportacion MetodoPago LugarExpedicion".split(),
    "Confirmacion",
)
"""Attributes of Comprobante in the order of the Anexo 20."""


def seal(
    source: Draft | etree._Element,
    *,
    certificate_der: bytes,
    sign: Callable[[bytes], str],
) -> bytes:
    """The sealed comprobante, as the bytes that are stored, sent and never written again.

    :param source: from `build` or `build_xml`; it is left as it was.
    :param certificate_der: the CSD of the issuer.
    :param sign: takes the cadena original in UTF-8, returns its signature in base64.
    :raises CertificateError: a FIEL (306), or the certificate of another RFC (303).
    :raises SealError: `sign` used a key that is not the certificate's.
    """
    certificate = read_certificate(certificate_der)
    check_csd(certificate)
    own = {"NoCertificado": certificate.number, "Certificado": base64.b64encode(certificate_der).decode()}
    # A seal of an earlier attempt is not part of the cadena, but must not survive either.
    if isinstance(source, Draft):
        draft = source.copy()
        _check_issuer(certificate, next((c.attributes for c in draft.children if c.tag == cfdi("Emisor")), {}))
        draft.attributes |= own
        draft.attributes["Sello"] = _signature(cadena_of(draft), certificate, sign)
        draft.attributes = _in_order(draft.attributes)
        return draft.data()
    element = deepcopy(source)
    issuer = element.find(cfdi("Emisor"))
    _check_issuer(certificate, {} if issuer is None else issuer.attrib)
    element.attrib.update(own)
    element.set("Sello", _signature(cadena_original(element), certificate, sign))
    attributes = _in_order(dict(element.attrib))
    element.attrib.clear()
    element.attrib.update(attributes)
    return etree.tostring(element, encoding="UTF-8", xml_declaration=True)


def _signature(cadena: str, certificate: Certificado, sign: Callable[[bytes], str]) -> str:
    message = cadena.encode()
    signature = "".join(sign(message).split())
    if not signature_holds(certificate, message, signature):
        raise SealError("El sello no corresponde al certificado: la llave privada es de otro certificado.")
    return signature


def verify_seal(source: bytes | etree._Element) -> bool:
    """Whether the Sello of a comprobante is that of the Certificado it carries (CFDI40102).

    Says nothing on whether the certificate is the SAT's, the issuer's or in force.
    :raises UnsafeXml, CfdiError: see `cadena_original`.
    """
    element = as_element(source)
    try:
        certificate = certificate_of(element)
    except CertificateError:
        return False
    return signature_holds(certificate, cadena_original(element).encode(), element.get("Sello", ""))


def certificate_of(source: bytes | etree._Element) -> Certificado:
    """The certificate that a sealed comprobante carries.

    :raises CertificateError: none, broken, or NoCertificado says another (CFDI40106).
    """
    element = as_element(source)
    try:
        der = base64.b64decode("".join(element.get("Certificado", "").split()), validate=True)
    except binascii.Error as error:
        raise CertificateError("El atributo Certificado no está en base64.") from error
    certificate = read_certificate(der)
    if element.get("NoCertificado") != certificate.number:
        raise CertificateError("NoCertificado no es el número del atributo Certificado.")
    return certificate


def signature_holds(
    certificate: Certificado, message: bytes, signature_base64: str, algorithm: type[HashAlgorithm] = SHA256
) -> bool:
    """Whether `signature_base64` is the RSA signature (PKCS#1 v1.5) of `message` by the key of `certificate`."""
    try:
        signature = base64.b64decode("".join(signature_base64.split()), validate=True)
    except ValueError:
        return False
    if len(signature) != (certificate.public_key.key_size + 7) // 8:
        return False
    return _signs(certificate.der, signature, hashlib.new(algorithm.name, message).digest(), algorithm)


@lru_cache(maxsize=64)
def _signs(der: bytes, signature: bytes, digest: bytes, algorithm: type[HashAlgorithm]) -> bool:
    """Remembered: what was sealed a moment ago is validated next, which asks the same."""
    try:
        read_certificate(der).public_key.verify(signature, digest, padding.PKCS1v15(), Prehashed(algorithm()))
    except InvalidSignature:
        return False
    return True


def check_csd(certificate: Certificado) -> None:
    """:raises CertificateError: it is no CSD (306): a FIEL never signs for the company."""
    if not certificate.is_csd:
        raise CertificateError(f"[306] El certificado {certificate.number} no es un CSD (parece una FIEL).")


def _check_issuer(certificate: Certificado, issuer: Mapping[str, str]) -> None:
    rfc = issuer.get("Rfc", "")
    if certificate.rfc != rfc:
        raise CertificateError(
            f"[303] El certificado {certificate.number} es de {certificate.rfc}; el emisor es {rfc or '(ninguno)'}."
        )


def _in_order(attributes: dict[str, str]) -> dict[str, str]:
    return {name: attributes[name] for name in (*HEADER_ORDER, *attributes) if name in attributes}
