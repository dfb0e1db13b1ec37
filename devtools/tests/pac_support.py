"""Comprobantes and requests for the simulator's tests, by hand or by others: these tests do not use `cfdi/`."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from lxml import etree
from satcfdi.create.cancela.cancelacion import Cancelacion, Folio
from satcfdi.models import Signer

from devtools.pac.resources import comprobante_cadena

RFC, NAME = "EKU9003173C9", "EMPRESA DE PRUEBA"
SHARED_WSDL = Path(__file__).resolve().parents[3] / "shared" / "sat" / "wsdl" / "finkok_stamp.wsdl"
_folios = count(1)


def local_now(zone: str = "America/Mexico_City") -> datetime:
    return datetime.now(timezone.utc).astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)


def sealed(
    credential, *, issuer: str = RFC, receiver: str = "XAXX010101000", related: str = "", **header: str
) -> bytes:
    """A new comprobante of one line, sealed; `header` replaces attributes of the root."""
    root = etree.fromstring(_xml(credential, header))
    root.find("{*}Emisor").set("Rfc", issuer)
    root.find("{*}Receptor").set("Rfc", receiver)
    if related:
        relations = etree.Element("{http://www.sat.gob.mx/cfd/4}CfdiRelacionados", TipoRelacion="04")
        etree.SubElement(relations, "{http://www.sat.gob.mx/cfd/4}CfdiRelacionado", UUID=related)
        root.insert(0, relations)
    cadena = comprobante_cadena(etree.ElementTree(root))
    root.set("Sello", credential.sign(cadena))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def cancellation(credential, uuid: str, reason: str = "02", replacement: str | None = None) -> bytes:
    """A signed request to cancel, as another implementation writes it."""
    signer = Signer.load(certificate=credential.der, key=credential.key_der("x"), password="x")
    return etree.tostring(Cancelacion(signer, Folio(uuid, reason, replacement)).to_xml(), encoding="UTF-8")


def _xml(credential, header: dict[str, str]) -> str:
    values = {
        "Version": "4.0",
        "Serie": "P",
        "Folio": str(next(_folios)),
        "Fecha": local_now().isoformat(),
        "Sello": "",
        "FormaPago": "03",
        "NoCertificado": credential.number,
        "Certificado": base64.b64encode(credential.der).decode(),
        "SubTotal": "100.00",
        "Moneda": "MXN",
        "Total": "116.00",
        "TipoDeComprobante": "I",
        "Exportacion": "01",
        "MetodoPago": "PUE",
        "LugarExpedicion": "06000",
        **header,
    }
    attributes = " ".join(f"{key}={quoteattr(value)}" for key, value in values.items())
    taxes = (
        '<cfdi:Traslados><cfdi:Traslado Base="100.00" Impuesto="002" TipoFactor="Tasa" TasaOCuota="0.160000"'
        ' Importe="16.00"/></cfdi:Traslados>'
    )
    return (
        f'<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" {attributes}>'
        f'<cfdi:Emisor Rfc="{RFC}" Nombre="{NAME}" RegimenFiscal="601"/>'
        '<cfdi:Receptor Rfc="XAXX010101000" Nombre="UN CLIENTE &amp; CÍA" DomicilioFiscalReceptor="06000"'
        ' RegimenFiscalReceptor="616" UsoCFDI="S01"/>'
        '<cfdi:Conceptos><cfdi:Concepto ClaveProdServ="01010101" Cantidad="1" ClaveUnidad="ACT" Descripcion="Venta"'
        f' ValorUnitario="100.00" Importe="100.00" ObjetoImp="02"><cfdi:Impuestos>{taxes}</cfdi:Impuestos>'
        "</cfdi:Concepto></cfdi:Conceptos>"
        f'<cfdi:Impuestos TotalImpuestosTrasladados="16.00">{taxes}</cfdi:Impuestos></cfdi:Comprobante>'
    )
