"""HTTP for the PAC adapters: time-outs, limits, and what each failure means."""

from __future__ import annotations

import ssl
import time
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from .base import Capabilities, PacError, PacInDoubt, PacUnavailable

MAX_ANSWER = 24 * 1024 * 1024
"""A comprobante of 16 MiB (`secure_xml.MAX_BYTES`) in base64, and its envelope."""
MAX_SECONDS = 300
"""For the body of an answer: the time-out is between its bytes, and some servers trickle."""
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_NOT_PROCESSED = frozenset({401, 403, 404, 405, 407, 413, 415, 429})
"""Answers of the web server in front: the PAC's application never saw the request."""


def check_url(url: str) -> str:
    """`url` if credentials and documents may travel to it: https, or this machine.

    :raises ValueError: plain http to another machine, or not an address.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError(f"No es una dirección de un PAC: {url}")
    if parts.scheme == "http" and not is_local(url):
        raise ValueError(f"El PAC tiene que usar https: {url}")
    return url


def is_local(url: str) -> bool:
    """Whether `url` is of this machine, as a simulator's is."""
    return urlsplit(url).hostname in _LOCAL


def new_session(url: str, *, processed: frozenset[int] = frozenset()) -> Any:
    """A session of `requests` for the server of `url`.

    It follows no redirect, reads no more than MAX_ANSWER, and takes an answer of the web server in front for what it
    is: not processed.

    :param processed: statuses with which this PAC's application itself answers.
    """
    # requests and zeep take a third of a second to import: only who sends pays it
    import requests

    session = requests.Session()
    # A redirect would send the credentials somewhere else, or become a GET that looks like an answer.
    session.max_redirects = 0
    # A proxy of the environment is for what leaves this machine.
    session.trust_env = not is_local(check_url(url))
    refused = _NOT_PROCESSED - processed

    def check(response: Any, **_options: Any) -> None:
        # Before zeep looks: it takes any page of HTML for a SOAP fault, whatever its status.
        if response.status_code in refused:
            raise PacUnavailable(f"El PAC no aceptó la petición (HTTP {response.status_code}).")
        _read(response)

    session.hooks["response"].append(check)
    return session


def check_timeouts(connect_timeout: float, timeout: float) -> tuple[float, float]:
    """Both, as requests takes them. :raises ValueError: one is missing"""
    if connect_timeout <= 0 or timeout <= 0:
        raise ValueError("time-outs are mandatory")
    return connect_timeout, timeout


def network_error(error: Exception) -> PacUnavailable | PacInDoubt:
    """What a `RequestException` means: unavailable only when the request cannot have left this machine."""
    import requests

    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return PacUnavailable("No se pudo conectar con el PAC.")
    if isinstance(error, requests.exceptions.Timeout):
        return PacInDoubt("El PAC no respondió a tiempo.")
    return PacInDoubt("Se cortó la comunicación con el PAC antes de recibir su respuesta.")


def _discreet(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method` of a `Client`, whose errors do not repeat the password even if the PAC did."""

    @wraps(method)
    def call(self: Client, *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, *arguments, **named)
        except PacError as error:
            secret = self._password
            if not secret or secret not in "".join(traceback.format_exception(error)):
                raise
            hidden = type(error)(error.message.replace(secret, "***"), error.code)
        # out here, so that neither cause nor context come along
        raise hidden

    return call


_AFTER_DOUBT = {
    "resend": "Este PAC no dice si un comprobante ya tiene timbre: envíe los mismos bytes otra vez, que los reconoce.",
    "person": "Este PAC no dice si un comprobante ya tiene timbre: búsquelo en su portal antes de enviarlo otra vez.",
}


class Client:
    """What all adapters have in common: where, who and how long.

    :param url: of the PAC, without path.
    :param connect_timeout, timeout: seconds to connect, and between bytes of the answer.
    """

    name = ""
    capabilities = Capabilities(recover=False, cancel=False, status=False, resend=False)

    def __init__(self, url: str, username: str, password: str, *, connect_timeout: float = 10, timeout: float = 60):
        self.url = check_url(url.rstrip("/"))
        self._username, self._password = username, password
        self._timeouts = {"connect_timeout": connect_timeout, "timeout": timeout}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("stamp", "recover", "cancel", "status", "check"):
            if name in cls.__dict__:
                setattr(cls, name, _discreet(cls.__dict__[name]))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"  # never the credentials

    def recover(self, xml: bytes) -> Any:  # noqa: ARG002 - of those that cannot be asked
        """See `base.Pac`. :raises PacUnavailable: this PAC cannot be asked"""
        raise PacUnavailable(_AFTER_DOUBT[self.capabilities.after_doubt])

    def cancel(self, request: bytes, *, uuid: str) -> Any:  # noqa: ARG002
        """See `base.Pac`. :raises PacUnavailable: this PAC does not cancel"""
        raise PacUnavailable("Con este PAC no se cancela desde aquí: hágalo en su portal o en el del SAT.")

    def close(self) -> None:
        """Let go of the connections."""


def _read(response: Any) -> None:
    """The body, up to the limits; `requests` would read without end."""
    content, end = bytearray(), time.monotonic() + MAX_SECONDS
    for chunk in response.iter_content(64 * 1024):
        content += chunk
        if len(content) > MAX_ANSWER or time.monotonic() > end:
            response.close()
            raise PacInDoubt("La respuesta del PAC no termina.")
    # as Response.content does it, which finds it here
    response._content = bytes(content)


def _never_connected(error: BaseException | None) -> bool:
    """Whether a connection (TCP or the check of the server's certificate) failed before anything was sent."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    seen: set[int] = set()
    pending = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)):
            return True
        pending += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        pending += [arg for arg in current.args if isinstance(arg, BaseException)]
    return False
