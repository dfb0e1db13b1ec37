"""What is written as text is what lxml writes, byte for byte."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

import cfdi
from cartas_porte import CASES as CARTAS_PORTE
from cases import CASES
from cfdi.draft import Draft
from cfdi.namespaces import CFDI
from support import EMISOR, comprobante, concepto


@pytest.mark.parametrize("name", [*CASES, *CARTAS_PORTE])
def test_sealed_alike(name, credential):
    case = replace((CASES | CARTAS_PORTE)[name], Emisor=EMISOR)
    draft, element = cfdi.build(case), cfdi.build_xml(case)
    sealed = cfdi.seal(draft, certificate_der=credential.der, sign=credential.sign)
    assert sealed == cfdi.seal(element, certificate_der=credential.der, sign=credential.sign)
    assert draft.data() == etree.tostring(element, encoding="UTF-8", xml_declaration=True)


def test_the_draft_is_left_as_it_was(credential):
    draft = cfdi.build(CASES["iva_16"])
    before = draft.data()
    data = cfdi.seal(draft, certificate_der=credential.der, sign=credential.sign)
    assert draft.data() == before
    assert cfdi.seal(draft, certificate_der=credential.der, sign=credential.sign) == data


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1)


def _written(value):
    """As lxml writes it; None where it does not."""
    element = etree.Element(f"{{{CFDI}}}Emisor", nsmap={"cfdi": CFDI})
    try:
        element.set("Nombre", value)
        return etree.fromstring(etree.tostring(element, encoding="UTF-8"))
    except ValueError:
        return None


@settings(max_examples=300)
@given(value=_TEXTS)
@example("\t\n\r &<>\"'")
@example("a\u00a0b\u2028\x85\x7f\u200d\ufeff")
@example("\U0001f600 ñ")
@example("\ufffe")
@example("\x00")
@example("]]>")
def test_any_text(value):
    draft = Draft("cfdi:Emisor", {"Nombre": value}, {"cfdi": CFDI})
    expected = _written(value)
    if expected is None:
        with pytest.raises(ValueError, match=r"(?i)char|surrogate|utf"):
            draft.check()
        return
    draft.check()
    assert draft.element.get("Nombre") == value
    assert draft.data() == etree.tostring(expected, encoding="UTF-8", xml_declaration=True)


@pytest.mark.parametrize("value", ["\ufffe", "\ud800", "a\x00"])
@pytest.mark.parametrize("build", [cfdi.build, cfdi.build_xml])
def test_what_no_xml_can_carry_is_told_before_the_seal(value, build):
    with pytest.raises(cfdi.ComprobanteError, match="no se puede escribir"):
        build(comprobante(concepto(ClaveProdServ=value)))
    with pytest.raises(cfdi.ComprobanteError, match="no se puede escribir"):
        build(replace(CASES["pago_impuestos"], Pagos=(replace(CASES["pago_impuestos"].Pagos[0], CtaOrdenante=value),)))
