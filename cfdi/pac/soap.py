"""SOAP over zeep for the PAC adapters: time-outs, transport rules, and what each failure means."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .base import PacError, PacInDoubt, PacUnavailable

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
    if parts.scheme == "http" and not _is_local(url):
        raise ValueError(f"El PAC tiene que usar https: {url}")
    return url


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in _LOCAL


class SoapService:
    """One service of a PAC, from a WSDL of ours and the address of the moment.

    Not shared between threads: one adapter, one thread.

    :param connect_timeout, timeout: seconds to connect, and between bytes of the answer. Mandatory.
    """

    def __init__(self, wsdl: Path, binding: str, url: str, *, connect_timeout: float, timeout: float):
        if connect_timeout <= 0 or timeout <= 0:
            raise ValueError("time-outs are mandatory")
        # zeep takes a third of a second to import: only who sends pays it
        import requests
        import zeep

        session = requests.Session()
        # A redirect would send the credentials somewhere else, or become a GET that looks like an answer.
        session.max_redirects = 0
        # A proxy of the environment is for what leaves this machine.
        session.trust_env = not _is_local(url)
        session.hooks["response"].append(_check_status)
        transport = zeep.Transport(session=session, timeout=timeout)
        transport.operation_timeout = (connect_timeout, timeout)
        settings = zeep.Settings(strict=False, xml_huge_tree=False, forbid_entities=True)
        client = zeep.Client(str(wsdl), transport=transport, settings=settings)
        self._service = client.create_service(binding, check_url(url))
        self._session = session

    def call(self, operation: str, **arguments: Any) -> Any:
        """The answer of `operation`.

        :raises PacUnavailable: it never reached the PAC. :raises PacInDoubt: it may have.
        """
        import requests
        import zeep.exceptions

        try:
            return self._service[operation](**arguments)
        except PacError:
            raise
        except requests.RequestException as error:
            raise _network_error(error) from error
        except zeep.exceptions.TransportError as error:
            raise PacInDoubt(f"El PAC respondió con un error (HTTP {error.status_code}).") from error
        except zeep.exceptions.Fault as error:
            raise PacInDoubt(f"El PAC respondió con una falla: {error.message}") from error
        except Exception as error:
            # Whatever cannot be read as an answer: zeep raises its own, lxml's and plain Python errors here.
            raise PacInDoubt(f"No se entiende la respuesta del PAC ({type(error).__name__}).") from error

    def close(self) -> None:
        self._session.close()


def _check_status(response: Any, **_options: Any) -> None:
    """Before zeep looks: it takes any page of HTML for a SOAP fault, whatever its status."""
    if response.status_code in _NOT_PROCESSED:
        raise PacUnavailable(f"El PAC no aceptó la petición (HTTP {response.status_code}).")


def _network_error(error: Exception) -> PacUnavailable | PacInDoubt:
    """Unavailable only when the request cannot have left this machine; in doubt otherwise."""
    import requests

    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return PacUnavailable("No se pudo conectar con el PAC.")
    if isinstance(error, requests.exceptions.Timeout):
        return PacInDoubt("El PAC no respondió a tiempo.")
    return PacInDoubt("Se cortó la comunicación con el PAC antes de recibir su respuesta.")


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
