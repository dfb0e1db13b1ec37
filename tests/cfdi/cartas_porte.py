# ruff: noqa: DTZ001 - dates are naive by definition
"""Cartas Porte for the tests: parts that are right and ways to change them, and the comprobantes made of them."""

from __future__ import annotations

from datetime import date, datetime

import cfdi
from cfdi import Comprobante
from cfdi.carta_porte import (
    Autotransporte,
    CantidadTransporta,
    CartaPorte,
    DocumentacionAduanera,
    Domicilio,
    GuiasIdentificacion,
    IdentificacionVehicular,
    Mercancia,
    Mercancias,
    Remolque,
    Seguros,
    TiposFigura,
    Ubicacion,
)
from cfdi.carta_porte_modes import (
    Carro,
    ContenedorFerroviario,
    ContenedorMaritimo,
    DerechosDePaso,
    DetalleMercancia,
    RemolqueCCP,
    TransporteAereo,
    TransporteFerroviario,
    TransporteMaritimo,
)
from support import EMISOR, FECHA, RECEPTOR, comprobante, concepto, d, iva, retencion

MEXICO = Domicilio(
    Calle="Avenida Juárez",
    NumeroExterior="12",
    NumeroInterior="B",
    Colonia="0838",
    Localidad="06",
    Referencia="Frente a la alameda",
    Municipio="015",
    Estado="CMX",
    Pais="MEX",
    CodigoPostal="06000",
)
MONTERREY = Domicilio(
    Calle="Zaragoza", Colonia="0001", Localidad="07", Municipio="039", Estado="NLE", Pais="MEX", CodigoPostal="64000"
)
GUADALAJARA = Domicilio(Colonia="0003", Municipio="039", Estado="JAL", Pais="MEX", CodigoPostal="44100")
LAREDO = Domicilio(
    Calle="Main Street", Colonia="Downtown", Municipio="Webb", Estado="TX", Pais="USA", CodigoPostal="78040"
)
SALINA_CRUZ = Domicilio(Colonia="1003", Localidad="03", Municipio="079", Estado="OAX", Pais="MEX", CodigoPostal="70610")


def origen(**changes) -> Ubicacion:
    return _place("Origen", IDUbicacion="OR000001", RFCRemitenteDestinatario=EMISOR.Rfc, Domicilio=MEXICO, **changes)


def destino(distance: str | None = "912.5", **changes) -> Ubicacion:
    values = {
        "IDUbicacion": "DE000001",
        "RFCRemitenteDestinatario": RECEPTOR.Rfc,
        "Domicilio": MONTERREY,
        "FechaHoraSalidaLlegada": datetime(2026, 3, 5, 18, 30),
        "DistanciaRecorrida": None if distance is None else d(distance),
        **changes,
    }
    return _place("Destino", **values)


def _place(kind: str, **values) -> Ubicacion:
    values = {"FechaHoraSalidaLlegada": datetime(2026, 3, 4, 6, 0), **values}
    return Ubicacion(TipoUbicacion=kind, **values)


def mercancia(weight: str = "250.5", **changes) -> Mercancia:
    """Boxes of beer."""
    values = {
        "BienesTransp": "50202201",
        "Descripcion": "Cerveza en botella",
        "Cantidad": d(20),
        "ClaveUnidad": "XBX",
        "PesoEnKg": d(weight),
        **changes,
    }
    return Mercancia(**values)


def camion(config: str = "C2", **changes) -> Autotransporte:
    values = {
        "PermSCT": "TPAF02",
        "NumPermisoSCT": "NA-2020-4455",
        "IdentificacionVehicular": IdentificacionVehicular(
            ConfigVehicular=config, PesoBrutoVehicular=d("17.5"), PlacaVM="92AB7C", AnioModeloVM=2021
        ),
        "Seguros": Seguros(AseguraRespCivil="Seguros Inventados", PolizaRespCivil="RC-1020"),
        **changes,
    }
    return Autotransporte(**values)


OPERADOR = TiposFigura(
    TipoFigura="01", RFCFigura="PEGJ800101AB1", NumLicencia="LFD0102030", NombreFigura="JUAN PÉREZ GARCÍA"
)


def carta_porte(*goods: Mercancia, **changes) -> CartaPorte:
    """From Mexico City to Monterrey in one's own lorry, unless the changes say otherwise."""
    of_goods = {name: changes.pop(name) for name in [*changes] if name in Mercancias.__dataclass_fields__}
    values = {
        "IdCCP": cfdi.id_ccp(bytes(range(16))),
        "Ubicaciones": (origen(), destino()),
        "Mercancias": Mercancias(Mercancia=goods or (mercancia(),), **{"Autotransporte": camion(), **of_goods}),
        "FiguraTransporte": (OPERADOR,),
        **changes,
    }
    return CartaPorte(**values)


def traslado(carta: CartaPorte | None = None, **changes) -> Comprobante:
    """One's own goods in one's own lorry."""
    return cfdi.goods_transfer(
        carta or carta_porte(),
        issuer=EMISOR,
        postal_code="06000",
        Fecha=FECHA,
        LugarExpedicion="06000",
        Serie="T",
        Folio="1",
        **changes,
    )


def flete(carta: CartaPorte | None = None, **changes) -> Comprobante:
    """A carrier's invoice, with IVA and its withholding of 4 %."""
    lines = changes.pop("Conceptos", (servicio(),))
    return comprobante(*lines, CartaPorte=carta or carta_porte(), MetodoPago="PPD", FormaPago="99", **changes)


def servicio(**changes):
    values = {
        "ClaveProdServ": "78101802",
        "Descripcion": "Flete de México a Monterrey",
        "Traslados": (iva(d(18500)),),
        "Retenciones": (retencion(d(18500), "002", "0.04"),),
        **changes,
    }
    return concepto("18500", **values)


_TRACTOR = camion(
    "T3S2R4",
    PermSCT="TPAF01",
    Seguros=Seguros(
        AseguraRespCivil="Seguros Inventados",
        PolizaRespCivil="RC-1020",
        AseguraCarga="Seguros Inventados",
        PolizaCarga="CG-77",
        PrimaSeguro=d("1500"),
    ),
    Remolques=(Remolque(SubTipoRem="CTR004", Placa="44UB7Z"), Remolque(SubTipoRem="CTR010", Placa="45UB7Z")),
)
_FOREIGNER = {
    "RFCRemitenteDestinatario": "XEXX010101000",
    "NombreRemitenteDestinatario": "ACME CORP",
    "NumRegIdTrib": "123456789",
    "ResidenciaFiscal": "USA",
    "Domicilio": LAREDO,
}
_MEDICINE = {
    "BienesTransp": "51181701",
    "DenominacionGenericaProd": "Paracetamol",
    "DenominacionDistintivaProd": "Analgex",
    "Fabricante": "LABORATORIO INVENTADO",
    "FechaCaducidad": date(2028, 1, 31),
    "LoteMedicamento": "L-77",
    "FormaFarmaceutica": "01",
    "CondicionesEspTransp": "04",
    "RegistroSanitarioFolioAutorizacion": "123M2020SSA",
}

CASES = {
    "carta_porte_traslado": traslado(
        carta_porte(
            mercancia(
                CantidadTransporta=(
                    CantidadTransporta(Cantidad=d(12), IDOrigen="OR000001", IDDestino="DE000001"),
                    CantidadTransporta(Cantidad=d(8), IDOrigen="OR000001", IDDestino="DE000002"),
                ),
            ),
            mercancia("0.125", Dimensiones="30/20/10cm", Unidad="Caja", ValorMercancia=d("75.5"), Moneda="MXN"),
            Ubicaciones=(
                origen(NombreRemitenteDestinatario="  ÑUBES Y  CIELOS "),
                destino("541.25", IDUbicacion="DE000002", Domicilio=GUADALAJARA),
                destino("788.1"),
            ),
        )
    ),
    "carta_porte_ingreso": flete(
        carta_porte(
            mercancia(), mercancia("99.999"), Autotransporte=camion("VL", PermSCT="TPAF01"), PesoNetoTotal=d(340)
        )
    ),
    "carta_porte_peligroso": flete(
        carta_porte(
            mercancia(
                "8000",
                BienesTransp="15101514",
                Descripcion="Gasolina",
                Cantidad=d("10752.688172"),
                ClaveUnidad="LTR",
                MaterialPeligroso="Sí",
                CveMaterialPeligroso="1203",
                Embalaje="1A1",
                DescripEmbalaje="Bidones de acero",
            ),
            mercancia(MaterialPeligroso="No"),
            Autotransporte=camion(
                "C3",
                PermSCT="TPAF03",
                Seguros=Seguros(
                    AseguraRespCivil="Seguros Inventados",
                    PolizaRespCivil="RC-1020",
                    AseguraMedAmbiente="Seguros Inventados",
                    PolizaMedAmbiente="MA-9",
                ),
            ),
        )
    ),
    "carta_porte_figuras": flete(
        carta_porte(
            Autotransporte=_TRACTOR,
            CargoPorTasacion=d("350.5"),
            LogisticaInversaRecoleccionDevolucion="Sí",
            FiguraTransporte=(
                OPERADOR,
                TiposFigura(
                    TipoFigura="02",
                    RFCFigura="XYZ010203AB9",
                    NombreFigura="COMERCIAL INVENTADA",
                    PartesTransporte=("PT03", "PT05"),
                    Domicilio=MONTERREY,
                ),
                TiposFigura(
                    TipoFigura="03",
                    NombreFigura="TRAILERS INC",
                    NumRegIdTribFigura="987654321",
                    ResidenciaFiscalFigura="USA",
                    PartesTransporte=("PT04",),
                    Domicilio=LAREDO,
                ),
                TiposFigura(TipoFigura="04", RFCFigura="PEGJ800101AB1", NombreFigura="JUAN PÉREZ GARCÍA"),
            ),
        ),
        Conceptos=(servicio(), concepto("300", Descripcion="Maniobras")),
    ),
    "carta_porte_exportacion": flete(
        carta_porte(
            mercancia(
                FraccionArancelaria="2203000100",
                UUIDComercioExt="11111111-2222-4333-8444-555555555555",
                ValorMercancia=d("1200"),
                Moneda="USD",
                TipoMateria="03",
                DocumentacionAduanera=(DocumentacionAduanera(TipoDocumento="18", IdentDocAduanero="C-5512"),),
            ),
            mercancia(TipoMateria="05", DescripcionMateria="Muestras"),
            Ubicaciones=(origen(), destino("1130", **_FOREIGNER)),
            TranspInternac="Sí",
            EntradaSalidaMerc="Salida",
            PaisOrigenDestino="USA",
            ViaEntradaSalida="01",
            RegimenesAduaneros=("EXD", "TRA"),
            Autotransporte=_TRACTOR,
        ),
    ),
    "carta_porte_importacion": flete(
        carta_porte(
            mercancia(
                SectorCOFEPRIS="01",
                PermisoImportacion="PI-1",
                FolioImpoVUCEM="VU-2026-1",
                TipoMateria="03",
                DocumentacionAduanera=(
                    DocumentacionAduanera(
                        TipoDocumento="01", NumPedimento="26  24  3009  6001234", RFCImpo="XYZ010203AB9"
                    ),
                    DocumentacionAduanera(TipoDocumento="20", IdentDocAduanero="Aviso 7"),
                ),
                **_MEDICINE,
            ),
            mercancia(
                BienesTransp="12352104",
                SectorCOFEPRIS="04",
                NomQuimico="Etanol",
                NumCAS="64-17-5",
                FolioImpoVUCEM="VU-2026-2",
                RazonSocialEmpImp="COMERCIAL INVENTADA",
                TipoMateria="01",
                DocumentacionAduanera=(DocumentacionAduanera(TipoDocumento="20", IdentDocAduanero="Aviso 8"),),
            ),
            Ubicaciones=(
                _place("Origen", IDUbicacion="OR000009", **_FOREIGNER),
                destino("1130"),
            ),
            TranspInternac="Sí",
            EntradaSalidaMerc="Entrada",
            PaisOrigenDestino="USA",
            ViaEntradaSalida="01",
            RegimenesAduaneros=("IMD",),
        ),
    ),
    "carta_porte_cofepris": traslado(
        carta_porte(
            mercancia(SectorCOFEPRIS="03", **_MEDICINE),
            mercancia(
                SectorCOFEPRIS="02",
                NombreIngredienteActivo="Efedrina",
                NomQuimico="Clorhidrato de efedrina",
                **{name: value for name, value in _MEDICINE.items() if name[:4] not in {"Deno", "Regi"}},
            ),
            mercancia(
                BienesTransp="10171702",
                SectorCOFEPRIS="05",
                NombreIngredienteActivo="Glifosato",
                NumRegSanPlagCOFEPRIS="RSCO-HEDE-0102",
                DatosFabricante="Agroquímica, Toluca",
                DatosFormulador="Agroquímica, Toluca",
                DatosMaquilador="Agroquímica, Toluca",
                UsoAutorizado="Agrícola",
            ),
        )
    ),
    "carta_porte_istmo": traslado(
        carta_porte(
            mercancia(
                BienesTransp="24112700",
                GuiasIdentificacion=(
                    GuiasIdentificacion(
                        NumeroGuiaIdentificacion="GUIA-0000001",
                        DescripGuiaIdentificacion="Estibas vacías",
                        PesoGuiaIdentificacion=d("250.5"),
                    ),
                ),
            ),
            Ubicaciones=(origen(), destino("302.4", Domicilio=SALINA_CRUZ)),
            RegistroISTMO="Sí",
            UbicacionPoloOrigen="01",
            UbicacionPoloDestino="05",
        ),
        Conceptos=(concepto("0", "20", ClaveProdServ="24112700", ClaveUnidad="H87", ObjetoImp="01"),),
    ),
    "carta_porte_barco": flete(
        carta_porte(
            mercancia(
                DetalleMercancia=DetalleMercancia(
                    UnidadPesoMerc="KGM",
                    PesoBruto=d("260"),
                    PesoNeto=d("250.5"),
                    PesoTara=d("9.5"),
                    NumPiezas=20,
                )
            ),
            Ubicaciones=(
                origen(NumEstacion="PM001", NombreEstacion="Rosarito", NavegacionTrafico="Altura", TipoEstacion="01"),
                destino(
                    None, NumEstacion="PM002", NombreEstacion="La Paz", NavegacionTrafico="Altura", TipoEstacion="03"
                ),
            ),
            Autotransporte=None,
            FiguraTransporte=(),
            TransporteMaritimo=TransporteMaritimo(
                TipoEmbarcacion="B02",
                Matricula="MAT-0001",
                NumeroOMI="IMO1234567",
                AnioEmbarcacion=2003,
                NacionalidadEmbarc="MEX",
                UnidadesDeArqBruto=d("356.001"),
                TipoCarga="CGS",
                Eslora=d("50.25"),
                NombreAgenteNaviero="AGENTE INVENTADO",
                NumAutorizacionNaviero="ANC001/2022",
                Contenedor=(
                    ContenedorMaritimo(TipoContenedor="CM001", MatriculaContenedor="MSCU1234567", NumPrecinto="PR-001"),
                    ContenedorMaritimo(
                        TipoContenedor="CM011",
                        IdCCPRelacionado=cfdi.id_ccp(bytes(16)),
                        PlacaVMCCP="92AB7C",
                        FechaCertificacionCCP=datetime(2026, 3, 1, 9, 15),
                        RemolquesCCP=(RemolqueCCP(SubTipoRemCCP="CTR004", PlacaCCP="44UB7Z"),),
                    ),
                ),
            ),
        ),
        Conceptos=(servicio(ClaveProdServ="78101700"),),
    ),
    "carta_porte_avion": flete(
        carta_porte(
            mercancia(ValorMercancia=d(900), Moneda="MXN"),
            Ubicaciones=(
                origen(NumEstacion="EA001", NombreEstacion="Aeropuerto de origen", TipoEstacion="01"),
                destino(None, NumEstacion="EA002", NombreEstacion="Aeropuerto de destino", TipoEstacion="03"),
            ),
            Autotransporte=None,
            FiguraTransporte=(),
            TransporteAereo=TransporteAereo(
                PermSCT="TPTA01",
                NumPermisoSCT="AER-1",
                MatriculaAeronave="XA-ABC",
                NumeroGuia="GUIA12345678",
                CodigoTransportista="CA001",
                RFCEmbarcador="XYZ010203AB9",
                NombreEmbarcador="COMERCIAL INVENTADA",
            ),
        ),
        Conceptos=(servicio(ClaveProdServ="78101500"),),
    ),
    # by road to the station and on by train
    "carta_porte_intermodal": flete(
        carta_porte(
            mercancia(
                CantidadTransporta=(
                    CantidadTransporta(Cantidad=d(20), IDOrigen="OR000001", IDDestino="DE000001", CvesTransporte="04"),
                )
            ),
            TransporteFerroviario=TransporteFerroviario(
                TipoDeServicio="TS02",
                TipoDeTrafico="TT01",
                DerechosDePaso=(DerechosDePaso(TipoDerechoDePaso="CDP001", KilometrajePagado=d("12.5")),),
                Carro=(
                    Carro(
                        TipoCarro="TC01",
                        MatriculaCarro="CARRO01",
                        GuiaCarro="G-1",
                        ToneladasNetasCarro=d("0.25"),
                        Contenedor=(
                            ContenedorFerroviario(
                                TipoContenedor="TC01", PesoContenedorVacio=d("2300"), PesoNetoMercancia=d("250")
                            ),
                        ),
                    ),
                    Carro(TipoCarro="TC02", MatriculaCarro="CARRO02", GuiaCarro="G-2", ToneladasNetasCarro=d("0.001")),
                ),
            ),
        ),
        Conceptos=(servicio(ClaveProdServ="78101901"),),
    ),
}
