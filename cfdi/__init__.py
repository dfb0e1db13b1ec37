"""CFDI 4.0 in pure Python: comprobantes, seals, validation, timbres and PACs.

No odoo here, no clock and no network unless handed in. A comprobante goes

    draft = build(Comprobante(...))                           # dataclasses -> XML, totals computed
    data = seal(draft, certificate_der=der, sign=sign)        # final bytes, stored before they are sent
    problems = validate(data, now=now)                        # what is wrong never reaches the PAC
    timbrado = Finkok(...).stamp(data)                        # from .pac.finkok; raises PacError
    comprobante = read_comprobante(data)                      # and back, of whoever wrote it
"""

from .cadena import cadena_original
from .cancelacion import Folio, cancellation_request
from .carta_porte import CartaPorte, goods_transfer, id_ccp
from .carta_porte_qr import carta_porte_qr_url
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
from .pagos_accounts import Account, account_fields
from .pagos_share import taxes_of_share
from .reader import ReadError, read_comprobante
from .rounding import equivalence, line_amount, tax_amount
from .secure_xml import parse_xml
from .sello import certificate_of, seal, verify_seal
from .timbre import TimbreFiscalDigital, parse_timbre, qr_url, same_comprobante
from .totals import Totals, complete, compute
from .validation import validate
from .verification import Verification, verify
from .writer import build, build_xml

__all__ = [
    "ACuentaTerceros",
    "Account",
    "CartaPorte",
    "Certificado",
    "CertificateError",
    "CfdiError",
    "CfdiRelacionados",
    "Comprobante",
    "ComprobanteError",
    "Concepto",
    "DoctoRelacionado",
    "Emisor",
    "Folio",
    "ImpuestoLocal",
    "InformacionGlobal",
    "Pago",
    "Parte",
    "Problem",
    "ReadError",
    "Receptor",
    "Retencion",
    "RetencionDR",
    "SealError",
    "TimbreFiscalDigital",
    "Totals",
    "Traslado",
    "TrasladoDR",
    "UnsafeXml",
    "Verification",
    "account_fields",
    "build",
    "build_xml",
    "cadena_original",
    "cancellation_request",
    "carta_porte_qr_url",
    "certificate_number",
    "certificate_of",
    "complete",
    "compute",
    "equivalence",
    "goods_transfer",
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
    "taxes_of_share",
    "validate",
    "verify",
    "verify_seal",
]
