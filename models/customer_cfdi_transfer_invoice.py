from odoo import fields, models
from odoo.exceptions import UserError


class CustomerCfdiTransfer(models.Model):
    """A transfer whose goods are others': the invoice of the transport tells it, and it has no CFDI of its own."""

    _inherit = "customer.cfdi.transfer"

    invoice_ids = fields.One2many("account.move", "cfdi_transfer_id", string="Invoices", readonly=True)

    def _is_sealed(self):
        return super()._is_sealed() or any(self.sudo().invoice_ids.mapped("cfdi_is_sealed"))

    def _prepare_cfdi(self, problems):
        invoices = self.sudo().invoice_ids.filtered("cfdi_is_sealed")
        if invoices:
            raise UserError(
                self.env._(
                    "%(name)s: its Carta Porte is in the CFDI of %(invoices)s already.",
                    name=self.name,
                    invoices=", ".join(invoices.mapped("name")),
                )
            )
        return super()._prepare_cfdi(problems)
