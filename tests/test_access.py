from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from .common import CustomerCommon


def _is_ours(klass):
    return klass.__module__.startswith("odoo.addons.l10n_mx_customer.")


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
        pac = self.env["customer.pac"].create({"environment": "test", "username": "yo", "password": "secreta"})
        self.assertEqual(pac.with_user(accountant).name, "Finkok (Test)")
        for name in ("username", "password", "secret", "url"):
            with self.subTest(name), self.assertRaises(AccessError):
                pac.with_user(accountant).read([name])
        with self.assertRaises(AccessError):
            pac.with_user(accountant).check_connection()

    def test_nobody_reads_the_password_of_a_pac(self):
        admin = self.env.ref("base.user_admin")
        pac = self.env["customer.pac"].create({"environment": "test", "username": "yo", "password": "secreta"})
        pac.invalidate_recordset()
        self.assertEqual(
            pac.with_user(admin).read(["username", "password"])[0], {"id": pac.id, "username": "yo", "password": False}
        )
        with self.assertRaises(AccessError):
            pac.with_user(admin).read(["secret"])
        pac.with_user(admin).write({"username": "otro", "password": False})
        self.assertEqual(pac.sudo().secret, "secreta", "a form that was saved without it keeps it")

    def test_who_may_stamp(self):
        invoice = self._create_customer_invoice()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            invoice.with_user(seller).cfdi_stamp()

    def test_customers_of_another_company(self):
        other = (
            self.env["res.partner"]
            .sudo()
            .create({"name": "De la otra", "customer_rank": 1, "company_id": self.company_2.id})
        )
        seller = self._create_user("seller", "sales_team.group_sale_manager", "base.group_partner_manager")
        theirs = other.with_user(seller)
        self.assertNotIn(other, theirs.search([("customer_rank", ">", 0)]))
        for call in (lambda: theirs.read(["name", "vat"]), lambda: theirs.write({"phone": "1"}), theirs.unlink):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                call()

    def test_own_customers_only(self):
        mine = self._create_user("mine", "sales_team.group_sale_salesman", "base.group_partner_manager")
        colleague = self._create_user("colleague", "sales_team.group_sale_salesman", "base.group_partner_manager")
        mine.group_ids += self.env.ref("l10n_mx_customer.group_own_customers_only")
        customers = {
            user: self._create_customer(name=f"De {name}", user_id=user and user.id)
            for name, user in (("mine", mine), ("colleague", colleague), ("nadie", False))
        }
        theirs = customers[colleague]
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": theirs.id})
        supplier = self.env["res.partner"].create({"name": "Proveedor", "user_id": colleague.id})
        partners = self.env["res.partner"].with_user(mine)
        everyone = theirs + customers[mine] + customers[False] + contact + supplier
        seen = partners.search([("id", "in", everyone.ids)])
        self.assertEqual(seen, customers[mine] + customers[False] + supplier)
        for record in (theirs, contact):
            for call in ("read", "write", "unlink"):
                arguments = [{"phone": "1"}] if call == "write" else []
                with self.subTest((record.name, call)), self.assertRaises(AccessError), self.env.cr.savepoint():
                    getattr(record.with_user(mine), call)(*arguments)
        self.assertEqual(len(self.env["res.partner"].with_user(colleague).search([("id", "in", everyone.ids)])), 5)

    def test_groups_are_implied(self):
        for group, implied in (
            ("sales_team.group_sale_salesman", "group_customer_user"),
            ("account.group_account_invoice", "group_cfdi_issuer"),
            ("account.group_account_manager", "group_credit_manager"),
            ("l10n_mx_customer.group_customer_manager", "group_credit_manager"),
            ("l10n_mx_customer.group_customer_manager", "group_cfdi_issuer"),
            ("l10n_mx_customer.group_credit_manager", "group_customer_user"),
        ):
            with self.subTest((group, implied)):
                self.assertIn(self.env.ref(f"l10n_mx_customer.{implied}"), self.env.ref(group).all_implied_ids)
        salesman = self._create_user("salesman", "sales_team.group_sale_salesman")
        for group in ("group_credit_manager", "group_cfdi_issuer", "group_customer_manager"):
            with self.subTest(group):
                self.assertFalse(salesman.has_group(f"l10n_mx_customer.{group}"))

    def test_portal(self):
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.write({"parent_id": self.customer.id})
        own = self.customer.with_user(portal)
        self.assertEqual(own.name, self.customer.name)
        for name in ("credit_limit", "credit_light", "receivable_balance", "overdue_balance"):
            with self.subTest(name), self.assertRaises(AccessError):
                own.read([name])
        other = self._create_customer(name="Otro")
        for call in (
            lambda: other.with_user(portal).read(["name"]),
            lambda: own.write({"cfdi_use": "G01"}),
            lambda: own.create({"name": "Nuevo", "customer_rank": 1}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                call()

    def test_private_methods_are_not_for_rpc(self):
        for model, name in (
            ("res.partner", "_claim_identity"),
            ("res.partner", "_release_identity_keys"),
            ("customer.figure.pending", "_refresh"),
            ("ir.sequence", "draw"),
            ("customer.cfdi", "_stamp_move"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                get_public_method(self.env[model], name)

    def test_every_public_method_says_what_it_does(self):
        """Public is callable by RPC: it has a docstring, or it is Odoo's."""
        undocumented = [
            f"{model}.{name}"
            for model, klass in self.env.registry.items()
            for base in klass.__mro__
            if _is_ours(base)
            for name, method in vars(base).items()
            if callable(method)
            and not name.startswith("_")
            and not getattr(method, "_api_private", False)
            and not method.__doc__
            and not any(name in vars(other) for other in klass.__mro__ if not _is_ours(other))
        ]
        self.assertFalse(sorted(set(undocumented)))
