"""Documents of third parties whose seals are known to hold; some were really accepted by a PAC."""

import csv
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from lxml import etree

import cfdi
from cfdi import schema
from cfdi.cancelacion import verify_request
from cfdi.namespaces import NS
from cfdi.rules.elsewhere import NOT_CHECKED
from devtools.pac.resources import schema as whole_schema
from support import SHARED, codes
from test_rule_table import rows

with open(SHARED / "samples" / "index.csv", encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
STAMPED = [row for row in ROWS if row["state"] == "timbrado"]
# From the first weeks of the 4.0, when PACs did not ask for all of the matrix yet
_BEFORE_THE_MATRIX = {"CFDI40223", "CFDI40161"}
_NUMBER = re.compile(r"\d+(\.\d+)?")
_CHECKED_BY_THE_WHOLE = {"CartaPorte31", "Pagos20", "implocal", "TimbreFiscalDigital"}
_CARTA_PORTE = [row for row in ROWS if "cartaporte31" in row["file"]]


def _read(row):
    return (SHARED / "samples" / row["file"]).read_bytes()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_seal(row):
    assert cfdi.verify_seal(_read(row)) == (row["sello"] == "PASS")


@pytest.mark.parametrize("row", STAMPED, ids=lambda row: row["file"])
def test_timbre(row):
    timbre = cfdi.parse_timbre(_read(row))
    certificate = (SHARED / "certificates" / f"{row['no_cert_sat']}.cer").read_bytes()
    assert timbre.verify(certificate) == (row["tfd_selloSAT"] == "pass")
    assert timbre.UUID in cfdi.qr_url(_read(row))


@pytest.mark.parametrize("row", STAMPED, ids=lambda row: row["file"])
def test_what_a_pac_accepted_has_no_problem_here(row):
    expected = _BEFORE_THE_MATRIX if row["fecha"] < "2022-03" else set()
    assert codes(cfdi.validate(_read(row))) <= expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_schema(row):
    root = etree.fromstring(_read(row))
    for addenda in root.findall("cfdi:Addenda", NS):
        root.remove(addenda)
    assert (schema.check_schema(root) == []) == (row["xsd"] == "pass")
    complements = {etree.QName(node).namespace.rsplit("/", 1)[-1] for node in root.findall("cfdi:Complemento/*", NS)}
    if complements <= _CHECKED_BY_THE_WHOLE:
        assert whole_schema().validate(root) == (row["xsd"] == "pass")


@pytest.mark.parametrize("row", [row for row in ROWS if row["xsd"] == "pass"], ids=lambda row: row["file"])
def test_what_others_wrote_is_read(row):
    """Written again and read again it says the same."""
    read = cfdi.read_comprobante(_read(row))
    assert (read.TipoDeComprobante, len(read.Conceptos)) == (row["type"], int(row["conceptos"]))
    written = cfdi.build_xml(replace(read, SubTotal=None, Descuento=None, Total=None))
    assert cfdi.read_comprobante(written).Conceptos == read.Conceptos
    assert cfdi.read_comprobante(written).Pagos == read.Pagos
    assert cfdi.read_comprobante(written).CartaPorte == read.CartaPorte
    assert (read.CartaPorte is not None) == (row in _CARTA_PORTE)


@pytest.mark.parametrize("row", _CARTA_PORTE, ids=lambda row: row["file"])
def test_carta_porte_is_written_as_others_wrote_it(row):
    """By road, sea and air: each node, each attribute, 1.0 being 1."""
    theirs = etree.fromstring(_read(row), etree.XMLParser(remove_blank_text=True))
    read = cfdi.read_comprobante(theirs)
    ours = cfdi.build_xml(replace(read, SubTotal=None, Descuento=None, Total=None))
    assert len(_CARTA_PORTE) == 4
    assert _plain(ours.find(".//cartaporte31:CartaPorte", NS)) == _plain(theirs.find(".//cartaporte31:CartaPorte", NS))


def _plain(node):
    values = {name: Decimal(value) if _NUMBER.fullmatch(value) else value for name, value in node.attrib.items()}
    return node.tag, values, [_plain(child) for child in node]


@pytest.mark.parametrize("matrix", ["CFDI40.csv", "CRP20_RevB.csv", "CCP31.csv"])
def test_every_rule_of_the_matrix_is_told(matrix):
    """In docs/sat-rules.md, checked or not."""
    with open(SHARED / "rules" / matrix, encoding="utf-8", newline="") as file:
        text = "\n".join(",".join(row) for row in csv.reader(file))
    found = set(re.findall(r"\b(?:CFDI40|CRP20|CP)\d{3}\b", text))
    assert len(found) > 100
    assert found <= NOT_CHECKED.keys() | {code for code, _what, _by in rows()}


def test_a_request_to_cancel_that_another_signed():
    """Signed without the blanks between its elements, which its file has been given since."""
    data = (SHARED / "soap" / "finkok_cancel-cancelsignature-format.xml").read_bytes()
    root = etree.fromstring(data, etree.XMLParser(remove_blank_text=True))
    assert verify_request(root)
    root.find("{*}Folios/{*}Folio").set("Motivo", "03")
    assert not verify_request(root)
