from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestActions(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": cls.customer.id})
        cls.salesman = cls._create_user("vendedora", "sales_team.group_sale_salesman")
        cls.biller = cls._create_user("facturista", "account.group_account_invoice")

    def _create_from(self, action, **values):
        """The document that the form of an action makes when it is saved."""
        model = self.env[action["res_model"]].with_context(**action["context"])
        return model.create(values)

    # New documents

    def test_new_documents_have_the_customer(self):
        expected = {
            "action_new_quotation": ("sale.order", {}),
            "action_new_invoice": ("account.move", {"move_type": "out_invoice"}),
            "action_new_credit_note": ("account.move", {"move_type": "out_refund"}),
            "action_new_payment": ("account.payment", {"payment_type": "inbound", "partner_type": "customer"}),
            "action_new_opportunity": ("crm.lead", {"type": "opportunity"}),
        }
        for method, (model, values) in expected.items():
            with self.subTest(method):
                action = getattr(self.customer, method)()
                self.assertEqual((action["res_model"], action["views"]), (model, [(False, "form")]))
                with Form(self.env[model].with_context(**action["context"])) as form:
                    if model == "account.payment":
                        form.amount = 10
                    if model == "crm.lead":
                        form.name = "Sillas"
                document = form.record
                self.assertEqual(document.partner_id, self.customer)
                for name, value in values.items():
                    self.assertEqual(document[name], value)

    def test_event_activity_file_and_message(self):
        event = self._create_from(
            self.customer.action_new_event(), name="Visita", start="2030-01-02 16:00:00", stop="2030-01-02 17:00:00"
        )
        self.assertEqual(event.partner_ids, self.customer + self.env.user.partner_id)
        self.assertEqual((event.res_model, event.res_id), ("res.partner", self.customer.id))

        action = self.customer.action_new_activity()
        wizard = self._create_from(action, summary="Llamar")
        wizard.action_schedule_activities()
        self.assertIn("Llamar", self.customer.activity_ids.mapped("summary"))

        file = self._create_from(self.customer.action_new_file(), name="contrato.txt", raw=b"x")
        self.assertEqual((file.res_model, file.res_id), ("res.partner", self.customer.id))

        message = self._create_from(self.customer.action_new_message(), body="<p>Buenos días</p>")
        self.assertEqual(message.partner_ids, self.customer)
        message._action_send_mail()
        self.assertIn("Buenos días", self.customer.message_ids[:1].body)

    def test_log_entry(self):
        if "customer.log" not in self.env:
            with self.assertRaises(UserError):
                self.customer.action_new_log_entry()
            return
        action = self.customer.action_new_log_entry()
        self.assertEqual(action["context"]["default_partner_id"], self.customer.id)

    def test_rights(self):
        cases = {
            "action_new_invoice": self.salesman,
            "action_new_payment": self.salesman,
            "action_new_credit_note": self.salesman,
            "action_stamp_pending": self.salesman,
            "action_new_opportunity": self.biller,
        }
        for method, user in cases.items():
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(self.customer.with_user(user), method)()
        self.assertTrue(self.customer.with_user(self.salesman).action_new_quotation())
        self.assertTrue(self.customer.with_user(self.biller).action_new_invoice())

    def test_buttons_are_for_those_who_may_use_them(self):
        expected = {
            self.salesman: {"action_new_quotation", "action_new_opportunity", "action_new_event"},
            self.biller: {"action_new_invoice", "action_new_payment", "action_new_credit_note", "action_stamp_pending"},
        }
        view = self.env.ref("l10n_mx_customer.view_customer_form")
        for user, names in expected.items():
            arch = self.env["res.partner"].with_user(user).get_view(view.id, "form")["arch"]
            for name in set().union(*expected.values()) - {"action_new_event"}:
                with self.subTest(user.login, name=name):
                    self.assertEqual(f'name="{name}"' in arch, name in names)

    # Its documents

    def test_counts_equal_their_lists(self):
        self._create_order()
        self._create_order(customer=self.contact, confirm=False)
        self._create_customer_invoice()
        self._create_customer_invoice(move_type="out_refund", customer=self.contact)
        self._create_customer_invoice(move_type="in_invoice", post=False)
        for values in ({}, {"active": False, "probability": 0}, {"type": "lead"}, {"partner_id": self.contact.id}):
            self.env["crm.lead"].create(
                {"name": "Sillas", "type": "opportunity", "partner_id": self.customer.id, **values}
            )
        other = self._create_customer(name="Otro")
        self.contact.active = False
        expected = {
            "customer_order_count": (2, "action_view_customer_orders"),
            "customer_invoice_count": (2, "action_view_customer_invoices"),
            "customer_opportunity_count": (3, "action_view_customer_opportunities"),
            "customer_cfdi_count": (0, "action_view_customer_cfdi"),
        }
        for name, (count, method) in expected.items():
            with self.subTest(name):
                action = getattr(self.customer, method)()
                listed = self.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])
                self.assertEqual((self.customer[name], len(listed)), (count, count))
                self.assertEqual(other[name], 0)
        customers = self.customer + other
        customers.invalidate_recordset()
        customers.mapped("customer_order_count")
        customers.invalidate_recordset()
        with self.assertQueryCount(2):
            customers.mapped("customer_order_count")

    # Stamping

    def test_pending_stamps(self):
        invoices = self._create_customer_invoice(days_ago=2) + self._create_customer_invoice(
            customer=self.contact, days_ago=1
        )
        note = self._create_customer_invoice(move_type="out_refund")
        self._create_customer_invoice(post=False)
        self._create_customer_invoice(customer=self._create_customer(name="Otro"))
        self.assertEqual(self.customer.unstamped_invoice_count, 3)
        # Nothing can be sealed: the company has no certificate. Each document says so, and none stops the others.
        action = self.customer.action_stamp_pending()
        wizard = self.env["customer.stamp"].browse(action["res_id"])
        self.assertEqual((wizard.line_ids.move_id, set(wizard.line_ids.mapped("state"))), (invoices + note, {"wrong"}))
        self.assertTrue(all(wizard.line_ids.mapped("message")))
        self.assertEqual(wizard.line_ids[0].action_open_document()["res_id"], invoices[0].id)
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(self.salesman).read(["problems"])

    def test_nothing_to_stamp(self):
        self.assertFalse(self.customer.unstamped_invoice_count)
        self.assertEqual(self.customer.action_stamp_pending()["tag"], "display_notification")
        self._create_customer_invoice()
        self.customer.invalidate_recordset(["unstamped_invoice_count"])
        self.assertEqual(self.customer.unstamped_invoice_count, 1)
        self.company.sudo().account_fiscal_country_id = self.env.ref("base.us")
        action = self.customer.action_stamp_pending()
        self.assertEqual(action["tag"], "display_notification", "only Mexican companies stamp")


@tagged("post_install", "-at_install")
class TestActivities(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = cls._create_user("vendedora", "sales_team.group_sale_salesman")
        cls.contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": cls.customer.id})
        cls.lead = cls.env["crm.lead"].create({"name": "Sillas", "type": "opportunity", "partner_id": cls.contact.id})
        cls.order = cls._create_order(confirm=False, opportunity_id=cls.lead.id)
        cls.invoice = cls._create_customer_invoice(post=False)
        cls.bill = cls._create_customer_invoice(move_type="in_invoice", post=False)

    def _schedule(self, record, summary="Llamar", **values):
        return record.activity_schedule("mail.mail_activity_data_todo", summary=summary, user_id=self.env.uid, **values)

    def _of_customer(self, user=None):
        action = self.customer.with_user(user or self.env.user).action_view_activities()
        model = self.env["mail.activity"].with_user(user or self.env.user)
        return model.with_context(active_test=False).search(action["domain"])

    def test_activities_of_the_customer_and_its_documents(self):
        mine = [self._schedule(record) for record in (self.customer, self.contact, self.lead, self.order, self.invoice)]
        others = self._schedule(self._create_customer(name="Otro")) + self._schedule(self.bill)
        found = self._of_customer()
        self.assertEqual(
            found, self.env["mail.activity"].union(*mine).sorted(lambda activity: found.ids.index(activity.id))
        )
        self.assertEqual(len(found), 5)
        self.assertEqual(found.customer_id, self.customer)
        self.assertFalse(others & found)
        self.assertFalse(others[-1].customer_id, "a vendor bill is no document of a customer")

    def test_done_ones_stay_and_open_ones_come_first(self):
        done = self._schedule(self.customer, "Enviar catálogo")
        done.action_feedback(feedback="Enviado")
        late = self._schedule(self.order, "Tarde", date_deadline=fields.Date.add(self.today, days=9))
        soon = self._schedule(self.customer, "Pronto", date_deadline=self.today, priority="0")
        urgent = self._schedule(self.lead, "Urgente", date_deadline=self.today, priority="2")
        self.env.invalidate_all()
        self.assertEqual(self.customer.customer_activity_ids, urgent + soon + late + done)
        self.assertEqual((done.state, done.date_done, done.active), ("done", fields.Date.today(), False))
        self.assertEqual(self._of_customer(), self.customer.customer_activity_ids.sorted("id") & self._of_customer())
        self.assertEqual(len(self._of_customer()), 4)

    def test_deal(self):
        activities = self._schedule(self.lead) + self._schedule(self.order) + self._schedule(self.customer)
        self.assertEqual(activities.mapped(lambda activity: activity.deal_id.id), [self.lead.id, self.lead.id, False])

    def test_opens_its_document(self):
        action = self._schedule(self.order).action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("sale.order", self.order.id))

    def test_search_by_name_and_group(self):
        activity = self._schedule(self.contact)
        self.assertEqual(self.env["mail.activity"].search([("customer_id", "ilike", "del Bajío SA de CV")]), activity)
        self.assertEqual(self.env["mail.activity"].search([("customer_id", "in", self.customer.ids)]), activity)
        self.assertFalse(self.env["mail.activity"].search([("customer_id", "=", self.salesman.partner_id.id)]))

    def test_no_leak(self):
        activities = self._schedule(self.customer) + self._schedule(self.invoice) + self._schedule(self.order)
        self.order.user_id = self.env.user
        self.assertEqual(self._of_customer(self.salesman), activities[0])
        shown = self.customer.with_user(self.salesman).customer_activity_ids
        self.assertEqual(shown, activities[0])
        shown.read(["deal_id", "customer_id", "res_name", "state"])

    def test_assignee_without_rights_on_the_document(self):
        """He reads his activity; of its deal, nothing."""
        activity = self._schedule(self.lead)
        self.lead.user_id = self.env.user
        activity.with_context(mail_activity_quick_update=True).user_id = self.salesman
        self.env.invalidate_all()
        seen = activity.with_user(self.salesman)
        self.assertFalse(seen.read(["deal_id"])[0]["deal_id"])
        self.assertEqual(seen.customer_id, self.customer)

    def test_queries_do_not_grow(self):
        for _index in range(3):
            self._schedule(self.order)
        self.customer.customer_activity_ids.mapped("deal_id.name")
        self.env.invalidate_all()
        few = self._count_queries()
        for record in (self.order, self.lead, self.invoice, self.customer):
            for _index in range(4):
                self._schedule(record)
        self.assertLessEqual(self._count_queries(), few + 8, "more models, and not one query an activity")

    def _count_queries(self):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        activities = self.customer.customer_activity_ids
        activities.read(["deal_id", "customer_id", "state", "res_name"])
        return self.env.cr.sql_log_count - before

    def test_portal_and_employees(self):
        self._schedule(self.customer)
        portal = self._create_user("portal", "base.group_portal", company_ids=[Command.set(self.company.ids)])
        with self.assertRaises(AccessError):
            self.customer.with_user(portal).read(["customer_activity_ids"])
