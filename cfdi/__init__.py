"""CFDI 4.0 in pure Python: comprobantes, seals, validation, timbres and PACs.

No odoo here, no clock and no network unless handed in. A comprobante goes

    element = build_xml(Comprobante(...))                     # dataclasses -> XML, totals computed
    data = seal(element, certificate_der=der, sign=sign)      # final bytes, stored before they are sent
    problems = validate(data, now=now)                        # what is wrong never reaches the PAC
    timbrado = Finkok(...).stamp(data)                        # from .pac.finkok; raises PacError
    comprobante = read_comprobante(data)                      # and back, of whoever wrote it
"""

from .attributes import ReadError
from .cadena import cadena_original
from .cancelacion import Folio, cancellation_request
from .carta_porte import (
    Autotransporte,
    CantidadTransporta,
    CartaPorte,
    DocumentacionAduanera,
    Domicilio,
    GuiasIdentificacion,
    IdentificacionVehicular,
    Mercancia,
    Mercancias,
    Remolque,
    Seguros,
    TiposFigura,
    Ubicacion,
    id_ccp,
)
from .certificado import Certificado, certificate_number, read_certificate
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
from .errors import CertificateError, CfdiError, ComprobanteError, Problem, SealError, UnsafeXml
from .pagos import DoctoRelacionado, Pago, RetencionDR, TrasladoDR, payment_receipt
from .reader import read_comprobante
from .rounding import equivalence, line_amount, tax_amount
from .secure_xml import parse_xml
from .sello import certificate_of, seal, verify_seal
from .timbre import TimbreFiscalDigital, carta_porte_qr_url, parse_timbre, qr_url, same_comprobante
from .totals import Totals, complete, compute
from .validation import validate
from .writer import build_xml

__all__ = [
    "ACuentaTerceros",
    "Autotransporte",
    "CantidadTransporta",
    "CartaPorte",
    "Certificado",
    "CertificateError",
    "CfdiError",
    "CfdiRelacionados",
    "Comprobante",
    "ComprobanteError",
    "Concepto",
    "DoctoRelacionado",
    "DocumentacionAduanera",
    "Domicilio",
    "Emisor",
    "Folio",
    "GuiasIdentificacion",
    "IdentificacionVehicular",
    "ImpuestoLocal",
    "InformacionGlobal",
    "Mercancia",
    "Mercancias",
    "Pago",
    "Parte",
    "Problem",
    "ReadError",
    "Receptor",
    "Remolque",
    "Retencion",
    "RetencionDR",
    "SealError",
    "Seguros",
    "TimbreFiscalDigital",
    "TiposFigura",
    "Totals",
    "Traslado",
    "TrasladoDR",
    "Ubicacion",
    "UnsafeXml",
    "build_xml",
    "cadena_original",
    "cancellation_request",
    "carta_porte_qr_url",
    "certificate_number",
    "certificate_of",
    "complete",
    "compute",
    "equivalence",
    "id_ccp",
    "line_amount",
    "parse_timbre",
    "parse_xml",
    "payment_receipt",
    "qr_url",
    "read_certificate",
    "read_comprobante",
    "same_comprobante",
    "seal",
    "tax_amount",
    "validate",
    "verify_seal",
]
