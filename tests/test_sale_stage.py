from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import CustomerCommon


class StageCommon(CustomerCommon):
    def assert_stage(self, order, stage):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(order.customer_stage, stage)
        found = self.env.execute_query(order._customer_stage_query(SQL("so.id = %s", order.id)))
        self.assertEqual(found, [(order.id, stage)], "the query of the installation says the same")

    def _deliver(self, order, part=1):
        for line in order.order_line:
            line.qty_delivered = line.product_uom_qty * part

    def _invoice(self, order, **kwargs):
        invoice = order._create_invoices(**kwargs)
        invoice.action_post()
        return invoice

    def _product(self, **values):
        return self.env["product.product"].create({"name": "Otro", "taxes_id": [Command.clear()], **values})

    def _add_line(self, order, product, quantity=1.0, price=100.0):
        return self.env["sale.order.line"].create(
            {"order_id": order.id, "product_id": product.id, "product_uom_qty": quantity, "price_unit": price}
        )

    def _credit_note(self, invoice):
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        reversal.refund_moves()
        return invoice.reversal_move_ids


@tagged("post_install", "-at_install")
class TestStage(StageCommon):
    """What each stage means, by the ORM and by the query that fills an existing database."""

    def test_life_of_a_sale(self):
        order = self._create_order(quantity=10, confirm=False)
        self.assert_stage(order, "quotation")
        order.action_quotation_sent()
        self.assert_stage(order, "quotation")
        order.action_reserve()
        self.assert_stage(order, "reserved")
        order.action_confirm()
        self.assert_stage(order, "authorized")
        self.assertFalse(order.reserved_on or order.reserved_until)
        self._deliver(order)
        self.assert_stage(order, "authorized")
        invoice = order._create_invoices()
        self.assert_stage(order, "authorized")
        invoice.action_post()
        self.assert_stage(order, "authorized")
        self._collect(invoice, 600.0)
        self.assert_stage(order, "authorized")
        self._collect(invoice)
        self.assert_stage(order, "completed")
        self.assertEqual(order.state, "sale")
        # the payment is undone
        invoice.line_ids.remove_move_reconcile()
        self.assert_stage(order, "authorized")

    def test_delivered_last(self):
        order = self._create_order(quantity=10)
        self._collect(self._invoice(order))
        self.assert_stage(order, "authorized")
        self._deliver(order, 0.5)
        self.assert_stage(order, "authorized")
        self._deliver(order)
        self.assert_stage(order, "completed")
        order.order_line.product_uom_qty = 12
        self.assert_stage(order, "authorized")

    def test_company_that_records_no_deliveries(self):
        order = self._create_order(quantity=10)
        self._collect(self._invoice(order))
        self.assert_stage(order, "authorized")
        self.company.customer_delivery_recorded = False
        self.assert_stage(order, "completed")
        self._deliver(order, 0.5)
        self.assert_stage(order, "authorized")
        self._deliver(order, 0)
        self.company.customer_delivery_recorded = True
        self.assert_stage(order, "authorized")

    def test_services_are_delivered_with_their_invoice(self):
        order = self._create_order(quantity=1, confirm=False)
        freight = self._product(type="service", invoice_policy="order", name="Flete")
        self._add_line(order, freight)
        order.action_confirm()
        order.order_line[0].qty_delivered = 1
        self._collect(self._invoice(order))
        self.assert_stage(order, "completed")
        order.order_line[1].qty_delivered = 0.5
        self.assert_stage(order, "authorized")

    def test_services_invoiced_by_what_is_delivered(self):
        hours = self._product(type="service", invoice_policy="delivery", name="Horas")
        order = self._create_order(confirm=False)
        order.order_line.unlink()
        self._add_line(order, hours, quantity=4)
        order.action_confirm()
        self.assert_stage(order, "authorized")
        order.order_line.qty_delivered = 3
        self._collect(self._invoice(order))
        self.assert_stage(order, "authorized")
        order.order_line.qty_delivered = 4
        self._collect(self._invoice(order))
        self.assert_stage(order, "completed")

    def test_down_payment(self):
        order = self._create_order(quantity=10)
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": 50})
        )
        wizard.create_invoices()
        down_payment = order.invoice_ids
        down_payment.action_post()
        self._deliver(order)
        self.assert_stage(order, "authorized")
        final = self._invoice(order, final=True)
        self._collect(final)
        self.assert_stage(order, "authorized")
        self._collect(down_payment)
        self.assert_stage(order, "completed")

    def test_free_sale(self):
        order = self._create_order(quantity=3, price=0.0)
        self.assert_stage(order, "authorized")
        self._deliver(order)
        self.assert_stage(order, "completed")

    def test_credit_note_asks_for_another_invoice(self):
        order = self._create_order(quantity=10)
        self._deliver(order)
        invoice = self._invoice(order)
        note = self._credit_note(invoice)
        note.action_post()
        (invoice + note).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self.assertIn(invoice.payment_state, ("reversed", "paid"))
        # Odoo has the quantity to be invoiced again
        self.assert_stage(order, "authorized")
        # unless the customer gave everything back
        order.order_line.write({"product_uom_qty": 0, "qty_delivered": 0})
        self.assert_stage(order, "completed")

    def test_return_in_the_same_sale(self):
        order = self._create_order(quantity=10, confirm=False)
        self._add_line(order, self.product, quantity=-2, price=1000.0)
        order.action_confirm()
        self._deliver(order)
        self._collect(self._invoice(order, final=True))
        self.assert_stage(order, "completed")
        order.order_line[1].qty_delivered = -1
        self.assert_stage(order, "authorized")

    def test_cancelled_draft_invoice_is_not_to_be_collected(self):
        order = self._create_order(quantity=10)
        self._deliver(order)
        self._collect(self._invoice(order))
        order.order_line.product_uom_qty = 11
        self._deliver(order)
        draft = order._create_invoices()
        self.assert_stage(order, "authorized")
        order.order_line.product_uom_qty = 10
        self.assert_stage(order, "authorized")
        draft.button_cancel()
        self.assert_stage(order, "completed")

    def test_cancelled_and_drafted_again(self):
        order = self._create_order(confirm=False)
        order.action_reserve()
        order._action_cancel()
        self.assert_stage(order, "cancelled")
        order.action_draft()
        self.assert_stage(order, "quotation")

    def test_a_copy_is_a_quotation(self):
        order = self._create_order(confirm=False)
        order.action_reserve()
        copy = order.copy()
        self.assertEqual((copy.customer_stage, copy.reserved_on, copy.reserved_until), ("quotation", False, False))

    def test_filling_an_existing_database(self):
        orders = self._create_order(confirm=False)
        orders += self._create_order()
        orders += self._create_order(price=0.0)
        self._deliver(orders[2])
        reserved = self._create_order(confirm=False)
        reserved.action_reserve()
        orders += reserved
        self.env.flush_all()
        self.env.cr.execute("UPDATE sale_order SET customer_stage = NULL")
        orders._fill_customer_stage()
        self.env.invalidate_all()
        self.assertEqual(orders.mapped("customer_stage"), ["quotation", "authorized", "completed", "reserved"])

    def test_all_stages_are_shown(self):
        orders = self.env["sale.order"].with_context(read_group_expand=True)
        groups = orders.web_read_group([("id", "=", self._create_order().id)], ["customer_stage"])["groups"]
        self.assertEqual(
            [(group["customer_stage"], group["__count"]) for group in groups],
            [("quotation", 0), ("reserved", 0), ("authorized", 1), ("completed", 0), ("cancelled", 0)],
        )

    def test_cost(self):
        """Ten sales to pay cost hardly more queries than one: nothing is looked up sale by sale."""

        def queries(count):
            orders = self.env["sale.order"].concat(*(self._create_order(quantity=1) for _number in range(count)))
            for order in orders:
                self._deliver(order)
            invoices = self._invoice(orders)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env.add_to_compute(orders._fields["customer_stage"], orders)
            self.env.flush_all()
            spent = self.env.cr.sql_log_count - before
            self.assertEqual(set(orders.mapped("customer_stage")), {"authorized"})
            self.assertTrue(invoices)
            return spent

        queries(1)
        self.assertLessEqual(queries(10), queries(1) + 2)


@tagged("post_install", "-at_install")
class TestReservation(StageCommon):
    def test_days_and_date(self):
        self.company.customer_reservation_days = 3
        order = self._create_order(confirm=False)
        order.action_reserve()
        self.assertEqual(order.reserved_until, self.today + timedelta(days=3))
        order.reserved_until = self.today + timedelta(days=9)
        self.assertEqual(order.customer_stage, "reserved")
        for value in (self.today - timedelta(days=1), False):
            wrong = self.assertRaisesRegex(ValidationError, "Set Aside Until")
            with self.subTest(value), wrong, self.env.cr.savepoint():
                order.reserved_until = value
        order.action_release()
        self.assertEqual((order.customer_stage, order.reserved_until), ("quotation", False))
        other = self._create_order(confirm=False, reserved_until=self.today + timedelta(days=20))
        other.action_reserve()
        self.assertEqual(other.reserved_until, self.today + timedelta(days=20))
        with self.assertRaisesRegex(ValidationError, "Days Set Aside"), self.env.cr.savepoint():
            self.company.customer_reservation_days = -1

    def test_only_quotations(self):
        order = self._create_order(confirm=False)
        with self.assertRaisesRegex(UserError, "Quotation"), self.env.cr.savepoint():
            order.action_release()
        order.action_reserve()
        with self.assertRaisesRegex(UserError, "Set Aside"), self.env.cr.savepoint():
            order.action_reserve()
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "Authorized"), self.env.cr.savepoint():
            order.action_reserve()

    def test_stage_cannot_be_written(self):
        order = self._create_order()
        for values in (
            {"customer_stage": "completed"},
            {"reserved_on": fields.Datetime.now()},
            {"credit_authorization_id": False},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, "cannot be written"):
                order.write(values)
            with self.subTest(values), self.assertRaisesRegex(UserError, "cannot be written"):
                self._create_order(confirm=False, **values)
        orders = self.env["sale.order"].with_context(
            default_customer_stage="completed", default_reserved_on=fields.Datetime.now()
        )
        order = orders.create({"partner_id": self.customer.id})
        self.assertEqual((order.customer_stage, order.reserved_on), ("quotation", False))

    def test_without_inventory(self):
        """A company that asks for the stock too, where there is none: as without asking. With it: test_store_stock."""
        self.assertNotIn("sale_stock", self.env.registry._init_modules)
        self.assertFalse(self.env["res.config.settings"].new({}).customer_has_stock)
        self.company.customer_reservation_stock = True
        order = self._create_order(quantity=3, confirm=False)
        order.action_reserve()
        self.assertNotIn("<ul>", order.message_ids[0].body)
        order.order_line.product_uom_qty = 5
        self.assertEqual((order.customer_stage, order.reserved_stock), ("reserved", False))
        order.action_release()
        order.action_reserve()
        order.action_confirm()
        self.assertEqual(order.customer_stage, "authorized")
        deleted = self._create_order(confirm=False)
        deleted.action_reserve()
        deleted.unlink()

    def test_who_may(self):
        order = self._create_order(confirm=False)
        reader = self._create_user("reader", "account.group_account_readonly")
        for method in ("action_reserve", "action_release"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(order.with_user(reader), method)()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        order.user_id = seller
        order.with_user(seller).action_reserve()
        self.assertEqual(order.customer_stage, "reserved")
        order.with_user(seller).action_release()
        self.assertEqual(order.customer_stage, "quotation")

    def test_daily_job(self):
        """Each in its company's day: at 3:00 in UTC it is still yesterday in Mexico City, and today in Madrid."""
        self.company_2.partner_id.sudo().tz = "Europe/Madrid"
        with freeze_time("2026-03-10 18:00:00"):
            kept = self._create_order(confirm=False)
            kept.action_reserve()
            kept.reserved_until = "2026-03-11"
            due = self._create_order(confirm=False)
            due.action_reserve()
            due.reserved_until = "2026-03-10"
            orders = self.env["sale.order"].with_context(allowed_company_ids=self.company_2.ids)
            other = orders.create({"partner_id": self.customer.id, "company_id": self.company_2.id})
            other.action_reserve()
            other.reserved_until = "2026-03-10"
        stages = lambda: (due + kept + other).sudo().mapped("customer_stage")
        with freeze_time("2026-03-11 03:00:00"):
            self.env["sale.order"].sudo()._cron_release_expired()
            self.assertEqual(stages(), ["reserved", "reserved", "quotation"])
        with freeze_time("2026-03-11 07:00:00"):
            self.env["sale.order"].sudo()._cron_release_expired()
            self.assertEqual(stages(), ["quotation", "reserved", "quotation"])
            self.assertIn("over", due.message_ids[0].body)
        with freeze_time("2026-03-12 07:00:00"):
            self.env["sale.order"].sudo()._cron_release_expired()
            self.assertEqual(stages(), ["quotation"] * 3)
