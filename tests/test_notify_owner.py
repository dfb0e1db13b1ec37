from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestNotifyOwner(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"].sudo()._activate_lang("es_MX")
        cls.owner = cls._create_user(
            "dueña", "sales_team.group_sale_salesman", notification_type="inbox", lang="es_MX", email="d@example.com"
        )
        cls.seller = cls._create_user("otro", "sales_team.group_sale_manager", "account.group_account_manager")
        cls.customer.write({"user_id": cls.owner.id, "notify_owner": True})

    def _after_commit(self):
        with self.enter_registry_test_mode():
            self.env.cr.postcommit.run()

    def _notices(self, document):
        """The messages that reached the owner about a document."""
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", document._name),
                    ("res_id", "in", document.ids),
                    ("message_type", "=", "user_notification"),
                    ("notification_ids.res_partner_id", "=", self.owner.partner_id.id),
                ]
            )
        )

    def test_sale(self):
        order = self._create_order(confirm=False).with_user(self.seller)
        order.action_confirm()
        self.assertFalse(self._notices(order))
        self._after_commit()
        notice = self._notices(order)
        self.assertEqual(len(notice), 1)
        self.assertEqual(notice.notification_ids.notification_type, "inbox")
        self.assertEqual(notice.author_id, self.seller.partner_id)
        self.assertIn(order.name, notice.body)
        self.assertIn("1,160.00", notice.body)
        self._after_commit()
        self.assertEqual(len(self._notices(order)), 1)

    def test_invoice_credit_note_and_payment(self):
        invoice = self._create_customer_invoice(post=False).with_user(self.seller)
        invoice.action_post()
        payment = self._collect(invoice)
        by_hand = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "partner_type": "customer", "payment_type": "inbound", "amount": 50.0}
        )
        by_hand.action_post()
        refund = self._create_customer_invoice(move_type="out_refund", post=False).with_user(self.seller)
        refund.action_post()
        self._after_commit()
        for document in (invoice, payment, by_hand, refund):
            with self.subTest(document._name):
                self.assertEqual(len(self._notices(document)), 1)

    def test_in_the_owners_language(self):
        order = self._create_order(confirm=False).with_user(self.seller).with_context(lang="en_US")
        langs = []
        original = type(order)._owner_notice_title

        def title(document):
            langs.append(document.env.lang)
            return original(document)

        with patch.object(type(order), "_owner_notice_title", title):
            order.action_confirm()
            self._after_commit()
        self.assertEqual(langs, ["es_MX"])

    def test_by_mail(self):
        self.owner.notification_type = "email"
        order = self._create_order(confirm=False).with_user(self.seller)
        order.action_confirm()
        self._after_commit()
        notice = self._notices(order)
        self.assertEqual(notice.notification_ids.notification_type, "email")
        mail = notice.notification_ids.mail_mail_id
        self.assertEqual((mail.state, mail.recipient_ids), ("outgoing", self.owner.partner_id))

    def test_silent(self):
        other_company_owner = self._create_user(
            "ajena",
            "sales_team.group_sale_salesman",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        cases = {
            "not asked for": {"notify_owner": False},
            "nobody in charge": {"user_id": False},
            "of another company": {"user_id": other_company_owner.id},
        }
        for reason, values in cases.items():
            with self.subTest(reason):
                self.customer.write({"user_id": self.owner.id, "notify_owner": True, **values})
                order = self._create_order(confirm=False).with_user(self.seller)
                order.action_confirm()
                self._after_commit()
                self.assertFalse(order.sudo().message_ids.filtered(lambda m: m.message_type == "user_notification"))

    def test_not_for_what_the_owner_did(self):
        order = self._create_order(confirm=False, user_id=self.owner.id).with_user(self.owner)
        before = self._notices(order)
        order.action_confirm()
        self._after_commit()
        self.assertEqual(self._notices(order), before)

    def test_contact_of_the_customer(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        order = self._create_order(customer=contact, confirm=False).with_user(self.seller)
        order.action_confirm()
        self._after_commit()
        self.assertEqual(len(self._notices(order)), 1)

    def test_supplier_bill_and_other_customers(self):
        bill = self._create_customer_invoice(move_type="in_invoice", post=False).with_user(self.seller)
        bill.action_post()
        self._after_commit()
        self.assertFalse(self._notices(bill))

    def test_undone_before_the_commit(self):
        order = self._create_order(confirm=False).with_user(self.seller)
        order.action_confirm()
        order.with_context(disable_cancel_warning=True).action_cancel()
        self._after_commit()
        self.assertFalse(self._notices(order))

    def test_a_failure_is_logged_and_harms_nothing(self):
        order = self._create_order(confirm=False).with_user(self.seller)
        logger = "odoo.addons.l10n_mx_customer.models.customer_owner_notice"
        with (
            patch.object(type(order), "_owner_notice_title", side_effect=ValueError("roto")),
            mute_logger(logger),
            self.assertLogs(logger, "ERROR") as logs,
        ):
            order.action_confirm()
            self._after_commit()
        self.assertIn("roto", logs.output[0])
        self.assertEqual(order.state, "sale")
        self.assertFalse(self._notices(order))

    def test_posting_does_not_wait(self):
        """Nothing is written in the transaction of the document, whatever the number of documents."""
        orders = self.env["sale.order"].browse([self._create_order(confirm=False).id for __ in range(5)])
        self.env.flush_all()
        orders.sudo().commercial_partner_id.user_id.name  # noqa: B018  Read before: only the notices count.
        with self.assertQueryCount(0):
            orders._notify_customer_owner()
        self.env.cr.postcommit.clear()
