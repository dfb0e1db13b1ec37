from odoo import models

from . import customer_owner_notice  # noqa: F401  The model below inherits from it.


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "customer.owner.notice"]

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted.filtered(lambda move: move.is_sale_document(include_receipts=True))._notify_customer_owner()
        return posted

    def _owner_notice_holds(self):
        return self.state == "posted"

    def _owner_notice_title(self):
        if self.move_type == "out_refund":
            return self.env._("Credit note posted")
        return self.env._("Invoice posted")

    def _owner_notice_amount(self):
        return self.amount_total, self.currency_id
