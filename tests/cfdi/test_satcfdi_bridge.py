"""The PACs that satcfdi speaks, tried as far as it goes without an account: against servers that answer as they do."""

import base64
import json
import traceback
from contextlib import closing
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from cfdi.namespaces import tfd
from cfdi.pac import PACS, CfdiQuery, Pac, PacInDoubt, PacRejected, PacUnavailable
from cfdi.secure_xml import parse_xml
from pac_server import bad_server, http_answer, json_answer

SECRET = "s3cr3t"
USERS = {
    "satcfdi:prodigia": "contrato:usuario",
    "satcfdi:diverza": "EKU9003173C9:3935",
    "satcfdi:comerciodigital": "usuario",
    "satcfdi:mysuite": "MX:usuario",
}
BRIDGED = sorted(USERS)


def _open(kind, url, environment="simulator", **timeouts):
    timeouts = {"timeout": 5, **timeouts}
    return closing(PACS[kind].open(environment, USERS[kind], SECRET, url=url, **timeouts))


def _base64(data):
    return base64.b64encode(data).decode()


def _mysuite(inside):
    return http_answer(
        "200 OK",
        (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            '<RequestTransactionResponse xmlns="http://www.fact.com.mx/schema/ws"><RequestTransactionResult>'
            f"{inside}</RequestTransactionResult></RequestTransactionResponse></s:Body></s:Envelope>"
        ).encode(),
    )


def _stamped(kind, xml, uuid):
    """How each of them says yes."""
    if kind == "satcfdi:prodigia":
        answer = {"timbradoOk": True, "codigo": 0, "UUID": uuid, "xmlBase64": _base64(xml)}
        return json_answer({"servicioTimbrado": answer})
    if kind == "satcfdi:diverza":
        return json_answer({"uuid": uuid, "content": _base64(xml)})
    if kind == "satcfdi:comerciodigital":
        return http_answer("200 OK", xml, f"codigo: 000\r\nuuid: {uuid}\r\n")
    timbre = etree.tostring(parse_xml(xml).find(f".//{tfd('TimbreFiscalDigital')}"), with_tail=False)
    return _mysuite(f"<ResponseData><ResponseData1>{_base64(timbre)}</ResponseData1></ResponseData>")


def _refused(kind, code, message):
    """How each of them says no."""
    if kind == "satcfdi:prodigia":
        return json_answer({"servicioTimbrado": {"timbradoOk": False, "codigo": code, "mensaje": message}})
    if kind == "satcfdi:diverza":
        return json_answer({"message": f"{code}: {message}"}, "400 Bad Request")
    if kind == "satcfdi:comerciodigital":
        return http_answer("200 OK", b"", f"codigo: {code}\r\nerrmsg: {message}\r\n")
    text = f"<Result>false</Result><Code>{code}</Code><Description>{message}</Description>"
    return _mysuite(f"<Response>{text}</Response>")


def _raised(error, pac, document):
    """Stamping raises this very error."""
    with pytest.raises(error) as raised:
        pac.stamp(document)
    assert type(raised.value) is error
    return raised.value


@pytest.fixture
def timbrado(simulator, document):
    """What a PAC makes of `document`."""
    with closing(PACS["finkok"].open("simulator", "simulador", "simulador", url=simulator.url)) as pac:
        return pac.stamp(document)


def _sent(kind, request):
    """The comprobante in a request, as it arrived."""
    body = request.partition(b"\r\n\r\n")[2]
    if kind == "satcfdi:prodigia":
        return body
    if kind == "satcfdi:diverza":
        return base64.b64decode(json.loads(body)["document"]["content"])
    if kind == "satcfdi:comerciodigital":
        lines, found = body, b""
        while lines:
            size, _, lines = lines.partition(b"\r\n")
            found, lines = found + lines[: int(size, 16)], lines[int(size, 16) + 2 :]
        return found
    return base64.b64decode(etree.fromstring(body).findtext(".//{*}Data1"))


def test_there_they_are():
    assert {kind for kind in PACS if kind.startswith("satcfdi:")} == USERS.keys()
    doubts = {kind: PACS[kind].capabilities.after_doubt for kind in BRIDGED}
    assert doubts.pop("satcfdi:prodigia") == "resend"
    assert set(doubts.values()) == {"person"}
    for kind in BRIDGED:
        capabilities = PACS[kind].capabilities
        assert (capabilities.recover, capabilities.cancel, capabilities.status) == (False, False, True)


@pytest.mark.parametrize("kind", BRIDGED)
def test_stamp(kind, document, timbrado):
    with bad_server(_stamped(kind, timbrado.xml, timbrado.uuid)) as server, _open(kind, server.url) as pac:
        found = pac.stamp(document)
        assert isinstance(pac, Pac)
        assert (pac.name, pac.capabilities) == (kind, PACS[kind].capabilities)
    assert (found.uuid, found.previous) == (timbrado.uuid, False)
    assert found.timbre == timbrado.timbre
    assert len(server.requests) == 1
    arrived = _sent(kind, server.requests[0])
    if kind == "satcfdi:comerciodigital":
        # with a declaration of its own before ours
        assert etree.tostring(etree.fromstring(arrived), method="c14n") == etree.tostring(
            etree.fromstring(document), method="c14n"
        )
    else:
        assert arrived == document
    # the XML, and nothing else
    assert b"GENERAR_PDF" not in server.requests[0]
    if kind == "satcfdi:diverza":
        assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2])["document"]["format"] == "xml"


@pytest.mark.parametrize("kind", BRIDGED)
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("CFDI40145", PacRejected),
        ("302", PacRejected),
        ("307", PacInDoubt),
        ("999", PacInDoubt),
        ("ERR500", PacInDoubt),
    ],
)
def test_refused(kind, document, code, error):
    with bad_server(_refused(kind, code, f"no, {SECRET}")) as server, _open(kind, server.url) as pac:
        raised = _raised(error, pac, document)
    assert raised.code == code or error is PacInDoubt
    assert SECRET not in f"{raised} {pac!r} {''.join(traceback.format_exception(raised))}"


@pytest.mark.parametrize("kind", BRIDGED)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", PacInDoubt),
        (http_answer("200 OK"), PacInDoubt),
        (http_answer("200 OK", b"<html>"), PacInDoubt),
        (http_answer("200 OK", b"{}"), PacInDoubt),
        (http_answer("200 OK", b'<!DOCTYPE e [<!ENTITY a "b">]><e>&a;</e>'), PacInDoubt),
        (http_answer("302 Found", headers="Location: http://127.0.0.1:9/\r\n"), PacInDoubt),
        (http_answer("500 Error", b'{"message": "CFDI40145: no"}'), PacInDoubt),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<x", PacInDoubt),
        (http_answer("401 Unauthorized"), PacUnavailable),
        (http_answer("404 Not Found"), PacUnavailable),
    ],
)
def test_answers_of_a_bad_server(kind, document, answer, error):
    with bad_server(answer) as server, _open(kind, server.url) as pac:
        raised = _raised(error, pac, document)
    assert SECRET not in "".join(traceback.format_exception(raised))


@pytest.mark.parametrize("kind", BRIDGED)
def test_the_timbre_of_another(kind, new_document, timbrado):
    with bad_server(_stamped(kind, timbrado.xml, timbrado.uuid)) as server, _open(kind, server.url) as pac:
        _raised(PacInDoubt, pac, new_document())


@pytest.mark.parametrize("kind", BRIDGED)
def test_nobody_is_there(kind, document):
    with _open(kind, "http://127.0.0.1:9") as pac:
        for operation in (lambda: pac.stamp(document), pac.check):
            with pytest.raises(PacUnavailable, match="conectar"):
                operation()


@pytest.mark.parametrize("kind", BRIDGED)
def test_what_they_do_not_do(kind, simulator, timbrado, document, new_request):
    with _open(kind, simulator.url) as pac:
        with pytest.raises(PacUnavailable, match="otra vez" if kind == "satcfdi:prodigia" else "portal"):
            pac.recover(document)
        with pytest.raises(PacUnavailable, match="portal"):
            pac.cancel(new_request(timbrado.uuid), uuid=timbrado.uuid)
        with pytest.raises(PacUnavailable, match="contraseña"):
            pac.check()
        root = parse_xml(timbrado.xml)
        issuer, receiver = (root.find(f"{{*}}{name}").get("Rfc") for name in ("Emisor", "Receptor"))
        assert pac.status(
            CfdiQuery(issuer, receiver, Decimal(root.get("Total")), timbrado.uuid, root.get("Sello"))
        ).found


def test_prodigia_hands_out_the_first_timbre(document, timbrado):
    answer = {"timbradoOk": False, "codigo": 307, "mensaje": "timbre previo", "xmlBase64": _base64(timbrado.xml)}
    with bad_server(json_answer({"servicioTimbrado": answer})) as server, _open("satcfdi:prodigia", server.url) as pac:
        found = pac.stamp(document)
    assert (found.uuid, found.previous) == (timbrado.uuid, True)
    options = parse_qs(urlsplit(server.requests[0].split(b" ")[1].decode()).query)["opciones"]
    assert "REGRESAR_CON_ERROR_307_XML" in options


def test_prodigia_tells_test_from_production_by_the_path(document, monkeypatch):
    with bad_server(http_answer("200 OK")) as server:
        monkeypatch.setattr("cfdi.pac.kinds.PacKind._address", lambda *_: server.url)
        for environment in ("test", "production", "simulator"):
            with _open("satcfdi:prodigia", server.url, environment) as pac, pytest.raises(PacInDoubt):
                pac.stamp(document)
    paths = [request.split(b"?")[0].rpartition(b"/")[2] for request in server.requests]
    assert paths == [b"timbrado40Prueba", b"timbrado40", b"timbrado40"]


def test_diverza_gets_a_reference_made_of_the_bytes(document, new_document):
    with bad_server(_refused("satcfdi:diverza", "999", "no")) as server, _open("satcfdi:diverza", server.url) as pac:
        for xml in (document, document, new_document()):
            with pytest.raises(PacInDoubt):
                pac.stamp(xml)
    names = [json.loads(request.partition(b"\r\n\r\n")[2])["document"]["ref-id"] for request in server.requests]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(("kind", "username"), [("satcfdi:prodigia", "usuario"), ("satcfdi:diverza", "RFC:")])
def test_how_the_user_is_written(kind, username):
    with pytest.raises(ValueError, match="dos puntos"):
        PACS[kind].open("test", username, SECRET)
    assert ":" in PACS[kind].account


def test_satcfdi_itself_is_left_alone(document):
    import requests
    from satcfdi.pacs import prodigia

    with _open("satcfdi:prodigia", "http://127.0.0.1:9") as pac, pytest.raises(PacUnavailable):
        pac.stamp(document)
    assert prodigia.requests is requests
