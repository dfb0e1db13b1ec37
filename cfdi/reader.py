"""XML of a CFDI 4.0 or 3.3, of whoever wrote it -> the dataclasses.

What a version does not say is empty: 3.3 has neither the receiver's address and régimen nor ObjetoImp, and its payments
(1.0) have no taxes. What the dataclasses do not have is left out: complementos other than payments, local taxes
and Carta Porte 3.1, complementos of a concepto.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from .attributes import ReadError, moment, needed, number, numbers, texts
from .carta_porte import CartaPorte
from .carta_porte_xml import read_carta_porte
from .comprobante import (
    ACuentaTerceros,
    CfdiRelacionados,
    Comprobante,
    Concepto,
    Emisor,
    ImpuestoLocal,
    InformacionGlobal,
    Parte,
    Receptor,
    Retencion,
    Traslado,
)
from .elements import clean
from .namespaces import CARTA_PORTE, IMPLOCAL, PAGOS, VERSIONS
from .pagos import DoctoRelacionado, Pago, RetencionDR, TrasladoDR
from .secure_xml import as_element

_PAGOS_10 = "http://www.sat.gob.mx/Pagos"


def read_comprobante(source: bytes | etree._Element) -> Comprobante:
    """The comprobante that an XML says, sealed and stamped or not; nothing is checked but that it can be read.

    :raises UnsafeXml: see `secure_xml`.
    :raises ReadError: it is no CFDI 4.0 or 3.3, or a value is not what its attribute is for.
    """
    root = as_element(source)
    namespace = etree.QName(root).namespace or ""
    if etree.QName(root).localname != "Comprobante" or root.get("Version") != VERSIONS.get(namespace):
        raise ReadError("El XML no es un CFDI 4.0 ni 3.3.")
    return _Reader(namespace).comprobante(root)


class _Reader:
    """Holds the namespace of the version."""

    def __init__(self, namespace: str):
        self.namespace = namespace

    def comprobante(self, root: etree._Element) -> Comprobante:
        return Comprobante(
            **texts(
                root,
                *("Version", "Serie", "Folio", "FormaPago", "CondicionesDePago", "Moneda", "TipoDeComprobante"),
                *("Exportacion", "MetodoPago", "LugarExpedicion", "Confirmacion"),
            ),
            **numbers(root, "SubTotal", "Descuento", "TipoCambio", "Total"),
            Fecha=moment(root, "Fecha"),
            InformacionGlobal=self.informacion_global(root),
            CfdiRelacionados=tuple(
                CfdiRelacionados(
                    TipoRelacion=node.get("TipoRelacion", ""),
                    UUIDs=tuple(child.get("UUID", "") for child in self.all(node, "CfdiRelacionado")),
                )
                for node in self.all(root, "CfdiRelacionados")
            ),
            Emisor=Emisor(**texts(self.one(root, "Emisor"), "Rfc", "Nombre", "RegimenFiscal", "FacAtrAdquirente")),
            Receptor=Receptor(
                **texts(
                    self.one(root, "Receptor"),
                    *("Rfc", "Nombre", "DomicilioFiscalReceptor", "ResidenciaFiscal", "NumRegIdTrib"),
                    *("RegimenFiscalReceptor", "UsoCFDI"),
                )
            ),
            Conceptos=tuple(self.concepto(node) for node in self.all(root, "Conceptos", "Concepto")),
            TrasladosLocales=_local_taxes(root, "TrasladosLocales", "ImpLocTrasladado", "TasadeTraslado"),
            RetencionesLocales=_local_taxes(root, "RetencionesLocales", "ImpLocRetenido", "TasadeRetencion"),
            Pagos=tuple(
                _pago(node)
                for namespace in (PAGOS, _PAGOS_10)
                for pagos in self.all(root, "Complemento")
                for node in pagos.iterfind(f"{{{namespace}}}Pagos/{{{namespace}}}Pago")
            ),
            CartaPorte=self.carta_porte(root),
        )

    def carta_porte(self, root: etree._Element) -> CartaPorte | None:
        for complement in self.all(root, "Complemento"):
            for node in complement.iterfind(f"{{{CARTA_PORTE}}}CartaPorte"):
                return read_carta_porte(node)
        return None

    def informacion_global(self, root: etree._Element) -> InformacionGlobal | None:
        for node in self.all(root, "InformacionGlobal"):
            year = needed(node, "Año")
            return InformacionGlobal(**texts(node, "Periodicidad", "Meses"), Año=int(year))
        return None

    def concepto(self, node: etree._Element) -> Concepto:
        return Concepto(
            **texts(
                node,
                *("ClaveProdServ", "NoIdentificacion", "ClaveUnidad", "Unidad", "Descripcion", "ObjetoImp"),
            ),
            **{name: needed(node, name) for name in ("Cantidad", "ValorUnitario", "Importe")},
            Descuento=number(node, "Descuento") or None,
            Traslados=tuple(
                Traslado(needed(tax, "Base"), *_kind(tax, ""), **numbers(tax, "TasaOCuota", "Importe"))
                for tax in self.all(node, "Impuestos", "Traslados", "Traslado")
            ),
            Retenciones=tuple(
                Retencion(needed(tax, "Base"), *_kind(tax, ""), needed(tax, "TasaOCuota"), needed(tax, "Importe"))
                for tax in self.all(node, "Impuestos", "Retenciones", "Retencion")
            ),
            ACuentaTerceros=self.third(node),
            InformacionAduanera=self.customs(node),
            CuentaPredial=tuple(clean(child.get("Numero", "")) for child in self.all(node, "CuentaPredial")),
            Parte=tuple(
                Parte(
                    **texts(child, "ClaveProdServ", "NoIdentificacion", "Unidad", "Descripcion"),
                    **numbers(child, "ValorUnitario", "Importe"),
                    Cantidad=needed(child, "Cantidad"),
                    InformacionAduanera=self.customs(child),
                )
                for child in self.all(node, "Parte")
            ),
        )

    def third(self, node: etree._Element) -> ACuentaTerceros | None:
        for child in self.all(node, "ACuentaTerceros"):
            return ACuentaTerceros(
                **texts(
                    child,
                    *("RfcACuentaTerceros", "NombreACuentaTerceros"),
                    *("RegimenFiscalACuentaTerceros", "DomicilioFiscalACuentaTerceros"),
                )
            )
        return None

    def customs(self, node: etree._Element) -> tuple[str, ...]:
        """Each NumeroPedimento, whose blanks the schema prescribes."""
        return tuple(child.get("NumeroPedimento", "") for child in self.all(node, "InformacionAduanera"))

    def all(self, node: etree._Element, *names: str) -> Iterator[etree._Element]:
        return node.iterfind("/".join(f"{{{self.namespace}}}{name}" for name in names))

    def one(self, node: etree._Element, name: str) -> etree._Element:
        for found in self.all(node, name):
            return found
        raise ReadError(f"El CFDI no trae {name}.")


def _pago(node: etree._Element) -> Pago:
    namespace = etree.QName(node).namespace
    currency = node.get("MonedaP", "")
    return Pago(
        **texts(
            node,
            *("FormaDePagoP", "MonedaP", "NumOperacion", "RfcEmisorCtaOrd", "NomBancoOrdExt", "CtaOrdenante"),
            *("RfcEmisorCtaBen", "CtaBeneficiario", "TipoCadPago", "CertPago", "CadPago", "SelloPago"),
        ),
        FechaPago=moment(node, "FechaPago"),
        TipoCambioP=number(node, "TipoCambioP") or Decimal(1),
        Monto=needed(node, "Monto"),
        DoctosRelacionados=tuple(
            _docto(docto, currency) for docto in node.iterfind(f"{{{namespace}}}DoctoRelacionado")
        ),
    )


def _docto(node: etree._Element, currency: str) -> DoctoRelacionado:
    # Version 1.0 calls it TipoCambioDR.
    equivalence = number(node, "EquivalenciaDR") or number(node, "TipoCambioDR") or Decimal(1)
    paid = number(node, "ImpPagado") or Decimal(0)
    path = f"{{{PAGOS}}}ImpuestosDR/{{{PAGOS}}}%s/{{{PAGOS}}}%s"
    return DoctoRelacionado(
        **texts(node, "IdDocumento", "Serie", "Folio", "ObjetoImpDR"),
        MonedaDR=node.get("MonedaDR") or currency,
        EquivalenciaDR=equivalence,
        NumParcialidad=int(number(node, "NumParcialidad") or 1),
        ImpSaldoAnt=number(node, "ImpSaldoAnt") or paid,
        ImpPagado=paid,
        Traslados=tuple(
            TrasladoDR(needed(tax, "BaseDR"), *_kind(tax, "DR"), number(tax, "TasaOCuotaDR"), number(tax, "ImporteDR"))
            for tax in node.iterfind(path % ("TrasladosDR", "TrasladoDR"))
        ),
        Retenciones=tuple(
            RetencionDR(needed(tax, "BaseDR"), *_kind(tax, "DR"), needed(tax, "TasaOCuotaDR"), needed(tax, "ImporteDR"))
            for tax in node.iterfind(path % ("RetencionesDR", "RetencionDR"))
        ),
    )


def _local_taxes(root: etree._Element, tag: str, name: str, rate: str) -> tuple[ImpuestoLocal, ...]:
    nodes = root.iterfind(f"{{*}}Complemento/{{{IMPLOCAL}}}ImpuestosLocales/{{{IMPLOCAL}}}{tag}")
    return tuple(ImpuestoLocal(node.get(name, ""), needed(node, rate), needed(node, "Importe")) for node in nodes)


def _kind(tax: etree._Element, suffix: str) -> tuple[str, str]:
    return tax.get(f"Impuesto{suffix}", ""), tax.get(f"TipoFactor{suffix}", "")
