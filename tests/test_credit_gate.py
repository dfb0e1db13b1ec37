from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import format_date

from .common import CustomerCommon

SELLER = "sales_team.group_sale_salesman"
MANAGER = "l10n_mx_customer.group_credit_manager"


class GateCommon(CustomerCommon):
    """The customer has a limit of 50,000 and 30 days; a unit costs 1,000 and 16 % of IVA."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.customer_credit_gate = True
        cls.immediate = cls.env.ref("account.account_payment_term_immediate")

    def assert_refused(self, call, *texts):
        """The call is refused by the gate, in words, and leaves nothing behind."""
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            call()
        self.assertTrue(getattr(caught.exception, "is_credit_refusal", False), caught.exception)
        for text in texts:
            self.assertIn(text, str(caught.exception))

    def _passages(self, customer=None):
        domain = [("partner_id", "=", (customer or self.customer).id)]
        return sum(self.env["customer.credit.gate"].sudo().search(domain).mapped("passages"))

    def _debt(self, customer=None, company=None):
        pair = (customer or self.customer, company or self.company)
        return self.env["customer.credit.gate"]._fetch_debts([pair])[pair[0].id, pair[1].id]

    def _pay(self, amount, partner=None):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": (partner or self.customer).id,
                "amount": amount,
            }
        )
        payment.action_post()
        return payment


@tagged("post_install", "-at_install")
class TestCreditGate(GateCommon):
    def test_up_to_the_limit_and_not_a_cent_beyond(self):
        self._create_order(quantity=40)  # 46,400
        order = self._create_order(price=3103.45, confirm=False)  # 3,600.00
        self.assertEqual(order.amount_total, 3600.0)
        order.action_confirm()
        self.assertEqual(self._passages(), 2)
        self.assert_refused(
            self._create_order(price=0.01, confirm=False).action_confirm,
            self.customer.name,
            "beyond the credit limit by $\xa00.01",
            "Limit: $\xa050,000.00",
            "Owed: $\xa050,000.00",
            "This document: $\xa00.01",
            "authorization of a credit manager",
        )

    def test_told_of_each_alone(self):
        """Quotations that fit one by one are not refused for each other; the debt is looked up once."""
        orders = self._create_order(quantity=30, confirm=False) + self._create_order(quantity=20, confirm=False)
        orders += self._create_order(quantity=50, confirm=False)
        self.assertEqual([bool(text) for text in orders.mapped("credit_refusal")], [False, False, True])

    def test_refused_leaves_the_quotation(self):
        order = self._create_order(quantity=50, confirm=False)
        self.assert_refused(order.action_confirm, order.name, "by $\xa08,000.00")
        self.assert_refused(order.action_reserve, order.name)
        self.assertEqual((order.state, order.customer_stage), ("draft", "quotation"))
        self.assertIn("8,000.00", order.credit_refusal)
        order.order_line.product_uom_qty = 1
        order.invalidate_recordset(["credit_refusal"])
        self.assertFalse(order.credit_refusal)
        # telling is not passing
        self.assertEqual(self._passages(), 0)

    def test_overdue_means_cash_only(self):
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        self._create_customer_invoice(amount=500.0, days_ago=10)
        order = self._create_order(confirm=False)
        since = format_date(self.env, self.today - timedelta(days=40))
        self.assert_refused(order.action_confirm, "$\xa01,740.00 are overdue since " + since, "only cash sales")
        self.assert_refused(order.action_reserve, since)
        order.payment_term_id = self.immediate
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_overdue_sale_that_nobody_invoiced(self):
        """As the card counts it: older than the customer's credit days."""
        order = self._create_order(quantity=1, days_ago=31)
        self.assert_refused(self._create_order(confirm=False).action_confirm, "$\xa01,160.00 are overdue")
        order.date_order = fields.Datetime.now() - timedelta(days=29)
        self._create_order()

    def test_cash_sales_use_no_credit(self):
        order = self._create_order(quantity=100, payment_term_id=self.immediate.id)
        self.assertEqual((order.state, self._passages()), ("sale", 0))
        # a term is cash only if it is for the whole amount
        half = self.env["account.payment.term"].create(
            {
                "name": "Mitad ahora",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 30}),
                ],
            }
        )
        self.assert_refused(self._create_order(payment_term_id=half.id, confirm=False).action_confirm, "Owed")
        self.assertEqual(self._create_order(payment_term_id=False, quantity=100).state, "sale")

    def test_free_and_negative_sales_use_no_credit(self):
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        self.assertEqual(self._create_order(price=0.0).state, "sale")
        self.assertEqual(self._create_order(quantity=-1).state, "sale")

    def test_set_aside_counts_once(self):
        order = self._create_order(quantity=40, confirm=False)
        order.action_reserve()
        self.assertEqual(self._debt().total, 46400.0)
        self.assert_refused(self._create_order(quantity=10, confirm=False).action_confirm, "Owed: $\xa046,400.00")
        order.action_confirm()
        self.assertEqual((order.state, self._debt().total), ("sale", 46400.0))
        other = self._create_order(quantity=3, confirm=False)
        other.action_reserve()
        other.action_release()
        self.assertEqual(self._debt().total, 46400.0)

    def test_together_they_do_not_pass(self):
        orders = self._create_order(quantity=30, confirm=False) + self._create_order(quantity=20, confirm=False)
        for call in (orders.action_confirm, orders.action_reserve, lambda: orders.write({"state": "sale"})):
            self.assert_refused(call, *orders.mapped("name"), "by $\xa08,000.00", "This document: $\xa058,000.00")
        self.assertEqual(orders.mapped("state"), ["draft", "draft"])
        orders[0].action_confirm()
        self.assert_refused(orders[1].action_confirm, "Owed: $\xa034,800.00")

    def test_each_customer_for_himself(self):
        other = self._create_customer(name="Otro", credit_limit=1000.0, credit_days=30)
        orders = self._create_order(quantity=30, confirm=False) + self._create_order(other, confirm=False)
        self.assert_refused(orders.action_confirm, "Otro", orders[1].name)
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            orders.action_confirm()
        self.assertNotIn(orders[0].name, str(caught.exception))

    def test_contacts_and_archived(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self._create_order(contact, quantity=40)
        contact.active = False
        self.customer.active = False
        self.assert_refused(
            self._create_order(quantity=10, confirm=False).action_confirm, self.customer.name, "Owed: $\xa046,400.00"
        )
        # a receipt in the contact's own name is the customer's money too
        self._pay(46400.0, contact)
        self._create_order(quantity=10)

    def test_companies(self):
        orders = self.env["sale.order"].with_context(allowed_company_ids=self.company_2.ids)
        customer = self.customer.with_company(self.company_2)
        customer.write({"credit_limit": 500.0, "credit_days": 30})
        self.company_2.customer_credit_gate = True
        self._create_order(quantity=40)
        values = {"partner_id": customer.id, "company_id": self.company_2.id}
        line = {"product_id": self.product.id, "product_uom_qty": 1, "tax_ids": [Command.clear()]}
        order = orders.create({**values, "order_line": [Command.create({**line, "price_unit": 500.0})]})
        self.assertEqual(order.payment_term_id.line_ids.nb_days, 30)
        order.action_confirm()
        self.assertEqual(self._debt(company=self.company_2).total, 500.0)
        order = orders.create({**values, "order_line": [Command.create({**line, "price_unit": 1.0})]})
        self.assert_refused(order.action_confirm, "Limit: $\xa0500.00")
        self.company_2.customer_credit_gate = False
        order.action_confirm()

    def test_foreign_currency(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        rates = self.env["res.currency.rate"]
        values = {"currency_id": dollar.id, "company_id": self.company.id}
        rates.create({**values, "name": self.today - timedelta(days=90), "rate": 1 / 18.0})
        pricelist = self.env["product.pricelist"].create({"name": "USD", "currency_id": dollar.id})
        terms = {"pricelist_id": pricelist.id, "currency_id": dollar.id}
        order = self._create_order(quantity=1, price=1000.0, confirm=False, **terms)  # 1,160 USD = 20,880 MXN
        order.date_order = fields.Datetime.now() - timedelta(days=60)
        order.action_reserve()
        self.assertEqual((order.currency_id, self._debt().total), (dollar, 20880.0))
        rates.create({**values, "name": self.today - timedelta(days=1), "rate": 1 / 50.0})
        # confirming gives it the rate of today: 58,000
        self.assert_refused(order.action_confirm, "This document: $\xa058,000.00", "by $\xa08,000.00")
        order.authorize_credit("Paga el viernes")
        order.action_confirm()
        self.assertEqual(self._debt().total, 58000.0)
        authorization = order.credit_authorization_id
        self.assertEqual((authorization.document_amount, authorization.amount), (1160.0, 58000.0))

    def test_salesperson_without_rights_on_invoices(self):
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        seller = self._create_user("seller", SELLER)
        order = self._create_order(confirm=False, user_id=seller.id).with_user(seller)
        self.assertFalse(self.env["account.payment"].with_user(seller).has_access("read"))
        self.assert_refused(order.action_confirm, "$\xa01,160.00 are overdue", "Limit: $\xa050,000.00")
        self.assertIn("are overdue", order.credit_refusal)
        with self.assertRaisesRegex(AccessError, "Credit Manager"), self.env.cr.savepoint():
            order.authorize_credit("Porque sí")
        order.action_ask_credit_authorization("Es para hoy")

    def test_the_customer_does_not_read_what_the_gate_says(self):
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        order = self._create_order(quantity=50, confirm=False).with_user(portal)
        self.assertEqual(order.amount_total, 58000.0)
        for name in ("credit_refusal", "credit_authorization_id", "credit_authorization_ids"):
            with self.subTest(name), self.assertRaises(AccessError):
                order.read([name])
        self.assertFalse(self.env["customer.credit.authorization"].with_user(portal).has_access("read"))

    def test_limit_of_zero(self):
        customer = self._create_customer(name="Sin límite", credit_days=30)
        order = self._create_order(customer, quantity=1000)
        self.assertEqual((order.state, self._passages(customer)), ("sale", 0))
        self.company.customer_zero_limit = "cash"
        other = self._create_order(customer, confirm=False)
        self.assert_refused(other.action_confirm, "the limit is 0", "only cash sales")
        other.payment_term_id = self.immediate
        other.action_confirm()
        self.assertEqual(self._passages(customer), 0)

    def test_gate_turned_off(self):
        self.company.customer_credit_gate = False
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        self.assertEqual(self._create_order(quantity=100).state, "sale")

    def test_money_received_lowers_the_debt(self):
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        invoice = self._create_customer_invoice(amount=1000.0, days_ago=5)
        self._pay(1160.0)
        # the oldest is paid first
        since = format_date(self.env, self.today - timedelta(days=5))
        self.assert_refused(
            self._create_order(confirm=False).action_confirm, "$\xa01,160.00 are overdue since " + since
        )
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        invoice.reversal_move_ids.action_post()
        self.assertEqual(tuple(self._debt()), (0.0, 0.0))
        self._create_order()
        # an advance gives room beyond the limit
        self._pay(10000.0)
        self._create_order(quantity=50)

    def test_debt_is_the_cards(self):
        order = self._create_order(quantity=10)
        order.order_line.qty_to_invoice = 4
        order._create_invoices().action_post()
        self._collect(order.invoice_ids, 640.0)
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=self._create_order(quantity=5).ids)
            .create({"advance_payment_method": "percentage", "amount": 40})
        )
        self.env["account.move"].browse(wizard.create_invoices()["res_id"]).action_post()
        self._create_customer_invoice(amount=200.0, days_ago=40)
        self._create_order(quantity=3, payment_term_id=self.immediate.id)
        self.customer.invalidate_recordset()
        self.assertEqual(self._debt().total, self.customer.receivable_balance)
        self.assertEqual(self._debt().overdue, self.customer.overdue_balance)
        self.assertEqual(self._debt().total, 11600 - 640 + 5800 + 232 + 3480)

    def test_whatever_confirms(self):
        order = self._create_order(quantity=50, confirm=False)
        self.assert_refused(lambda: order.write({"state": "sale"}))
        self.assert_refused(lambda: order.sudo().write({"state": "sale"}))
        self.assert_refused(lambda: self._create_order(quantity=50, confirm=False, state="sale"))
        # confirmed and changed at once
        small = self._create_order(quantity=1, confirm=False)
        line = [Command.update(small.order_line.id, {"product_uom_qty": 50})]
        self.assert_refused(lambda: small.write({"state": "sale", "order_line": line}))
        cash = self._create_order(quantity=50, confirm=False, payment_term_id=self.immediate.id)
        term = self.customer.property_payment_term_id.id
        self.assert_refused(lambda: cash.write({"state": "sale", "payment_term_id": term}))

    def test_rpc(self):
        orders = self.env["sale.order"]
        for name in ("action_reserve", "action_release", "authorize_credit", "action_ask_credit_authorization"):
            self.assertTrue(get_public_method(orders, name))
        for model, name in (
            (orders, "_check_credit_gate"),
            (orders, "_credit_refusals"),
            (self.env["customer.credit.gate"], "_record_passages"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                get_public_method(model, name)

    def test_cost(self):
        """What the gate costs a confirmation: the row and one look at the documents, whoever it is for."""

        def queries(gate):
            self.company.customer_credit_gate = gate
            order = self._create_order(confirm=False)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            order.action_confirm()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(True)
        self.assertLessEqual(queries(True) - queries(False), 4)


@tagged("post_install", "-at_install")
class TestCreditGrowth(GateCommon):
    """A sale that was let through asks again for what it grows."""

    def setUp(self):
        super().setUp()
        self.order = self._create_order(quantity=40)  # 46,400

    def test_lines(self):
        line = self.order.order_line
        new = {"product_id": self.product.id, "product_uom_qty": 5, "price_unit": 1000.0}
        for call in (
            lambda: line.write({"product_uom_qty": 45}),
            lambda: line.write({"price_unit": 1100.0}),
            lambda: self.order.write({"order_line": [Command.update(line.id, {"product_uom_qty": 45})]}),
            lambda: self.order.write({"order_line": [Command.create(new)]}),
            lambda: self.env["sale.order.line"].create({**new, "order_id": self.order.id}),
        ):
            self.assert_refused(call, "Owed: $\xa046,400.00")
        self.assertEqual(self.order.amount_total, 46400.0)
        line.product_uom_qty = 43
        line.product_uom_qty = 20
        line.product_uom_qty = 43

    def test_one_line_up_and_another_down(self):
        new = {"product_id": self.product.id, "product_uom_qty": 30, "price_unit": 1000.0}
        less = Command.update(self.order.order_line.id, {"product_uom_qty": 10})
        self.order.write({"order_line": [Command.create(new), less]})
        self.assertEqual(self.order.amount_total, 46400.0)

    def test_a_discount_that_goes(self):
        new = {"order_id": self.order.id, "product_id": self.product.id, "product_uom_qty": -10, "price_unit": 1000.0}
        discount = self.env["sale.order.line"].create(new)
        other = self._create_order(quantity=10)
        self.order.order_line.qty_delivered = 0
        # Odoo deletes no line of a confirmed sale; one that is set aside may lose it
        with self.assertRaises(UserError), self.env.cr.savepoint():
            discount.unlink()
        other._action_cancel()
        self.order._action_cancel()
        self.order.action_draft()
        self.order.action_reserve()
        other.action_draft()
        other.action_confirm()
        self.assert_refused(self.order.order_line[1].unlink, "by")

    def test_terms_and_customer(self):
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        cash = self._create_order(payment_term_id=self.immediate.id)
        term = self.customer.property_payment_term_id.id
        self.assert_refused(lambda: cash.write({"payment_term_id": term}), "overdue")
        other = self._create_customer(name="Otro", credit_limit=1000.0, credit_days=30)
        self.assert_refused(lambda: self.order.write({"partner_id": other.id}), "Otro")

    def test_set_aside(self):
        order = self._create_order(quantity=3, confirm=False)
        order.action_reserve()
        self.assert_refused(lambda: order.order_line.write({"product_uom_qty": 4}), order.name)
        order.action_release()
        order.order_line.product_uom_qty = 4

    def test_nothing_to_ask(self):
        """What does not grow is changed freely, with something overdue too."""
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        before = self._passages()
        self.order.order_line.qty_delivered = 40
        self.order.order_line.product_uom_qty = 39
        self.order.client_order_ref = "OC 1"
        self.order._create_invoices().action_post()
        self.assertEqual(self._passages(), before)


@tagged("post_install", "-at_install")
class TestCreditAuthorization(GateCommon):
    def setUp(self):
        super().setUp()
        self.manager = self._create_user("manager", MANAGER)
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        self.order = self._create_order(quantity=50, confirm=False)

    def _authorize(self, *args, **kwargs):
        return self.order.with_user(self.manager).authorize_credit(*args, **kwargs)

    def test_everything_is_kept(self):
        (found,) = self._authorize("  Paga el viernes ")
        authorization = self.env["customer.credit.authorization"].browse(found)
        self.order.action_confirm()
        self.assertEqual(self.order.state, "sale")
        expected = {
            "document": self.order.name,
            "order_id": self.order,
            "partner_id": self.customer,
            "company_id": self.company,
            "user_id": self.manager,
            "reason": "Paga el viernes",
            "credit_limit": 50000.0,
            "debt": 1160.0,
            "overdue": 1160.0,
            "overdue_since": self.today - timedelta(days=40),
            "amount": 58000.0,
            "document_amount": 58000.0,
            "excess": 9160.0,
        }
        self.assertEqual({name: authorization[name] for name in expected}, expected)
        self.assertEqual(self.order.credit_authorization_ids, authorization)
        self.assertEqual(self.customer.credit_authorization_count, 1)
        action = self.customer.action_view_credit_authorizations()
        self.assertEqual(authorization.search(action["domain"]), authorization)
        self.assertTrue(self.order.message_ids.filtered(lambda message: "Paga el viernes" in (message.body or "")))

    def test_it_holds_up_to_its_amount(self):
        self._authorize("Cliente de años", 60000.0)
        self.order.action_confirm()
        line = self.order.order_line
        line.product_uom_qty = 51  # 59,160
        self.assert_refused(lambda: line.write({"product_uom_qty": 52}), "overdue")
        # a confirmed sale that is to grow
        self._authorize("Otra vez", 60320.0)
        line.product_uom_qty = 52
        self.assertEqual(len(self.order.credit_authorization_ids), 2)
        # another sale has none
        self.assert_refused(self._create_order(confirm=False).action_confirm, "overdue")

    def test_not_for_another_customer_nor_after_cancelling(self):
        self._authorize("Paga el viernes")
        other = self._create_customer(name="Otro", credit_limit=10.0, credit_days=30)
        self.order.partner_id = other
        self.assert_refused(self.order.action_confirm, "Otro")
        self.order.partner_id = self.customer
        self.order._action_cancel()
        self.order.action_draft()
        self.assert_refused(self.order.action_confirm, "overdue")
        self.assertEqual(len(self.order.credit_authorization_ids), 1)

    def test_what_is_wrong(self):
        cases = (
            ("", None, "Reason"),
            (False, None, "Reason"),
            ("  ", None, "Reason"),
            ("Sí", 57999.99, "Authorized Up To"),
        )
        for reason, amount, text in cases:
            with self.subTest(reason), self.assertRaisesRegex(UserError, text), self.env.cr.savepoint():
                self._authorize(reason, amount)
        self.order.payment_term_id = self.immediate
        for call in (lambda: self._authorize("Sí"), self.order.action_ask_credit_authorization):
            with self.assertRaisesRegex(UserError, "does not refuse"), self.env.cr.savepoint():
                call()

    def test_kept_for_ever(self):
        self._authorize("Paga el viernes")
        authorization = self.order.credit_authorization_ids
        admin = self.env.ref("base.user_admin")
        for user in (admin, self.manager, self.env.user):
            for operation in ("create", "write", "unlink"):
                self.assertFalse(authorization.with_user(user).has_access(operation), (user.login, operation))
        for call in (lambda: authorization.sudo().write({"reason": "Otra"}), authorization.sudo().unlink):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                call()
        name = self.order.name
        self.order._action_cancel()
        self.order.unlink()
        authorization.invalidate_recordset()
        self.assertEqual((authorization.document, authorization.order_id.ids), (name, []))

    def test_other_companies_do_not_see_them(self):
        self._authorize("Paga el viernes")
        stranger = self._create_user(
            "stranger", MANAGER, company_id=self.company_2.id, company_ids=[Command.set(self.company_2.ids)]
        )
        customer = self.customer.with_user(stranger).with_context(allowed_company_ids=self.company_2.ids)
        found = self.env["customer.credit.authorization"].with_env(customer.env)
        self.assertFalse(found.search([("partner_id", "=", self.customer.id)]))
        self.assertEqual(customer.credit_authorization_count, 0)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.order.with_env(customer.env).authorize_credit("Sí")

    def test_asking(self):
        seller = self._create_user("seller", SELLER)
        self.order.user_id = seller
        action = self.order.with_user(seller).action_ask_credit_authorization("Es para <b>hoy</b>")
        self.assertIn("manager", action["params"]["message"])
        activities = self.order.sudo().activity_ids
        self.assertIn(self.manager, activities.user_id)
        self.assertNotIn(seller, activities.user_id)
        self.assertIn("1,160.00", activities[0].note)
        self.assertNotIn("<b>", activities[0].note)
        with self.assertRaisesRegex(UserError, "already"), self.env.cr.savepoint():
            self.order.with_user(seller).action_ask_credit_authorization()
        self._authorize("Paga el viernes")
        self.assertFalse(self.order.sudo().activity_ids)

    def test_wizard(self):
        action = self.order.with_user(self.manager).action_authorize_credit()
        wizard = self.env["customer.credit.authorize"].with_user(self.manager).with_context(**action["context"])
        wizard = wizard.create({"reason": "Paga el viernes"})
        self.assertEqual(wizard.amount, 58000.0)
        self.assertIn("overdue", wizard.refusal)
        wizard.amount = 60000.0
        wizard.action_authorize()
        self.assertEqual(self.order.credit_authorization_id.document_amount, 60000.0)
        self.assertEqual(self.order.credit_authorization_id.user_id, self.manager)
        seller = self._create_user("seller", SELLER)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.order.with_user(seller).action_authorize_credit()


@tagged("post_install", "-at_install")
class TestCreditInvoices(GateCommon):
    """Invoices pass the gate where the company says so."""

    def _invoice(self, amount, **values):
        return self._create_customer_invoice(
            amount=amount, post=False, invoice_date_due=self.today + timedelta(days=30), **values
        )

    def test_without_the_setting(self):
        invoice = self._invoice(100000.0)
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_invoices_without_a_sale(self):
        self.company.customer_credit_gate_invoices = True
        invoice = self._invoice(50000.0)
        self.assert_refused(invoice.action_post, "by $\xa08,000.00", self.customer.name)
        self.assertIn("8,000.00", invoice.credit_refusal)
        with self.assertRaisesRegex(UserError, "cannot be written"), self.env.cr.savepoint():
            invoice.credit_authorization_id = False
        manager = self._create_user("manager", MANAGER, "account.group_account_invoice")
        invoice.with_user(manager).authorize_credit("Paga el viernes")
        invoice.action_post()
        self.assertEqual((invoice.state, invoice.credit_authorization_ids.move_id), ("posted", invoice))
        # cash, and what comes from a sale
        self._create_customer_invoice(amount=1.0)
        self.customer.credit_limit = 100000.0
        order = self._create_order(quantity=10)
        self.customer.credit_limit = 1.0
        order._create_invoices().action_post()
        # credit notes give back
        self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create({"product_id": self.product.id, "price_unit": 10.0})],
            }
        ).action_post()

    def test_what_an_invoice_adds_to_its_sale(self):
        self.company.customer_credit_gate_invoices = True
        invoice = self._create_order(quantity=40)._create_invoices()
        extra = Command.create({"product_id": self.product.id, "quantity": 5, "price_unit": 1000.0})
        invoice.invoice_line_ids = [extra]
        self.assert_refused(invoice.action_post, "This document: $\xa05,800.00", "by $\xa02,200.00")

    def test_due_dates_follow_the_credit_days(self):
        for days in (15, 37, 0):
            self.customer.credit_days = days
            due = self.today + timedelta(days=days)
            invoice = self._create_order()._create_invoices()
            invoice.invoice_date = self.today
            invoice.action_post()
            self.assertEqual(invoice.invoice_date_due, due, days)
            invoice = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": self.today,
                    "invoice_line_ids": [Command.create({"product_id": self.product.id, "price_unit": 10.0})],
                }
            )
            self.assertEqual(invoice.invoice_date_due, due, days)
        # a sale without term is cash, whatever days its customer has
        self.customer.credit_days = 30
        order = self._create_order(payment_term_id=False, quantity=100)
        self.assertEqual(order.state, "sale")


@tagged("post_install", "-at_install")
class TestCreditOnline(GateCommon, HttpCase):
    """Confirmed by the customer: the gate holds, and he is told politely."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._create_user("manager", MANAGER)

    def _quotation(self, **values):
        order = self._create_order(quantity=50, confirm=False, **values)
        order.action_quotation_sent()
        return order

    def _sign(self, order):
        signature = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {"access_token": order._portal_ensure_token(), "name": "Cliente", "signature": signature},
        )

    def test_signature(self):
        order = self._quotation(require_signature=True, require_payment=False)
        answer = self._sign(order)
        self.assertIn(order.name, answer["error"])
        self.assertNotIn("8,000", answer["error"])
        order.invalidate_recordset()
        self.assertEqual((order.state, order.signature, order.signed_by), ("sent", False, False))
        self.assertIn(self.manager, order.sudo().activity_ids.user_id)
        notes = " ".join(order.message_ids.mapped(lambda message: str(message.body)))
        self.assertRegex(notes, "Cliente (signed it online|lo firmó en línea)")
        order.with_user(self.manager).authorize_credit("Paga el viernes")
        self.assertIn("redirect_url", self._sign(order))
        order.invalidate_recordset()
        self.assertEqual((order.state, order.signed_by), ("sale", "Cliente"))

    def _transaction(self, order, amount, state="done"):
        provider = self.env["payment.provider"].sudo().search([("company_id", "=", self.company.id)], limit=1)
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.env["payment.method"].sudo().search([], limit=1).id,
                    "reference": f"{order.name}-{amount}",
                    "amount": amount,
                    "currency_id": order.currency_id.id,
                    "partner_id": order.partner_id.id,
                    "sale_order_ids": [Command.set(order.ids)],
                    "state": state,
                }
            )
        )

    def test_paid_in_full(self):
        self._create_customer_invoice(amount=1000.0, days_ago=40)
        order = self._quotation(require_payment=True, prepayment_percent=1.0)
        transaction = self._transaction(order, order.amount_total)
        self.assertEqual(transaction._check_amount_and_confirm_order(), order)
        self.assertEqual(order.state, "sale")

    def test_paid_in_part(self):
        order = self._quotation(require_payment=True, prepayment_percent=0.1)
        transaction = self._transaction(order, 5800.0)
        # 52,200 are left of a limit of 50,000: the payment stays, the sale waits
        with patch.object(type(transaction), "_send_invoice"):
            self.assertFalse(transaction._check_amount_and_confirm_order())
        self.assertEqual(order.state, "sent")
        self.assertTrue(order.message_ids.filtered(lambda message: "has paid" in (message.body or "")))
        self.assertIn(self.manager, order.sudo().activity_ids.user_id)
        self._transaction(order, 2200.0)
        self.assertEqual(transaction._check_amount_and_confirm_order(), order)

    def test_other_errors_are_not_hidden(self):
        order = self._quotation(require_signature=True, require_payment=False)
        self.customer.credit_limit = 100000.0
        with patch.object(type(order), "_confirmation_error_message", lambda order: "Otra cosa"):
            with self.assertLogs("odoo.http", "WARNING"), self.assertRaisesRegex(JsonRpcException, "UserError"):
                self._sign(order)
            transaction = self._transaction(order, order.amount_total)
            with self.assertRaisesRegex(UserError, "Otra cosa"):
                transaction._check_amount_and_confirm_order()


@tagged("post_install", "-at_install")
class TestCreditGateTable(GateCommon):
    def test_one_row_a_customer_and_company(self):
        other = self._create_customer(name="Otro", credit_limit=10.0, credit_days=30)
        gate = self.env["customer.credit.gate"].sudo()
        pairs = [(other, self.company), (self.customer, self.company)]
        for _number in range(3):
            gate._record_passages(pairs)
        rows = gate.search([("partner_id", "in", (other + self.customer).ids)])
        self.assertEqual(rows.mapped("passages"), [3, 3])
        gate._record_passages([])
        for operation in ("create", "write", "unlink"):
            self.assertFalse(rows.with_user(self.env.ref("base.user_admin")).has_access(operation))

    def test_merged_customers(self):
        other = self._create_customer(name="Otro", credit_limit=50000.0, credit_days=30)
        self._create_order()
        self._create_order(other)
        order = self._create_order(other, quantity=50, confirm=False)
        order.authorize_credit("Paga el viernes")
        order.action_confirm()
        self._create_order(other, payment_term_id=self.immediate.id)
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.customer + other).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(order.credit_authorization_ids.partner_id, self.customer)
        self.assertEqual(self._debt().total, 1160.0 * 2 + 58000.0 + 1160.0)
        self.assertTrue(self._passages())
