import base64
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import tagged
from psycopg2 import errors

from ..models import customer_cfdi_delivery as delivery
from .stamped import StampedCommon


@tagged("post_install", "-at_install")
class TestCfdiDelivery(StampedCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"email": "facturas@kemper.example"})

    def setUp(self):
        super().setUp()
        self.cfdi = self._stamp(self._comprobante())
        self.move = self.cfdi.move_id
        self.pdf = self.enterContext(self._counted_pdf())

    @contextmanager
    def _counted_pdf(self):
        """The PDF has tests of its own: here a quick one, and how often it was made."""
        made = []

        def pdf(cfdi):
            made.append(cfdi.id)
            return b"%PDF-1.4 of " + cfdi.uuid.encode()

        with patch.object(type(self.env["customer.cfdi"]), "_pdf", pdf):
            yield made

    def _files(self, record):
        return {
            file.name: file.raw
            for file in self.env["ir.attachment"].search(
                [("res_model", "=", record._name), ("res_id", "=", record.id), ("name", "=like", "EKU9003173C9%")]
            )
        }

    def _messages(self, record):
        return record.message_ids.filtered(lambda message: self.cfdi.pdf_name in message.attachment_ids.mapped("name"))

    def _mails(self, record=None):
        return self.env["mail.mail"].sudo().search([("mail_message_id", "in", self._messages(record or self.move).ids)])

    # ------------------------------------------------------------------
    # By itself
    # ------------------------------------------------------------------

    def test_files_and_mail(self):
        stamped = self._xml(self.cfdi)
        self.assertEqual(self.cfdi.delivery_state, "pending")
        self.cfdi._deliver()
        expected = {self.cfdi.xml_name: stamped, self.cfdi.pdf_name: b"%PDF-1.4 of " + self.cfdi.uuid.encode()}
        self.assertEqual(self._files(self.move), expected)
        self.assertEqual(self._files(self.cfdi), expected)
        self.assertEqual(self.cfdi.delivery_state, "sent")
        self.assertIn("compras@example.com", self.cfdi.delivery_message)
        self.assertTrue(self.cfdi.delivered_at)
        message = self._messages(self.move)
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, self.customer)
        self.assertEqual(set(message.attachment_ids.mapped("name")), set(expected))
        self.assertIn(self.cfdi.uuid, message.body)
        self.assertIn(self.cfdi.name, message.subject)
        self.assertEqual(self._xml(self.cfdi), stamped, "the legal document stays as it is")

    def test_repeated(self):
        self.cfdi._deliver()
        self.cfdi._deliver()
        self.assertEqual(len(self._messages(self.move)), 1)
        self.assertEqual(self.pdf, [self.cfdi.id])

    def test_followers_are_no_recipients(self):
        follower = self.env["res.partner"].create({"name": "Curioso", "email": "curioso@example.com"})
        self.move.message_subscribe(follower.ids)
        self.cfdi._deliver()
        self.assertEqual(self._messages(self.move).notified_partner_ids, self.customer)

    def test_recipients(self):
        billing = self.env.ref("l10n_mx_customer.contact_role_billing")
        values = {"parent_id": self.customer.id}
        contacts = self.env["res.partner"].create(
            [
                {**values, "name": "Facturas", "email": "facturas@example.com", "contact_role_ids": [(4, billing.id)]},
                {**values, "name": "Dirección de facturas", "type": "invoice", "email": "direccion@example.com"},
                {**values, "name": "Almacén", "email": "almacen@example.com"},
                {**values, "name": "Sin correo", "contact_role_ids": [(4, billing.id)]},
            ]
        )
        self.assertEqual(self.cfdi.sudo()._delivery_recipients(), contacts[:2])
        contacts[:2].action_archive()
        self.assertEqual(self.cfdi.sudo()._delivery_recipients(), self.customer)
        branch = self._stamp(self._comprobante(), self._create_customer_invoice(contacts[2]))
        self.assertEqual(branch.sudo()._delivery_recipients(), contacts[2])

    def test_no_email(self):
        self.customer.no_email = True
        self.cfdi._deliver()
        self.assertEqual(self.cfdi.delivery_state, "not_wanted")
        self.assertIn("No E-mail", self.cfdi.delivery_message)
        self.assertFalse(self._messages(self.move))
        self.assertEqual(len(self._files(self.move)), 2)
        (result,) = self.cfdi.cfdi_send_email()
        self.assertEqual((result["state"], result["emails"]), ("not_wanted", []))
        self.assertFalse(self._messages(self.move))

    def test_company_sends_none_by_itself(self):
        self.company.cfdi_send_automatically = False
        self.cfdi._deliver()
        self.assertEqual(self.cfdi.delivery_state, "not_wanted")
        self.assertFalse(self._messages(self.move))
        self.assertEqual(len(self._files(self.move)), 2)
        (result,) = self.cfdi.cfdi_send_email()
        self.assertEqual(result["state"], "sent")
        self.assertEqual(len(self._messages(self.move)), 1)

    def test_setting(self):
        settings = self.env["res.config.settings"].sudo().create({"cfdi_send_automatically": False})
        settings.execute()
        self.assertFalse(self.company.cfdi_send_automatically)

    def test_template_of_the_company(self):
        self.company.cfdi_mail_template_id = (
            self.env["mail.template"]
            .sudo()
            .create(
                {
                    "name": "Nuestra",
                    "model_id": self.env["ir.model"]._get_id("customer.cfdi"),
                    "subject": "Su factura {{ object.folio }}",
                    "body_html": "<p>Gracias</p>",
                    "lang": "{{ object.partner_id.lang }}",
                }
            )
        )
        self.cfdi._deliver()
        self.assertEqual(self._messages(self.move).subject, f"Su factura {self.cfdi.folio}")

    def test_in_the_language_of_the_customer(self):
        self.env["res.lang"].sudo()._activate_lang("es_MX")
        template = self.env.ref("l10n_mx_customer.mail_template_cfdi").sudo()
        template.with_context(lang="es_MX").subject = "{{ object.company_id.name }}: su CFDI {{ object.name }}"
        self.customer.lang = "es_MX"
        self.cfdi._deliver()
        self.assertIn("su CFDI", self._messages(self.move).subject)

    def test_addenda(self):
        template = (
            self.env["customer.addenda"]
            .sudo()
            .create({"name": "Cliente 1.0", "template": '<Pedido oc="${orden_compra}"/>'})
        )
        self.customer.addenda_template_id = template
        stamped = self._xml(self.cfdi)
        self.cfdi._deliver()
        self.assertEqual(self.cfdi.delivery_state, "failed")
        self.assertIn("orden_compra", self.cfdi.delivery_message)
        self.assertFalse(self._messages(self.move))
        self.move.ref = "OC-77"
        self.cfdi._deliver()
        self.assertEqual(self.cfdi.delivery_state, "sent")
        files = self._files(self.move)
        self.assertIn(b'oc="OC-77"', files[self.cfdi.xml_name])
        self.assertNotIn(b"Addenda", stamped)
        self.assertEqual(self._xml(self.cfdi), stamped)

    def test_receipt_of_a_payment(self):
        """The payment has the files and the message, as the customer knows it."""
        payment = self._collect(self._create_customer_invoice())
        self.cfdi.sudo().move_id = payment.move_id
        self.cfdi._deliver()
        self.assertEqual(len(self._files(payment)), 2)
        self.assertEqual(len(self._messages(payment)), 1)
        self.assertFalse(self._files(payment.move_id))

    # ------------------------------------------------------------------
    # What goes wrong
    # ------------------------------------------------------------------

    def test_nobody_has_an_email(self):
        self.customer.email = False
        self.cfdi._deliver()
        self.assertEqual((self.cfdi.delivery_state, self.cfdi.delivery_tries), ("failed", 1))
        self.assertIn(self.customer.name, self.cfdi.delivery_message)
        self.assertIn("FACTURACION", self.cfdi.delivery_message)
        self.customer.email = "nuevo@example.com"
        self.cfdi._deliver()
        self.assertEqual((self.cfdi.delivery_state, self.cfdi.delivery_tries), ("sent", 0))
        self.assertFalse(self.cfdi.delivery_next)

    def test_public_in_general_gets_none(self):
        self.customer.write({"email": False})
        self.env.cr.execute("UPDATE res_partner SET vat = 'XAXX010101000' WHERE id = %s", [self.customer.id])
        self.customer.invalidate_recordset()
        self.cfdi._deliver()
        self.assertEqual(self.cfdi.delivery_state, "not_wanted")

    def test_what_breaks_leaves_the_document_alone(self):
        before = self.cfdi.sudo().read(["state", "uuid", "xml", "sealed_xml", "message"])
        broken = patch.object(type(self.cfdi), "_pdf", side_effect=OSError("no space left"))
        with broken, self.assertLogs(delivery.__name__, "ERROR"):
            self.cfdi._deliver()
        self.assertEqual((self.cfdi.delivery_state, self.cfdi.delivery_message), ("failed", "no space left"))
        self.assertEqual(self.cfdi.sudo().read(["state", "uuid", "xml", "sealed_xml", "message"]), before)
        self.assertFalse(self._files(self.move), "half of it is nothing")
        self.cfdi._deliver()
        self.assertEqual(self.cfdi.delivery_state, "sent")

    def test_a_conflict_is_raised(self):
        """Its transaction is lost: whoever called tries again."""
        conflict = patch.object(type(self.cfdi), "_pdf", side_effect=errors.SerializationFailure())
        with conflict, self.assertRaises(errors.SerializationFailure):
            self.cfdi._deliver()

    def test_who_has_the_row(self):
        with patch.object(type(self.cfdi), "try_lock_for_update", lambda cfdi, **_options: cfdi.browse()):
            self.cfdi._deliver()
            self.assertEqual(self.cfdi.delivery_state, "pending")
            (result,) = self.cfdi.cfdi_send_email()
        self.assertEqual(result["state"], "failed")
        self.assertFalse(self._messages(self.move))

    def test_not_stamped(self):
        self.env.cr.execute("UPDATE customer_cfdi SET state = 'sealed', uuid = NULL WHERE id = %s", [self.cfdi.id])
        self.cfdi.invalidate_recordset()
        self.cfdi._deliver()
        self.assertEqual((self.cfdi.delivery_state, self.pdf), ("pending", []))
        (result,) = self.cfdi.cfdi_send_email()
        self.assertEqual(result["state"], "failed")

    # ------------------------------------------------------------------
    # The job
    # ------------------------------------------------------------------

    def _run_job(self):
        with self._job_transaction():
            self.env["customer.cfdi"].sudo()._cron_deliver()

    def test_job_delivers_what_was_left(self):
        self._run_job()
        self.assertEqual(self.cfdi.delivery_state, "pending", "whoever stamped is about to")
        self.cfdi.sudo().stamped_at = fields.Datetime.now() - timedelta(minutes=10)
        self._run_job()
        self.assertEqual(self.cfdi.delivery_state, "sent")
        self._run_job()
        self.assertEqual(len(self._messages(self.move)), 1)

    def test_job_tries_again_with_growing_pauses(self):
        self.customer.email = False
        self.cfdi.sudo().stamped_at = fields.Datetime.now() - timedelta(days=1)
        pauses = []
        for number in range(1, delivery.MAX_TRIES + 2):
            self._run_job()
            self.assertEqual(self.cfdi.delivery_tries, min(number, delivery.MAX_TRIES))
            pauses.append(self.cfdi.delivery_next - fields.Datetime.now())
            self._run_job()
            self.assertEqual(self.cfdi.delivery_tries, min(number, delivery.MAX_TRIES), "not before its time")
            self.cfdi.sudo().delivery_next = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(pauses[: delivery.MAX_TRIES], sorted(pauses[: delivery.MAX_TRIES]))
        self.assertGreater(sum(pauses[: delivery.MAX_TRIES], timedelta()), timedelta(hours=24))

    def test_left_to_the_job_by_who_stamps_many(self):
        job = self.env.ref("l10n_mx_customer.ir_cron_deliver_cfdi").sudo()
        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search_count([("cron_id", "=", job.id)])
        self.cfdi._deliver_later()
        self.assertEqual((self.cfdi.delivery_state, self.pdf), ("pending", []))
        self.assertEqual(triggers.search_count([("cron_id", "=", job.id)]), before + 1)
        self._run_job()
        self.assertEqual(self.cfdi.delivery_state, "sent", "at once, whenever it was stamped")

    def test_documents_from_before_are_not_sent(self):
        self.env.cr.execute("UPDATE customer_cfdi SET delivery_state = NULL WHERE id = %s", [self.cfdi.id])
        self.env["customer.cfdi"]._init_column("delivery_state")
        self.cfdi.invalidate_recordset()
        self.cfdi.sudo().stamped_at = fields.Datetime.now() - timedelta(days=1)
        self._run_job()
        self.assertFalse(self.cfdi.delivery_state)
        self.assertFalse(self._messages(self.move))

    def test_job_is_there(self):
        job = self.env.ref("l10n_mx_customer.ir_cron_deliver_cfdi").sudo()
        self.assertTrue(job.active)
        self.cfdi.sudo().stamped_at = fields.Datetime.now() - timedelta(minutes=10)
        with self._job_transaction():
            job.ir_actions_server_id.run()
        self.assertEqual(self.cfdi.delivery_state, "sent")

    # ------------------------------------------------------------------
    # By hand
    # ------------------------------------------------------------------

    def test_send_again(self):
        other = self._stamp(self._comprobante())
        self.cfdi._deliver()
        issuer = self._create_user("issuer", "l10n_mx_customer.group_cfdi_issuer")
        results = (self.cfdi + other).with_user(issuer).cfdi_send_email()
        self.assertEqual([result["state"] for result in results], ["sent", "sent"])
        self.assertEqual(results[0]["cfdi_id"], self.cfdi.id)
        self.assertEqual(results[0]["name"], self.cfdi.name)
        self.assertFalse(results[0]["message"])
        self.assertEqual(len(results[0]["emails"]), 1)
        self.assertIn("compras@example.com", results[0]["emails"][0])
        self.assertEqual(len(self._messages(self.move)), 2)
        self.assertEqual(len(self._files(self.move)), 2, "the files take the place of the earlier ones")

    def test_one_that_fails_does_not_stop_the_others(self):
        nobody = self._create_customer(name="Sin correo", vat="XIA190128J61", cfdi_zip="76343")
        other = self._stamp(self._comprobante(), self._create_customer_invoice(nobody))
        results = (other + self.cfdi).cfdi_send_email()
        self.assertEqual([result["state"] for result in results], ["failed", "sent"])
        action = (other + self.cfdi).action_cfdi_send_email()
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("Sin correo", action["params"]["message"])
        action = self.cfdi.action_cfdi_send_email()
        self.assertEqual(action["params"]["type"], "success")

    def test_rights(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaisesRegex(AccessError, "Only who issues"):
            self.cfdi.with_user(seller).cfdi_send_email()
        stranger = self._create_user(
            "stranger",
            "l10n_mx_customer.group_cfdi_issuer",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        for name in ("cfdi_send_email", "action_cfdi_pdf", "action_cfdi_xml", "customer_pdf"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(self.cfdi.with_user(stranger), name)()
        for name in ("_deliver", "_cron_deliver", "_store_files", "_pdf"):
            with self.subTest(name), self.assertRaises(AccessError):
                get_public_method(self.cfdi, name)

    def test_buttons(self):
        self.assertEqual(self.cfdi.action_cfdi_pdf()["url"], f"/my/cfdi/{self.cfdi.id}/pdf")
        action = self.cfdi.action_cfdi_xml()
        self.assertIn(f"/customer.cfdi/{self.cfdi.id}/delivered_xml/", action["url"])

    def test_pdf_over_rpc(self):
        (answer,) = self.cfdi.with_user(self._create_user("biller", "account.group_account_invoice")).customer_pdf()
        self.assertEqual((answer["cfdi_id"], answer["name"]), (self.cfdi.id, self.cfdi.pdf_name))
        self.assertEqual(base64.b64decode(answer["pdf"]), b"%PDF-1.4 of " + self.cfdi.uuid.encode())

    def test_cancelled_documents_keep_their_xml(self):
        """The customer may ask for it afterwards: it is what the cancellation is about."""
        self.env.cr.execute("UPDATE customer_cfdi SET state = 'cancelled' WHERE id = %s", [self.cfdi.id])
        self.cfdi.invalidate_recordset()
        self.assertEqual(base64.b64decode(self.cfdi.delivered_xml), self._xml(self.cfdi))
        self.assertEqual(self.cfdi.cfdi_send_email()[0]["state"], "failed")

    def test_edited_file_is_mended_when_sent_again(self):
        self.cfdi._deliver()
        self.env["ir.attachment"].sudo().search(
            [("res_model", "=", "account.move"), ("res_id", "=", self.move.id), ("name", "=", self.cfdi.xml_name)]
        ).raw = b"<otra/>"
        self.cfdi.cfdi_send_email()
        self.assertEqual(self._files(self.move)[self.cfdi.xml_name], self._xml(self.cfdi))
