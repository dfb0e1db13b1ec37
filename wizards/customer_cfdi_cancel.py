from odoo import api, fields, models

from ..models.account_payment_cfdi import FORMS
from ..models.customer_cfdi_cancel import MOTIVES, REPLACED
from ..models.notification import notification


class CustomerCfdiCancel(models.TransientModel):
    """Ask why a CFDI is cancelled, and by which one it is replaced; ``customer.cfdi.cancel`` does it.

    A receipt of payment without a substitute yet gets one first: ``customer.cfdi.replace_receipt``.
    """

    _name = "customer.cfdi.cancel"
    _description = "Cancel a CFDI"

    cfdi_id = fields.Many2one("customer.cfdi", string="CFDI", required=True, readonly=True)
    cfdi_type = fields.Selection(related="cfdi_id.cfdi_type", related_sudo=False)
    company_id = fields.Many2one(related="cfdi_id.company_id", related_sudo=False)
    motive = fields.Selection(MOTIVES, required=True, default="02")
    replacement_id = fields.Many2one(
        "customer.cfdi",
        string="Replaced By",
        help="The stamped CFDI that takes its place, and names it (relation 04). Only with motive 01. Empty for a "
        "receipt of payment: a new one is stamped.",
    )
    payment_form = fields.Selection(
        FORMS,
        string="Payment Form (SAT)",
        compute="_compute_payment_form",
        store=True,
        readonly=False,
        help="How it was paid, as the new receipt says it: correct it here if the old one is wrong about it.",
    )

    @api.depends("cfdi_id")
    def _compute_payment_form(self):
        for wizard in self:
            receipt = wizard.cfdi_id
            wizard.payment_form = receipt._says_form() if receipt.cfdi_type == "P" else False

    def action_cancel(self):
        """Button: ask to cancel it, and tell what the SAT says. A receipt of payment is replaced first, with motive 01.

        :return: the action that shows the notification
        :raise AccessError: for who does not issue CFDIs
        :raise UserError: it cannot be asked for, with the reason
        """
        self.ensure_one()
        if self.motive == REPLACED and self.cfdi_type == "P" and not self.replacement_id:
            return self._tell_replaced(self.cfdi_id.replace_receipt(self.payment_form))
        replacement = self.replacement_id.uuid if self.motive == REPLACED else None
        result = self.cfdi_id.cancel(self.motive, replacement)
        message = f"{result['name']}: {self._state_name(result['state'])}. {result['message']}"
        return self._tell(message, "danger" if result["state"] == "stamped" else "success")

    def _tell_replaced(self, result):
        new = self.env["customer.cfdi"].browse(result["cfdi_id"])
        lines = [
            f"{new.name}: {self._state_name(result['state'])}. {result['message']}",
            f"{self.cfdi_id.name}: {self._state_name(result['replaced_state'])}. {result['replaced_message']}",
        ]
        done = result["state"] == "stamped" and result["replaced_state"] != "stamped"
        return self._tell("\n".join(lines), "success" if done else "danger")

    def _tell(self, message, kind):
        action = notification(message, kind, sticky=True)
        action["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return action

    def _state_name(self, state):
        return dict(self.cfdi_id._fields["state"]._description_selection(self.env))[state]
