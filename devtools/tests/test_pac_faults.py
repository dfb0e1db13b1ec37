"""Faults on command: each does what it says, once, and what was stamped stays stamped."""

from __future__ import annotations

import time
import urllib.error

import pytest
import requests
import zeep

from devtools.pac.faults import KINDS, Faults
from pac_support import sealed

LOGIN = {"username": "simulador", "password": "simulador"}
# fault -> (error that a client sees, whether the document was stamped)
EXPECTED = {
    "slow": (requests.exceptions.Timeout, True),
    "slow_answer": (requests.exceptions.Timeout, True),
    "http_500": (zeep.exceptions.Error, False),
    "http_500_after": (zeep.exceptions.Error, True),
    "http_503": (zeep.exceptions.Error, False),
    "soap_fault": (zeep.exceptions.Fault, False),
    "cut_before": (requests.exceptions.ConnectionError, False),
    "cut_after": (requests.exceptions.ConnectionError, True),
    "cut_inside": (requests.exceptions.RequestException, True),
    "garbage": (zeep.exceptions.Error, True),
}
ANSWERED = {"empty", "wrong_uuid", "wrong_seal", "without_xml", "not_found_yet"}
ELSEWHERE = {"invalid_expression", "wrong_status", "refuse"}  # in test_pac_cancel and test_pac_protocols


def _service(simulator, seconds=20):
    return zeep.Client(simulator.wsdl, transport=zeep.Transport(operation_timeout=seconds)).service


@pytest.mark.parametrize("kind", EXPECTED)
def test_fault(simulator, issuer, kind):
    error, stamped = EXPECTED[kind]
    document, before = sealed(issuer), len(simulator.stamps())
    simulator.fault(kind, seconds=1)
    with pytest.raises(error):
        _service(simulator, 0.4).stamp(xml=document, **LOGIN)
    if kind == "slow":
        time.sleep(1.5)  # it works after the wait, when nobody listens any more
    assert len(simulator.stamps()) == before + stamped
    answer = _service(simulator).stamp(xml=document, **LOGIN)
    assert (answer.Incidencias is not None) == stamped
    assert len(simulator.stamps()) == before + 1


def test_answers_that_lie(simulator, issuer):
    document = sealed(issuer)
    service = _service(simulator)
    simulator.fault("empty")
    assert service.stamp(xml=document, **LOGIN) is None
    true = service.stamp(xml=document, **LOGIN)
    simulator.fault("wrong_uuid")
    false = service.stamp(xml=document, **LOGIN)
    assert true.UUID in true.xml
    assert true.UUID not in false.xml
    simulator.fault("wrong_seal")
    assert service.stamp(xml=document, **LOGIN).xml != true.xml
    simulator.fault("without_xml")
    assert service.stamp(xml=document, **LOGIN).xml is None
    simulator.fault("not_found_yet", operation="stamped")
    assert service.stamp(xml=document, **LOGIN).UUID == true.UUID
    assert service.stamped(xml=document, **LOGIN).Incidencias.Incidencia[0].CodigoError == "603"
    assert service.stamped(xml=document, **LOGIN).UUID == true.UUID


def test_every_fault_is_tested():
    assert EXPECTED.keys() | ANSWERED | ELSEWHERE == KINDS.keys()


def test_count_and_operation(simulator, issuer):
    document, service = sealed(issuer), _service(simulator)
    simulator.fault("soap_fault", count=2, operation="stamp")
    assert service.stamped(xml=document, **LOGIN).Incidencias.Incidencia[0].CodigoError == "603"
    for _ in range(2):
        with pytest.raises(zeep.exceptions.Fault):
            service.stamp(xml=document, **LOGIN)
    assert service.stamp(xml=document, **LOGIN).UUID
    assert simulator.state()["waiting"] == []


def test_counters(simulator, issuer):
    before = simulator.state()["counters"].get("fault cut_before", 0)
    simulator.fault("cut_before")
    with pytest.raises(requests.exceptions.ConnectionError):
        _service(simulator).stamp(xml=sealed(issuer), **LOGIN)
    state = simulator.state()
    assert state["counters"]["fault cut_before"] == before + 1
    assert state["stamped"] == len(simulator.stamps())


@pytest.mark.parametrize(
    "command",
    [
        {"fault": "nada"},
        {"que": 1},
        {},
        {"rate": 0.1},
        {"fault": "slow", "seconds": "x"},
        {"fault": "refuse"},
        {"down": "x"},
    ],
)
def test_commands_that_it_does_not_know(simulator, command):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        simulator.control(**command)


def test_rate_is_the_same_with_the_same_seed():
    def run():
        faults = Faults()
        faults.order({"rate": 0.1, "seed": 7, "among": ["cut_after", "http_500"]})
        return [faults.next("stamp").kind for _ in range(1000)]

    first = run()
    assert first == run()
    assert 60 < sum(map(bool, first)) < 140
    assert set(first) == {"", "cut_after", "http_500"}
