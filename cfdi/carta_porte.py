"""Goods on the way (complemento Carta Porte 3.1) as frozen dataclasses: what is general, and transport by road.

Fields carry the names of the complemento, so that a reader with the SAT's instructions in hand needs no dictionary;
a field that holds several nodes is named after the node around them, or after themselves where there is none. Numbers
tell the most decimals that the schema takes. What the SAT wants summed (TotalDistRec, PesoBrutoTotal,
NumTotalMercancias) is not here: `carta_porte_totals` computes it. `carta_porte_modes` has ships, planes and trains.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from .carta_porte_modes import DetalleMercancia, TransporteAereo, TransporteFerroviario, TransporteMaritimo
from .carta_porte_nodes import Amount, Decimal2, Decimal3, Decimal6, Form, Verbatim
from .comprobante import Comprobante, Concepto, Emisor, Receptor


def id_ccp(random: bytes) -> str:
    """IdCCP of a new Carta Porte: a UUID (RFC 4122, version 4) whose first three characters are CCC.

    :param random: 16 random bytes.
    :raises ValueError: not 16 of them.
    """
    return f"CCC{str(UUID(bytes=random, version=4))[3:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domicilio:
    """An address. In Mexico Colonia, Localidad, Municipio and Estado are codes of the SAT's catalogues, in the United
    States and Canada Estado is; else they are plain text (CP143-CP147)."""

    Calle: str = ""
    NumeroExterior: str = ""
    NumeroInterior: str = ""
    Colonia: str = ""
    Localidad: str = ""
    Referencia: str = ""
    Municipio: str = ""
    Estado: str
    Pais: str
    CodigoPostal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ubicacion:
    """A place where goods are taken (TipoUbicacion Origen) or left (Destino).

    IDUbicacion: OR or DE and six digits; needed by CantidadTransporta (CP131). FechaHoraSalidaLlegada: naive, local
    time of the place. DistanciaRecorrida: kilometres from the place before, of a Destino by road or rail (CP141).
    """

    TipoUbicacion: str
    IDUbicacion: str = ""
    RFCRemitenteDestinatario: str
    NombreRemitenteDestinatario: str = ""
    NumRegIdTrib: str = ""
    ResidenciaFiscal: str = ""
    NumEstacion: str = ""
    NombreEstacion: str = ""
    NavegacionTrafico: str = ""
    FechaHoraSalidaLlegada: datetime
    TipoEstacion: str = ""
    DistanciaRecorrida: Decimal6 | None = None
    Domicilio: Domicilio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentacionAduanera:
    """A customs document of goods. NumPedimento: year, customs, patent and number with two blanks between (CP174)."""

    TipoDocumento: str
    NumPedimento: Verbatim = ""
    IdentDocAduanero: str = ""
    RFCImpo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuiasIdentificacion:
    """A parcel's waybill."""

    NumeroGuiaIdentificacion: str
    DescripGuiaIdentificacion: str
    PesoGuiaIdentificacion: Decimal3


@dataclass(frozen=True, slots=True, kw_only=True)
class CantidadTransporta:
    """How much of the goods goes from where to where. CvesTransporte: with several means of transport (CP180)."""

    Cantidad: Decimal6
    IDOrigen: str
    IDDestino: str
    CvesTransporte: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mercancia:
    """Goods. BienesTransp: c_ClaveProdServCP. MaterialPeligroso: Sí or No where the catalogue says that such goods may
    be dangerous, else empty (CP155). Of Dimensiones: 59/40/36cm, length, width, height."""

    BienesTransp: str
    ClaveSTCC: str = ""
    Descripcion: str
    Cantidad: Decimal6
    ClaveUnidad: str
    Unidad: str = ""
    Dimensiones: str = ""
    MaterialPeligroso: str = ""
    CveMaterialPeligroso: str = ""
    Embalaje: str = ""
    DescripEmbalaje: str = ""
    SectorCOFEPRIS: str = ""
    NombreIngredienteActivo: str = ""
    NomQuimico: str = ""
    DenominacionGenericaProd: str = ""
    DenominacionDistintivaProd: str = ""
    Fabricante: str = ""
    FechaCaducidad: date | None = None
    LoteMedicamento: str = ""
    FormaFarmaceutica: str = ""
    CondicionesEspTransp: str = ""
    RegistroSanitarioFolioAutorizacion: str = ""
    PermisoImportacion: str = ""
    FolioImpoVUCEM: str = ""
    NumCAS: str = ""
    RazonSocialEmpImp: str = ""
    NumRegSanPlagCOFEPRIS: str = ""
    DatosFabricante: str = ""
    DatosFormulador: str = ""
    DatosMaquilador: str = ""
    UsoAutorizado: str = ""
    PesoEnKg: Decimal3
    ValorMercancia: Amount | None = None
    Moneda: str = ""
    FraccionArancelaria: str = ""
    UUIDComercioExt: str = ""
    TipoMateria: str = ""
    DescripcionMateria: str = ""
    DocumentacionAduanera: tuple[DocumentacionAduanera, ...] = ()
    GuiasIdentificacion: tuple[GuiasIdentificacion, ...] = ()
    CantidadTransporta: tuple[CantidadTransporta, ...] = ()
    DetalleMercancia: DetalleMercancia | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificacionVehicular:
    """A vehicle. PesoBrutoVehicular: tonnes, of the vehicle with its load. Plates without blanks or dashes."""

    ConfigVehicular: str
    PesoBrutoVehicular: Decimal2
    PlacaVM: str
    AnioModeloVM: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seguros:
    """Insurances. Those of the environment go with dangerous goods (CP182)."""

    AseguraRespCivil: str
    PolizaRespCivil: str
    AseguraMedAmbiente: str = ""
    PolizaMedAmbiente: str = ""
    AseguraCarga: str = ""
    PolizaCarga: str = ""
    PrimaSeguro: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remolque:
    """A trailer."""

    SubTipoRem: str
    Placa: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Autotransporte:
    """Transport by road. Whether the vehicle has trailers, ConfigVehicular says (CP184)."""

    PermSCT: str
    NumPermisoSCT: str
    IdentificacionVehicular: IdentificacionVehicular
    Seguros: Seguros
    Remolques: Annotated[tuple[Remolque, ...], Form(inside="Remolque")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mercancias:
    """The goods and what takes them. UnidadPeso: of the total weight, which is the sum of PesoEnKg by road (CP149).

    PesoNetoTotal: of a ship or a train it is computed, whatever is here (CP151, CP152).
    """

    UnidadPeso: str = "KGM"
    PesoNetoTotal: Decimal3 | None = None
    CargoPorTasacion: Amount | None = None
    LogisticaInversaRecoleccionDevolucion: str = ""
    Mercancia: tuple[Mercancia, ...]
    Autotransporte: Autotransporte | None = None
    TransporteMaritimo: TransporteMaritimo | None = None
    TransporteAereo: TransporteAereo | None = None
    TransporteFerroviario: TransporteFerroviario | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TiposFigura:
    """Who takes part: the driver (TipoFigura 01, with NumLicencia), or the owner (02) or lessor (03) of another's
    vehicle, with the parts that are his (c_ParteTransporte)."""

    TipoFigura: str
    RFCFigura: str = ""
    NumLicencia: str = ""
    NombreFigura: str
    NumRegIdTribFigura: str = ""
    ResidenciaFiscalFigura: str = ""
    PartesTransporte: Annotated[tuple[str, ...], Form(code="ParteTransporte")] = ()
    Domicilio: Domicilio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartaPorte:
    """A Carta Porte. IdCCP: `id_ccp` makes one. Ubicaciones: in the order of the way.

    With TranspInternac Sí: EntradaSalidaMerc (Entrada, Salida), PaisOrigenDestino, ViaEntradaSalida (c_CveTransporte)
    and RegimenesAduaneros (c_RegimenAduanero). RegistroISTMO Sí: between poles of the Isthmus (CP127).
    """

    Version: str = "3.1"
    IdCCP: str
    TranspInternac: str = "No"
    EntradaSalidaMerc: str = ""
    PaisOrigenDestino: str = ""
    ViaEntradaSalida: str = ""
    RegistroISTMO: str = ""
    UbicacionPoloOrigen: str = ""
    UbicacionPoloDestino: str = ""
    RegimenesAduaneros: Annotated[tuple[str, ...], Form(inside="RegimenAduaneroCCP", code="RegimenAduanero")] = ()
    Ubicaciones: Annotated[tuple[Ubicacion, ...], Form(inside="Ubicacion")]
    Mercancias: Mercancias
    FiguraTransporte: Annotated[tuple[TiposFigura, ...], Form(inside="TiposFigura")] = ()


def goods_transfer(carta_porte: CartaPorte, issuer: Emisor, postal_code: str, **values: Any) -> Comprobante:
    """The comprobante of type T that goes with one's own goods: to oneself, without amounts (CP102-CP111).

    :param postal_code: of the issuer's own fiscal address.
    :param values: the others of `Comprobante`: Fecha, LugarExpedicion, and maybe Serie, Folio, CfdiRelacionados.
        Conceptos are the goods, unless they are given.
    """
    receptor = Receptor(
        Rfc=issuer.Rfc,
        Nombre=issuer.Nombre,
        DomicilioFiscalReceptor=postal_code,
        RegimenFiscalReceptor=issuer.RegimenFiscal,
        UsoCFDI="S01",
    )
    values.setdefault("Conceptos", tuple(map(_concepto, carta_porte.Mercancias.Mercancia)))
    return Comprobante(
        **values,
        Emisor=issuer,
        Receptor=receptor,
        TipoDeComprobante="T",
        Moneda="XXX",
        CartaPorte=carta_porte,
    )


def _concepto(goods: Mercancia) -> Concepto:
    return Concepto(
        ClaveProdServ=goods.BienesTransp,
        Cantidad=goods.Cantidad,
        ClaveUnidad=goods.ClaveUnidad,
        Unidad=goods.Unidad,
        Descripcion=goods.Descripcion,
        ValorUnitario=Decimal(0),
        Importe=Decimal(0),
        ObjetoImp="01",
    )
