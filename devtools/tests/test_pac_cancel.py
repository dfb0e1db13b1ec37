"""Cancelling at the simulator, and what it says of a CFDI: its real process, over a real socket, with zeep.

The requests are signed by another implementation, the descriptions are those of the clients.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import zeep
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from devtools import csd
from devtools.pac.process import running
from pac_support import NAME, RFC, cancellation, sealed

CLIENT = Path(__file__).resolve().parents[2] / "cfdi" / "pac"
LOGIN = {"username": "simulador", "password": "simulador"}
RECEIVER = "XYZ010203AB9"
LARGE = {"SubTotal": "10000.00", "Total": "11600.00"}
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture
def finkok(simulator):
    return {name: _finkok(simulator, name) for name in ("stamp", "cancel", "utilities")}


def _finkok(simulator, name):
    client = zeep.Client(str(CLIENT / f"finkok_{name}.wsdl"), transport=zeep.Transport(operation_timeout=20))
    binding = f"{{http://facturacion.finkok.com/{name}}}Application"
    return client.create_service(binding, f"{simulator.url}/servicios/soap/{name}")


@pytest.fixture
def sat(simulator):
    client = zeep.Client(str(CLIENT / "sat_consulta.wsdl"))
    binding = "{http://tempuri.org/}BasicHttpBinding_IConsultaCFDIService"
    return client.create_service(binding, f"{simulator.url}/ConsultaCFDIService.svc")


@pytest.fixture
def stamped(finkok, issuer):
    """Stamp a new comprobante: its UUID."""

    def stamp(**changes):
        return finkok["stamp"].stamp(xml=sealed(issuer, **changes), **LOGIN).UUID

    return stamp


@pytest.fixture
def cancel(finkok, issuer):
    """Ask to cancel; the code of the folio, or of the request where no folio was answered."""

    def ask(uuid, *more, credential=issuer):
        answer = finkok["cancel"].cancel_signature(xml=cancellation(credential, uuid, *more), **LOGIN)
        return answer.Folios.Folio[0].EstatusUUID if answer.Folios else answer.CodEstatus[:3]

    return ask


@pytest.fixture
def status(finkok):
    def ask(uuid, *, receiver="XAXX010101000", total="116.00", issuer=RFC):
        answer = finkok["cancel"].get_sat_status(
            taxpayer_id=issuer, rtaxpayer_id=receiver, uuid=uuid, total=total, **LOGIN
        )
        return answer.sat.Estado, answer.sat.EstatusCancelacion or "", answer.sat.EsCancelable or ""

    return ask


def test_cancel_and_its_acuse(finkok, issuer, stamped, status, folder):
    uuid = stamped()
    assert status(uuid) == ("Vigente", "", "Cancelable sin aceptación")
    answer = finkok["cancel"].cancel_signature(xml=cancellation(issuer, uuid), **LOGIN)
    folio = answer.Folios.Folio[0]
    assert (folio.UUID, folio.EstatusUUID, answer.RfcEmisor) == (uuid, "201", RFC)
    assert status(uuid)[:2] == ("Cancelado", "Cancelado sin aceptación")
    again = finkok["cancel"].cancel_signature(xml=cancellation(issuer, uuid, "03"), **LOGIN)
    assert again.Folios.Folio[0].EstatusUUID == "202"

    assert "no tiene validez fiscal" in answer.Acuse
    result = etree.fromstring(answer.Acuse).find("{*}CancelaCFDResult")
    assert [result.findtext(f"{{*}}Folios/{{*}}{name}") for name in ("UUID", "EstatusUUID")] == [uuid, "201"]
    sat = csd.load(folder / "sat.cer", folder / "sat.key").certificate.public_key()
    signature = result.find(f"{DSIG}Signature")
    value = base64.b64decode(signature.findtext(f"{DSIG}SignatureValue"))
    sat.verify(value, _alone(signature.find(f"{DSIG}SignedInfo")), PKCS1v15(), SHA256())
    digest = signature.findtext(f".//{DSIG}DigestValue")
    result.remove(signature)
    assert digest == base64.b64encode(hashlib.sha256(_alone(result)).digest()).decode()


def _alone(part):
    """Canonical XML of a part: as a document of its own, since lxml forgets the names that it has from above."""
    return etree.tostring(etree.fromstring(etree.tostring(part)), method="c14n")


def test_what_is_refused_of_a_folio(issuer, stamped, cancel, status, folder):
    uuid, other = stamped(), stamped()
    stranger = csd.issue(csd.ensure_authority(folder), "XYZ010203AB9", "OTRA")
    unknown = "11111111-2222-4333-8444-555555555555"
    assert {
        "of another RFC": cancel(uuid, credential=stranger),
        "unknown": cancel(unknown),
        "no such reason": cancel(uuid, "05"),
        "replaced by nothing": cancel(uuid, "01"),
        "replaced by an unknown one": cancel(uuid, "01", unknown),
        "replaced by itself": cancel(uuid, "01", uuid),
        "replaced without reason": cancel(uuid, "02", other),
    } == {
        "of another RFC": "203",
        "unknown": "205",
        "no such reason": "207",
        "replaced by nothing": "208",
        "replaced by an unknown one": "208",
        "replaced by itself": "208",
        "replaced without reason": "209",
    }
    assert status(uuid)[:2] == ("Vigente", "")


def test_what_is_refused_of_a_request(finkok, issuer, stamped, cancel, folder):
    uuid = stamped()
    authority = csd.ensure_authority(folder)
    good = cancellation(issuer, uuid)

    def code(data, **login):
        answer = finkok["cancel"].cancel_signature(xml=data, **{**LOGIN, **login})
        assert answer.Folios is None
        return answer.CodEstatus[:3]

    assert {
        "password": code(good, password="otra"),
        "not xml": code(b"%PDF"),
        "another document": code(b"<Cancelacion/>"),
        "changed": code(good.replace(b'Motivo="02"', b'Motivo="03"')),
        "another RFC": code(good.replace(RFC.encode(), b"XYZ010203AB9")),
        "not signed": code(good.partition(b"<Signature")[0] + b"</Cancelacion>"),
        "expired": code(cancellation(csd.expired(authority, RFC, NAME), uuid)),
        "FIEL": code(cancellation(csd.issue(authority, RFC, NAME, csd.FIEL), uuid)),
        "another authority": code(cancellation(csd.issue(csd.new_authority(), RFC, NAME), uuid)),
    } == {
        "password": "300",
        "not xml": "301",
        "another document": "301",
        "changed": "302",
        "another RFC": "302",
        "not signed": "302",
        "expired": "304",
        "FIEL": "306",
        "another authority": "308",
    }
    assert cancel(uuid) == "201"


def test_replacement_and_related(stamped, cancel, status):
    """Who is referred to by a CFDI in force cannot be cancelled, but for its replacement."""
    uuid = stamped()
    replacement = stamped(related=uuid)
    assert status(uuid)[2] == "No cancelable"
    assert cancel(uuid, "02") == "no_cancelable"
    assert cancel(uuid, "01", replacement) == "201"
    assert status(uuid)[0] == "Cancelado"
    other = stamped()
    reference = stamped(related=other)
    assert cancel(other, "03") == "no_cancelable"
    assert cancel(reference, "03") == "201"
    assert cancel(other, "03") == "201"


def test_the_rule_of_thumb(simulator, stamped, status):
    old = [stamped(receiver=RECEIVER), stamped(receiver=RECEIVER, **LARGE), stamped(**LARGE)]
    asked = [{"receiver": RECEIVER}, {"receiver": RECEIVER, "total": "11600"}, {"total": "11600"}]

    def needed():
        return ["con" in status(uuid, **how)[2].split() for uuid, how in zip(old, asked, strict=True)]

    assert needed() == [False, False, False]
    simulator.control(clock_offset=25 * 3600)
    assert needed() == [False, True, False]


def test_the_receiver(simulator, stamped, cancel, status):
    accepted, rejected, late = stamped(), stamped(), stamped()
    simulator.receiver("waits")
    assert status(accepted)[2] == "Cancelable con aceptación"
    assert [cancel(uuid) for uuid in (accepted, rejected, late)] == ["201"] * 3
    assert cancel(accepted) == "202"
    assert status(accepted)[:2] == ("Vigente", "En proceso")
    simulator.receiver("accepts", accepted)
    simulator.receiver("rejects", rejected.lower())
    assert status(accepted)[:2] == ("Cancelado", "Cancelado con aceptación")
    assert status(rejected)[:2] == ("Vigente", "Solicitud rechazada")
    simulator.control(clock_offset=73 * 3600)
    assert status(late)[:2] == ("Cancelado", "Plazo vencido")
    # a second request has no term
    simulator.control(clock_offset=0)
    assert cancel(rejected) == "201"
    simulator.control(clock_offset=1000 * 3600)
    assert status(rejected)[:2] == ("Vigente", "En proceso")
    simulator.receiver("accepts")
    assert status(rejected)[0] == "Cancelado"
    simulator.receiver("rule")
    assert simulator.state()["receiver_waits_for"] == []


def test_the_sat_knows_what_was_stamped(simulator, sat, finkok, issuer):
    stamp = finkok["stamp"].stamp(xml=sealed(issuer), **LOGIN)
    end = etree.fromstring(stamp.xml.encode()).get("Sello")[-8:]

    def ask(expression):
        answer = sat.Consulta(expresionImpresa=expression)
        return answer.Estado, answer.CodigoEstatus.split()[0], answer.CodigoEstatus

    good = f"?re={RFC}&rr=XAXX010101000&tt=116.0&id={stamp.UUID.lower()}&fe={end}"
    assert ask(good)[:2] == ("Vigente", "S")
    for old, new in (("116.0", "116.1"), ("XAXX", "XEXX"), (RFC, "XYZ010203AB9"), (end, "AAAAAAAA"), ("id=", "id=0")):
        assert "602" in ask(good.replace(old, new))[2]
    for wrong in ("", "?", good[1:], f"?re={RFC}", good.replace("116.0", "mil")):
        assert "601" in ask(wrong)[2]
    simulator.fault("invalid_expression", operation="status")
    assert "601" in ask(good)[2]
    simulator.fault("not_found_yet", protocol="sat")
    assert ask(good)[0] == "No Encontrado"
    simulator.fault("wrong_status", protocol="sat")
    assert ask(good)[0] == "Desconocido"
    assert ask(good)[0] == "Vigente"


def test_an_ampersand_in_an_rfc(folder, sat, finkok):
    rfc = "ÑU&010203HI2"
    credential = csd.issue(csd.ensure_authority(folder), rfc, "ÑUBES Y CIELOS")
    document = sealed(credential, issuer=rfc)
    stamp = finkok["stamp"].stamp(xml=document, **LOGIN)
    assert stamp.UUID, stamp
    expression = f"?re=ÑU&amp;010203HI2&rr=XAXX010101000&tt=116.0&id={stamp.UUID}"
    assert sat.Consulta(expresionImpresa=expression).Estado == "Vigente"
    assert sat.Consulta(expresionImpresa=expression.replace("&amp;", "&")).Estado == "No Encontrado"


def test_it_cancels_once_whatever_happens_to_the_answer(simulator, finkok, issuer, stamped, cancel, status):
    for kind in ("cut_after", "http_500_after", "garbage", "empty", "cut_inside"):
        uuid = stamped()
        simulator.fault(kind, operation="cancel")
        if kind == "empty":
            assert finkok["cancel"].cancel_signature(xml=cancellation(issuer, uuid), **LOGIN) is None
        else:
            with pytest.raises(Exception, match=r".") as raised:
                cancel(uuid)
            assert not isinstance(raised.value, AssertionError)
        assert status(uuid)[0] == "Cancelado"
        assert cancel(uuid) == "202"
    for kind in ("cut_before", "http_500", "http_503", "soap_fault"):
        uuid = stamped()
        simulator.fault(kind, operation="cancel")
        with pytest.raises(Exception, match=r".") as raised:
            cancel(uuid)
        assert not isinstance(raised.value, AssertionError)
        assert status(uuid)[0] == "Vigente"
        assert cancel(uuid) == "201"


def test_not_found_yet_and_the_folio_of_another(simulator, finkok, issuer, stamped, cancel):
    uuid = stamped()
    simulator.fault("not_found_yet", operation="cancel")
    assert cancel(uuid) == "205"
    simulator.fault("wrong_uuid", operation="cancel")
    answer = finkok["cancel"].cancel_signature(xml=cancellation(issuer, uuid), **LOGIN)
    assert uuid != answer.Folios.Folio[0].UUID
    assert cancel(uuid) == "202"


def test_the_hour(finkok):
    assert finkok["utilities"].datetime(**LOGIN).datetime
    assert finkok["utilities"].datetime(**{**LOGIN, "password": "otra"}).error


def test_it_remembers_after_a_sudden_death(tmp_path):
    issuer = csd.issue(csd.ensure_authority(tmp_path), RFC, NAME)
    document = sealed(issuer)
    with running(tmp_path) as simulator:
        uuid = _finkok(simulator, "stamp").stamp(xml=document, **LOGIN).UUID
        _finkok(simulator, "cancel").cancel_signature(xml=cancellation(issuer, uuid), **LOGIN)
        simulator.kill()
    with running(tmp_path) as simulator:
        again = _finkok(simulator, "cancel").cancel_signature(xml=cancellation(issuer, uuid), **LOGIN)
        assert again.Folios.Folio[0].EstatusUUID == "202"
        _finkok(simulator, "stamp").stamp(xml=document, **LOGIN)
        assert [stamp["asked"] for stamp in simulator.stamps()] == [2]


@pytest.mark.parametrize("command", [{"receiver": "sleeps"}, {"receiver": "waits", "fault": "slow"}])
def test_commands_about_the_receiver_that_there_are_not(simulator, command):
    with pytest.raises(Exception, match="400"):
        simulator.control(**command)
