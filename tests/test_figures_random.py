import math
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from odoo import Command
from odoo.tests import tagged

from .common import CustomerCommon

FIGURES = (
    *("invoiced_total", "invoice_balance", "invoice_overdue", "collected", "credit_note_balance"),
    *("credit_note_applied", "credit_note_unstamped_count", "sold_authorized", "average_sale", "pending_sale_count"),
    *("services_sold", "last_sale_date", "first_sale_date"),
)
picks = st.integers(min_value=0, max_value=1000)


@tagged("post_install", "-at_install")
class TestRandomDocuments(CustomerCommon):
    """Whatever happens to documents, in whatever order: the figures are those of a recount, document by document.

    The recount reads the documents' own totals through the ORM and shares nothing with the queries of the figures.
    Nothing here is stored: figures are read from the row or from the documents, as whoever reads the card gets them;
    what is stored is compared at the end of each run.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollar = cls.env.ref("base.USD")
        cls.dollar.active = True
        cls.env["res.currency.rate"].create(
            {"name": "2020-01-01", "currency_id": cls.dollar.id, "rate": 0.05, "company_id": cls.company.id}
        )
        cls.pricelist_usd = cls.env["product.pricelist"].create({"name": "USD", "currency_id": cls.dollar.id})
        cls.service = cls.env["product.product"].create(
            {"name": "Instalación", "type": "service", "lst_price": 333.33, "invoice_policy": "order"}
        )
        cls.other = cls._create_customer(name="Otro Cliente", vat="XIA190128J61")
        cls.contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": cls.customer.id})
        cls.customers = cls.customer | cls.other

    def test_random_sequences(self):
        run_state_machine_as_test(
            lambda: Machine(self),
            settings=settings(
                max_examples=10,
                stateful_step_count=12,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
                # A run takes seconds: a failure is told as it was found, and not searched for a shorter one.
                phases=(Phase.generate,),
            ),
        )

    # ------------------------------------------------------------------
    # The recount
    # ------------------------------------------------------------------
    def _recount(self, customer):
        family = self.env["res.partner"].with_context(active_test=False).search([("id", "child_of", customer.id)])
        company = [("company_id", "=", self.company.id)]
        moves = self.env["account.move"].search([("partner_id", "in", family.ids), ("state", "=", "posted"), *company])
        invoices = moves.filtered(lambda move: move.move_type == "out_invoice")
        notes = moves.filtered(lambda move: move.move_type == "out_refund")
        payments = self.env["account.payment"].search(
            [("partner_id", "in", family.ids), ("state", "in", ("in_process", "paid")), *company]
        )
        orders = self.env["sale.order"].search([("partner_id", "in", family.ids), ("state", "=", "sale"), *company])
        totals = [order.amount_total / order.currency_rate for order in orders]
        services = orders.order_line.filtered(lambda line: line.product_id.type == "service")
        overdue = invoices.filtered(lambda move: move.invoice_date_due < self.today)
        return {
            "invoiced_total": sum(invoices.mapped("amount_total_signed")),
            "invoice_balance": sum(invoices.mapped("amount_residual_signed")),
            "invoice_overdue": sum(overdue.mapped("amount_residual_signed")),
            "collected": sum(payments.mapped("amount_company_currency_signed")),
            "credit_note_balance": -sum(notes.mapped("amount_residual_signed")),
            "credit_note_applied": -sum(note.amount_total_signed - note.amount_residual_signed for note in notes),
            "credit_note_unstamped_count": len(notes),
            "sold_authorized": sum(
                total for order, total in zip(orders, totals, strict=True) if order.customer_stage == "authorized"
            ),
            "average_sale": sum(totals) / len(totals) if totals else 0.0,
            "pending_sale_count": len(orders.filtered(lambda order: order.customer_stage == "authorized")),
            "services_sold": sum(line.price_subtotal / line.order_id.currency_rate for line in services),
            "last_sale_date": max(orders.mapped("date_order"), default=False),
            "first_sale_date": min(orders.mapped("date_order"), default=False),
        }

    def check(self):
        self.env.flush_all()
        self.env.invalidate_all()
        for customer in self.customers:
            self._compare(customer, {name: customer[name] for name in FIGURES})
        self.assertEqual(self.contact.invoiced_total, self.contact.commercial_partner_id.invoiced_total)

    def check_stored(self):
        self._store_figures()
        for customer in self.customers:
            partners = self.env["res.partner"].with_context(active_test=False)
            [row] = partners.search_read([("id", "=", customer.id)], FIGURES)
            self._compare(customer, row)

    def _compare(self, customer, found):
        for name, expected in self._recount(customer).items():
            if isinstance(expected, float):
                same = math.isclose(found[name], expected, abs_tol=0.0051)
            else:
                same = found[name] == expected
            self.assertTrue(same, f"{name} of {customer.name}: {found[name]} and not {expected}")


class Machine(RuleBasedStateMachine):
    """What people do to documents. Each run begins from nothing: a savepoint takes it back."""

    def __init__(self, test):
        super().__init__()
        self.test = test
        self.env = test.env
        self.savepoint = self.env.cr.savepoint()
        self.orders = self.env["sale.order"]
        self.invoices = self.env["account.move"]
        self.notes = self.env["account.move"]
        # Most of what can happen happens to what is invoiced.
        for customer in test.customers:
            order = test._create_order(customer, quantity=3)
            invoice = order._create_invoices()
            invoice.action_post()
            self.orders |= order
            self.invoices |= invoice

    def teardown(self):
        try:
            self.test.check_stored()
        finally:
            self.savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def pick(self, records, number):
        return records[number % len(records)]

    def posted(self):
        return self.invoices.filtered(lambda move: move.state == "posted")

    @rule(customer=picks, quantity=st.integers(1, 9), price=st.sampled_from((100.0, 33.33, 0.01)), usd=st.booleans())
    def sell(self, customer, quantity, price, usd):
        line = {"product_uom_qty": quantity, "price_unit": price}
        self.orders |= self.env["sale.order"].create(
            {
                "partner_id": self.pick(self.test.customers | self.test.contact, customer).id,
                **({"pricelist_id": self.test.pricelist_usd.id} if usd else {}),
                "order_line": [
                    Command.create({"product_id": self.test.product.id, **line}),
                    Command.create({"product_id": self.test.service.id, "product_uom_qty": quantity}),
                ],
            }
        )
        self.test.check()

    @precondition(lambda self: self.orders)
    @rule(number=picks)
    def confirm(self, number):
        order = self.pick(self.orders, number)
        if order.state in ("draft", "sent"):
            order.action_confirm()
        self.test.check()

    @precondition(lambda self: self.orders.filtered(lambda order: order.state == "draft"))
    @rule(number=picks, customer=picks)
    def give_to_another_customer(self, number, customer):
        order = self.pick(self.orders.filtered(lambda order: order.state == "draft"), number)
        order.partner_id = self.pick(self.test.customers, customer)
        self.test.check()

    @precondition(lambda self: self.orders.filtered(lambda order: order.invoice_status == "to invoice"))
    @rule(number=picks, post=st.booleans(), days=st.integers(0, 60))
    def invoice(self, number, post, days):
        order = self.pick(self.orders.filtered(lambda order: order.invoice_status == "to invoice"), number)
        invoice = order._create_invoices()
        invoice.invoice_date = self.test.today - timedelta(days=days)
        if post:
            invoice.action_post()
        self.invoices |= invoice
        self.test.check()

    @precondition(lambda self: self.invoices)
    @rule(number=picks)
    def post_or_reset(self, number):
        invoice = self.pick(self.invoices, number)
        if invoice.state == "draft":
            invoice.action_post()
        elif invoice.state == "posted":
            invoice.button_draft()
        self.test.check()

    @precondition(lambda self: self.posted().filtered("amount_residual"))
    @rule(number=picks, part=st.sampled_from((1.0, 0.5, 0.333)))
    def collect(self, number, part):
        invoice = self.pick(self.posted().filtered("amount_residual"), number)
        self.test._collect(invoice, invoice.currency_id.round(invoice.amount_residual * part) or None)
        self.test.check()

    @precondition(lambda self: self.posted())
    @rule(number=picks)
    def unreconcile(self, number):
        self.pick(self.posted(), number).line_ids.remove_move_reconcile()
        self.test.check()

    @precondition(lambda self: self.posted())
    @rule(number=picks, apply=st.booleans())
    def credit(self, number, apply):
        invoice = self.pick(self.posted(), number)
        note = invoice._reverse_moves([{"invoice_date": self.test.today, "date": self.test.today}])
        note.action_post()
        if apply:
            lines = (invoice | note).line_ids.filtered(
                lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
            )
            lines.reconcile()
        self.notes |= note
        self.test.check()

    @precondition(lambda self: self.orders)
    @rule(number=picks)
    def cancel(self, number):
        order = self.pick(self.orders, number)
        if not order.invoice_ids.filtered(lambda move: move.state == "posted"):
            order._action_cancel()
        self.test.check()

    @precondition(lambda self: self.orders)
    @rule(number=picks)
    def delete(self, number):
        order = self.pick(self.orders, number)
        if order.state in ("draft", "cancel") and not order.invoice_ids:
            self.orders -= order
            order.unlink()
        self.test.check()

    @rule()
    def archive_or_restore(self):
        self.test.other.active = not self.test.other.active
        self.test.check()
