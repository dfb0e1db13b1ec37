"""What every PAC that we speak with must do, whatever happens on the wire: one battery for all of them.

Against the simulator's real process. `Capabilities` say which way out of a doubt each one has.
"""

import logging
import traceback
from contextlib import closing, contextmanager
from decimal import Decimal

import pytest

import cfdi
from cfdi.pac import PACS, CfdiQuery, Pac, PacInDoubt, PacRejected, PacUnavailable, open_sat
from cfdi.secure_xml import parse_xml
from devtools import csd
from support import RFC

KINDS = ["finkok", "solucion_factible", "sw"]
WITHOUT_ACUSE = ["solucion_factible"]
SECRET = "s3cr3t-wrong"
DONE = ["cut_after", "cut_inside", "http_500_after", "garbage", "empty", "slow_answer"]
"""Faults after the work was done."""
LIES = ["wrong_uuid", "wrong_seal"]
NOT_DONE = ["cut_before", "http_500", "http_503", "soap_fault"]
UNKNOWN = "11111111-2222-4333-8444-555555555555"

pytestmark = pytest.mark.parametrize("kind", KINDS)


@contextmanager
def _open(kind, simulator, **options):
    options = {"timeout": 10, **options}
    password = options.pop("password", "simulador")
    pac = PACS[kind].open("simulator", "simulador", password, url=simulator.url, **options)
    if hasattr(pac, "_pauses"):
        pac._pauses = (0, 0)
    with closing(pac):
        yield pac


@pytest.fixture
def pac(kind, simulator):
    with _open(kind, simulator) as pac:
        yield pac


def _query(stamped: bytes, **changes) -> CfdiQuery:
    root = parse_xml(stamped)
    values = {
        "issuer_rfc": RFC,
        "receiver_rfc": root.find("{*}Receptor").get("Rfc"),
        "total": Decimal(root.get("Total")),
        "uuid": cfdi.parse_timbre(root).UUID,
        "seal": root.get("Sello"),
        **changes,
    }
    return CfdiQuery(**values)


def _after_doubt(pac, document):
    """What the contract says that a caller does; None when it finds that there is no timbre."""
    if pac.capabilities.after_doubt == "recover":
        return pac.recover(document)
    # "person": the same bytes are not sent again by themselves, since nothing promises that the PAC notices. It
    # may do, as the simulator does, and then its answer must be read as well.
    return pac.stamp(document)


def test_the_contract(pac, kind):
    assert isinstance(pac, Pac)
    assert pac.name == kind
    assert pac.capabilities == PACS[kind].capabilities
    assert PACS[kind].production.startswith("https://")
    assert PACS[kind].test.startswith("https://")
    assert PACS[kind].test != PACS[kind].production
    assert "simulador" not in repr(pac)


def test_stamp_and_stamp_again(pac, simulator, document, pac_folder):
    before = len(simulator.stamps())
    first = pac.stamp(document)
    assert first.previous is False
    assert first.timbre.verify((pac_folder / "sat.cer").read_bytes())
    assert cfdi.validate(first.xml) == []
    again = pac.stamp(document)
    assert (again.uuid, again.xml, again.previous) == (first.uuid, first.xml, True)
    assert len(simulator.stamps()) == before + 1


def test_recover(pac, document):
    if not pac.capabilities.recover:
        with pytest.raises(PacUnavailable):
            pac.recover(document)
        return
    assert pac.recover(document) is None
    uuid = pac.stamp(document).uuid
    found = pac.recover(document)
    assert (found.uuid, found.previous) == (uuid, True)


@pytest.mark.parametrize("fault", DONE + LIES)
def test_a_timbre_whose_answer_is_lost_is_found_and_never_given_twice(kind, simulator, document, fault):
    before = len(simulator.stamps())
    simulator.fault(fault, seconds=1.5, operation="stamp")
    with _open(kind, simulator, timeout=0.5) as pac, pytest.raises(PacInDoubt):
        pac.stamp(document)
    with _open(kind, simulator) as pac:
        found = _after_doubt(pac, document)
        assert pac.stamp(document).uuid == found.uuid
    assert len(simulator.stamps()) == before + 1


@pytest.mark.parametrize("fault", NOT_DONE)
def test_nothing_was_stamped_and_nobody_can_know(pac, simulator, document, fault):
    before = len(simulator.stamps())
    simulator.fault(fault, operation="stamp")
    with pytest.raises(PacInDoubt):
        pac.stamp(document)
    assert len(simulator.stamps()) == before
    found = _after_doubt(pac, document)
    assert (found or pac.stamp(document)).previous is False
    assert len(simulator.stamps()) == before + 1


def test_a_previous_timbre_that_is_not_handed_out(pac, simulator, document):
    uuid = pac.stamp(document).uuid
    simulator.fault("without_xml", operation="stamp")
    if pac.capabilities.recover:
        assert pac.stamp(document).uuid == uuid
    else:
        with pytest.raises(PacInDoubt) as raised:
            pac.stamp(document)
        assert raised.value.code == "307"


def test_rejected(pac, new_document, pac_folder):
    stranger = csd.issue(csd.new_authority(), RFC, "OTRA AUTORIDAD")
    with pytest.raises(PacRejected) as raised:
        pac.stamp(new_document(stranger))
    assert raised.value.code == "308"
    assert "SAT" in raised.value.message


def test_the_clock_of_the_pac_is_off(pac, simulator, document):
    simulator.control(clock_offset=-3600)
    with pytest.raises(PacRejected) as raised:
        pac.stamp(document)
    assert raised.value.code == "401"


def test_cancel(pac, kind, document, new_request):
    stamped = pac.stamp(document)
    answer = pac.cancel(new_request(stamped.uuid), uuid=stamped.uuid)
    assert (answer.code, answer.accepted) == ("201", True)
    if kind in WITHOUT_ACUSE:
        assert answer.acuse is None
    else:
        assert stamped.uuid in answer.acuse.decode()
    again = pac.cancel(new_request(stamped.uuid), uuid=stamped.uuid.lower())
    assert (again.code, again.accepted) == ("202", True)


@pytest.mark.parametrize("fault", [*DONE, "wrong_uuid"])
def test_a_cancellation_whose_answer_is_lost(kind, simulator, document, new_request, fault):
    with _open(kind, simulator) as pac:
        uuid = pac.stamp(document).uuid
    simulator.fault(fault, seconds=1.5, operation="cancel")
    with _open(kind, simulator, timeout=0.5) as pac, pytest.raises(PacInDoubt):
        pac.cancel(new_request(uuid), uuid=uuid)
    with _open(kind, simulator) as pac:
        assert pac.cancel(new_request(uuid), uuid=uuid).code == "202"


@pytest.mark.parametrize("fault", NOT_DONE)
def test_a_cancellation_that_may_not_have_arrived(pac, simulator, document, new_request, fault):
    uuid = pac.stamp(document).uuid
    simulator.fault(fault, operation="cancel")
    with pytest.raises(PacInDoubt):
        pac.cancel(new_request(uuid), uuid=uuid)
    assert pac.cancel(new_request(uuid), uuid=uuid).code == "201"


def test_a_cancellation_too_early(pac, simulator, document, new_request):
    uuid = pac.stamp(document).uuid
    simulator.fault("not_found_yet", operation="cancel")
    with pytest.raises(PacUnavailable) as raised:
        pac.cancel(new_request(uuid), uuid=uuid)
    assert raised.value.code == "205"
    assert pac.cancel(new_request(uuid), uuid=uuid).code == "201"


def test_a_cancellation_that_is_refused(pac, pac_folder, document, new_document, new_request):
    stamped = pac.stamp(document)
    reference = pac.stamp(
        new_document(CfdiRelacionados=(cfdi.CfdiRelacionados(TipoRelacion="04", UUIDs=(stamped.uuid,)),))
    )
    with pytest.raises(PacRejected) as raised:
        pac.cancel(new_request(stamped.uuid), uuid=stamped.uuid)
    assert "no_cancelable" in raised.value.code
    assert pac.cancel(new_request(stamped.uuid, "01", reference.uuid), uuid=stamped.uuid).accepted
    stranger = csd.issue(csd.ensure_authority(pac_folder), "XYZ010203AB9", "OTRA")
    with pytest.raises(PacRejected) as raised:
        pac.cancel(new_request(reference.uuid, credential=stranger), uuid=reference.uuid)
    assert raised.value.code == "203"
    unsigned = new_request(reference.uuid).replace(b'Motivo="02"', b'Motivo="03"')
    with pytest.raises(PacRejected) as raised:
        pac.cancel(unsigned, uuid=reference.uuid)
    assert raised.value.code == "302"


def test_status(pac, simulator, document, new_request):
    stamped = pac.stamp(document)
    query = _query(stamped.xml)
    found = pac.status(query)
    assert (found.estado, found.found, found.cancelled, found.in_process) == ("Vigente", True, False, False)
    assert found.es_cancelable == "Cancelable sin aceptación"
    simulator.receiver("waits")
    assert pac.cancel(new_request(stamped.uuid), uuid=stamped.uuid).accepted
    assert pac.status(query).in_process
    simulator.receiver("accepts", stamped.uuid)
    found = pac.status(query)
    assert (found.cancelled, found.estatus_cancelacion) == (True, "Cancelado con aceptación")
    assert not pac.status(_query(stamped.xml, uuid=UNKNOWN)).found
    assert not pac.status(_query(stamped.xml, total=Decimal("1"))).found


@pytest.mark.parametrize("fault", ["not_found_yet", "invalid_expression"])
def test_not_found_is_not_cancelled(pac, simulator, document, new_request, fault):
    stamped = pac.stamp(document)
    pac.cancel(new_request(stamped.uuid), uuid=stamped.uuid)
    simulator.fault(fault, operation="status")
    found = pac.status(_query(stamped.xml))
    assert (found.found, found.cancelled, found.estado) == (False, False, "No Encontrado")
    assert pac.status(_query(stamped.xml)).cancelled


@pytest.mark.parametrize("fault", [*DONE, *NOT_DONE, "wrong_status"])
def test_a_status_that_is_no_answer_decides_nothing(kind, simulator, document, fault):
    with _open(kind, simulator) as pac:
        stamped = pac.stamp(document)
    simulator.fault(fault, seconds=1.5, operation="status")
    with _open(kind, simulator, timeout=0.5) as pac, pytest.raises(PacInDoubt):
        pac.status(_query(stamped.xml))


def test_check(pac, simulator):
    before = len(simulator.stamps())
    assert pac.check() is None
    assert len(simulator.stamps()) == before


def _operations(pac, document, request):
    operations = [lambda: pac.stamp(document), lambda: pac.cancel(request, uuid=UNKNOWN), pac.check]
    if pac.capabilities.recover:
        operations.append(lambda: pac.recover(document))
    return operations


def test_a_wrong_password_is_unavailable_and_nowhere_to_be_seen(kind, simulator, document, new_request):
    before = len(simulator.stamps())
    with _open(kind, simulator, password=SECRET) as pac:
        for operation in _operations(pac, document, new_request(UNKNOWN)):
            with pytest.raises(PacUnavailable) as raised:
                operation()
            assert SECRET not in f"{raised.value!r} {pac!r} {''.join(traceback.format_exception(raised.value))}"
    assert len(simulator.stamps()) == before


def test_no_password_in_any_log(kind, simulator, document, new_request, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("zeep.transports").setLevel(logging.DEBUG)
    with _open(kind, simulator, password=SECRET) as pac:
        for operation in _operations(pac, document, new_request(UNKNOWN)):
            with pytest.raises(PacUnavailable):
                operation()
    assert "127.0.0.1" in caplog.text
    assert SECRET not in caplog.text
    assert "cfdi:Comprobante" not in caplog.text


def test_a_request_that_cancels_another_is_not_sent(pac, simulator, document, new_document, new_request):
    first, second = pac.stamp(document), pac.stamp(new_document())
    before = simulator.state()["counters"].get("cancel", 0)
    with pytest.raises(ValueError, match=first.uuid):
        pac.cancel(new_request(second.uuid), uuid=first.uuid)
    assert simulator.state()["counters"].get("cancel", 0) == before


def test_nobody_listens_and_then_somebody_does(kind, simulator, document, new_request):
    with _open(kind, simulator) as pac:
        simulator.control(down=2)
        simulator.wait_until_down()
        for operation in [*_operations(pac, document, new_request(UNKNOWN)), lambda: pac.status(_any_query())]:
            with pytest.raises(PacUnavailable):
                operation()
        simulator.wait_until_up()
        assert pac.stamp(document).previous is False


def _any_query():
    return CfdiQuery(RFC, "XAXX010101000", Decimal(1), UNKNOWN, "x" * 344)


@pytest.mark.parametrize("url", ["", "https://facturacion.finkok.com", "http://10.0.0.1:8080"])
def test_a_simulator_is_on_this_machine(kind, url):
    with pytest.raises(ValueError, match="simulador"):
        PACS[kind].open("simulator", "u", "p", url=url)
    with pytest.raises(ValueError, match="simulador"):
        open_sat("simulator", url=url)
    with pytest.raises(ValueError, match="ambiente"):
        PACS[kind].open("demo", "u", "p")


def test_where_the_real_ones_are(kind):
    for environment in ("production", "test"):
        with closing(PACS[kind].open(environment, "u", "p", url="http://127.0.0.1:9")) as pac:
            assert getattr(PACS[kind], environment) in repr(pac)
            assert "127.0.0.1" not in repr(pac)
