"""Whole documents: what is written, that it is valid by everything we have, and that it can be sealed."""

import pytest
from lxml import etree

import cfdi
from cases import CASES
from support import HERE, NOON


@pytest.mark.parametrize("name", CASES)
def test_xml_is_the_golden_one(name, request):
    path = HERE / "golden" / f"{name}.xml"
    element = cfdi.build_xml(CASES[name])
    written = etree.tostring(element, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    if request.config.getoption("--write-golden"):
        path.write_bytes(written)
    assert written.decode() == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_sealed_document_is_valid_and_its_seal_holds(name, credential):
    element = cfdi.build_xml(CASES[name])
    assert cfdi.validate(element, sealed=False, now=NOON) == []
    data = cfdi.seal(element, certificate_der=credential.der, sign=credential.sign)
    assert cfdi.validate(data) == []
    assert cfdi.verify_seal(data)


def test_every_golden_file_has_its_case():
    assert {path.stem for path in (HERE / "golden").glob("*.xml")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_satcfdi_reads_the_same(name, credential):
    """A second judge: the peer's own parser and stylesheet."""
    from satcfdi.cfdi import CFDI
    from satcfdi.transform import xslt_transform

    data = cfdi.seal(cfdi.build_xml(CASES[name]), certificate_der=credential.der, sign=credential.sign)
    totals = cfdi.compute(CASES[name])
    read = CFDI.from_string(data)
    assert (read["SubTotal"], read["Total"]) == (totals.SubTotal, totals.Total)
    assert len(read["Conceptos"]) == len(CASES[name].Conceptos)
    judged = xslt_transform("{http://www.sat.gob.mx/cfd/4}Comprobante", "4.0")(etree.fromstring(data))
    assert cfdi.cadena_original(data) == str(judged)
