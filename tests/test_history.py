from datetime import timedelta
from unittest.mock import patch

from babel.dates import format_date
from odoo import Command, fields
from odoo.exceptions import AccessError, MissingError
from odoo.tests import tagged
from odoo.tools.misc import get_lang

from ..models import customer_history
from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestHistory(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": cls.customer.id})
        cls.salesman = cls._create_user("vendedora", "sales_team.group_sale_salesman")
        cls.biller = cls._create_user("facturista", "account.group_account_invoice")

    def _track(self):
        """The end of a transaction, when Odoo writes its tracking."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _history(self, *kinds, customer=None, user=None):
        model = self.env["customer.history"].with_user(user or self.env.user)
        lines = model.search([("partner_id", "=", (customer or self.customer).id)])
        return lines.filtered(lambda line: line.kind in kinds) if kinds else lines

    def _lead(self, **values):
        return self.env["crm.lead"].create(
            {"name": "Sillas para oficinas", "type": "opportunity", "partner_id": self.customer.id, **values}
        )

    # What is told

    def test_creation(self):
        line = self._history("created")
        self.assertEqual((line.user_id, line.name), (self.env.user, self.customer.complete_name))
        self.assertEqual(line.date, self.customer.create_date)

    def test_a_contact_and_a_supplier_are_not_created_as_customers(self):
        supplier = self.env["res.partner"].create({"name": "Proveedor", "supplier_rank": 1})
        self.assertFalse(self._history("created", customer=supplier))
        self.assertEqual(len(self._history("created")), 1)

    def test_prospect_becomes_customer(self):
        lead = self.env["crm.lead"].create(
            {"name": "Pidió precios", "type": "lead", "contact_name": "Ana Ruiz", "expected_revenue": 9000}
        )
        self._track()
        lead.convert_opportunity(self.customer)
        self._track()
        prospect, converted = self._history("prospect"), self._history("converted")
        self.assertEqual((prospect.res_id, prospect.name, prospect.amount), (lead.id, lead.name, 9000))
        self.assertEqual((prospect.date, prospect.currency_id), (lead.create_date, self.company.currency_id))
        self.assertEqual(
            (converted.res_id, converted.date, converted.user_id), (lead.id, lead.date_conversion, self.env.user)
        )
        self.assertFalse(self._history("deal"))

    def test_deal_won_reopened_and_lost(self):
        lead = self._lead(expected_revenue=1500)
        self._track()
        first, second = (
            lead.stage_id,
            self.env["crm.stage"].search([("sequence", ">", lead.stage_id.sequence), ("is_won", "=", False)], limit=1),
        )
        lead.stage_id = second
        self._track()
        lead.action_set_won()
        self._track()
        lead.stage_id = first
        self._track()
        reason = self.env["crm.lost.reason"].sudo().create({"name": "Precio"})
        lead.action_set_lost(lost_reason_id=reason.id)
        self._track()
        lead.action_restore()
        self._track()
        deal = self._history("deal", "stage", "won", "lost", "reopened").sorted("id")
        self.assertEqual(set(deal.mapped("res_id")), {lead.id})
        self.assertEqual(
            [line.kind for line in deal.filtered(lambda line: line.kind != "deal").sorted("source_id")],
            ["stage", "won", "reopened", "lost", "reopened"],
        )
        self.assertEqual(self._history("deal").amount, 1500)
        self.assertEqual(self._history("stage").detail, f"{first.name} → {second.name}")
        self.assertEqual(self._history("lost").detail, "Precio")

    def test_deal_created_as_won_and_imported_as_lost(self):
        won = self._lead(stage_id=self.env["crm.stage"].search([("is_won", "=", True)], limit=1).id, probability=100)
        lost = self._lead(active=False, probability=0)
        lost.date_closed = "2020-02-03 12:00:00"
        self._track()
        self.assertEqual(self._history("won").res_id, won.id)
        self.assertEqual(len(self._history("won")), 1)
        line = self._history("lost")
        self.assertEqual((line.res_id, fields.Datetime.to_string(line.date)), (lost.id, "2020-02-03 12:00:00"))

    def test_quotation_to_sale_to_invoice(self):
        order = self._create_order(confirm=False)
        self._track()
        order.action_quotation_sent()
        self._track()
        order.action_confirm()
        self._track()
        invoice = order._create_invoices()
        self._track()
        self.assertEqual(self._history("quotation").name, order.name)
        self.assertEqual(self._history("quotation").amount, order.amount_total)
        self.assertEqual(len(self._history("sent")), 1)
        confirmed = self._history("confirmed")
        self.assertEqual((len(confirmed), confirmed.res_id, confirmed.user_id), (1, order.id, self.env.user))
        invoiced = self._history("invoiced")
        self.assertEqual((invoiced.res_id, invoiced.detail), (invoice.id, order.name))
        order._action_cancel()
        self._track()
        state = self._history("state").filtered(lambda line: line.res_id == order.id and line.res_model == "sale.order")
        self.assertIn("→", state.detail)
        self.assertEqual(len(self._history("confirmed")), 1, "what happened stays")

    def test_sale_confirmed_without_tracking_has_its_date(self):
        order = self._create_order(days_ago=400)
        self._track()
        line = self._history("confirmed")
        self.assertEqual((line.res_id, line.date), (order.id, order.date_order))

    def test_invoice_credit_note_and_payment(self):
        invoice = self._create_customer_invoice(post=False)
        self._track()
        self.assertEqual(self._history("invoice").name, f"* {invoice.id}")
        invoice.action_post()
        self._track()
        self.assertEqual((self._history("posted").name, self._history("posted").amount), (invoice.name, 1160.0))
        payment = self._collect(invoice)
        self._track()
        self.assertEqual((self._history("payment").res_id, self._history("payment").amount), (payment.id, 1160.0))
        refund = self._create_customer_invoice(move_type="out_refund")
        self.assertEqual(self._history("credit_note").res_id, refund.id)

    def test_vendor_bills_and_payments_to_the_customer_as_a_supplier_are_not_told(self):
        self._create_customer_invoice(move_type="in_invoice", post=False)
        self.env["account.payment"].create(
            {"partner_id": self.customer.id, "partner_type": "supplier", "payment_type": "outbound", "amount": 5}
        )
        self.assertEqual(self._history().mapped("kind"), ["created"])

    def test_documents_of_a_contact_even_archived(self):
        order = self._create_order(customer=self.contact, confirm=False)
        self.contact.active = False
        self.assertEqual(self._history("quotation").res_id, order.id)
        self.assertFalse(self._history(customer=self.contact))

    # How it is shown

    def test_latest_first_and_by_month(self):
        self._create_order(days_ago=70)
        lines = self._history()
        self.assertEqual(lines.mapped("date"), sorted(lines.mapped("date"), reverse=True))
        groups = self.env["customer.history"].formatted_read_group(
            [("partner_id", "=", self.customer.id)], ["date:month"], ["__count"]
        )
        self.assertGreaterEqual(len(groups), 2)
        self.assertEqual(sum(group["__count"] for group in groups), len(lines))
        line = lines.with_context(tz="America/Mexico_City")[-1]
        local = line.date - timedelta(hours=6)
        self.assertEqual(line.month, format_date(local, "MMM yyyy", locale=get_lang(self.env).code))

    def test_card_shows_the_latest_twenty(self):
        for _index in range(12):
            self._create_order()
        shown = self.customer.customer_history_ids
        self.assertEqual(len(shown), 20)
        self.assertEqual(shown, self._history()[:20])
        self.assertEqual(self.customer.action_view_history()["domain"], [("partner_id", "=", self.customer.id)])

    def test_each_line_opens_its_document(self):
        order = self._create_order()
        invoice = self._create_customer_invoice()
        lead = self._lead()
        payment = self._collect(invoice)
        expected = {(record._name, record.id) for record in (self.customer, order, invoice, lead, payment)}
        opened = set()
        for line in self._history():
            action = line.with_context(default_date="2020-01-01").action_open()
            opened.add((action["res_model"], action["res_id"]))
            self.assertEqual(action["type"], "ir.actions.act_window")
            self.assertFalse(action.get("context"), "a group of the list is no default of a new document")
        self.assertEqual(opened, expected)

    def test_a_line_is_read_by_its_id(self):
        """As RPC does: the id alone, in another environment, one query for many lines."""
        for _index in range(3):
            self._create_order()
        ids = self._history().ids
        self.env.invalidate_all()
        lines = self.env["customer.history"].browse(ids)
        lines.browse(ids[:1]).read(["name"])
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            names = {line["id"]: line["name"] for line in lines.read(["name", "kind", "date"])}
        self.assertEqual(set(names), set(ids))
        self.assertEqual(lines.exists(), lines)
        self.assertFalse(lines.browse(ids[0] + 16 * 10**6).exists())
        self.assertEqual(self.env["customer.history"].search([("id", "in", ids[:2])]).ids, ids[:2])

    # Who sees it

    def test_a_salesperson_sees_the_documents_that_he_may_read(self):
        mine = self._create_order(user_id=self.salesman.id)
        other = self._create_order(user_id=self.env.uid)
        self._create_customer_invoice(invoice_user_id=self.env.uid)
        lines = self._history(user=self.salesman)
        self.assertIn(mine.name, lines.mapped("name"))
        self.assertNotIn(other.name, lines.mapped("name"))
        self.assertFalse(lines.filtered(lambda line: line.res_model in ("account.move", "account.payment")))
        hidden = self._history("quotation").filtered(lambda line: line.res_id == other.id).with_user(self.salesman)
        self.env.invalidate_all()
        self.assertFalse(hidden.exists())
        self.assertFalse(hidden.read(["name"]))
        with self.assertRaises(MissingError):
            hidden.action_open()
        counted = self.env["customer.history"].with_user(self.salesman)
        groups = counted._read_group([("partner_id", "=", self.customer.id)], ["kind"], ["__count", "amount:sum"])
        self.assertEqual(sum(count for _kind, count, _amount in groups), len(lines))

    def test_a_biller_sees_no_deals(self):
        self._lead()
        self._create_customer_invoice()
        kinds = set(self._history(user=self.biller).mapped("res_model"))
        self.assertIn("account.move", kinds)
        self.assertNotIn("crm.lead", kinds)

    def test_nothing_of_another_company(self):
        order = (
            self.env["sale.order"]
            .with_company(self.company_2)
            .create({"partner_id": self.customer.id, "company_id": self.company_2.id})
        )
        self.assertFalse(self._history("quotation"))
        both = self.env["customer.history"].with_context(allowed_company_ids=(self.company + self.company_2).ids)
        found = both.search([("partner_id", "=", self.customer.id), ("kind", "=", "quotation")])
        self.assertEqual(found.res_id, order.id)

    def test_others_see_nothing_and_nobody_writes(self):
        employee = self._create_user("empleado", "base.group_user")
        portal = self._create_user("portal", "base.group_portal", company_ids=[Command.set(self.company.ids)])
        for user in (employee, portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._history(user=user)
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.customer.with_user(user).read(["customer_history_ids"])
        line = self._history()[:1]
        for call in (
            lambda: line.write({"name": "x"}),
            line.unlink,
            lambda: line.create({"name": "x"}),
        ):
            with self.assertRaises(AccessError):
                call()

    # How fast

    def test_everything_is_found_by_indexes(self):
        """No branch reads a whole table: PostgreSQL must have an index for each of them, however few rows there are."""
        model = self.env["customer.history"]
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = model._search([("partner_id", "=", self.customer.id)], order="date desc", limit=20)
        select = query.select()
        self.env.cr.execute("EXPLAIN " + select.code, select.params)
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        for table in ("res_partner", "mail_message", "mail_tracking_value", "sale_order", "account_move", "crm_lead"):
            self.assertNotIn(f"Seq Scan on {table} ", plan)
        self.assertNotIn("Seq Scan on account_payment ", plan)
        # The condition went into the branches: none of them is read in full by its index.
        self.assertGreaterEqual(plan.count(f"commercial_partner_id = {self.customer.id}"), 10, plan)

    def test_many_customers_in_one_query(self):
        customers = self.customer
        for number in range(5):
            customers += self._create_customer(name=f"Cliente {number}")
            self._create_order(customer=customers[-1])
        self.env["customer.history"]._latest(customers.ids, 5)
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            found = self.env["customer.history"]._latest(customers.ids, 5)
        self.assertEqual(set(found), set(customers.ids))

    def test_the_card_of_a_busy_customer_looks_at_its_latest_documents(self):
        first, second = self._create_order(confirm=False), self._create_order(confirm=False)
        self._create_customer_invoice(post=False)
        with patch.object(customer_history, "LATEST_DOCUMENTS", 1):
            shown = self.customer.customer_history_ids
        self.assertEqual(set(shown.mapped("kind")), {"created", "quotation", "invoice"})
        self.assertEqual(shown.filtered(lambda line: line.kind == "quotation").res_id, second.id)
        self.assertEqual(set(self._history("quotation").mapped("res_id")), {first.id, second.id})
