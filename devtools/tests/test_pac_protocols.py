"""The simulator's other protocols, with clients that are not ours where there are any; and what it is told to do."""

from __future__ import annotations

import base64
import json
import socket
import time
import urllib.request
from pathlib import Path

import pytest
import requests
import zeep
from satcfdi.cfdi import CFDI
from satcfdi.exceptions import ResponseError
from satcfdi.pacs import Environment
from satcfdi.pacs.swsapien import SWSapien

from devtools import csd
from devtools.pac.process import running
from pac_support import NAME, RFC, cancellation, sealed

CLIENT = Path(__file__).resolve().parents[2] / "cfdi" / "pac"
LOGIN = {"username": "simulador", "password": "simulador"}
SF = {"usuario": "simulador", "password": "simulador"}


@pytest.fixture
def finkok(simulator):
    return zeep.Client(simulator.wsdl).service


@pytest.fixture
def sf(simulator):
    client = zeep.Client(str(CLIENT / "solucion_factible.wsdl"), settings=zeep.Settings(strict=False))
    address = f"{simulator.url}/ws/services/Timbrado.TimbradoHttpsSoap11Endpoint/"
    return client.create_service("{http://timbrado.ws.cfdi.solucionfactible.com}TimbradoSoap11Binding", address)


@pytest.fixture
def sw(simulator):
    """REST as its documentation says: a token, and how to send a file with it."""
    login = {"user": "simulador", "password": "simulador"}
    answer = requests.post(f"{simulator.url}/v2/security/authenticate", json=login, timeout=20)
    token = answer.json()["data"]["token"]

    def post(path, xml, **headers):
        headers = {"Authorization": f"Bearer {token}", **headers}
        return requests.post(simulator.url + path, files={"xml": ("xml", xml, "text/xml")}, headers=headers, timeout=20)

    return post


def test_one_memory_for_all(finkok, sf, sw, issuer, simulator):
    document, before = sealed(issuer), len(simulator.stamps())
    uuid = finkok.stamp(xml=document, **LOGIN).UUID
    (result,) = sf.timbrar(cfdi=document, zip=False, **SF).resultados
    assert (result.status, result.uuid) == ("307", uuid)
    answer = sw("/v4/cfdi33/stamp/v4", document, customid="uno").json()
    assert (answer["status"], answer["data"]["uuid"].upper()) == ("error", uuid)
    assert answer["message"].startswith("307")
    assert answer["data"]["cfdi"].encode() == result.cfdiTimbrado
    assert len(simulator.stamps()) == before + 1
    assert [stamp["asked"] for stamp in simulator.stamps() if stamp["uuid"] == uuid] == [3]


def test_solucion_factible(sf, issuer):
    document = sealed(issuer)
    answer = sf.timbrar(cfdi=document, zip=False, **SF)
    (result,) = answer.resultados
    assert (answer.status, result.status) == ("200", "200")
    assert result.uuid.encode() in result.cfdiTimbrado
    (folio,) = sf.enviarSolicitudCancelacion(solicitudCancelacion=cancellation(issuer, result.uuid), **SF).resultados
    assert (folio.uuid, folio.statusUUID, folio.status) == (result.uuid, "201", "200")
    (wrong,) = sf.timbrar(cfdi=document.replace(b'Total="116.00"', b'Total="117.00"'), zip=False, **SF).resultados
    assert wrong.status == "302"
    (wrapped,) = sf.timbrar(cfdi=sealed(issuer, Moneda="ABC"), zip=False, **SF).resultados
    assert wrapped.status == "301"
    assert "[Error #705]" in wrapped.mensaje
    refused = sf.timbrar(cfdi=document, zip=False, usuario="otro", password="x")
    assert (refused.status, refused.resultados) == ("601", [])


def test_sw_by_the_client_of_satcfdi(simulator, issuer, monkeypatch):
    monkeypatch.setattr(SWSapien, "_host", lambda _self, _service="services": simulator.url)
    monkeypatch.setattr(
        SWSapien,
        "_authenticate",
        lambda self, user, password: self._request(
            "v2/security/authenticate", json={"user": user, "password": password}, needs_token=False
        )["data"],
    )
    monkeypatch.setattr(SWSapien, "token", None, raising=False)
    client = SWSapien(user="simulador", password="simulador", environment=Environment.TEST)
    document = CFDI.from_string(sealed(issuer))
    stamped = client.stamp(document, ref_id="de satcfdi")
    assert stamped.document_id.upper().encode() in stamped.xml
    with pytest.raises(ResponseError) as raised:
        client.stamp(document, ref_id="de satcfdi")
    assert raised.value.response.json()["message"].startswith("307")


def test_sw_names(sw, issuer, simulator):
    document, before = sealed(issuer), len(simulator.stamps())
    name = f"nombre-{time.monotonic()}"
    assert sw("/v4/cfdi33/stamp/v4", document, customid=name).json()["status"] == "success"
    answer = sw("/v4/cfdi33/stamp/v4", sealed(issuer), customid=name).json()
    assert answer["message"].startswith("CFDI3307")
    assert sw("/v4/cfdi33/stamp/v4", document, customid="x" * 101).status_code == 400
    assert len(simulator.stamps()) == before + 1


def test_sw_tokens(sw, issuer, simulator):
    document = sealed(issuer)
    answer = sw("/v4/cfdi33/stamp/v4", document, Authorization="Bearer otro")
    assert (answer.status_code, answer.json()["message"][:6]) == (401, "AU1000")
    simulator.control(clock_offset=2 * 3600 + 1)
    assert sw("/v4/cfdi33/stamp/v4", document).status_code == 401
    simulator.control(reset=True)
    assert sw("/v4/cfdi33/stamp/v4", document).status_code == 200
    for wrong in ({"user": "simulador", "password": "x"}, {"user": "simulador"}, [], "x"):
        answer = requests.post(f"{simulator.url}/v2/security/authenticate", json=wrong, timeout=10)
        assert answer.json()["message"].startswith("AU")
        assert answer.status_code in (400, 401)


def test_sw_cancels(sw, issuer):
    uuid = sw("/v4/cfdi33/stamp/v4", sealed(issuer)).json()["data"]["uuid"].upper()
    answer = sw("/cfdi33/cancel/xml", cancellation(issuer, uuid)).json()
    assert answer["data"]["uuid"] == {uuid: "201"}
    assert uuid in answer["data"]["acuse"]
    assert sw("/cfdi33/cancel/xml", b"<x/>").json()["message"].startswith("301")
    assert sw("/cfdi33/cancel/xml", sealed(issuer)).json()["message"].startswith("301")


def test_refusals_on_command(simulator, finkok, sf, sw, issuer):
    document = sealed(issuer)
    before = len(simulator.stamps())
    simulator.fault("refuse", code="703", protocol="finkok")
    assert finkok.stamp(xml=document, **LOGIN).Incidencias.Incidencia[0].CodigoError == "703"
    simulator.fault("refuse", code="CFDI40145", protocol="solucion_factible")
    assert "#CFDI40145" in sf.timbrar(cfdi=document, zip=False, **SF).resultados[0].mensaje
    simulator.fault("refuse", code="402", protocol="sw")
    assert sw("/v4/cfdi33/stamp/v4", document).json()["message"].startswith("402 - ")
    assert len(simulator.stamps()) == before
    uuid = finkok.stamp(xml=document, **LOGIN).UUID
    simulator.fault("refuse", code="708", operation="cancel")
    request = cancellation(issuer, uuid)
    assert sw("/cfdi33/cancel/xml", request).json()["data"]["uuid"] == {uuid: "708"}
    assert sw("/cfdi33/cancel/xml", request).json()["data"]["uuid"] == {uuid: "201"}


def test_a_fault_of_one_protocol(simulator, finkok, sw, issuer):
    document = sealed(issuer)
    simulator.fault("http_500", protocol="sw")
    assert finkok.stamp(xml=document, **LOGIN).UUID
    assert sw("/v4/cfdi33/stamp/v4", document).status_code == 500
    assert sw("/v4/cfdi33/stamp/v4", document).json()["message"].startswith("307")


def test_down(simulator, issuer):
    service, document = zeep.Client(simulator.wsdl).service, sealed(issuer)
    uuid = service.stamp(xml=document, **LOGIN).UUID
    simulator.control(down=2)
    simulator.wait_until_down()
    host, port = simulator.url.rpartition("/")[2].split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1).close()
    simulator.wait_until_up()
    assert uuid == zeep.Client(simulator.wsdl).service.stamped(xml=document, **LOGIN).UUID


def test_it_ends_while_it_is_down(tmp_path):
    with running(tmp_path) as simulator:
        simulator.control(down=60)
        simulator.wait_until_down()
        simulator.process.terminate()
        assert simulator.process.wait(10) == 0


def test_the_sandbox_takes_any_csd_and_says_what_it_is(tmp_path):
    stranger = csd.issue(csd.new_authority(), RFC, NAME)
    with running(tmp_path, "--any-authority") as simulator:
        stamped = zeep.Client(simulator.wsdl).service.stamp(xml=sealed(stranger), **LOGIN)
        assert "no tiene validez fiscal" in stamped.xml
        assert b"no tiene validez fiscal" in urllib.request.urlopen(simulator.url, timeout=5).read()
        fiel = csd.issue(csd.new_authority(), RFC, NAME, csd.FIEL)
        refused = zeep.Client(simulator.wsdl).service.stamp(xml=sealed(fiel), **LOGIN)
        assert refused.Incidencias.Incidencia[0].CodigoError == "306"


@pytest.mark.parametrize(
    "body", [b"", b"{}", json.dumps({"xml": base64.b64encode(b"x").decode()}).encode(), b"--x\r\n\r\n--x--"]
)
def test_requests_that_are_not_of_sw(simulator, body):
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = requests.post(f"{simulator.url}/v4/cfdi33/stamp/v4", data=body, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
