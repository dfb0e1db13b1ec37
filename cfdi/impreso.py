"""What the printed CFDI says (Anexo 20, "representación impresa"), all of it read from the stamped XML.

The dataclasses carry most of it; here is what they leave out because it is computed, or only shown: the taxes of the
header, the totals of payments, the seals, what a concepto carries besides its amounts, which complementos there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from .carta_porte_qr import carta_porte_qr_url
from .carta_porte_totals import CartaPorteTotals, totals_of
from .comprobante import Comprobante
from .elements import clean
from .namespaces import CARTA_PORTE, IMPLOCAL, PAGOS, TFD, cfdi
from .reader import read_comprobante
from .secure_xml import parse_xml
from .timbre import TimbreFiscalDigital, parse_timbre, qr_url

# Those that are printed from the dataclasses.
_KNOWN_COMPLEMENTOS = frozenset({CARTA_PORTE, IMPLOCAL, PAGOS, TFD})


@dataclass(frozen=True, slots=True)
class ImpuestoImpreso:
    """A tax as it is summed up: of the header, or of a payment. TasaOCuota is None for an Exento and for the
    Retenciones of the header, Base for the latter."""

    Impuesto: str
    TipoFactor: str
    TasaOCuota: Decimal | None
    Base: Decimal | None
    Importe: Decimal | None


@dataclass(frozen=True, slots=True)
class PagoImpreso:
    """ImpuestosP of one payment."""

    traslados: tuple[ImpuestoImpreso, ...]
    retenciones: tuple[ImpuestoImpreso, ...]


@dataclass(frozen=True, slots=True)
class Impreso:
    """conceptos: for each concepto, what it carries besides (pedimentos, predial, parts, third party), as lines.

    pagos: for each payment, in the order of `comprobante.Pagos`. totales_pagos: attributes of pago20:Totales as they
    are written. complementos: elements of the others, for whoever knows how to print them.

    carta_porte_qr: what the second QR of a Carta Porte holds, '' without one.
    """

    comprobante: Comprobante
    timbre: TimbreFiscalDigital | None
    sello: str
    no_certificado: str
    qr: str
    traslados: tuple[ImpuestoImpreso, ...]
    retenciones: tuple[ImpuestoImpreso, ...]
    conceptos: tuple[tuple[str, ...], ...]
    pagos: tuple[PagoImpreso, ...]
    totales_pagos: tuple[tuple[str, Decimal], ...]
    complementos: tuple[etree._Element, ...]
    carta_porte_qr: str
    carta_porte_totals: CartaPorteTotals | None

    @property
    def complemento_names(self) -> tuple[str, ...]:
        return tuple(etree.QName(node).localname for node in self.complementos)

    @property
    def year(self) -> int | None:
        """Año of InformacionGlobal: a name that not every template language reads."""
        period = self.comprobante.InformacionGlobal
        return period.Año if period else None

    @property
    def cfdi_legend(self) -> str:
        return "Este documento es una representación impresa de un CFDI"

    def has_complemento(self, name: str) -> bool:
        """Whether one of the others is called so: ``INE``."""
        return name in self.complemento_names


def read_impreso(xml: bytes, *, stamped: bool = True) -> Impreso:
    """
    :param stamped: False for what is to be stamped, of which a preview has neither timbre nor QR.
    :raises CfdiError: it is no CFDI 4.0 that can be read, or not stamped.
    """
    root = parse_xml(xml)
    impuestos = root.find(cfdi("Impuestos"))
    comprobante = read_comprobante(root)
    carta_porte = comprobante.CartaPorte
    return Impreso(
        comprobante=comprobante,
        timbre=parse_timbre(root) if stamped else None,
        sello=root.get("Sello", ""),
        no_certificado=root.get("NoCertificado", ""),
        qr=qr_url(root) if stamped else "",
        traslados=_taxes(impuestos, cfdi("Traslados"), cfdi("Traslado"), ""),
        retenciones=_taxes(impuestos, cfdi("Retenciones"), cfdi("Retencion"), ""),
        conceptos=tuple(tuple(_notes(node)) for node in root.iterfind(f"{cfdi('Conceptos')}/{cfdi('Concepto')}")),
        pagos=tuple(
            _pago(node) for node in root.iterfind(f"{cfdi('Complemento')}/{_pago20('Pagos')}/{_pago20('Pago')}")
        ),
        totales_pagos=tuple(
            (name, Decimal(value))
            for node in root.iterfind(f"{cfdi('Complemento')}/{_pago20('Pagos')}/{_pago20('Totales')}")
            for name, value in node.attrib.items()
        ),
        complementos=tuple(
            node
            for parent in root.iterfind(cfdi("Complemento"))
            for node in parent
            if etree.QName(node).namespace not in _KNOWN_COMPLEMENTOS
        ),
        carta_porte_qr=carta_porte_qr_url(root) if carta_porte and stamped else "",
        carta_porte_totals=totals_of(carta_porte) if carta_porte else None,
    )


def _pago(node: etree._Element) -> PagoImpreso:
    taxes = node.find(_pago20("ImpuestosP"))
    return PagoImpreso(
        traslados=_taxes(taxes, _pago20("TrasladosP"), _pago20("TrasladoP"), "P"),
        retenciones=_taxes(taxes, _pago20("RetencionesP"), _pago20("RetencionP"), "P"),
    )


def _taxes(parent: etree._Element | None, group: str, tag: str, suffix: str) -> tuple[ImpuestoImpreso, ...]:
    if parent is None:
        return ()
    return tuple(
        ImpuestoImpreso(
            node.get(f"Impuesto{suffix}", ""),
            node.get(f"TipoFactor{suffix}", ""),
            _number(node, f"TasaOCuota{suffix}"),
            _number(node, f"Base{suffix}"),
            _number(node, f"Importe{suffix}"),
        )
        for node in parent.iterfind(f"{group}/{tag}")
    )


def _notes(concepto: etree._Element) -> Iterator[str]:
    third = concepto.find(cfdi("ACuentaTerceros"))
    if third is not None:
        name = clean(third.get("NombreACuentaTerceros", ""))
        yield f"Por cuenta de {third.get('RfcACuentaTerceros', '')} {name}".rstrip()
    for node in concepto.iterfind(cfdi("InformacionAduanera")):
        yield f"Pedimento: {node.get('NumeroPedimento', '')}"
    for node in concepto.iterfind(cfdi("CuentaPredial")):
        yield f"Cuenta predial: {node.get('Numero', '')}"
    for node in concepto.iterfind(cfdi("Parte")):
        yield f"Parte: {node.get('Cantidad', '')} {clean(node.get('Descripcion', ''))}"


def _number(node: etree._Element, name: str) -> Decimal | None:
    value = node.get(name)
    return None if value is None else Decimal(value)


def _pago20(name: str) -> str:
    return f"{{{PAGOS}}}{name}"
