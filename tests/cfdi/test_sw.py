"""The SW adapter: its tokens, its names for documents, and what its answers mean. The battery is in test_pacs."""

import hashlib
import traceback
from contextlib import closing
from itertools import count

import pytest

from cfdi.pac import PacInDoubt, PacRejected, PacUnavailable
from cfdi.pac.sw import PRODUCTION, TEST, Sw
from pac_server import bad_server, http_answer, json_answer

UUID = "11111111-2222-4333-8444-55555555ABCD"
TOKEN = json_answer({"data": {"token": "t0ken", "expires_in": 10**10, "tokeny_type": "Bearer"}, "status": "success"})
_users = count(1)


def _client(url):
    """Of a user of its own: tokens are remembered by user."""
    return closing(Sw(url, f"user{next(_users)}", "s3cr3t-wrong", timeout=5))


def _error(message, detail=None, data=None):
    return {"message": message, "messageDetail": detail, "data": data, "status": "error"}


def test_the_name_of_a_document_is_made_of_its_bytes(document, new_document):
    with bad_server(TOKEN, json_answer(_error("301 - XML mal formado"), "400 Bad Request")) as server:
        with _client(server.url) as pac:
            for xml in (document, document, new_document()):
                with pytest.raises(PacRejected):
                    pac.stamp(xml)
        names = [request.lower().split(b"customid: ")[1].split(b"\r\n")[0] for request in server.requests[1:]]
        assert names[0] == names[1] == hashlib.sha256(document).hexdigest().encode()
        assert names[2] != names[0]
        assert all(request.count(b"<?xml") == 1 for request in server.requests[1:])
        assert document in server.requests[1]
        assert b"Bearer t0ken" in server.requests[1]


def test_a_token_is_used_until_it_ends(simulator, new_document):
    clock = [0.0]
    logins = simulator.state()["counters"].get("login", 0)

    def asked():
        return simulator.state()["counters"].get("login", 0) - logins

    simulator_clock = closing(Sw(simulator.url, "simulador", "simulador", now=lambda: clock[0]))
    with simulator_clock as pac:
        pac.check()
        pac.stamp(new_document())
        pac.stamp(new_document())
        assert asked() == 1
        clock[0] = 10.0**10
        pac.stamp(new_document())
        assert asked() == 2


def test_a_token_that_ended_at_the_pac_is_renewed_once(simulator, new_document):
    with closing(Sw(simulator.url, "simulador", "simulador")) as pac:
        pac.check()
        before, stamps = simulator.state()["counters"]["login"], len(simulator.stamps())
        simulator.control(clock_offset=3 * 3600)
        pac.stamp(new_document())
        assert simulator.state()["counters"]["login"] == before + 1
        assert len(simulator.stamps()) == stamps + 1
    refused = json_answer(_error("AU1000 - El token no es válido."), "401 Unauthorized")
    with bad_server(TOKEN, refused, TOKEN, refused) as server, _client(server.url) as pac:
        with pytest.raises(PacUnavailable):
            pac.stamp(new_document())
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    "answer",
    [
        json_answer(_error("AU2000 - El usuario y/o contraseña son inválidos: s3cr3t-wrong"), "401 Unauthorized"),
        json_answer(_error("AU2000 - El usuario y/o contraseña son inválidos"), "400 Bad Request"),
        json_answer({"data": None, "status": "success"}),
        json_answer({"data": {"token": 5}, "status": "success"}),
        json_answer([]),
        http_answer("401 Unauthorized"),
        http_answer("500 Error"),
        http_answer("200 OK", b"<html>"),
        b"",
    ],
)
def test_without_a_token_nothing_is_sent(document, answer):
    with bad_server(answer) as server, _client(server.url) as pac:
        for operation in (pac.check, lambda: pac.stamp(document)):
            with pytest.raises(PacUnavailable) as raised:
                operation()
            assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))
        assert all(b"cfdi:Comprobante" not in request for request in server.requests)


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (json_answer(_error("CFDI40102 - El sello no coincide", "detalle"), "400 Bad"), PacRejected, "CFDI40102"),
        (json_answer(_error("CRP20268 - BaseP")), PacRejected, "CRP20268"),
        (json_answer(_error("CO1002 - complemento"), "400 Bad"), PacRejected, "CO1002"),
        (json_answer(_error("401 - Fecha fuera de rango"), "400 Bad"), PacRejected, "401"),
        (json_answer(_error("AU2001 - Sin timbres"), "400 Bad"), PacUnavailable, "AU2001"),
        (json_answer(_error("307. El comprobante contiene un timbre previo."), "400 Bad"), PacInDoubt, "307"),
        (json_answer(_error("CFDI3307 - Timbre duplicado"), "400 Bad"), PacInDoubt, "CFDI3307"),
        (json_answer(_error("500 - Error interno"), "400 Bad"), PacInDoubt, "500"),
        (json_answer(_error("Error no clasificado"), "400 Bad"), PacInDoubt, ""),
        (json_answer(_error("CFDI40102 - no"), "500 Error"), PacInDoubt, ""),
        (json_answer({"status": "success", "data": {}}), PacInDoubt, ""),
        (json_answer({"status": "success", "data": {"cfdi": "<x/>", "uuid": UUID}}), PacInDoubt, ""),
        (json_answer({"status": "success", "data": None}), PacInDoubt, ""),
        (json_answer({"status": "success", "data": [1]}), PacInDoubt, ""),
        (json_answer({"status": "success", "data": "texto"}), PacInDoubt, ""),
        (json_answer({"status": "success", "data": {"cfdi": 5, "uuid": 5}}), PacInDoubt, ""),
        (json_answer({"status": 1, "message": {"a": 1}, "data": 1}), PacInDoubt, ""),
        (json_answer({}), PacInDoubt, ""),
        (json_answer([1]), PacInDoubt, ""),
        (http_answer("200 OK", b'{"status": "succ'), PacInDoubt, ""),
        (http_answer("302 Found", headers="Location: http://127.0.0.1:9/\r\n"), PacInDoubt, ""),
        (http_answer("404 Not Found"), PacUnavailable, ""),
        (http_answer("429 Too Many"), PacUnavailable, ""),
        (b"", PacInDoubt, ""),
    ],
)
def test_answers_to_a_comprobante(document, answer, error, code):
    with bad_server(TOKEN, answer) as server, _client(server.url) as pac, pytest.raises(error) as raised:
        pac.stamp(document)
    assert (type(raised.value), raised.value.code) == (error, code)
    assert raised.value.message


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        ({"status": "success", "data": {"uuid": {UUID: "201"}, "acuse": "<Acuse/>"}}, None, "201"),
        ({"status": "success", "data": {"uuid": {UUID.lower(): 202}, "acuse": None}}, None, "202"),
        (_error("el folio no existe", data={"uuid": {UUID: "205"}}), PacUnavailable, "205"),
        ({"status": "success", "data": {"uuid": {UUID: "203"}, "acuse": ""}}, PacRejected, "203"),
        ({"status": "success", "data": {"uuid": {UUID: ""}, "acuse": ""}}, PacInDoubt, ""),
        ({"status": "success", "data": {"uuid": {}, "acuse": ""}}, PacInDoubt, ""),
        ({"status": "success", "data": None}, PacInDoubt, ""),
        ({"status": "success", "data": {"uuid": UUID}}, PacInDoubt, ""),
        ({"status": "success", "data": {"uuid": {UUID: "202"}, "acuse": 5}}, None, "202"),
        (_error("CACFDI33 - Problemas con el xml."), PacRejected, "CACFDI33"),
        (_error("302 - Sello mal formado"), PacRejected, "302"),
        (_error("AU2003 - Sin manifiesto"), PacUnavailable, "AU2003"),
        (_error("no se pudo"), PacInDoubt, ""),
    ],
)
def test_answers_to_a_request_to_cancel(new_request, content, error, code):
    with bad_server(TOKEN, json_answer(content)) as server, _client(server.url) as pac:
        if error is None:
            answer = pac.cancel(new_request(UUID), uuid=UUID)
            assert (answer.code, answer.acuse) == (code, b"<Acuse/>" if code == "201" else None)
        else:
            with pytest.raises(error) as raised:
                pac.cancel(new_request(UUID), uuid=UUID)
            assert (type(raised.value), raised.value.code) == (error, code)


def test_after_a_doubt_it_is_sent_again():
    with _client("http://127.0.0.1:9") as pac:
        assert pac.capabilities.after_doubt == "resend"
        with pytest.raises(PacUnavailable, match="otra vez"):
            pac.recover(b"<x/>")
    assert {PRODUCTION, TEST} == {"https://services.sw.com.mx", "https://services.test.sw.com.mx"}
