from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cfdi_csd_state = fields.Selection(related="company_id.cfdi_csd_state")
    cfdi_csd_until = fields.Datetime(related="company_id.cfdi_csd_until")
    cfdi_csd_warning = fields.Char(related="company_id.cfdi_csd_warning")

    def action_customer_csds(self):
        """Button: the certificates that seal the CFDIs of the company.

        :return: a window action on ``certificate.certificate``
        """
        return self._csd_action(self.company_id)

    @api.model
    def _csd_action(self, company):
        action = self.env["ir.actions.act_window"]._for_xml_id("certificate.certificate_certificate_action_view_list")
        return action | {
            "domain": [("company_id", "=", company.id)],
            "context": {"default_company_id": company.id, "default_scope": "cfdi"},
        }
