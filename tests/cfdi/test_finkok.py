"""The Finkok adapter against the simulator's real process, and against servers that are worse than that."""

import socket
import traceback
from contextlib import closing, contextmanager

import pytest
from lxml import etree

from cfdi.pac import PacInDoubt, PacRejected, PacUnavailable
from cfdi.pac.finkok import PRODUCTION, TEST, Finkok
from pac_server import bad_server, http_answer
from support import REPOSITORY


@contextmanager
def _client(url, **options):
    options = {"timeout": 5, "pauses": (0, 0), "sleep": lambda _seconds: None, **options}
    pac = Finkok(url, options.pop("username", "simulador"), options.pop("password", "simulador"), **options)
    try:
        yield pac
    finally:
        pac.close()


@pytest.fixture
def pac(simulator):
    with _client(simulator.url) as client:
        yield client


def test_stamping_again_gives_the_same_timbre(pac, simulator, document):
    first = pac.stamp(document)
    again = pac.stamp(document)
    assert (again.uuid, again.xml, again.previous) == (first.uuid, first.xml, True)
    simulator.fault("without_xml", operation="stamp")
    assert pac.stamp(document).uuid == first.uuid
    simulator.fault("without_xml", operation="stamp")
    simulator.fault("not_found_yet", operation="stamped", count=2)
    assert pac.stamp(document).uuid == first.uuid


def test_a_timbre_that_the_pac_does_not_hand_out_is_in_doubt(pac, simulator, document):
    pac.stamp(document)
    simulator.fault("without_xml", operation="stamp")
    simulator.fault("not_found_yet", operation="stamped", count=3)
    with pytest.raises(PacInDoubt, match="307"):
        pac.stamp(document)


def test_recover(pac, simulator, document):
    assert pac.recover(document) is None
    assert simulator.state()["counters"]["stamped"] >= 3
    uuid = pac.stamp(document).uuid
    found = pac.recover(document)
    assert (found.uuid, found.previous) == (uuid, True)


@pytest.mark.parametrize("kind", ["cut_after", "garbage", "http_500", "soap_fault"])
def test_a_question_can_be_in_doubt_too(pac, simulator, document, kind):
    simulator.fault(kind, operation="stamped")
    with pytest.raises(PacInDoubt):
        pac.recover(document)


def test_no_such_host(document):
    with _client("https://pac.invalid") as pac, pytest.raises(PacUnavailable):
        pac.stamp(document)


_ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://facturacion.finkok.com/stamp"'
    ' xmlns:v="apps.services.soap.core.views"><e:Body><t:stampResponse><t:stampResult>%s</t:stampResult>'
    "</t:stampResponse></e:Body></e:Envelope>"
)


_CANCELLED = _ENVELOPE.replace("/stamp", "/cancel").replace("t:stamp", "t:cancel_signature")


def _incidencia(code: str, text: str = "algo") -> bytes:
    item = f"<v:CodigoError>{code}</v:CodigoError><v:MensajeIncidencia>{text}</v:MensajeIncidencia>"
    return (_ENVELOPE % f"<v:Incidencias><v:Incidencia>{item}</v:Incidencia></v:Incidencias>").encode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", PacInDoubt),
        (b"not even http", PacInDoubt),
        (http_answer("200 OK"), PacInDoubt),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<e:Envelope", PacInDoubt),
        (http_answer("200 OK", b"<html/>"), PacInDoubt),
        (http_answer("200 OK", (_ENVELOPE % "").encode()), PacInDoubt),
        (http_answer("200 OK", (_ENVELOPE % "<v:xml>&lt;x/&gt;</v:xml>").encode()), PacInDoubt),
        (http_answer("200 OK", (_ENVELOPE % "<v:faultstring>algo</v:faultstring>").encode()), PacInDoubt),
        (
            http_answer("200 OK", b'<!DOCTYPE e [<!ENTITY a "b">]>' + (_ENVELOPE % "<v:xml>&a;</v:xml>").encode()),
            PacInDoubt,
        ),
        (http_answer("200 OK", _incidencia("302")), PacRejected),
        (http_answer("200 OK", _incidencia("703")), PacUnavailable),
        (http_answer("200 OK", _incidencia("")), PacInDoubt),
        (http_answer("307 Moved", headers="Location: http://127.0.0.1:9/otro\r\n"), PacInDoubt),
        (http_answer("502 Bad Gateway", b"<html>"), PacInDoubt),
        (http_answer("504 Gateway Timeout"), PacInDoubt),
        (http_answer("401 Unauthorized"), PacUnavailable),
        (http_answer("404 Not Found", b"<html>"), PacUnavailable),
        (http_answer("429 Too Many"), PacUnavailable),
    ],
)
def test_answers_of_a_bad_server(document, answer, error):
    with bad_server(answer) as server, _client(server.url, timeout=2) as pac, pytest.raises(error) as raised:
        pac.stamp(document)
    assert type(raised.value) is error


def test_a_server_that_never_answers(document):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with _client(url, timeout=0.3) as pac, pytest.raises(PacInDoubt, match="a tiempo"):
            pac.stamp(document)


@pytest.mark.parametrize(
    "url", ["http://facturacion.finkok.com", "ftp://x", "facturacion.finkok.com", "", "http://127.0.0.1.evil.mx"]
)
def test_addresses_that_are_refused(url):
    with pytest.raises(ValueError, match="PAC"):
        Finkok(url, "u", "p")


def test_addresses_that_are_taken():
    for url in (PRODUCTION, TEST, "http://localhost:1", "http://127.0.0.1:1/"):
        assert Finkok(url, "u", "p").url == url.rstrip("/")


def test_a_proxy_is_not_for_this_machine(pac, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    pac.check()


@pytest.mark.parametrize("timeouts", [{"timeout": 0}, {"connect_timeout": 0}])
def test_time_outs_are_mandatory(simulator, document, timeouts):
    with _client(simulator.url, **timeouts) as pac, pytest.raises(ValueError, match="mandatory"):
        pac.stamp(document)


def test_an_answer_without_end(document, monkeypatch):
    monkeypatch.setattr("cfdi.pac.http.MAX_ANSWER", 100_000)
    for body in (b"<x/>" * 30_000, b"<x/>" * 24_000):
        with bad_server(http_answer("200 OK", body)) as server, _client(server.url, timeout=2) as pac:
            with pytest.raises(PacInDoubt) as raised:
                pac.stamp(document)
            assert ("no termina" in raised.value.message) == (len(body) > 100_000)


def test_an_answer_that_trickles(document, monkeypatch):
    monkeypatch.setattr("cfdi.pac.http.MAX_SECONDS", 0)
    answer = http_answer("200 OK", b"<x/>" * 100)
    with bad_server(answer) as server, _client(server.url) as pac, pytest.raises(PacInDoubt, match="no termina"):
        pac.stamp(document)


@pytest.mark.parametrize(
    ("cod_estatus", "error", "code"),
    [
        ("300 - usuario", PacUnavailable, "300"),
        ("302", PacRejected, "302"),
        ("708 - SAT", PacUnavailable, "708"),
        ("UUID: 1234 No Encontrado", PacUnavailable, "205"),
        ("algo", PacInDoubt, ""),
        ("", PacInDoubt, ""),
    ],
)
def test_a_request_to_cancel_that_is_not_taken(new_request, cod_estatus, error, code):
    uuid = "11111111-2222-4333-8444-555555555555"
    body = _CANCELLED % f"<v:CodEstatus>{cod_estatus}</v:CodEstatus>"
    with (
        bad_server(http_answer("200 OK", body.encode())) as server,
        _client(server.url) as pac,
        pytest.raises(error) as raised,
    ):
        pac.cancel(new_request(uuid), uuid=uuid)
    assert (type(raised.value), raised.value.code) == (error, code)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("201", None),
        ("202", None),
        ("203", PacRejected),
        ("205", PacUnavailable),
        ("708", PacUnavailable),
        ("no_cancelable", PacRejected),
        ("", PacInDoubt),
    ],
)
def test_what_becomes_of_the_folio(new_request, code, error):
    uuid = "11111111-2222-4333-8444-55555555abcd"
    folio = f"<v:UUID>{uuid.upper()}</v:UUID><v:EstatusUUID>{code}</v:EstatusUUID>"
    body = _CANCELLED % f"<v:Folios><v:Folio>{folio}</v:Folio></v:Folios><v:Acuse>no es XML</v:Acuse>"
    with bad_server(http_answer("200 OK", body.encode())) as server, _client(server.url) as pac:
        if error is None:
            answer = pac.cancel(new_request(uuid), uuid=uuid)
            assert (answer.code, answer.accepted, answer.acuse) == (code, True, None)
        else:
            with pytest.raises(error) as raised:
                pac.cancel(new_request(uuid), uuid=uuid)
            assert (type(raised.value), raised.value.code) == (error, code)


_FAULT = "<e:Fault><faultcode>e:Server</faultcode><faultstring>no: s3cr3t-wrong</faultstring></e:Fault>"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_ENVELOPE.partition("<t:")[0] + _FAULT + "</e:Body></e:Envelope>", PacInDoubt),
        (_incidencia("302", "no: s3cr3t-wrong").decode(), PacRejected),
        (_incidencia("300", "no: s3cr3t-wrong").decode(), PacUnavailable),
        ("<no: s3cr3t-wrong", PacInDoubt),
    ],
)
def test_a_password_that_the_pac_repeats_is_not_told(document, answer, error):
    with (
        bad_server(http_answer("200 OK", answer.encode())) as server,
        _client(server.url, password="s3cr3t-wrong") as pac,
        pytest.raises(error) as raised,
    ):
        pac.stamp(document)
    assert type(raised.value) is error
    assert "s3cr3t" not in f"{raised.value.message}{''.join(traceback.format_exception(raised.value))}"
    assert raised.value.__context__ is None or "s3cr3t" not in str(raised.value.__context__)


@pytest.mark.parametrize("name", sorted(path.name for path in (REPOSITORY / "cfdi" / "pac").glob("*.wsdl")))
def test_our_wsdls_are_small_and_point_nowhere_by_themselves(name):
    tree = etree.parse(str(REPOSITORY / "cfdi" / "pac" / name))
    assert 1 <= len(tree.findall("{*}portType/{*}operation")) <= 2
    assert not tree.findall(".//*[@schemaLocation]")
    assert not tree.findall("{*}service")
