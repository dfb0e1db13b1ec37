"""The Finkok adapter against the simulator's real process, and against servers that are worse than that."""

import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count

import pytest
from lxml import etree

import cfdi
from cfdi.pac import Pac, PacInDoubt, PacRejected, PacUnavailable
from cfdi.pac.finkok import PRODUCTION, TEST, Finkok
from devtools import csd
from support import REPOSITORY, RFC, comprobante

_folios = count(1)


@pytest.fixture
def new_document(pac_credential):
    """A sealed comprobante of this moment that no PAC has seen."""

    def make(credential=pac_credential, **changes):
        fecha = cfdi.catalogs.local_time(datetime.now(timezone.utc), "06000")
        doc = replace(comprobante(Fecha=fecha, Folio=str(next(_folios))), **changes)
        return cfdi.seal(cfdi.build_xml(doc), certificate_der=credential.der, sign=credential.sign)

    return make


@pytest.fixture
def document(new_document):
    return new_document()


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


def test_stamp(pac, document, pac_folder):
    timbrado = pac.stamp(document)
    assert timbrado.previous is False
    assert timbrado.warnings == ()
    assert timbrado.uuid == cfdi.parse_timbre(timbrado.xml).UUID
    assert timbrado.timbre.verify((pac_folder / "sat.cer").read_bytes())
    assert cfdi.validate(timbrado.xml) == []
    assert isinstance(pac, Pac)


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


@pytest.mark.parametrize(
    "kind", ["cut_after", "http_500_after", "garbage", "empty", "wrong_uuid", "wrong_seal", "slow_answer"]
)
def test_in_doubt_and_stamped(simulator, document, kind):
    """The answer is lost; the timbre exists, and asking or sending again finds that one and no other."""
    simulator.fault(kind, seconds=1.5, operation="stamp")
    with _client(simulator.url, timeout=0.5) as pac, pytest.raises(PacInDoubt):
        pac.stamp(document)
    with _client(simulator.url) as pac:
        found = pac.recover(document)
        assert pac.stamp(document).uuid == found.uuid
    assert [s["uuid"] for s in simulator.stamps()].count(found.uuid) == 1


@pytest.mark.parametrize("kind", ["cut_before", "http_500", "http_503", "soap_fault"])
def test_in_doubt_and_not_stamped(pac, simulator, document, kind):
    """From outside it looks the same."""
    simulator.fault(kind)
    with pytest.raises(PacInDoubt):
        pac.stamp(document)
    assert pac.recover(document) is None
    assert pac.stamp(document).previous is False


@pytest.mark.parametrize("kind", ["cut_after", "garbage", "http_500", "soap_fault"])
def test_a_question_can_be_in_doubt_too(pac, simulator, document, kind):
    simulator.fault(kind, operation="stamped")
    with pytest.raises(PacInDoubt):
        pac.recover(document)


def test_rejected(pac, new_document, pac_folder):
    stranger = csd.issue(csd.new_authority(), RFC, "OTRA AUTORIDAD")
    with pytest.raises(PacRejected) as error:
        pac.stamp(new_document(stranger))
    assert error.value.code == "308"
    assert "SAT" in error.value.message
    late = cfdi.catalogs.local_time(datetime.now(timezone.utc) + timedelta(minutes=10), "06000")
    with pytest.raises(PacRejected, match="401"):
        pac.stamp(new_document(Fecha=late))


def test_wrong_password_is_unavailable_and_nowhere_to_be_seen(simulator, document):
    with _client(simulator.url, password="s3cr3t-wrong") as pac:
        with pytest.raises(PacUnavailable) as error:
            pac.stamp(document)
        assert error.value.code == "300"
        assert "s3cr3t" not in f"{error.value!r} {error.value} {pac!r}"


def test_nobody_listens(document):
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with _client(f"http://127.0.0.1:{port}") as pac, pytest.raises(PacUnavailable):
        pac.stamp(document)


def test_no_such_host(document):
    with _client("https://pac.invalid") as pac, pytest.raises(PacUnavailable):
        pac.stamp(document)


@contextmanager
def _server(answer: bytes):
    """A server that reads a request, says `answer` whatever it was, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"Envelope>" not in data and (received := connection.recv(65536)):
                    data += received
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _http(status: str, body: bytes = b"", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


_ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://facturacion.finkok.com/stamp"'
    ' xmlns:v="apps.services.soap.core.views"><e:Body><t:stampResponse><t:stampResult>%s</t:stampResult>'
    "</t:stampResponse></e:Body></e:Envelope>"
)


def _incidencia(code: str, text: str = "algo") -> bytes:
    item = f"<v:CodigoError>{code}</v:CodigoError><v:MensajeIncidencia>{text}</v:MensajeIncidencia>"
    return (_ENVELOPE % f"<v:Incidencias><v:Incidencia>{item}</v:Incidencia></v:Incidencias>").encode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", PacInDoubt),
        (b"not even http", PacInDoubt),
        (_http("200 OK"), PacInDoubt),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<e:Envelope", PacInDoubt),
        (_http("200 OK", b"<html/>"), PacInDoubt),
        (_http("200 OK", (_ENVELOPE % "").encode()), PacInDoubt),
        (_http("200 OK", (_ENVELOPE % "<v:xml>&lt;x/&gt;</v:xml>").encode()), PacInDoubt),
        (_http("200 OK", (_ENVELOPE % "<v:faultstring>algo</v:faultstring>").encode()), PacInDoubt),
        (_http("200 OK", b'<!DOCTYPE e [<!ENTITY a "b">]>' + (_ENVELOPE % "<v:xml>&a;</v:xml>").encode()), PacInDoubt),
        (_http("200 OK", _incidencia("302")), PacRejected),
        (_http("200 OK", _incidencia("703")), PacUnavailable),
        (_http("200 OK", _incidencia("")), PacInDoubt),
        (_http("307 Moved", headers="Location: http://127.0.0.1:9/otro\r\n"), PacInDoubt),
        (_http("502 Bad Gateway", b"<html>"), PacInDoubt),
        (_http("504 Gateway Timeout"), PacInDoubt),
        (_http("401 Unauthorized"), PacUnavailable),
        (_http("404 Not Found", b"<html>"), PacUnavailable),
        (_http("429 Too Many"), PacUnavailable),
    ],
)
def test_answers_of_a_bad_server(document, answer, error):
    with _server(answer) as url, _client(url, timeout=2) as pac, pytest.raises(error) as raised:
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


@pytest.mark.parametrize("timeouts", [{"timeout": 0}, {"connect_timeout": 0}])
def test_time_outs_are_mandatory(simulator, document, timeouts):
    with _client(simulator.url, **timeouts) as pac, pytest.raises(ValueError, match="mandatory"):
        pac.stamp(document)


def test_our_wsdl_is_small_and_points_nowhere_by_itself():
    tree = etree.parse(str(REPOSITORY / "cfdi" / "pac" / "finkok_stamp.wsdl"))
    operations = tree.findall("{*}portType/{*}operation")
    assert [operation.get("name") for operation in operations] == ["stamp", "stamped"]
    assert not tree.findall(".//*[@schemaLocation]")
