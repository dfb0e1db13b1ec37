"""The shortened stylesheets say what the SAT's own say."""

import random

import pytest
from lxml import etree

import cfdi
from cartas_porte import CASES as CARTAS_PORTE
from cases import CASES
from cfdi import cadena
from cfdi.resources import sat_file

_ODD = ("", " ", "|", "  a   b ", "\ta\nb\r", "a\u00a0\u2003b", "ñ & <>", None)


@pytest.fixture(scope="module")
def own():
    """The SAT's, as libxslt reads it."""
    return etree.XSLT(etree.parse(str(sat_file("4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt"))))


@pytest.mark.parametrize("name", [*CASES, *CARTAS_PORTE])
def test_same_cadena(name, own):
    root = cfdi.build_xml((CASES | CARTAS_PORTE)[name])
    assert cfdi.cadena_original(root) == str(own(root))
    chance = random.Random(name)  # noqa: S311 - the same in each run
    nodes = [node for node in root.iter() if node.attrib]
    for _time in range(60):
        node = chance.choice(nodes)
        attribute = chance.choice([*node.attrib, "Serie"])
        if node is root and attribute == "Version":
            continue
        value = chance.choice(_ODD)
        if value is not None:
            node.set(attribute, value)
        else:
            node.attrib.pop(attribute, None)
        assert cfdi.cadena_original(root) == str(own(root))


def test_no_call_is_left_to_libxslt():
    sheets = dict(cadena._sheets(sat_file("4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt")))
    assert cadena._is_known(sheets.values())
    for sheet in sheets.values():
        cadena._shorten(sheet)
    calls = [call.get("name") for sheet in sheets.values() for call in sheet.iter("{*}call-template")]
    assert not {"Requerido", "Opcional"} & set(calls)


def test_a_stylesheet_that_writes_values_in_another_way_is_left_as_it_is():
    sheets = dict(cadena._sheets(sat_file("4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt")))
    named = [node for sheet in sheets.values() for node in sheet.iter("{*}template") if node.get("name") == "Opcional"]
    etree.SubElement(named[0], "{http://www.w3.org/1999/XSL/Transform}text").text = "!"
    assert not cadena._is_known(sheets.values())
