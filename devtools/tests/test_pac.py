"""The PAC simulator: its real process, over a real socket, with zeep."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import zeep
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from devtools import csd
from devtools.pac.process import running
from devtools.pac.resources import TFD, schema, timbre_cadena
from pac_support import NAME, RFC, SHARED_WSDL, local_now, sealed

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT_WSDL = REPOSITORY / "cfdi" / "pac" / "finkok_stamp.wsdl"
LOGIN = {"username": "simulador", "password": "simulador"}
WSDLS = ["served", "client"] + (["finkok"] if SHARED_WSDL.is_file() else [])


def _service(simulator, wsdl="served"):
    location = {"served": simulator.wsdl, "client": str(CLIENT_WSDL), "finkok": str(SHARED_WSDL)}[wsdl]
    client = zeep.Client(location, transport=zeep.Transport(timeout=20, operation_timeout=20))
    address = f"{simulator.url}/servicios/soap/stamp"
    return client.create_service("{http://facturacion.finkok.com/stamp}Application", address)


@pytest.fixture
def service(simulator):
    return _service(simulator)


def _codes(answer):
    return [item.CodigoError for item in (answer.Incidencias and answer.Incidencias.Incidencia) or ()]


@pytest.mark.parametrize("wsdl", WSDLS)
def test_stamp_from_every_description(simulator, issuer, wsdl):
    service, document = _service(simulator, wsdl), sealed(issuer)
    answer = service.stamp(xml=document, **LOGIN)
    assert answer.CodEstatus == "Comprobante timbrado satisfactoriamente"
    assert _codes(answer) == []
    again = service.stamp(xml=document, **LOGIN)
    assert (_codes(again), again.UUID, again.xml) == (["307"], answer.UUID, answer.xml)
    assert service.stamped(xml=document, **LOGIN).UUID == answer.UUID


def test_timbre_is_valid_and_sealed_by_the_simulator(service, issuer, folder):
    document = sealed(issuer)
    root = etree.fromstring(service.stamp(xml=document, **LOGIN).xml.encode())
    assert schema().validate(root), schema().error_log
    timbre = root.find(f".//{{{TFD}}}TimbreFiscalDigital")
    assert timbre.get("SelloCFD") == root.get("Sello") == etree.fromstring(document).get("Sello")
    assert abs(local_now() - local_now().fromisoformat(timbre.get("FechaTimbrado"))) < timedelta(minutes=1)
    assert "no tiene validez fiscal" in timbre.get("Leyenda")
    sat = csd.load(folder / "sat.cer", folder / "sat.key")
    assert timbre.get("NoCertificadoSAT") == sat.number
    cadena = timbre_cadena(etree.fromstring(etree.tostring(timbre)))
    signature = base64.b64decode(timbre.get("SelloSAT"))
    sat.certificate.public_key().verify(signature, cadena, PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        sat.certificate.public_key().verify(signature, cadena + b" ", PKCS1v15(), SHA256())


def test_nothing_but_the_timbre_was_added(service, issuer):
    document = sealed(issuer)
    root = etree.fromstring(service.stamp(xml=document, **LOGIN).xml.encode())
    root.remove(root.find("{*}Complemento"))
    assert etree.tostring(root, method="c14n") == etree.tostring(etree.fromstring(document), method="c14n")


def _resealed(credential, change):
    """A comprobante that was changed before it was sealed."""
    from devtools.pac.resources import comprobante_cadena

    root = etree.fromstring(sealed(credential))
    change(root)
    root.set("Sello", credential.sign(comprobante_cadena(etree.ElementTree(root))))
    return etree.tostring(root)


def _changed(document, **attributes):
    root = etree.fromstring(document)
    for name, value in attributes.items():
        root.set(name, value)
    return etree.tostring(root)


def _hours(hours, **more):
    return (local_now() + timedelta(hours=hours, **more)).isoformat()


@pytest.fixture
def refused(issuer, folder):
    """What the PAC must refuse, by name: (document, code)."""
    authority = csd.ensure_authority(folder)
    good = sealed(issuer)
    other = csd.issue(authority, "XYZ010203AB9", "OTRA")
    return {
        "not xml": (b"%PDF", "301"),
        "cut": (good[:-20], "301"),
        "doctype": (b"<!DOCTYPE x>" + good.partition(b"?>")[2].strip(), "301"),
        "no total": (_resealed(issuer, lambda root: root.attrib.pop("Total")), "705"),
        "unknown postal code": (sealed(issuer, LugarExpedicion="00001"), "705"),
        "unknown currency": (sealed(issuer, Moneda="ABC"), "705"),
        "changed after the seal": (_changed(good, Folio="otro"), "302"),
        "no seal": (_changed(good, Sello=""), "302"),
        "seal of another key": (_changed(good, Sello=etree.fromstring(sealed(other)).get("Sello")), "302"),
        "number of another certificate": (_changed(good, NoCertificado="1" * 20), "302"),
        "certificate of another RFC": (sealed(other), "303"),
        "expired": (sealed(csd.expired(authority, RFC, NAME)), "304"),
        "FIEL": (sealed(csd.issue(authority, RFC, NAME, csd.FIEL)), "306"),
        "another authority": (sealed(csd.issue(csd.new_authority(), RFC, NAME)), "308"),
        "another authority of the same name": (
            sealed(csd.issue(csd.new_authority(authority.certificate.subject.rdns[0].rfc4514_string()[3:]), RFC, NAME)),
            "308",
        ),
        "73 hours old": (
            sealed(csd.issue(authority, RFC, NAME, not_before=csd._now() - timedelta(days=9)), Fecha=_hours(-73)),
            "401",
        ),
        "before the CSD": (
            sealed(csd.issue(authority, RFC, NAME, not_before=csd._now() - timedelta(days=1)), Fecha=_hours(-71)),
            "305",
        ),
        "tomorrow": (sealed(issuer, Fecha=_hours(0, minutes=6)), "401"),
        "hour of another place": (sealed(issuer, LugarExpedicion="22000"), "401"),
    }


def test_refusals(service, simulator, refused):
    before = len(simulator.stamps())
    found = {}
    for name, (document, _code) in refused.items():
        answer = service.stamp(xml=document, **LOGIN)
        assert not answer.xml
        assert not answer.UUID
        found[name] = _codes(answer)
        assert answer.Incidencias.Incidencia[0].MensajeIncidencia
    assert found == {name: [code] for name, (_document, code) in refused.items()}
    assert len(simulator.stamps()) == before


@pytest.mark.parametrize(
    ("postal_code", "zone"),
    [
        ("22000", "America/Tijuana"),
        ("83000", "America/Hermosillo"),
        ("77500", "America/Cancun"),
        ("88000", "America/Matamoros"),
    ],
)
def test_local_time_of_the_place(service, issuer, postal_code, zone):
    document = sealed(issuer, LugarExpedicion=postal_code, Fecha=local_now(zone).isoformat())
    assert _codes(service.stamp(xml=document, **LOGIN)) == []


def test_limits_of_the_date(service, folder, simulator):
    issuer = csd.issue(csd.ensure_authority(folder), RFC, NAME, not_before=csd._now() - timedelta(days=9))
    for fecha in (_hours(-71, minutes=-58), _hours(0, minutes=4)):
        assert _codes(service.stamp(xml=sealed(issuer, Fecha=fecha), **LOGIN)) == []


def test_stamped_before_is_answered_whatever_the_date_is_now(service, simulator, issuer):
    document = sealed(issuer)
    uuid = service.stamp(xml=document, **LOGIN).UUID
    simulator.control(clock_offset=100 * 3600)
    assert _codes(service.stamp(xml=sealed(issuer), **LOGIN)) == ["401"]
    again = service.stamp(xml=document, **LOGIN)
    assert (_codes(again), again.UUID) == (["307"], uuid)


@pytest.mark.parametrize("wrong", [{"username": "otro"}, {"password": "otra"}, {"password": ""}, {"username": "ñ"}])
@pytest.mark.parametrize("operation", ["stamp", "quick_stamp", "stamped"])
def test_wrong_account(service, issuer, wrong, operation):
    assert _codes(service[operation](xml=sealed(issuer), **{**LOGIN, **wrong})) == ["300"]


def test_quick_stamp_and_stamped(service, issuer):
    document = sealed(issuer)
    assert _codes(service.stamped(xml=document, **LOGIN)) == ["603"]
    uuid = service.quick_stamp(xml=document, **LOGIN).UUID
    again = service.quick_stamp(xml=document, **LOGIN)
    assert (_codes(again), again.xml, again.Incidencias.Incidencia[0].Uuid) == (["307"], None, uuid)
    assert uuid == service.stamped(xml=document, **LOGIN).UUID


def test_a_stamped_document_sent_as_new(service, issuer):
    stamped = service.stamp(xml=sealed(issuer), **LOGIN).xml
    assert _codes(service.stamp(xml=stamped.encode(), **LOGIN)) == ["707"]


def test_query_pending(service, issuer):
    done = service.stamp(xml=sealed(issuer), **LOGIN)
    answer = service.query_pending(uuid=done.UUID.lower(), **LOGIN)
    assert (answer.status, answer.uuid, answer.xml) == ("F", done.UUID, done.xml)
    assert service.query_pending(uuid="x", **LOGIN).error == "UUID con formato invalido"
    with pytest.raises(zeep.exceptions.Fault):
        service.query_pending(uuid="00000000-0000-0000-0000-000000000000", **LOGIN)


def test_the_same_document_at_once_gets_one_uuid(simulator, issuer):
    before = len(simulator.stamps())
    documents = [sealed(issuer) for _ in range(3)]

    def send(document):
        return document, _service(simulator).stamp(xml=document, **LOGIN).UUID

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, documents * 8))
    assert len({uuid for _document, uuid in answers}) == len(set(answers)) == 3
    assert len(simulator.stamps()) == before + 3


def test_it_remembers_after_a_sudden_death(tmp_path):
    issuer = csd.issue(csd.ensure_authority(tmp_path), RFC, NAME)
    documents = [sealed(issuer) for _ in range(3)]
    with running(tmp_path) as simulator:
        service = _service(simulator)
        uuids = [service.stamp(xml=document, **LOGIN).UUID for document in documents]
        simulator.kill()
    with running(tmp_path) as simulator:
        service = _service(simulator)
        assert [service.stamp(xml=document, **LOGIN).UUID for document in documents] == uuids
        assert sorted(stamp["uuid"] for stamp in simulator.stamps()) == sorted(uuids)


def test_another_account_and_authority(tmp_path):
    authority = csd.new_authority()
    pem = tmp_path / "other.pem"
    from cryptography.hazmat.primitives.serialization import Encoding

    pem.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    own = csd.issue(csd.ensure_authority(tmp_path), RFC, NAME)
    options = ["--authority", str(pem), "--username", "ana", "--password", "clave"]
    with running(tmp_path, *options) as simulator:
        service = _service(simulator)
        login = {"username": "ana", "password": "clave"}
        assert _codes(service.stamp(xml=sealed(own), **login)) == ["308"]
        assert _codes(service.stamp(xml=sealed(csd.issue(authority, RFC, NAME)), **login)) == []


def test_start_that_fails_says_why(tmp_path, simulator):
    port = simulator.url.rpartition(":")[2]
    with pytest.raises(RuntimeError, match=f"cannot listen on port {port}"), running(tmp_path, port=int(port)):
        pass
    with pytest.raises(RuntimeError, match="cannot read the authority"), running(tmp_path, "--authority", "/nowhere"):
        pass


def test_only_this_machine(simulator):
    port = int(simulator.url.rpartition(":")[2])
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1"}:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, port), timeout=2).close()


def test_it_ends_when_told(tmp_path):
    with running(tmp_path) as simulator:
        simulator.process.terminate()
        assert simulator.process.wait(10) == 0


def _post(url, body, headers=None):
    request = urllib.request.Request(url, body, headers or {}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.parametrize(
    "body", [b"", b"<x/>", b"no xml", b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>']
)
def test_requests_that_are_not_soap(simulator, body):
    status, answer = _post(f"{simulator.url}/servicios/soap/stamp", body)
    assert status == 500
    assert b"Fault" in answer


def test_other_addresses(simulator):
    assert _post(f"{simulator.url}/nada", b"x")[0] == 404
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{simulator.url}/nada", timeout=5)


def test_needs_a_folder():
    done = subprocess.run(
        [sys.executable, "-m", "devtools.pac"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--folder" in done.stderr
