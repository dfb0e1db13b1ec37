"""SOAP 1.1, document/literal wrapped."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from lxml import etree

from .wire import BadRequest, Response

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def wsdl(name: str, address: str) -> bytes:
    """A service's description, with the address that it is served at."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return text.replace("@ADDRESS@", address).encode()


def read(body: bytes, namespace: str) -> tuple[str, dict[str, str]]:
    """Name of the operation and its arguments. :raises BadRequest:"""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise bad(f"not XML: {error}") from error
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise bad("not a SOAP 1.1 envelope")
    call = root.find(f"{{{ENVELOPE}}}Body/*")
    if call is None or etree.QName(call).namespace != namespace:
        raise bad("the body has no operation of this service")
    arguments: dict[str, str] = {}
    for child in call:
        name = etree.QName(child)
        if name.namespace != namespace:
            raise bad(f"{name.localname} is not qualified")
        arguments[name.localname] = child.text or ""
    return etree.QName(call).localname, arguments


def binary(arguments: dict[str, str], name: str) -> bytes:
    """An argument of type base64Binary. :raises BadRequest:"""
    try:
        return base64.b64decode(arguments.get(name, ""), validate=False)
    except binascii.Error as error:
        raise bad(f"{name} is not base64") from error


def answer(namespace: str, types: str, operation: str, result: dict[str, Any] | None, name: str = "") -> Response:
    """The response of `operation`.

    :param types: namespace of what is inside the result. :param name: of the result's element.
    :param result: name: text, dict or list of them, in the order of the service; None = no result at all.
    """
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"senv": ENVELOPE, "tns": namespace, "s0": types})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    response = etree.SubElement(body, f"{{{namespace}}}{operation}Response")
    if result is not None:
        _fill(etree.SubElement(response, f"{{{namespace}}}{name or operation + 'Result'}"), types, result)
    return Response(etree.tostring(envelope, encoding="UTF-8", xml_declaration=True))


def _fill(node: etree._Element, types: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            child = etree.SubElement(node, f"{{{types}}}{name}")
            if isinstance(item, dict):
                _fill(child, types, item)
            else:
                child.text = item


def fault(message: str, code: str = "Server") -> Response:
    """A SOAP fault."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"senv": ENVELOPE})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    node = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    etree.SubElement(node, "faultcode").text = f"senv:{code}"
    etree.SubElement(node, "faultstring").text = message
    return Response(etree.tostring(envelope, encoding="UTF-8", xml_declaration=True), status=500)


def bad(message: str) -> BadRequest:
    """The client's mistake."""
    return BadRequest(fault(message, "Client"))
