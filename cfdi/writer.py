"""Comprobante -> XML, with the attributes in the order of the Anexo 20."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from . import rounding, totals
from .carta_porte_xml import add_carta_porte
from .comprobante import Comprobante, Concepto, Parte, Retencion, Traslado
from .draft import Draft
from .elements import add, clean, number, rate
from .errors import ComprobanteError, Problem
from .namespaces import (
    CARTA_PORTE_LOCATION,
    CFDI,
    IMPLOCAL,
    IMPLOCAL_LOCATION,
    NS,
    PAGOS_LOCATION,
    SCHEMA_LOCATION,
    XSI,
    cfdi,
)
from .pagos_writer import add_pagos

_NAMESPACES = {"cfdi": CFDI, "xsi": XSI}


def build(comprobante: Comprobante) -> Draft:
    """The comprobante as it is written, still without NoCertificado, Certificado and Sello.

    Totals are computed when they are missing and checked when they are given. Text loses the blanks around
    it and keeps single ones inside, which is how the cadena original reads it anyway (Anexo 20, I.D).

    :raises ComprobanteError: totals that do not agree, unknown currency, something that cannot be written.
    """
    sums = totals.compute(comprobante)
    totals.check(comprobante, sums)
    decimals = totals.decimals_of_currency(comprobante.Moneda)
    try:
        draft = _Writer(decimals).comprobante(comprobante, sums)
        draft.check()
    except ComprobanteError:
        raise
    except ValueError as error:
        problem = Problem("301", f"Un dato no se puede escribir en el XML: {error}", "Comprobante")
        raise ComprobanteError([problem]) from error
    return draft


def build_xml(comprobante: Comprobante) -> etree._Element:
    """The same, as an element."""
    return build(comprobante).element


class _Writer:
    """Holds the decimals of the currency while the tree is made."""

    def __init__(self, decimals: int):
        self.decimals = decimals

    def comprobante(self, doc: Comprobante, sums: totals.Totals) -> Draft:
        complements = {}
        if doc.TrasladosLocales or doc.RetencionesLocales:
            complements["implocal"] = IMPLOCAL_LOCATION
        if doc.Pagos:
            complements["pago20"] = PAGOS_LOCATION
        if doc.CartaPorte:
            complements["cartaporte31"] = CARTA_PORTE_LOCATION
        namespaces = _NAMESPACES | {prefix: NS[prefix] for prefix in complements}
        attributes = {
            "xsi:schemaLocation": " ".join((SCHEMA_LOCATION, *complements.values())),
            "Version": doc.Version,
            "Serie": clean(doc.Serie),
            "Folio": clean(doc.Folio),
            "Fecha": doc.Fecha.replace(tzinfo=None, microsecond=0).isoformat(),
            "FormaPago": doc.FormaPago,
            "CondicionesDePago": clean(doc.CondicionesDePago),
            "SubTotal": self.amount(sums.SubTotal),
            "Descuento": self.amount(sums.Descuento),
            "Moneda": doc.Moneda,
            "TipoCambio": None if doc.TipoCambio is None else rounding.text(doc.TipoCambio),
            "Total": self.amount(sums.Total),
            "TipoDeComprobante": doc.TipoDeComprobante,
            "Exportacion": doc.Exportacion,
            "MetodoPago": doc.MetodoPago,
            "LugarExpedicion": doc.LugarExpedicion,
            "Confirmacion": doc.Confirmacion,
        }
        root = Draft("cfdi:Comprobante", attributes, namespaces)
        if info := doc.InformacionGlobal:
            root.add("cfdi:InformacionGlobal", Periodicidad=info.Periodicidad, Meses=info.Meses, Año=str(info.Año))
        for relation in doc.CfdiRelacionados:
            node = root.add("cfdi:CfdiRelacionados", TipoRelacion=relation.TipoRelacion)
            for uuid in relation.UUIDs:
                node.add("cfdi:CfdiRelacionado", UUID=uuid)
        root.add(
            "cfdi:Emisor",
            Rfc=doc.Emisor.Rfc,
            Nombre=clean(doc.Emisor.Nombre),
            RegimenFiscal=doc.Emisor.RegimenFiscal,
            FacAtrAdquirente=doc.Emisor.FacAtrAdquirente,
        )
        receptor = doc.Receptor
        root.add(
            "cfdi:Receptor",
            Rfc=receptor.Rfc,
            Nombre=clean(receptor.Nombre),
            DomicilioFiscalReceptor=receptor.DomicilioFiscalReceptor,
            ResidenciaFiscal=receptor.ResidenciaFiscal,
            NumRegIdTrib=clean(receptor.NumRegIdTrib),
            RegimenFiscalReceptor=receptor.RegimenFiscalReceptor,
            UsoCFDI=receptor.UsoCFDI,
        )
        conceptos = root.add("cfdi:Conceptos")
        for concepto in doc.Conceptos:
            self.concepto(conceptos, concepto)
        self.impuestos(root, sums)
        if complements:
            root.children.append(self.complemento(doc, sums, namespaces))
        return root

    def complemento(self, doc: Comprobante, sums: totals.Totals, namespaces: dict[str, str]) -> Draft:
        # within a comprobante: what is wrong is told with its path
        node = add(etree.Element(cfdi("Comprobante"), nsmap=namespaces), cfdi("Complemento"))
        if doc.TrasladosLocales or doc.RetencionesLocales:
            self.local_taxes(node, doc, sums)
        if doc.Pagos:
            add_pagos(node, doc.Pagos)
        if doc.CartaPorte:
            add_carta_porte(node, doc.CartaPorte)
        return Draft.of(node)

    def concepto(self, parent: Draft, concepto: Concepto) -> None:
        discount = concepto.Descuento or None
        # CFDI40168: Descuento may not show more decimals than Importe
        shown = self.decimals if discount is None else max(self.decimals, rounding.decimals_of(discount.normalize()))
        node = parent.add(
            "cfdi:Concepto",
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
            node.add(
                "cfdi:ACuentaTerceros",
                RfcACuentaTerceros=third.RfcACuentaTerceros,
                NombreACuentaTerceros=clean(third.NombreACuentaTerceros),
                RegimenFiscalACuentaTerceros=third.RegimenFiscalACuentaTerceros,
                DomicilioFiscalACuentaTerceros=third.DomicilioFiscalACuentaTerceros,
            )
        _add_customs(node, concepto.InformacionAduanera)
        for registered in concepto.CuentaPredial:
            node.add("cfdi:CuentaPredial", Numero=registered)
        for part in concepto.Parte:
            self.part(node, part)

    def part(self, parent: Draft, part: Parte) -> None:
        node = parent.add(
            "cfdi:Parte",
            ClaveProdServ=part.ClaveProdServ,
            NoIdentificacion=clean(part.NoIdentificacion),
            Cantidad=rounding.text(part.Cantidad),
            Unidad=clean(part.Unidad),
            Descripcion=clean(part.Descripcion),
            ValorUnitario=self.amount(part.ValorUnitario),
            Importe=self.amount(part.Importe),
        )
        _add_customs(node, part.InformacionAduanera)

    def concept_taxes(self, parent: Draft, concepto: Concepto) -> None:
        taxes = parent.add("cfdi:Impuestos")
        for group, name, items in (
            ("cfdi:Traslados", "cfdi:Traslado", concepto.Traslados),
            ("cfdi:Retenciones", "cfdi:Retencion", concepto.Retenciones),
        ):
            if items:
                group_node = taxes.add(group)
                for tax in items:
                    self.concept_tax(group_node, name, tax)

    def concept_tax(self, parent: Draft, name: str, tax: Traslado | Retencion) -> None:
        parent.add(
            name,
            Base=self.amount(tax.Base),
            Impuesto=tax.Impuesto,
            TipoFactor=tax.TipoFactor,
            TasaOCuota=rate(tax.TasaOCuota),
            Importe=self.amount(tax.Importe),
        )

    def impuestos(self, root: Draft, sums: totals.Totals) -> None:
        if not (sums.Traslados or sums.Retenciones):
            return
        node = root.add(
            "cfdi:Impuestos",
            TotalImpuestosRetenidos=self.amount(sums.TotalImpuestosRetenidos),
            TotalImpuestosTrasladados=self.amount(sums.TotalImpuestosTrasladados),
        )
        if sums.Retenciones:
            group = node.add("cfdi:Retenciones")
            for code, amount in sums.Retenciones:
                group.add("cfdi:Retencion", Impuesto=code, Importe=self.amount(amount))
        if sums.Traslados:
            group = node.add("cfdi:Traslados")
            for tax in sums.Traslados:
                group.add(
                    "cfdi:Traslado",
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


def _add_customs(parent: Draft, numbers: tuple[str, ...]) -> None:
    for pedimento in numbers:
        parent.add("cfdi:InformacionAduanera", NumeroPedimento=pedimento)
