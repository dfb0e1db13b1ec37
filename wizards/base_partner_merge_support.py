from odoo import api, models
from odoo.fields import Domain


class BasePartnerMerge(models.TransientModel):
    """Merging customers: their cases and support policies are of the customer, also when what stays is a contact."""

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _settle_customers(self, merged, owners):
        customer = merged.commercial_partner_id
        for model in ("customer.policy", "helpdesk.ticket"):
            records = self.env[model].sudo().with_context(active_test=False)
            moved = records.search(
                Domain("partner_id", "=", merged.id) & Domain("commercial_partner_id", "!=", customer.id)
            )
            self.env.add_to_compute(records._fields["commercial_partner_id"], moved)
        return super()._settle_customers(merged, owners)
