from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.tests import tagged

from ..models.customer_figures import SOURCES
from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestFigures(CustomerCommon):
    """The stored figures against sums worked out by hand; the customer has a limit of 50,000 and 30 days."""

    def assert_figures(self, partner, **expected):
        partner.invalidate_recordset()
        found = {name: partner[name] for name in expected}
        self.assertEqual(found, expected)

    def test_new_customer(self):
        self.assert_figures(
            self.customer,
            invoiced_total=0.0,
            collected=0.0,
            receivable_balance=0.0,
            overdue_balance=0.0,
            credit_available=50000.0,
            last_sale_date=False,
        )

    def test_order_invoice_payment(self):
        order = self._create_order(quantity=10)
        self.assert_figures(
            self.customer,
            last_sale_date=order.date_order,
            first_sale_date=order.date_order,
            uninvoiced_balance=11600.0,
            invoiced_total=0.0,
            receivable_balance=11600.0,
            credit_available=38400.0,
        )
        invoice = order._create_invoices()
        # A draft invoice changes nothing: the order is as pending as before.
        self.assert_figures(self.customer, uninvoiced_balance=11600.0, receivable_balance=11600.0)
        invoice.action_post()
        self.assert_figures(
            self.customer,
            uninvoiced_balance=0.0,
            invoiced_total=11600.0,
            invoice_balance=11600.0,
            receivable_balance=11600.0,
            collected=0.0,
        )
        self._collect(invoice, 5800.0)
        self.assert_figures(
            self.customer,
            invoiced_total=11600.0,
            collected=5800.0,
            invoice_balance=5800.0,
            receivable_balance=5800.0,
            credit_available=44200.0,
        )
        self._collect(invoice)
        self.assert_figures(self.customer, collected=11600.0, receivable_balance=0.0, credit_available=50000.0)

    def test_figures_are_searchable(self):
        self._create_customer_invoice(days_ago=10)
        self._store_figures()
        partners = self.env["res.partner"]
        customer = [("id", "=", self.customer.id)]
        self.assertEqual(partners.search([("overdue_balance", ">", 0)] + customer), self.customer)
        self.assertEqual(
            partners.search([("invoiced_total", ">=", 1160), ("overdue_balance", "<", 1160.01)] + customer),
            self.customer,
        )
        self.assertFalse(partners.search([("credit_available", "<", 0)] + customer))
        self.assertEqual(
            partners.search(
                [("invoiced_total", ">", 0), ("company_id", "in", (False, self.company.id))],
                order="invoiced_total desc",
            )[0],
            self.customer,
        )

    def test_partial_invoice(self):
        order = self._create_order(quantity=10)
        order.order_line.qty_to_invoice = 4
        order._create_invoices().action_post()
        self.assert_figures(
            self.customer, uninvoiced_balance=6960.0, invoice_balance=4640.0, receivable_balance=11600.0
        )

    def test_down_payment_is_not_owed_twice(self):
        order = self._create_order(quantity=10)
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": 50})
        )
        wizard.create_invoices()
        order.invoice_ids.action_post()
        self.assert_figures(
            self.customer, uninvoiced_balance=5800.0, invoice_balance=5800.0, receivable_balance=11600.0
        )
        order._create_invoices(final=True).action_post()
        self.assert_figures(self.customer, uninvoiced_balance=0.0, invoice_balance=11600.0, receivable_balance=11600.0)

    def test_down_payment_that_another_customer_is_invoiced(self):
        other = self._create_customer(name="Otra")
        order = self._create_order(quantity=10, partner_invoice_id=other.id)
        wizard = self.env["sale.advance.payment.inv"].with_context(active_model="sale.order", active_ids=order.ids)
        wizard.create({"advance_payment_method": "percentage", "amount": 50}).create_invoices()
        order.invoice_ids.action_post()
        self._store_figures()
        self._collect(order.invoice_ids)
        self._store_figures()
        self.assert_figures(self.customer, advance_balance=5800.0, collected=0.0)
        self.assert_figures(other, advance_balance=0.0, collected=5800.0)

    def test_down_payment_that_nobody_paid_is_no_advance(self):
        order = self._create_order(quantity=10)
        wizard = self.env["sale.advance.payment.inv"].with_context(active_model="sale.order", active_ids=order.ids)
        wizard.create({"advance_payment_method": "percentage", "amount": 50}).create_invoices()
        order.invoice_ids.action_post()
        final = order._create_invoices(final=True)
        final.action_post()
        # The credit note gives the down payment back, but it is nobody's money.
        final._reverse_moves([{"invoice_date": self.today, "date": self.today}], cancel=True)
        self.assert_figures(self.customer, collected=0.0, advance_balance=0.0, invoice_balance=5800.0)

    def test_cancel_and_draft(self):
        order = self._create_order(quantity=10)
        invoice = order._create_invoices()
        invoice.action_post()
        invoice.button_draft()
        self.assert_figures(self.customer, uninvoiced_balance=11600.0, invoice_balance=0.0, invoiced_total=0.0)
        invoice.button_cancel()
        order._action_cancel()
        self.assert_figures(
            self.customer,
            uninvoiced_balance=0.0,
            receivable_balance=0.0,
            last_sale_date=False,
            credit_available=50000.0,
        )

    def test_refund_to_the_customer_lowers_collected(self):
        payment = self.env["account.payment"].create(
            {"payment_type": "inbound", "partner_type": "customer", "partner_id": self.customer.id, "amount": 500}
        )
        payment.action_post()
        refund = payment.copy({"payment_type": "outbound", "amount": 200})
        refund.action_post()
        self.assert_figures(self.customer, collected=300.0)

    def test_credit_note_is_no_receipt(self):
        invoice = self._create_customer_invoice(amount=1000.0)
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        credit_note = invoice.reversal_move_ids
        credit_note.action_post()
        (invoice + credit_note).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self.assert_figures(self.customer, invoiced_total=1160.0, invoice_balance=0.0, collected=0.0)

    def test_foreign_currency_counts_at_the_rate_of_the_document(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            [
                {"currency_id": dollar.id, "company_id": self.company.id, "name": day, "inverse_company_rate": rate}
                for day, rate in ((self.today - timedelta(days=5), 17.0), (self.today, 20.0))
            ]
        )
        self._create_customer_invoice(amount=100.0, days_ago=5, currency_id=dollar.id)
        self.assert_figures(self.customer, invoiced_total=1972.0, invoice_balance=1972.0)

    def test_each_company_has_its_own(self):
        self._create_customer_invoice(amount=1000.0)
        other = self.customer.with_company(self.company_2)
        other.credit_limit = 700.0
        self.assert_figures(other, invoiced_total=0.0, receivable_balance=0.0, credit_available=700.0)
        self.assert_figures(self.customer, invoiced_total=1160.0, receivable_balance=1160.0)
        self.assertFalse(
            self.env["res.partner"]
            .with_company(self.company_2)
            .search([("invoiced_total", ">", 0), ("id", "=", self.customer.id)])
        )

    def test_documents_of_a_contact_count_for_the_company(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self._create_order(contact)
        self._create_customer_invoice(contact)
        self.assert_figures(self.customer, uninvoiced_balance=1160.0, invoice_balance=1160.0)
        self.assert_figures(contact, uninvoiced_balance=1160.0, invoice_balance=1160.0, credit_available=47680.0)
        self._store_figures()
        with_balance = self.env["res.partner"].search(
            [("invoice_balance", "=", 1160), ("id", "child_of", self.customer.id)]
        )
        self.assertEqual(with_balance, self.customer, "a contact owns no figures")

    def test_another_customer_takes_the_document_over(self):
        other = self._create_customer(name="Otro Cliente", vat="XIA190128J61")
        order = self._create_order(confirm=False)
        order.partner_id = other
        order.action_confirm()
        invoice = self._create_customer_invoice(post=False)
        invoice.partner_id = other
        invoice.action_post()
        self.assert_figures(self.customer, receivable_balance=0.0, last_sale_date=False)
        self.assert_figures(other, uninvoiced_balance=1160.0, invoice_balance=1160.0)

    def test_overdue(self):
        self._create_customer_invoice(amount=1000.0, days_ago=1)
        self._create_customer_invoice(amount=2000.0, days_ago=0)
        self._create_order(days_ago=45)
        self._create_order(days_ago=20)
        self.assert_figures(self.customer, invoice_overdue=1160.0, uninvoiced_overdue=1160.0, overdue_balance=2320.0)
        self.customer.credit_days = 10
        self.assert_figures(self.customer, uninvoiced_overdue=2320.0)

    def test_the_daily_job_refreshes_what_became_overdue(self):
        self._new_day()
        self._create_customer_invoice(amount=1000.0, days_ago=0)
        self._create_order(days_ago=30)
        self.assert_figures(self.customer, overdue_balance=0.0)
        self._store_figures()
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self.assert_figures(self.customer, overdue_balance=0.0)
            self._new_day()
            self.assert_figures(
                self.customer, invoice_overdue=1160.0, uninvoiced_overdue=1160.0, overdue_balance=2320.0
            )

    def test_an_evening_in_mexico_is_not_yet_tomorrow(self):
        self.customer.credit_days = 0
        with freeze_time("2026-03-11 02:00:00"):  # 20:00 of the 10th
            order = self._create_order(confirm=False)
            order.action_confirm()
            self.assert_figures(self.customer, uninvoiced_balance=1160.0, uninvoiced_overdue=0.0)
        with freeze_time("2026-03-11 06:00:00"):
            self._new_day()
            self.assert_figures(self.customer, uninvoiced_overdue=1160.0)

    def test_queries_do_not_grow_with_the_documents(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Cliente {number}", "customer_rank": 1} for number in range(6)]
        )
        counts = []
        for number in (1, 6):
            for customer in customers[:number]:
                self._create_customer_invoice(customer)
                self._create_order(customer)
            self.env.flush_all()
            self.env.invalidate_all()
            for name in ("invoiced_total", "uninvoiced_balance", "receivable_balance"):
                self.env.add_to_compute(customers._fields[name], customers[:number])
            before = self.env.cr.sql_log_count
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1], "a query a customer")

    def test_one_figure_a_source_has_the_triggers(self):
        for source in SOURCES:
            figures = [self.customer._fields[name] for name in self.customer._figure_names(source)]
            self.assertEqual([figure for figure in figures if figure.has_triggers][1:], [], source)
            self.assertTrue(self.customer._figure_trigger(source).has_triggers)

    def test_what_is_in_the_cache_follows_the_documents(self):
        line = self._create_order(quantity=10).order_line
        self._store_figures()
        for name in ("average_sale", "credit_available", "receivable_balance", "sold_authorized", "uninvoiced_balance"):
            known = self.customer[name]
            line.product_uom_qty += 1
            self.assertAlmostEqual(abs(self.customer[name] - known), 1160.0, msg=name)
            known = self.customer.read([name])[0][name]
            line.product_uom_qty += 1
            self.assertAlmostEqual(abs(self.customer.read([name])[0][name] - known), 1160.0, msg=name)

    def test_what_depends_on_a_figure_follows_it(self):
        user = self._create_user("cliente", "base.group_portal", partner_id=self.customer.id).sudo()
        self.assertEqual((self.customer.credit_light, user.sold_authorized), ("available", 0.0))
        self._create_order(quantity=100)
        self.assertEqual(self.customer.credit_light, "over")
        self.env.flush_all()
        self.assertEqual(user.sold_authorized, 116000.0)

    def test_a_figure_that_stays_is_not_written(self):
        self._create_customer_invoice()
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET write_date = '2020-01-01' WHERE id = %s", self.customer.ids)
        self.customer.invalidate_recordset()
        self.env.add_to_compute(self.customer._fields["invoiced_total"], self.customer)
        self.env.add_to_compute(self.customer._fields["receivable_balance"], self.customer)
        self.env.flush_all()
        self.assertEqual(str(self.customer.write_date), "2020-01-01 00:00:00")

    def test_receivables_that_are_no_sale_do_not_count(self):
        account = self.env["account.account"].create(
            {"name": "IVA a favor", "code": "113.99", "account_type": "asset_receivable", "non_trade": True}
        )
        journal = self.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", self.company.id)], limit=1
        )
        counterpart = self.product.product_tmpl_id.get_product_accounts()["income"]
        entry = self.env["account.move"].create(
            {
                "journal_id": journal.id,
                "line_ids": [
                    Command.create({"account_id": account.id, "partner_id": self.customer.id, "debit": 100}),
                    Command.create({"account_id": counterpart.id, "credit": 100}),
                ],
            }
        )
        entry.line_ids.date_maturity = self.today - timedelta(days=9)
        entry.action_post()
        self.assert_figures(self.customer, invoice_overdue=0.0, receivable_balance=0.0)

    def test_an_order_without_lines(self):
        order = self._create_order(confirm=False)
        order.order_line = [Command.clear()]
        order.state = "sale"
        self.assert_figures(self.customer, uninvoiced_balance=0.0, last_sale_date=order.date_order)
