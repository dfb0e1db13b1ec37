from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.models import BaseModel
from odoo.tests import Form, tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestExclusiveProducts(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._create_customer(name="Dueño SA de CV", vat="XIA190128J61")
        cls.contact = cls.env["res.partner"].create({"name": "Compras del dueño", "parent_id": cls.owner.id})
        cls.address = cls.env["res.partner"].create({"name": "Almacén", "type": "delivery", "parent_id": cls.owner.id})
        cls.exclusive = cls.env["product.product"].create(
            {
                "name": "Molde a la medida",
                "taxes_id": [Command.set(cls.iva_16.ids)],
                "invoice_policy": "order",
                "exclusive_partner_ids": [Command.link(cls.owner.id)],
            }
        )
        cls.template = cls.exclusive.product_tmpl_id
        cls.seller = cls._create_user(
            "seller", "sales_team.group_sale_salesman_all_leads", "account.group_account_invoice"
        )

    def _order(self, customer, product=None, **values):
        return self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "order_line": [Command.create({"product_id": (product or self.exclusive).id})],
                **values,
            }
        )

    def _invoice(self, customer, product=None, **values):
        line = {"product_id": (product or self.exclusive).id, "price_unit": 100.0}
        return self._create_customer_invoice(
            customer, post=False, **{"invoice_line_ids": [Command.create(line)], **values}
        )

    def _foreign_customer(self, name):
        partners = self.env["res.partner"].with_context(allowed_company_ids=(self.company + self.company_2).ids)
        return partners.create({"name": name, "customer_rank": 1, "company_id": self.company_2.id})

    def _portal_user(self, partner):
        user = self._create_user(f"portal {partner.id}", "base.group_portal")
        user.partner_id.parent_id = partner
        return user

    def test_the_customer_and_its_contacts_buy_it(self):
        for buyer in (self.owner, self.contact, self.address):
            with self.subTest(buyer.name):
                order = self._order(buyer)
                order.action_confirm()
                invoice = order._create_invoices()
                invoice.action_post()
                self.assertEqual((order.state, invoice.state), ("sale", "posted"))
                self._invoice(buyer).action_post()

    def test_nobody_else_orders_it(self):
        order = self._order(self.customer, self.product)
        cases = {
            "new order": lambda: self._order(self.customer),
            "new line": lambda: order.order_line.create({"order_id": order.id, "product_id": self.exclusive.id}),
            "other product": lambda: order.order_line.write({"product_id": self.exclusive.id}),
            "lines of the order": lambda: order.write(
                {"order_line": [Command.create({"product_id": self.exclusive.id})]}
            ),
            "change of customer": lambda: self._order(self.owner).write({"partner_id": self.customer.id}),
            "copy for another": lambda: self._order(self.owner).copy({"partner_id": self.customer.id}),
            "another's line": lambda: self._order(self.owner).order_line.copy({"order_id": order.id}),
        }
        for name, attempt in cases.items():
            with self.subTest(name), self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                attempt()
            self.assertEqual(
                str(caught.exception),
                f"Product: “Molde a la medida” is exclusive to Dueño SA de CV and cannot be sold to "
                f"{self.customer.display_name}.",
            )

    def test_nobody_else_is_invoiced_it(self):
        invoice = self._invoice(self.customer, self.product)
        line = {"product_id": self.exclusive.id, "price_unit": 1.0}
        cases = {
            "new invoice": lambda: self._invoice(self.customer),
            "receipt": lambda: self._invoice(self.customer, move_type="out_receipt"),
            "new line": lambda: invoice.write({"invoice_line_ids": [Command.create(line)]}),
            "other product": lambda: invoice.invoice_line_ids.write({"product_id": self.exclusive.id}),
            "change of customer": lambda: self._invoice(self.owner).write({"partner_id": self.customer.id}),
            "copy": lambda: self._invoice(self.owner).copy({"partner_id": self.customer.id}),
        }
        for name, attempt in cases.items():
            with self.subTest(name), self.assertRaisesRegex(ValidationError, "Molde"), self.cr.savepoint():
                attempt()

    def test_what_is_not_a_sale_is_not_held(self):
        for move_type in ("out_refund", "in_invoice"):
            with self.subTest(move_type):
                self.assertTrue(self._invoice(self.customer, move_type=move_type).invoice_line_ids.product_id)

    def test_confirming_and_posting_ask_again(self):
        order, invoice = self._order(self.customer, self.product), self._invoice(self.customer, self.product)
        self.product.product_tmpl_id.exclusive_partner_ids = self.owner
        with self.assertRaisesRegex(ValidationError, "Silla"):
            order.action_confirm()
        with self.assertRaisesRegex(ValidationError, "Silla"):
            invoice.action_post()
        self.assertEqual((order.state, invoice.state), ("draft", "draft"))

    def test_what_was_sold_is_invoiced(self):
        """An order confirmed before the product became exclusive to others; to its own customer alone."""
        order = self._order(self.customer, self.product)
        order.action_confirm()
        self.product.product_tmpl_id.exclusive_partner_ids = self.owner
        invoice = order._create_invoices()
        stranger = self._create_customer(name="Otro")
        with self.assertRaisesRegex(ValidationError, "Silla"), self.cr.savepoint():
            invoice.partner_id = stranger
        self.assertEqual(invoice.partner_id, self.customer)
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")

    def test_archived_customer_keeps_its_product(self):
        self.owner.active = False
        self.env.invalidate_all()
        self.assertTrue(self.template.is_exclusive)
        self.assertIn(self.template, self.template.search([("is_exclusive", "=", True)]))
        with self.assertRaisesRegex(ValidationError, "Molde"):
            self._order(self.customer)

    def test_deleting_the_last_customer_would_open_the_product(self):
        with self.assertRaisesRegex(UserError, "Molde"):
            (self.contact + self.address + self.owner).unlink()
        other = self._create_customer(name="Socio")
        self.template.exclusive_partner_ids += other
        other.unlink()
        self.assertEqual(self.template.exclusive_partner_ids, self.owner)

    def test_contact_or_other_company_as_owner(self):
        with self.assertRaisesRegex(ValidationError, "Compras del dueño.*Dueño SA de CV"), self.cr.savepoint():
            self.template.exclusive_partner_ids = self.contact
        both = self.env(context={**self.env.context, "allowed_company_ids": (self.company + self.company_2).ids})
        template = self.template.with_env(both)
        foreign = self._foreign_customer("De la segunda")
        template.company_id = self.company
        with self.assertRaisesRegex(ValidationError, "De la segunda.*Segunda Empresa"), self.cr.savepoint():
            template.exclusive_partner_ids = foreign
        with self.assertRaisesRegex(ValidationError, "De la segunda"), self.cr.savepoint():
            foreign.exclusive_product_tmpl_ids = template
        template.company_id = False
        template.exclusive_partner_ids = foreign + self.owner
        with self.assertRaisesRegex(ValidationError, "De la segunda"):
            template.company_id = self.company

    def test_from_the_customer_s_side(self):
        customer = self._create_customer(
            name="Nuevo", exclusive_product_tmpl_ids=[Command.link(self.product.product_tmpl_id.id)]
        )
        self.assertEqual(self.product.exclusive_partner_ids, customer)
        customer.exclusive_product_tmpl_ids = [Command.link(self.template.id)]
        self.assertEqual(self.template.exclusive_partner_ids, self.owner + customer)
        self._order(customer)
        customer.exclusive_product_tmpl_ids = [Command.unlink(self.template.id)]
        with self.assertRaisesRegex(ValidationError, "Molde"):
            self._order(customer)

    def test_who_may_change_them(self):
        """A salesperson changes customers and not products, which is what this is."""
        customer = self.customer.with_user(self.seller)
        customer.comment = "Puede escribirlo"
        for name, attempt in {
            "add": lambda: customer.write({"exclusive_product_tmpl_ids": [Command.link(self.template.id)]}),
            "take off": lambda: self.owner.with_user(self.seller).write({"exclusive_product_tmpl_ids": [(5, 0, 0)]}),
            "replace": lambda: self.owner.with_user(self.seller).write({"exclusive_product_tmpl_ids": [(6, 0, [])]}),
            "create": lambda: customer.create(
                {"name": "X", "customer_rank": 1, "exclusive_product_tmpl_ids": [(6, 0, self.template.ids)]}
            ),
            "on the product": lambda: self.template.with_user(self.seller).write({"exclusive_partner_ids": [(5,)]}),
        }.items():
            with self.subTest(name), self.assertRaises(AccessError), self.cr.savepoint():
                attempt()
        self.env.invalidate_all()
        self.assertEqual(self.template.exclusive_partner_ids, self.owner)
        # Sending back what is there is no change.
        self.owner.with_user(self.seller).exclusive_product_tmpl_ids = [Command.set(self.template.ids)]

    def test_the_error_names_only_whom_the_user_may_see(self):
        both = (self.company + self.company_2).ids
        foreign = self._foreign_customer("Secreto")
        self.template.with_context(allowed_company_ids=both).exclusive_partner_ids = foreign + self.owner
        order = self._order(self.customer, self.product)
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            order.with_user(self.seller).order_line.product_id = self.exclusive
        self.assertIn("Dueño SA de CV and 1 more", str(caught.exception))
        self.assertNotIn("Secreto", str(caught.exception))
        portal = self._portal_user(self.customer)
        with self.assertRaises(ValidationError) as caught:
            self.template.with_user(portal)._check_exclusive(self.customer.with_user(portal))
        self.assertNotIn("Dueño", str(caught.exception))
        self.assertIn("Molde a la medida", str(caught.exception))

    def test_selection_offers_what_the_customer_may_buy(self):
        everything = self.template + self.product.product_tmpl_id
        for customer, expected in (
            (self.customer, self.product.product_tmpl_id),
            (self.owner, everything),
            (self.contact, everything),
            (self.env["res.partner"], everything),
        ):
            with self.subTest(customer.name or "nobody"):
                context = {"partner_id": customer.id}
                field = self.env["sale.order.line"]._fields["product_id"]
                domain = Domain("sale_ok", "=", True) & Domain("exclusive_allowed", "=", True)
                self.assertIn("exclusive_allowed", str(field._description_domain(self.env)))
                templates = self.env["product.template"].with_user(self.seller).with_context(**context)
                products = self.env["product.product"].with_user(self.seller).with_context(**context)
                mine = domain & Domain("id", "in", everything.ids)
                self.assertEqual(templates.search(mine), expected)
                self.assertEqual(
                    products.search(domain & Domain("product_tmpl_id", "in", everything.ids)).product_tmpl_id, expected
                )
                found = dict(templates.name_search("Molde", domain=domain)).keys()
                self.assertEqual(bool(found), self.template in expected)
                self.assertEqual(
                    everything.with_env(templates.env).filtered("exclusive_allowed").sorted(),
                    expected.sorted(),
                )
                self.assertEqual(
                    templates.search(Domain("exclusive_allowed", "=", False) & Domain("id", "in", everything.ids)),
                    everything - expected,
                )

    def test_catalogue_of_an_order_and_of_an_invoice(self):
        for document in (self._order(self.customer, self.product), self._invoice(self.customer, self.product)):
            with self.subTest(document._name):
                action = document.action_add_from_catalog()
                products = self.env["product.product"].with_context(**action["context"])
                found = products.search(
                    Domain(action["domain"]) & Domain("id", "in", (self.exclusive + self.product).ids)
                )
                self.assertEqual(found, self.product)

    def test_form_of_an_order(self):
        with Form(self.env["sale.order"].with_user(self.seller)) as form:
            form.partner_id = self.owner
            with form.order_line.new() as line:
                line.product_id = self.exclusive
        self.assertEqual(form.record.order_line.product_id, self.exclusive)
        with self.assertRaisesRegex(ValidationError, "Molde"), Form(form.record) as form:
            form.partner_id = self.customer

    def test_portal_and_visitors_do_not_see_it(self):
        stranger, own = self._portal_user(self.customer), self._portal_user(self.owner)
        public = self.env.ref("base.public_user")
        # The rule of the shop and the rights that come with it, when it is installed.
        self.env["ir.model.access"].sudo().create(
            [
                {
                    "name": f"{model} {group}",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "group_id": self.env.ref(group).id,
                    "perm_read": True,
                }
                for model in ("product.template", "product.product")
                for group in ("base.group_portal", "base.group_public")
            ]
        )
        for user, visible in ((stranger, False), (public, False), (own, True)):
            for record in (self.template, self.exclusive):
                with self.subTest(user.login, model=record._name):
                    seen = record.with_user(user).with_context(partner_id=self.owner.id)
                    self.assertEqual(bool(seen.search([("id", "=", record.id)])), visible)
                    self.assertEqual(bool(seen.search([("name", "=", record.name)])), visible)
                    self.assertEqual(seen.has_access("read"), visible)
                    everyday = self.product if record == self.exclusive else self.product.product_tmpl_id
                    self.assertTrue(everyday.with_user(user).has_access("read"))
        with self.assertRaises(AccessError):
            self.template.with_user(own).read(["exclusive_partner_ids"])
        # At once, without a restart: the contact now belongs to the owner.
        stranger.partner_id.parent_id = self.owner
        self.assertTrue(self.template.with_user(stranger).has_access("read"))
        self.assertTrue(self.template.with_user(stranger).search([("id", "=", self.template.id)]))

    def test_the_shop_s_cart_is_held(self):
        """The shop writes its lines with sudo, for a portal user's or a visitor's cart."""
        for partner in (self.customer, self.env.ref("base.public_partner")):
            with self.subTest(partner.name), self.assertRaises(ValidationError), self.cr.savepoint():
                cart = self._order(partner, self.product)
                cart.with_user(self.env.ref("base.public_user")).sudo().write(
                    {"order_line": [Command.create({"product_id": self.exclusive.id})]}
                )

    def test_a_till_does_not_offer_it(self):
        """point_of_sale defines the method that its tills load and search products with; here it is a plain search."""

        def load(templates, domain, load_archived=False, offset=0, limit=0):
            return templates.search(domain, offset=offset, limit=limit or None)

        everything = self.template + self.product.product_tmpl_id
        with patch.object(BaseModel, "_load_product_with_domain", load, create=True):
            found = self.env["product.template"]._load_product_with_domain([("id", "in", everything.ids)], False, 0, 9)
        self.assertEqual(found, self.product.product_tmpl_id)

    def test_merging_keeps_what_is_theirs(self):
        double = self._create_customer(name="Dueño repetido", exclusive_product_tmpl_ids=[(4, self.template.id)])
        other = self.product.product_tmpl_id
        other.exclusive_partner_ids = double
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.env.ref("base.user_admin"))
        wizard._merge((self.owner + double).ids, self.owner)
        self.env.invalidate_all()
        self.assertFalse(double.exists())
        self.assertEqual(self.template.exclusive_partner_ids, self.owner)
        self.assertEqual(other.exclusive_partner_ids, self.owner)

    def test_queries(self):
        """A long order costs as many queries with the check as a short one; who owns exclusive products is one more."""
        products = self.env["product.product"].create([{"name": f"P{number}"} for number in range(60)])
        products[30:].product_tmpl_id.exclusive_partner_ids = self.owner
        order = self._order(self.owner, self.product)
        lines = self.env["sale.order.line"].create(
            [{"order_id": order.id, "product_id": product.id} for product in products]
        )
        self.env.flush_all()
        for size, queries in ((1, 1), (30, 1), (31, 2), (60, 2)):
            self.env.invalidate_all()
            batch = lines[:size]
            batch.product_id.product_tmpl_id.mapped("name")
            batch.order_id.partner_id.mapped("commercial_partner_id")
            with self.subTest(size), self.assertQueryCount(queries):
                batch._check_exclusive_products()
