"""Comprobante -> lxml element, with the attributes in the order of the Anexo 20."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from . import rounding, totals
from .carta_porte_xml import add_carta_porte
from .comprobante import Comprobante, Concepto, Parte, Retencion, Traslado
from .elements import add, clean, number, rate, set_attributes
from .errors import ComprobanteError, Problem
from .namespaces import (
    CARTA_PORTE,
    CARTA_PORTE_LOCATION,
    CFDI,
    IMPLOCAL,
    IMPLOCAL_LOCATION,
    PAGOS,
    PAGOS_LOCATION,
    SCHEMA_LOCATION,
    XSI,
    cfdi,
)
from .pagos_writer import add_pagos

_NSMAP = {"cfdi": CFDI, "xsi": XSI}


def build_xml(comprobante: Comprobante) -> etree._Element:
    """The comprobante as an element, still without NoCertificado, Certificado and Sello.

    Totals are computed when they are missing and checked when they are given. Text loses the blanks around
    it and keeps single ones inside, which is how the cadena original reads it anyway (Anexo 20, I.D).

    :raises ComprobanteError: totals that do not agree, unknown currency, an amount that cannot be written.
    """
    sums = totals.compute(comprobante)
    comprobante = totals.with_totals(comprobante, sums)
    decimals = totals.decimals_of_currency(comprobante.Moneda)
    try:
        return _Writer(decimals).comprobante(comprobante, sums)
    except ComprobanteError:
        raise
    except ValueError as error:
        problem = Problem("301", f"Un dato no se puede escribir en el XML: {error}", "Comprobante")
        raise ComprobanteError([problem]) from error


class _Writer:
    """Holds the decimals of the currency while the tree is made."""

    def __init__(self, decimals: int):
        self.decimals = decimals

    def comprobante(self, doc: Comprobante, sums: totals.Totals) -> etree._Element:
        complements = {}
        if doc.TrasladosLocales or doc.RetencionesLocales:
            complements["implocal"] = (IMPLOCAL, IMPLOCAL_LOCATION)
        if doc.Pagos:
            complements["pago20"] = (PAGOS, PAGOS_LOCATION)
        if doc.CartaPorte:
            complements["cartaporte31"] = (CARTA_PORTE, CARTA_PORTE_LOCATION)
        nsmap = _NSMAP | {prefix: namespace for prefix, (namespace, _location) in complements.items()}
        root = etree.Element(cfdi("Comprobante"), nsmap=nsmap)
        locations = [SCHEMA_LOCATION, *(location for _namespace, location in complements.values())]
        root.set(f"{{{XSI}}}schemaLocation", " ".join(locations))
        set_attributes(
            root,
            Version=doc.Version,
            Serie=clean(doc.Serie),
            Folio=clean(doc.Folio),
            Fecha=doc.Fecha.replace(tzinfo=None, microsecond=0).isoformat(),
            FormaPago=doc.FormaPago,
            CondicionesDePago=clean(doc.CondicionesDePago),
            SubTotal=self.amount(sums.SubTotal),
            Descuento=self.amount(sums.Descuento),
            Moneda=doc.Moneda,
            TipoCambio=None if doc.TipoCambio is None else rounding.text(doc.TipoCambio),
            Total=self.amount(sums.Total),
            TipoDeComprobante=doc.TipoDeComprobante,
            Exportacion=doc.Exportacion,
            MetodoPago=doc.MetodoPago,
            LugarExpedicion=doc.LugarExpedicion,
            Confirmacion=doc.Confirmacion,
        )
        if info := doc.InformacionGlobal:
            _add(root, "InformacionGlobal", Periodicidad=info.Periodicidad, Meses=info.Meses, Año=str(info.Año))
        for relation in doc.CfdiRelacionados:
            node = _add(root, "CfdiRelacionados", TipoRelacion=relation.TipoRelacion)
            for uuid in relation.UUIDs:
                _add(node, "CfdiRelacionado", UUID=uuid)
        _add(
            root,
            "Emisor",
            Rfc=doc.Emisor.Rfc,
            Nombre=clean(doc.Emisor.Nombre),
            RegimenFiscal=doc.Emisor.RegimenFiscal,
            FacAtrAdquirente=doc.Emisor.FacAtrAdquirente,
        )
        receptor = doc.Receptor
        _add(
            root,
            "Receptor",
            Rfc=receptor.Rfc,
            Nombre=clean(receptor.Nombre),
            DomicilioFiscalReceptor=receptor.DomicilioFiscalReceptor,
            ResidenciaFiscal=receptor.ResidenciaFiscal,
            NumRegIdTrib=clean(receptor.NumRegIdTrib),
            RegimenFiscalReceptor=receptor.RegimenFiscalReceptor,
            UsoCFDI=receptor.UsoCFDI,
        )
        conceptos = _add(root, "Conceptos")
        for concepto in doc.Conceptos:
            self.concepto(conceptos, concepto)
        self.impuestos(root, sums)
        if complements:
            complemento = _add(root, "Complemento")
            if "implocal" in complements:
                self.local_taxes(complemento, doc, sums)
            if doc.Pagos:
                add_pagos(complemento, doc.Pagos)
            if doc.CartaPorte:
                add_carta_porte(complemento, doc.CartaPorte)
        return root

    def concepto(self, parent: etree._Element, concepto: Concepto) -> None:
        discount = concepto.Descuento or None
        # CFDI40168: Descuento may not show more decimals than Importe
        shown = max(self.decimals, _needed(concepto.Importe), _needed(discount))
        node = _add(
            parent,
            "Concepto",
            ClaveProdServ=concepto.ClaveProdServ,
            NoIdentificacion=clean(concepto.NoIdentificacion),
            Cantidad=rounding.text(concepto.Cantidad),
            ClaveUnidad=concepto.ClaveUnidad,
            Unidad=clean(concepto.Unidad),
            Descripcion=clean(concepto.Descripcion),
            ValorUnitario=self.amount(concepto.ValorUnitario),
            Importe=rounding.text(concepto.Importe, shown),
            Descuento=None if discount is None else rounding.text(discount, self.decimals),
            ObjetoImp=concepto.ObjetoImp,
        )
        if concepto.Traslados or concepto.Retenciones:
            self.concept_taxes(node, concepto)
        if third := concepto.ACuentaTerceros:
            _add(
                node,
                "ACuentaTerceros",
                RfcACuentaTerceros=third.RfcACuentaTerceros,
                NombreACuentaTerceros=clean(third.NombreACuentaTerceros),
                RegimenFiscalACuentaTerceros=third.RegimenFiscalACuentaTerceros,
                DomicilioFiscalACuentaTerceros=third.DomicilioFiscalACuentaTerceros,
            )
        _add_customs(node, concepto.InformacionAduanera)
        for registered in concepto.CuentaPredial:
            _add(node, "CuentaPredial", Numero=registered)
        for part in concepto.Parte:
            self.part(node, part)

    def part(self, parent: etree._Element, part: Parte) -> None:
        node = _add(
            parent,
            "Parte",
            ClaveProdServ=part.ClaveProdServ,
            NoIdentificacion=clean(part.NoIdentificacion),
            Cantidad=rounding.text(part.Cantidad),
            Unidad=clean(part.Unidad),
            Descripcion=clean(part.Descripcion),
            ValorUnitario=self.amount(part.ValorUnitario),
            Importe=self.amount(part.Importe),
        )
        _add_customs(node, part.InformacionAduanera)

    def concept_taxes(self, parent: etree._Element, concepto: Concepto) -> None:
        taxes = _add(parent, "Impuestos")
        for group, name, items in (
            ("Traslados", "Traslado", concepto.Traslados),
            ("Retenciones", "Retencion", concepto.Retenciones),
        ):
            if items:
                group_node = _add(taxes, group)
                for tax in items:
                    self.concept_tax(group_node, name, tax)

    def concept_tax(self, parent: etree._Element, name: str, tax: Traslado | Retencion) -> None:
        _add(
            parent,
            name,
            Base=self.amount(tax.Base),
            Impuesto=tax.Impuesto,
            TipoFactor=tax.TipoFactor,
            TasaOCuota=rate(tax.TasaOCuota),
            Importe=self.amount(tax.Importe),
        )

    def impuestos(self, root: etree._Element, sums: totals.Totals) -> None:
        if not (sums.Traslados or sums.Retenciones):
            return
        node = _add(
            root,
            "Impuestos",
            TotalImpuestosRetenidos=self.amount(sums.TotalImpuestosRetenidos),
            TotalImpuestosTrasladados=self.amount(sums.TotalImpuestosTrasladados),
        )
        if sums.Retenciones:
            group = _add(node, "Retenciones")
            for code, amount in sums.Retenciones:
                _add(group, "Retencion", Impuesto=code, Importe=self.amount(amount))
        if sums.Traslados:
            group = _add(node, "Traslados")
            for tax in sums.Traslados:
                _add(
                    group,
                    "Traslado",
                    Base=self.amount(tax.Base),
                    Impuesto=tax.Impuesto,
                    TipoFactor=tax.TipoFactor,
                    TasaOCuota=rate(tax.TasaOCuota),
                    Importe=self.amount(tax.Importe),
                )

    def local_taxes(self, parent: etree._Element, doc: Comprobante, sums: totals.Totals) -> None:
        node = add(
            parent,
            f"{{{IMPLOCAL}}}ImpuestosLocales",
            version="1.0",
            TotaldeRetenciones=rounding.text(sums.TotaldeRetenciones, 2, 2),
            TotaldeTraslados=rounding.text(sums.TotaldeTraslados, 2, 2),
        )
        for tag, name, rate_name, taxes in (
            ("RetencionesLocales", "ImpLocRetenido", "TasadeRetencion", doc.RetencionesLocales),
            ("TrasladosLocales", "ImpLocTrasladado", "TasadeTraslado", doc.TrasladosLocales),
        ):
            for tax in taxes:
                values = {name: clean(tax.Nombre), rate_name: rounding.text(tax.Tasa, 2, 2)}
                add(node, f"{{{IMPLOCAL}}}{tag}", **values, Importe=rounding.text(tax.Importe, 2, 2))

    def amount(self, value: Decimal | None) -> str | None:
        return number(value, self.decimals)


def _add_customs(parent: etree._Element, numbers: tuple[str, ...]) -> None:
    for pedimento in numbers:
        _add(parent, "InformacionAduanera", NumeroPedimento=pedimento)


def _needed(value: Decimal | None) -> int:
    return 0 if value is None else rounding.decimals_of(value.normalize())


def _add(parent: etree._Element, name: str, **attributes: str | None) -> etree._Element:
    return add(parent, cfdi(name), **attributes)
