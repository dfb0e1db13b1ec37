from odoo import fields, models


class ResPartner(models.Model):
    """What a customer earned for those it referred."""

    _inherit = "res.partner"

    # A trigger of the figures, which nobody reads.
    customer_commission_ids = fields.One2many("customer.commission", "partner_id", groups=fields.NO_ACCESS)

    def action_view_commissions(self):
        """The commissions that the customer earned.

        :return: a window action on ``customer.commission``
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_commission")
        return action | {
            "domain": [("partner_id", "=", self.commercial_partner_id.id)],
            "context": {"of_referrer": True},
        }
