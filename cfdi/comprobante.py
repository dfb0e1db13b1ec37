"""The comprobante (CFDI 4.0) as frozen dataclasses.

Fields carry the names of the Anexo 20, so that a reader with the standard in hand needs no dictionary.
Amounts are `Decimal`, in the currency of `Moneda`; codes are strings as in the SAT's catalogues.
Nothing is rounded or computed here: see `rounding` for the rules and `totals` for the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .carta_porte import CartaPorte
    from .pagos import Pago

RFC_PUBLICO_EN_GENERAL = "XAXX010101000"
RFC_EXTRANJERO = "XEXX010101000"
RFC_TERCERO_EXTRANJERO = "EXT990101NI1"
"""Third party abroad who sells through an intermediary (CFDI40187-CFDI40193)."""
NOMBRE_TERCERO_EXTRANJERO = (
    "EXPEDICIÓN DE CFDI POR RESIDENTES EN MÉXICO QUE PRESTAN SERVICIOS DE INTERMEDIACIÓN ENTRE TERCEROS A OFERENTES DE "
    "BIENES Y SERVICIOS RESIDENTES EN EL EXTRANJERO"
)
RFC_GENERICOS = frozenset({RFC_PUBLICO_EN_GENERAL, RFC_EXTRANJERO})


@dataclass(frozen=True, slots=True)
class Traslado:
    """A tax that is added, on one concepto.

    Base: in the currency for a Tasa; for an IEPS Cuota, the units that the quota multiplies.
    Impuesto: 001 ISR, 002 IVA, 003 IEPS. TipoFactor: Tasa, Cuota or Exento; an Exento has neither
    TasaOCuota nor Importe (CFDI40177).
    """

    Base: Decimal
    Impuesto: str
    TipoFactor: str
    TasaOCuota: Decimal | None = None
    Importe: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Retencion:
    """A tax that is withheld, on one concepto. Importe is positive."""

    Base: Decimal
    Impuesto: str
    TipoFactor: str
    TasaOCuota: Decimal
    Importe: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ACuentaTerceros:
    """For whom the concepto is sold, if not for the issuer."""

    RfcACuentaTerceros: str
    NombreACuentaTerceros: str
    RegimenFiscalACuentaTerceros: str
    DomicilioFiscalACuentaTerceros: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parte:
    """What a concepto is made of. InformacionAduanera: as of a concepto."""

    ClaveProdServ: str
    Cantidad: Decimal
    Descripcion: str
    NoIdentificacion: str = ""
    Unidad: str = ""
    ValorUnitario: Decimal | None = None
    Importe: Decimal | None = None
    InformacionAduanera: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Concepto:
    """A line. Importe = Cantidad x ValorUnitario before Descuento, up to 6 decimals (see `rounding`).

    A Descuento of zero is the same as none: it is not written. InformacionAduanera: each NumeroPedimento, which is the
    year, customs, patent and number with two blanks between. CuentaPredial: each number of a land registry.
    """

    ClaveProdServ: str
    Cantidad: Decimal
    ClaveUnidad: str
    Descripcion: str
    ValorUnitario: Decimal
    Importe: Decimal
    ObjetoImp: str
    NoIdentificacion: str = ""
    Unidad: str = ""
    Descuento: Decimal | None = None
    Traslados: tuple[Traslado, ...] = ()
    Retenciones: tuple[Retencion, ...] = ()
    ACuentaTerceros: ACuentaTerceros | None = None
    InformacionAduanera: tuple[str, ...] = ()
    CuentaPredial: tuple[str, ...] = ()
    Parte: tuple[Parte, ...] = ()


@dataclass(frozen=True, slots=True)
class ImpuestoLocal:
    """A state's or a municipality's tax on the whole comprobante (complemento implocal 1.0): ISH, cedular, 5 al millar.

    Nombre: ImpLocTrasladado or ImpLocRetenido. Tasa: a percentage with two decimals. Importe: at two decimals,
    positive; part of the Total (CFDI40119).
    """

    Nombre: str
    Tasa: Decimal
    Importe: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Emisor:
    """Nombre as registered at the SAT: without the kind of company (S.A. de C.V.), CFDI40139."""

    Rfc: str
    Nombre: str
    RegimenFiscal: str
    FacAtrAdquirente: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receptor:
    """ResidenciaFiscal and NumRegIdTrib are only for foreigners (CFDI40151, CFDI40154)."""

    Rfc: str
    Nombre: str
    DomicilioFiscalReceptor: str
    RegimenFiscalReceptor: str
    UsoCFDI: str
    ResidenciaFiscal: str = ""
    NumRegIdTrib: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CfdiRelacionados:
    """One kind of relation (c_TipoRelacion) and the UUIDs that it joins."""

    TipoRelacion: str
    UUIDs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InformacionGlobal:
    """Period of an invoice to PUBLICO EN GENERAL (CFDI40130-40136)."""

    Periodicidad: str
    Meses: str
    Año: int  # noqa: PLC2401 - its official name


@dataclass(frozen=True, slots=True, kw_only=True)
class Comprobante:
    """A comprobante before its seal.

    Fecha: naive, local time of LugarExpedicion (CFDI40101); `catalogs.local_time` gives it.
    TipoCambio: pesos for one unit of Moneda; None for MXN and XXX.
    SubTotal, Descuento and Total may be left None: `totals.complete` computes them. When they are given
    they are checked against the conceptos, never trusted.
    Pagos: of a comprobante of type P; `pagos.payment_receipt` makes one.
    CartaPorte: of a comprobante of type T, or of type I of who carries the goods.
    """

    Emisor: Emisor
    Receptor: Receptor
    Conceptos: tuple[Concepto, ...]
    Fecha: datetime
    LugarExpedicion: str
    TipoDeComprobante: str = "I"
    Moneda: str = "MXN"
    TipoCambio: Decimal | None = None
    Exportacion: str = "01"
    MetodoPago: str = ""
    FormaPago: str = ""
    CondicionesDePago: str = ""
    Serie: str = ""
    Folio: str = ""
    SubTotal: Decimal | None = None
    Descuento: Decimal | None = None
    Total: Decimal | None = None
    Confirmacion: str = ""
    InformacionGlobal: InformacionGlobal | None = None
    CfdiRelacionados: tuple[CfdiRelacionados, ...] = ()
    TrasladosLocales: tuple[ImpuestoLocal, ...] = ()
    RetencionesLocales: tuple[ImpuestoLocal, ...] = ()
    Pagos: tuple[Pago, ...] = ()
    CartaPorte: CartaPorte | None = None
    Version: str = "4.0"
