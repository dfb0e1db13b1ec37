"""Each rule of the SAT's matrix: a document that breaks it. The ones of `cases` break none."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

import cfdi
from cases import CASES
from cfdi.namespaces import cfdi as q
from cfdi.rules.base import all_rules
from support import EXTRANJERO, NOON, PUBLICO, RECEPTOR, changed, codes, comprobante, concepto, d, retencion

_TRASLADO = "Conceptos/Concepto/Impuestos/Traslados/Traslado"
_RETENCION = "Conceptos/Concepto/Impuestos/Retenciones/Retencion"
_HEAD_TRASLADO = "Impuestos/Traslados/Traslado"

# (code, attribute that is blamed) -> case, and what to change in its XML
BREAKS = {
    ("401", "Fecha"): ("iva_16", {"@Fecha": "2026-03-01T11:00:00"}),
    ("CFDI40103", "FormaPago"): ("traslado", {"@FormaPago": "01"}),
    ("CFDI40105", "FormaPago"): ("ppd", {"@FormaPago": "03"}),
    ("CFDI40107", "SubTotal"): ("iva_16", {"@SubTotal": "99.990"}),
    ("CFDI40108", "SubTotal"): ("iva_16", {"@SubTotal": "99.98"}),
    ("CFDI40109", "SubTotal"): ("traslado", {"@SubTotal": "1"}),
    ("CFDI40110", "Descuento"): ("descuento", {"@Descuento": "110.01"}),
    ("CFDI40111", "Descuento"): ("iva_16", {"@Descuento": "1.00"}),
    ("CFDI40112", "Descuento"): ("descuento", {"@Descuento": "10.000"}),
    ("CFDI40114", "TipoCambio"): ("iva_16", {"@TipoCambio": "1.5"}),
    ("CFDI40115", "TipoCambio"): ("dolares", {"@TipoCambio": None}),
    ("CFDI40116", "TipoCambio"): ("traslado", {"@TipoCambio": "1"}),
    ("CFDI40119", "Total"): ("iva_16", {"@Total": "115.98"}),
    ("CFDI40122", "Exportacion"): ("extranjero", {"@Exportacion": "02"}),
    ("CFDI40125", "MetodoPago"): ("traslado", {"@MetodoPago": "PUE"}),
    ("CFDI40223", "FormaPago"): ("iva_16", {"@FormaPago": None}),
    ("CFDI40223", "MetodoPago"): ("iva_16", {"@MetodoPago": None}),
    ("CFDI40130", ""): ("iva_16", {"Receptor/@Rfc": "XAXX010101000", "Receptor/@Nombre": "PUBLICO EN GENERAL"}),
    ("CFDI40132", "Periodicidad"): ("global", {"InformacionGlobal/@Periodicidad": "05"}),
    ("CFDI40134", "Meses"): ("global", {"InformacionGlobal/@Meses": "13"}),
    ("CFDI40136", "Año"): ("global", {"InformacionGlobal/@Año": "2024"}),
    ("CFDI40141", "RegimenFiscal"): ("iva_16", {"Emisor/@RegimenFiscal": "612"}),
    ("CFDI40146", "Rfc"): ("iva_16", {"Receptor/@Nombre": "PUBLICO EN GENERAL"}),
    ("CFDI40147", "DomicilioFiscalReceptor"): ("iva_16", {"Receptor/@DomicilioFiscalReceptor": "00001"}),
    ("CFDI40149", "DomicilioFiscalReceptor"): ("global", {"Receptor/@DomicilioFiscalReceptor": "64000"}),
    ("CFDI40151", "ResidenciaFiscal"): ("iva_16", {"Receptor/@ResidenciaFiscal": "USA"}),
    ("CFDI40152", "ResidenciaFiscal"): ("extranjero", {"Receptor/@ResidenciaFiscal": "MEX"}),
    ("CFDI40153", "ResidenciaFiscal"): ("extranjero", {"Receptor/@ResidenciaFiscal": None}),
    ("CFDI40154", "NumRegIdTrib"): ("iva_16", {"Receptor/@NumRegIdTrib": "123"}),
    ("CFDI40158", "RegimenFiscalReceptor"): ("iva_16", {"Receptor/@RegimenFiscalReceptor": "612"}),
    ("CFDI40159", "RegimenFiscalReceptor"): ("global", {"Receptor/@RegimenFiscalReceptor": "601"}),
    ("CFDI40161", "UsoCFDI"): ("iva_16", {"Receptor/@UsoCFDI": "D01"}),
    ("CFDI40166", "ValorUnitario"): ("iva_16", {"Conceptos/Concepto/@ValorUnitario": "0"}),
    ("CFDI40167", "Importe"): (
        "iva_16",
        {"Conceptos/Concepto/@Importe": "150.00", "Conceptos/Concepto/@Cantidad": "3.0"},
    ),
    ("CFDI40168", "Descuento"): ("descuento", {"Conceptos/Concepto/@Descuento": "1.00001"}),
    ("CFDI40169", "Descuento"): ("descuento", {"Conceptos/Concepto/@Descuento": "100"}),
    ("CFDI40171", "ObjetoImp"): ("no_objeto", {"Conceptos/Concepto/@ObjetoImp": "02"}),
    ("CFDI40172", "ObjetoImp"): ("iva_16", {"Conceptos/Concepto/@ObjetoImp": "01"}),
    ("CFDI40174", "Base"): ("iva_16", {f"{_TRASLADO}/@Base": "0"}),
    ("CFDI40177", "TipoFactor"): ("iva_16", {f"{_TRASLADO}/@TipoFactor": "Exento"}),
    ("CFDI40178", "TipoFactor"): ("exento", {f"{_TRASLADO}/@TipoFactor": "Tasa"}),
    ("CFDI40179", "TasaOCuota"): ("iva_16", {f"{_TRASLADO}/@TasaOCuota": "0.150000"}),
    ("CFDI40180", "Importe"): ("iva_16", {f"{_TRASLADO}/@Importe": "16.02"}),
    ("CFDI40181", "Base"): ("retenciones", {f"{_RETENCION}/@Base": "0"}),
    ("CFDI40184", "TipoFactor"): ("retenciones", {f"{_RETENCION}/@TipoFactor": "Exento"}),
    ("CFDI40185", "TasaOCuota"): ("retenciones", {f"{_RETENCION}/@TasaOCuota": "0.360000"}),
    ("CFDI40186", "Importe"): ("retenciones", {f"{_RETENCION}/@Importe": "100.03"}),
    ("CFDI40202", "TotalImpuestosRetenidos"): ("retenciones", {"Impuestos/@TotalImpuestosRetenidos": "258.390"}),
    ("CFDI40203", "TotalImpuestosRetenidos"): ("retenciones", {"Impuestos/@TotalImpuestosRetenidos": "1.00"}),
    ("CFDI40204", "TotalImpuestosTrasladados"): ("iva_16", {"Impuestos/@TotalImpuestosTrasladados": "16.000"}),
    ("CFDI40205", "TotalImpuestosTrasladados"): ("iva_16", {"Impuestos/@TotalImpuestosTrasladados": "15.99"}),
    ("CFDI40206", "TotalImpuestosRetenidos"): ("retenciones", {"Impuestos/@TotalImpuestosRetenidos": None}),
    ("CFDI40210", "Importe"): ("retenciones", {"Impuestos/Retenciones/Retencion/@Importe": "125.030"}),
    ("CFDI40211", "Importe"): ("retenciones", {"Impuestos/Retenciones/Retencion/@Importe": "125.02"}),
    ("CFDI40212", "TotalImpuestosTrasladados"): ("iva_16", {"Impuestos/@TotalImpuestosTrasladados": None}),
    ("CFDI40213", "TipoFactor"): ("exento", {f"{_HEAD_TRASLADO}/@Importe": "0"}),
    ("CFDI40214", "Base"): ("iva_16", {f"{_HEAD_TRASLADO}/@Base": "99.990"}),
    ("CFDI40215", "Base"): ("iva_16", {f"{_HEAD_TRASLADO}/@Base": "99.98"}),
    ("CFDI40220", "Importe"): ("iva_16", {f"{_HEAD_TRASLADO}/@Importe": "16.000"}),
    ("CFDI40221", "Importe"): ("iva_16", {f"{_HEAD_TRASLADO}/@Importe": "15.99"}),
}


def _empty_taxes(root):
    taxes = root.find(f"{q('Conceptos')}/{q('Concepto')}/{q('Impuestos')}")
    for node in list(taxes):
        taxes.remove(node)


def _taxes_in_a_transfer(root):
    root.append(etree.Element(q("Impuestos")))


def _doubled(group):
    def change(root):
        nodes = root.find(f"{q('Impuestos')}/{q(group)}")
        nodes.append(etree.fromstring(etree.tostring(nodes[0])))

    return change


def _without(group):
    def change(root):
        nodes = root.find(f"{q('Impuestos')}/{q(group)}")
        nodes.getparent().remove(nodes)

    return change


# rules on a whole node: what to do to the tree
TREE_BREAKS = {
    ("CFDI40173", ""): ("iva_16", _empty_taxes),
    ("CFDI40201", ""): ("traslado", _taxes_in_a_transfer),
    ("CFDI40208", ""): ("retenciones", _doubled("Retenciones")),
    ("CFDI40218", ""): ("iva_16", _doubled("Traslados")),
    ("CFDI40211", ""): ("retenciones", _without("Retenciones")),
    ("CFDI40221", ""): ("iva_16", _without("Traslados")),
}


def _found(problems):
    return {(p.code, p.path.partition("@")[2]) for p in problems}


@pytest.mark.parametrize("key", BREAKS, ids="-".join)
def test_attribute_that_breaks_it(key):
    case, changes = BREAKS[key]
    element = cfdi.build_xml(CASES[case])
    assert key not in _found(cfdi.validate(element, sealed=False, now=NOON))
    problems = cfdi.validate(changed(element, changes), sealed=False, now=NOON)
    assert key in _found(problems)
    for problem in problems:
        assert re.search("[a-z]", problem.message)
        assert problem.path.startswith("Comprobante")


@pytest.mark.parametrize("key", TREE_BREAKS, ids=lambda key: key[0])
def test_tree_that_breaks_it(key):
    case, change = TREE_BREAKS[key]
    element = cfdi.build_xml(CASES[case])
    assert key[0] not in codes(cfdi.validate(element, sealed=False, now=NOON))
    change(element)
    assert key[0] in codes(cfdi.validate(element, sealed=False, now=NOON))


def test_every_rule_has_the_document_that_breaks_it():
    assert {(rule.code, rule.attribute) for rule in all_rules()} == BREAKS.keys() | TREE_BREAKS.keys()


@pytest.mark.parametrize(
    ("uso", "regimen", "rfc", "allowed"),
    [
        ("G03", "601", "XYZ010203AB9", True),
        ("G03", "612", "PEGJ800101AB1", True),
        ("G03", "605", "PEGJ800101AB1", False),
        ("G03", "616", "PEGJ800101AB1", False),
        ("G01", "626", "XYZ010203AB9", True),
        ("D10", "605", "PEGJ800101AB1", True),
        ("D10", "601", "XYZ010203AB9", False),
        ("S01", "616", "XAXX010101000", True),
        ("G02", "616", "XAXX010101000", True),
        ("G03", "616", "XAXX010101000", False),
        ("CP01", "601", "XYZ010203AB9", True),
        ("CN01", "601", "XYZ010203AB9", False),
        ("P01", "601", "XYZ010203AB9", False),
    ],
)
def test_use_of_the_cfdi(uso, regimen, rfc, allowed):
    assert cfdi.catalogs.uso_allowed(uso, regimen, rfc) == allowed
    assert (uso in cfdi.catalogs.usos_for(regimen, rfc)) == allowed


@pytest.mark.parametrize(
    ("moment", "refused"),
    [
        (timedelta(), False),
        (timedelta(hours=72), False),
        (timedelta(hours=72, seconds=1), True),
        (timedelta(minutes=-5), False),
        (timedelta(minutes=-5, seconds=-1), True),
    ],
)
@pytest.mark.parametrize("postal_code", ["06000", "22000", "77500", "83000", "88000"])
def test_date_in_the_local_time_of_the_place(moment, refused, postal_code):
    fecha = cfdi.catalogs.local_time(NOON, postal_code)
    doc = comprobante(Fecha=fecha, LugarExpedicion=postal_code)
    problems = cfdi.validate(cfdi.build_xml(doc), sealed=False, now=NOON + moment)
    assert codes(problems) == ({"401"} if refused else set())


def test_total_with_local_taxes():
    """Impuestos locales are part of the Total (CFDI40119)."""
    element = cfdi.build_xml(comprobante())
    element.set("Total", "119.00")
    assert codes(cfdi.validate(element, sealed=False)) == {"CFDI40119"}
    ns = "http://www.sat.gob.mx/implocal"
    local = etree.SubElement(
        etree.SubElement(element, q("Complemento")),
        f"{{{ns}}}ImpuestosLocales",
        version="1.0",
        TotaldeRetenciones="0.00",
        TotaldeTraslados="3.00",
    )
    etree.SubElement(local, f"{{{ns}}}TrasladosLocales", ImpLocTrasladado="ISH", TasadeTraslado="3.00", Importe="3.00")
    assert cfdi.validate(element, sealed=False) == []


def test_problems_of_every_line_are_told():
    lines = [concepto(), concepto(Importe=d(151)), concepto(), concepto(Importe=d(152))]
    problems = cfdi.validate(cfdi.build_xml(comprobante(*lines)), sealed=False)
    paths = [p.path for p in problems if p.code == "CFDI40167"]
    assert paths == [f"Comprobante/Conceptos/Concepto[{n}]/@Importe" for n in (2, 4)]
    assert "[CFDI40167] El Importe no corresponde a Cantidad por ValorUnitario." in str(problems[0])


@pytest.mark.parametrize("receptor", [PUBLICO, EXTRANJERO, RECEPTOR])
def test_payment_document_uses_cp01(receptor):
    doc = replace(CASES["traslado"], TipoDeComprobante="P", Receptor=replace(receptor, UsoCFDI="S01"))
    assert "CFDI40161" in codes(cfdi.validate(cfdi.build_xml(doc), sealed=False))
    doc = replace(doc, Receptor=replace(receptor, UsoCFDI="CP01"))
    assert "CFDI40161" not in codes(cfdi.validate(cfdi.build_xml(doc), sealed=False))


def test_withholding_of_ieps_has_no_range_here():
    line = concepto(Retenciones=(retencion(d(100), "003", "0.53"),))
    assert cfdi.validate(cfdi.build_xml(comprobante(line)), sealed=False) == []
