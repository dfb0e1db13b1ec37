from odoo import fields, models

from . import customer_owner_notice  # noqa: F401  The model below inherits from it.

POSTED_STATES = ("in_process", "paid")


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "customer.owner.notice"]

    # The payments of a customer are looked up each time that its history is read; Odoo would read all of them.
    partner_id = fields.Many2one(index="btree_not_null")

    def write(self, vals):
        # Wherever it is posted from: the wizard writes the state, the button calls action_post, which writes it too.
        if vals.get("state") not in POSTED_STATES:
            return super().write(vals)
        posted = self.filtered(lambda payment: payment.partner_type == "customer" and payment.state == "draft")
        result = super().write(vals)
        posted._notify_customer_owner()
        return result

    def _owner_notice_holds(self):
        return self.state in POSTED_STATES

    def _owner_notice_title(self):
        if self.payment_type == "outbound":
            return self.env._("Refund paid")
        return self.env._("Payment received")

    def _owner_notice_amount(self):
        return self.amount, self.currency_id
