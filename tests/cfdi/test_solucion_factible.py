"""The Solución Factible adapter: what its answers mean. The battery is in test_pacs."""

from contextlib import closing

import pytest

from cfdi.pac import PacInDoubt, PacRejected, PacUnavailable
from cfdi.pac.solucion_factible import SolucionFactible
from pac_server import bad_server, http_answer

UUID = "11111111-2222-4333-8444-55555555ABCD"
_TNS = "http://timbrado.ws.cfdi.solucionfactible.com"


def _client(url):
    return closing(SolucionFactible(url, "usuario", "clave", timeout=5))


def _answer(operation, inside):
    """As Axis2 writes it, with types of its own that nobody has described."""
    return http_answer(
        "200 OK",
        (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
            f'<ns:{operation}Response xmlns:ns="{_TNS}"><ns:return xmlns:ax21="{_TNS}/xsd"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ax21:Otro">'
            f"{inside}</ns:return></ns:{operation}Response></soapenv:Body></soapenv:Envelope>"
        ).encode(),
    )


def _result(status, message="", **more):
    values = {"fechaTimbrado": "2026-01-01T00:00:00.000Z", "mensaje": message, "status": status, **more}
    inside = "".join(f"<ax21:{name}>{value}</ax21:{name}>" for name, value in sorted(values.items()))
    return f'<ax21:resultados xmlns:xsi="urn:x" xsi:type="ax21:Otro">{inside}</ax21:resultados>'


def _outer(status, results="", message="algo"):
    return f"<ax21:mensaje>{message}</ax21:mensaje>{results}<ax21:status>{status}</ax21:status>"


_RULE = "Error de validaciones adicionales [Error #CFDI40145] El campo Nombre"


@pytest.mark.parametrize(
    ("inside", "error", "code"),
    [
        (_outer(601), PacUnavailable, "601"),
        (_outer(503), PacUnavailable, "503"),
        (_outer(500), PacInDoubt, "500"),
        (_outer(621), PacInDoubt, "621"),
        (_outer(200), PacInDoubt, ""),
        ("<!-- nada -->", PacInDoubt, ""),
        (_outer(200, _result(302, "Sello mal formado")), PacRejected, "302"),
        (_outer(200, _result(301, _RULE)), PacRejected, "CFDI40145"),
        (_outer(200, _result(301, "XML mal formado")), PacRejected, "301"),
        (_outer(200, _result(401, "Fecha")), PacRejected, "401"),
        (_outer(200, _result(307, "timbre previo")), PacInDoubt, "307"),
        (_outer(200, _result(500, "falló")), PacInDoubt, "500"),
        (_outer(200, _result("", "nada")), PacInDoubt, ""),
        (_outer(200, _result(200, "sin XML")), PacInDoubt, ""),
        (_outer(200, _result(200, cfdiTimbrado="PHgvPg==")), PacInDoubt, ""),
        (_outer(500, _result(200, cfdiTimbrado="PHgvPg==")), PacInDoubt, "200"),
        (_outer(200, _result(200) + _result(200)), PacInDoubt, ""),
        (_outer(200, _result(200, cfdiTimbrado="no es base64")), PacInDoubt, ""),
    ],
)
def test_answers_to_a_comprobante(document, inside, error, code):
    with bad_server(_answer("timbrar", inside)) as server, _client(server.url) as pac, pytest.raises(error) as raised:
        pac.stamp(document)
    assert (type(raised.value), raised.value.code) == (error, code)
    assert raised.value.message
    assert b"urn:timbrar" in server.requests[0]


@pytest.mark.parametrize(
    ("inside", "error", "code"),
    [
        (_outer(200, _result(200, statusUUID=201, uuid=UUID)), None, "201"),
        (_outer(200, _result(200, statusUUID=202, uuid=UUID.lower())), None, "202"),
        (_outer(200, _result(200, uuid=UUID)), None, "201"),
        (_outer(200, _result(211, "en proceso", uuid=UUID)), PacUnavailable, "205"),
        (_outer(200, _result(200, statusUUID=211, uuid=UUID)), PacRejected, "211"),
        (_outer(200, _result(205, statusUUID=205, uuid=UUID)), PacUnavailable, "205"),
        (_outer(200, _result(203, statusUUID=203, uuid=UUID)), PacRejected, "203"),
        (_outer(200, _result(500, uuid=UUID)), PacInDoubt, ""),
        (_outer(200, _result(200, statusUUID=201, uuid="otro")), PacInDoubt, ""),
        (_outer(200), PacInDoubt, "200"),
        (_outer(601), PacUnavailable, "601"),
        (_outer(302), PacRejected, "302"),
    ],
)
def test_answers_to_a_request_to_cancel(new_request, inside, error, code):
    answer = _answer("enviarSolicitudCancelacion", inside)
    with bad_server(answer) as server, _client(server.url) as pac:
        if error is None:
            found = pac.cancel(new_request(UUID), uuid=UUID)
            assert (found.code, found.accepted, found.acuse) == (code, True, None)
        else:
            with pytest.raises(error) as raised:
                pac.cancel(new_request(UUID), uuid=UUID)
            assert (type(raised.value), raised.value.code) == (error, code)


def test_after_a_doubt_somebody_has_to_look():
    with _client("http://127.0.0.1:9") as pac:
        assert pac.capabilities.after_doubt == "person"
        with pytest.raises(PacUnavailable, match="portal"):
            pac.recover(b"<x/>")
