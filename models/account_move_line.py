from odoo import api, models

# Credit notes give back what was sold: they are not held.
SALE_MOVES = ("out_invoice", "out_receipt")


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.constrains("product_id", "move_id")
    def _check_exclusive_products(self):
        """Raise a ValidationError if a customer's invoice has products of other customers; one query a batch."""
        lines = self.filtered(lambda line: line.product_id and line.move_id.move_type in SALE_MOVES)
        for customer, sold in lines.grouped(lambda line: line.move_id.partner_id).items():
            blocked = sold.product_id.product_tmpl_id._exclusive_blocked(customer)
            for product in blocked:
                new = sold.filtered(lambda line: line.product_id.product_tmpl_id == product)  # noqa: B023
                if not all(line._was_sold_before_exclusive() for line in new):
                    product._check_exclusive(customer)

    def _was_sold_before_exclusive(self):
        """Whether the line invoices a confirmed order of the same customer: what was sold must be invoiced, even if
        its product has become exclusive to others since."""
        customer = self.move_id.commercial_partner_id
        orders = self.sudo().sale_line_ids.order_id
        return bool(orders) and all(
            order.state == "sale" and order.partner_id.commercial_partner_id == customer for order in orders
        )
