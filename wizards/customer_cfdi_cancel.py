from odoo import fields, models

from ..models.customer_cfdi_cancel import MOTIVES, REPLACED
from ..models.notification import notification


class CustomerCfdiCancel(models.TransientModel):
    """Ask why a CFDI is cancelled, and by which one it is replaced; ``customer.cfdi.cancel`` does it."""

    _name = "customer.cfdi.cancel"
    _description = "Cancel a CFDI"

    cfdi_id = fields.Many2one("customer.cfdi", string="CFDI", required=True, readonly=True)
    motive = fields.Selection(MOTIVES, required=True, default="02")
    replacement_id = fields.Many2one(
        "customer.cfdi",
        string="Replaced By",
        help="The stamped CFDI that takes its place, and names it (relation 04). Only with motive 01.",
    )

    def action_cancel(self):
        """Button: ask to cancel it, and tell what the SAT says.

        :return: the action that shows the notification
        :raise AccessError: for who does not issue CFDIs
        :raise UserError: it cannot be asked for, with the reason
        """
        self.ensure_one()
        replacement = self.replacement_id.uuid if self.motive == REPLACED else None
        result = self.cfdi_id.cancel(self.motive, replacement)
        states = dict(self.cfdi_id._fields["state"]._description_selection(self.env))
        message = f"{result['name']}: {states[result['state']]}. {result['message']}"
        action = notification(message, "danger" if result["state"] == "stamped" else "success", sticky=True)
        action["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return action
