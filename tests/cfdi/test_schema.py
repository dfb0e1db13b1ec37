"""The schema with its large catalogues looked up apart says what the whole schema says."""

from copy import deepcopy

import pytest
from lxml import etree

import cfdi
from cases import CASES
from cfdi import schema, schema_catalogs
from cfdi.namespaces import TFD
from cfdi.validation import _prepared
from devtools.pac.resources import schema as whole_schema
from support import changed, codes, comprobante

_CATALOG_ATTRIBUTES = {
    "@FormaPago": "CFDI40104",
    "@Moneda": "CFDI40113",
    "@TipoDeComprobante": "CFDI40121",
    "@Exportacion": "CFDI40123",
    "@MetodoPago": "CFDI40124",
    "@LugarExpedicion": "CFDI40126",
    "CfdiRelacionados/@TipoRelacion": "CFDI40137",
    "Emisor/@RegimenFiscal": "CFDI40140",
    "Receptor/@RegimenFiscalReceptor": "CFDI40157",
    "Receptor/@UsoCFDI": "CFDI40160",
    "Conceptos/Concepto/@ClaveProdServ": "CFDI40162",
    "Conceptos/Concepto/@ClaveUnidad": "CFDI40165",
    "Conceptos/Concepto/@ObjetoImp": "CFDI40170",
    "Conceptos/Concepto/Impuestos/Traslados/Traslado/@Impuesto": "CFDI40175",
    "Conceptos/Concepto/Impuestos/Traslados/Traslado/@TipoFactor": "CFDI40176",
    "Impuestos/Traslados/Traslado/@Impuesto": "CFDI40217",
    "Receptor/@ResidenciaFiscal": "CFDI40150",
}
_OF_LINES = {
    ("a_cuenta_de_terceros", "Conceptos/Concepto/ACuentaTerceros/@RegimenFiscalACuentaTerceros", "999"): "CFDI40191",
    ("partes", "Conceptos/Concepto/Parte/@ClaveProdServ", "99999999"): "CFDI40196",
    ("pedimentos", "Conceptos/Concepto/InformacionAduanera/@NumeroPedimento", "25 24 3009 5001234"): "301",
    ("arrendamiento", "Conceptos/Concepto/CuentaPredial/@Numero", "12-34"): "301",
}
_HUGE = {"@LugarExpedicion", "Conceptos/Concepto/@ClaveProdServ"}
_DOCTO = "Complemento/pago20:Pagos/pago20:Pago/pago20:DoctoRelacionado"
_TAXES_P = "Complemento/pago20:Pagos/pago20:Pago/pago20:ImpuestosP"
_OF_PAYMENTS = {
    (f"{_DOCTO}/@ObjetoImpDR", "99"): "CRP20245",
    (f"{_DOCTO}/pago20:ImpuestosDR/pago20:RetencionesDR/pago20:RetencionDR/@BaseDR", "0"): "CRP20249",
    (f"{_DOCTO}/pago20:ImpuestosDR/pago20:RetencionesDR/pago20:RetencionDR/@ImpuestoDR", "004"): "CRP20250",
    (f"{_DOCTO}/pago20:ImpuestosDR/pago20:RetencionesDR/pago20:RetencionDR/@TipoFactorDR", "X"): "CRP20251",
    (f"{_DOCTO}/pago20:ImpuestosDR/pago20:TrasladosDR/pago20:TrasladoDR/@BaseDR", "0"): "CRP20255",
    (f"{_DOCTO}/pago20:ImpuestosDR/pago20:TrasladosDR/pago20:TrasladoDR/@ImpuestoDR", "004"): "CRP20256",
    (f"{_DOCTO}/pago20:ImpuestosDR/pago20:TrasladosDR/pago20:TrasladoDR/@TipoFactorDR", "X"): "CRP20257",
    (f"{_TAXES_P}/pago20:RetencionesP/pago20:RetencionP/@ImpuestoP", "004"): "CRP20262",
    (f"{_TAXES_P}/pago20:TrasladosP/pago20:TrasladoP/@ImpuestoP", "004"): "CRP20270",
    (f"{_DOCTO}/@IdDocumento", "no es un UUID"): "301",
}
_OTHER = {
    "@Fecha": ("2026-02-30 10:00", "CFDI40101"),
    "@Version": ("3.3", "301"),
    "@Folio": ("a|b", "301"),
    "@Serie": ("x" * 26, "301"),
    "@Total": ("-1.00", "301"),
    "@SubTotal": ("1.0000001", "301"),
    "@Inventado": ("x", "301"),
    "Emisor/@Rfc": ("xyz010203ab9", "301"),
    "Emisor/@Nombre": ("", "301"),
    "Receptor/@DomicilioFiscalReceptor": ("640", "301"),
    "Conceptos/Concepto/@Cantidad": ("cero", "301"),
    "Conceptos/Concepto/@Descripcion": ("x" * 1001, "301"),
    "CfdiRelacionados/CfdiRelacionado/@UUID": ("no es un UUID", "301"),
}


def _prepare(case):
    return _prepared(cfdi.build_xml(CASES[case]), sealed=False)


@pytest.mark.parametrize("name", CASES)
def test_both_accept(name):
    element = _prepare(name)
    assert whole_schema().validate(element)
    assert schema.check_schema(element) == []


@pytest.mark.parametrize(
    ("where", "value"),
    # libxml2 lists the whole catalogue in its complaint: seconds for the postal codes, so they get one wrong value
    [
        (where, value)
        for where in _CATALOG_ATTRIBUTES
        for value in ("99999999", "", "QQQ")[: 1 if where in _HUGE else 3]
    ],
)
def test_both_refuse_a_code_that_is_in_no_catalogue(where, value):
    element = changed(_prepare("egreso"), {where: value})
    assert not whole_schema().validate(element)
    problems = schema.check_schema(element)
    assert {p.code for p in problems} == {_CATALOG_ATTRIBUTES[where]}
    assert all(p.path.endswith(where.rpartition("/")[2]) and len(p.message) < 120 for p in problems)
    assert problems[0].value == value


@pytest.mark.parametrize(("case", "where", "value"), _OF_LINES)
def test_both_refuse_mistakes_in_parts_of_a_line(case, where, value):
    element = changed(_prepare(case), {where: value})
    assert not whole_schema().validate(element)
    assert codes(schema.check_schema(element)) == {_OF_LINES[case, where, value]}


@pytest.mark.parametrize(("where", "value"), _OF_PAYMENTS)
def test_both_refuse_mistakes_in_payments(where, value):
    element = changed(_prepare("pago_impuestos"), {where: value})
    assert not whole_schema().validate(element)
    assert codes(schema.check_schema(element)) == {_OF_PAYMENTS[where, value]}


@pytest.mark.parametrize("where", _CATALOG_ATTRIBUTES)
def test_both_collapse_blanks(where):
    element = _prepare("egreso")
    path = where.rpartition("@")
    nodes = element.findall("/".join(f"{{*}}{s}" for s in path[0].strip("/").split("/") if s) or ".")
    value = nodes[0].get(path[2], "USA")
    element = changed(element, {where: f" \n{value} "})
    assert whole_schema().validate(element) == (schema.check_schema(element) == [])


@pytest.mark.parametrize("where", _OTHER)
def test_both_refuse_other_mistakes(where):
    value, code = _OTHER[where]
    element = changed(_prepare("egreso"), {where: value})
    assert not whole_schema().validate(element)
    problems = schema.check_schema(element)
    assert codes(problems) == {code}
    assert {p.path.rpartition("@")[2] for p in problems} == {where.rpartition("@")[2]}


def test_another_version_is_told_in_spanish():
    (problem,) = schema.check_schema(changed(_prepare("iva_16"), {"@Version": "3.3"}))
    assert (problem.message, problem.value) == ("Version: el valor no es el que fija el SAT.", "3.3")


@pytest.mark.parametrize("attribute", ["Moneda", "LugarExpedicion", "Version", "Total", "Exportacion"])
def test_missing_attribute(attribute):
    element = changed(_prepare("iva_16"), {f"@{attribute}": None})
    assert not whole_schema().validate(element)
    (problem,) = schema.check_schema(element)
    assert problem.message == f"Falta {attribute}, que es obligatorio."
    assert problem.path == f"Comprobante/@{attribute}"


@pytest.mark.parametrize("child", [0, 1, 2])
def test_missing_element(child):
    element = _prepare("iva_16")
    element.remove(element[child])
    assert not whole_schema().validate(element)
    assert codes(schema.check_schema(element)) == {"301"}
    assert "301" in codes(cfdi.validate(element, sealed=False))


def test_unknown_complement():
    element = _prepare("iva_16")
    complement = etree.SubElement(element, "{http://www.sat.gob.mx/cfd/4}Complemento")
    etree.SubElement(complement, "{http://ejemplo.invalid}Otro")
    (problem,) = schema.check_schema(element)
    assert (problem.code, problem.path) == ("301", "Comprobante/Complemento/Otro")
    assert "complemento" in problem.message


def test_addenda_is_not_part_of_the_fiscal_document(credential):
    data = cfdi.seal(cfdi.build_xml(comprobante()), certificate_der=credential.der, sign=credential.sign)
    root = etree.fromstring(data)
    etree.SubElement(etree.SubElement(root, "{http://www.sat.gob.mx/cfd/4}Addenda"), "cualquiera")
    before = etree.tostring(deepcopy(root))
    assert cfdi.validate(root) == []
    assert etree.tostring(root) == before


@pytest.mark.parametrize("data", [b"<x/>", b'<Comprobante xmlns="http://www.sat.gob.mx/cfd/3" Version="3.3"/>'])
def test_another_document(data):
    assert codes(cfdi.validate(data)) == {"301"}


def test_catalogues_that_were_taken_out_are_looked_up():
    large = schema._load(frozenset({TFD})).large
    codes = {attribute: values for attributes in large.values() for attribute, values in attributes.items()}
    assert codes.keys() >= {"ClaveProdServ", "LugarExpedicion", "ClaveUnidad"}
    assert all(len(values) >= schema_catalogs.LARGE for values in codes.values())


@pytest.mark.parametrize("namespace", sorted(schema._COMPLEMENTS))
def test_every_known_complement_loads(namespace):
    assert schema._load(frozenset({TFD, namespace})).compiled is not None
