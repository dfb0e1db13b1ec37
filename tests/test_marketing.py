from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestMarketing(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing_list = cls.env.ref("l10n_mx_customer.mailing_list_customers").sudo()
        cls.customer.email = "Compras <Compras@Bajio.example>"
        cls.email = "compras@bajio.example"

    def _subscriptions(self, email=None):
        return (
            self.env["mailing.subscription"]
            .sudo()
            .search([("contact_id.email_normalized", "=", email or self.email), ("list_id", "=", self.mailing_list.id)])
        )

    def _blacklisted(self, email=None):
        return bool(self.env["mail.blacklist"].sudo().search([("email", "=", email or self.email)]))

    def _reached(self, email=None):
        """What a mailing to the list does with the address: the truth that the field must tell."""
        subscriptions = self._subscriptions(email)
        return any(not subscription.opt_out for subscription in subscriptions) and not self._blacklisted(email)

    def test_new_customers_are_not_subscribed_nor_blacklisted(self):
        customer = self._create_customer(name="Nuevo", email="nuevo@example.org")
        self.assertFalse(customer.marketing_opt_in)
        self.assertFalse(self._blacklisted("nuevo@example.org"))
        self.assertFalse(self._subscriptions("nuevo@example.org"))

    def test_subscribe_and_unsubscribe(self):
        self.customer.marketing_opt_in = True
        self.assertEqual(self._subscriptions().mapped("opt_out"), [False])
        self.assertEqual(self._subscriptions().contact_id.name, self.customer.name)
        self.customer.marketing_opt_in = True
        self.assertEqual(len(self._subscriptions()), 1)
        self.customer.marketing_opt_in = False
        self.assertEqual(self._subscriptions().mapped("opt_out"), [True])
        self.assertTrue(self._blacklisted())
        self.customer.marketing_opt_in = False
        self.assertFalse(self.customer.marketing_opt_in)

    def test_false_on_a_customer_never_subscribed(self):
        self.customer.marketing_opt_in = False
        self.assertFalse(self._blacklisted())

    def test_at_creation(self):
        customer = self._create_customer(name="Nuevo", email="nuevo@example.org", marketing_opt_in=True)
        self.assertTrue(customer.marketing_opt_in)
        self.assertTrue(self._reached("nuevo@example.org"))

    def test_without_a_valid_email(self):
        for email in (False, "", "no es un correo"):
            with self.subTest(email), self.assertRaisesRegex(ValidationError, "Nuevo"):
                self._create_customer(name="Nuevo", email=email, marketing_opt_in=True)
        self.customer.email = False
        with self.assertRaises(ValidationError):
            self.customer.marketing_opt_in = True

    def test_blacklist_and_back(self):
        self.customer.marketing_opt_in = True
        entry = self.env["mail.blacklist"].sudo()._add(self.email)
        self.assertFalse(self.customer.marketing_opt_in)
        entry.action_archive()
        self.assertTrue(self.customer.marketing_opt_in)
        entry.action_unarchive()
        self.assertFalse(self.customer.marketing_opt_in)
        entry.unlink()
        self.assertTrue(self.customer.marketing_opt_in)

    def test_blacklisted_address_needs_the_explicit_action(self):
        self.env["mail.blacklist"].sudo()._add(self.email)
        with self.assertRaisesRegex(ValidationError, self.email):
            self.customer.marketing_opt_in = True
        with self.assertRaisesRegex(ValidationError, "otra@example.org"):
            self.env["mail.blacklist"].sudo()._add("otra@example.org")
            self._create_customer(name="Otra", email="otra@example.org", marketing_opt_in=True)
        self.customer.action_marketing_subscribe()
        self.assertTrue(self.customer.marketing_opt_in)
        self.assertTrue(self._reached())

    def test_subscribe_again_needs_rights(self):
        reader = self._create_user("lector", "base.group_user")
        with self.assertRaises(AccessError):
            self.customer.with_user(reader).action_marketing_subscribe()

    def test_salesperson_needs_no_mailing_rights(self):
        seller = self._create_user("vendedora", "sales_team.group_sale_salesman", "base.group_partner_manager")
        customer = self.customer.with_user(seller)
        customer.marketing_opt_in = True
        self.assertTrue(self._reached())
        customer.marketing_opt_in = False
        customer.action_marketing_subscribe()
        self.assertTrue(self._reached())

    def test_changes_on_the_mailing_side(self):
        """Each way of subscribing and unsubscribing, one after the other."""
        contacts = self.env["mailing.contact"].sudo()
        steps = [
            (
                "contact with list_ids",
                lambda: contacts.create({"email": self.email, "list_ids": [Command.link(self.mailing_list.id)]}),
            ),
            ("opt out", lambda: self._subscriptions().write({"opt_out": True})),
            ("opt in", lambda: self._subscriptions().write({"opt_out": False})),
            (
                "reason",
                lambda: self._subscriptions().write(
                    {"opt_out_reason_id": self.env["mailing.subscription.optout"].sudo().search([], limit=1).id}
                ),
            ),
            ("preferences page", lambda: self.mailing_list._update_subscription_from_email(self.email, opt_out=False)),
            ("unsubscribe page", lambda: self.mailing_list._update_subscription_from_email(self.email, opt_out=True)),
            ("preferences page", lambda: self.mailing_list._update_subscription_from_email(self.email, opt_out=False)),
            ("subscription deleted", lambda: self._subscriptions().unlink()),
            (
                "subscription created",
                lambda: (
                    self.env["mailing.subscription"]
                    .sudo()
                    .create(
                        {
                            "contact_id": contacts.search([("email_normalized", "=", self.email)], limit=1).id,
                            "list_id": self.mailing_list.id,
                        }
                    )
                ),
            ),
            ("list emptied", lambda: self.mailing_list.write({"contact_ids": [Command.clear()]})),
            (
                "list filled",
                lambda: self.mailing_list.write(
                    {
                        "contact_ids": [
                            Command.link(contacts.search([("email_normalized", "=", self.email)], limit=1).id)
                        ]
                    }
                ),
            ),
            (
                "list_ids emptied",
                lambda: contacts.search([("email_normalized", "=", self.email)]).write({"list_ids": [Command.clear()]}),
            ),
            (
                "subscription_ids",
                lambda: contacts.search([("email_normalized", "=", self.email)]).write(
                    {"subscription_ids": [Command.create({"list_id": self.mailing_list.id})]}
                ),
            ),
            (
                "contact's address changes",
                lambda: contacts.search([("email_normalized", "=", self.email)]).write({"email": "x@example.org"}),
            ),
            (
                "and back",
                lambda: contacts.search([("email_normalized", "=", "x@example.org")]).write({"email": self.email}),
            ),
            ("contact deleted", lambda: contacts.search([("email_normalized", "=", self.email)]).unlink()),
        ]
        for index, (name, step) in enumerate(steps):
            with self.subTest(name, step=index):
                step()
                self.env.invalidate_all()
                self.assertEqual(self.customer.marketing_opt_in, self._reached())
                self.assertEqual(self.customer.marketing_opt_in, index in {0, 2, 4, 6, 8, 10, 12, 14})

    def test_merged_lists(self):
        other_list = self.env["mailing.list"].sudo().create({"name": "Feria"})
        self.env["mailing.contact"].sudo().create({"email": self.email, "list_ids": [Command.link(other_list.id)]})
        self.assertFalse(self.customer.marketing_opt_in)
        self.mailing_list.action_merge(other_list, archive=False)
        self.assertTrue(self._reached())
        self.assertTrue(self.customer.marketing_opt_in)

    def test_list_cannot_be_deleted(self):
        with self.assertRaises(UserError):
            self.mailing_list.unlink()

    def test_the_subscription_follows_the_email(self):
        self.customer.marketing_opt_in = True
        self.customer.email = "nuevo@bajio.example"
        self.assertTrue(self.customer.marketing_opt_in)
        self.assertTrue(self._reached("nuevo@bajio.example"))
        self.assertFalse(self._reached())
        self.assertFalse(self._blacklisted())
        self.customer.email = False
        self.assertFalse(self.customer.marketing_opt_in)
        self.assertFalse(self._reached("nuevo@bajio.example"))

    def test_new_email_that_refused(self):
        self.env["mail.blacklist"].sudo()._add("lista@negra.example")
        self.env["mailing.contact"].sudo().create(
            {
                "email": "baja@example.org",
                "subscription_ids": [Command.create({"list_id": self.mailing_list.id, "opt_out": True})],
            }
        )
        for email in ("lista@negra.example", "baja@example.org"):
            with self.subTest(email):
                self.customer.write({"email": f"vale-{email}", "marketing_opt_in": True})
                self.assertTrue(self.customer.marketing_opt_in)
                self.customer.email = email
                self.assertFalse(self.customer.marketing_opt_in)
                self.assertFalse(self._reached(email))
                self.assertFalse(self._reached(f"vale-{email}"))

    def test_email_and_consent_in_one_write(self):
        self.customer.marketing_opt_in = True
        self.customer.write({"email": "dos@bajio.example", "marketing_opt_in": True})
        self.assertTrue(self._reached("dos@bajio.example"))
        self.assertFalse(self._reached())
        self.customer.write({"email": "tres@bajio.example", "marketing_opt_in": False})
        self.assertFalse(self.customer.marketing_opt_in)
        for email in ("dos@bajio.example", "tres@bajio.example"):
            self.assertTrue(self._blacklisted(email))

    def test_new_customer_of_a_subscribed_address(self):
        self.env["mailing.contact"].sudo().create(
            {"email": "feria@example.org", "list_ids": [Command.link(self.mailing_list.id)]}
        )
        customer = self._create_customer(name="De la feria", email="Feria@example.org")
        self.assertTrue(customer.marketing_opt_in)

    def test_copy_has_no_consent(self):
        self.customer.marketing_opt_in = True
        self.assertFalse(self.customer.copy({"email": "copia@example.org", "vat": False}).marketing_opt_in)

    def test_rpc_context_cannot_skip_the_rules(self):
        self.customer.with_context(l10n_mx_customer_marketing_in_step=True).write({"marketing_opt_in": True})
        self.assertTrue(self._reached())

    def test_queries_of_a_creation(self):
        def queries(count):
            vals_list = [{"name": f"P{index}", "email": f"q{count}-{index}@example.org"} for index in range(count)]
            partners = self.env["res.partner"].create(vals_list)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            partners._get_marketing_emails(partners.mapped("email_normalized"))
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(300), 1)


@tagged("post_install", "-at_install")
class TestMarketingPages(HttpCase, CustomerCommon):
    def test_unsubscribe_page(self):
        mailing_list = self.env.ref("l10n_mx_customer.mailing_list_customers").sudo()
        self.customer.write({"email": "compras@bajio.example", "marketing_opt_in": True})
        contact = mailing_list.contact_ids.filtered(lambda contact: contact.email == "compras@bajio.example")
        mailing = (
            self.env["mailing.mailing"]
            .sudo()
            .create(
                {
                    "subject": "Promoción",
                    "email_from": "ventas@example.com",
                    "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                    "contact_list_ids": [Command.set(mailing_list.ids)],
                }
            )
        )
        response = self.url_open(mailing._get_unsubscribe_oneclick_url(contact.email, contact.id), method="POST")
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(self.customer.marketing_opt_in)
        token = mailing._generate_mailing_recipient_token(contact.id, contact.email)
        params = {"mailing_id": mailing.id, "document_id": contact.id, "email": contact.email, "hash_token": token}
        self.make_jsonrpc_request("/mailing/list/update", {**params, "lists_optin_ids": mailing_list.ids})
        self.env.invalidate_all()
        self.assertTrue(self.customer.marketing_opt_in)
        self.make_jsonrpc_request("/mailing/blocklist/add", params)
        self.env.invalidate_all()
        self.assertFalse(self.customer.marketing_opt_in)
