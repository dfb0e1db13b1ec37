"""Everything that can be known to be wrong before a PAC says it: the SAT's XSD, the seal and the rules."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

from lxml import etree

from .cadena import cadena_of
from .catalogs import time_zone
from .certificado import Certificado
from .errors import CertificateError, Problem
from .namespaces import cfdi
from .nodes import Node
from .rules import check_rules
from .schema import STRUCTURE, check_schema
from .secure_xml import as_element
from .sello import certificate_of, signature_holds

__all__ = ["Problem", "check_seal", "validate"]

_ADDENDA = cfdi("Addenda")
# Values that satisfy the XSD, for a comprobante that is checked before it is sealed.
_PLACEHOLDERS = {"Sello": "A", "NoCertificado": "0" * 20, "Certificado": "A"}


def validate(
    source: bytes | etree._Element,
    *,
    sealed: bool = True,
    now: datetime | None = None,
) -> list[Problem]:
    """Problems of a comprobante 4.0; an empty list means that nothing known is wrong.

    :param sealed: False to check what `build_xml` made, before there is a seal.
    :param now: aware; when given, Fecha is checked against the 72 hours (401) and the certificate against
        its validity (304); that Fecha lies in that validity (305) is checked always.
    :raises UnsafeXml: it cannot even be read.
    """
    element = as_element(source)
    if element.tag != cfdi("Comprobante"):
        return [Problem(STRUCTURE, "El documento no es un cfdi:Comprobante 4.0.", etree.QName(element).localname)]
    element = _prepared(element, sealed)
    problems = check_schema(element)
    root = Node(element)
    if sealed:
        problems += check_seal(root, now)
    problems += check_rules(root, now=now, known={problem.path for problem in problems})
    return problems


def _prepared(element: etree._Element, sealed: bool) -> etree._Element:
    """The part that the XSD is for: the Addenda is no part of the fiscal document."""
    if sealed and next(element.iterchildren(_ADDENDA), None) is None:
        return element
    copy = deepcopy(element)
    for node in copy.findall(_ADDENDA):
        copy.remove(node)
    if not sealed:
        for name, value in _PLACEHOLDERS.items():
            copy.set(name, value)
    return copy


def check_seal(root: Node, now: datetime | None = None) -> list[Problem]:
    """What is wrong with the seal of a CFDI 4.0 or 3.3 and the certificate that it carries; see `validate`."""
    try:
        certificate = certificate_of(root.element)
    except CertificateError as error:
        return [Problem("CFDI40106", str(error), "Comprobante/@Certificado")]
    problems = _check_certificate(root, certificate, now)
    if not signature_holds(certificate, cadena_of(root).encode(), root["Sello"]):
        message = "El sello no corresponde a la cadena original con el certificado del comprobante."
        problems.append(Problem("CFDI40102", message, "Comprobante/@Sello"))
    return problems


def _check_certificate(root: Node, certificate: Certificado, now: datetime | None) -> list[Problem]:
    path, problems = "Comprobante/@NoCertificado", []
    issuer = next((child for child in root.children if child.tag.endswith("}Emisor")), None)  # of 3.3 as well
    if issuer is not None and issuer["Rfc"] != certificate.rfc:
        message = f"El certificado es de {certificate.rfc}, no del emisor."
        problems.append(Problem("303", message, path, certificate.number))
    if not certificate.is_csd:
        problems.append(Problem("306", "El certificado no es un CSD.", path, certificate.number))
    if now is not None and not certificate.valid_at(now):
        problems.append(Problem("304", "El certificado no está vigente.", path, certificate.number))
    issued = _issued_at(root)
    if issued is not None and not certificate.valid_at(issued):
        message = "La Fecha no está dentro de la vigencia del certificado."
        problems.append(Problem("305", message, "Comprobante/@Fecha", root["Fecha"]))
    return problems


def _issued_at(root: Node) -> datetime | None:
    """Fecha as an instant; None when it cannot be told, which the XSD or another rule says."""
    try:
        zone = time_zone(root["LugarExpedicion"])
        return datetime.fromisoformat(root["Fecha"]).replace(tzinfo=zone)
    except (KeyError, ValueError):
        return None
