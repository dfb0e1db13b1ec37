"""The SAT's ConsultaCFDIService, about what this simulator has stamped."""

from __future__ import annotations

from html import unescape

from . import soap
from .cancelling import INVALID_EXPRESSION, Status
from .service import Service
from .wire import Call, Request, Response

NAME = "sat"
PATH = "/ConsultaCFDIService.svc"
TNS = "http://tempuri.org/"
TYPES = "http://schemas.datacontract.org/2004/07/Sat.Cfdi.Negocio.ConsultaCfdi.Servicio"
_NEEDED = {"re", "rr", "tt", "id"}


def call(service: Service, request: Request) -> Call | None:
    """The call in `request`, None if it is for somebody else. :raises BadRequest:"""
    if request.path != PATH:
        return None
    operation, arguments = soap.read(request.body, TNS)
    if (
        operation != "Consulta"
        or request.headers.get("SOAPAction", "").strip('"') != f"{TNS}IConsultaCFDIService/Consulta"
    ):
        raise soap.bad("there is only Consulta")

    def run(fault: str) -> Response:
        status = _status(service, arguments.get("expresionImpresa", ""))
        return soap.answer(TNS, TYPES, operation, None if fault == "empty" else answered(status, fault))

    return Call(NAME, "status", run, soap.fault)


def answered(status: Status, fault: str) -> dict[str, str]:
    """`status` in the words of the service, and as a fault on command wants it."""
    if fault == "not_found_yet":
        status = Status()
    elif fault == "invalid_expression":
        status = INVALID_EXPRESSION
    return {
        "CodigoEstatus": status.codigo,
        "EsCancelable": status.cancelable,
        "Estado": "Desconocido" if fault == "wrong_status" else status.estado,
        "EstatusCancelacion": status.cancelacion,
        "ValidacionEFOS": "200",
    }


def _status(service: Service, expression: str) -> Status:
    """:param expression: ?re=..&rr=..&tt=..&id=..&fe=.., with & inside of a value written &amp;"""
    if not expression.startswith("?"):
        return INVALID_EXPRESSION
    # & between the fields and &amp; inside: tell them apart before unescaping
    pieces = expression[1:].replace("&amp;", "\0").split("&")
    fields = {name: unescape(value.replace("\0", "&")) for name, _, value in (piece.partition("=") for piece in pieces)}
    if not fields.keys() >= _NEEDED or not all(fields[name] for name in _NEEDED):
        return INVALID_EXPRESSION
    return service.status(fields["id"], fields["re"], fields["rr"], fields["tt"], fields.get("fe", ""))
