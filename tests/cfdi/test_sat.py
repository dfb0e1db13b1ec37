"""What the SAT is asked, and what its answers mean."""

from contextlib import closing
from decimal import Decimal

import pytest

import cfdi
from cfdi.pac import PACS, CfdiQuery, PacInDoubt, PacUnavailable, open_sat
from cfdi.pac.answers import sat_status
from cfdi.pac.sat import SAT_URL, SatConsulta, expresion_impresa, verification_url
from support import RFC
from test_pacs import _query

UUID = "aaaaaaaa-2222-4333-8444-55555555abcd"


def _ask(**changes):
    values = {"issuer_rfc": "AAA010101AAA", "receiver_rfc": "XAXX010101000", "total": Decimal("1160.50"), "uuid": UUID}
    return CfdiQuery(**{**values, "seal": "x" * 336 + "ab+/cd==", **changes})


def test_expression():
    assert expresion_impresa(_ask()) == (f"?re=AAA010101AAA&rr=XAXX010101000&tt=1160.5&id={UUID.upper()}&fe=ab+/cd==")
    assert expresion_impresa(_ask(issuer_rfc="ÑU&010203HI2", receiver_rfc="L&Ñ950913MSA")).startswith(
        "?re=ÑU&amp;010203HI2&rr=L&amp;Ñ950913MSA&tt="
    )


@pytest.mark.parametrize(
    ("total", "text"),
    [("1", "1.0"), ("0.990000", "0.99"), ("0", "0.0"), ("1000000.123456", "1000000.123456"), ("1E+3", "1000.0")],
)
def test_total(total, text):
    assert f"&tt={text}&" in expresion_impresa(_ask(total=Decimal(total)))
    assert f"&tt={text}&" in verification_url(_ask(total=Decimal(total)))


def test_the_address_is_that_of_the_qr(simulator, document):
    with closing(PACS["finkok"].open("simulator", "simulador", "simulador", url=simulator.url)) as pac:
        stamped = pac.stamp(document).xml
    assert verification_url(_query(stamped)) == cfdi.qr_url(stamped)


def test_the_sat_of_the_simulator(simulator, document, new_request):
    with closing(PACS["finkok"].open("simulator", "simulador", "simulador", url=simulator.url)) as pac:
        stamped = pac.stamp(document)
        with closing(open_sat("simulator", url=simulator.url)) as sat:
            query = _query(stamped.xml)
            assert query.issuer_rfc == RFC  # with an Ñ and an &
            assert sat.status(query).estado == "Vigente"
            assert not sat.status(_query(stamped.xml, seal="A" * 344)).found
            pac.cancel(new_request(stamped.uuid), uuid=stamped.uuid)
            assert sat.status(query).cancelled
            simulator.fault("invalid_expression", protocol="sat")
            assert not sat.status(query).found
            for fault in ("cut_before", "http_500", "soap_fault", "garbage", "empty", "wrong_status"):
                simulator.fault(fault, protocol="sat")
                with pytest.raises(PacInDoubt):
                    sat.status(query)
    with closing(SatConsulta("http://127.0.0.1:9")) as sat, pytest.raises(PacUnavailable):
        sat.status(query)


def test_where_the_sat_is():
    assert SAT_URL in repr(open_sat("production"))
    with pytest.raises(ValueError, match="https"):
        SatConsulta("http://consultaqr.facturaelectronica.sat.gob.mx")


@pytest.mark.parametrize(
    ("answer", "found", "cancelled"),
    [
        (("Vigente", "Cancelable con aceptación", "", "S - Comprobante obtenido satisfactoriamente."), True, False),
        (("Cancelado", None, "Plazo vencido", "S - Comprobante obtenido satisfactoriamente."), True, True),
        (("No Encontrado", None, None, "N - 602: Comprobante no encontrado."), False, False),
        (("No Encontrado", "", "", "N - 601: La expresión impresa proporcionada no es válida."), False, False),
    ],
)
def test_answers(answer, found, cancelled):
    status = sat_status(*answer)
    assert (status.found, status.cancelled) == (found, cancelled)


@pytest.mark.parametrize(
    "answer",
    [
        (None, None, None, None),
        ("", "", "", "S - Comprobante obtenido satisfactoriamente."),
        ("cancelado?", "", "", "S - Comprobante obtenido satisfactoriamente."),
        ("Cancelado", "", "", "N - 601: La expresión impresa proporcionada no es válida."),
        ("Cancelado", "", "", ""),
    ],
)
def test_answers_that_decide_nothing(answer):
    with pytest.raises(PacInDoubt):
        sat_status(*answer)
