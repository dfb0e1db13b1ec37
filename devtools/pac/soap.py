"""SOAP 1.1, document/literal wrapped, as Finkok's stamp service writes it."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
TNS = "http://facturacion.finkok.com/stamp"
VIEWS = "apps.services.soap.core.views"
_WSDL = Path(__file__).with_name("stamp.wsdl")


class BadRequest(Exception):
    """Not a SOAP request of this service."""


def wsdl(address: str) -> bytes:
    """The service's description, with the address that it is served at."""
    return _WSDL.read_text(encoding="utf-8").replace("@ADDRESS@", address).encode()


def read_request(body: bytes) -> tuple[str, dict[str, str | bytes]]:
    """Name of the operation and its arguments; `xml` already decoded from base64."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise BadRequest(f"not XML: {error}") from error
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise BadRequest("not a SOAP 1.1 envelope")
    call = root.find(f"{{{ENVELOPE}}}Body/*")
    if call is None or etree.QName(call).namespace != TNS:
        raise BadRequest("the body has no operation of this service")
    operation = etree.QName(call).localname
    if operation not in OPERATIONS:
        raise BadRequest(f"there is no operation {operation}")
    arguments: dict[str, str | bytes] = {}
    for child in call:
        name = etree.QName(child)
        if name.namespace != TNS:
            raise BadRequest(f"{name.localname} is not qualified")
        arguments[name.localname] = child.text or ""
    if "xml" in arguments:
        try:
            arguments["xml"] = base64.b64decode(arguments["xml"])
        except binascii.Error as error:
            raise BadRequest("xml is not base64") from error
    return operation, arguments


def answer(operation: str, result: dict | None) -> bytes:
    """The response of `operation`. Keys of `result` are the elements of its type; None = no result at all."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"senv": ENVELOPE, "tns": TNS, "s0": VIEWS})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    response = etree.SubElement(body, f"{{{TNS}}}{operation}Response")
    if result is not None:
        node = etree.SubElement(response, f"{{{TNS}}}{operation}Result")
        for name in _ORDER[operation]:
            if name not in result:
                continue
            child = etree.SubElement(node, f"{{{VIEWS}}}{name}")
            if name == "Incidencias":
                for incident in result[name]:
                    item = etree.SubElement(child, f"{{{VIEWS}}}Incidencia")
                    for key, value in incident.items():
                        etree.SubElement(item, f"{{{VIEWS}}}{key}").text = value
            else:
                child.text = result[name]
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def fault(code: str, message: str) -> bytes:
    """A SOAP fault."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"senv": ENVELOPE})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    node = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    etree.SubElement(node, "faultcode").text = f"senv:{code}"
    etree.SubElement(node, "faultstring").text = message
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


_ACKNOWLEDGEMENT = (
    "xml",
    "UUID",
    "faultstring",
    "Fecha",
    "CodEstatus",
    "faultcode",
    "SatSeal",
    "Incidencias",
    "NoCertificadoSAT",
)
_ORDER = {
    "stamp": _ACKNOWLEDGEMENT,
    "quick_stamp": _ACKNOWLEDGEMENT,
    "stamped": _ACKNOWLEDGEMENT,
    "query_pending": ("status", "xml", "uuid", "uuid_status", "next_attempt", "attempts", "error", "date"),
}
OPERATIONS = tuple(_ORDER)
