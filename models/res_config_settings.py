from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cfdi_pac_ids = fields.One2many(related="company_id.cfdi_pac_ids")
    customer_rfc_unique = fields.Boolean(related="company_id.customer_rfc_unique", readonly=False)
    customer_email_unique = fields.Boolean(related="company_id.customer_email_unique", readonly=False)

    def action_recompute_all_figures(self):
        """Count the figures of every customer again, and tell so.

        :return: the action that shows the notification
        :raise AccessError: the user is no customer administrator
        """
        return self.env["res.partner"].action_recompute_all_figures()

    def action_customer_pacs(self):
        """Button: the PAC accounts of the company.

        :return: a window action on ``customer.pac``
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_pac")
        return action | {
            "domain": [("company_id", "=", self.company_id.id)],
            "context": {"default_company_id": self.company_id.id},
        }
