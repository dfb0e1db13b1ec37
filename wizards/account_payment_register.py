from odoo import fields, models

from ..models.account_payment_cfdi import FORMS


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    cfdi_payment_form = fields.Selection(
        FORMS,
        string="Payment Form (SAT)",
        help="How it is paid (FormaDePagoP of the receipt). Empty: the journal's, else the customer's.",
    )

    def _create_payment_vals_from_wizard(self, batch_result):
        return super()._create_payment_vals_from_wizard(batch_result) | self._payment_form_vals()

    def _create_payment_vals_from_batch(self, batch_result):
        return super()._create_payment_vals_from_batch(batch_result) | self._payment_form_vals()

    def _payment_form_vals(self):
        return {"cfdi_payment_form": self.cfdi_payment_form} if self.cfdi_payment_form else {}
