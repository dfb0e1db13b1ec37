"""Finkok's services: stamp, cancel, and of the utilities the hour."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Callable
from typing import Any

from . import soap
from .checks import Refusal
from .memory import Stamp
from .service import NOT_STAMPED, Service, spoilt
from .wire import Call, Request, Response

NAME = "finkok"
PATH = "/servicios/soap/"
TYPES = "apps.services.soap.core.views"
STAMPED = "Comprobante timbrado satisfactoriamente"
STAMPED_BEFORE = "Comprobante timbrado previamente"
_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.I)
_OPERATIONS = {
    "stamp": {"stamp": "stamp", "quick_stamp": "quick_stamp", "stamped": "stamped", "query_pending": "query_pending"},
    "cancel": {"cancel_signature": "cancel", "get_sat_status": "status"},
    "utilities": {"datetime": "login"},
}
"""service -> name of the operation there -> in the words of `faults`"""
_ORDER = "xml UUID faultstring Fecha CodEstatus faultcode SatSeal Incidencias NoCertificadoSAT".split()


def description(path: str, address: str) -> bytes | None:
    """What GET answers at `path`: the description of the stamp service."""
    return soap.wsdl("finkok_stamp.wsdl", f"{address}{PATH}stamp") if path == f"{PATH}stamp.wsdl" else None


def call(service: Service, request: Request) -> Call | None:
    """The call in `request`, None if it is for somebody else. :raises BadRequest:"""
    name = request.path.removeprefix(PATH).removesuffix(".wsdl")
    if not request.path.startswith(PATH) or name not in _OPERATIONS:
        return None
    namespace = f"http://facturacion.finkok.com/{name}"
    operation, arguments = soap.read(request.body, namespace)
    if operation not in _OPERATIONS[name]:
        raise soap.bad(f"there is no operation {operation}")
    if "xml" in arguments:
        arguments["xml"] = soap.binary(arguments, "xml")
    work: Callable[..., dict[str, Any]] = getattr(_Answers(service), operation)

    def run(fault: str) -> Response:
        if fault == "empty":
            # its work is done all the same
            work(fault, **arguments)
            return soap.answer(namespace, TYPES, operation, None)
        try:
            return soap.answer(namespace, TYPES, operation, work(fault, **arguments))
        except TypeError as error:
            return soap.fault(f"wrong arguments: {error}", "Client")
        except LookupError:
            return soap.fault("UUID not found")

    return Call(NAME, _OPERATIONS[name][operation], run, soap.fault)


class _Answers:
    """The operations, by their name at Finkok. The first argument is the fault that the answer must suffer."""

    def __init__(self, service: Service):
        self.service = service

    def stamp(self, fault: str, xml: bytes, username: str, password: str) -> dict[str, Any]:
        """A new timbre, the previous one with a 307, or why not."""
        try:
            self.service.account.check(username, password)
            found, new = self.service.stamp(xml)
        except Refusal as refusal:
            return self._refused(refusal)
        if new:
            return self._result(spoilt(found, fault), STAMPED)
        incident = self._incident("307", "El CFDI contiene un timbre previo", found)
        handed = None if fault == "without_xml" else spoilt(found, fault)
        return _sorted({**self._result(handed, STAMPED_BEFORE), "Incidencias": {"Incidencia": [incident]}})

    def quick_stamp(self, _fault: str, xml: bytes, username: str, password: str) -> dict[str, Any]:
        """As `stamp`, but a previous timbre is only told, never handed out."""
        return self.stamp("without_xml", xml, username, password)

    def stamped(self, fault: str, xml: bytes, username: str, password: str) -> dict[str, Any]:
        """The timbre that `xml` has, or 603."""
        try:
            self.service.account.check(username, password)
            if fault == "not_found_yet":
                raise NOT_STAMPED
            return self._result(spoilt(self.service.stamped(xml), fault), STAMPED_BEFORE)
        except Refusal as refusal:
            return self._refused(refusal)

    def query_pending(self, _fault: str, username: str, password: str, uuid: str) -> dict[str, Any]:
        """Whether the SAT has it. :raises LookupError: it is not ours, a SOAP fault at Finkok."""
        try:
            self.service.account.check(username, password)
        except Refusal as refusal:
            return {"error": refusal.message}
        if not _UUID.fullmatch(uuid):
            return {"error": "UUID con formato invalido"}
        found = self.service.memory.by_uuid(uuid)
        if found is None:
            raise LookupError(uuid)
        return {
            "status": "F",
            "xml": found.xml.decode(),
            "uuid": found.uuid,
            "uuid_status": "Vigente",
            "attempts": "1",
            "date": found.date,
        }

    def cancel_signature(
        self,
        fault: str,
        xml: bytes,
        username: str,
        password: str,
        store_pending: str = "false",  # noqa: ARG002
    ) -> dict[str, Any]:
        """What became of each folio, or why the request was not taken. Nothing is stored for later here."""
        try:
            self.service.account.check(username, password)
            rfc, folios, acuse = self.service.cancel(xml, known=fault != "not_found_yet")
        except Refusal as refusal:
            return {"CodEstatus": f"{refusal.code} - {refusal.message}"}
        told = [
            {
                "UUID": str(uuids.uuid4()).upper() if fault == "wrong_uuid" else folio.uuid,
                "EstatusUUID": folio.code,
                "EstatusCancelacion": folio.text,
            }
            for folio in folios
        ]
        return {"Folios": {"Folio": told}, "Acuse": acuse.decode(), "Fecha": self._date(), "RfcEmisor": rfc}

    def get_sat_status(
        self, fault: str, username: str, password: str, taxpayer_id: str, rtaxpayer_id: str, uuid: str, total: str
    ) -> dict[str, Any]:
        """The SAT's answer."""
        from .consulta import answered

        try:
            self.service.account.check(username, password)
        except Refusal as refusal:
            return {"error": refusal.message}
        status = self.service.status(uuid, taxpayer_id, rtaxpayer_id, total)
        return {"sat": answered(status, fault)}

    def datetime(self, _fault: str, username: str, password: str) -> dict[str, Any]:
        """The PAC's hour."""
        try:
            self.service.account.check(username, password)
        except Refusal as refusal:
            return {"error": refusal.message}
        return {"datetime": self._date()}

    def _date(self) -> str:
        return self.service.now().replace(tzinfo=None, microsecond=0).isoformat()

    def _refused(self, refusal: Refusal) -> dict[str, Any]:
        return {"Incidencias": {"Incidencia": [self._incident(refusal.code, refusal.message, None, refusal.extra)]}}

    def _incident(self, code: str, message: str, found: Stamp | None, extra: str = "") -> dict[str, str]:
        return {
            "IdIncidencia": "1",
            "RfcEmisor": found.rfc if found else "",
            "Uuid": found.uuid if found else "",
            "CodigoError": code,
            "WorkProcessId": "simulador",
            "MensajeIncidencia": message,
            "ExtraInfo": extra,
            "NoCertificadoPac": self.service.sat.number,
            "FechaRegistro": self._date(),
        }

    def _result(self, found: Stamp | None, status: str) -> dict[str, str]:
        if found is None:
            return {"CodEstatus": status}
        return {
            "xml": found.xml.decode(),
            "UUID": found.uuid,
            "Fecha": found.date,
            "CodEstatus": status,
            "NoCertificadoSAT": self.service.sat.number,
        }


def _sorted(result: dict[str, Any]) -> dict[str, Any]:
    """In the order of the service's description."""
    return {name: result[name] for name in _ORDER if name in result}
