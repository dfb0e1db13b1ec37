"""Comprobantes whose lines have all that a line may have, by name. `cases` has them with the others."""

from __future__ import annotations

from dataclasses import replace

import cfdi
from cfdi import ACuentaTerceros, CfdiRelacionados, ImpuestoLocal, Parte, Traslado
from cfdi.comprobante import NOMBRE_TERCERO_EXTRANJERO, RFC_TERCERO_EXTRANJERO
from support import EXTRANJERO, PERSONA_FISICA, RECEPTOR, comprobante, concepto, d, ieps, iva, recibo, retencion

_UUID = "aaaaaaaa-2222-4333-8444-555555555555"
_THIRD = ACuentaTerceros(
    RfcACuentaTerceros="ABC010203XY1",
    NombreACuentaTerceros="  TERCERO &  ASOCIADOS ",
    RegimenFiscalACuentaTerceros="601",
    DomicilioFiscalACuentaTerceros="64000",
)
_FOREIGN_THIRD = ACuentaTerceros(
    RfcACuentaTerceros=RFC_TERCERO_EXTRANJERO,
    NombreACuentaTerceros=NOMBRE_TERCERO_EXTRANJERO,
    RegimenFiscalACuentaTerceros="616",
    DomicilioFiscalACuentaTerceros="06000",
)
_PEDIMENTO = "25  24  3009  5001234"


def _rent(**changes):
    taxes = (retencion(d(12000), "001", "0.1"), retencion(d(12000), "002", "0.106667"))
    return concepto("12000", ClaveProdServ="80131502", Descripcion="Renta de bodega", Retenciones=taxes, **changes)


CASES = {
    "a_cuenta_de_terceros": comprobante(
        concepto(ACuentaTerceros=_THIRD), concepto("50", ACuentaTerceros=_FOREIGN_THIRD)
    ),
    "pedimentos": comprobante(
        concepto("1250.75", "4", InformacionAduanera=(_PEDIMENTO, _PEDIMENTO.replace("1234", "1235"))), concepto()
    ),
    "partes": comprobante(
        concepto(
            "900",
            Descripcion="Juego de llaves",
            Parte=(
                Parte(
                    ClaveProdServ="27111701",
                    Cantidad=d("2.5"),
                    Descripcion='  Llave 3/8"  ',
                    NoIdentificacion=" LL-3 ",
                    Unidad="Pieza",
                    ValorUnitario=d("200.1"),
                    Importe=d("500.25"),
                    InformacionAduanera=(_PEDIMENTO,),
                ),
                Parte(ClaveProdServ="27111701", Cantidad=d(1), Descripcion="Estuche"),
            ),
        )
    ),
    "arrendamiento": comprobante(_rent(CuentaPredial=("001122AB", "998877"))),
    "anticipo_aplicado": comprobante(
        concepto("500", ClaveProdServ="84111506", ClaveUnidad="ACT", Descripcion="Aplicación de anticipo"),
        TipoDeComprobante="E",
        FormaPago="30",
        Receptor=replace(RECEPTOR, UsoCFDI="G02"),
        CfdiRelacionados=(CfdiRelacionados(TipoRelacion="07", UUIDs=(_UUID,)),),
    ),
    "sustitucion": comprobante(
        CfdiRelacionados=(
            CfdiRelacionados(TipoRelacion="04", UUIDs=(_UUID,)),
            CfdiRelacionados(TipoRelacion="07", UUIDs=(_UUID.replace("a", "b"), _UUID.replace("a", "c"))),
            CfdiRelacionados(TipoRelacion="05", UUIDs=(_UUID.replace("a", "d"),)),
        )
    ),
    "egreso_iva_8": comprobante(
        concepto("333.33", "3", Descuento=d("0.01"), Traslados=(iva(d("999.98"), "0.08"),)),
        TipoDeComprobante="E",
        LugarExpedicion="22000",
        Receptor=replace(RECEPTOR, UsoCFDI="G02"),
        CfdiRelacionados=(CfdiRelacionados(TipoRelacion="01", UUIDs=(_UUID,)),),
    ),
    "egreso_con_retenciones": comprobante(
        _rent(),
        TipoDeComprobante="E",
        FormaPago="15",
        Receptor=replace(RECEPTOR, UsoCFDI="G02"),
        CfdiRelacionados=(CfdiRelacionados(TipoRelacion="03", UUIDs=(_UUID,)),),
    ),
    "objetos_de_impuesto": comprobante(
        concepto("10", ObjetoImp="03"),
        concepto("20", ObjetoImp="04"),
        concepto("30", ObjetoImp="05"),
        concepto("40", ObjetoImp="06", Retenciones=(retencion(d(40), "001", "0.0125"),)),
        concepto("50", ObjetoImp="07", Traslados=(ieps(d(50), "0.08"),)),
        concepto("60", ObjetoImp="08"),
        concepto("70", ObjetoImp="01"),
        concepto("80"),
    ),
    "ieps_tasa_y_cuota": comprobante(
        concepto(
            "10.5", "24", ClaveProdServ="50202301", Traslados=(ieps(d(48), "1.6451", "Cuota"), iva(d(252), "0.16"))
        ),
        concepto("45", "10", ClaveProdServ="50161800", Traslados=(ieps(d(450), "0.08"), iva(d(486), "0"))),
        concepto("700", "2", ClaveProdServ="50202206", Traslados=(ieps(d(1400), "0.53"), iva(d(2142)))),
        concepto("30", "1", ClaveProdServ="50202301", Traslados=(ieps(d(6), "1.6451", "Cuota"), iva(d(30)))),
    ),
    "seis_decimales": comprobante(
        concepto("0.333333", "3.141593"),
        concepto("1234567.123456", "0.000001", Traslados=(iva(d("1.234567")),)),
        concepto("7.777777", "11.000001", Traslados=(iva(cfdi.line_amount(d("11.000001"), d("7.777777")), "0.08"),)),
    ),
    "yenes_descuento": comprobante(
        concepto("1500", "3", Descuento=d("150.5"), Traslados=(iva(d("4349.5")),)),
        concepto("999.4", "1", Descuento=d("99.4"), Traslados=(iva(d(900), "0"),)),
        Moneda="JPY",
        TipoCambio=d("0.1143"),
    ),
    "dinares": comprobante(
        concepto("12.3456", "3", Retenciones=(retencion(d("37.0368"), "002", "0.106667"),)),
        Moneda="BHD",
        TipoCambio=d("45.678901"),
    ),
    "descuentos": comprobante(
        concepto("100", "3", Descuento=d("33.33")),
        concepto("49.99", "2", Descuento=d("9.998"), Traslados=(iva(d("89.982"), "0.08"),)),
        concepto("15", Descuento=d(15), ObjetoImp="01"),
        concepto("80", Descuento=d("0.01"), Traslados=(Traslado(d("79.99"), "002", "Exento"),)),
        concepto("12.5", "8", Descuento=d("20"), Traslados=(ieps(d(80), "0.08"), iva(d("86.4"), "0"))),
    ),
    "retencion_resico": comprobante(
        concepto("18999.99", Retenciones=(retencion(d("18999.99"), "001", "0.0125"),)),
    ),
    "retencion_plataformas": comprobante(
        concepto("850", Retenciones=(retencion(d(850), "001", "0.025"), retencion(d(850), "002", "0.08"))),
        concepto("150", Retenciones=(retencion(d(150), "001", "0.021"), retencion(d(150), "002", "0.16"))),
    ),
    "retencion_de_fletes": comprobante(
        concepto("3210.45", "2", ClaveProdServ="78101802", Retenciones=(retencion(d("6420.90"), "002", "0.04"),)),
    ),
    "servicios_de_personal": comprobante(
        concepto("45678.91", ClaveProdServ="80111600", Retenciones=(retencion(d("45678.91"), "002", "0.06"),)),
        Receptor=PERSONA_FISICA,
    ),
    "exportacion_temporal": comprobante(
        concepto("1000", "5", Traslados=(iva(d(5000), "0"),)),
        Receptor=EXTRANJERO,
        Exportacion="03",
        Moneda="USD",
        TipoCambio=d("18.0101"),
    ),
    "exportacion_de_otra_clave": comprobante(
        concepto("19.995", "1000", Traslados=(iva(d(19995), "0"),)),
        Receptor=replace(EXTRANJERO, ResidenciaFiscal="ESP", NumRegIdTrib="ESB12345678"),
        Exportacion="04",
        Moneda="EUR",
        TipoCambio=d("19.7654"),
        MetodoPago="PPD",
        FormaPago="99",
    ),
    "turista": comprobante(
        Receptor=replace(EXTRANJERO, Nombre="TURISTA", ResidenciaFiscal="DEU", NumRegIdTrib="L01X00T47"),
        FormaPago="04",
    ),
    "hospedaje": comprobante(
        concepto("1899", "3", ClaveProdServ="90111501", ClaveUnidad="DAY", Descripcion="Habitación"),
        concepto("250", ClaveProdServ="90101501", Descripcion="Desayuno", Traslados=(iva(d(250)),)),
        TrasladosLocales=(ImpuestoLocal("ISH", d("3"), d("170.91")),),
    ),
    "muchas_lineas": comprobante(
        *(concepto(f"{n}.{n:02}7", f"{n + 1}.5", Descripcion=f"Línea {n}") for n in range(1, 25))
    ),
    "pago_de_tercero": replace(recibo(), Conceptos=(replace(recibo().Conceptos[0], ACuentaTerceros=_THIRD),)),
}
