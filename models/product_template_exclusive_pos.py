from odoo import models


class ProductTemplate(models.Model):
    """Exclusive products at the till, where point_of_sale is installed."""

    _inherit = "product.template"

    def _register_hook(self):
        """Hold the orders of the point of sale too: whoever pays one must be allowed its products.

        The till does not offer them (``_load_product_with_domain``), but its data may be older than the rule, and it
        talks to the server over RPC. The addon does not depend on point_of_sale, so the method of a model that may not
        be there is wrapped when the registry is made, as base_automation does.
        """
        super()._register_hook()
        if "pos.order" not in self.env:
            return
        orders = self.env.registry["pos.order"]
        paid = orders.action_pos_order_paid
        if getattr(paid, "holds_exclusive_products", False):
            return

        def action_pos_order_paid(self):
            for order in self:
                # what comes back was sold before
                sold = order.lines.filtered(lambda line: line.qty > 0).product_id.product_tmpl_id
                sold._check_exclusive(order.partner_id)
            return paid(self)

        action_pos_order_paid.__doc__ = paid.__doc__
        action_pos_order_paid.holds_exclusive_products = True
        orders.action_pos_order_paid = action_pos_order_paid
