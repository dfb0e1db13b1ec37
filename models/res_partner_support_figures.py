from odoo import api, models

from .customer_figure_fields import Figure

support = Figure("support")
commissions = Figure("commissions")


class ResPartner(models.Model):
    """What a customer has contracted for support and what is left of it; what it has earned by referring others."""

    _inherit = "res.partner"

    policy_amount = support.amount(
        string="Total Contracted",
        help="Amount of the support policies in force today.",
    )
    policy_consumed = support.amount(
        string="Total Consumed",
        help="What closed cases have used up of the policies in force: their hours at each policy's hourly rate.",
    )
    policy_available = support.amount(
        string="Total Contracted in Force",
        help="What is left of the support policies in force; negative when more was used than contracted.",
    )
    open_case_count = support.count(
        string="Open Cases",
        help="Cases of the customer and its contacts that are not closed.",
    )
    commission_total = commissions.amount(
        string="Commissions",
        help="Commissions generated in the customer's favour by those it referred, as their invoices are collected.",
    )

    @api.depends(
        "customer_policy_ids.amount",
        "customer_policy_ids.cancelled",
        "customer_policy_ids.case_ids.duration_hours",
        "customer_policy_ids.commercial_partner_id",
        "customer_policy_ids.company_id",
        "customer_policy_ids.date_end",
        "customer_policy_ids.date_start",
        "customer_policy_ids.hourly_rate",
        "customer_ticket_ids.active",
        "customer_ticket_ids.closed",
        "customer_ticket_ids.commercial_partner_id",
        "customer_ticket_ids.company_id",
    )
    def _compute_support_figures(self):
        self._compute_figures("support")

    @api.depends(
        "customer_commission_ids.amount",
        "customer_commission_ids.company_id",
        "customer_commission_ids.partner_id",
    )
    def _compute_commissions_figures(self):
        self._compute_figures("commissions")
