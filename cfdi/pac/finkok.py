"""Finkok, and whatever speaks like its services: the simulator of `devtools/pac`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..timbre import printed_total
from .answers import NOT_YET, cancel_answer, check_request, check_timbrado, sat_status
from .base import (
    CancelAnswer,
    Capabilities,
    CfdiQuery,
    PacInDoubt,
    PacRejected,
    PacUnavailable,
    SatStatus,
    Timbrado,
)
from .soap import SoapClient

PRODUCTION = "https://facturacion.finkok.com"
TEST = "https://demo-facturacion.finkok.com"

PAUSES = (1, 3, 5)
"""Seconds before each new question when the PAC does not find yet what it stamped; Finkok needs up to 8 s."""

STAMPED_BEFORE = "307"
NOT_STAMPED = "603"
_ACCOUNT = frozenset({"300", "501", "702", "703", "706"})
"""The account, not the comprobante: wrong user, suspended, issuer not registered there."""
_LATER = NOT_YET | {"708", "709", "798"}
"""Of a request to cancel: the SAT cannot be reached, it failed there, or a request of before is still on its way."""


class Finkok(SoapClient):
    """PAC adapter for `stamp`, `stamped`, `cancel_signature` and `get_sat_status`.

    :param url: PRODUCTION, TEST, or the address of a simulator; without path.
    :param pauses: instead of PAUSES.
    :param sleep: takes those seconds; a test hands its own.
    :param timeouts: see `http.Client`. A time-out is a `PacInDoubt`.
    """

    name = "finkok"
    capabilities = Capabilities(recover=True, cancel=True, status=True)

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        pauses: Sequence[float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **timeouts: float,
    ):
        super().__init__(url, username, password, **timeouts)
        self._pauses, self._sleep = tuple(PAUSES if pauses is None else pauses), sleep

    def stamp(self, xml: bytes) -> Timbrado:
        """See `base.Pac`. A comprobante that was stamped before (307) gives its first timbre."""
        answer = self._call("stamp", "stamp", xml=xml)
        codes = _codes(answer)
        if STAMPED_BEFORE in codes:
            return self._previous(xml, answer)
        if answer.xml:
            return _timbrado(xml, answer)
        raise _refusal(answer)

    def recover(self, xml: bytes) -> Timbrado | None:
        """See `base.Pac`. Asks again after each pause before it believes that there is no timbre."""
        for pause in (*self._pauses, None):
            answer = self._call("stamp", "stamped", xml=xml)
            if answer.xml:
                return _timbrado(xml, answer, previous=True)
            if NOT_STAMPED not in _codes(answer):
                raise _refusal(answer)
            if pause is not None:
                self._sleep(pause)
        return None

    def cancel(self, request: bytes, *, uuid: str) -> CancelAnswer:
        """See `base.Pac`. Not left with the PAC for later (store_pending): the caller knows what was asked for."""
        check_request(request, uuid)
        answer = self._call("cancel", "cancel_signature", xml=request, store_pending=False)
        folios = [
            (str(folio.UUID or ""), str(folio.EstatusUUID or ""), str(folio.EstatusCancelacion or ""))
            for folio in (answer.Folios and answer.Folios.Folio) or ()
        ]
        if answer.CodEstatus and not folios:
            raise _refused_request(str(answer.CodEstatus))
        return cancel_answer(uuid, folios, acuse=answer.Acuse, later=_LATER)

    def status(self, query: CfdiQuery) -> SatStatus:
        """See `base.Pac`."""
        answer = self._call(
            "cancel",
            "get_sat_status",
            taxpayer_id=query.issuer_rfc,
            rtaxpayer_id=query.receiver_rfc,
            uuid=query.uuid.upper(),
            total=printed_total(query.total),
        )
        sat = answer.sat
        if answer.error or sat is None:
            raise PacUnavailable(answer.error or "El PAC no dio el estado del CFDI.")
        return sat_status(sat.Estado, sat.EsCancelable, sat.EstatusCancelacion, sat.CodigoEstatus)

    def check(self) -> None:
        """See `base.Pac`: asks for the hour, which costs nothing and is told to whoever has an account."""
        answer = self._call("utilities", "datetime")
        if not answer.datetime:
            raise PacUnavailable(answer.error or "El PAC no reconoció al usuario.")

    def _previous(self, xml: bytes, answer: Any) -> Timbrado:
        if answer.xml:
            return _timbrado(xml, answer, previous=True)
        found = self.recover(xml)
        if found is None:
            raise PacInDoubt("El PAC dice que el comprobante ya tiene timbre, y no lo entrega.", STAMPED_BEFORE)
        return found

    def _call(self, service: str, operation: str, **arguments: Any) -> Any:
        """`operation` of one of the services: stamp, cancel, utilities. zeep encodes base64Binary itself."""
        binding = f"{{http://facturacion.finkok.com/{service}}}Application"
        opened = self._service(f"finkok_{service}.wsdl", binding, f"/servicios/soap/{service}")
        return opened.call(operation, username=self._username, password=self._password, **arguments)


def _incidencias(answer: Any) -> list[Any]:
    return list((answer.Incidencias and answer.Incidencias.Incidencia) or ())


def _codes(answer: Any) -> set[str]:
    return {str(item.CodigoError or "").strip() for item in _incidencias(answer)}


def _text(item: Any) -> str:
    extra = f" ({item.ExtraInfo})" if item.ExtraInfo else ""
    return f"{item.MensajeIncidencia or 'Sin explicación del PAC.'}{extra}"


def _timbrado(xml: bytes, answer: Any, *, previous: bool = False) -> Timbrado:
    warnings = tuple(
        f"[{item.CodigoError}] {_text(item)}" for item in _incidencias(answer) if item.CodigoError != STAMPED_BEFORE
    )
    return check_timbrado(xml, answer.xml.encode(), uuid=answer.UUID, previous=previous, warnings=warnings)


def _refusal(answer: Any) -> PacRejected | PacUnavailable | PacInDoubt:
    """What an answer without a timbre means. Only an Incidencia with a code is a clear no."""
    coded = [item for item in _incidencias(answer) if str(item.CodigoError or "").strip()]
    if not coded:
        return PacInDoubt(answer.faultstring or "El PAC no devolvió ni timbre ni motivo.", answer.faultcode or "")
    message = "; ".join(_text(item) for item in coded)
    code = str(coded[0].CodigoError).strip()
    if code in _ACCOUNT:
        return PacUnavailable(message, code)
    return PacRejected(message, code)


def _refused_request(text: str) -> PacRejected | PacUnavailable | PacInDoubt:
    """What CodEstatus means where no folio was answered: "304", "300 - ...", or "UUID: ... No Encontrado"."""
    if text.strip().lower().endswith("no encontrado"):
        return PacUnavailable("El SAT todavía no encuentra el CFDI.", "205")
    found = re.match(r"\s*(\d{3})\b", text)
    if not found:
        return PacInDoubt(f"El PAC no dijo qué fue de la cancelación: {text}")
    error = PacUnavailable if found[1] in _ACCOUNT | _LATER else PacRejected
    return error(text.strip(), found[1])
