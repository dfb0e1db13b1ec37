"""Payments received (complemento para recepción de pagos 2.0) as frozen dataclasses.

Fields carry the names of the complemento, so that a reader with the SAT's guide in hand needs no dictionary. What the
SAT wants summed (ImpuestosP, Totales) is not here: `pagos_totals` computes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .comprobante import Comprobante, Concepto

_CONCEPTO = Concepto(
    ClaveProdServ="84111506",
    Cantidad=Decimal(1),
    ClaveUnidad="ACT",
    Descripcion="Pago",
    ValorUnitario=Decimal(0),
    Importe=Decimal(0),
    ObjetoImp="01",
)
"""The only one that a receipt of payments has (CRP20111-CRP20123)."""


@dataclass(frozen=True, slots=True)
class TrasladoDR:
    """A tax that was added to the part of the invoice that is paid, in the invoice's currency.

    An Exento has neither TasaOCuotaDR nor ImporteDR (CRP20258).
    """

    BaseDR: Decimal
    ImpuestoDR: str
    TipoFactorDR: str
    TasaOCuotaDR: Decimal | None = None
    ImporteDR: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RetencionDR:
    """A tax that was withheld from the part of the invoice that is paid. ImporteDR is positive."""

    BaseDR: Decimal
    ImpuestoDR: str
    TipoFactorDR: str
    TasaOCuotaDR: Decimal
    ImporteDR: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctoRelacionado:
    """What a payment pays of one invoice, in the invoice's currency.

    IdDocumento: UUID of the invoice. EquivalenciaDR: units of MonedaDR for one of MonedaP, up to ten decimals; 1 when
    both are the same (CRP20238). `rounding.equivalence` gives it.
    """

    IdDocumento: str
    MonedaDR: str
    EquivalenciaDR: Decimal
    NumParcialidad: int
    ImpSaldoAnt: Decimal
    ImpPagado: Decimal
    ObjetoImpDR: str
    Serie: str = ""
    Folio: str = ""
    Traslados: tuple[TrasladoDR, ...] = ()
    Retenciones: tuple[RetencionDR, ...] = ()

    @property
    def ImpSaldoInsoluto(self) -> Decimal:  # noqa: N802 - its official name
        """What is left of the invoice afterwards (CRP20244)."""
        return self.ImpSaldoAnt - self.ImpPagado


@dataclass(frozen=True, slots=True, kw_only=True)
class Pago:
    """A payment. FechaPago: when the money was received, naive, local time of the issuer.

    TipoCambioP: pesos for one unit of MonedaP; 1 for MXN (CRP20215).
    """

    FechaPago: datetime
    FormaDePagoP: str
    Monto: Decimal
    DoctosRelacionados: tuple[DoctoRelacionado, ...]
    MonedaP: str = "MXN"
    TipoCambioP: Decimal = Decimal(1)
    NumOperacion: str = ""
    RfcEmisorCtaOrd: str = ""
    NomBancoOrdExt: str = ""
    CtaOrdenante: str = ""
    RfcEmisorCtaBen: str = ""
    CtaBeneficiario: str = ""
    TipoCadPago: str = ""
    CertPago: str = ""
    CadPago: str = ""
    SelloPago: str = ""


def payment_receipt(pagos: Iterable[Pago], **values: Any) -> Comprobante:
    """The comprobante of type P that tells these payments: what it has besides is fixed (CRP20101-CRP20123).

    :param values: the others of `Comprobante`: Emisor, Receptor (whose UsoCFDI is CP01, CFDI40161), Fecha,
        LugarExpedicion, and maybe Serie, Folio, CfdiRelacionados, Confirmacion.
    """
    return Comprobante(**values, Conceptos=(_CONCEPTO,), TipoDeComprobante="P", Moneda="XXX", Pagos=tuple(pagos))
