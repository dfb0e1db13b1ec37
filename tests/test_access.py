from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestAccess(CustomerCommon):
    def test_figures_are_for_employees(self):
        self._create_customer_invoice()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        self.assertEqual(self.customer.with_user(seller).receivable_balance, 1160.0)
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        for name in ("receivable_balance", "credit_available", "invoiced_total"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.customer.with_user(portal).read([name])

    def test_whoever_reads_everything_reads_no_documents(self):
        self._create_customer_invoice()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        technical = {"customer_line_ids", "customer_order_ids"}
        # Core has fields of its own that only an administrator reads all at once.
        (card,) = self.customer.with_user(self.env.ref("base.user_admin")).read()
        self.assertEqual((card["receivable_balance"], card["cfdi_use"]), (1160.0, "G03"))
        self.assertFalse(technical & card.keys())
        self.assertFalse(technical & self.env["res.partner"].with_user(seller).fields_get().keys())

    def test_figures_cannot_be_written(self):
        self._create_customer_invoice()
        with self.assertRaisesRegex(UserError, "Receivable"):
            self.customer.write({"receivable_balance": 0.0})
        with self.assertRaisesRegex(UserError, "Available Credit"):
            self._create_customer(name="Cliente", credit_available=1000000.0)

    def test_nobody_writes_a_cfdi(self):
        admin = self.env.ref("base.user_admin")
        documents = self.env["customer.cfdi"].with_user(admin)
        self.assertTrue(documents.has_access("read"))
        for operation in ("create", "write", "unlink"):
            with self.subTest(operation):
                self.assertFalse(documents.has_access(operation))

    def test_pac_credentials_are_for_settings_administrators(self):
        accountant = self._create_user("accountant", "account.group_account_manager")
        for name in ("cfdi_pac_username", "cfdi_pac_password", "cfdi_pac_url"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.company.with_user(accountant).read([name])

    def test_who_may_stamp(self):
        invoice = self._create_customer_invoice()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            invoice.with_user(seller).cfdi_stamp()
