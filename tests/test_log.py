from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestCustomerLog(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.other_seller = cls._create_user("other", "sales_team.group_sale_salesman")
        cls.manager = cls._create_user("manager", "l10n_mx_customer.group_customer_manager")
        cls.contact = cls.env["res.partner"].create({"name": "Ana Ruiz", "parent_id": cls.customer.id})
        cls.tomorrow = cls.today + timedelta(days=1)

    def _entry(self, user=None, **values):
        values = {"partner_id": self.customer.id, "type": "call", "summary": "Pide cotización", **values}
        return self.env["customer.log"].with_user(user or self.seller).create(values)

    # ------------------------------------------------------
    # Entries
    # ------------------------------------------------------

    def test_an_entry_in_one_call(self):
        entry = self._entry(note="<p>Mil sillas</p>")
        self.assertEqual((entry.author_id, entry.company_id), (self.seller, self.company))
        self.assertTrue(entry.date)
        self.assertFalse(entry.activity_id)
        self.assertEqual(self.customer.customer_log_ids, entry.with_env(self.env))

    def test_with_a_new_customer(self):
        commands = [Command.create({"type": "visit", "summary": "Primera visita", "next_date": self.tomorrow})]
        customer, other = (
            self.env["res.partner"]
            .with_user(self.seller)
            .create([{"name": "Nuevo", "customer_rank": 1, "customer_log_ids": commands}, {"name": "Sin bitácora"}])
        )
        self.assertEqual(customer.customer_log_ids.activity_id, customer.activity_ids)
        self.assertEqual(len(customer.activity_ids), 1)
        self.assertFalse(other.customer_log_ids)

    def test_a_contact_becomes_its_customer(self):
        entry = self._entry(partner_id=self.contact.id)
        self.assertEqual((entry.partner_id, entry.contact_id), (self.customer, self.contact))
        default = (
            self.env["customer.log"]
            .with_context(default_partner_id=self.contact.id)
            .create({"type": "visit", "summary": "Visita"})
        )
        self.assertEqual((default.partner_id, default.contact_id), (self.customer, self.contact))
        other = self._create_customer(name="Otro cliente")
        with self.assertRaisesRegex(ValidationError, "Ana Ruiz"):
            self._entry(partner_id=other.id, contact_id=self.contact.id)

    def test_the_list_of_a_customer(self):
        entry = self._entry()
        self._entry(partner_id=self._create_customer(name="Otro cliente").id)
        action = self.contact.with_user(self.seller).action_customer_log()
        self.assertEqual(self.env["customer.log"].search(action["domain"]).ids, entry.ids)
        self.assertEqual(action["context"]["default_partner_id"], self.customer.id)

    def test_it_goes_with_its_customer(self):
        customer = self._create_customer(name="Se va")
        entry = self._entry(partner_id=customer.id, next_date=self.tomorrow)
        activity = entry.activity_id
        customer.with_user(self.env.ref("base.user_admin")).unlink()
        self.assertFalse(entry.exists() or activity.exists())

    # ------------------------------------------------------
    # Follow-up
    # ------------------------------------------------------

    def test_a_follow_up_is_an_activity(self):
        entry = self._entry(next_date=self.tomorrow)
        activity = entry.activity_id
        self.assertEqual(
            (activity.res_model, activity.res_id, activity.user_id, activity.date_deadline, activity.summary),
            ("res.partner", self.customer.id, self.seller, self.tomorrow, "Pide cotización"),
        )
        self.assertEqual(activity.activity_type_id, self.env.ref("l10n_mx_customer.mail_activity_type_log"))
        entry.next_date = self.today
        self.assertEqual((entry.activity_id, activity.date_deadline), (activity, self.today))
        entry.summary = "Pide factura"
        self.assertEqual(activity.summary, "Pide factura")
        entry.next_date = False
        self.assertFalse(activity.exists())
        entry.next_date = self.tomorrow
        self.assertEqual(entry.activity_id.date_deadline, self.tomorrow)

    def test_done_is_done_on_both_sides(self):
        entry = self._entry(next_date=self.tomorrow)
        activity = entry.activity_id
        entry.action_done()
        self.assertEqual((entry.done, activity.active, activity.state), (True, False, "done"))
        entry.action_reopen()
        self.assertTrue(entry.activity_id.active)
        self.assertNotEqual(entry.activity_id, activity)

        entry.activity_id.with_user(self.seller).action_feedback("Ya quedó")
        self.assertTrue(entry.done)
        self.assertEqual(entry.next_date, self.tomorrow)
        entry.activity_id.action_unarchive()
        self.assertFalse(entry.done)

    def test_an_entry_without_follow_up_is_done_too(self):
        entry = self._entry()
        entry.action_done()
        self.assertTrue(entry.done)
        self.assertFalse(entry.activity_id)
        entry.next_date = self.tomorrow
        self.assertFalse(entry.activity_id)

    def test_the_activity_moves_the_entry(self):
        entry = self._entry(next_date=self.tomorrow)
        entry.activity_id.with_user(self.seller).action_reschedule_nextweek()
        self.assertEqual(entry.next_date, entry.activity_id.date_deadline)
        self.assertGreater(entry.next_date, self.today)
        entry.activity_id.with_user(self.seller).action_cancel()
        self.assertFalse(entry.next_date or entry.activity_id or entry.done)

    def test_whoever_was_given_the_activity_keeps_it(self):
        entry = self._entry(next_date=self.tomorrow)
        entry.activity_id.user_id = self.other_seller
        entry.next_date = self.today
        self.assertEqual(entry.activity_id.user_id, self.other_seller)
        entry.activity_id.with_user(self.other_seller).action_done()
        self.assertTrue(entry.done)

    def test_a_deleted_entry_takes_its_activity(self):
        entry = self._entry(next_date=self.tomorrow)
        activity = entry.activity_id
        entry.unlink()
        self.assertFalse(activity.exists())
        entry = self._entry(next_date=self.tomorrow)
        entry.action_done()
        activity = entry.activity_id
        entry.unlink()
        self.assertTrue(activity.exists(), "what was done stays in the customer's history")

    def test_follow_up_without_rights_on_the_customer(self):
        clerk = self._create_user("clerk", "l10n_mx_customer.group_customer_user")
        self.assertFalse(self.customer.with_user(clerk).has_access("write"))
        entry = self._entry(clerk, next_date=self.tomorrow)
        self.assertEqual((entry.activity_id.user_id, entry.activity_id.create_uid), (clerk, clerk))

    def test_many_entries_cost_few_queries(self):
        def create(count):
            before = self.env.cr.sql_log_count
            self.env["customer.log"].create(
                [{"partner_id": self.customer.id, "summary": "Llamada", "type": "call"} for _index in range(count)]
            )
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        create(1)
        self.assertLessEqual(create(100), create(10) + 2)

    # ------------------------------------------------------
    # Access
    # ------------------------------------------------------

    def test_own_entries(self):
        entry = self._entry()
        theirs = entry.with_user(self.other_seller)
        self.assertEqual(theirs.summary, "Pide cotización")
        for reason, change in {
            "write": lambda: theirs.write({"summary": "Otra cosa"}),
            "done": theirs.action_done,
            "unlink": theirs.unlink,
            "on behalf of another": lambda: self._entry(self.other_seller, author_id=self.seller.id),
            "give away": lambda: entry.write({"author_id": self.other_seller.id}),
        }.items():
            with self.subTest(reason), self.assertRaises(AccessError):
                change()
        entry.with_user(self.manager).author_id = self.other_seller
        theirs.summary = "Ahora es mía"
        self._entry(self.manager, author_id=self.seller.id)

    def test_other_companies(self):
        entry = self._entry()
        stranger = self._create_user(
            "stranger",
            "sales_team.group_sale_salesman",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        entry = entry.with_context(allowed_company_ids=self.company_2.ids)
        log = entry.browse().with_user(stranger)
        self.assertFalse(log.search([("partner_id", "=", self.customer.id)]))
        with self.assertRaises(AccessError):
            entry.with_user(stranger).read(["summary"])
        # an entry of their own company, of a customer that they may not see
        both = self._create_user(
            "both", "sales_team.group_sale_manager", company_ids=[Command.set((self.company + self.company_2).ids)]
        )
        self.customer.company_id = self.company
        log_of_both = entry.with_context(allowed_company_ids=both.company_ids.ids).browse().with_user(both)
        hidden = log_of_both.create(
            {"partner_id": self.customer.id, "summary": "Llamada", "company_id": self.company_2.id}
        )
        hidden = hidden.with_env(entry.env)
        self.assertFalse(log.search([("id", "=", hidden.id)]))
        with self.assertRaises(AccessError):
            hidden.with_user(stranger).read(["summary"])
        with self.assertRaises(AccessError):
            log.create({"partner_id": self.customer.id, "summary": "Espía"})

    def test_portal_and_plain_employees(self):
        entry = self._entry()
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        employee = self._create_user("employee", "base.group_user")
        for user in (portal, employee):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    entry.with_user(user).read(["summary"])
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).read(["customer_log_ids"])
        # reading all the fields of a customer still works for them
        self.assertTrue(self.customer.with_user(employee).read(["name", "contact_initials"]))
