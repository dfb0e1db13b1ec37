"""Solución Factible.

Its documentation does not say that the same bytes, sent again, are answered with the first timbre and never with a
second one (307 is what others report), and it has no operation that asks for a timbre without stamping. So a
comprobante in doubt is for a person (`Capabilities.after_doubt`). What the SAT says comes from the SAT.
"""

from __future__ import annotations

import re
from typing import Any

from .answers import cancel_answer, check_request, check_timbrado, refusal
from .base import CancelAnswer, Capabilities, PacError, PacInDoubt, Timbrado
from .sat import AsksTheSat
from .soap import SoapClient

PRODUCTION = "https://solucionfactible.com"
TEST = "https://testing.solucionfactible.com"

STAMPED_BEFORE = "307"
_OK = "200"
_ACCOUNT = frozenset({"503", "601", "602", "603", "604", "605", "620", "633", "634"})
"""Of the whole request: no stamps left, wrong user or password, blocked, expired, of the other environment."""
_ITS_OWN = {_OK: "201", "211": "205", "500": "", "501": "", "502": ""}
"""What this PAC says of a folio for which the SAT's answer is missing, as the SAT would say it: received, still on its
way (ask later), failed on the way (in doubt)."""
_WRAPPED = re.compile(r"\b((?:CFDI|CRP|CCP|CCE|CP)\d{3,6})\b")
"""The SAT's code inside of a 301: "Error de validaciones adicionales [Error #CFDI40145]"."""
_BINDING = "{http://timbrado.ws.cfdi.solucionfactible.com}TimbradoSoap11Binding"
_PATH = "/ws/services/Timbrado.TimbradoHttpsSoap11Endpoint/"


class SolucionFactible(AsksTheSat, SoapClient):
    """PAC adapter for `timbrar` and `enviarSolicitudCancelacion`. For its arguments see `http.Client`."""

    name = "solucion_factible"
    capabilities = Capabilities(recover=False, cancel=True, status=True, resend=False)

    def stamp(self, xml: bytes) -> Timbrado:
        """See `base.Pac`. Both the request and the comprobante have to be answered with 200."""
        answer = self._call("timbrar", cfdi=xml, zip=False)
        results = answer.resultados or []
        if _text(answer.status) != _OK and not results:
            raise self._refused_request(answer)
        if len(results) != 1:
            raise PacInDoubt("El PAC no respondió sobre un comprobante, sino sobre otro número de ellos.")
        result = results[0]
        code, previous = _text(result.status), _text(result.status) == STAMPED_BEFORE
        if previous and not result.cfdiTimbrado:
            raise PacInDoubt("El PAC dice que el comprobante ya tiene timbre, y no lo entrega.", code)
        if previous or (code, _text(answer.status)) == (_OK, _OK):
            return check_timbrado(xml, bytes(result.cfdiTimbrado or b""), uuid=result.uuid, previous=previous)
        message = _text(result.mensaje) or _text(answer.mensaje) or "Sin explicación del PAC."
        found = _WRAPPED.search(message)
        raise refusal(found[1] if found else code, message)

    def cancel(self, request: bytes, *, uuid: str) -> CancelAnswer:
        """See `base.Pac`. This PAC hands out no acuse here."""
        check_request(request, uuid)
        answer = self._call("enviarSolicitudCancelacion", solicitudCancelacion=request)
        results = answer.resultados or []
        if not results:
            raise self._refused_request(answer)
        folios = [(_text(one.uuid), _folio_code(one), _text(one.mensaje)) for one in results]
        return cancel_answer(uuid, folios, acuse=None)

    def check(self) -> None:
        """See `base.Pac`: sends what is no comprobante, which is refused after user and password were accepted."""
        answer = self._call("timbrar", cfdi=b"<prueba-de-conexion/>", zip=False)
        if _text(answer.status) in _ACCOUNT:
            raise self._refused_request(answer)

    def _refused_request(self, answer: Any) -> PacError:
        """What the answer to the whole request means, where it says nothing of a comprobante or a folio."""
        message = _text(answer.mensaje) or "El PAC no devolvió ni resultado ni motivo."
        return refusal(_text(answer.status), message, account=_ACCOUNT)

    def _call(self, operation: str, **arguments: Any) -> Any:
        # zeep encodes base64Binary itself
        service = self._service("solucion_factible.wsdl", _BINDING, _PATH)
        return service.call(operation, usuario=self._username, password=self._password, **arguments)


def _folio_code(result: Any) -> str:
    own = _text(result.status)
    return _text(result.statusUUID) or _ITS_OWN.get(own, own)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
