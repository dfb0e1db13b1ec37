"""Whether a CFDI that somebody handed over is what it says: its seal, its certificate and its timbre."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from .certificado import read_certificate
from .comprobante import Comprobante
from .errors import CfdiError, Problem
from .nodes import Node
from .reader import read_comprobante
from .secure_xml import as_element
from .timbre import TimbreFiscalDigital, parse_timbre
from .validation import check_seal

_TIMBRE = "Comprobante/Complemento/TimbreFiscalDigital"
_SEAL_CODES = frozenset({"CFDI40102", "CFDI40106"})  # the others of `check_seal` are about the certificate


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a CFDI 4.0 or 3.3.

    seal: its Sello is that of the certificate that it carries. certificate: that is a CSD of the issuer, in force on
    its Fecha. timbre: None where there is none. timbre_seal: None where it was not checked, for want of the certificate
    that the timbre names. problems: what does not hold, in Spanish.
    """

    version: str
    comprobante: Comprobante
    sello: str
    seal: bool
    certificate: bool
    timbre: TimbreFiscalDigital | None
    timbre_seal: bool | None
    problems: tuple[Problem, ...]


def verify(source: bytes | etree._Element, *, sat_certificate_der: bytes | None = None) -> Verification:
    """Check the seals of a CFDI 4.0 or 3.3, of whoever made it.

    It says nothing on what the SAT knows of it, nor on whether the certificates are the SAT's: who has those of its
    authority checks them.

    :param sat_certificate_der: the certificate that the timbre was sealed with (NoCertificadoSAT), to check that too
    :raises UnsafeXml, ReadError: it cannot be read, or is no CFDI
    :raises CertificateError: what was given is no certificate of the SAT
    """
    element = as_element(source)
    comprobante = read_comprobante(element)
    seal_problems = check_seal(Node(element))
    codes = {problem.code for problem in seal_problems}
    timbre, timbre_seal, timbre_problems = None, None, []
    try:
        timbre = parse_timbre(element)
    except CfdiError as error:
        timbre_problems.append(Problem("", str(error), _TIMBRE))
    else:
        timbre_seal, timbre_problems = _check_timbre(element, timbre, sat_certificate_der)
    return Verification(
        version=element.get("Version", ""),
        comprobante=comprobante,
        sello=element.get("Sello", ""),
        seal=not codes & _SEAL_CODES,
        certificate=not codes - {"CFDI40102"},
        timbre=timbre,
        timbre_seal=timbre_seal,
        problems=(*seal_problems, *timbre_problems),
    )


def _check_timbre(
    element: etree._Element, timbre: TimbreFiscalDigital, der: bytes | None
) -> tuple[bool | None, list[Problem]]:
    if "".join(timbre.SelloCFD.split()) != "".join(element.get("Sello", "").split()):
        return False, [Problem("", "El timbre es de otro comprobante: su SelloCFD no es este Sello.", _TIMBRE)]
    if der is None:
        return None, []
    number = read_certificate(der).number
    if number != timbre.NoCertificadoSAT:
        message = f"El timbre se selló con el certificado {timbre.NoCertificadoSAT}; se dio el {number}."
        return None, [Problem("", message, f"{_TIMBRE}/@NoCertificadoSAT", number)]
    if not timbre.verify(der):
        return False, [Problem("", "El sello del SAT no corresponde al timbre.", f"{_TIMBRE}/@SelloSAT")]
    return True, []
