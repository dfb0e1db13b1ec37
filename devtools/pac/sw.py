"""SW Sapien's REST services: authenticate, stamp v4 with customid, and cancel with a signed request."""

from __future__ import annotations

import email
import json
import secrets
import uuid as uuids
from email.policy import HTTP
from typing import Any

from lxml import etree

from .checks import Refusal
from .resources import TFD
from .service import Service, spoilt
from .wire import JSON, BadRequest, Call, Request, Response

NAME = "sw"
TOKEN_SECONDS = 2 * 3600
_OPERATIONS = {
    "/v2/security/authenticate": "login",
    "/v4/cfdi33/stamp/v4": "stamp",
    "/cfdi33/cancel/xml": "cancel",
}


class _Tokens:
    """Of every simulator in this process: who restarts it makes them worthless, as a revocation does."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def new(self, now: float) -> tuple[str, int]:
        token = secrets.token_urlsafe(48)
        self._ends[token] = now + TOKEN_SECONDS
        return token, int(self._ends[token])

    def good(self, header: str, now: float) -> bool:
        return self._ends.get(header.removeprefix("Bearer "), 0) > now


_tokens = _Tokens()


def call(service: Service, request: Request) -> Call | None:
    """The call in `request`, None if it is for somebody else. :raises BadRequest:"""
    operation = _OPERATIONS.get(request.path)
    if operation is None:
        return None
    if operation == "login":
        return Call(NAME, operation, lambda fault: _login(service, request, fault), _failed)
    xml = _part(request, "xml")
    name = request.headers.get("customid", "")
    if len(name) > 100:
        raise BadRequest(_error("El customId es demasiado largo."))

    def run(fault: str) -> Response:
        if not _tokens.good(request.headers.get("Authorization", ""), service.now().timestamp()):
            return _error("AU1000 - El token proporcionado no es válido o ha expirado.", status=401)
        if fault == "empty":
            # its work is done all the same
            (_stamp(service, xml, name, fault) if operation == "stamp" else _cancel(service, xml, fault))
            return _json({})
        return _stamp(service, xml, name, fault) if operation == "stamp" else _cancel(service, xml, fault)

    return Call(NAME, operation, run, _failed)


def _login(service: Service, request: Request, fault: str) -> Response:
    try:
        told = json.loads(request.body)
        service.account.check(str(told["user"]), str(told["password"]))
    except (ValueError, TypeError, KeyError):
        return _error("AU1001 - Petición inválida.")
    except Refusal:
        message = "AU2000 - El usuario y/o contraseña son inválidos, no se puede autenticar el servicio."
        return _error(message, status=401)
    token, end = _tokens.new(service.now().timestamp())
    data = {"token": token, "expires_in": end, "tokeny_type": "Bearer"}
    return _json({} if fault == "empty" else {"data": data, "status": "success"})


def _stamp(service: Service, xml: bytes, name: str, fault: str) -> Response:
    try:
        found, new = service.stamp(xml, name)
    except Refusal as refusal:
        return _error(f"{refusal.code} - {refusal.message}", refusal.extra or None)
    found = spoilt(found, fault)
    timbre = etree.fromstring(found.xml).find(f".//{{{TFD}}}TimbreFiscalDigital")
    data = {
        "noCertificadoSAT": timbre.get("NoCertificadoSAT"),
        "uuid": found.uuid.lower(),
        "selloSAT": timbre.get("SelloSAT"),
        "selloCFDI": timbre.get("SelloCFD"),
        "fechaTimbrado": found.date,
        "cfdi": found.xml.decode(),
    }
    if new:
        return _json({"data": data, "status": "success"})
    message = "307. El comprobante contiene un timbre previo."
    return _error(message, data=None if fault == "without_xml" else data)


def _cancel(service: Service, request: bytes, fault: str) -> Response:
    try:
        _rfc, folios, acuse = service.cancel(request, known=fault != "not_found_yet")
    except Refusal as refusal:
        return _error(f"{refusal.code} - {refusal.message}", refusal.extra or None)
    told = {str(uuids.uuid4()) if fault == "wrong_uuid" else folio.uuid: folio.code for folio in folios}
    return _json({"data": {"acuse": acuse.decode(), "uuid": told}, "status": "success"})


def _part(request: Request, name: str) -> bytes:
    """The file `name` of a multipart/form-data request. :raises BadRequest: there is none"""
    kind = request.headers.get("Content-Type", "")
    message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body, policy=HTTP)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="Content-Disposition") == name:
            return part.get_payload(decode=True)
    raise BadRequest(_error("301 - XML mal formado", "Falta el archivo xml"))


def _failed(message: str) -> Response:
    return _error(message, status=500)


def _error(message: str, detail: str | None = None, data: Any = None, status: int = 400) -> Response:
    return _json({"message": message, "messageDetail": detail, "data": data, "status": "error"}, status)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content).encode(), status, JSON)
