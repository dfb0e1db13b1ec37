"""Solución Factible's Timbrado service: timbrar and enviarSolicitudCancelacion."""

from __future__ import annotations

import base64
import uuid as uuids
from typing import Any

from . import soap
from .checks import Refusal
from .service import Service, spoilt
from .wire import Call, Request, Response

NAME = "solucion_factible"
PATH = "/ws/services/Timbrado.TimbradoHttpsSoap11Endpoint"
TNS = "http://timbrado.ws.cfdi.solucionfactible.com"
TYPES = f"{TNS}/xsd"
_OPERATIONS = {"timbrar": "stamp", "enviarSolicitudCancelacion": "cancel"}
_BINARY = {"timbrar": "cfdi", "enviarSolicitudCancelacion": "solicitudCancelacion"}


def call(service: Service, request: Request) -> Call | None:
    """The call in `request`, None if it is for somebody else. :raises BadRequest:"""
    if request.path.rstrip("/") != PATH:
        return None
    operation, arguments = soap.read(request.body, TNS)
    if operation not in _OPERATIONS:
        raise soap.bad(f"there is no operation {operation}")
    document = soap.binary(arguments, _BINARY[operation])

    def run(fault: str) -> Response:
        try:
            service.account.check(arguments.get("usuario", ""), arguments.get("password", ""))
        except Refusal:
            result = _outer("601", "El nombre de usuario o la contraseña son incorrectos", [])
        else:
            result = {"timbrar": _stamp, "enviarSolicitudCancelacion": _cancel}[operation](service, document, fault)
        return soap.answer(TNS, TYPES, operation, None if fault == "empty" else result, name="return")

    return Call(NAME, _OPERATIONS[operation], run, soap.fault)


def _stamp(service: Service, xml: bytes, fault: str) -> dict[str, Any]:
    try:
        found, new = service.stamp(xml)
    except Refusal as refusal:
        message = f"{refusal.message} {refusal.extra}".strip()
        if not refusal.code.startswith(("30", "40")):
            # what is not of the SAT's first list comes wrapped
            return _done(
                [{"mensaje": f"Error de validaciones adicionales [Error #{refusal.code}] {message}", "status": "301"}]
            )
        return _done([{"mensaje": message, "status": refusal.code}])
    found = spoilt(found, fault)
    result = {
        "certificadoSAT": service.sat.number,
        "cfdiTimbrado": base64.b64encode(found.xml).decode(),
        "fechaTimbrado": f"{found.date}.000Z",
        "mensaje": "El CFDI ha sido timbrado correctamente" if new else "El CFDI contiene un timbre previo",
        "status": "200" if new else "307",
        "uuid": found.uuid,
        "versionTFD": "1.1",
    }
    if fault == "without_xml" and not new:
        result = {"mensaje": result["mensaje"], "status": "307"}
    return _done([result])


def _cancel(service: Service, request: bytes, fault: str) -> dict[str, Any]:
    try:
        _rfc, folios, _acuse = service.cancel(request, known=fault != "not_found_yet")
    except Refusal as refusal:
        return _outer(refusal.code, refusal.message, [])
    return _done(
        [
            {
                "mensaje": folio.text,
                "status": "200" if folio.code in ("201", "202") else folio.code,
                "statusUUID": folio.code,
                "uuid": str(uuids.uuid4()).upper() if fault == "wrong_uuid" else folio.uuid,
            }
            for folio in folios
        ]
    )


def _done(results: list[dict[str, str]]) -> dict[str, Any]:
    return _outer("200", "El proceso se ha completado correctamente", results)


def _outer(status: str, message: str, results: list[dict[str, str]]) -> dict[str, Any]:
    return {"mensaje": message, "resultados": results, "status": status}
