from odoo import models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """The customer has paid: where the gate does not let the rest of the order be confirmed, the payment is kept
        all the same, and people see to the order."""
        confirmed = self.env["sale.order"]
        for transaction in self:
            try:
                with self.env.cr.savepoint():
                    confirmed |= super(PaymentTransaction, transaction)._check_amount_and_confirm_order()
            except UserError as error:  # noqa: PERF203  one payment, one order
                if not getattr(error, "is_credit_refusal", False):
                    raise
                message = self.env._(
                    "The customer has paid %(reference)s, but the credit gate keeps the sale from being confirmed.",
                    reference=transaction.reference,
                )
                transaction.sale_order_ids._hold_for_credit(message)
        return confirmed
