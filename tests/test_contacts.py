from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestContacts(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.purchases = cls.env.ref("l10n_mx_customer.contact_role_purchases")
        cls.payments = cls.env.ref("l10n_mx_customer.contact_role_payments")

    def test_contacts_with_roles(self):
        self.customer.write(
            {
                "customer_contact_ids": [
                    Command.create({"name": "Ana Ruiz", "contact_role_ids": [Command.set(self.purchases.ids)]}),
                    Command.create({"name": "Luis Paz", "contact_role_ids": [Command.set(self.payments.ids)]}),
                ]
            }
        )
        self.env["res.partner"].create({"name": "Bodega", "parent_id": self.customer.id, "type": "delivery"})
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.customer_contact_ids.mapped("name"), ["Ana Ruiz", "Luis Paz"])
        found = self.env["res.partner"].search(
            [("parent_id", "=", self.customer.id), ("contact_role_ids.code", "=", "PAGOS")]
        )
        self.assertEqual(found.name, "Luis Paz")

    def test_a_contact_is_no_customer(self):
        """The list of customers has defaults for customers, which come with the form to whatever is typed in it."""
        card = self.customer.with_context(default_customer_rank=1, default_is_company=True, default_type="invoice")
        card.write({"customer_contact_ids": [Command.create({"name": "Ana Ruiz"})]})
        contact = self.customer.customer_contact_ids
        self.assertEqual((contact.customer_rank, contact.is_company, contact.type), (0, False, "contact"))
        new = (
            self.env["res.partner"]
            .with_context(default_customer_rank=1, default_is_company=True)
            .create({"name": "Nuevo", "customer_contact_ids": [Command.create({"name": "Ana Ruiz"})]})
        )
        self.assertEqual((new.customer_rank, new.customer_contact_ids.customer_rank), (1, 0))

    def test_initials(self):
        cases = {
            "Ana Ruiz": "AR",
            "ana maría ruiz gómez": "AMR",
            "Óscar": "Ó",
            " (Sr.) Luis  Paz ": "LP",
            "3M México": "3M",
            False: "",
        }
        for name, expected in cases.items():
            with self.subTest(name):
                partner = self.env["res.partner"].new({"name": name})
                self.assertEqual(partner.contact_initials or "", expected)

    def test_the_list_of_a_customer(self):
        self.customer.write({"customer_contact_ids": [Command.create({"name": "Ana Ruiz"})]})
        action = self.customer.action_customer_contacts()
        self.assertEqual(self.env["res.partner"].search(action["domain"]), self.customer.customer_contact_ids)
        contact = self.env["res.partner"].with_context(**action["context"]).create({"name": "Luis Paz"})
        self.assertEqual((contact.parent_id, contact.customer_rank), (self.customer, 0))

    def test_roles_are_configuration(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        self.assertEqual(self.payments.with_user(seller).name, "Pagos")
        with self.assertRaises(AccessError):
            self.payments.with_user(seller).name = "Otro"
        manager = self._create_user("manager", "l10n_mx_customer.group_customer_manager")
        role = self.env["customer.contact.role"].with_user(manager).create({"name": "Legal", "code": " legal "})
        self.assertEqual(role.code, "LEGAL")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            role.code = "pagos"
            role.flush_recordset()

    def test_contacts_cost_nothing_to_partners(self):
        """Nobody pays at an import for the fields of a contact."""
        for name in ("contact_initials", "contact_role_ids", "customer_contact_ids", "customer_log_ids"):
            field = self.env["res.partner"]._fields[name]
            with self.subTest(name):
                self.assertFalse(field.store and field.compute)
                self.assertFalse(field.default)
