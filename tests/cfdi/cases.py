"""Comprobantes that must come out right, by name. Each has its golden XML."""

from __future__ import annotations

from dataclasses import replace

import cartas_porte
import cases_of_lines
import cfdi
from cfdi import CfdiRelacionados, ImpuestoLocal, InformacionGlobal, Traslado, TrasladoDR
from support import (
    EXTRANJERO,
    PERSONA_FISICA,
    PUBLICO,
    RECEPTOR,
    comprobante,
    concepto,
    d,
    docto,
    ieps,
    iva,
    iva_dr,
    pago,
    recibo,
    retencion,
    retencion_dr,
)

_UUID = "11111111-2222-4333-8444-555555555555"

CASES = {
    "iva_16": comprobante(concepto("33.33", "3", NoIdentificacion="SKU-1", Unidad="Servicio")),
    "iva_8": comprobante(concepto("100", Traslados=(iva(d(100), "0.08"),))),
    "iva_0": comprobante(concepto("49.90", "2", Traslados=(iva(d("99.80"), "0"),))),
    "exento": comprobante(concepto("500", Traslados=(Traslado(d(500), "002", "Exento"),))),
    "no_objeto": comprobante(concepto("75.5", ObjetoImp="01")),
    "ieps_tasa": comprobante(
        concepto(
            "200", "6", ClaveProdServ="50202201", ClaveUnidad="XBO", Traslados=(ieps(d(1200), "0.265"), iva(d(1518)))
        )
    ),
    "ieps_cuota": comprobante(
        concepto(
            "22.15",
            "40",
            ClaveProdServ="15101514",
            ClaveUnidad="LTR",
            Traslados=(ieps(d(40), "6.4555", "Cuota"), iva(d(886))),
        )
    ),
    "retenciones": comprobante(
        concepto("1000", Retenciones=(retencion(d(1000), "001", "0.1"), retencion(d(1000), "002", "0.106667"))),
        concepto(
            "250.25", Retenciones=(retencion(d("250.25"), "001", "0.1"), retencion(d("250.25"), "002", "0.106667"))
        ),
    ),
    "descuento": comprobante(concepto("33.3333", "3", Descuento=d("9.9999")), concepto("10")),
    "dolares": comprobante(concepto("19.99", "7"), Moneda="USD", TipoCambio=d("17.123456")),
    "yenes": comprobante(concepto("1500.4", "3"), Moneda="JPY", TipoCambio=d("0.1143")),
    "mezcla": comprobante(
        concepto("10.01", "3"),
        concepto("10.02", "7", Traslados=(iva(d("70.14"), "0.08"),)),
        concepto("3.333333", "9", Traslados=(iva(d("29.999997"), "0"),)),
        concepto("1", Traslados=(Traslado(d(1), "002", "Exento"),)),
        concepto("2", ObjetoImp="01"),
        concepto("0.015", "1"),
    ),
    "ppd": comprobante(MetodoPago="PPD", FormaPago="99", CondicionesDePago="30 días"),
    "persona_fisica": comprobante(Receptor=PERSONA_FISICA),
    "extranjero": comprobante(Receptor=EXTRANJERO),
    "global": comprobante(
        concepto("100", ClaveProdServ="01010101", ClaveUnidad="ACT", Descripcion="Venta", NoIdentificacion="T-1"),
        concepto("50", ClaveProdServ="01010101", ClaveUnidad="ACT", Descripcion="Venta", NoIdentificacion="T-2"),
        Receptor=PUBLICO,
        FormaPago="01",
        InformacionGlobal=InformacionGlobal(Periodicidad="04", Meses="03", Año=2026),
    ),
    "egreso": comprobante(
        TipoDeComprobante="E",
        Receptor=replace(RECEPTOR, UsoCFDI="G02"),
        CfdiRelacionados=(
            CfdiRelacionados(TipoRelacion="01", UUIDs=(_UUID, _UUID.replace("1", "9"))),
            CfdiRelacionados(TipoRelacion="04", UUIDs=(_UUID.replace("5", "7"),)),
        ),
    ),
    "nombres": comprobante(
        concepto(Descripcion='  Tuerca 1/2" <acero>\n  & latón  ', NoIdentificacion=" A&B "),
        Receptor=replace(RECEPTOR, Rfc="Ñ&A010203AB9", Nombre="  MUÑOZ &  CÍA  "),
        Serie="Ñ",
    ),
    "traslado": comprobante(
        concepto("0", "5", ClaveProdServ="50202201", ClaveUnidad="H87", ObjetoImp="01"),
        TipoDeComprobante="T",
        Moneda="XXX",
        MetodoPago="",
        FormaPago="",
        Receptor=replace(RECEPTOR, UsoCFDI="S01"),
    ),
    "impuestos_locales": comprobante(
        concepto("1500.50", "2", ClaveProdServ="90111500", ClaveUnidad="DAY", Descripcion="Hospedaje"),
        TrasladosLocales=(ImpuestoLocal("ISH", d("3.5"), d("105.04")),),
        RetencionesLocales=(
            ImpuestoLocal("Impuesto Cedular", d("3"), d("90.03")),
            ImpuestoLocal("5 al  millar", d("0.5"), d("15.01")),
        ),
    ),
    "pago": recibo(pago(NumOperacion="  0012  34 ")),
    "pago_parcial": recibo(
        pago(docto("58.33", ImpSaldoAnt=d("1160"), NumParcialidad=3, Serie="A", Folio="77"), FormaDePagoP="01")
    ),
    "pago_impuestos": recibo(
        pago(
            docto(
                "572.29",
                Traslados=(iva_dr(d("600.30")),),
                Retenciones=(retencion_dr(d("600.30"), "001", "0.1"), retencion_dr(d("600.30"), "002", "0.106667")),
            ),
            docto(
                "431.80",
                IdDocumento=_UUID.replace("1", "8"),
                Traslados=(
                    iva_dr(d("100"), "0.08"),
                    iva_dr(d("99.80"), "0"),
                    TrasladoDR(d("200"), "002", "Exento"),
                    TrasladoDR(d("30"), "003", "Tasa", d("0.08"), d("2.4")),
                ),
            ),
            docto("75.50", IdDocumento=_UUID.replace("1", "9"), ObjetoImpDR="01"),
        )
    ),
    # The examples of the SAT's guide (appendix 8): an invoice in pesos paid in dollars, and the other way round.
    "pago_en_dolares": recibo(
        pago(
            docto("348000", EquivalenciaDR=d("17.7331")),
            MonedaP="USD",
            TipoCambioP=d("17.7331"),
            Monto=d("19624.32"),
        )
    ),
    "pago_de_dolares": recibo(
        pago(
            docto("348000", MonedaDR="USD", EquivalenciaDR=cfdi.equivalence(d("348000"), d("6171118.80"))),
            Monto=d("6171118.80"),
        )
    ),
    "pagos": recibo(
        pago(docto("116")),
        pago(
            docto("100.01", IdDocumento=_UUID.replace("2", "6")),
            docto("19.99", IdDocumento=_UUID.replace("2", "7"), MonedaDR="USD", EquivalenciaDR=d("0.0581234567")),
            Monto=d("443.94"),
            FormaDePagoP="02",
        ),
        CfdiRelacionados=(CfdiRelacionados(TipoRelacion="04", UUIDs=(_UUID,)),),
    ),
    **cases_of_lines.CASES,
    **cartas_porte.CASES,
}
