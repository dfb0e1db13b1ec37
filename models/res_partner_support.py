from odoo import api, fields, models

from .helpdesk_ticket import POLICY_GROUPS

LATEST = 20  # cases that the card shows; the rest is a click away


class ResPartner(models.Model):
    """Support: the cases of a customer and its support policies."""

    _inherit = "res.partner"

    # Triggers of the figures, which nobody reads: whoever reads all the fields of a customer must neither wait for
    # its thousands of cases nor need rights on them.
    customer_ticket_ids = fields.One2many("helpdesk.ticket", "commercial_partner_id", groups=fields.NO_ACCESS)
    helpdesk_ticket_ids = fields.One2many(groups="helpdesk_mgmt.group_helpdesk_user_own")
    customer_case_ids = fields.One2many(
        comodel_name="helpdesk.ticket",
        string="Cases",
        compute="_compute_customer_case_ids",
        groups="base.group_user",
        help="The latest cases of the customer and its contacts, the open ones first.",
    )
    customer_policy_ids = fields.One2many(
        comodel_name="customer.policy",
        inverse_name="commercial_partner_id",
        string="Support Policies",
        groups=POLICY_GROUPS,
        help="What the customer has contracted for support, and what is left of it.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_case_ids(self):
        cases = self.env["helpdesk.ticket"]
        latest = cases._latest_of_customers(self._origin.ids, LATEST)
        for partner in self:
            partner.customer_case_ids = cases.browse(latest.get(partner._origin.id))

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_helpdesk_ticket_count(self):
        """Helpdesk's counters (those of the contact's own form), in one query instead of one search a contact."""
        own = set(self._origin.ids)
        total, active = dict.fromkeys(own, 0), dict.fromkeys(own, 0)
        groups = self.env["helpdesk.ticket"]._read_group(
            [("partner_id", "child_of", list(own))], ["partner_id", "closed"], ["__count"]
        )
        for partner, closed, count in groups:
            above = partner.sudo()
            while above:
                if above.id in own:
                    total[above.id] += count
                    active[above.id] += 0 if closed else count
                above = above.parent_id
        for partner in self:
            partner.helpdesk_ticket_count = total.get(partner._origin.id, 0)
            partner.helpdesk_ticket_active_count = active.get(partner._origin.id, 0)
            partner.helpdesk_ticket_count_string = (
                f"{partner.helpdesk_ticket_active_count} / {partner.helpdesk_ticket_count}"
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_new_case(self):
        """A new case of the customer.

        :return: a window action on ``helpdesk.ticket``
        :raise AccessError: for who may not create one
        """
        return self._action_new("helpdesk.ticket", self.env._("New Case"))

    def action_new_policy(self):
        """A new support policy of the customer.

        :return: a window action on ``customer.policy``
        :raise AccessError: for who may not create one
        """
        return self._action_new("customer.policy", self.env._("New Support Policy"))

    def action_view_customer_cases(self):
        """All cases of the customer and its contacts that the user may see, closed and archived ones included.

        :return: a window action on ``helpdesk.ticket``
        """
        self.ensure_one()
        customer = self.commercial_partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cases"),
            "res_model": "helpdesk.ticket",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("commercial_partner_id", "=", customer.id)],
            "context": {"active_test": False, "default_partner_id": customer.id},
        }
