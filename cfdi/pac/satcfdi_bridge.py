"""The PACs that the package satcfdi speaks and we do not: Prodigia, Diverza, Comercio Digital, MYSuite.

satcfdi knows their requests; what an answer means is decided here. It is run with an HTTP of ours (time-outs, limits,
no redirects) and sends the very bytes that were sealed, which it would write anew. It is asked for the XML and nothing
else. None of them can be asked for a timbre without its UUID, and none takes a signed request to cancel from satcfdi.

Only Prodigia is known to recognize the same bytes when they come again (it is asked to hand out the first timbre with
its 307). Diverza says that it gives a timbre a request, and only one a reference (`ref-id`): each document has one made
of its bytes, but that it holds in this service is not documented. With the other three, a document in doubt is for a
person. Facturama is not here: it takes no sealed comprobante. Nothing was tried with an account.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import importlib.util
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from ..errors import CfdiError
from ..namespaces import cfdi, tfd
from ..secure_xml import parse_xml
from .answers import check_timbrado, refusal
from .base import Capabilities, PacError, PacInDoubt, PacUnavailable, Timbrado
from .http import Client, check_timeouts, network_error, new_session
from .sat import AsksTheSat

STAMPED_BEFORE = "307"
_NEVER_RESENT = Capabilities(recover=False, cancel=False, status=True, resend=False)
_RESENT = Capabilities(recover=False, cancel=False, status=True, resend=True)
_CODE = re.compile(r"\b[A-Z]{2,6}\d{3,6}\b|^\s*[34]\d\d\b")


@dataclass(frozen=True, slots=True)
class Bridged:
    """A PAC of satcfdi.

    module, adapter: there. account: arguments of the adapter for a user and a password, and in Spanish what they are.
    reason: code and text of an answer that says no. previous: the XML that an answer 307 hands out. stamped: the XML of
    an answer that says yes, where satcfdi does not hand it out as it came.
    """

    module: str
    adapter: str
    label: str
    capabilities: Capabilities
    production: str
    test: str
    account: str
    arguments: Callable[[str, str], dict[str, str]]
    reason: Callable[[Any], tuple[str, str]]
    previous: Callable[[Any], bytes] = lambda _response: b""
    stamped: Callable[[Any, bytes], bytes] | None = None
    reference: str = ""


class SatcfdiBridge(AsksTheSat, Client):
    """PAC adapter for one of BRIDGED.

    :param environment: production, test or simulator; at Prodigia the paths of both differ, not the address.
    For the others see `http.Client`. :raises ValueError: the user is not written as `Bridged.account` says.
    """

    def __init__(
        self, bridged: Bridged, url: str, username: str, password: str, *, environment: str, **timeouts: float
    ):
        super().__init__(url, username, password, **timeouts)
        self.name = f"satcfdi:{bridged.module}"
        self.capabilities = bridged.capabilities
        self._bridged, self._test = bridged, environment == "test"
        self._arguments = bridged.arguments(username, password)
        self._http: _Http | None = None

    def __repr__(self) -> str:
        return f"<{self._bridged.adapter} {self.url}>"

    def stamp(self, xml: bytes) -> Timbrado:
        """See `base.Pac`."""
        import requests
        from satcfdi.pacs import Accept

        reference = hashlib.sha256(xml).hexdigest()
        more = {self._bridged.reference: reference} if self._bridged.reference else {}
        http = self._connection()
        http.sent, http.last = False, None
        answer, failure = None, ""
        try:
            answer = self._pac(http).stamp(_sealed(xml), accept=Accept.XML, **more)
        except PacError:
            raise
        except requests.RequestException as error:
            raise network_error(error) from error
        except Exception as error:  # noqa: BLE001 - satcfdi raises whatever it stumbles over
            failure = type(error).__name__
        # out here, since satcfdi's errors hold the whole exchange, credentials and all, and would come along
        if failure and not http.sent:
            raise PacUnavailable(f"No se envió el comprobante ({failure}).")
        if failure:
            return self._refused(xml, http.last)
        if http.last is None or not isinstance(getattr(answer, "xml", None), bytes):
            raise PacInDoubt("El PAC respondió sin contenido.")
        stamped = self._bridged.stamped(http.last, xml) if self._bridged.stamped else answer.xml
        return check_timbrado(xml, stamped, uuid=answer.document_id)

    def check(self) -> None:
        """See `base.Pac`. Only the address can be tried.

        :raises PacUnavailable: always: nobody is there, or user and password cannot be tried
        """
        import requests

        # whatever it answers, it is there
        with new_session(self.url, processed=frozenset(range(400, 500))) as session:
            try:
                session.get(f"{self.url}/", timeout=check_timeouts(**self._timeouts), allow_redirects=False)
            except requests.RequestException as error:
                raise network_error(error) from error
        raise PacUnavailable("La dirección responde; este PAC no permite probar usuario y contraseña sin timbrar.")

    def close(self) -> None:
        """Let go of the connections."""
        if self._http is not None:
            self._http.close()
            self._http = None
        super().close()

    def _refused(self, xml: bytes, response: Any) -> Timbrado:
        """The first timbre, if the answer hands it out. :raises PacError: what it means otherwise"""
        if response is None:
            raise PacInDoubt("No se entiende la respuesta del PAC.")
        if response.status_code >= 500:
            raise PacInDoubt(f"El PAC respondió con un error (HTTP {response.status_code}).")
        try:
            code, message = self._bridged.reason(response)
            found = self._bridged.previous(response) if code == STAMPED_BEFORE else b""
        except (CfdiError, ValueError, LookupError, AttributeError, TypeError):
            raise PacInDoubt("No se entiende la respuesta del PAC.") from None
        if found:
            return check_timbrado(xml, found, previous=True)
        raise refusal(code, message or "El PAC no devolvió ni timbre ni motivo.")

    def _pac(self, http: _Http) -> Any:
        """satcfdi's adapter, in a copy of its module whose `requests` is ours."""
        name = f"satcfdi.pacs.{self._bridged.module}"
        importlib.import_module(name)
        spec = importlib.util.find_spec(name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.requests = http
        environment = module.Environment.TEST if self._test else module.Environment.PRODUCTION
        return getattr(module, self._bridged.adapter)(**self._arguments, environment=environment)

    def _connection(self) -> _Http:
        if self._http is None:
            self._http = _Http(self.url, check_timeouts(**self._timeouts))
        return self._http


class _Http:
    """What satcfdi uses of `requests`. Whatever host it names, requests go to the address of the adapter."""

    def __init__(self, url: str, timeouts: tuple[float, float]):
        self._url, self._timeouts = url, timeouts
        self._session = new_session(url)
        self.sent, self.last = False, None

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.sent = True
        response = self._session.request(
            method, self._url + urlsplit(url).path, timeout=self._timeouts, allow_redirects=False, **options
        )
        self.last = response
        if response.status_code in range(300, 400):
            raise PacInDoubt(f"El PAC respondió con un error (HTTP {response.status_code}).")
        return response

    def post(self, url: str, **options: Any) -> Any:
        return self.request("post", url, **options)

    def close(self) -> None:
        self._session.close()


def _sealed(xml: bytes) -> Any:
    """The comprobante for satcfdi: its data as satcfdi reads them, its bytes as they were sealed."""
    from satcfdi.cfdi import CFDI

    class Sealed(CFDI):
        def xml_bytes(self, *_arguments: Any, xml_declaration: bool = True, **_options: Any) -> bytes:
            return xml if xml_declaration else etree.tostring(parse_xml(xml), encoding="utf-8")

    return Sealed.from_xml(parse_xml(xml))


def _split(names: str) -> Callable[[str, str], dict[str, str]]:
    """Arguments of an adapter: the user is written as several of them, with a colon between."""
    *firsts, secret = names.split()

    def arguments(username: str, password: str) -> dict[str, str]:
        parts = username.split(":")
        if len(parts) != len(firsts) or not all(parts):
            raise ValueError(f"El usuario de este PAC se escribe con {len(firsts) - 1} signos de dos puntos.")
        return {**dict(zip(firsts, parts, strict=True)), secret: password}

    return arguments


def _coded(message: str) -> tuple[str, str]:
    found = _CODE.search(message)
    return found[0].strip() if found else "", message


def _prodigia(response: Any) -> tuple[str, str]:
    answer = response.json()["servicioTimbrado"]
    return str(answer["codigo"]), str(answer.get("mensaje") or "")


def _prodigia_previous(response: Any) -> bytes:
    return base64.b64decode(response.json()["servicioTimbrado"].get("xmlBase64") or "")


def _diverza(response: Any) -> tuple[str, str]:
    answer = response.json()
    return _coded(" ".join(str(answer[name]) for name in ("message", "error_details") if answer.get(name)))


def _comercio_digital(response: Any) -> tuple[str, str]:
    return response.headers["codigo"].strip(), response.headers.get("errmsg", "")


def _mysuite(response: Any) -> tuple[str, str]:
    root = parse_xml(response.content)
    texts = [root.findtext(f".//{{*}}Response/{{*}}{name}", "") for name in ("Code", "Description", "Hint")]
    return _coded(" ".join(filter(None, texts)))


def _mysuite_stamped(response: Any, xml: bytes) -> bytes:
    """It answers the timbre alone, which goes where the Anexo 20 has it."""
    try:
        data = parse_xml(response.content).findtext(".//{*}ResponseData/{*}ResponseData1", "")
        timbre = parse_xml(base64.b64decode(data))
        root = deepcopy(parse_xml(xml))
    except (CfdiError, ValueError) as error:
        raise PacInDoubt("No se entiende la respuesta del PAC.") from error
    if timbre.tag != tfd("TimbreFiscalDigital"):
        raise PacInDoubt("El PAC no devolvió un timbre.")
    complement = root.find(cfdi("Complemento"))
    if complement is None:
        complement = etree.SubElement(root, cfdi("Complemento"))
    complement.append(timbre)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


BRIDGED = (
    Bridged(
        module="prodigia",
        adapter="Prodigia",
        label="Prodigia (por satcfdi)",
        capabilities=_RESENT,
        production="https://timbrado.pade.mx",
        test="https://timbrado.pade.mx",
        account="Usuario: contrato:usuario.",
        arguments=_split("contrato user password"),
        reason=_prodigia,
        previous=_prodigia_previous,
    ),
    Bridged(
        module="diverza",
        adapter="Diverza",
        label="Diverza (por satcfdi)",
        capabilities=_NEVER_RESENT,
        production="https://servicios.diverza.com",
        test="https://serviciosdemo.diverza.com",
        account="Usuario: RFC:id. Contraseña: el token.",
        arguments=_split("rfc id token"),
        reason=_diverza,
        reference="ref_id",
    ),
    Bridged(
        module="comerciodigital",
        adapter="ComercioDigital",
        label="Comercio Digital (por satcfdi)",
        capabilities=_NEVER_RESENT,
        production="https://ws.comercio-digital.mx",
        test="https://pruebas.comercio-digital.mx",
        account="",
        arguments=_split("user password"),
        reason=_comercio_digital,
    ),
    Bridged(
        module="mysuite",
        adapter="MYSuite",
        label="MYSuite (por satcfdi)",
        capabilities=_NEVER_RESENT,
        production="https://www.mysuitecfdi.com",
        test="https://www.mysuitetest.com",
        account="Usuario: país:usuario, como MX:usuario. Contraseña: el requestor.",
        arguments=_split("country user_name requestor"),
        reason=_mysuite,
        stamped=_mysuite_stamped,
    ),
)
