from odoo import fields, models


class CustomerFileRejection(models.TransientModel):
    """Asks why files of customers are rejected."""

    _name = "customer.file.rejection"
    _description = "Rejection of Customer Files"

    attachment_ids = fields.Many2many(
        comodel_name="ir.attachment",
        string="Files",
        required=True,
        default=lambda self: self.env.context.get("active_ids"),
    )
    reason = fields.Text(required=True, help="What is wrong, and what the customer has to send instead.")

    def action_reject(self):
        """Reject the files with this reason.

        :return: the action that closes the dialogue
        :raise AccessError: the user may not review them
        """
        for wizard in self:
            wizard.attachment_ids.action_customer_file_reject(wizard.reason)
        return {"type": "ir.actions.act_window_close"}
