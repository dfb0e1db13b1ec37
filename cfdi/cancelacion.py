"""The signed request that cancels CFDIs, for the PACs that take it instead of the issuer's key.

An enveloped XML signature (XMLDSig): C14N 1.0, RSA-SHA1, as the SAT's cancelling service asks for it. The private key
never comes here: who holds it hands a function that signs. Our own, because no library at hand signs with a key that
it does not hold.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from lxml import etree

from .certificado import read_certificate
from .elements import add
from .errors import CertificateError, ComprobanteError, Problem, SealError
from .secure_xml import as_element
from .sello import check_csd, signature_holds

CANCELA = "http://cancelacfd.sat.gob.mx"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
_ALGORITHM = SHA1
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
MOTIVOS = frozenset({"01", "02", "03", "04"})
REPLACED = "01"
MAX_FOLIOS = 500
"""Most CFDIs of one request, by the SAT's service."""


@dataclass(frozen=True, slots=True)
class Folio:
    """A CFDI to cancel. Motivo: 01 with errors and replaced, 02 with errors, 03 the operation did not take place,
    04 a named invoice that a global one has. FolioSustitucion: UUID of the replacement, with 01 and only with it.
    """

    UUID: str
    Motivo: str
    FolioSustitucion: str = ""


def cancellation_request(
    folios: Sequence[Folio],
    *,
    Fecha: datetime,  # noqa: N803 - its official name
    certificate_der: bytes,
    sign_sha1: Callable[[bytes], str],
) -> bytes:
    """The request, signed.

    :param Fecha: naive, local time of the issuer.
    :param certificate_der: the CSD of the issuer, whose RFC the request is of.
    :param sign_sha1: takes bytes, returns their RSA-SHA1 signature (PKCS#1 v1.5) in base64.
    :raises ComprobanteError: a folio that cannot be asked for, with the code that the SAT would answer.
    :raises CertificateError: a FIEL (306).
    :raises SealError: `sign_sha1` used a key that is not the certificate's.
    """
    problems = _problems(folios)
    if problems:
        raise ComprobanteError(problems)
    certificate = read_certificate(certificate_der)
    check_csd(certificate)
    root = etree.Element(f"{{{CANCELA}}}Cancelacion", nsmap={None: CANCELA})
    root.set("RfcEmisor", certificate.rfc)
    root.set("Fecha", Fecha.replace(tzinfo=None, microsecond=0).isoformat())
    parent = add(root, f"{{{CANCELA}}}Folios")
    for folio in folios:
        add(
            parent,
            f"{{{CANCELA}}}Folio",
            UUID=folio.UUID.upper(),
            Motivo=folio.Motivo,
            FolioSustitucion=folio.FolioSustitucion.upper(),
        )
    digest = hashlib.sha1(_canonical(root)).digest()  # noqa: S324 - what the SAT takes
    signature = etree.SubElement(root, f"{{{DSIG}}}Signature", nsmap={None: DSIG})
    signed_info = _signed_info(signature, base64.b64encode(digest).decode())
    message = _canonical(signed_info)
    value = "".join(sign_sha1(message).split())
    if not signature_holds(certificate, message, value, _ALGORITHM):
        raise SealError("La firma no corresponde al certificado: la llave privada es de otro certificado.")
    _dsig(signature, "SignatureValue").text = value
    data = _dsig(_dsig(signature, "KeyInfo"), "X509Data")
    serial = _dsig(data, "X509IssuerSerial")
    _dsig(serial, "X509IssuerName").text = certificate.issuer_name
    _dsig(serial, "X509SerialNumber").text = certificate.number
    _dsig(data, "X509Certificate").text = base64.b64encode(certificate_der).decode()
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def verify_request(source: bytes | etree._Element) -> bool:
    """Whether the signature of a request is that of the certificate that it carries, and of all that it says.

    :raises UnsafeXml: see `secure_xml`.
    """
    root = as_element(source)
    signature = root.find(f"{{{DSIG}}}Signature")
    if signature is None:
        return False
    texts = {
        name: signature.findtext(f".//{{{DSIG}}}{name}", "")
        for name in ("DigestValue", "SignatureValue", "X509Certificate")
    }
    try:
        certificate = read_certificate(base64.b64decode(texts["X509Certificate"]))
    except (CertificateError, ValueError):
        return False
    message = _canonical(signature.find(f"{{{DSIG}}}SignedInfo"))
    copy = deepcopy(root)
    copy.remove(copy.find(f"{{{DSIG}}}Signature"))
    digest = base64.b64encode(hashlib.sha1(_canonical(copy)).digest()).decode()  # noqa: S324
    return (
        root.get("RfcEmisor") == certificate.rfc
        and digest == texts["DigestValue"].strip()
        and signature_holds(certificate, message, texts["SignatureValue"], _ALGORITHM)
    )


def _problems(folios: Sequence[Folio]) -> list[Problem]:
    path = "Cancelacion/Folios"
    if not 1 <= len(folios) <= MAX_FOLIOS:
        message = f"Se cancelan de 1 a {MAX_FOLIOS} CFDI en una solicitud."
        return [Problem("301", message, path, str(len(folios)))]
    problems = []
    for number, folio in enumerate(folios, 1):
        where = f"{path}/Folio[{number}]/@"
        if not _UUID.fullmatch(folio.UUID):
            problems.append(Problem("205", "El UUID no tiene la forma de un folio fiscal.", f"{where}UUID", folio.UUID))
        if folio.Motivo not in MOTIVOS:
            problems.append(Problem("207", "El Motivo debe ser 01, 02, 03 o 04.", f"{where}Motivo", folio.Motivo))
        if folio.Motivo == REPLACED and not _UUID.fullmatch(folio.FolioSustitucion):
            message = "Con Motivo 01 se registra el UUID del CFDI que lo sustituye."
            problems.append(Problem("208", message, f"{where}FolioSustitucion", folio.FolioSustitucion))
        if folio.Motivo != REPLACED and folio.FolioSustitucion:
            message = "Solo con Motivo 01 se registra FolioSustitucion."
            problems.append(Problem("209", message, f"{where}FolioSustitucion", folio.FolioSustitucion))
    return problems


def _signed_info(signature: etree._Element, digest: str) -> etree._Element:
    node = _dsig(signature, "SignedInfo")
    _dsig(node, "CanonicalizationMethod", Algorithm=_C14N)
    _dsig(node, "SignatureMethod", Algorithm=f"{DSIG}rsa-sha1")
    reference = etree.SubElement(node, f"{{{DSIG}}}Reference", URI="")
    _dsig(_dsig(reference, "Transforms"), "Transform", Algorithm=f"{DSIG}enveloped-signature")
    _dsig(reference, "DigestMethod", Algorithm=f"{DSIG}sha1")
    _dsig(reference, "DigestValue").text = digest
    return node


def _dsig(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return add(parent, f"{{{DSIG}}}{name}", **attributes)


def _canonical(element: etree._Element) -> bytes:
    """C14N 1.0. Of a document of its own: libxml2 takes back the namespace that a part has from above (xmlns="")."""
    document = etree.fromstring(etree.tostring(element, with_tail=False))
    return etree.tostring(document, method="c14n", exclusive=False, with_comments=False)
