import logging
import xmlrpc.client
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessDenied, AccessError, RedirectWarning, UserError, ValidationError
from odoo.tests import HttpCase, get_db_name, tagged
from odoo.tools import mute_logger

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestStorePassword(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("vendedora", "sales_team.group_sale_salesman", "base.group_partner_manager")
        cls.contact = cls.env["res.partner"].create(
            {"name": "Compras", "email": "compras@bajio.example", "parent_id": cls.customer.id}
        )
        cls.portal = cls._create_user("tienda", "base.group_portal", partner_id=cls.contact.id)
        cls.wizards = cls.env["customer.store.password"].with_user(cls.seller)

    def _enters(self, user, password):
        credential = {"type": "password", "login": user.login, "password": password}
        try:
            self.env["res.users"].with_user(user)._check_credentials(credential, {"interactive": True})
        except AccessDenied:
            return False
        return True

    def test_set(self):
        wizard = self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-1"})
        self.assertEqual(wizard.user_id, self.portal)
        self.assertEqual(wizard.action_apply()["type"], "ir.actions.act_window_close")
        self.assertTrue(self._enters(self.portal, "clave-larga-1"))
        self.assertFalse(self._enters(self.portal, "otra"))
        note = self.customer.message_ids[0]
        self.assertIn("tienda", note.body)
        self.assertNotIn("clave-larga-1", note.body)

    def test_sessions_end(self):
        sid = "x" * 84
        self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-1"})
        before = self.portal.sudo()._compute_session_token(sid)
        self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-2"})
        self.env.registry.clear_cache()
        self.assertNotEqual(self.portal.sudo()._compute_session_token(sid), before)

    def test_kept_nowhere(self):
        wizard = self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-1"})
        self.assertFalse(wizard.password)
        self.assertEqual(
            wizard.sudo().read(["password", "password_confirmation"]),
            [{"id": wizard.id, "password": False, "password_confirmation": False}],
        )
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM customer_store_password")
        self.assertNotIn("clave-larga-1", str(self.env.cr.fetchall()))
        self.env.cr.execute("SELECT body FROM mail_message WHERE body LIKE '%clave-larga%'")
        self.assertFalse(self.env.cr.fetchall())

    def test_not_logged(self):
        with self.assertLogs(level="DEBUG") as logs:
            self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-1"})
        self.assertTrue(any("Password change" in line for line in logs.output))
        self.assertNotIn("clave-larga-1", "\n".join(logs.output))

    def test_wizard_saved_then_applied(self):
        """As the web client does: the answer of the saving holds no password either."""
        [saved] = self.wizards.web_save(
            {"partner_id": self.customer.id, "password": "clave-larga-1", "password_confirmation": "clave-larga-1"},
            {"password": {}, "password_confirmation": {}, "done": {}},
        )
        self.assertEqual((saved["password"], saved["password_confirmation"], saved["done"]), (False, False, True))
        self.wizards.browse(saved["id"]).action_apply()
        self.assertTrue(self._enters(self.portal, "clave-larga-1"))

    def test_without_password(self):
        wizard = self.wizards.create({"partner_id": self.customer.id})
        with self.assertRaises(UserError):
            wizard.action_apply()
        wizard = self.wizards.create({"partner_id": self.customer.id, "done": True})
        wizard.write({"done": True})
        with self.assertRaises(UserError):
            wizard.action_apply()
        with self.assertRaises(UserError):
            self.wizards.create({"partner_id": self.customer.id, "password": "   "})

    def test_confirmation(self):
        with self.assertRaises(UserError) as caught:
            self.wizards.create(
                {"partner_id": self.customer.id, "password": "clave-larga-1", "password_confirmation": "clave-larga-2"}
            )
        self.assertNotIn("clave-larga", str(caught.exception))

    def test_policy(self):
        if "get_password_policy" not in dir(self.env["res.users"]):
            # The policy's module is not here: the same door that it guards must be the one that we use.
            def refuse(_users):
                raise ValueError("política")

            with (
                patch.object(type(self.env["res.users"]), "_set_password", refuse),
                self.assertRaisesRegex(ValueError, "política"),
            ):
                self.wizards.create({"partner_id": self.customer.id, "password": "corta"})
            return
        self.env["ir.config_parameter"].sudo().set_param("auth_password_policy.minlength", 10)
        with self.assertRaises(UserError) as caught:
            self.wizards.create({"partner_id": self.customer.id, "password": "corta"})
        self.assertNotIn("corta", str(caught.exception))

    def test_no_portal_user(self):
        other = self._create_customer(name="Sin usuario")
        with self.assertRaises(RedirectWarning):
            other.with_user(self.seller).action_change_store_password()
        plain = self._create_user("simple", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(UserError, "Sin usuario"):
            other.with_user(plain).action_change_store_password()
        with self.assertRaisesRegex(UserError, "Sin usuario"):
            self.wizards.create({"partner_id": other.id, "password": "clave-larga-1"})

    def test_action(self):
        action = self.contact.with_user(self.seller).action_change_store_password()
        self.assertEqual(action["context"], {"default_partner_id": self.customer.id})
        self.assertEqual(action["res_model"], "customer.store.password")

    def test_other_customers_user(self):
        stranger = self._create_user("ajeno", "base.group_portal", name="Ajeno")
        with self.assertRaises(AccessError):
            self.wizards.create({"partner_id": self.customer.id, "user_id": stranger.id, "password": "clave-larga-1"})
        self.assertFalse(self._enters(stranger, "clave-larga-1"))

    def test_internal_users_never(self):
        """Not the administrator, nor an employee hung under the customer to get at his password."""
        employee = self._create_user("empleado", "base.group_user")
        employee.partner_id.parent_id = self.customer
        for user in (employee, self.env.ref("base.user_admin"), self.env.ref("base.user_root"), self.seller):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.wizards.create({"partner_id": self.customer.id, "user_id": user.id, "password": "clave-larga-1"})
        with self.assertRaises(UserError):
            self.wizards.create(
                {"partner_id": employee.sudo().partner_id.id, "user_id": employee.id, "password": "clave-larga-1"}
            )
        self.assertFalse(self._enters(employee, "clave-larga-1"))

    def test_changing_the_user_after_the_password(self):
        wizard = self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-1"})
        wizard.user_id = self.env.ref("base.user_admin")
        with self.assertRaises(AccessError):
            wizard.password = "clave-larga-2"

    def test_user_of_another_company(self):
        self.portal.sudo().write({"company_id": self.company_2.id, "company_ids": [Command.set(self.company_2.ids)]})
        with self.assertRaises(UserError):
            self.wizards.create({"partner_id": self.customer.id, "password": "clave-larga-1"})
        with self.assertRaises(AccessError):
            self.wizards.create(
                {"partner_id": self.customer.id, "user_id": self.portal.id, "password": "clave-larga-1"}
            )

    def test_customer_of_another_company(self):
        customer = self._create_customer(name="De la otra")
        companies = self.company + self.company_2
        self._create_user(
            "de las dos",
            "base.group_portal",
            partner_id=customer.id,
            company_id=self.company_2.id,
            company_ids=[Command.set(companies.ids)],
        )
        customer.sudo().company_id = self.company_2
        with self.assertRaises(AccessError):
            customer.with_user(self.seller).action_change_store_password()
        with self.assertRaises(AccessError):
            self.wizards.create({"partner_id": customer.id, "password": "clave-larga-1"})

    def test_who_may_not(self):
        employee = self._create_user("lectora", "base.group_user")
        for user in (employee, self.portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.wizards.with_user(user).create({"partner_id": self.customer.id, "password": "clave-larga-1"})
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.customer.with_user(user).action_change_store_password()
        self.assertFalse(self._enters(self.portal, "clave-larga-1"))


@tagged("post_install", "-at_install")
class TestStorePasswordRpc(HttpCase, CustomerCommon):
    def test_two_calls(self):
        user = self._create_user(
            "integracion", "base.group_partner_manager", "sales_team.group_sale_manager", password="integracion-1"
        )
        portal = self._create_user("tienda", "base.group_portal", partner_id=self.customer.id)
        args = (get_db_name(), user.id, "integracion-1", "customer.store.password")
        with patch.object(logging.getLogger("odoo.addons.rpc.controllers.xmlrpc"), "warning"):
            wizard_id = self.xmlrpc_object.execute_kw(
                *args, "create", [{"partner_id": self.customer.id, "password": "clave-larga-1"}]
            )
            self.xmlrpc_object.execute_kw(*args, "action_apply", [[wizard_id]])
            uid = self.xmlrpc_common.authenticate(get_db_name(), "tienda", "clave-larga-1", {})
            self.assertEqual(uid, portal.id)
            for method in ("_set_store_password", "_change_password"):
                with mute_logger("odoo.http"), self.assertRaises(xmlrpc.client.Fault):
                    self.xmlrpc_object.execute_kw(*args, method, [[wizard_id], "x", "x"])


@tagged("post_install", "-at_install")
class TestCart(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.table = cls.product.create({"name": "Mesa", "lst_price": 3000.0, "taxes_id": [Command.set(cls.iva_16.ids)]})
        cls.cart = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [
                    Command.create({"display_type": "line_section", "name": "Oficina"}),
                    Command.create(
                        {"product_id": cls.product.id, "product_uom_qty": 4, "price_unit": 1.0, "discount": 50}
                    ),
                    Command.create({"product_id": cls.table.id, "product_uom_qty": 2, "name": "Mesa, color nogal"}),
                    Command.create({"display_type": "line_note", "name": "Entregar por la mañana"}),
                ],
            }
        )
        cls.customer.default_cart_id = cls.cart

    def _new_order(self):
        action = self.customer.action_new_sale_from_cart()
        self.assertEqual(action["res_model"], "sale.order")
        return self.env["sale.order"].browse(action["res_id"])

    def test_lines_at_the_prices_of_today(self):
        self.product.lst_price = 1200.0
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Mayoreo",
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "0_product_variant",
                            "product_id": self.table.id,
                            "compute_price": "fixed",
                            "fixed_price": 2500.0,
                        }
                    )
                ],
            }
        )
        self.customer.property_product_pricelist = pricelist
        order = self._new_order()
        self.assertNotEqual(order, self.cart)
        self.assertEqual((order.state, order.partner_id, order.pricelist_id), ("draft", self.customer, pricelist))
        self.assertEqual(order.origin, self.cart.name)
        self.assertEqual(
            [(line.display_type, line.product_id, line.product_uom_qty, line.price_unit) for line in order.order_line],
            [
                ("line_section", self.product.browse(), 0, 0),
                (False, self.product, 4, 1200.0),
                (False, self.table, 2, 2500.0),
                ("line_note", self.product.browse(), 0, 0),
            ],
        )
        self.assertEqual(order.order_line.mapped("discount"), [0, 0, 0, 0])
        self.assertEqual(order.order_line[0].name, "Oficina")
        self.assertEqual(order.order_line[2].name, "Mesa, color nogal")
        self.assertEqual(order.order_line[1].tax_ids, self.iva_16)
        self.assertEqual(self.cart.order_line[1].price_unit, 1.0)

    def test_a_written_description_stays_and_the_products_own_is_renewed(self):
        self.product.name = "Silla ejecutiva"
        order = self._new_order()
        self.assertIn("Mesa, color nogal", order.order_line[2].name)

    def test_left_out(self):
        self.table.action_archive()
        order = self._new_order()
        self.assertEqual(order.order_line.product_id, self.product)
        self.assertIn("Mesa", order.message_ids.filtered(lambda message: "archived" in message.body).body)
        self.product.sale_ok = False
        with self.assertRaisesRegex(UserError, self.cart.name):
            self.customer.action_new_sale_from_cart()

    def test_options_stay_linked(self):
        chair, table = self.cart.order_line.filtered("product_id")
        table.linked_line_id = chair
        lines = self._new_order().order_line.filtered("product_id")
        self.assertEqual(lines[1].linked_line_id, lines[0])

    def test_no_cart(self):
        self.customer.default_cart_id = False
        with self.assertRaisesRegex(UserError, self.customer.name):
            self.customer.action_new_sale_from_cart()

    def test_only_a_quotation_of_the_customer_in_this_company(self):
        other = self._create_customer(name="Otro")
        wrong = {
            "another customer's": self._create_order(customer=other, confirm=False),
            "confirmed": self._create_order(),
        }
        cancelled = self._create_order(confirm=False)
        cancelled.action_cancel()
        wrong["cancelled"] = cancelled
        for reason, order in wrong.items():
            with self.subTest(reason), self.assertRaisesRegex(ValidationError, order.name):
                self.customer.default_cart_id = order
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self.customer.default_cart_id = self._create_order(customer=contact, confirm=False)
        self.assertTrue(self.customer.default_cart_id)

    def test_one_for_each_company(self):
        customer = self.customer.with_company(self.company_2)
        self.assertFalse(customer.default_cart_id)
        with self.assertRaisesRegex(ValidationError, self.company.name):
            customer.default_cart_id = self.cart
        self.assertEqual(self.customer.default_cart_id, self.cart)

    def test_deleted_cart(self):
        self.cart.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.customer.default_cart_id)

    def test_rights(self):
        reader = self._create_user("lectora", "base.group_user")
        with self.assertRaises(AccessError):
            self.customer.with_user(reader).action_new_sale_from_cart()
        seller = self._create_user("vendedora", "sales_team.group_sale_salesman_all_leads")
        order_id = self.customer.with_user(seller).action_new_sale_from_cart()["res_id"]
        self.assertEqual(self.env["sale.order"].browse(order_id).create_uid, seller)
