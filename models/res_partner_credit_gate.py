from odoo import api, fields, models


class ResPartner(models.Model):
    """What credit managers have authorized for a customer."""

    _inherit = "res.partner"

    credit_authorization_count = fields.Integer(
        string="Credit Authorizations",
        compute="_compute_credit_authorization_count",
        groups="l10n_mx_customer.group_customer_user",
        help="How many times a credit manager let a sale or an invoice of this customer pass the credit gate.",
    )

    @api.depends_context("allowed_company_ids", "uid")
    def _compute_credit_authorization_count(self):
        model = self.env["customer.credit.authorization"]
        counts = dict(model._read_group(self._credit_authorization_domain(), ["partner_id"], ["__count"]))
        for partner in self:
            partner.credit_authorization_count = counts.get(partner.commercial_partner_id._origin, 0)

    def _credit_authorization_domain(self):
        return [("partner_id", "in", self.commercial_partner_id._origin.ids)]

    def action_view_credit_authorizations(self):
        """Open what credit managers have authorized for the customer.

        :return: the action with the list
        """
        action = self.env["ir.actions.actions"]._for_xml_id("l10n_mx_customer.action_customer_credit_authorizations")
        return {**action, "domain": self._credit_authorization_domain()}
