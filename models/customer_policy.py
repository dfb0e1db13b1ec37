from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

STATES = [
    ("upcoming", "Upcoming"),
    ("in_force", "In Force"),
    ("expired", "Ended"),
    ("cancelled", "Cancelled"),
]


class CustomerPolicy(models.Model):
    """Support policy (póliza de soporte): an amount that a customer has paid for and its cases consume by their hours.

    A closed case consumes one policy, decided when it closes and kept on the case: the one it names, else the oldest
    in force on the day it closed that has something left, else the oldest in force. A case is not split: the last one
    may take more than what is left, and the policy then shows what was served beyond it.
    """

    _name = "customer.policy"
    _description = "Support Policy"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_start desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        string="Folio",
        required=True,
        copy=False,
        default="/",
        help="Number of the policy, from its sequence; one that is given is kept.",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("customer_rank", ">", 0), ("parent_id", "=", False)],
        check_company=True,
        tracking=True,
        help="The customer whose cases consume the policy. Given one of its contacts, it becomes the customer.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer (company)",
        store=True,
        index=True,
        help="The customer whose figures count this policy: another one, when this one became its contact.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that serves the policy: it is consumed by the cases of this company.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(
        required=True,
        tracking=True,
        help="What was contracted, before taxes, in the company's currency.",
    )
    hourly_rate = fields.Monetary(
        required=True,
        tracking=True,
        help="What an hour of a case takes from the policy, before taxes. 0 when the cases take nothing.",
    )
    date_start = fields.Date(
        string="Start",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="First day on which the policy is in force.",
    )
    date_end = fields.Date(
        string="End",
        required=True,
        tracking=True,
        help="Last day on which the policy is in force; what is left of it then is lost.",
    )
    cancelled = fields.Boolean(
        copy=False,
        readonly=True,
        tracking=True,
        help="A cancelled policy is in force no more. The cases that consumed it keep it.",
    )
    state = fields.Selection(
        selection=STATES,
        compute="_compute_state",
        search="_search_state",
        help="Of today: the policy is in force from its first day to its last, unless it was cancelled.",
    )
    note = fields.Html(string="Notes", sanitize_style=True, help="What the policy covers and what was agreed.")
    case_ids = fields.One2many(
        comodel_name="helpdesk.ticket",
        inverse_name="consumed_policy_id",
        string="Cases",
        context={"active_test": False},
        help="The closed cases that consume this policy.",
    )
    consumed_hours = fields.Float(
        compute="_compute_consumed",
        digits=(16, 2),
        help="Hours of the closed cases that consume this policy.",
    )
    consumed = fields.Monetary(
        compute="_compute_consumed",
        help="Hours of the closed cases at the hourly rate of the policy.",
    )
    available = fields.Monetary(
        compute="_compute_consumed",
        help="What is left of the amount; negative when more was served than contracted.",
    )

    _folio_unique = models.Constraint(
        "UNIQUE(company_id, name)", "The folio of a support policy is unique in a company."
    )

    @api.depends("date_start", "date_end", "cancelled", "company_id")
    def _compute_state(self):
        for company, policies in self.grouped("company_id").items():
            today = policies._policy_today(company)
            for policy in policies:
                if policy.cancelled:
                    policy.state = "cancelled"
                elif policy.date_start and today < policy.date_start:
                    policy.state = "upcoming"
                elif policy.date_end and today > policy.date_end:
                    policy.state = "expired"
                else:
                    policy.state = "in_force"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        companies = companies.search([])  # pylint: disable=no-search-all
        by_day = companies.grouped(self._policy_today)
        live = Domain("cancelled", "=", False)
        domain = Domain("cancelled", "=", True) if "cancelled" in value else Domain.FALSE
        for today, of_day in by_day.items():
            states = {
                "upcoming": Domain("date_start", ">", today),
                "in_force": Domain("date_start", "<=", today) & Domain("date_end", ">=", today),
                "expired": Domain("date_end", "<", today),
            }
            wanted = Domain.OR([states[state] for state in value if state in states])
            domain |= live & Domain("company_id", "in", of_day.ids) & wanted
        return domain

    @api.depends("amount", "hourly_rate", "case_ids.duration_hours")
    def _compute_consumed(self):
        hours = self._consumed_hours()
        for policy in self:
            currency = policy.currency_id or self.env.company.currency_id
            policy.consumed_hours = hours.get(policy._origin.id, 0.0)
            policy.consumed = currency.round(policy.consumed_hours * policy.hourly_rate)
            policy.available = currency.round(policy.amount - policy.consumed)

    @api.constrains("amount", "hourly_rate")
    def _check_amounts(self):
        for policy in self:
            if policy.amount <= 0:
                raise ValidationError(
                    self.env._(
                        "Amount: “%(value)s” of %(name)s is not valid; more than zero is expected.",
                        value=policy.amount,
                        name=policy.name,
                    )
                )
            if policy.hourly_rate < 0:
                raise ValidationError(
                    self.env._(
                        "Hourly Rate: “%(value)s” of %(name)s is not valid; zero or more is expected.",
                        value=policy.hourly_rate,
                        name=policy.name,
                    )
                )

    @api.constrains("date_start", "date_end")
    def _check_dates(self):
        for policy in self:
            if policy.date_end < policy.date_start:
                raise ValidationError(
                    self.env._(
                        "End: “%(value)s” of %(name)s is not valid; %(start)s or later is expected.",
                        value=policy.date_end,
                        name=policy.name,
                        start=policy.date_start,
                    )
                )

    @api.constrains("partner_id")
    def _check_customer(self):
        for policy in self.sudo():
            if policy.partner_id.customer_rank <= 0:
                raise ValidationError(
                    self.env._(
                        "Customer: “%(value)s” of %(name)s is not a customer; a customer is expected.",
                        value=policy.partner_id.display_name,
                        name=policy.name,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = self._prepare_customer_vals(vals_list)
        for vals in vals_list:
            if vals.get("name", "/") in ("/", False, ""):
                company_id = vals.get("company_id") or self.env.company.id
                # Sudo: who may create a policy need not write sequences.
                sequence = self.env["ir.sequence"].sudo().with_company(company_id)
                vals["name"] = sequence.next_by_code("customer.policy") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if "partner_id" in vals:
            (vals,) = self._prepare_customer_vals([vals])
        if "partner_id" in vals or "company_id" in vals:
            self._check_not_consumed(vals)
        return super().write(vals)

    @api.model
    def _prepare_customer_vals(self, vals_list):
        """A policy is the customer's: given one of its contacts, it becomes the customer."""
        default_id = self.env.context.get("default_partner_id")
        # A policy given with its customer (one2many) has that one alone.
        given = [vals.get("partner_id", vals.get("commercial_partner_id", default_id)) for vals in vals_list]
        # Sudo: only who the contact's company is.
        partners = self.env["res.partner"].sudo().browse({partner_id for partner_id in given if partner_id})
        commercial = {partner.id: partner.commercial_partner_id.id for partner in partners}
        return [
            {**vals, "partner_id": commercial[partner_id]} if partner_id else dict(vals)
            for vals, partner_id in zip(vals_list, given, strict=True)
        ]

    def _check_not_consumed(self, vals):
        """:raise UserError: another customer or company for a policy that cases have consumed or name"""
        for policy in self:
            partner_id = vals.get("partner_id", policy.partner_id.id)
            company_id = vals.get("company_id", policy.company_id.id)
            moves = (partner_id, company_id) != (policy.partner_id.id, policy.company_id.id)
            if moves and policy._cases_of():
                raise UserError(
                    self.env._(
                        "Support Policy: cases of %(customer)s consume or name “%(name)s”; its customer and its "
                        "company stay.",
                        name=policy.name,
                        customer=policy.partner_id.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for policy in self:
            if policy._cases_of():
                raise UserError(
                    self.env._("Support Policy: cases consume or name “%(name)s”; cancel it instead.", name=policy.name)
                )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_cancel(self):
        """Cancel these policies: from now on no case consumes them. Those that did keep them.

        :return: True
        :raise AccessError: for who may not write policies
        """
        return self.write({"cancelled": True})

    def action_restore(self):
        """Take the cancellation of these policies back.

        :return: True
        :raise AccessError: for who may not write policies
        """
        return self.write({"cancelled": False})

    def action_view_cases(self):
        """The cases that consume this policy.

        :return: a window action on ``helpdesk.ticket``
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cases of %(name)s", name=self.name),
            "res_model": "helpdesk.ticket",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("consumed_policy_id", "=", self.id)],
            "context": {"active_test": False},
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _policy_today(self, company):
        """Today in the company, whoever asks."""
        return fields.Date.context_today(self.with_context(tz=company._business_time_zone() if company else None))

    def _cases_of(self):
        """One case, of any company and archived or not, that consumes or names these policies."""
        # Sudo: the rule holds for cases that the user does not see.
        cases = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        return cases.search(Domain("consumed_policy_id", "in", self.ids) | Domain("policy_id", "in", self.ids), limit=1)

    def _consumed_hours(self):
        """:return: {policy id: hours of the closed cases that consume it}, those of archived cases too"""
        policy_ids = self._origin.ids
        if not policy_ids:
            return {}
        self.env["helpdesk.ticket"].flush_model(["consumed_policy_id", "duration_hours"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT consumed_policy_id, SUM(duration_hours)
                  FROM helpdesk_ticket
                 WHERE consumed_policy_id = ANY(%s)
              GROUP BY consumed_policy_id
                """,
                policy_ids,
            )
        )
        return {policy_id: float(hours or 0) for policy_id, hours in rows}

    @api.model
    def _choose_for_cases(self, cases):
        """Which policy each closed case consumes that names none: see the class.

        Cases closed at once are taken in the order in which they were closed, each after what the ones before it
        took.

        :param cases: closed cases, without what they consumed before
        :return: {case id: policy}, without the cases for which no policy is in force
        """
        policies = self.search(
            [
                ("commercial_partner_id", "in", cases.commercial_partner_id.ids),
                ("company_id", "in", cases.company_id.ids),
                ("cancelled", "=", False),
            ],
            order="date_start, id",
        )
        if not policies:
            return {}
        hours = policies._consumed_hours()
        left = {policy: policy.amount - hours.get(policy.id, 0.0) * policy.hourly_rate for policy in policies}
        of_customer = policies.grouped(lambda policy: (policy.commercial_partner_id, policy.company_id))
        chosen = {}
        for case in cases.sorted(lambda case: (case.closed_date or fields.Datetime.now(), case.id)):
            day = case._closing_day()
            in_force = of_customer.get((case.commercial_partner_id, case.company_id), self.browse()).filtered(
                lambda policy, day=day: policy.date_start <= day <= policy.date_end
            )
            if in_force:
                with_rest = in_force.filtered(lambda policy: policy.currency_id.compare_amounts(left[policy], 0.0) > 0)
                policy = (with_rest or in_force)[0]
                left[policy] -= case.duration_hours * policy.hourly_rate
                chosen[case.id] = policy
        return chosen
