"""Transport by sea, air and rail (complemento Carta Porte 3.1) as frozen dataclasses: written and read, and checked by
the schema alone. See `carta_porte`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from .carta_porte_nodes import Decimal2, Decimal3, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class DetalleMercancia:
    """Weights of goods that go by sea (CP181)."""

    UnidadPesoMerc: str
    PesoBruto: Decimal3
    PesoNeto: Decimal3
    PesoTara: Decimal3
    NumPiezas: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemolqueCCP:
    """A trailer aboard a ferry."""

    SubTipoRemCCP: str
    PlacaCCP: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContenedorMaritimo:
    """A container, or a vehicle aboard a ferry (TipoContenedor CM011, CP186)."""

    TipoContenedor: str
    MatriculaContenedor: str = ""
    NumPrecinto: str = ""
    IdCCPRelacionado: str = ""
    PlacaVMCCP: str = ""
    FechaCertificacionCCP: datetime | None = None
    RemolquesCCP: Annotated[tuple[RemolqueCCP, ...], Form(inside="RemolqueCCP")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransporteMaritimo:
    """A ship."""

    PermSCT: str = ""
    NumPermisoSCT: str = ""
    NombreAseg: str = ""
    NumPolizaSeguro: str = ""
    TipoEmbarcacion: str
    Matricula: str
    NumeroOMI: str
    AnioEmbarcacion: int | None = None
    NombreEmbarc: str = ""
    NacionalidadEmbarc: str
    UnidadesDeArqBruto: Decimal3
    TipoCarga: str
    Eslora: Decimal2 | None = None
    Manga: Decimal2 | None = None
    Calado: Decimal2 | None = None
    Puntal: Decimal2 | None = None
    LineaNaviera: str = ""
    NombreAgenteNaviero: str
    NumAutorizacionNaviero: str
    NumViaje: str = ""
    NumConocEmbarc: str = ""
    PermisoTempNavegacion: str = ""
    Contenedor: tuple[ContenedorMaritimo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransporteAereo:
    """A plane."""

    PermSCT: str
    NumPermisoSCT: str
    MatriculaAeronave: str = ""
    NombreAseg: str = ""
    NumPolizaSeguro: str = ""
    NumeroGuia: str
    LugarContrato: str = ""
    CodigoTransportista: str
    RFCEmbarcador: str = ""
    NumRegIdTribEmbarc: str = ""
    ResidenciaFiscalEmbarc: str = ""
    NombreEmbarcador: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerechosDePaso:
    """A right of way over another's tracks."""

    TipoDerechoDePaso: str
    KilometrajePagado: Decimal2


@dataclass(frozen=True, slots=True, kw_only=True)
class ContenedorFerroviario:
    """A container on a car. Weights in kilograms."""

    TipoContenedor: str
    PesoContenedorVacio: Decimal3
    PesoNetoMercancia: Decimal3


@dataclass(frozen=True, slots=True, kw_only=True)
class Carro:
    """A car of a train."""

    TipoCarro: str
    MatriculaCarro: str
    GuiaCarro: str
    ToneladasNetasCarro: Decimal3
    Contenedor: tuple[ContenedorFerroviario, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransporteFerroviario:
    """A train."""

    TipoDeServicio: str
    TipoDeTrafico: str
    NombreAseg: str = ""
    NumPolizaSeguro: str = ""
    DerechosDePaso: tuple[DerechosDePaso, ...] = ()
    Carro: tuple[Carro, ...]
