from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.base.tests.common import MockSmtplibCase

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestNoEmail(MockSmtplibCase, CustomerCommon):
    """What reaches the SMTP session: the envelope's recipients are who gets the mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "ventas@example.com"
        cls.env.user.email = "consultor@example.com"
        cls.customer.write({"email": "Compras <compras@bajio.example>", "no_email": True})
        cls.contact = cls.env["res.partner"].create(
            {"name": "Tesorería", "email": "tesoreria@bajio.example", "parent_id": cls.customer.id}
        )
        cls.other = cls._create_customer(name="Otro Cliente", email="otro@otro.example")

    def _sent_to(self):
        return sorted(address for email in self.emails for address in email["smtp_to_list"])

    def _send(self, **values):
        mail = self.env["mail.mail"].create(
            {"subject": "Asunto", "body_html": "<p>Hola</p>", "email_from": "ventas@example.com", **values}
        )
        with self.mock_smtplib_connection():
            mail.send()
        return mail

    def test_contacts_follow(self):
        self.assertTrue(self.contact.no_email)
        self.customer.no_email = False
        self.assertFalse(self.contact.no_email)

    def test_recipients_by_partner(self):
        mail = self._send(recipient_ids=[Command.set((self.customer + self.contact + self.other).ids)])
        self.assertEqual(self._sent_to(), ["otro@otro.example"])
        self.assertEqual(mail.state, "sent")

    def test_nobody_left(self):
        mail = self._send(recipient_ids=[Command.set((self.customer + self.contact).ids)])
        self.assertEqual(self._sent_to(), [])
        self.assertEqual((mail.state, mail.failure_type), ("cancel", "mail_optout"))
        self.assertIn("does not want e-mails", mail.failure_reason)

    def test_addresses(self):
        mail = self._send(
            email_to='"Jefe" <COMPRAS@bajio.example>, libre@example.org',
            email_cc="tesoreria@bajio.example,cc@example.org",
        )
        self.assertEqual(self._sent_to(), ["cc@example.org", "libre@example.org"])
        self.assertEqual(mail.state, "sent")
        mail = self._send(email_to="compras@bajio.example", email_cc="cc@example.org")
        self.assertEqual(self._sent_to(), ["cc@example.org"])
        mail = self._send(email_to="compras@bajio.example")
        self.assertEqual((self._sent_to(), mail.state), ([], "cancel"))

    def test_second_address_of_a_customer(self):
        self.customer.email = "uno@bajio.example, dos@bajio.example"
        mail = self._send(email_to="dos@bajio.example")
        self.assertEqual((self._sent_to(), mail.state), ([], "cancel"))
        mail = self._send(recipient_ids=[Command.set(self.customer.ids)])
        self.assertEqual((self._sent_to(), mail.state), ([], "cancel"))

    def test_employee_with_the_same_address(self):
        employee = self._create_user("empleado", "base.group_user", email="compras@bajio.example").partner_id
        mail = self._send(recipient_ids=[Command.set((employee + self.customer).ids)])
        self.assertEqual((self._sent_to(), mail.state), (["compras@bajio.example"], "sent"))

    def test_users_keep_their_access(self):
        """Marking the own company's card must not cut off its employees."""
        user = self._create_user("interno", "base.group_user", email="interno@example.com")
        user.partner_id.parent_id = self.company.partner_id
        self.company.partner_id.no_email = True
        self._send(recipient_ids=[Command.set(user.partner_id.ids)])
        self.assertEqual(self._sent_to(), ["interno@example.com"])
        self._send(email_to="interno@example.com")
        self.assertEqual(self._sent_to(), ["interno@example.com"])

    def test_marked_after_queueing_and_unmarked_again(self):
        mail = self.env["mail.mail"].create(
            {"body_html": "<p>Hola</p>", "email_from": "a@example.com", "recipient_ids": [Command.set(self.other.ids)]}
        )
        self.other.no_email = True
        with self.mock_smtplib_connection():
            mail.send()
        self.assertEqual((self._sent_to(), mail.state), ([], "cancel"))
        self.other.no_email = False
        mail.mark_outgoing()
        with self.mock_smtplib_connection():
            mail.send()
        self.assertEqual((self._sent_to(), mail.state), (["otro@otro.example"], "sent"))

    def test_archived_customer(self):
        self.customer.action_archive()
        mail = self._send(email_to="compras@bajio.example", recipient_ids=[Command.set(self.customer.ids)])
        self.assertEqual((self._sent_to(), mail.state), ([], "cancel"))

    def test_chatter(self):
        order = self._create_order(confirm=False)
        with self.mock_smtplib_connection():
            message = order.message_post(
                body="Su cotización",
                partner_ids=(self.customer + self.contact + self.other).ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self.assertEqual(self._sent_to(), ["otro@otro.example"])
        status = {note.res_partner_id: note.notification_status for note in message.sudo().notification_ids}
        self.assertEqual(status[self.customer], "canceled")
        self.assertEqual(status[self.contact], "canceled")
        self.assertEqual(status[self.other], "sent")
        reasons = message.sudo().notification_ids.filtered(lambda note: note.res_partner_id == self.customer)
        self.assertRegex(reasons.failure_reason, "does not want e-mails|no quiere correos")

    def test_template(self):
        order = self._create_order(confirm=False)
        template = self.env.ref("sale.email_template_edi_sale")
        with self.mock_smtplib_connection():
            mail = self.env["mail.mail"].browse(template.send_mail(order.id, force_send=True))
        self.assertEqual((self._sent_to(), mail.state), ([], "cancel"))

    def test_order_confirmation(self):
        order = self._create_order(confirm=False)
        with self.mock_smtplib_connection():
            order._send_order_confirmation_mail()
        self.assertEqual(self._sent_to(), [])
        self.customer.no_email = False
        with self.mock_smtplib_connection():
            order._send_order_confirmation_mail()
        self.assertIn("compras@bajio.example", self._sent_to())

    def test_invoice_sending(self):
        invoice = self._create_customer_invoice()
        for no_email, expected in ((True, []), (False, ["compras@bajio.example"])):
            self.customer.no_email = no_email
            wizard = (
                self.env["account.move.send.wizard"]
                .with_context(active_model="account.move", active_ids=invoice.ids)
                .create({"sending_methods": ["email"]})
            )
            with self.subTest(no_email=no_email), self.mock_smtplib_connection():
                wizard.action_send_and_print(allow_fallback_pdf=True)
                self.assertEqual(self._sent_to(), expected)

    def test_mass_mailing(self):
        mailing = (
            self.env["mailing.mailing"]
            .sudo()
            .create(
                {
                    "name": "Promoción",
                    "subject": "Promoción",
                    "body_html": "<p>Promoción</p>",
                    "email_from": "ventas@example.com",
                    "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "mailing_domain": [("id", "in", (self.customer + self.contact + self.other).ids)],
                }
            )
        )
        with self.mock_smtplib_connection():
            mailing.action_send_mail()
            self.env["mail.mail"].sudo().search([("mailing_id", "=", mailing.id), ("state", "=", "outgoing")]).send()
        self.assertEqual(self._sent_to(), ["otro@otro.example"])
        status = {trace.res_id: trace.trace_status for trace in mailing.mailing_trace_ids}
        self.assertEqual(status, {self.customer.id: "cancel", self.contact.id: "cancel", self.other.id: "sent"})

    def test_password_mail(self):
        user = self._create_user("cliente", "base.group_portal", partner_id=self.contact.id, name="Tesorería")
        for no_email, expected in ((True, []), (False, ["tesoreria@bajio.example"])):
            self.customer.no_email = no_email
            with self.subTest(no_email=no_email), self.mock_smtplib_connection():
                user.sudo().action_reset_password()
                self.assertEqual(self._sent_to(), expected)
            with self.subTest("signup", no_email=no_email), self.mock_smtplib_connection():
                user.sudo().with_context(create_user=True).action_reset_password()
                self.assertEqual(self._sent_to(), expected)

    def test_invitation(self):
        start = fields.Datetime.now() + timedelta(days=3)
        for no_email, expected in ((True, []), (False, ["compras@bajio.example"])):
            self.customer.no_email = no_email
            with self.subTest(no_email=no_email), self.mock_smtplib_connection():
                self.env["calendar.event"].create(
                    {
                        "name": "Visita",
                        "start": start,
                        "stop": start + timedelta(hours=1),
                        "partner_ids": [Command.set((self.customer + self.env.user.partner_id).ids)],
                    }
                )
                self.assertEqual([address for address in self._sent_to() if "bajio" in address], expected)

    def test_queries_do_not_grow_with_recipients(self):
        def queries(count):
            partners = self.env["res.partner"].create(
                [{"name": f"P{index}", "email": f"p{count}-{index}@example.org"} for index in range(count)]
            )
            mails = self.env["mail.mail"].create(
                [
                    {
                        "email_from": "a@example.com",
                        "email_to": f"x{partner.id}@example.org",
                        "recipient_ids": [Command.link(partner.id)],
                    }
                    for partner in partners
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            mails._get_refused()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(2), queries(200))
