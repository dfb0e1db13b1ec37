from odoo import api, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _domain_product_id(self):
        return super()._domain_product_id() + [("exclusive_allowed", "=", True)]

    @api.constrains("product_id", "order_id")
    def _check_exclusive_products(self):
        """Raise a ValidationError if a product belongs to other customers than the order's; one query a batch."""
        for customer, lines in self.grouped(lambda line: line.order_id.partner_id).items():
            lines.product_id.product_tmpl_id._check_exclusive(customer)
