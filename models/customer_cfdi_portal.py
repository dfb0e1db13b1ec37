import base64

from odoo import models
from odoo.exceptions import UserError

from .customer_cfdi_delivery import DELIVERED_STATES


class CustomerCfdi(models.Model):
    """What the customer downloads from its pages."""

    _inherit = "customer.cfdi"

    def _portal_content(self, kind):
        """The XML or the PDF of one document, for a customer who may have it.

        :param str kind: ``xml`` or ``pdf``
        :rtype: bytes
        """
        self.ensure_one()
        if kind == "xml":
            try:
                return self._with_addenda()
            except UserError:
                # Something that the addenda needs is not filled in yet: the legal document is the customer's anyway.
                return base64.b64decode(self.with_context(bin_size=False).xml)
        stored = self._files(self).filtered(lambda file: file.name == self.pdf_name)
        # Of a cancelled one a PDF that says so: the stored one is from before.
        return stored.raw if stored and self.state == "stamped" else self._pdf()


class AccountMove(models.Model):
    _inherit = "account.move"

    def _portal_cfdi(self):
        """The CFDI that the page of an invoice shows: the living one, else the latest that is cancelled."""
        self.ensure_one()
        # Sudo: whoever has the link of the invoice sees its page.
        documents = self.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state in DELIVERED_STATES)
        return documents.sorted(lambda cfdi: (cfdi.state != "cancelled", cfdi.id))[-1:]
