from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# Who sees what a policy costs: those who keep customers, and those who serve their cases.
POLICY_GROUPS = "l10n_mx_customer.group_customer_user,helpdesk_mgmt.group_helpdesk_user_own"

DECIDING_FIELDS = {"company_id", "partner_id", "policy_id", "stage_id", "team_id"}
KINDS = [
    ("case", "Case"),
    ("complaint", "Complaint"),
    ("return", "Return"),
]


class HelpdeskTicket(models.Model):
    """Cases of a customer: what they are about, how long they took, and the support policy that pays for them."""

    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "customer.owner.notice"]

    # Stored, so that counting the open cases of a customer reads those and not its whole history.
    closed = fields.Boolean(store=True)
    partner_id = fields.Many2one(index="btree_not_null")
    case_kind = fields.Selection(
        selection=KINDS,
        string="Kind of Case",
        required=True,
        default="case",
        tracking=True,
        groups="base.group_user",
        help="Whether the customer asks for help, complains, or gives goods back. To filter the cases by it.",
    )
    duration_hours = fields.Float(
        string="Duration (Hours)",
        digits=(16, 2),
        tracking=True,
        groups="base.group_user",
        help="Hours that the case took. Once it is closed they are taken from a support policy of the customer.",
    )
    policy_id = fields.Many2one(
        comodel_name="customer.policy",
        string="Policy to Consume",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        check_company=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id), ('company_id', '=', company_id),"
        " ('cancelled', '=', False)]",
        tracking=True,
        groups=POLICY_GROUPS,
        help="The support policy that pays for this case. Empty: the oldest one in force that has something left.",
    )
    consumed_policy_id = fields.Many2one(
        comodel_name="customer.policy",
        compute="_compute_consumed_policy_id",
        store=True,
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        tracking=True,
        groups=POLICY_GROUPS,
        help="The support policy that this case consumes: decided when it was closed, released when it is reopened.",
    )
    policy_currency_id = fields.Many2one(related="consumed_policy_id.currency_id", groups=POLICY_GROUPS)
    policy_consumption = fields.Monetary(
        string="Consumption",
        compute="_compute_policy_consumption",
        compute_sudo=True,
        currency_field="policy_currency_id",
        groups=POLICY_GROUPS,
        help="Hours of the case at the hourly rate of the policy that it consumes.",
    )

    # The figure open_case_count: open cases of a customer in a company.
    _open_cases_idx = models.Index("(commercial_partner_id, company_id) WHERE active AND closed IS NOT TRUE")
    # The cases of a customer, in the order of the card.
    _customer_idx = models.Index("(commercial_partner_id, (COALESCE(closed, FALSE)), id DESC)")

    # The rate, the amount and the dates of a policy are no dependency: what was decided stays decided.
    @api.depends("closed", "commercial_partner_id", "company_id", "policy_id")
    def _compute_consumed_policy_id(self):
        undecided = self.browse()
        for case in self:
            if not case.closed:
                case.consumed_policy_id = False
            elif case.policy_id and not case.policy_id.cancelled and case._may_consume(case.policy_id):
                case.consumed_policy_id = case.policy_id
            elif not (case.consumed_policy_id and case._may_consume(case.consumed_policy_id)):
                undecided += case
        if undecided:
            undecided.consumed_policy_id = False
            # Sudo: stored fields are computed as the system; so for a new record too.
            chosen = self.env["customer.policy"].sudo()._choose_for_cases(undecided)
            for case in undecided:
                if case.id in chosen:
                    case.consumed_policy_id = chosen[case.id]

    @api.depends("consumed_policy_id.hourly_rate", "duration_hours")
    def _compute_policy_consumption(self):
        for case in self:
            policy = case.consumed_policy_id
            amount = case.duration_hours * policy.hourly_rate
            case.policy_consumption = policy.currency_id.round(amount) if policy else 0.0

    @api.constrains("duration_hours")
    def _check_duration_hours(self):
        for case in self:
            if case.duration_hours < 0:
                raise ValidationError(
                    self.env._(
                        "Duration (Hours): “%(value)s” of %(name)s is not valid; zero or more hours are expected.",
                        value=case.duration_hours,
                        name=case.number,
                    )
                )

    @api.constrains("company_id", "partner_id", "policy_id")
    def _check_policy(self):
        for case in self.sudo():
            policy = case.policy_id
            if policy and not case._may_consume(policy):
                raise ValidationError(
                    self.env._(
                        "Policy to Consume: “%(value)s” is not a policy of %(customer)s in %(company)s; one of those "
                        "is expected.",
                        value=policy.name,
                        customer=case.commercial_partner_id.display_name or case.number,
                        company=case.company_id.name,
                    )
                )

    @api.constrains("policy_id")
    def _check_policy_not_cancelled(self):
        for case in self.sudo():
            if case.policy_id.cancelled:
                raise ValidationError(
                    self.env._(
                        "Policy to Consume: “%(value)s” of %(name)s is cancelled; another policy is expected.",
                        value=case.policy_id.name,
                        name=case.number,
                    )
                )

    @api.onchange("partner_id", "company_id")
    def _onchange_policy_customer(self):
        if self.policy_id and not self._may_consume(self.policy_id):
            self.policy_id = False

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        # Helpdesk dates a closing only when a case is moved; one that comes closed (import) is closed on that day.
        cases.filtered(lambda case: case.closed and not case.closed_date).closed_date = fields.Datetime.now()
        cases._decide_policies()
        cases._notify_customer_owner()
        return cases

    def write(self, vals):
        result = super().write(vals)
        if not DECIDING_FIELDS.isdisjoint(vals):
            self._decide_policies()
        return result

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _decide_policies(self):
        """Decide now: what else this transaction does to policies comes after."""
        self.sudo().mapped("consumed_policy_id")

    def _may_consume(self, policy):
        """Whether a policy is one of the case's customer, in its company."""
        self.ensure_one()
        policy = policy.sudo()
        return (policy.commercial_partner_id, policy.company_id) == (self.sudo().commercial_partner_id, self.company_id)

    def _closing_day(self):
        """The day, in the case's company, on which it was closed; today if helpdesk did not say."""
        self.ensure_one()
        moment = self.closed_date or fields.Datetime.now()
        time_zone = self.company_id._business_time_zone()
        return fields.Datetime.context_timestamp(self.with_context(tz=time_zone), moment).date()

    @api.model
    def _latest_of_customers(self, customer_ids, limit):
        """The latest cases that the user may see of each customer, the open ones first: {customer id: [case id]}."""
        if not customer_ids:
            return {}
        query = self._search([], order="closed, id desc", limit=limit)
        query.add_where(SQL("%s = card.id", SQL.identifier(self._table, "commercial_partner_id")))
        rows = self.env.execute_query(
            SQL(
                "SELECT card.id, latest.id FROM unnest(%s) AS card(id) CROSS JOIN LATERAL (%s) AS latest",
                list(customer_ids),
                query.select(),
                to_flush=self._fields["commercial_partner_id"],
            )
        )
        latest = {}
        for customer_id, case_id in rows:
            latest.setdefault(customer_id, []).append(case_id)
        return latest

    def _owner_notice_title(self):
        return self.env._("Case opened")
