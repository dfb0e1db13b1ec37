from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_values(self, src_partners, dst_partner):
        """Let the partner that stays keep its own origin and its own consent.

        The wizard fills what is empty there from the others. Another record's origin is not its origin, and whoever
        said no to marketing is not subscribed because a duplicate was.
        """
        return super()._update_values(src_partners, dst_partner.with_context(customer_merge_keeps=True))
