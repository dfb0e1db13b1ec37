from dataclasses import replace

from odoo import fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """The invoice of a carrier (type I): what it sells is transport, and it tells what travels and how."""

    _inherit = "account.move"

    cfdi_transfer_id = fields.Many2one(
        "customer.cfdi.transfer",
        string="Transport Sold",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Of the invoice of a carrier: the goods of others that it moves, which its CFDI tells in the Carta Porte. "
        "Own goods need no invoice; their transfer is stamped by itself.",
    )

    def _prepare_cfdi(self, problems):
        transfer = self.cfdi_transfer_id
        if not transfer:
            return super()._prepare_cfdi(problems)
        try:
            comprobante = super()._prepare_cfdi(problems)
        except UserError as error:
            # What is wrong with either is told at once.
            problems += str(error).split("\n")
            comprobante = None
        if self._cfdi_type() != "I":
            problems.append(self.env._("Transport Sold: only invoices tell it; empty is expected."))
        carta_porte = transfer._prepare_carta_porte(problems)
        return comprobante and replace(comprobante, CartaPorte=carta_porte)
