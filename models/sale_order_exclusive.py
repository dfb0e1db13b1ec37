from odoo import api, models
from odoo.fields import Domain


class SaleOrder(models.Model):
    """Nobody orders what is exclusive to other customers; the lines' own check is in ``sale.order.line``."""

    _inherit = "sale.order"

    @api.constrains("partner_id")
    def _check_exclusive_products(self):
        self.order_line._check_exclusive_products()

    def _get_product_catalog_domain(self):
        return super()._get_product_catalog_domain() & Domain("exclusive_allowed", "=", True)

    def _get_action_add_from_catalog_extra_context(self):
        # The customer of ``exclusive_allowed``.
        return {**super()._get_action_add_from_catalog_extra_context(), "partner_id": self.partner_id.id}

    def action_confirm(self):
        # A product may have become exclusive since the quotation was made.
        self.order_line._check_exclusive_products()
        return super().action_confirm()
