import base64
import io
from decimal import Decimal

import qrcode
from odoo import api, models
from odoo.exceptions import UserError

from ..cfdi import CfdiError
from ..cfdi.carta_porte_catalogs import address_line
from ..cfdi.descriptions import describe, described
from ..cfdi.importe_letra import amount_in_words
from ..cfdi.impreso import read_impreso

# Without an amount of their own: payments and transfers.
NO_CURRENCY = "XXX"
QR_PIXELS = 6  # a module
# False: from before it was kept.
LEGAL_ENVIRONMENTS = ("production", False)
TRIAL = "Documento de prueba, sin validez fiscal"
PREVIEW = "Vista previa sin validez fiscal: no está timbrado"
# Attributes of pago20:Totales.
TOTALES = {
    "TotalRetencionesIVA": "Retenciones de IVA",
    "TotalRetencionesISR": "Retenciones de ISR",
    "TotalRetencionesIEPS": "Retenciones de IEPS",
    "TotalTrasladosBaseIVA16": "Base de IVA 16%",
    "TotalTrasladosImpuestoIVA16": "IVA 16%",
    "TotalTrasladosBaseIVA8": "Base de IVA 8%",
    "TotalTrasladosImpuestoIVA8": "IVA 8%",
    "TotalTrasladosBaseIVA0": "Base de IVA 0%",
    "TotalTrasladosImpuestoIVA0": "IVA 0%",
    "TotalTrasladosBaseIVAExento": "Base de IVA exento",
    "MontoTotalPagos": "Monto total de los pagos",
}


class ReportCustomerCfdi(models.AbstractModel):
    """What the printed CFDI says: read from the stamped XML, never from Odoo's data of today.

    Of Odoo come only the company's logo, whether the document is cancelled, and whether it was stamped for trial.
    """

    _name = "report.l10n_mx_customer.report_customer_cfdi_document"
    _description = "Printed CFDI"
    _printed_model = "customer.cfdi"

    @api.model
    def _get_report_values(self, docids, data=None):
        docs = self.env[self._printed_model].browse(docids)
        docs.check_access("read")
        return {
            "docs": docs,
            "documents": [self._document_values(document) for document in docs],
            "rows_apart": bool(data and data.get("rows_apart")),
            "zoom": data and data.get("zoom"),
            "described": described,
            "describe": describe,
            "tax_name": lambda code: describe("c_Impuesto", code) or code,
            "money": money,
            "quantity": quantity,
            "rate": rate,
            "words": words,
        }

    @api.model
    def _document_values(self, cfdi):
        """
        :raise UserError: it is not stamped, or its XML cannot be read
        """
        xml = base64.b64decode(cfdi.with_context(bin_size=False).xml or b"")
        if not xml:
            raise UserError(self.env._("%(name)s is not stamped: there is nothing to print yet.", name=cfdi.name))
        try:
            impreso = read_impreso(xml)
        except CfdiError as error:
            raise UserError(
                self.env._("%(name)s cannot be printed: %(reason)s", name=cfdi.name, reason=error)
            ) from error
        return {
            **self._printed_values(cfdi, impreso),
            "qr": _qr_png(impreso.qr),
            "cancelled": cfdi.state == "cancelled",
            "legends": self._legends(cfdi, impreso),
        }

    @api.model
    def _printed_values(self, document, impreso):
        """What is printed of a document, whether it is stamped or not."""
        comprobante = impreso.comprobante
        return {
            # sudo: whoever may read the document sees whose it is
            "logo": document.sudo().with_context(bin_size=False).company_id.logo_web,
            "name": document.name,
            "i": impreso,
            "c": comprobante,
            "timbre": impreso.timbre,
            "carta_porte_qr": impreso.carta_porte_qr and _qr_png(impreso.carta_porte_qr),
            "words": words(comprobante.Total, comprobante.Moneda),
            "addresses": [
                place.Domicilio and address_line(place.Domicilio)
                for place in (comprobante.CartaPorte.Ubicaciones if comprobante.CartaPorte else ())
            ],
            "totales_pagos": [(TOTALES.get(name, name), amount) for name, amount in impreso.totales_pagos],
        }

    @api.model
    def _legends(self, cfdi, impreso):
        """Why it proves nothing, for what was stamped for trial."""
        if impreso.timbre.Leyenda:
            return [impreso.timbre.Leyenda]
        return [] if cfdi.environment in LEGAL_ENVIRONMENTS else [TRIAL]


class ReportCustomerStampLine(models.AbstractModel):
    """What will be printed of a document that is to be stamped: the same, without timbre, and labelled as a preview."""

    _name = "report.l10n_mx_customer.report_customer_stamp_line"
    _inherit = "report.l10n_mx_customer.report_customer_cfdi_document"
    _description = "Preview of a CFDI"
    _printed_model = "customer.stamp.line"

    @api.model
    def _document_values(self, line):
        """
        :raise UserError: it cannot be told what will be sent, or it is stamped already
        """
        xml = line._preview_bytes()
        if not xml:
            raise UserError(self.env._("%(name)s: there is no preview of it. See its problems.", name=line.name))
        impreso = read_impreso(xml, stamped=False)
        return {**self._printed_values(line, impreso), "cancelled": False, "legends": [PREVIEW], "preview": PREVIEW}


def words(amount, currency):
    if currency == NO_CURRENCY:
        return ""
    try:
        return amount_in_words(amount, currency)
    except (KeyError, ValueError):
        # A currency that this edition of the catalogue does not have: the figures say it all.
        return ""


def money(amount, decimals=2):
    """With thousands separated and at least these decimals; further ones as far as they say something."""
    if amount is None:
        return ""
    step = Decimal(1).scaleb(-decimals)
    exact = amount.quantize(step) if amount == amount.quantize(step) else amount.normalize()
    return f"{exact:,f}"


def quantity(amount):
    return money(amount, 0)


def rate(factor, value):
    """TipoFactor and TasaOCuota as they are spoken of: 16%, 3.50 por unidad, exento."""
    if factor == "Exento":
        return "exento"
    if value is None:
        return ""
    return f"{quantity(value * 100)}%" if factor == "Tasa" else f"{money(value)} por unidad"


def _qr_png(text):
    """A PNG in base64. Error correction M and a quiet zone, so that it is read from poor paper.

    Not Odoo's barcode: its PNG needs a drawing library that not every installation has.
    """
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=QR_PIXELS, border=2)
    code.add_data(text)
    code.make(fit=True)
    stream = io.BytesIO()
    code.make_image().save(stream, format="PNG")
    return base64.b64encode(stream.getvalue()).decode()
