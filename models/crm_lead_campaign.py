from odoo import models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def _prepare_customer_values(self, partner_name, is_company=False, parent_id=False):
        """The customer keeps which campaign brought it; a contact of it needs no copy."""
        values = super()._prepare_customer_values(partner_name, is_company=is_company, parent_id=parent_id)
        if not parent_id:
            for name in ("campaign_id", "medium_id", "source_id"):
                if self[name]:
                    values[name] = self[name].id
        return values
