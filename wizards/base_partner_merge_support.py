from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class BasePartnerMerge(models.TransientModel):
    """Merging customers: their cases and support policies are of the customer, also when what stays is a contact."""

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _settle_customers(self, merged, owners):
        customer = merged.commercial_partner_id
        if customer != merged:
            # As the merge itself, by SQL: that a consumed policy keeps its customer is a rule for people.
            self.env.cr.execute(
                SQL("UPDATE customer_policy SET partner_id = %s WHERE partner_id = %s", customer.id, merged.id)
            )
            self.env["customer.policy"].invalidate_model(["partner_id"])
            customer.invalidate_recordset(["customer_policy_ids"])
        cases = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        moved = cases.search(Domain("partner_id", "=", merged.id) & Domain("commercial_partner_id", "!=", customer.id))
        self.env.add_to_compute(cases._fields["commercial_partner_id"], moved)
        return super()._settle_customers(merged, owners)
