"""With the shop, the point of sale and the password policy installed: run with ``--test-tags store_modules``.

Not among the standard tests, which run without those modules; asked for by its tag, it fails where they are missing.
"""

import re
import uuid

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.http import Request
from odoo.tests import Form, HttpCase, JsonRpcException, tagged

from odoo.addons.base.tests.common import MockSmtplibCase

from ..models.res_partner_portal import PORTAL_TAX_FIELDS
from .card_contract import CARD
from .common import CustomerCommon

MODULES = (
    "auth_password_policy",
    "auth_password_policy_portal",
    "auth_password_policy_signup",
    "point_of_sale",
    "pos_sale",
    "queue_job",
    "website_sale",
)
PASSWORD = "tienda-12345"


class StoreCase(MockSmtplibCase, CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        modules = cls.env["ir.module.module"].sudo().search([("name", "in", MODULES), ("state", "=", "installed")])
        missing = set(MODULES) - set(modules.mapped("name"))
        if missing:
            # Not a skip: a run without them has tested nothing.
            raise AssertionError(f"not installed: {', '.join(sorted(missing))}")
        cls.env["res.lang"].sudo()._activate_lang("es_MX")
        cls.company.email = cls.env.user.email = "ventas@example.com"
        cls.exclusive = cls.env["product.product"].create(
            {
                "name": "Molde exclusivo",
                "lst_price": 500.0,
                "taxes_id": [Command.set(cls.iva_16.ids)],
                "available_in_pos": True,
                "is_published": True,
                "exclusive_partner_ids": [Command.set(cls.customer.ids)],
            }
        )
        cls.product.product_tmpl_id.write({"is_published": True, "available_in_pos": True})
        cls.stranger = cls._create_customer(name="Otro Cliente", vat="XIA190128J61", email="otro@example.com")


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestPointOfSale(StoreCase):
    """Orders as a till sends them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cashier = cls._create_user("cajera", "point_of_sale.group_pos_user", "sales_team.group_sale_salesman")
        configs = cls.env["pos.config"].sudo().with_company(cls.company)
        journal = (
            cls.env["account.journal"]
            .sudo()
            .create({"name": "Efectivo TPV", "code": "TPVX", "type": "cash", "company_id": cls.company.id})
        )
        cls.cash = (
            cls.env["pos.payment.method"]
            .sudo()
            .create({"name": "Efectivo TPV", "journal_id": journal.id, "company_id": cls.company.id})
        )
        cls.config = configs.create({"name": "Caja", "payment_method_ids": [Command.set(cls.cash.ids)]})
        cls.config.open_ui()
        cls.session = cls.config.current_session_id
        cls.session.set_opening_control(0, None)

    def _sync(self, product, partner, quantity=1, **values):
        """The order of a till, paid in cash. :return: the pos.order"""
        taxes = product.taxes_id.compute_all(product.lst_price, quantity=quantity)
        total = taxes["total_included"]
        order = {
            "uuid": str(uuid.uuid4()),
            "name": "Orden",
            "session_id": self.session.id,
            "partner_id": partner.id,
            "pricelist_id": self.config.pricelist_id.id,
            "date_order": fields.Datetime.to_string(fields.Datetime.now()),
            "amount_total": total,
            "amount_tax": total - taxes["total_excluded"],
            "amount_paid": total,
            "amount_return": 0,
            "state": "paid",
            "to_invoice": False,
            "user_id": self.cashier.id,
            "lines": [
                Command.create(
                    {
                        "uuid": str(uuid.uuid4()),
                        "product_id": product.id,
                        "qty": quantity,
                        "price_unit": product.lst_price,
                        "price_subtotal": taxes["total_excluded"],
                        "price_subtotal_incl": total,
                        "tax_ids": [Command.set(product.taxes_id.ids)],
                    }
                )
            ],
            "payment_ids": [Command.create({"amount": total, "payment_method_id": self.cash.id, "name": False})],
            **values,
        }
        orders = self.env["pos.order"].with_user(self.cashier).with_company(self.company)
        answer = orders.sync_from_ui([order])
        return self.env["pos.order"].sudo().browse(answer["pos.order"][0]["id"])

    def test_exclusive_products(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        for buyer in (self.customer, contact):
            with self.subTest(buyer.name):
                self.assertEqual(self._sync(self.exclusive, buyer).state, "paid")
        self.assertEqual(self._sync(self.product, self.stranger).state, "paid")
        before = self.env["pos.order"].sudo().search_count([])
        for buyer in (self.stranger, self.env["res.partner"]):
            refused = self.assertRaisesRegex(ValidationError, "Molde exclusivo")
            with self.subTest(buyer.name), refused, self.env.cr.savepoint():
                self._sync(self.exclusive, buyer)
        self.assertEqual(self.env["pos.order"].sudo().search_count([]), before)

    def test_what_was_sold_comes_back(self):
        sold = self._sync(self.exclusive, self.customer)
        self.exclusive.exclusive_partner_ids = self.stranger
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._sync(self.exclusive, self.customer)
        self.assertEqual(self._sync(self.exclusive, self.customer, quantity=-1).state, "paid")
        self.assertEqual(sold.state, "paid")

    def test_a_till_does_not_offer_it(self):
        loaded = (
            self.env["product.template"]
            .with_user(self.cashier)
            .load_product_from_pos(self.config.id, [("id", "in", (self.exclusive + self.product).product_tmpl_id.ids)])
        )
        names = [product["id"] for product in loaded["product.template"]]
        self.assertIn(self.product.product_tmpl_id.id, names)
        self.assertNotIn(self.exclusive.product_tmpl_id.id, names)

    def test_no_email(self):
        self.stranger.no_email = True
        order = self._sync(self.product, self.stranger)
        before = self.env["mail.mail"].sudo().search([], order="id desc", limit=1).id or 0
        order.action_send_receipt(self.stranger.email, "", "")
        mails = self.env["mail.mail"].sudo().search([("id", ">", before)])
        with self.mock_smtplib_connection():
            mails.send()
        self.assertFalse(self.emails)
        self.assertEqual(mails.mapped("state"), ["cancel"])
        self.assertEqual(mails.failure_type, "mail_optout")


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestStore(HttpCase, StoreCase):
    """The shop and its accounts, over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"].sudo()
        parameters.set_param("auth_password_policy.minlength", 10)
        parameters.set_param("auth_signup.invitation_scope", "b2c")
        cls.website = cls.env["website"].sudo().search([("company_id", "=", cls.company.id)], limit=1)
        cls.website.write(
            {"auth_signup_uninvited": "b2c", "default_lang_id": cls.env.ref("base.lang_es_MX").id,
             "language_ids": [Command.link(cls.env.ref("base.lang_es_MX").id)]}
        )  # fmt: skip
        cls.users = {
            partner: cls._create_user(
                login, "base.group_portal", password=PASSWORD, partner_id=partner.id, name=partner.name,
                email=partner.email, lang="es_MX",
            )
            for login, partner in (("dueno", cls.customer), ("otro", cls.stranger))
        }  # fmt: skip

    def _cart_add(self, product):
        return self.make_jsonrpc_request(
            "/shop/cart/add",
            {"product_template_id": product.product_tmpl_id.id, "product_id": product.id, "quantity": 1},
        )

    def _cart_products(self, partner):
        self.env.invalidate_all()
        orders = self.env["sale.order"].sudo().search([("partner_id", "=", partner.id), ("website_id", "!=", False)])
        return orders.order_line.product_id

    def _signup(self, **values):
        self.authenticate(None, None)
        return self.url_open(
            "/web/signup",
            data={"name": "Cliente nuevo", "login": "nuevo@example.com", "password": PASSWORD,
                  "confirm_password": PASSWORD, "csrf_token": Request.csrf_token(self), **values},
        )  # fmt: skip

    def test_sign_up(self):
        answer = self._signup()
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        user = self.env["res.users"].sudo().search([("login", "=", "nuevo@example.com")])
        self.assertEqual(user.partner_id.capture_origin, "store")
        self.assertFalse(user.partner_id.from_lead)

    def test_sign_up_obeys_the_password_policy(self):
        answer = self._signup(password="corta", confirm_password="corta")
        self.assertIn("al menos 10 caracteres", answer.text)
        self.assertFalse(self.env["res.users"].sudo().search([("login", "=", "nuevo@example.com")]))

    def test_customer_made_at_the_till(self):
        manager = self._create_user(
            "encargada", "point_of_sale.group_pos_user", "base.group_partner_manager", password=PASSWORD
        )
        self.authenticate(manager.login, PASSWORD)
        self.make_jsonrpc_request(
            "/web/dataset/call_kw/res.partner/web_save",
            {"model": "res.partner", "method": "web_save", "args": [[], {"name": "De la caja", "customer_rank": 1}],
             "kwargs": {"specification": {}}},
            headers={"Referer": f"{self.base_url()}/pos/ui/1"},
        )  # fmt: skip
        partner = self.env["res.partner"].search([("name", "=", "De la caja")])
        self.assertEqual(partner.capture_origin, "tpv")
        self.assertTrue(partner.ref)

    def test_exclusive_products(self):
        page = self.exclusive.product_tmpl_id.website_url
        for partner, seen in ((self.customer, True), (self.stranger, False), (None, False)):
            self.authenticate(*((self.users[partner].login, PASSWORD) if partner else (None, None)))
            with self.subTest(partner and partner.name):
                self.assertEqual(self.url_open(page).status_code, 200 if seen else 404)
                self.assertEqual("Molde exclusivo" in self.url_open("/shop?search=Molde").text, seen)
                self._cart_add(self.product)
                if seen:
                    self._cart_add(self.exclusive)
                    self.assertIn(self.exclusive, self._cart_products(partner))
                    continue
                with self.assertRaises(JsonRpcException) as caught:
                    self._cart_add(self.exclusive)
                self.assertNotIn(self.customer.name, str(caught.exception))
                if partner:
                    self.assertEqual(self._cart_products(partner), self.product)

    def test_cart_with_what_became_exclusive(self):
        """It was for everybody when it was put into the cart."""
        self.authenticate("otro", PASSWORD)
        self._cart_add(self.product)
        line = (
            self.env["sale.order.line"]
            .sudo()
            .search([("order_id.partner_id", "=", self.stranger.id), ("product_id", "=", self.product.id)])
        )
        self.product.exclusive_partner_ids = self.customer
        self.assertEqual(self.url_open("/shop/cart").status_code, 200)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            line.order_id.action_confirm()

    def test_password_of_the_store(self):
        wizards = self.env["customer.store.password"].with_context(lang="es_MX")
        with self.assertRaisesRegex(UserError, "al menos 10 caracteres") as caught:
            wizards.create({"partner_id": self.customer.id, "password": "corta-123"})
        self.assertNotIn("corta-123", str(caught.exception))
        wizards.create({"partner_id": self.customer.id, "password": "bastante-larga-1"}).action_apply()
        self.authenticate("dueno", "bastante-larga-1")
        self.assertEqual(self.url_open("/my/account").status_code, 200)

    def test_password_in_the_portal(self):
        self.authenticate("otro", PASSWORD)
        token = Request.csrf_token(self)
        short = {"old": PASSWORD, "new1": "corta", "new2": "corta", "csrf_token": token}
        self.assertIn("al menos 10 caracteres", self.url_open("/my/security", data=short).text)

    def test_tax_data_at_the_checkout(self):
        self.authenticate("otro", PASSWORD)
        self._cart_add(self.product)
        page = self.url_open(f"/shop/address?address_type=billing&partner_id={self.stranger.id}")
        self.assertEqual(page.status_code, 200)
        for name in ("vat", *PORTAL_TAX_FIELDS):
            with self.subTest(name):
                self.assertRegex(page.text, rf'name="{name}"')
        form = {
            "partner_id": self.stranger.id, "name": "Otro Cliente", "email": "otro@example.com",
            "phone": "5512345678", "street": "Reforma 1", "city": "Cuauhtémoc", "zip": "06600",
            "country_id": self.env.ref("base.mx").id, "state_id": self.env.ref("base.state_mx_gto").id,
            "address_type": "billing", "csrf_token": Request.csrf_token(self), "vat": "XIA190128J61",
            "cfdi_zip": "06600", "cfdi_tax_regime": "601", "cfdi_use": "G03", "cfdi_legal_name": "OTRO",
        }  # fmt: skip
        answer = self.url_open("/shop/address/submit", data=form).json()
        self.assertIn("redirectUrl", answer)
        answer = self.url_open("/shop/address/submit", data={**form, "cfdi_zip": "00001"}).json()
        self.assertEqual(answer["invalid_fields"], ["cfdi_zip"])
        self.assertIn("CP del RFC", answer["messages"][0])
        self.env.invalidate_all()
        self.assertRecordValues(self.stranger, [{"cfdi_legal_name": "OTRO", "cfdi_zip": "06600"}])

    def test_visitor_with_a_wrong_rfc(self):
        """Not a customer yet: its first invoice would meet the error."""
        self.authenticate(None, None)
        self._cart_add(self.product)
        form = {
            "partner_id": "", "name": "Visita", "email": "visita@example.com", "phone": "5512345678",
            "street": "Reforma 1", "city": "Cuauhtémoc", "zip": "06600", "country_id": self.env.ref("base.mx").id,
            "state_id": self.env.ref("base.state_mx_gto").id, "address_type": "billing",
            "csrf_token": Request.csrf_token(self), "vat": "GODE561231GR8", "cfdi_tax_regime": "601",
        }  # fmt: skip
        answer = self.url_open("/shop/address/submit", data=form).json()
        self.assertEqual(answer["invalid_fields"], ["cfdi_tax_regime"])
        answer = self.url_open("/shop/address/submit", data={**form, "cfdi_tax_regime": "612"}).json()
        self.assertIn("redirectUrl", answer)
        partner = self.env["res.partner"].search([("email", "=", "visita@example.com")])
        self.assertRecordValues(partner, [{"vat": "GODE561231GR8", "cfdi_tax_regime": "612",
                                           "capture_origin": "store"}])  # fmt: skip

    def test_no_email_of_the_shop(self):
        """The confirmation of an order, and the reminder of a cart left behind."""
        self.customer.write({"email": "dueno@example.com", "no_email": True})
        order = self._create_order(self.customer, website_id=self.website.id)
        before = self.env["mail.mail"].sudo().search([], order="id desc", limit=1).id or 0
        order._send_order_confirmation_mail()
        order._get_cart_recovery_template().send_mail(order.id)
        mails = self.env["mail.mail"].sudo().search([("id", ">", before)])
        own = mails.filtered(lambda mail: self.customer in mail.recipient_ids or "dueno@" in (mail.email_to or ""))
        with self.mock_smtplib_connection():
            own.send()
        self.assertFalse(self.emails)
        self.assertEqual(len(own), 2)
        self.assertEqual(set(own.mapped("state")), {"cancel"})

    def test_views(self):
        """Our form and the settings render with everything installed, and hold the card."""
        view = self.env.ref("l10n_mx_customer.view_customer_form")
        arch = self.env["res.partner"].get_view(view.id, "form")["arch"]
        for _label, name, kind, _made in CARD:
            if kind != "action" and name in self.env["res.partner"]._fields:
                with self.subTest(name):
                    self.assertTrue(re.search(rf'name="{name}"', arch))
        with Form(self.env["res.partner"].with_context(default_customer_rank=1), view=view) as form:
            form.name = "De la forma"
        self.assertTrue(form.record.ref)
        admin = self.env.ref("base.user_admin")
        with Form(self.env["res.config.settings"].with_user(admin).with_context(allowed_company_ids=self.company.ids)):
            pass


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestQueueJob(StoreCase):
    """Counting all figures again where there are queues of jobs."""

    def test_recompute_all_figures(self):
        self._create_order(quantity=1)
        self._store_figures()
        self.env.cr.execute(
            "UPDATE res_partner SET sold_authorized = NULL WHERE id = %s RETURNING id", [self.customer.id]
        )
        from odoo.addons.queue_job.job import Job  # not there for who runs the standard tests

        manager = self._create_user("figures_manager", "l10n_mx_customer.group_customer_manager")
        partners = self.env["res.partner"].with_user(manager)
        jobs = self.env["queue.job"].sudo()
        before = jobs.search([])
        count = partners.recompute_all_figures()
        [record] = jobs.search([]) - before
        self.assertEqual(record.state, "pending")
        self.assertIn(str(count), record.name)
        self.assertEqual(partners.recompute_all_figures(), count)
        self.assertEqual(jobs.search([]) - before, record, "a second one would do the same")
        job = Job.load(self.env, record.uuid)
        with self.enter_registry_test_mode():  # it stores in transactions of its own
            self.assertIn(str(count), job.perform())
        self.assertEqual(partners.count_pending_figures(), 0)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.sold_authorized, 1160.0)
