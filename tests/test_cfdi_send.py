from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .stamped import StampedCommon


@tagged("post_install", "-at_install")
class TestCfdiSend(StampedCommon):
    """Odoo's Send & Print, from its wizard and in the background."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls._create_customer_invoice()
        cls.wrong_customer = cls._create_customer(name="Sin RFC", email="sinrfc@example.com")

    def setUp(self):
        super().setUp()
        pdf = lambda cfdi: b"%PDF-1.4 of " + cfdi.uuid.encode()
        self.enterContext(patch.object(type(self.env["customer.cfdi"]), "_pdf", pdf))
        self.invoice = self._create_customer_invoice()

    def _wizard(self, invoice, **values):
        return (
            self.env["account.move.send.wizard"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"move_id": invoice.id, **values})
        )

    def _batch(self, invoices):
        return (
            self.env["account.move.send.batch.wizard"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"move_ids": [Command.set(invoices.ids)]})
        )

    def _run_job(self, **options):
        with self._job_transaction():
            self.env["account.move"].sudo()._cron_account_move_send(**options)

    def _sent(self, invoice):
        """The names of the files of each message with a CFDI's."""
        return [
            sorted(message.attachment_ids.mapped("name"))
            for message in invoice.message_ids
            if any(name.startswith("EKU9003173C9_") for name in message.attachment_ids.mapped("name"))
        ]

    def _expected(self, invoice):
        cfdi = invoice.cfdi_ids
        return sorted([cfdi.xml_name, cfdi.pdf_name])

    def _with_odoo_pdf(self, invoice):
        return sorted([*self._expected(invoice), invoice._get_invoice_report_filename()])

    def test_checkbox(self):
        wizard = self._wizard(self.invoice)
        self.assertEqual(wizard.extra_edis, ["mx_cfdi"])
        self.assertEqual(wizard.extra_edi_checkboxes["mx_cfdi"]["label"], "CFDI")
        names = [item["name"] for item in wizard.mail_attachments_widget]
        stem = self.invoice.name.replace("/", "_")
        self.assertLessEqual({f"CFDI_{stem}.xml", f"CFDI_{stem}.pdf"}, set(names))

    def test_stamped_and_sent_with_its_files(self):
        self._wizard(self.invoice).action_send_and_print()
        cfdi = self.invoice.cfdi_ids
        self.assertEqual(cfdi.state, "stamped")
        self.assertEqual(self._sent(self.invoice), [self._expected(self.invoice)], "one message, with everything")
        self.assertEqual(cfdi.delivery_state, "sent")
        self.assertIn("compras@example.com", cfdi.delivery_message)
        xml = self.invoice.message_ids.attachment_ids.filtered(lambda file: file.name == cfdi.xml_name)[:1]
        self.assertEqual(xml.raw, self._xml(cfdi))
        cfdi._deliver()
        self.assertEqual(len(self._sent(self.invoice)), 1, "nothing is left for the job")

    def test_unchecked(self):
        self._wizard(self.invoice, extra_edi_checkboxes={"mx_cfdi": {"checked": False}}).action_send_and_print()
        self.assertFalse(self.invoice.cfdi_ids)
        self.assertTrue(self.invoice.is_move_sent)

    def test_already_stamped(self):
        self.invoice.cfdi_stamp()
        self.invoice.cfdi_ids._deliver()
        stamps = self.stamps()
        wizard = self._wizard(self.invoice)
        self.assertFalse(wizard.extra_edis)
        wizard.action_send_and_print()
        self.assertEqual(self.stamps(), stamps, "nothing is stamped again")
        self.assertIn(self._expected(self.invoice), self._sent(self.invoice))

    def test_what_cannot_be_stamped_is_not_sent(self):
        invoice = self._create_customer_invoice(self.wrong_customer)
        with self.assertRaisesRegex(UserError, "could not be stamped(.|\n)*Sin RFC"):
            self._wizard(invoice).action_send_and_print()
        self.assertFalse(invoice.cfdi_ids)
        self.assertFalse(invoice.is_move_sent)
        self.assertFalse(self._sent(invoice))

    def test_pac_without_an_answer(self):
        self.control(fault="cut_after", operation="stamp")
        with self.assertRaisesRegex(UserError, "could not be stamped"):
            self._wizard(self.invoice).action_send_and_print()
        self.assertEqual(self.invoice.cfdi_state, "sent")
        stamps = self.stamps()
        self._wizard(self.invoice).action_send_and_print()
        self.assertEqual((self.invoice.cfdi_state, self.stamps()), ("stamped", stamps))
        self.assertEqual(self._sent(self.invoice), [self._expected(self.invoice)])

    def test_files_that_cannot_be_made(self):
        broken = patch.object(type(self.env["customer.cfdi"]), "_pdf", side_effect=UserError("no printer"))
        with broken, self.assertRaisesRegex(UserError, "stamped, and its files(.|\n)*no printer"):
            self._wizard(self.invoice).action_send_and_print()
        self.assertEqual(self.invoice.cfdi_state, "stamped", "the legal document is there, whatever became of the mail")
        self.assertFalse(self._sent(self.invoice))
        wizard = self._wizard(self.invoice)
        self.assertEqual(len(wizard.mail_attachments_widget), 2, "it tells of the files that are to be made")
        wizard.action_send_and_print()
        self.assertEqual(self._sent(self.invoice), [self._expected(self.invoice)])
        self.assertEqual(self.invoice.cfdi_ids.delivery_state, "sent")

    def test_no_file_at_all(self):
        wizard = self._wizard(self.invoice)
        wizard.mail_attachments_widget = []
        wizard.action_send_and_print()
        self.assertEqual(self._sent(self.invoice), [self._expected(self.invoice)])

    def test_file_taken_out(self):
        wizard = self._wizard(self.invoice)
        wizard.mail_attachments_widget = [
            {**item, "skip": item["name"].startswith("CFDI_") and item["name"].endswith(".pdf")}
            for item in wizard.mail_attachments_widget
        ]
        wizard.action_send_and_print()
        cfdi = self.invoice.cfdi_ids
        self.assertEqual(self._sent(self.invoice), [[cfdi.xml_name]])

    def test_odoo_invoice_by_choice(self):
        """The dialog's checkbox, off by default; in the list of files too."""
        wizard = self._wizard(self.invoice)
        self.assertFalse(wizard.extra_edi_checkboxes["mx_cfdi_odoo_pdf"]["checked"])
        name = self.invoice._get_invoice_report_filename()
        self.assertNotIn(name, [item["name"] for item in wizard.mail_attachments_widget])
        wizard.extra_edi_checkboxes = {
            key: {**value, "checked": True} for key, value in wizard.extra_edi_checkboxes.items()
        }
        self.assertIn(name, [item["name"] for item in wizard.mail_attachments_widget])
        wizard.action_send_and_print()
        self.assertEqual(self._sent(self.invoice), [self._with_odoo_pdf(self.invoice)])
        with self.subTest("sent again, when Odoo has its PDF already"):
            self.invoice.invalidate_recordset()
            self.assertTrue(self.invoice.invoice_pdf_report_id)
            again = self._wizard(self.invoice)
            self.assertEqual(list(again.extra_edi_checkboxes), ["mx_cfdi_odoo_pdf"])
            self.assertNotIn(name, [item["name"] for item in again.mail_attachments_widget])
            again.action_send_and_print()
            self.assertEqual(
                sorted(self._sent(self.invoice)),
                sorted([self._with_odoo_pdf(self.invoice), self._expected(self.invoice)]),
            )

    def test_odoo_invoice_by_setting(self):
        self.company.cfdi_send_odoo_pdf = True
        wizard = self._wizard(self.invoice)
        self.assertTrue(wizard.extra_edi_checkboxes["mx_cfdi_odoo_pdf"]["checked"])
        other = self._create_customer_invoice()
        batch = self._batch(self.invoice + other)
        self.assertNotIn("mx_cfdi_odoo_pdf", batch.summary_data)
        batch.action_send_and_print(force_synchronous=True)
        for invoice in self.invoice + other:
            self.assertEqual(self._sent(invoice), [self._with_odoo_pdf(invoice)])

    def test_odoo_invoice_where_there_is_no_cfdi(self):
        wizard = self._wizard(self.invoice, extra_edi_checkboxes={"mx_cfdi": {"checked": False}})
        name = self.invoice._get_invoice_report_filename()
        self.assertIn(name, [item["name"] for item in wizard.mail_attachments_widget])
        wizard.action_send_and_print()
        self.assertIn([name], [message.attachment_ids.mapped("name") for message in self.invoice.message_ids])

    def test_printed_only(self):
        self._wizard(self.invoice, sending_method_checkboxes={"email": {"checked": False}}).action_send_and_print()
        self.assertEqual(self.invoice.cfdi_ids.delivery_state, "not_wanted")
        self.assertFalse(self._sent(self.invoice))
        self.assertEqual(len(self.invoice.cfdi_ids.sudo()._files(self.invoice)), 2)

    def test_no_email(self):
        self.customer.no_email = True
        self._wizard(self.invoice).action_send_and_print()
        self.assertEqual(self.invoice.cfdi_ids.delivery_state, "not_wanted")

    def test_batch_at_once(self):
        wrong = self._create_customer_invoice(self.wrong_customer)
        wizard = self._batch(self.invoice + wrong)
        self.assertEqual(wizard.summary_data["mx_cfdi"]["count"], 2)
        with self.assertRaisesRegex(UserError, "could not be stamped"):
            wizard.action_send_and_print(force_synchronous=True)
        self.assertEqual(self.invoice.cfdi_state, "stamped")

    def test_batch_in_the_background(self):
        wrong = self._create_customer_invoice(self.wrong_customer)
        both = self.invoice + wrong
        self._batch(both).action_send_and_print()
        self.assertTrue(all(both.mapped("sending_data")))
        self._run_job(job_count=2)
        self.assertEqual(both.mapped("cfdi_state"), ["stamped", False])
        self.assertEqual(self._sent(self.invoice), [self._expected(self.invoice)])
        self.assertFalse(self._sent(wrong))
        self.assertIn("could not be stamped", wrong.message_ids[0].body)
        self.assertFalse(any(both.mapped("sending_data")))

    def test_background_comes_back_to_those_in_doubt(self):
        self._batch(self.invoice + self._create_customer_invoice()).action_send_and_print()
        self.control(fault="cut_after", operation="stamp")
        self._run_job(job_count=1)
        waiting = self.env["account.move"].search([("sending_data", "!=", False)])
        self.assertEqual(len(waiting.filtered(lambda move: move.cfdi_state == "sent")), 1)
        self._run_job(job_count=5)
        self.assertEqual(set(waiting.mapped("cfdi_state")), {"stamped"})

    def test_who_may_not_stamp(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        self.assertFalse(self.env["account.move.send"].with_user(seller)._is_mx_cfdi_applicable(self.invoice))
        self.pac.active = False
        self.assertFalse(self.env["account.move.send"]._is_mx_cfdi_applicable(self.invoice))
