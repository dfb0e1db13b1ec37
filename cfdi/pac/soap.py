"""SOAP over zeep for the PAC adapters."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ..namespaces import XSI
from .base import PacError, PacInDoubt
from .http import Client, check_timeouts, network_error, new_session

_QUIET = logging.Logger("zeep", logging.CRITICAL + 1)
"""In the place of zeep's own, which writes whole requests, password and all, where the log says everything."""
_XSI_TYPE = f"{{{XSI}}}type"


class SoapService:
    """One service of a PAC, from a WSDL of ours and the address of the moment.

    Not shared between threads: one adapter, one thread.

    :param connect_timeout, timeout: seconds to connect, and between bytes of the answer. Mandatory.
    """

    def __init__(self, wsdl: Path, binding: str, url: str, *, connect_timeout: float, timeout: float):
        timeouts = check_timeouts(connect_timeout, timeout)
        # zeep takes a third of a second to import: only who sends pays it
        import zeep

        session = new_session(url)
        transport = zeep.Transport(session=session, timeout=timeout)
        transport.operation_timeout = timeouts
        transport.logger = _QUIET
        settings = zeep.Settings(strict=False, xml_huge_tree=False, forbid_entities=True)
        client = zeep.Client(str(wsdl), transport=transport, settings=settings, plugins=[_Untyped()])
        self._service = client.create_service(binding, url)
        self._session = session

    def call(self, operation: str, **arguments: Any) -> Any:
        """The answer of `operation`, never None.

        :raises PacUnavailable: it never reached the PAC. :raises PacInDoubt: it may have.
        """
        import requests
        import zeep.exceptions

        try:
            answer = self._service[operation](**arguments)
        except PacError:
            raise
        except requests.RequestException as error:
            raise network_error(error) from error
        except zeep.exceptions.TransportError as error:
            raise PacInDoubt(f"El PAC respondió con un error (HTTP {error.status_code}).") from error
        except zeep.exceptions.Fault as error:
            raise PacInDoubt(f"El PAC respondió con una falla: {error.message}") from error
        except Exception as error:
            # Whatever cannot be read as an answer: zeep raises its own, lxml's and plain Python errors here.
            raise PacInDoubt(f"No se entiende la respuesta del PAC ({type(error).__name__}).") from error
        if answer is None:
            raise PacInDoubt("El PAC respondió sin contenido.")
        return answer

    def close(self) -> None:
        self._session.close()


class _Untyped:
    """A plugin of zeep: answers are read as our descriptions say, whatever types they claim to be of.

    A type that is not described would make the whole answer unreadable.
    """

    def egress(self, envelope: Any, headers: Any, _operation: Any, _options: Any) -> tuple[Any, Any]:
        return envelope, headers

    def ingress(self, envelope: Any, headers: Any, _operation: Any) -> tuple[Any, Any]:
        for element in envelope.iter("*"):
            element.attrib.pop(_XSI_TYPE, None)
        return envelope, headers


class SoapClient(Client):
    """What adapters over SOAP have in common: see `Client`, and the services that were opened."""

    def __init__(self, url: str, username: str, password: str, **timeouts: float):
        super().__init__(url, username, password, **timeouts)
        self._services: dict[str, SoapService] = {}

    def _service(self, wsdl: str, binding: str, path: str) -> SoapService:
        """The service described in the file `wsdl` of this folder, kept open."""
        if wsdl not in self._services:
            location = Path(__file__).with_name(wsdl)
            self._services[wsdl] = SoapService(location, binding, self.url + path, **self._timeouts)
        return self._services[wsdl]

    def close(self) -> None:
        """Let go of the connections."""
        for service in self._services.values():
            service.close()
        self._services.clear()
