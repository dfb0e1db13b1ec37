from odoo import models

from .method_wrapping import wrap_method


class ProductTemplate(models.Model):
    """Exclusive products at the till, where point_of_sale is installed."""

    _inherit = "product.template"

    def _register_hook(self):
        """Hold the orders of the point of sale too: whoever pays one must be allowed its products.

        The till does not offer them (``_load_product_with_domain``), but its data may be older than the rule, and it
        talks to the server over RPC.
        """
        super()._register_hook()
        if "pos.order" in self.env:
            wrap_method(self.env, "pos.order", "action_pos_order_paid", _action_pos_order_paid)


def _action_pos_order_paid(orders, original):
    for order in orders:
        # what comes back was sold before
        sold = order.lines.filtered(lambda line: line.qty > 0).product_id.product_tmpl_id
        sold._check_exclusive(order.partner_id)
    return original(orders)
