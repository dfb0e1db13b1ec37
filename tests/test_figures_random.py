import math
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from odoo import Command
from odoo.tests import tagged

from .common import CustomerCommon
from .figures_recount import Recount

# Sums of two figures, each rounded by itself.
SUMS = ("credit_available", "overdue_balance", "receivable_balance", "advance_balance")
picks = st.integers(min_value=0, max_value=1000)


# By the name of what can happen, the strategies of its arguments.
ACTIONS = {}


def action(**strategies):
    def register(method):
        ACTIONS[method.__name__] = strategies
        return method

    return register


class Run:
    """What people do to documents and to customers. Each run begins from the documents of the test: a savepoint takes
    back what it did."""

    def __init__(self, test):
        self.test = test
        self.env = test.env

    def __enter__(self):
        self.savepoint = self.env.cr.savepoint()
        return self

    def __exit__(self, *_error):
        self.savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)

    # ------------------------------------------------------------------
    # What there is
    # ------------------------------------------------------------------
    def find(self, model, **values):
        """Records of the test's customers and of their contacts, oldest first, like ``state=("draft", "sent")``."""
        partners = (
            self.env["res.partner"].with_context(active_test=False).search([("id", "child_of", self.partners().ids)])
        )
        domain = [(name, "in", value) for name, value in values.items()]
        return self.env[model].search([("partner_id", "in", partners.ids), *domain], order="id")

    def partners(self):
        return self.test.partners.exists()

    def customers(self):
        return self.partners().commercial_partner_id

    def orders(self, *states):
        return self.find("sale.order", state=states)

    def invoices(self, *states, types=("out_invoice",)):
        return self.find("account.move", state=states, move_type=types)

    def to_invoice(self):
        return self.orders("sale").filtered(lambda order: order.invoice_status == "to invoice")

    def unpaid(self):
        return self.invoices("posted").filtered("amount_residual")

    def pick(self, records, number):
        return records[number % len(records)]

    @contextmanager
    def step(self, name):
        yield
        self.test.done[name] += 1
        self.test.check()

    # ------------------------------------------------------------------
    # Orders
    # ------------------------------------------------------------------
    @action(
        customer=picks,
        quantity=st.integers(1, 9),
        price=st.sampled_from((100.0, 33.33, 0.01)),
        kind=st.sampled_from(("plain", "discount", "return")),
        company=st.integers(0, 1),
        usd=st.booleans(),
        then=st.sampled_from((None, "action_confirm", "action_reserve")),
    )
    def sell(self, customer, quantity, price, kind, company, usd, then):
        with self.step("sell"):
            order = self.test._sell(self.pick(self.partners(), customer), quantity, price, kind, company, usd)
            if then:
                getattr(order, then)()

    @action(number=picks, days=st.sampled_from((0, 0, 8, 45)))
    def confirm(self, number, days):
        if orders := self.orders("draft", "sent"):
            with self.step("confirm"):
                order = self.pick(orders, number)
                order.action_confirm()
                order.date_order -= timedelta(days=days)

    @action(number=picks)
    def reserve_or_release(self, number):
        if orders := self.orders("draft", "sent"):
            with self.step("reserve_or_release"):
                order = self.pick(orders, number)
                order.action_release() if order.reserved_on else order.action_reserve()

    @action(number=picks, customer=picks)
    def give_to_another_customer(self, number, customer):
        drafts = [*self.orders("draft"), *self.invoices("draft")]
        if drafts:
            with self.step("give_to_another_customer"):
                self.pick(drafts, number).partner_id = self.pick(self.partners(), customer)

    @action(number=picks, part=st.sampled_from((0.0, 0.5, 2.0)))
    def change_quantity(self, number, part):
        if orders := self.orders("sale", "draft"):
            with self.step("change_quantity"):
                line = self.pick(orders, number).order_line.filtered("product_id")[0]
                line.product_uom_qty = int(line.product_uom_qty * part)

    @action(number=picks)
    def cancel(self, number):
        orders = self.orders("draft", "sent", "sale").filtered(
            lambda order: "posted" not in order.invoice_ids.mapped("state")
        )
        if orders:
            with self.step("cancel"):
                self.pick(orders, number)._action_cancel()

    @action(number=picks)
    def delete(self, number):
        orders = self.orders("draft", "cancel").filtered(lambda order: not order.invoice_ids)
        if orders:
            with self.step("delete"):
                self.pick(orders, number).unlink()

    # ------------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------------
    @action(number=picks, post=st.booleans(), days=st.sampled_from((0, 20, 60)))
    def invoice(self, number, post, days):
        if orders := self.to_invoice():
            with self.step("invoice"):
                invoice = self.pick(orders, number)._create_invoices(final=True)
                invoice.invoice_date = self.test.today - timedelta(days=days)
                if post:
                    invoice.action_post()

    @action(
        number=picks,
        amount=st.sampled_from((("percentage", 50.0), ("percentage", 33.0), ("fixed", 100.0))),
        then=st.sampled_from((None, "post", "collect", "collect", "collect a part")),
    )
    def down_payment(self, number, amount, then):
        orders = self.orders("sale").filtered(lambda order: order.amount_total > 0)
        if orders:
            with self.step("down_payment"):
                invoice = self.test._down_payment(self.pick(orders, number), *amount)
                if then:
                    invoice.action_post()
                if then in ("collect", "collect a part"):
                    part = 0.5 if then == "collect a part" else 1
                    self.test._collect(invoice, invoice.currency_id.round(invoice.amount_total * part))

    @action(number=picks)
    def post_or_reset(self, number):
        if invoices := self.invoices("draft", "posted"):
            with self.step("post_or_reset"):
                invoice = self.pick(invoices, number)
                invoice.action_post() if invoice.state == "draft" else invoice.button_draft()

    @action(number=picks)
    def drop_a_draft(self, number):
        """Down payments go with their invoice."""
        if invoices := self.invoices("draft"):
            with self.step("drop_a_draft"):
                invoice = self.pick(invoices, number)
                invoice.button_cancel() if invoice.posted_before else invoice.unlink()

    @action(number=picks, apply=st.booleans())
    def credit(self, number, apply):
        if invoices := self.invoices("posted"):
            with self.step("credit"):
                invoice = self.pick(invoices, number)
                note = invoice._reverse_moves([{"invoice_date": self.test.today, "date": self.test.today}])
                note.action_post()
                if apply:
                    (invoice | note).line_ids.filtered(
                        lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
                    ).reconcile()

    # ------------------------------------------------------------------
    # Money
    # ------------------------------------------------------------------
    @action(number=picks, part=st.sampled_from((1.0, 0.5, 0.333)))
    def collect(self, number, part):
        if invoices := self.unpaid():
            with self.step("collect"):
                invoice = self.pick(invoices, number)
                self.test._collect(invoice, invoice.currency_id.round(invoice.amount_residual * part) or None)

    @action(number=picks)
    def unreconcile(self, number):
        moves = self.invoices("posted", types=("out_invoice", "out_refund")).filtered("has_reconciled_entries")
        if moves:
            with self.step("unreconcile"):
                self.pick(moves, number).line_ids.remove_move_reconcile()

    @action(customer=picks, company=st.integers(0, 1), amount=st.sampled_from((250.0, -70.0)))
    def pay_in_advance_or_back(self, customer, company, amount):
        with self.step("pay_in_advance_or_back"):
            self.env["account.payment"].with_company(self.test.companies[company]).create(
                {
                    "payment_type": "inbound" if amount > 0 else "outbound",
                    "partner_type": "customer",
                    "partner_id": self.pick(self.partners(), customer).id,
                    "amount": abs(amount),
                }
            ).action_post()

    @action(rate=st.sampled_from((0.04, 0.0625, 0.1)), days=st.sampled_from((0, 30)))
    def change_the_rate(self, rate, days):
        """Documents keep the rate at which they were made."""
        with self.step("change_the_rate"):
            for company, currency, value in zip(
                self.test.companies,
                (self.test.dollar, self.test.company.currency_id),
                (rate, 1 / rate),
                strict=True,
            ):
                day = self.test.today - timedelta(days=days)
                rates = self.env["res.currency.rate"]
                known = [("currency_id", "=", currency.id), ("company_id", "=", company.id), ("name", "=", day)]
                if found := rates.search(known):
                    found.rate = value
                else:
                    rates.create({name: value for name, _operator, value in known} | {"rate": value})

    @action(customer=picks, company=st.integers(0, 1), days=st.sampled_from((0, 10, 30)), limit=st.integers(0, 9000))
    def change_the_terms(self, customer, company, days, limit):
        with self.step("change_the_terms"):
            card = self.pick(self.customers(), customer).sudo().with_company(self.test.companies[company])
            card.write({"credit_days": days, "credit_limit": limit})

    # ------------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------------
    @action(customer=picks)
    def archive_or_restore(self, customer):
        with self.step("archive_or_restore"):
            partner = self.pick(self.partners(), customer)
            partner.active = not partner.active

    @action(source=picks, destination=picks)
    def merge(self, source, destination):
        source = self.pick(self.customers(), source)
        with self.step("merge"):
            destination = self.pick(self.customers() - source, destination)
            wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
            wizard._merge((source | destination).ids, destination, extra_checks=False)
            self.env.invalidate_all()

    @action(number=picks)
    def move_to_another_company(self, number):
        """A contact to another company or out of any, or a customer into one."""
        people = self.partners().filtered(lambda partner: not partner.is_company)
        companies = [*self.customers().filtered("is_company"), self.env["res.partner"]]
        moves = [(person, company) for person in people for company in companies if self.may_move(person, company)]
        if moves:
            with self.step("move_to_another_company"):
                person, company = self.pick(moves, number)
                person.write({"parent_id": company.id, **({} if company else {"vat": False})})

    def may_move(self, person, company):
        """Odoo gives entries to a company with the same RFC, and to no other."""
        if company == person.parent_id:
            return False
        has_entries = self.env["account.move.line"].search_count([("partner_id", "=", person.id)], limit=1)
        return not (company and has_entries and (company.vat or "") != (person.vat or ""))


@tagged("post_install", "-at_install")
class TestRandomDocuments(CustomerCommon):
    """Whatever happens to documents and customers, in whatever order: the figures are those of a recount.

    After each step the figures are read, as whoever opens the card gets them; then they are stored, and the columns are
    compared too. So each step begins with nothing pending: what it forgets to mark shows.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_second_company()
        cls.service = cls.env["product.product"].create(
            {"name": "Instalación", "type": "service", "lst_price": 333.33, "invoice_policy": "order"}
        )
        cls.other = cls._create_customer(name="Otro Cliente", vat="XIA190128J61")
        cls.contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": cls.customer.id})
        # Odoo does not let who has entries become the contact of who has another RFC: these have none.
        cls.chain = cls._create_customer(name="Cadena")
        cls.shop = cls._create_customer(name="Tienda de la Cadena", is_company=False)
        cls.partners = cls.customer | cls.other | cls.chain | cls.shop | cls.contact
        cls._set_up_documents()
        cls._store_figures()
        cls.done = Counter()

    @classmethod
    def _set_up_second_company(cls):
        """One that keeps its books in dollars, at the other end of the world."""
        cls.dollar = cls.env.ref("base.USD")
        cls.dollar.active = True
        cls.env["account.chart.template"].sudo().try_loading("generic_coa", cls.company_2, install_demo=False)
        cls.company_2.sudo().write({"currency_id": cls.dollar.id, "customer_credit_gate": False})
        cls.company_2.partner_id.tz = "Asia/Tokyo"
        cls.companies = cls.company | cls.company_2
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.companies.ids})
        # Contacts that come and go take their company's RFC along.
        cls.companies.sudo().customer_rfc_unique = False
        cls.companies, cls.customer = cls.companies.with_env(cls.env), cls.customer.with_env(cls.env)
        cls.env["res.currency.rate"].create(
            [
                {"name": "2020-01-01", "currency_id": currency.id, "rate": rate, "company_id": company.id}
                for currency, rate, company in (
                    (cls.dollar, 0.05, cls.company),
                    (cls.company.currency_id, 20.0, cls.company_2),
                )
            ]
        )
        currencies = (cls.company.currency_id, cls.dollar)
        cls.pricelists = cls.env["product.pricelist"].create(
            [{"name": currency.name, "currency_id": currency.id, "company_id": False} for currency in currencies]
        )

    @classmethod
    def _set_up_documents(cls):
        """Most of what can happen happens to what is sold, invoiced and collected: each run begins with some."""
        for partner, company, usd in (
            (cls.customer, 0, False),
            (cls.customer, 1, False),
            (cls.contact, 0, True),
            (cls.other, 0, False),
            (cls.shop, 1, True),
        ):
            order = cls._sell(partner, company=company, usd=usd)
            order.action_confirm()
            order._create_invoices().action_post()
        order = cls._sell(cls.other, quantity=5)
        order.action_confirm()
        invoice = cls._down_payment(order, "percentage", 40.0)
        invoice.action_post()
        cls._collect(invoice)
        order = cls._sell(cls.shop)
        order.action_confirm()
        order._create_invoices()
        cls._sell(cls.contact).action_reserve()
        cls._sell(cls.other, company=1)
        # What the ORM does not see move: it follows a merge or a move of a contact only if that marks it.
        for partner in cls.partners:
            cls.env["ir.attachment"].create(
                {"name": "constancia.txt", "raw": b"texto", "res_model": "res.partner", "res_id": partner.id}
            )
            cls.env["calendar.event"].create(
                {
                    "name": "Visita",
                    "start": "2026-01-05 18:00:00",
                    "stop": "2026-01-05 19:00:00",
                    "partner_ids": [Command.set(partner.ids)],
                }
            )

    @classmethod
    def _sell(cls, partner, quantity=3, price=100.0, kind="plain", company=0, usd=False):
        """:param kind: of the second line: a plain service, a discount, or something that comes back"""
        line = {"product_id": cls.product.id, "product_uom_qty": quantity, "price_unit": price}
        second = {"product_id": cls.service.id, "product_uom_qty": quantity}
        if kind == "discount":
            second |= {"product_uom_qty": 1, "price_unit": -price / 3}
        elif kind == "return":
            second = {**line, "product_uom_qty": -1, "discount": 10.0}
        return (
            cls.env["sale.order"]
            .with_company(cls.companies[company])
            .create(
                {
                    "partner_id": partner.id,
                    "pricelist_id": cls.pricelists[usd].id,
                    "order_line": [Command.create(line), Command.create(second)],
                }
            )
        )

    @classmethod
    def _down_payment(cls, order, method, amount):
        wizard = (
            cls.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": method, "amount": amount, "fixed_amount": amount})
        )
        return wizard._create_invoices(order)

    @settings(
        max_examples=7,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        # A run takes seconds: a failure is told as it was found, and not searched for a shorter one.
        phases=(Phase.generate,),
    )
    @given(st.permutations(list(ACTIONS)), st.data())
    def _run(self, names, data):
        """Everything happens once, in any order; Hypothesis tells what happened before a failure."""
        with Run(self) as run:
            for name in names:
                getattr(run, name)(**data.draw(st.fixed_dictionaries(ACTIONS[name]), label=name))

    def test_random_sequences(self):
        self._run()
        # What never happened proves nothing.
        self.assertFalse(ACTIONS.keys() - self.done.keys(), f"never happened; what did: {self.done}")

    # ------------------------------------------------------------------
    # Comparing
    # ------------------------------------------------------------------
    def check(self):
        self.env.flush_all()
        self.env.invalidate_all()
        partners = self.partners.exists()
        recounts = {}
        recount = Recount(partners.commercial_partner_id, self.companies)
        for company in self.companies:
            for card in partners.commercial_partner_id.with_company(company):
                customer = card.with_env(self.env)
                recounts[customer, company] = expected = recount.figures(customer, company)
                self._compare(f"{customer.name} in {company.name}, as read", card, expected)
        for contact in partners - partners.commercial_partner_id:
            expected = recounts[contact.commercial_partner_id, self.companies[0]]
            self._compare(f"contact {contact.name}, as read", contact, expected)
        counts = self._count(partners.commercial_partner_id)
        customers = partners.browse(counts)
        found = {customer.id: (customer.file_count, customer.event_count) for customer in customers}
        self.assertEqual(found, counts, "numbers of files and events, as read")
        self._store_figures()
        self.env.cr.execute("SELECT id, file_count, event_count FROM res_partner WHERE id IN %s", [tuple(counts)])
        stored = {customer_id: (files, events) for customer_id, files, events in self.env.cr.fetchall()}
        self.assertEqual(stored, counts, "the same, as stored")
        names = list(expected)
        columns = ", ".join(names)
        self.env.cr.execute(f"SELECT id, {columns} FROM res_partner WHERE id IN %s", [partners._ids])  # noqa: S608
        for partner_id, *values in self.env.cr.fetchall():
            stored, partner = dict(zip(names, values, strict=True)), partners.browse(partner_id)
            if partner != partner.commercial_partner_id:
                self.assertFalse(any(values), f"{partner.name} is a contact and owns figures: {stored}")
                continue
            for company in self.companies:
                found = {name: (value or {}).get(str(company.id)) or 0 for name, value in stored.items()}
                for name, value in found.items():
                    if partner._fields[name].type in ("date", "datetime"):
                        found[name] = partner._fields[name].convert_to_cache(value or False, partner) or False
                self._compare(f"{partner.name} in {company.name}, as stored", found, recounts[partner, company])

    def _count(self, customers):
        """{customer id: (number of files, number of events)}"""
        everybody, found = self.env["res.partner"].with_context(active_test=False), {}
        for customer in customers:
            members = everybody.search([("commercial_partner_id", "=", customer.id)]).ids
            files = [("res_model", "=", "res.partner"), ("res_id", "in", members)]
            found[customer.id] = (
                self.env["ir.attachment"].search_count(files),
                self.env["calendar.event"].search_count([("partner_ids", "in", members)]),
            )
        return found

    def _compare(self, whose, found, expected):
        partners_fields = self.env["res.partner"]._fields
        for name, value in expected.items():
            if partners_fields[name].type == "float":
                same = math.isclose(found[name], value, rel_tol=0, abs_tol=0.0102 if name in SUMS else 0.0051)
            else:
                same = found[name] == value
            self.assertTrue(same, f"{name} of {whose}: {found[name]} and not {value}")
