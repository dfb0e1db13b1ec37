"""Timbre Fiscal Digital 1.1: what the PAC adds to a comprobante, and what it proves."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from lxml import etree

from .cadena import cadena_original
from .certificado import read_certificate
from .errors import CfdiError
from .namespaces import XSI, cfdi, tfd
from .secure_xml import as_element, parse_xml
from .sello import signature_holds

_QR_SERVICE = "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx"
_TIMBRE_PATH = f"{{*}}Complemento/{tfd('TimbreFiscalDigital')}"  # of 3.3 as well


@dataclass(frozen=True, slots=True)
class TimbreFiscalDigital:
    """Attributes as the Anexo 20 names them. FechaTimbrado: naive, local time of the PAC (centre of Mexico).

    UUID is in upper case, as the SAT answers it. cadena: the cadena original of the timbre, that is printed.
    """

    Version: str
    UUID: str
    FechaTimbrado: datetime
    RfcProvCertif: str
    SelloCFD: str
    NoCertificadoSAT: str
    SelloSAT: str
    Leyenda: str
    cadena: str

    def verify(self, sat_certificate_der: bytes) -> bool:
        """Whether SelloSAT was made by that certificate, and it is the one that the timbre names."""
        certificate = read_certificate(sat_certificate_der)
        return certificate.number == self.NoCertificadoSAT and signature_holds(
            certificate, self.cadena.encode(), self.SelloSAT
        )


def parse_timbre(source: bytes | etree._Element) -> TimbreFiscalDigital:
    """The timbre of a stamped comprobante.

    :raises CfdiError: it has none, more than one, or one that is broken.
    """
    nodes = as_element(source).findall(_TIMBRE_PATH)
    if len(nodes) != 1:
        raise CfdiError("El comprobante no trae timbre." if not nodes else "El comprobante trae más de un timbre.")
    node = nodes[0]
    try:
        return TimbreFiscalDigital(
            Version=node.attrib["Version"],
            UUID=node.attrib["UUID"].strip().upper(),
            FechaTimbrado=datetime.fromisoformat(node.attrib["FechaTimbrado"].strip()),
            RfcProvCertif=node.attrib["RfcProvCertif"],
            SelloCFD=node.attrib["SelloCFD"],
            NoCertificadoSAT=node.attrib["NoCertificadoSAT"],
            SelloSAT=node.attrib["SelloSAT"],
            Leyenda=node.get("Leyenda", ""),
            cadena=cadena_original(_detached(node)),
        )
    except (KeyError, ValueError) as error:
        raise CfdiError(f"El timbre está incompleto o mal formado: {error}") from error


def same_comprobante(sent: bytes, stamped: bytes) -> bool:
    """Whether `stamped` without its timbre is the comprobante that was `sent`.

    Compared in canonical form: a PAC may write the same document with other blanks between elements, other
    prefixes or attribute order; it may not change a single value.
    """
    return _without_timbre(sent) == _without_timbre(stamped)


def qr_url(source: bytes | etree._Element) -> str:
    """Address that the QR of the printed CFDI holds (Anexo 20, section on the two-dimensional code)."""
    element = as_element(source)
    return verification_address(
        uuid=parse_timbre(element).UUID,
        issuer=element.find(cfdi("Emisor")).get("Rfc", ""),
        receiver=element.find(cfdi("Receptor")).get("Rfc", ""),
        total=Decimal(element.get("Total", "0")),
        seal=element.get("Sello", ""),
    )


def verification_address(*, uuid: str, issuer: str, receiver: str, total: Decimal, seal: str) -> str:
    """The SAT's page that says whether this CFDI is in force.

    & and Ñ of an RFC, and + of the seal, are escaped: they would be read as something else in an address.
    """
    fields = {"id": uuid, "re": issuer, "rr": receiver, "tt": printed_total(total), "fe": seal[-8:]}
    return _QR_SERVICE + "?" + "&".join(f"{key}={quote(value, safe='=/')}" for key, value in fields.items())


def printed_total(total: Decimal) -> str:
    """Without meaningless zeros, always with one decimal: 1000.0, 0.99."""
    integer, _, decimals = f"{total:.6f}".partition(".")
    return f"{integer}.{decimals.rstrip('0') or '0'}"


def _detached(node: etree._Element) -> etree._Element:
    """The timbre as a document of its own, which is what its stylesheet expects."""
    return etree.ElementTree(deepcopy(node)).getroot()


def _without_timbre(data: bytes) -> bytes:
    root = deepcopy(parse_xml(data))
    root.attrib.pop(f"{{{XSI}}}schemaLocation", None)
    for complemento in root.findall(cfdi("Complemento")):
        for node in complemento.findall(tfd("TimbreFiscalDigital")):
            complemento.remove(node)
        if len(complemento) == 0:
            root.remove(complemento)
    for node in root.iter():
        # blanks between elements have no meaning in a CFDI: all its data is in attributes
        if node.text and not node.text.strip():
            node.text = None
        if node.tail and not node.tail.strip():
            node.tail = None
    return etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
