from odoo import models

from .res_partner_origin import FROM_LEAD, FROM_LEAD_KEY


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def _create_customer(self, with_parent=None):
        """What a conversion creates is a customer that comes from the CRM, however the conversion was asked for."""
        lead = self.with_context(capture_origin="crm", **{FROM_LEAD_KEY: FROM_LEAD})
        partner = super(CrmLead, lead)._create_customer(with_parent=with_parent)
        return partner.with_env(self.env)
