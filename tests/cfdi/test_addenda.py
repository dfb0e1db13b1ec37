"""Addendas: put in after the timbre without touching what was sealed, from templates that can do no harm."""

import pytest
from lxml import etree

import cfdi
from cfdi import addenda
from cfdi.namespaces import NS
from devtools import csd
from devtools.pac import checks, stamping
from support import NOON, comprobante, concepto

VALUES = {"orden_compra": "OC-1", "numero_cliente": "C0001"}
ORDER = '<Orden numero="${orden_compra}" uuid="${uuid}">${serie}${folio}</Orden>'
LINES = (
    '<Partidas n="${conceptos}"><P xmlns:a="urn:l10n_mx_customer:addenda" a:por="concepto" '
    'no="${concepto_numero}" clave="${concepto_clave?}">${concepto_descripcion}|${orden_compra}</P></Partidas>'
)


@pytest.fixture(scope="module")
def sat(authority):
    return csd.issue(authority, csd.SAT_RFC, csd.SAT_NAME, csd.SAT)


@pytest.fixture(scope="module")
def stamped(credential, sat):
    doc = comprobante(concepto(), concepto(Descripcion="Dos <tubos> & ${orden_compra} ${nada}", NoIdentificacion="T-2"))
    sent = cfdi.seal(cfdi.build_xml(doc), certificate_der=credential.der, sign=credential.sign)
    return stamping.stamp(checks.read(sent), sat, NOON).xml


def content(document):
    (node,) = etree.fromstring(document).findall("cfdi:Addenda", NS)
    return node


def test_the_bytes_that_were_sealed_are_untouched(stamped, sat):
    result = addenda.add_addenda(stamped, ORDER, VALUES)
    start = result.index(b"<cfdi:Addenda>")
    end = result.index(b"</cfdi:Addenda>") + len(b"</cfdi:Addenda>")
    assert result[:start] + result[end:] == stamped
    assert end - start > 0
    assert cfdi.verify_seal(result)
    assert cfdi.cadena_original(result) == cfdi.cadena_original(stamped)
    assert cfdi.parse_timbre(result) == cfdi.parse_timbre(stamped)
    assert cfdi.parse_timbre(result).verify(sat.der)
    assert cfdi.qr_url(result) == cfdi.qr_url(stamped)
    assert cfdi.validate(result) == []


def test_values(stamped):
    (order,) = content(addenda.add_addenda(stamped, ORDER, VALUES))
    assert dict(order.attrib) == {"numero": "OC-1", "uuid": cfdi.parse_timbre(stamped).UUID}
    assert order.text == "A1"


def test_the_document_says_its_own_values(stamped):
    """What is sealed wins over what is handed in."""
    (order,) = content(addenda.add_addenda(stamped, "<T>${total} ${moneda}</T>", {"total": "0.01", "moneda": "USD"}))
    assert order.text == "232.00 MXN"


def test_every_value_is_given_by_somebody(stamped):
    own = addenda.comprobante_values(stamped).keys() | addenda._concepto_values(1, etree.Element("x")).keys()
    from_odoo = {
        "factura",
        "fecha_factura",
        "fecha_vencimiento",
        "orden_compra",
        "pedido",
        "fecha_pedido",
        "fecha_entrega",
        "numero_cliente",
        "nombre_cliente",
    }
    assert own | from_odoo == addenda.PLACEHOLDERS.keys()
    assert not own & from_odoo


def test_lines_are_repeated_and_never_read_again(stamped):
    (lines,) = content(addenda.add_addenda(stamped, LINES, VALUES))
    assert lines.get("n") == "2"
    assert [(line.get("no"), line.get("clave"), line.text) for line in lines] == [
        ("1", "", "Servicio de prueba|OC-1"),
        ("2", "T-2", "Dos <tubos> & ${orden_compra} ${nada}|OC-1"),
    ]
    assert b"urn:l10n_mx_customer" not in addenda.add_addenda(stamped, LINES, VALUES)


def test_lines_at_the_first_level(stamped):
    template = '<P xmlns:a="urn:l10n_mx_customer:addenda" a:por="concepto">${concepto_importe}</P>\n'
    assert [node.text for node in content(addenda.add_addenda(stamped, template, VALUES))] == ["100.00", "100.00"]


@pytest.mark.parametrize("value", ['"/><x y="', "</Orden><cfdi:Addenda/>", "]]>", "<!--", "&amp;", "Ñandú €"])
def test_a_value_cannot_become_markup(stamped, value):
    (order,) = content(
        addenda.add_addenda(
            stamped, "<Orden n='${orden_compra}'>${orden_compra}</Orden>", VALUES | {"orden_compra": value}
        )
    )
    assert (order.get("n"), order.text, len(order)) == (value, value, 0)


def test_control_characters_are_left_out(stamped):
    values = VALUES | {"orden_compra": "OC\x00\x0b-1\ud800\n"}
    (order,) = content(addenda.add_addenda(stamped, "<O>${orden_compra}</O>", values))
    assert order.text == "OC-1"


def test_a_missing_value(stamped):
    with pytest.raises(addenda.AddendaError, match="orden_compra, pedido"):
        addenda.add_addenda(stamped, "<O a='${orden_compra}' b='${pedido}' c='${folio}'/>", {"orden_compra": "  "})
    (order,) = content(addenda.add_addenda(stamped, "<O a='${orden_compra?}' b='${serie?}'/>", {}))
    assert dict(order.attrib) == {"a": "", "b": "A"}


def test_namespaces_of_the_template(stamped):
    template = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<cfdi:Addenda>'
        '<w:Req xmlns:w="http://cliente.example/w" xmlns:t="http://cliente.example/t" xsi:type="t:Pedido">'
        "<w:No>${orden_compra}</w:No></w:Req></cfdi:Addenda>"
    )
    result = addenda.add_addenda(stamped, template, VALUES)
    assert result.count(b"<cfdi:Addenda") == 1
    (node,) = content(result)
    assert node.nsmap["t"] == "http://cliente.example/t"
    assert node.find("{http://cliente.example/w}No").text == "OC-1"


def test_a_document_with_a_default_namespace(stamped):
    """Some PACs write one; the addenda's elements must not fall into it."""
    other = stamped.replace(b"<cfdi:Comprobante ", b'<cfdi:Comprobante xmlns="http://pac.example/x" ', 1)
    assert other != stamped
    (order,) = content(addenda.add_addenda(other, ORDER, VALUES))
    assert order.tag == "Orden"


def test_after_the_root(stamped):
    tail = b"\n<!-- </cfdi:Comprobante> -->\n"
    result = addenda.add_addenda(stamped + tail, ORDER, VALUES)
    assert result.endswith(b"</cfdi:Addenda></cfdi:Comprobante>" + tail)


def test_documents_that_take_none(stamped, credential):
    sealed = cfdi.seal(cfdi.build_xml(comprobante()), certificate_der=credential.der, sign=credential.sign)
    twice = addenda.add_addenda(stamped, ORDER, VALUES)
    for document, reason in ((sealed, "no trae timbre"), (twice, "ya trae"), (b"<a/>", "no es un CFDI"), (b"", "mal")):
        with pytest.raises(cfdi.CfdiError, match=reason):
            addenda.add_addenda(document, ORDER, VALUES)


BAD = {
    "": "vacía",
    "   \n": "vacía",
    "<?xml version='1.0'?>": "vacía",
    "hola": "sin texto fuera",
    "<a/>hola": "sin texto fuera",
    "<!-- nada -->": "uno o más elementos",
    "<cfdi:Addenda/>": "uno o más elementos",
    "<a>": "mal formado",
    "<a></b>": "mal formado",
    "<w:a/>": "mal formado",
    "<a b='1' b='2'/>": "mal formado",
    "<a>&nbsp;</a>": "mal formado",
    "<a>&orden_compra;</a>": "mal formado",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>": "mal formado",
    "<a>\x00</a>": "mal formado",
    "<a>\ud800</a>": "no admite",
    "<a><?php echo 1 ?></a>": "instrucciones de proceso",
    "<cfdi:Concepto/>": "SAT",
    "<a><cfdi:Complemento/></a>": "SAT",
    "<t:T xmlns:t='http://www.sat.gob.mx/TimbreFiscalDigital'/>": "SAT",
    "<a cfdi:Sello='x'/>": "SAT",
    "<a>${orden}</a>": "orden.*no existe",
    "<a>${}</a>": "no existe",
    "<a>${ uuid }</a>": "no existe",
    "<a>${uuid??}</a>": "no existe",
    "<a b='${uuid.__class__}'/>": "no existe",
    "<a><b/>${uid}</a>": "no existe",
    "<a>${uuid</a>": "sin cerrar",
    "<${uuid}/>": "mal formado",
    "<a>${concepto_importe}</a>": "por=.concepto",
    "<a xmlns:r='urn:l10n_mx_customer:addenda' r:por='linea'/>": "por=.linea",
    "<a xmlns:r='urn:l10n_mx_customer:addenda' r:para='concepto'/>": "se espera por",
    "<r:a xmlns:r='urn:l10n_mx_customer:addenda'/>": "se espera por",
    "<a xmlns:r='urn:l10n_mx_customer:addenda' r:por='concepto'><b r:por='concepto'/></a>": "ya se repite",
    "<a>" + "x" * addenda.MAX_TEMPLATE_BYTES + "</a>": "el límite",
    "<a>" * 60 + "</a>" * 60: "niveles",
}


@pytest.mark.parametrize("template", BAD, ids=range(len(BAD)))
def test_bad_templates(template):
    with pytest.raises(addenda.AddendaError, match=BAD[template]):
        addenda.check_template(template)


@pytest.mark.parametrize("template", [ORDER, LINES, "<a/>", "<a>$5 {x} $${uuid} ${uuid?}</a>", "<!-- x --><a/><b/>\n"])
def test_good_templates(stamped, template):
    addenda.check_template(template)
    assert len(content(addenda.add_addenda(stamped, template, VALUES)))


def test_placeholders():
    assert addenda.placeholders(ORDER) == {"orden_compra", "uuid", "serie", "folio"}
    assert addenda.placeholders("<a b='${pedido?}'><c/>${uuid}</a>") == {"pedido", "uuid"}
