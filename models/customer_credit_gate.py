from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from . import customer_credit_sql


class Ask(NamedTuple):
    """The credit that a document asks for, in its company's currency."""

    amount: float
    uncounted: float  # part of it that the documents do not show yet


class Debt(NamedTuple):
    """What a customer owes a company, in the company's currency, from the documents."""

    total: float
    overdue: float


class Refusal(NamedTuple):
    """Why the gate refuses documents of one customer in one company; amounts in the company's currency."""

    documents: models.BaseModel
    customer: models.BaseModel
    company: models.BaseModel
    limit: float | None  # None: without limit
    debt: float  # without what is asked for
    overdue: float
    asked: float
    excess: float  # beyond the limit; 0 if it is not that


class CustomerCreditGate(models.Model):
    """The credit gate: decides whether documents may use a customer's credit. One row a customer and company.

    It trusts no stored figure: it asks the open documents of the commercial partner and its contacts. Two sales at the
    same instant never pass the limit together: in REPEATABLE READ a lock alone is not enough, because a transaction
    whose snapshot is older than the other's commit would take the free lock and count without the other's sale. So
    each passage *changes* the row: whoever comes later with an older snapshot fails with SerializationFailure (also
    when the row is new: ON CONFLICT finds one that the snapshot does not have) and Odoo retries it on a fresh one.

    Only what uses a limit changes the row: cash sales, customers without limit (público en general) and authorized
    documents do not wait for each other. They do not need to: each of them may come before or after any other.
    """

    _name = "customer.credit.gate"
    _description = "Credit Gate"
    _log_access = False
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    passages = fields.Integer(help="How many times the limit was asked for.")
    passed_on = fields.Datetime(string="Last Passage")

    # A constraint, not an index: Odoo's merge of contacts looks for constraints to know that two rows become one.
    _customer_unique = models.Constraint("UNIQUE (partner_id, company_id)", "There is one row a customer and company.")

    @api.model
    def _refusals(self, asks, passing=True, together=True):
        """Which documents may not use their customer's credit now, and why.

        :param dict asks: {document: ``Ask``} of records of one ``customer.credit.document``, as superuser
        :param bool passing: they are passing the gate; False only to tell what it would say
        :param bool together: they ask for the credit together; False tells of each as if it were alone
        :return: list of ``Refusal``
        """
        first, *others = asks
        by_pair = first.concat(*others).grouped(lambda document: (document._credit_customer(), document.company_id))
        limits = {pair: self._limit(*pair) for pair in by_pair}
        if passing:
            self._record_passages([pair for pair, limit in limits.items() if limit])
        debts = self._fetch_debts(list(by_pair))
        groups = [
            (pair, group) for pair, documents in by_pair.items() for group in ([documents] if together else documents)
        ]
        refusals = []
        for (customer, company), group in groups:
            currency = company.currency_id
            limit, debt = limits[customer, company], debts[customer.id, company.id]
            total = debt.total + sum(asks[document].uncounted for document in group)
            excess = 0.0 if limit is None else max(0.0, currency.round(total - limit))
            if currency.compare_amounts(debt.overdue, 0) > 0 or currency.compare_amounts(excess, 0) > 0:
                amount = sum(asks[document].amount for document in group)
                refusals.append(Refusal(group, customer, company, limit, total - amount, debt.overdue, amount, excess))
        return refusals

    @api.model
    def _limit(self, customer, company):
        """The customer's limit in the company's currency, None for none: what a limit of 0 means the company says."""
        limit = customer.with_company(company).credit_limit
        return None if not limit and company.customer_zero_limit == "unlimited" else limit

    @api.model
    def _record_passages(self, pairs):
        """Change the row of each customer and company, always in the same order, so that nobody waits in a circle."""
        if not pairs:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO customer_credit_gate AS gate (partner_id, company_id, passages, passed_on)
                SELECT pair.partner_id, pair.company_id, 1, NOW() AT TIME ZONE 'UTC'
                  FROM unnest(%s::int[], %s::int[]) AS pair(partner_id, company_id)
              ORDER BY pair.partner_id, pair.company_id
           ON CONFLICT (partner_id, company_id) DO UPDATE
                   SET passages = gate.passages + 1, passed_on = EXCLUDED.passed_on
                """,
                [customer.id for customer, _company in pairs],
                [company.id for _customer, company in pairs],
            ),
            log_exceptions=False,  # who comes late fails and is tried again: nothing is wrong
        )
        self.invalidate_model(["passages", "passed_on"])

    @api.model
    def _fetch_debts(self, pairs):
        """What customers owe, from the documents as this transaction sees them.

        Receipts and credit notes that are not applied yet lower the debt, and what is overdue: the money is here. So
        the debt is the card's ``receivable_balance`` less those, plus receivables of other entries (opening balances).

        :param pairs: list of (customer, company)
        :return: {(customer id, company id): ``Debt``}
        """
        rows = self._execute_credit_query(customer_credit_sql.OWED, pairs)
        companies = {company.id: company for _customer, company in pairs}
        debts = {}
        for customer_id, company_id, uninvoiced, items, uninvoiced_overdue, items_overdue, unapplied in rows:
            currency = companies[company_id].currency_id
            overdue = max(0.0, float(uninvoiced_overdue + items_overdue - unapplied))
            debts[customer_id, company_id] = Debt(currency.round(float(uninvoiced + items)), currency.round(overdue))
        return debts

    @api.model
    def _fetch_overdue_since(self, customer, company):
        """:return: the date since when the customer owes something overdue, or False"""
        rows = self._execute_credit_query(customer_credit_sql.OVERDUE_SINCE, [(customer, company)])
        return rows[0][2] if rows else False

    @api.model
    def _execute_credit_query(self, query, pairs):
        for model, names in customer_credit_sql.READS.items():
            self.env[model].flush_model(names)
        return self.env.execute_query(
            SQL(
                customer_credit_sql.ASKED + query,
                customers=[customer.id for customer, _company in pairs],
                companies=[company.id for _customer, company in pairs],
                days=[company._business_today() for _customer, company in pairs],
                time_zones=[company._business_time_zone() for _customer, company in pairs],
                credit_days=[customer.with_company(company).credit_days for customer, company in pairs],
            )
        )
