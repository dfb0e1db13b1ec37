"""Payments -> element `pago20:Pagos`, with the attributes in the order of the schema."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from . import rounding
from .elements import add, clean, number, rate
from .namespaces import PAGOS
from .pagos import DoctoRelacionado, Pago, RetencionDR, TrasladoDR
from .pagos_totals import ImpuestosP, taxes_of, totals_of
from .totals import decimals_of_currency


def add_pagos(parent: etree._Element, pagos: Sequence[Pago]) -> None:
    """Add the complemento to a cfdi:Complemento.

    :raises ComprobanteError: a currency that the SAT does not have, or a tax that is not whole.
    :raises ValueError: an amount that cannot be written.
    """
    taxes = [taxes_of(pago) for pago in pagos]
    root = _add(parent, "Pagos", Version="2.0")
    totals = totals_of(pagos, taxes)
    _add(root, "Totales", **{name: rounding.text(amount, 2) for name, amount in totals.items()})
    for pago, its_taxes in zip(pagos, taxes, strict=True):
        _add_pago(root, pago, its_taxes)


def _add_pago(parent: etree._Element, pago: Pago, taxes: ImpuestosP) -> None:
    decimals = decimals_of_currency(pago.MonedaP, "CRP20213", "Pagos/Pago/@MonedaP")
    node = _add(
        parent,
        "Pago",
        FechaPago=pago.FechaPago.replace(tzinfo=None, microsecond=0).isoformat(),
        FormaDePagoP=pago.FormaDePagoP,
        MonedaP=pago.MonedaP,
        TipoCambioP=rounding.text(pago.TipoCambioP),
        Monto=rounding.text(pago.Monto, decimals),
        NumOperacion=clean(pago.NumOperacion),
        RfcEmisorCtaOrd=pago.RfcEmisorCtaOrd,
        NomBancoOrdExt=clean(pago.NomBancoOrdExt),
        CtaOrdenante=pago.CtaOrdenante,
        RfcEmisorCtaBen=pago.RfcEmisorCtaBen,
        CtaBeneficiario=pago.CtaBeneficiario,
        TipoCadPago=pago.TipoCadPago,
        CertPago=pago.CertPago,
        CadPago=pago.CadPago,
        SelloPago=pago.SelloPago,
    )
    mixes = len({docto.MonedaDR for docto in pago.DoctosRelacionados} | {pago.MonedaP}) > 1
    for docto in pago.DoctosRelacionados:
        # CRP20277: 1 with ten decimals, if there are others in another currency
        same = docto.MonedaDR == pago.MonedaP
        _add_docto(node, docto, rounding.EQUIVALENCE_DECIMALS if mixes and same else 0)
    if not (taxes.Retenciones or taxes.Traslados):
        return
    taxes_node = _add(node, "ImpuestosP")
    if taxes.Retenciones:
        group = _add(taxes_node, "RetencionesP")
        for code, amount in taxes.Retenciones:
            _add(group, "RetencionP", ImpuestoP=code, ImporteP=rounding.text(amount, decimals))
    if taxes.Traslados:
        group = _add(taxes_node, "TrasladosP")
        for tax in taxes.Traslados:
            _add(
                group,
                "TrasladoP",
                BaseP=rounding.text(tax.BaseP, decimals),
                ImpuestoP=tax.ImpuestoP,
                TipoFactorP=tax.TipoFactorP,
                TasaOCuotaP=rate(tax.TasaOCuotaP),
                ImporteP=number(tax.ImporteP, decimals),
            )


def _add_docto(parent: etree._Element, docto: DoctoRelacionado, equivalence_decimals: int) -> None:
    decimals = decimals_of_currency(docto.MonedaDR, "CRP20236", "Pagos/Pago/DoctoRelacionado/@MonedaDR")
    node = _add(
        parent,
        "DoctoRelacionado",
        IdDocumento=docto.IdDocumento,
        Serie=clean(docto.Serie),
        Folio=clean(docto.Folio),
        MonedaDR=docto.MonedaDR,
        EquivalenciaDR=rounding.text(docto.EquivalenciaDR, equivalence_decimals, rounding.EQUIVALENCE_DECIMALS),
        NumParcialidad=str(docto.NumParcialidad),
        ImpSaldoAnt=rounding.text(docto.ImpSaldoAnt, decimals),
        ImpPagado=rounding.text(docto.ImpPagado, decimals),
        ImpSaldoInsoluto=rounding.text(docto.ImpSaldoInsoluto, decimals),
        ObjetoImpDR=docto.ObjetoImpDR,
    )
    if not (docto.Retenciones or docto.Traslados):
        return
    taxes_node = _add(node, "ImpuestosDR")
    for plural, name, taxes in (
        ("RetencionesDR", "RetencionDR", docto.Retenciones),
        ("TrasladosDR", "TrasladoDR", docto.Traslados),
    ):
        if taxes:
            group = _add(taxes_node, plural)
            for tax in taxes:
                _add_tax(group, name, tax, decimals)


def _add_tax(parent: etree._Element, name: str, tax: TrasladoDR | RetencionDR, decimals: int) -> None:
    _add(
        parent,
        name,
        BaseDR=rounding.text(tax.BaseDR, decimals),
        ImpuestoDR=tax.ImpuestoDR,
        TipoFactorDR=tax.TipoFactorDR,
        TasaOCuotaDR=rate(tax.TasaOCuotaDR),
        ImporteDR=number(tax.ImporteDR, decimals),
    )


def _add(parent: etree._Element, name: str, **attributes: str | None) -> etree._Element:
    return add(parent, f"{{{PAGOS}}}{name}", **attributes)
