# ruff: noqa: DTZ001 - Fecha is naive by definition
"""Comprobantes for the tests: one that is right, and ways to change it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

from lxml import etree

import cfdi
from cfdi import (
    Comprobante,
    Concepto,
    DoctoRelacionado,
    Emisor,
    Pago,
    Receptor,
    Retencion,
    RetencionDR,
    Traslado,
    TrasladoDR,
    rounding,
)
from cfdi.namespaces import NS

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
SHARED = REPOSITORY.parent / "shared" / "sat"
"""Documents of third parties, where there are some to test against; never needed."""

RFC, NAME = "ÑU&010203HI2", "ÑUBES Y CIELOS"
FECHA = datetime(2026, 3, 4, 5, 6, 7)
NOON = datetime(2026, 3, 4, 18, 0, 0, tzinfo=timezone.utc)
"""Noon in the centre of Mexico on the day of `FECHA`."""

EMISOR = Emisor(Rfc=RFC, Nombre=NAME, RegimenFiscal="601")
RECEPTOR = Receptor(
    Rfc="XYZ010203AB9",
    Nombre="COMERCIAL INVENTADA",
    DomicilioFiscalReceptor="64000",
    RegimenFiscalReceptor="601",
    UsoCFDI="G03",
)
PUBLICO = Receptor(
    Rfc="XAXX010101000",
    Nombre="PUBLICO EN GENERAL",
    DomicilioFiscalReceptor="06000",
    RegimenFiscalReceptor="616",
    UsoCFDI="S01",
)
EXTRANJERO = replace(PUBLICO, Rfc="XEXX010101000", Nombre="ACME CORP", ResidenciaFiscal="USA", NumRegIdTrib="123456789")
PERSONA_FISICA = replace(RECEPTOR, Rfc="PEGJ800101AB1", Nombre="JUAN PÉREZ GARCÍA", RegimenFiscalReceptor="612")


def d(text: str | int) -> Decimal:
    return Decimal(text)


def iva(base: Decimal, rate: str = "0.16") -> Traslado:
    return Traslado(base, "002", "Tasa", d(rate), cfdi.tax_amount(base, d(rate)))


def ieps(base: Decimal, rate: str, factor: str = "Tasa") -> Traslado:
    return Traslado(base, "003", factor, d(rate), cfdi.tax_amount(base, d(rate)))


def retencion(base: Decimal, impuesto: str, rate: str) -> Retencion:
    return Retencion(base, impuesto, "Tasa", d(rate), cfdi.tax_amount(base, d(rate)))


def concepto(price: str = "100", quantity: str = "1", **changes) -> Concepto:
    """A line with IVA 16 % unless its taxes are given."""
    amount = cfdi.line_amount(d(quantity), d(price))
    values = {
        "ClaveProdServ": "81111500",
        "Cantidad": d(quantity),
        "ClaveUnidad": "E48",
        "Descripcion": "Servicio de prueba",
        "ValorUnitario": d(price),
        "Importe": amount,
        "ObjetoImp": "02",
        **changes,
    }
    if "Traslados" not in values and values["ObjetoImp"] == "02":
        values["Traslados"] = (iva(amount - (values.get("Descuento") or 0)),)
    return Concepto(**values)


def comprobante(*conceptos: Concepto, **changes) -> Comprobante:
    values = {
        "Emisor": EMISOR,
        "Receptor": RECEPTOR,
        "Conceptos": conceptos or (concepto(),),
        "Fecha": FECHA,
        "LugarExpedicion": "06000",
        "MetodoPago": "PUE",
        "FormaPago": "03",
        "Serie": "A",
        "Folio": "1",
        **changes,
    }
    return Comprobante(**values)


def iva_dr(base: Decimal, rate: str = "0.16") -> TrasladoDR:
    return TrasladoDR(base, "002", "Tasa", d(rate), cfdi.tax_amount(base, d(rate)))


def retencion_dr(base: Decimal, impuesto: str, rate: str) -> RetencionDR:
    return RetencionDR(base, impuesto, "Tasa", d(rate), cfdi.tax_amount(base, d(rate)))


def docto(paid: str = "116", **changes) -> DoctoRelacionado:
    """An invoice in pesos with IVA 16 % that is paid in full, unless the changes say otherwise."""
    values = {
        "IdDocumento": "11111111-2222-4333-8444-555555555555",
        "MonedaDR": "MXN",
        "EquivalenciaDR": d(1),
        "NumParcialidad": 1,
        "ImpSaldoAnt": d(paid),
        "ImpPagado": d(paid),
        "ObjetoImpDR": "02",
        **changes,
    }
    if values["ObjetoImpDR"] == "02" and "Traslados" not in values:
        values["Traslados"] = (iva_dr(rounding.concept(d(paid) / d("1.16"))),)
    return DoctoRelacionado(**values)


def pago(*doctos: DoctoRelacionado, **changes) -> Pago:
    """A transfer in pesos of what its documents say."""
    doctos = doctos or (docto(),)
    values = {
        "FechaPago": FECHA,
        "FormaDePagoP": "03",
        "Monto": sum(d.ImpPagado for d in doctos),
        "DoctosRelacionados": doctos,
        **changes,
    }
    return Pago(**values)


def recibo(*pagos: Pago, **changes) -> Comprobante:
    values = {
        "Emisor": EMISOR,
        "Receptor": replace(RECEPTOR, UsoCFDI="CP01"),
        "Fecha": FECHA,
        "LugarExpedicion": "06000",
        "Serie": "P",
        "Folio": "1",
        **changes,
    }
    return cfdi.payment_receipt(pagos or (pago(),), **values)


def changed(element: etree._Element, changes: dict[str, str | None]) -> etree._Element:
    """A copy with attributes set, or removed by None. Keys: 'path/@Attribute', cfdi: understood where there is none."""
    copy = deepcopy(element)
    for where, value in changes.items():
        path, _, attribute = where.rpartition("@")
        names = (step for step in path.strip("/").split("/") if step)
        steps = "/".join(step if ":" in step else f"cfdi:{step}" for step in names) or "."
        nodes = copy.findall(steps, NS)
        assert nodes, f"no node at {path}"
        for node in nodes:
            if value is None:
                del node.attrib[attribute]
            else:
                node.set(attribute, value)
    return copy


def codes(problems) -> set[str]:
    return {problem.code for problem in problems}
