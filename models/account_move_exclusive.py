from odoo import api, models
from odoo.fields import Domain

from .account_move_line import SALE_MOVES


class AccountMove(models.Model):
    """Nobody is invoiced what is exclusive to other customers; the lines' own check is in ``account.move.line``."""

    _inherit = "account.move"

    @api.constrains("partner_id", "move_type")
    def _check_exclusive_products(self):
        # Of other documents, such as payments, the lines are not read.
        self.filtered(lambda move: move.move_type in SALE_MOVES).invoice_line_ids._check_exclusive_products()

    def _get_product_catalog_domain(self):
        domain = super()._get_product_catalog_domain()
        if self.move_type in SALE_MOVES:
            domain &= Domain("exclusive_allowed", "=", True)
        return domain

    def _get_action_add_from_catalog_extra_context(self):
        # The customer of ``exclusive_allowed``.
        return {**super()._get_action_add_from_catalog_extra_context(), "partner_id": self.partner_id.id}

    def _post(self, soft=True):
        # A product may have become exclusive since the draft was made.
        self._check_exclusive_products()
        return super()._post(soft)
