"""Each rule of the SAT's matrix: a document that breaks it. The ones of `cases` break none."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

import cartas_porte_breaks
import cfdi
from cases import CASES
from cfdi.namespaces import NS
from cfdi.namespaces import cfdi as q
from cfdi.rules.base import all_rules
from support import EXTRANJERO, NOON, PUBLICO, RECEPTOR, changed, codes, comprobante, concepto, d, retencion

_TRASLADO = "Conceptos/Concepto/Impuestos/Traslados/Traslado"
_RETENCION = "Conceptos/Concepto/Impuestos/Retenciones/Retencion"
_HEAD_TRASLADO = "Impuestos/Traslados/Traslado"

_CONCEPTO = "Conceptos/Concepto"
_TOTALES = "Complemento/pago20:Pagos/pago20:Totales"
_PAGO = "Complemento/pago20:Pagos/pago20:Pago"
_DOCTO = f"{_PAGO}/pago20:DoctoRelacionado"
_TRASLADO_DR = f"{_DOCTO}/pago20:ImpuestosDR/pago20:TrasladosDR/pago20:TrasladoDR"
_RETENCION_DR = f"{_DOCTO}/pago20:ImpuestosDR/pago20:RetencionesDR/pago20:RetencionDR"
_TRASLADO_P = f"{_PAGO}/pago20:ImpuestosP/pago20:TrasladosP/pago20:TrasladoP"
_RETENCION_P = f"{_PAGO}/pago20:ImpuestosP/pago20:RetencionesP/pago20:RetencionP"

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
    ("CFDI40136", "Año"): ("global", {"InformacionGlobal/@Año": "2027"}),
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
    ("CFDI40188", "RfcACuentaTerceros"): (
        "a_cuenta_de_terceros",
        {f"{_CONCEPTO}[1]/ACuentaTerceros/@RfcACuentaTerceros": "XYZ010203AB9"},
    ),
    ("CFDI40189", "NombreACuentaTerceros"): (
        "a_cuenta_de_terceros",
        {f"{_CONCEPTO}[2]/ACuentaTerceros/@NombreACuentaTerceros": "VENDEDOR DEL EXTRANJERO"},
    ),
    ("CFDI40193", "DomicilioFiscalACuentaTerceros"): (
        "a_cuenta_de_terceros",
        {f"{_CONCEPTO}[2]/ACuentaTerceros/@DomicilioFiscalACuentaTerceros": "64000"},
    ),
    ("CFDI40194", "NumeroPedimento"): (
        "pedimentos",
        {f"{_CONCEPTO}/InformacionAduanera/@NumeroPedimento": "27  24  3009  7001234"},
    ),
    ("CFDI40197", "ValorUnitario"): ("partes", {f"{_CONCEPTO}/Parte[1]/@ValorUnitario": "0"}),
    ("CFDI40198", "Importe"): ("partes", {f"{_CONCEPTO}/Parte[1]/@Importe": "520.25"}),
    ("CFDI40199", "NumeroPedimento"): (
        "partes",
        {f"{_CONCEPTO}/Parte/InformacionAduanera/@NumeroPedimento": "25  24  3009  5000000"},
    ),
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
    ("CRP20101", "TipoDeComprobante"): ("pago", {"@TipoDeComprobante": "I"}),
    ("CRP20102", "Exportacion"): ("pago", {"@Exportacion": "03"}),
    ("CRP20103", "SubTotal"): ("pago", {"@SubTotal": "1"}),
    ("CRP20104", "Moneda"): ("pago", {"@Moneda": "MXN"}),
    ("CRP20105", "FormaPago"): ("pago", {"@FormaPago": "03"}),
    ("CRP20106", "MetodoPago"): ("pago", {"@MetodoPago": "PUE"}),
    ("CRP20107", "CondicionesDePago"): ("pago", {"@CondicionesDePago": "30 días"}),
    ("CRP20108", "Descuento"): ("pago", {"@Descuento": "0"}),
    ("CRP20109", "TipoCambio"): ("pago", {"@TipoCambio": "1"}),
    ("CRP20110", "Total"): ("pago", {"@Total": "1"}),
    ("CRP20113", "ClaveProdServ"): ("pago", {f"{_CONCEPTO}/@ClaveProdServ": "81111500"}),
    ("CRP20114", "NoIdentificacion"): ("pago", {f"{_CONCEPTO}/@NoIdentificacion": "1"}),
    ("CRP20115", "Cantidad"): ("pago", {f"{_CONCEPTO}/@Cantidad": "2"}),
    ("CRP20116", "ClaveUnidad"): ("pago", {f"{_CONCEPTO}/@ClaveUnidad": "E48"}),
    ("CRP20117", "Unidad"): ("pago", {f"{_CONCEPTO}/@Unidad": "Servicio"}),
    ("CRP20118", "Descripcion"): ("pago", {f"{_CONCEPTO}/@Descripcion": "Abono"}),
    ("CRP20119", "ValorUnitario"): ("pago", {f"{_CONCEPTO}/@ValorUnitario": "1"}),
    ("CRP20120", "Importe"): ("pago", {f"{_CONCEPTO}/@Importe": "1"}),
    ("CRP20121", "Descuento"): ("pago", {f"{_CONCEPTO}/@Descuento": "0"}),
    ("CRP20122", "ObjetoImp"): ("pago", {f"{_CONCEPTO}/@ObjetoImp": "02"}),
    ("CRP20201", "TotalRetencionesIVA"): ("pago_impuestos", {f"{_TOTALES}/@TotalRetencionesIVA": "64.04"}),
    ("CRP20202", "TotalRetencionesISR"): ("pago_impuestos", {f"{_TOTALES}/@TotalRetencionesISR": "60.04"}),
    ("CRP20203", "TotalRetencionesIEPS"): ("pago_impuestos", {f"{_TOTALES}/@TotalRetencionesIEPS": "1.00"}),
    ("CRP20204", "TotalTrasladosBaseIVA16"): ("pago", {f"{_TOTALES}/@TotalTrasladosBaseIVA16": "100.01"}),
    ("CRP20205", "TotalTrasladosImpuestoIVA16"): ("pago", {f"{_TOTALES}/@TotalTrasladosImpuestoIVA16": "15.99"}),
    ("CRP20206", "TotalTrasladosBaseIVA8"): ("pago_impuestos", {f"{_TOTALES}/@TotalTrasladosBaseIVA8": "99.99"}),
    ("CRP20207", "TotalTrasladosImpuestoIVA8"): ("pago_impuestos", {f"{_TOTALES}/@TotalTrasladosImpuestoIVA8": "8.01"}),
    ("CRP20208", "TotalTrasladosBaseIVA0"): ("pago_impuestos", {f"{_TOTALES}/@TotalTrasladosBaseIVA0": "99.81"}),
    ("CRP20209", "TotalTrasladosImpuestoIVA0"): ("pago_impuestos", {f"{_TOTALES}/@TotalTrasladosImpuestoIVA0": "0.01"}),
    ("CRP20210", "TotalTrasladosBaseIVAExento"): (
        "pago_impuestos",
        {f"{_TOTALES}/@TotalTrasladosBaseIVAExento": "200.01"},
    ),
    ("CRP20211", "MontoTotalPagos"): ("pago_en_dolares", {f"{_TOTALES}/@MontoTotalPagos": "348000.00"}),
    ("CRP20212", "FormaDePagoP"): ("pago", {f"{_PAGO}/@FormaDePagoP": "99"}),
    ("CRP20213", "MonedaP"): ("pago", {f"{_PAGO}/@MonedaP": "XXX"}),
    ("CRP20214", "TipoCambioP"): ("pago_en_dolares", {f"{_PAGO}/@TipoCambioP": None}),
    ("CRP20215", "TipoCambioP"): ("pago", {f"{_PAGO}/@TipoCambioP": "1.000000"}),
    ("CRP20217", "Monto"): ("pago", {f"{_PAGO}/@Monto": "115.99"}),
    ("CRP20218", "Monto"): ("pago", {f"{_PAGO}/@Monto": "0"}),
    ("CRP20219", "Monto"): ("pago", {f"{_PAGO}/@Monto": "116.000"}),
    ("CRP20221", "RfcEmisorCtaOrd"): ("pago_parcial", {f"{_PAGO}/@RfcEmisorCtaOrd": "BAN010101000"}),
    ("CRP20223", "NomBancoOrdExt"): ("pago", {f"{_PAGO}/@RfcEmisorCtaOrd": "XEXX010101000"}),
    ("CRP20224", "CtaOrdenante"): ("pago_parcial", {f"{_PAGO}/@CtaOrdenante": "1234567890"}),
    ("CRP20227", "RfcEmisorCtaBen"): ("pago_parcial", {f"{_PAGO}/@RfcEmisorCtaBen": "BAN010101000"}),
    ("CRP20228", "CtaBeneficiario"): (
        "pago",
        {f"{_PAGO}/@FormaDePagoP": "06", f"{_PAGO}/@CtaBeneficiario": "1234567890"},
    ),
    ("CRP20229", "TipoCadPago"): ("pago_parcial", {f"{_PAGO}/@TipoCadPago": "01"}),
    ("CRP20230", "CertPago"): ("pago", {f"{_PAGO}/@TipoCadPago": "01"}),
    ("CRP20231", "CertPago"): ("pago", {f"{_PAGO}/@CertPago": "QQ=="}),
    ("CRP20232", "CadPago"): ("pago", {f"{_PAGO}/@TipoCadPago": "01"}),
    ("CRP20233", "CadPago"): ("pago", {f"{_PAGO}/@CadPago": "cadena"}),
    ("CRP20234", "SelloPago"): ("pago", {f"{_PAGO}/@TipoCadPago": "01"}),
    ("CRP20235", "SelloPago"): ("pago", {f"{_PAGO}/@SelloPago": "QQ=="}),
    ("CRP20236", "MonedaDR"): ("pago", {f"{_DOCTO}/@MonedaDR": "XXX"}),
    ("CRP20237", "EquivalenciaDR"): ("pago_de_dolares", {f"{_DOCTO}/@EquivalenciaDR": None}),
    ("CRP20238", "EquivalenciaDR"): ("pago", {f"{_DOCTO}/@EquivalenciaDR": "1.1"}),
    ("CRP20239", "ImpSaldoAnt"): ("pago", {f"{_DOCTO}/@ImpSaldoAnt": "0"}),
    ("CRP20240", "ImpSaldoAnt"): ("pago", {f"{_DOCTO}/@ImpSaldoAnt": "116.000"}),
    ("CRP20241", "ImpPagado"): ("pago", {f"{_DOCTO}/@ImpPagado": "0"}),
    ("CRP20242", "ImpPagado"): ("pago", {f"{_DOCTO}/@ImpPagado": "116.000"}),
    ("CRP20243", "ImpSaldoInsoluto"): ("pago", {f"{_DOCTO}/@ImpSaldoInsoluto": "0.000"}),
    ("CRP20244", "ImpSaldoInsoluto"): ("pago_parcial", {f"{_DOCTO}/@ImpSaldoInsoluto": "1101.66"}),
    ("CRP20247", "ObjetoImpDR"): ("pago", {f"{_DOCTO}/@ObjetoImpDR": "01"}),
    ("CRP20252", "TipoFactorDR"): ("pago_impuestos", {f"{_RETENCION_DR}/@TipoFactorDR": "Exento"}),
    ("CRP20254", "ImporteDR"): ("pago_impuestos", {f"{_RETENCION_DR}/@ImporteDR": "60.05"}),
    ("CRP20258", "TipoFactorDR"): ("pago", {f"{_TRASLADO_DR}/@TipoFactorDR": "Exento"}),
    ("CRP20259", "TipoFactorDR"): ("pago", {f"{_TRASLADO_DR}/@ImporteDR": None}),
    ("CRP20260", "TasaOCuotaDR"): ("pago", {f"{_TRASLADO_DR}/@TasaOCuotaDR": "0.150000"}),
    ("CRP20261", "ImporteDR"): ("pago", {f"{_TRASLADO_DR}/@ImporteDR": "16.02"}),
    ("CRP20264", "ImporteP"): ("pago_impuestos", {f"{_TOTALES}/@TotalRetencionesISR": None}),
    ("CRP20265", "ImporteP"): ("pago_impuestos", {f"{_RETENCION_P}/@ImporteP": "60.04"}),
    ("CRP20266", "TipoFactorP"): ("pago", {f"{_TRASLADO_P}/@TipoFactorP": "Exento"}),
    ("CRP20267", "BaseP"): ("pago", {f"{_TOTALES}/@TotalTrasladosBaseIVA16": None}),
    ("CRP20268", "BaseP"): ("pago", {f"{_TRASLADO_P}/@BaseP": "100.01"}),
    ("CRP20269", "BaseP"): ("pago_impuestos", {f"{_TRASLADO_P}/@BaseP": "200.01"}),
    ("CRP20272", "TasaOCuotaP"): ("pago", {f"{_TRASLADO_P}/@TasaOCuotaP": "0.150000"}),
    ("CRP20273", "ImporteP"): ("pago", {f"{_TOTALES}/@TotalTrasladosImpuestoIVA16": None}),
    ("CRP20274", "ImporteP"): ("pago", {f"{_TRASLADO_P}/@ImporteP": "16.01"}),
    ("CRP20276", "Monto"): ("pago_de_dolares", {f"{_PAGO}/@Monto": "6171118.00"}),
    ("CRP20277", "EquivalenciaDR"): (
        "pagos",
        {f"{_PAGO}[2]/pago20:DoctoRelacionado[1]/@EquivalenciaDR": "1"},
    ),
    ("CRP20278", "ObjetoImpDR"): ("pago", {f"{_DOCTO}/@ObjetoImpDR": "06"}),
    ("CRP20279", "ObjetoImpDR"): ("pago", {f"{_DOCTO}/@ObjetoImpDR": "07"}),
    **cartas_porte_breaks.BREAKS,
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


def _removed(path):
    def change(root):
        for node in root.findall(path, NS):
            node.getparent().remove(node)

    return change


def _repeated(path):
    def change(root):
        node = root.find(path, NS)
        node.addnext(etree.fromstring(etree.tostring(node)))

    return change


def _taxes_in_the_concept(root):
    etree.SubElement(root.find(f"{q('Conceptos')}/{q('Concepto')}"), q("Impuestos"))


def _with_foreign_trade(root):
    complement = etree.SubElement(root, q("Complemento"))
    etree.SubElement(complement, "{http://www.sat.gob.mx/ComercioExterior20}ComercioExterior")


def _with_customs(root):
    node = root.find(f"{q('Conceptos')}/{q('Concepto')}")
    etree.SubElement(node, q("InformacionAduanera"), NumeroPedimento="25  24  3009  5001234")


_PAGO_NODE = "cfdi:Complemento/pago20:Pagos/pago20:Pago"

# rules on a whole node: what to do to the tree
TREE_BREAKS = {
    ("CFDI40173", ""): ("iva_16", _empty_taxes),
    ("CFDI40201", ""): ("traslado", _taxes_in_a_transfer),
    ("CFDI40208", ""): ("retenciones", _doubled("Retenciones")),
    ("CFDI40218", ""): ("iva_16", _doubled("Traslados")),
    ("CFDI40211", ""): ("retenciones", _without("Retenciones")),
    ("CFDI40221", ""): ("iva_16", _without("Traslados")),
    ("CFDI40195", "NumeroPedimento"): ("pedimentos", _with_foreign_trade),
    ("CFDI40200", "NumeroPedimento"): ("partes", _with_foreign_trade),
    ("CRP20112", ""): ("pago_de_tercero", _with_customs),
    ("CRP20111", ""): ("pago", _repeated("cfdi:Conceptos/cfdi:Concepto")),
    ("CRP20123", ""): ("pago", _taxes_in_the_concept),
    ("CRP20246", "ObjetoImpDR"): ("pago", _removed(f"{_PAGO_NODE}/pago20:DoctoRelacionado/pago20:ImpuestosDR")),
    ("CRP20248", ""): ("pago", _removed(f"{_PAGO_NODE}/pago20:DoctoRelacionado/pago20:ImpuestosDR/*")),
    ("CRP20263", ""): (
        "pago_impuestos",
        _repeated(f"{_PAGO_NODE}/pago20:ImpuestosP/pago20:RetencionesP/pago20:RetencionP"),
    ),
    ("CRP20271", ""): ("pago", _repeated(f"{_PAGO_NODE}/pago20:ImpuestosP/pago20:TrasladosP/pago20:TrasladoP")),
    **cartas_porte_breaks.TREE_BREAKS,
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


@pytest.mark.parametrize(
    ("fecha", "year", "refused"),
    [
        (2026, 2027, True),
        (2026, 2026, False),
        (2026, 2025, False),
        (2026, 2021, False),
        (2027, 2022, False),
        (2027, 2021, True),
    ],
)
def test_year_of_a_global_invoice(fecha, year, refused):
    """The matrix: the current year or up to five before."""
    case = CASES["global"]
    doc = replace(
        case, Fecha=case.Fecha.replace(year=fecha), InformacionGlobal=replace(case.InformacionGlobal, Año=year)
    )
    assert codes(cfdi.validate(cfdi.build_xml(doc), sealed=False)) == ({"CFDI40136"} if refused else set())


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
