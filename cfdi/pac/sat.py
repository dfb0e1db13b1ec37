"""The SAT's own answer about a CFDI: ConsultaCFDIService, free and without an account.

CodigoEstatus  S - the SAT has it; N - 601 the expression is not valid; N - 602 it was not found
Estado         Vigente, Cancelado, No Encontrado
EsCancelable   Cancelable sin aceptación, Cancelable con aceptación, No cancelable
EstatusCancelacion  empty, En proceso, Cancelado sin aceptación, Cancelado con aceptación, Plazo vencido,
                    Solicitud rechazada

The receiver has 72 hours to answer the first request; of a second one "En proceso" may last for ever. 601 and 602
come and go, above all in the minutes after stamping: they say nothing, and never that a CFDI is cancelled.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ..timbre import printed_total, verification_address
from .answers import sat_status
from .base import CfdiQuery, SatStatus
from .http import is_local
from .soap import SoapClient

SAT_URL = "https://consultaqr.facturaelectronica.sat.gob.mx"

_PATH = "/ConsultaCFDIService.svc"
_BINDING = "{http://tempuri.org/}BasicHttpBinding_IConsultaCFDIService"


class SatConsulta(SoapClient):
    """:param url: SAT_URL, or the address of a simulator; without path. Time-outs: see `http.Client`."""

    name = "sat"

    def __init__(self, url: str = SAT_URL, **timeouts: float):
        super().__init__(url, "", "", **timeouts)

    def status(self, query: CfdiQuery) -> SatStatus:
        """See `base.Pac`."""
        service = self._service("sat_consulta.wsdl", _BINDING, _PATH)
        answer = service.call("Consulta", expresionImpresa=expresion_impresa(query))
        return sat_status(answer.Estado, answer.EsCancelable, answer.EstatusCancelacion, answer.CodigoEstatus)


class AsksTheSat:
    """For adapters of PACs that do not say what the SAT says: `status`, from the SAT itself.

    Of what a simulator stamped, that simulator's SAT is asked. Of what a PAC's test environment stamped the SAT knows
    nothing: it answers that it was not found.
    """

    url: str
    _timeouts: dict[str, float]
    _sat: SatConsulta | None = None

    def status(self, query: CfdiQuery) -> SatStatus:
        """See `base.Pac`."""
        if self._sat is None:
            self._sat = SatConsulta(self.url if is_local(self.url) else SAT_URL, **self._timeouts)
        return self._sat.status(query)

    def close(self) -> None:
        """Let go of the connections."""
        if self._sat is not None:
            self._sat.close()
            self._sat = None
        super().close()  # type: ignore[misc]


def expresion_impresa(query: CfdiQuery) -> str:
    """What the service is asked with: the data of the QR.

    The service reads it as XML, so that the & of an RFC is written &amp; here, and escaped once more on its way.
    """
    fields = {
        "re": escape(query.issuer_rfc),
        "rr": escape(query.receiver_rfc),
        "tt": printed_total(query.total),
        "id": query.uuid.upper(),
        "fe": query.seal[-8:],
    }
    return "?" + "&".join(f"{key}={value}" for key, value in fields.items())


def verification_url(query: CfdiQuery) -> str:
    """The SAT's page about this CFDI, as its QR has it."""
    return verification_address(
        uuid=query.uuid.upper(),
        issuer=query.issuer_rfc,
        receiver=query.receiver_rfc,
        total=query.total,
        seal=query.seal,
    )
