from odoo import models

from . import customer_owner_notice  # noqa: F401  The model below inherits from it.


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "customer.owner.notice"]

    def _action_confirm(self):
        result = super()._action_confirm()
        self._notify_customer_owner()
        return result

    def _owner_notice_holds(self):
        return self.state == "sale"

    def _owner_notice_title(self):
        return self.env._("Sale confirmed")

    def _owner_notice_amount(self):
        return self.amount_total, self.currency_id
