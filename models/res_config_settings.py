from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cfdi_pac_environment = fields.Selection(related="company_id.cfdi_pac_environment", readonly=False)
    cfdi_pac_url = fields.Char(related="company_id.cfdi_pac_url", readonly=False)
    cfdi_pac_username = fields.Char(related="company_id.cfdi_pac_username", readonly=False)
    cfdi_pac_password = fields.Char(related="company_id.cfdi_pac_password", readonly=False)
    customer_rfc_unique = fields.Boolean(related="company_id.customer_rfc_unique", readonly=False)
    customer_email_unique = fields.Boolean(related="company_id.customer_email_unique", readonly=False)

    def action_recompute_all_figures(self):
        """Count the figures of every customer again, and tell so.

        :return: the action that shows the notification
        :raise AccessError: the user is no customer administrator
        """
        return self.env["res.partner"].action_recompute_all_figures()
