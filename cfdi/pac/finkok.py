"""Finkok, and whatever speaks like its stamp service: the simulator of `devtools/pac`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .base import PacInDoubt, PacRejected, PacUnavailable, Timbrado, check_timbrado
from .soap import SoapService, check_url

PRODUCTION = "https://facturacion.finkok.com"
TEST = "https://demo-facturacion.finkok.com"

_WSDL = Path(__file__).with_name("finkok_stamp.wsdl")
_BINDING = "{http://facturacion.finkok.com/stamp}Application"
_PATH = "/servicios/soap/stamp"

PAUSES = (1, 3, 5)
"""Seconds before each new question when the PAC does not find yet what it stamped; Finkok needs up to 8 s."""

STAMPED_BEFORE = "307"
NOT_STAMPED = "603"
_ACCOUNT = frozenset({"300", "501", "702", "703", "706"})
"""The account, not the comprobante: wrong user, suspended, issuer not registered there."""


class Finkok:
    """PAC adapter for the operations `stamp` and `stamped`.

    :param url: PRODUCTION, TEST, or the address of a simulator; without path.
    :param connect_timeout, timeout: seconds. A time-out is a `PacInDoubt`.
    :param pauses: instead of PAUSES.
    :param sleep: takes those seconds; a test hands its own.
    """

    name = "finkok"

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        *,
        connect_timeout: float = 10,
        timeout: float = 60,
        pauses: Sequence[float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.url = check_url(url.rstrip("/"))
        self._username, self._password = username, password
        self._timeouts = {"connect_timeout": connect_timeout, "timeout": timeout}
        self._pauses, self._sleep = tuple(PAUSES if pauses is None else pauses), sleep
        self._service: SoapService | None = None

    def __repr__(self) -> str:
        return f"<Finkok {self.url}>"  # never the credentials

    def stamp(self, xml: bytes) -> Timbrado:
        """See `base.Pac`. A comprobante that was stamped before (307) gives its first timbre."""
        answer = self._call("stamp", xml)
        codes = _codes(answer)
        if STAMPED_BEFORE in codes:
            return self._previous(xml, answer)
        if answer.xml:
            return _timbrado(xml, answer)
        raise _refusal(answer)

    def recover(self, xml: bytes) -> Timbrado | None:
        """See `base.Pac`. Asks again after each pause before it believes that there is no timbre."""
        for pause in (*self._pauses, None):
            answer = self._call("stamped", xml)
            if answer.xml:
                return _timbrado(xml, answer, previous=True)
            if NOT_STAMPED not in _codes(answer):
                raise _refusal(answer)
            if pause is not None:
                self._sleep(pause)
        return None

    def close(self) -> None:
        """Let go of the connection."""
        if self._service is not None:
            self._service.close()
            self._service = None

    def _previous(self, xml: bytes, answer: Any) -> Timbrado:
        if answer.xml:
            return _timbrado(xml, answer, previous=True)
        found = self.recover(xml)
        if found is None:
            raise PacInDoubt("El PAC dice que el comprobante ya tiene timbre, y no lo entrega.", STAMPED_BEFORE)
        return found

    def _call(self, operation: str, xml: bytes) -> Any:
        if self._service is None:
            self._service = SoapService(_WSDL, _BINDING, self.url + _PATH, **self._timeouts)
        # zeep encodes base64Binary itself
        answer = self._service.call(operation, xml=xml, username=self._username, password=self._password)
        if answer is None:
            raise PacInDoubt("El PAC respondió sin contenido.")
        return answer


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
