from contextlib import contextmanager
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from . import customer_credit_document  # noqa: F401  The model below inherits from it.
from .customer_credit_gate import Ask

# What may make a confirmed order ask for more credit.
ASKING = frozenset(
    {"company_id", "currency_id", "fiscal_position_id", "order_line", "partner_id", "payment_term_id", "pricelist_id"}
)
WATCHED = "l10n_mx_customer.credit_watched"


class Commitment(NamedTuple):
    """The credit that a confirmed order, or one set aside, was let through with."""

    customer: models.BaseModel
    company: models.BaseModel
    currency: models.BaseModel
    total: float
    is_cash: bool


class SaleOrder(models.Model):
    """A sale passes the credit gate when it is set aside, when it is confirmed, and when it grows afterwards.

    A cash sale (payment term of zero days for the whole amount, or paid already) uses no credit. Confirming is writing
    the state: whatever does it (button, portal, payment, RPC) passes here, and is refused before anything is written.
    """

    _name = "sale.order"
    _inherit = ["sale.order", "customer.credit.document"]

    credit_authorization_ids = fields.One2many(
        "customer.credit.authorization",
        "order_id",
        string="Credit Authorizations",
        readonly=True,
        groups="l10n_mx_customer.group_customer_user,account.group_account_readonly",
        help="Everything that a credit manager has authorized for this sale.",
    )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        confirmed = orders.filtered(lambda order: order.state == "sale").sudo()
        if confirmed:
            # An import, or an integration: it says that they are confirmed, and nobody has asked.
            confirmed._check_credit_gate({order: Ask(order._company_amount(), 0.0) for order in confirmed})
        return orders

    def write(self, vals):
        confirmed = self.filtered(lambda order: order.state != "sale") if vals.get("state") == "sale" else self.browse()
        if confirmed and not ASKING & vals.keys():
            confirmed._check_credit_gate()
        if vals.get("state") == "cancel":
            # What is cancelled and drafted again is another sale: it asks again.
            vals = {**vals, "credit_authorization_id": False}
        if not ASKING & vals.keys():
            return super().write(vals)
        with self._watch_credit():
            result = super().write(vals)
        if confirmed:
            # Confirmed and changed at once: only afterwards it is known what it asks for.
            confirmed = confirmed.sudo()
            confirmed._check_credit_gate({order: Ask(order._company_amount(), 0.0) for order in confirmed})
        return result

    # ------------------------------------------------------------------
    # The gate
    # ------------------------------------------------------------------

    def _is_cash(self):
        self.ensure_one()
        return not self.env["res.partner"]._term_days(self.payment_term_id)

    def _awaits_credit(self):
        self.ensure_one()
        return self.state in ("draft", "sent")

    def _is_granted(self):
        self.ensure_one()
        return self.state == "sale"

    def _is_committed(self):
        """Whether it counts in what its customer owes."""
        self.ensure_one()
        return self.state == "sale" or bool(self.reserved_on)

    def _company_amount(self, total=None):
        """The total in the company's currency, at the order's rate."""
        self.ensure_one()
        return (self.amount_total if total is None else total) / (self.currency_rate or 1.0)

    def _credit_ask(self, total=None):
        self.ensure_one()
        if self._is_granted():
            grown = self._company_amount((total or self.amount_total) - self.amount_total)
            return Ask(self._company_amount(total) if self._is_cash() else grown, grown)
        # Confirming it will give it the rate of today.
        currency = self.company_id.currency_id
        now = fields.Datetime.now().date()
        amount = self.currency_id._convert(
            self.amount_total if total is None else total, currency, self.company_id, now, round=False
        ) - self._prepaid_amount(now)
        counted = self._company_amount() if self.reserved_on else 0.0
        return Ask(amount, amount - counted)

    def _prepaid_amount(self, date):
        """What was paid online for the order and is no receipt yet, in the company's currency."""
        transactions = self.transaction_ids.filtered(
            lambda transaction: transaction.state in ("authorized", "done") and not transaction.payment_id
        )
        return sum(
            transaction.currency_id._convert(
                transaction.amount, self.company_id.currency_id, self.company_id, date, round=False
            )
            for transaction in transactions
        )

    @contextmanager
    def _watch_credit(self):
        """Send the committed orders that ask for more credit after the block through the gate, once for all."""
        watched = self.env.cr.cache.setdefault(WATCHED, set())
        orders = self.sudo().filtered(lambda order: order._is_committed() and order.id not in watched)
        if not orders:
            yield
            return
        before = {order: order._commitment() for order in orders}
        watched.update(orders.ids)
        try:
            yield
        finally:
            watched.difference_update(orders.ids)
        asks = {order: order._growth(before[order]) for order in orders.exists() if order._is_committed()}
        asks = {order: ask for order, ask in asks.items() if ask}
        if asks:
            orders.browse(order.id for order in asks)._check_credit_gate(asks)

    def _commitment(self):
        return Commitment(
            self._credit_customer(), self.company_id, self.currency_id, self.amount_total, self._is_cash()
        )

    def _growth(self, before):
        """What it asks for besides what it was let through with, or None; the documents show it already."""
        now = self._commitment()
        if now.is_cash:
            return None
        if before.is_cash or now[:3] != before[:3]:
            return Ask(self._company_amount(), 0.0)
        if now.currency.compare_amounts(now.total, before.total) <= 0:
            return None
        return Ask(self._company_amount(now.total - before.total), 0.0)

    # ------------------------------------------------------------------
    # Confirmed by the customer
    # ------------------------------------------------------------------

    def _hold_for_credit(self, message):
        """Tell the salesperson and the credit managers that a customer's own confirmation was refused."""
        for order in self.sudo():
            order.message_post(body=message, message_type="comment", subtype_xmlid="mail.mt_note")
            try:
                order.action_ask_credit_authorization(message)
            except UserError as error:  # they were asked already, or nobody can be
                order.message_post(body=str(error), message_type="comment", subtype_xmlid="mail.mt_note")


class SaleOrderLine(models.Model):
    """A line that makes a confirmed sale grow sends it through the credit gate."""

    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        order_ids = {vals.get("order_id") for vals in vals_list} - {None, False}
        with self.env["sale.order"].browse(order_ids)._watch_credit():
            return super().create(vals_list)

    def write(self, vals):
        if not self._credit_fields() & vals.keys():
            return super().write(vals)
        with self.order_id._watch_credit():
            return super().write(vals)

    def unlink(self):
        # A discount may go.
        with self.order_id._watch_credit():
            return super().unlink()

    @api.model
    def _credit_fields(self):
        """Fields that change what a line costs."""
        return {"discount", "order_id", "price_unit", "product_id", "product_uom_id", "product_uom_qty", "tax_ids"}
