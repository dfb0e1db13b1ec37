from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .test_files import FilesCommon


@tagged("post_install", "-at_install")
class TestMissingFiles(FilesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.csf.sudo().requirement = "always"
        cls.contract.sudo().requirement = "credit"
        deed = cls.env.ref("l10n_mx_customer.file_type_deed").sudo()
        deed.requirement = "always"
        cls.deed = deed.with_env(cls.env)
        cls.customer.write({"credit_limit": 0, "credit_days": 0})

    def _assert_missing(self, expected, customer=None):
        """What the card shows is what the search finds, for a salesperson who may not read credit."""
        customer = (customer or self.customer).with_user(self.seller)
        self.assertEqual(customer.missing_file_type_ids, expected)
        for file_type in self.csf + self.contract + self.deed:
            found = customer.search([("missing_file_type_ids", "=", file_type.id)])
            self.assertEqual(customer in found, file_type in expected, file_type.name)
            found = customer.search([("missing_file_type_ids", "ilike", file_type.name)])
            self.assertEqual(customer in found, file_type in expected, file_type.name)
        self.assertEqual(customer in customer.search([("missing_file_type_ids", "!=", False)]), bool(expected))
        self.assertEqual(customer in customer.search([("missing_file_type_ids", "=", False)]), not expected)
        others = (self.csf + self.contract + self.deed) - expected
        found = customer.search([("missing_file_type_ids", "not in", others.ids)])
        self.assertIn(customer, found)

    def test_kinds_of_customers(self):
        us = self.env.ref("base.us").id
        cases = [
            ({"name": "Persona moral"}, self.csf + self.deed),
            ({"name": "Persona física", "is_company": False}, self.csf),
            ({"name": "A crédito", "credit_limit": 1000}, self.csf + self.contract + self.deed),
            ({"name": "A días", "credit_days": 30, "is_company": False}, self.csf + self.contract),
            ({"name": "Sin país", "country_id": False}, self.csf + self.deed),
            ({"name": "Acme", "country_id": us}, self.csf.browse()),
            ({"name": "Acme a crédito", "country_id": us, "credit_days": 30}, self.contract),
            ({"name": "Extranjero", "vat": "XEXX010101000", "country_id": us}, self.csf.browse()),
            ({"name": "Público en general", "vat": "XAXX010101000", "credit_days": 30}, self.csf.browse()),
            ({"name": "Proveedor", "customer_rank": 0}, self.csf.browse()),
        ]
        for values, expected in cases:
            with self.subTest(values["name"]):
                self._assert_missing(expected, self._create_customer(**values))
        contact = self.env["res.partner"].create({"name": "Ana", "parent_id": self.customer.id, "customer_rank": 1})
        self._assert_missing(self.csf.browse(), contact)

    def test_credit_is_of_the_company(self):
        self.customer.with_company(self.company_2).credit_days = 30
        self._assert_missing(self.csf + self.deed)
        in_other_company = self.customer.with_company(self.company_2)
        self.assertIn(self.contract, in_other_company.missing_file_type_ids)
        self.assertIn(in_other_company, in_other_company.search([("missing_file_type_ids", "=", self.contract.id)]))

    def test_what_counts(self):
        file = self._file()
        self._assert_missing(self.deed)
        file.with_user(self.manager).action_customer_file_reject("No se lee")
        self._assert_missing(self.csf + self.deed)
        file.with_user(self.manager).action_customer_file_approve()
        self._assert_missing(self.deed)
        file.customer_file_expires_on = self.today
        self._assert_missing(self.deed)
        file.customer_file_expires_on = self.today - timedelta(days=1)
        self._assert_missing(self.csf + self.deed)
        file.customer_file_expires_on = False
        file.customer_file_type_id = self.deed
        self._assert_missing(self.csf)
        file.unlink()
        self._assert_missing(self.csf + self.deed)

    def test_file_of_another_customer_or_of_a_field(self):
        self._file(res_id=self._create_customer(name="Otro cliente").id)
        order = self._create_order(confirm=False)
        self._file(self.env.user, res_model="sale.order", res_id=order.id)
        self._file(self.manager, res_field="image_1920")
        self._assert_missing(self.csf + self.deed)

    def test_archived_types_and_customers(self):
        self.deed.sudo().active = False
        self._assert_missing(self.csf)
        self.customer.active = False
        found = self.customer.with_context(active_test=False).search([("missing_file_type_ids", "=", self.csf.id)])
        self.assertIn(self.customer, found)

    def test_before_saving(self):
        new = self.env["res.partner"].new({"customer_rank": 1, "is_company": True, "name": "Nuevo"})
        self.assertEqual(new.missing_file_type_ids._origin, self.csf + self.deed)

    def test_a_thousand_customers_cost_few_queries(self):
        customers = self.env["res.partner"].concat(*(self._create_customer(name=f"C{i}") for i in range(60)))

        def read(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("missing_file_type_ids")
            return self.env.cr.sql_log_count - before

        read(customers)
        self.assertLessEqual(read(customers), read(customers[:5]) + 1)


@tagged("post_install", "-at_install")
class TestExpiry(FilesCommon):
    def _activities(self, customer=None):
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "res.partner"),
                    ("res_id", "=", (customer or self.customer).id),
                    ("activity_type_id", "=", self.env.ref("l10n_mx_customer.mail_activity_type_file").id),
                ]
            )
        )

    def _run(self):
        self.env["ir.attachment"].with_user(self.env.ref("base.user_root"))._cron_announce_expiring_files()

    def test_one_activity_for_each_expiry_date(self):
        self.customer.user_id = self.seller
        expiry = self.today + timedelta(days=10)
        file = self._file(customer_file_expires_on=expiry)
        self._run()
        activity = self._activities()
        self.assertEqual((activity.user_id, activity.date_deadline, activity.automated), (self.seller, expiry, True))
        self.assertIn(str(expiry), activity.summary)
        self.assertIn(self.csf.name, activity.summary)
        self._run()
        self.assertEqual(self._activities(), activity)
        activity.action_done()
        self._run()
        self.assertFalse(self._activities(), "done once, it does not come back the next day")
        file.customer_file_expires_on = expiry + timedelta(days=1)
        self._run()
        self.assertEqual(len(self._activities()), 1)

    def test_when(self):
        self.csf.sudo().notice_days = 20
        for days, expected in ((21, 0), (20, 1), (0, 1), (-400, 1)):
            with self.subTest(days):
                customer = self._create_customer(name=f"Vence en {days}")
                self._file(res_id=customer.id, customer_file_expires_on=self.today + timedelta(days=days))
                self._run()
                activities = self._activities(customer)
                self.assertEqual(len(activities), expected)
                if activities:
                    self.assertEqual(activities.date_deadline, self.today + timedelta(days=max(days, 0)))

    def test_which(self):
        expiry = self.today + timedelta(days=1)
        later = self.today + timedelta(days=300)
        supplier = self.env["res.partner"].create({"name": "Proveedor", "supplier_rank": 1})
        cases = {
            "pending": ({}, 1),
            "without type": ({"customer_file_type_id": False}, 1),
            "of a supplier": ({"res_id": supplier.id}, 0),
        }
        for reason, (values, expected) in cases.items():
            with self.subTest(reason):
                customer = self._create_customer(name=reason)
                file = self._file(**{"res_id": customer.id, "customer_file_expires_on": expiry, **values})
                self._run()
                self.assertEqual(len(self._activities(customer.browse(file.res_id))), expected)
        for reason, prepare in {
            "rejected": lambda file: file.with_user(self.manager).action_customer_file_reject("No"),
            "renewed": lambda file: self._file(res_id=file.res_id, customer_file_expires_on=later),
            "renewed for good": lambda file: self._file(res_id=file.res_id),
            "of an archived customer": lambda file: file.customer_file_partner_id.action_archive(),
        }.items():
            with self.subTest(reason):
                customer = self._create_customer(name=reason)
                prepare(self._file(res_id=customer.id, customer_file_expires_on=expiry))
                self._run()
                self.assertFalse(self._activities(customer))

    def test_whose(self):
        """The salesperson's; without one, or with one who left, a manager's who may see the customer."""
        managers = self.env.ref("l10n_mx_customer.group_customer_manager").sudo()
        managers.user_ids -= managers.user_ids - self.manager - self.env.ref("base.user_root")
        gone = self._create_user("gone", "sales_team.group_sale_salesman", active=False)
        foreign_manager = self._create_user(
            "foreign",
            "l10n_mx_customer.group_customer_manager",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        cases = [
            ({"user_id": self.seller}, self.seller),
            ({"user_id": gone}, self.manager),
            ({}, self.manager),
            ({"company_id": self.company_2}, foreign_manager),
        ]
        for values, expected in cases:
            with self.subTest(values):
                customer = self._create_customer(name="Cliente")
                customer.sudo().write({name: value.id for name, value in values.items()})
                self._file(self.env.ref("base.user_root"), res_id=customer.id, customer_file_expires_on=self.today)
                self._run()
                self.assertEqual(self._activities(customer).user_id, expected)

    def test_the_job(self):
        self._file(customer_file_expires_on=self.today)
        with self.enter_registry_test_mode():
            self.env.ref("l10n_mx_customer.ir_cron_announce_expiring_files").sudo().method_direct_trigger()
        self.assertEqual(len(self._activities()), 1)

    def test_hundreds_cost_few_queries(self):
        def run(count):
            customers = [self._create_customer(name=f"C{index}") for index in range(count)]
            for customer in customers:
                self._file(res_id=customer.id, customer_file_expires_on=self.today)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self._run()
            return self.env.cr.sql_log_count - before

        run(1)
        few, many = run(5), run(40)
        # Odoo subscribes the assignee to each document and checks its access: nothing of ours is repeated
        self.assertLess((many - few) / 35, 3)
