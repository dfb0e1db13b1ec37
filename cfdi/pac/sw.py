"""SW Sapien (SmarterWEB), REST. Its paths say cfdi33 and take CFDI 4.0.

Every comprobante goes with a name of its own (customid), made of its bytes: sent again, it is answered with 307 and its
first timbre, and no second one is given within the 72 hours in which a PAC may stamp at all. There is no operation that
asks for a timbre without its UUID, so that a comprobante in doubt is sent again. What the SAT says comes from the SAT.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from .answers import cancel_answer, check_request, check_timbrado, refusal
from .base import CancelAnswer, Capabilities, PacError, PacInDoubt, PacUnavailable, Timbrado
from .http import Client, check_timeouts, network_error, new_session
from .sat import AsksTheSat

PRODUCTION = "https://services.sw.com.mx"
TEST = "https://services.test.sw.com.mx"

STAMPED_BEFORE = "307"
_SAME_NAME = "CFDI3307"
_MARGIN = 60
"""Seconds before its end in which a token is not used any more."""
_READABLE = frozenset({200, 400, 401})
"""Statuses with which the PAC itself answers; 5xx is no answer, whatever comes with it."""
_CODE = re.compile(r"\s*([A-Z]*\d+)\b")

_tokens: dict[tuple[str, str, str], tuple[str, float]] = {}
"""By address, user and digest of the password: a token is good for two hours, an adapter lives for one document."""
_tokens_lock = threading.Lock()


class Sw(AsksTheSat, Client):
    """PAC adapter for stamping (v4, with customid) and cancelling with a signed request.

    :param now: seconds since the epoch, to know which token is still good. For the others see `http.Client`.
    """

    name = "sw"
    capabilities = Capabilities(recover=False, cancel=True, status=True, resend=True)

    def __init__(
        self, url: str, username: str, password: str, *, now: Callable[[], float] = time.time, **timeouts: float
    ):
        super().__init__(url, username, password, **timeouts)
        self._now = now
        self._session: Any = None

    def stamp(self, xml: bytes) -> Timbrado:
        """See `base.Pac`. A comprobante that was stamped before (307) gives its first timbre."""
        name = hashlib.sha256(xml).hexdigest()
        answer = self._authorized("/v4/cfdi33/stamp/v4", xml, {"customid": name})
        data = _data(answer)
        code, message = self._reason(answer)
        previous = code == STAMPED_BEFORE
        if answer.get("status") == "success" or (previous and data.get("cfdi")):
            stamped = str(data.get("cfdi") or "").encode()
            return check_timbrado(xml, stamped, uuid=data.get("uuid"), previous=previous)
        if previous:
            raise PacInDoubt("El PAC dice que el comprobante ya tiene timbre, y no lo entrega.", code)
        if code == _SAME_NAME:
            raise PacInDoubt(message, code)  # the name is made of the bytes: something was stamped with it
        raise _refused(code, message)

    def cancel(self, request: bytes, *, uuid: str) -> CancelAnswer:
        """See `base.Pac`."""
        check_request(request, uuid)
        answer = self._authorized("/cfdi33/cancel/xml", request)
        data = _data(answer)
        folios = data.get("uuid")
        code, message = self._reason(answer)
        if isinstance(folios, dict):
            found = [(str(folio), str(status), message) for folio, status in folios.items()]
            return cancel_answer(uuid, found, acuse=str(data.get("acuse") or ""))
        if answer.get("status") == "success":
            raise PacInDoubt("El PAC no dijo qué fue de la cancelación.")
        raise _refused(code, message)

    def check(self) -> None:
        """See `base.Pac`: asks for a token."""
        self._new_token()

    def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None
        super().close()

    def _authorized(self, path: str, xml: bytes, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The answer to `xml`. A token that is refused (not processed) is renewed once."""
        for token in (self._token, self._new_token):
            answer = self._post(
                path,
                files={"xml": ("xml", xml, "text/xml")},
                headers={**(headers or {}), "Authorization": f"Bearer {token()}"},
            )
            if answer is not None:
                return answer
        raise PacUnavailable("El PAC no aceptó el permiso que él mismo acaba de dar.")

    def _token(self) -> str:
        with _tokens_lock:
            token, end = _tokens.get(self._account, ("", 0))
        return token if self._now() < end - _MARGIN else self._new_token()

    def _new_token(self) -> str:
        """:raises PacUnavailable: user or password are wrong, or the PAC does not answer: nothing was sent yet"""
        try:
            answer = self._post("/v2/security/authenticate", json={"user": self._username, "password": self._password})
        except PacInDoubt as error:
            raise PacUnavailable(error.message, error.code) from error
        if answer is None:
            raise PacUnavailable("El PAC no reconoció al usuario.")
        data = _data(answer)
        token = data.get("token")
        if answer.get("status") != "success" or not token or not isinstance(token, str):
            code, message = self._reason(answer)
            raise PacUnavailable(message or "El PAC no reconoció al usuario.", code)
        try:
            end = float(data.get("expires_in") or 0)
        except (TypeError, ValueError):
            end = 0.0  # good for this once
        with _tokens_lock:
            _tokens[self._account] = (token, end)
        return token

    @property
    def _account(self) -> tuple[str, str, str]:
        return self.url, self._username, hashlib.sha256(self._password.encode()).hexdigest()

    def _post(self, path: str, **request: Any) -> dict[str, Any] | None:
        """The JSON object that was answered; None when the PAC refused the token: nothing was processed.

        :raises PacUnavailable: it never reached the PAC. :raises PacInDoubt: it may have.
        """
        import requests

        timeouts = check_timeouts(**self._timeouts)
        if self._session is None:
            self._session = new_session(self.url, processed=frozenset({401}))
        try:
            response = self._session.post(self.url + path, timeout=timeouts, allow_redirects=False, **request)
        except PacError:
            raise
        except requests.RequestException as error:
            raise network_error(error) from error
        if response.status_code not in _READABLE:
            raise PacInDoubt(f"El PAC respondió con un error (HTTP {response.status_code}).")
        try:
            answer = response.json()
        except ValueError as error:
            if response.status_code == 401:
                return None
            raise PacInDoubt("No se entiende la respuesta del PAC.") from error
        if not isinstance(answer, dict):
            raise PacInDoubt("No se entiende la respuesta del PAC.")
        if response.status_code == 401 and "Authorization" in request.get("headers", {}):
            return None
        return answer

    @staticmethod
    def _reason(answer: dict[str, Any]) -> tuple[str, str]:
        """Code and text of an answer: "CFDI40102 - El resultado ...", "307. El comprobante ..."."""
        texts = [str(answer.get(name) or "").strip() for name in ("message", "messageDetail")]
        message = " ".join(filter(None, texts))
        found = _CODE.match(message)
        return found[1] if found else "", message


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _refused(code: str, message: str) -> PacError:
    """AU...: the account, or its stamps."""
    message = message or "Sin explicación del PAC."
    return PacUnavailable(message, code) if code.startswith("AU") else refusal(code, message)
