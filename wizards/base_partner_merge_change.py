from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _log_merge_operation(self, src_partners, dst_partner):
        # Odoo writes a note about it, which no list can tell from another note.
        self.env["customer.change"]._log_merge(src_partners, dst_partner)
        return super()._log_merge_operation(src_partners, dst_partner)
