"""The cadena original that is written here is what libxslt makes of the SAT's own stylesheets."""

import random

import pytest
from lxml import etree

import cfdi
from cartas_porte import CASES as CARTAS_PORTE
from cases import CASES
from cfdi import cadena
from cfdi.cadena_sheet import ANY, read_sheet
from cfdi.namespaces import CFDI
from cfdi.resources import sat_file

_FILE = "4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt"
_ROOT = f"{{{CFDI}}}Comprobante"
_ODD = (
    "",
    " ",
    "|",
    "  a   b ",
    "\ta\nb\r",
    "a\u00a0\u2003b",
    " \u00a0",
    "ñ & <>",
    "a |b| c",
    "fin ",
    " inicio",
    "\x85",
    "\U0001f600",
    None,
)
_SHEET = read_sheet(sat_file(_FILE), _ROOT)
_OTHER_FORMS = {tag for tag, steps in _SHEET.items() if steps is None}


@pytest.fixture(scope="module")
def own():
    """The SAT's, as libxslt reads it."""
    return etree.XSLT(etree.parse(str(sat_file(_FILE))))


@pytest.mark.parametrize("name", [*CASES, *CARTAS_PORTE])
def test_same_cadena(name, own):
    root = cfdi.build_xml((CASES | CARTAS_PORTE)[name])
    assert cfdi.cadena_original(root) == cadena.cadena_of(cfdi.build((CASES | CARTAS_PORTE)[name])) == str(own(root))
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


# ----------------------------------------------------------------------
# Every complemento, in any shape
# ----------------------------------------------------------------------
def _fill(node, steps, chance, depth=0):
    """Attributes and elements that the steps ask for, and some that they do not."""
    for step in steps:
        for name in chance.sample(step.names, chance.randint(0, len(step.names))):
            node.set(name, chance.choice(_ODD) or name.lower())
        for _time in range(chance.choice((0, 1, 1, 2)) if depth < 6 else 0):
            _descend(node, step, chance, depth)
    if chance.random() < 0.1:
        node.append(etree.Comment("un comentario"))
    if chance.random() < 0.1:
        etree.SubElement(node, f"{{{CFDI}}}Parte", ClaveProdServ="1", Descripcion=" x  y ")
    if chance.random() < 0.1:
        node.text = " \n texto "


def _descend(node, step, chance, depth):
    for name in step.path:
        # what is asked for of any name, and what is asked for deeper
        node = etree.SubElement(node, chance.choice([*_SHEET]) if name == ANY else name)
        if step.deep and chance.random() < 0.5:
            node = etree.SubElement(node, name)
    if step.path:
        _fill(node, (_SHEET.get(node.tag) or ()) if step.steps is None else step.steps, chance, depth + 1)


@pytest.mark.parametrize("tag", sorted(_SHEET))
def test_same_cadena_of_any_template(tag, own):
    chance = random.Random(tag)  # noqa: S311 - the same in each run
    for _time in range(12):
        root = etree.Element(_ROOT, Version="4.0")
        parent = etree.SubElement(root, f"{{{CFDI}}}Complemento")
        if chance.random() < 0.5:
            parent = etree.SubElement(etree.SubElement(root, f"{{{CFDI}}}Conceptos"), f"{{{CFDI}}}Concepto")
            parent = etree.SubElement(parent, f"{{{CFDI}}}ComplementoConcepto")
        _fill(etree.SubElement(parent, tag), _SHEET[tag] or (), chance)
        assert cfdi.cadena_original(root) == str(own(root))


def test_a_complemento_that_no_template_knows(own):
    for content in (
        '<x:Otro xmlns:x="urn:x" a="1"/>',
        '<x:Otro xmlns:x="urn:x"> texto <x:Mas b="2">dos</x:Mas> final </x:Otro>',
        '<x:Otro xmlns:x="urn:x">solo texto</x:Otro>',
        '<x:Otro xmlns:x="urn:x"><!-- nada --> tras </x:Otro>',
        '<x:Otro xmlns:x="urn:x"><cfdi:Parte ClaveProdServ="1"/></x:Otro>',
        '<tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" UUID="x"/>',
    ):
        data = f'<cfdi:Comprobante xmlns:cfdi="{CFDI}" Version="4.0"><cfdi:Complemento> {content} </cfdi:Complemento>'
        root = etree.fromstring(f"{data}</cfdi:Comprobante>")
        assert cfdi.cadena_original(root) == str(own(root))


def test_libxslt_is_hardly_needed(monkeypatch):
    """What is written here never takes the slow way; two complementos that others write do."""
    monkeypatch.setattr(cadena, "_stylesheet", None)
    for case in (CASES | CARTAS_PORTE).values():
        assert cadena.cadena_of(cfdi.build(case)).startswith("||4.0|")
    assert {etree.QName(tag).localname for tag in _OTHER_FORMS} == {"VentaVehiculos", "detallista"}


# ----------------------------------------------------------------------
# Other stylesheets
# ----------------------------------------------------------------------
_ISSUER = '<xsl:template match="cfdi:Emisor">'
_CHANGES = {
    # in any template: nothing of the stylesheet is followed
    "a value with a prefix": ('<xsl:if test="$valor">|', '<xsl:if test="$valor">!|', _ROOT),
    "values that keep their blanks": ("normalize-space(string($s))", "string($s)", _ROOT),
    "another start": ('<xsl:template match="/">|', '<xsl:template match="/">||', _ROOT),
    "another end": ('select="/cfdi:Comprobante"/>||', 'select="/cfdi:Comprobante"/>|', _ROOT),
    "another root": ('select="/cfdi:Comprobante"', 'select="/cfdi:Emisor"', _ROOT),
    "another output": ('method="text"', 'method="xml"', _ROOT),
    "a variable": ("<xsl:include", '<xsl:variable name="v" select="1"/><xsl:include', _ROOT),
    "a priority": (_ISSUER, '<xsl:template match="cfdi:Emisor" priority="2">', _ROOT),
    "a pattern": (_ISSUER, "<xsl:template match=\"cfdi:Emisor[@Rfc='x']\">", _ROOT),
    # in that of the issuer: its template is not followed
    "a text": (_ISSUER, f"{_ISSUER}!", "Emisor"),
    "an instruction": (_ISSUER, f"{_ISSUER}<xsl:text>!</xsl:text>", "Emisor"),
    "a sorted loop": (
        _ISSUER,
        f'{_ISSUER}<xsl:for-each select="./cfdi:X"><xsl:sort select="."/></xsl:for-each>',
        "Emisor",
    ),
    "a condition": (
        _ISSUER,
        f'{_ISSUER}<xsl:if test="./@Rfc"><xsl:apply-templates select="./cfdi:X"/></xsl:if>',
        "Emisor",
    ),
    "a mode": (_ISSUER, f'{_ISSUER}<xsl:apply-templates select="./cfdi:X" mode="m"/>', "Emisor"),
    "a value that is no attribute": ('select="./@Rfc"', 'select="./cfdi:Rfc"', "Emisor"),
    "a value of another element": ('select="./@Rfc"', 'select="../@Serie"', "Emisor"),
    "an axis": ('select="./cfdi:Emisor"', 'select="./descendant::cfdi:Emisor"', "Comprobante"),
    "a second template": ('<xsl:template match="cfdi:Receptor">', _ISSUER, "Emisor"),
}


@pytest.fixture
def sheets(tmp_path):
    """The stylesheet and the one of its values, as files to be changed; the others are included where they are."""
    path = sat_file(_FILE)
    text = path.read_text(encoding="utf-8")
    for include in etree.fromstring(text.encode()).iterfind("{*}include"):
        href = include.get("href")
        own = "utilerias.xslt" if href.endswith("utilerias.xslt") else (path.parent / href).resolve().as_posix()
        text = text.replace(f'href="{href}"', f'href="{own}"')
    main, values = tmp_path / "cadena.xslt", tmp_path / "utilerias.xslt"
    main.write_text(text, encoding="utf-8")
    values.write_bytes(sat_file("2/cadenaoriginal_2_0/utilerias.xslt").read_bytes())
    return main, values


def test_the_copy_that_is_changed_is_followed(sheets):
    assert read_sheet(sheets[0], _ROOT) == _SHEET


@pytest.mark.parametrize("change", _CHANGES)
def test_a_stylesheet_that_says_it_otherwise_is_left_to_libxslt(change, sheets):
    before, after, who = _CHANGES[change]
    (file,) = [path for path in sheets if before in path.read_text(encoding="utf-8")]
    file.write_text(file.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    found = read_sheet(sheets[0], _ROOT)
    if who == _ROOT:
        assert found == {_ROOT: None}
    else:
        assert {tag for tag, steps in found.items() if steps is None} == _OTHER_FORMS | {f"{{{CFDI}}}{who}"}
