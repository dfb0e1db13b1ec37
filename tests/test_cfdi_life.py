"""What becomes of a CFDI: PACs that are down or say nothing, and its cancellation at the SAT."""

import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..cfdi import parse_xml
from ..cfdi.pac import finkok
from .pac import PacCommon

NOBODY = "http://127.0.0.1:9"


@tagged("post_install", "-at_install")
class TestCfdiSending(PacCommon):
    def _stamp(self, invoice):
        (result,) = invoice.cfdi_stamp()
        return result["state"]

    def _run_job(self):
        with self._job_transaction():
            self.env["customer.cfdi"].sudo()._cron_send()

    def _manager(self):
        return self._create_user("administradora", "l10n_mx_customer.group_customer_manager")

    def test_a_second_pac_takes_over_while_the_first_is_down(self):
        self.pac.url = NOBODY
        second = self._create_pac(kind="solucion_factible", sequence=20)
        invoice = self._create_customer_invoice()
        self.assertEqual(self._stamp(invoice), "stamped")
        self.assertEqual(invoice.cfdi_ids.pac_id, second)
        with self.subTest("each document asks the first one first"):
            self.pac.url = self.pac_url
            other = self._create_customer_invoice()
            self.assertEqual(self._stamp(other), "stamped")
            self.assertEqual(other.cfdi_ids.pac_id, self.pac)

    def test_what_is_in_doubt_never_goes_to_another_pac(self):
        self._create_pac(kind="sw", sequence=20)
        invoice = self._create_customer_invoice()
        before = self.stamps()
        self.control(fault="cut_after", operation="stamp", protocol="finkok")
        self.assertEqual(self._stamp(invoice), "sent")
        self.pac.url = NOBODY
        self.assertEqual(self._stamp(invoice), "sent", "the first one cannot be asked")
        self.assertEqual(self.stamps(), before + 1)
        self.pac.url = self.pac_url
        self.assertEqual(self._stamp(invoice), "stamped")
        self.assertEqual((invoice.cfdi_ids.pac_id, self.stamps()), (self.pac, before + 1))

    def test_once_in_doubt_always_with_the_same_pac(self):
        """The PAC says that there is no timbre, and is down right after: it might have been wrong."""
        self._create_pac(kind="sw", sequence=20)
        invoice = self._create_customer_invoice()
        self.control(fault="cut_before", operation="stamp", protocol="finkok")
        self.assertEqual(self._stamp(invoice), "sent")
        with (
            patch.object(finkok, "PAUSES", ()),
            patch.object(finkok.Finkok, "stamp", side_effect=finkok.PacUnavailable("caído")),
        ):
            self.assertEqual(self._stamp(invoice), "sealed")
        self.assertTrue(invoice.cfdi_ids.bound_to_pac)
        self.assertEqual(self._stamp(invoice), "stamped")
        self.assertEqual(invoice.cfdi_ids.pac_id, self.pac)

    def test_each_pac_stamps_and_recovers(self):
        for kind in ("finkok", "sw"):
            with self.subTest(kind):
                self.pac.kind = kind
                invoice = self._create_customer_invoice()
                before = self.stamps()
                self.control(fault="cut_after", operation="stamp", protocol=kind)
                self.assertEqual(self._stamp(invoice), "sent")
                self.assertEqual(self._stamp(invoice), "stamped", invoice.cfdi_ids.message)
                self.assertEqual(self.stamps(), before + 1)

    def test_the_job_finishes_what_was_left(self):
        self.pac.url = NOBODY
        invoice = self._create_customer_invoice()
        self.assertEqual(self._stamp(invoice), "sealed")
        cfdi = invoice.cfdi_ids
        self.assertEqual(cfdi.attempts, 1)
        self.assertGreater(cfdi.next_attempt, fields.Datetime.now())
        self.pac.url = self.pac_url
        self._run_job()
        self.assertEqual(cfdi.state, "sealed", "its time has not come")
        cfdi.sudo().next_attempt -= timedelta(minutes=2)
        self._run_job()
        self.assertEqual((cfdi.state, cfdi.next_attempt), ("stamped", False))

    def test_pauses_grow(self):
        self.pac.url = NOBODY
        invoice = self._create_customer_invoice()
        pauses = []
        for _attempt in range(3):
            self._stamp(invoice)
            pauses.append(invoice.cfdi_ids.next_attempt - fields.Datetime.now())
        self.assertEqual([round(pause / timedelta(minutes=1)) for pause in pauses], [1, 5, 15])

    def test_pauses_grow_as_slowly_with_two_pacs(self):
        self.pac.url = NOBODY
        self._create_pac(kind="sw", sequence=20, url=NOBODY)
        invoice = self._create_customer_invoice()
        found = []
        for _attempt in range(3):
            self.assertEqual(self._stamp(invoice), "sealed")
            cfdi = invoice.cfdi_ids
            found.append((cfdi.attempts, round((cfdi.next_attempt - fields.Datetime.now()) / timedelta(minutes=1))))
        self.assertEqual(found, [(1, 1), (2, 5), (3, 15)])
        with self.subTest("the second one comes back"):
            self.pac.search([("kind", "=", "sw"), ("url", "=", NOBODY)]).url = self.pac_url
            self.assertEqual((self._stamp(invoice), cfdi.attempts, cfdi.next_attempt), ("stamped", 3, False))

    def test_a_pac_that_cannot_be_asked_needs_a_person(self):
        invoice = self._create_customer_invoice()
        self.control(fault="cut_after", operation="stamp")
        self.assertEqual(self._stamp(invoice), "sent")
        cfdi = invoice.cfdi_ids
        capabilities = finkok.Capabilities(recover=False, cancel=True, status=True, resend=False)
        before = self.stamps()
        with patch.object(finkok.Finkok, "capabilities", capabilities):
            self.assertEqual(self._stamp(invoice), "sent")
            self.assertTrue(cfdi.needs_person)
            self.assertEqual(self.stamps(), before, "nothing was sent")
            self._run_job()
            self.assertEqual(cfdi.state, "sent", "the job leaves it alone")
        with self.pac._opened() as adapter:
            stamped = adapter.recover(cfdi._sealed_bytes()).xml
        issuer = self._create_user("emisor", "l10n_mx_customer.group_cfdi_issuer")
        with self.assertRaises(AccessError):
            cfdi.with_user(issuer).resolve(base64.b64encode(stamped))
        other = self._create_customer_invoice()
        self._stamp(other)
        managed = cfdi.with_user(self._manager())
        with self.assertRaises(UserError):
            managed.resolve(other.cfdi_ids.with_context(bin_size=False).xml)
        self.assertEqual(cfdi.state, "sent")
        managed.resolve(base64.b64encode(stamped))
        self.assertEqual((cfdi.state, cfdi.needs_person), ("stamped", False))

    def test_a_person_says_that_there_is_no_timbre(self):
        invoice = self._create_customer_invoice()
        self.control(fault="cut_before", operation="stamp")
        self.assertEqual(self._stamp(invoice), "sent")
        invoice.cfdi_ids.with_user(self._manager()).resolve()
        self.assertEqual(invoice.cfdi_ids.state, "sealed")
        self.assertEqual(self._stamp(invoice), "stamped")

    def test_a_company_has_pacs_of_one_environment(self):
        archived = self._create_pac(environment="test", active=False)
        with self.assertRaisesRegex(ValidationError, "Environment"), self.env.cr.savepoint():
            archived.active = True
        with self.assertRaisesRegex(ValidationError, "Simulator URL"):
            self.pac.url = "https://pac.example.com"

    def test_connection(self):
        self.assertEqual(self.pac.check_connection(), {self.pac.id: ""})
        self.pac.password = "otra"
        self.assertTrue(self.pac.check_connection()[self.pac.id])
        self.assertEqual(self.pac.action_check_connection()["params"]["type"], "danger")
        self.pac.url = NOBODY
        self.assertIn("conectar", self.pac.check_connection()[self.pac.id])


@tagged("post_install", "-at_install")
class TestCfdiCancel(PacCommon):
    def setUp(self):
        super().setUp()
        self.control(receiver="rule")

    def _stamped(self, **values):
        invoice = self._create_customer_invoice(**values)
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        return invoice.cfdi_ids

    def _later(self, cfdi):
        """The job, when its time has come."""
        cfdi.sudo().sat_next_check = fields.Datetime.now()
        with self._job_transaction():
            self.env["customer.cfdi"].sudo()._cron_sat()

    def test_cancel(self):
        cfdi = self._stamped()
        result = cfdi.cancel("02")
        self.assertEqual((result["state"], result["sat_state"]), ("cancelled", "Cancelado"))
        self.assertEqual((cfdi.cancel_motive, cfdi.cancel_sent, bool(cfdi.cancelled_at)), ("02", True, True))
        receipt = parse_xml(base64.b64decode(cfdi.with_context(bin_size=False).cancel_receipt))
        self.assertIn(cfdi.uuid, {text.strip() for text in receipt.itertext()} | set(receipt.xpath("//@UUID")))
        self.assertEqual(cfdi.cancel("02")["state"], "cancelled", "to repeat it does no harm")
        with self.subTest("its invoice may be changed then"):
            cfdi.move_id.button_draft()
            self.assertEqual(cfdi.move_id.state, "draft")

    def test_its_receiver_has_to_agree(self):
        cfdi = self._stamped()
        self.control(receiver="waits")
        self.assertEqual(cfdi.cancel("02")["state"], "cancel_requested")
        self.assertEqual((cfdi.sat_state, cfdi.sat_cancellation), ("Vigente", "En proceso"))
        with self.assertRaisesRegex(UserError, "Cancel the CFDI first"):
            cfdi.move_id.button_draft()
        self._later(cfdi)
        self.assertEqual(cfdi.state, "cancel_requested")
        self.control(receiver="accepts")
        self._later(cfdi)
        self.assertEqual((cfdi.state, cfdi.sat_cancellation), ("cancelled", "Cancelado con aceptación"))

    def test_its_receiver_refuses(self):
        cfdi = self._stamped()
        self.control(receiver="waits")
        cfdi.cancel("02")
        self.control(receiver="rejects")
        self._later(cfdi)
        self.assertEqual((cfdi.state, cfdi.sat_state), ("stamped", "Vigente"))
        self.assertIn("refused", cfdi.message)
        self.assertFalse(cfdi.sat_next_check)

    def test_the_answer_is_lost(self):
        for fault in ("cut_before", "cut_after", "http_500", "garbage", "not_found_yet"):
            with self.subTest(fault):
                cfdi = self._stamped()
                self.control(fault=fault, operation="cancel")
                self.assertEqual(cfdi.cancel("02")["state"], "cancel_requested")
                self.assertFalse(cfdi.cancel_sent)
                self.assertTrue(cfdi.message)
                self._later(cfdi)
                self.assertEqual(cfdi.state, "cancelled", cfdi.message)

    def test_what_the_sat_does_not_say_changes_nothing(self):
        cfdi = self._stamped()
        for fault in ("not_found_yet", "invalid_expression", "wrong_status", "http_500", "cut_before", "garbage"):
            with self.subTest(fault):
                self.control(fault=fault, operation="status")
                cfdi.check_sat()
                self.assertEqual((cfdi.state, cfdi.sat_state), ("stamped", False))
        cfdi.check_sat()
        self.assertEqual(cfdi.sat_state, "Vigente")

    def test_what_cannot_be_asked_for(self):
        cfdi, other = self._stamped(), self._stamped()
        for motive, uuid, text in (
            ("05", None, "Motive"),
            ("01", None, "Replaced By"),
            ("02", other.uuid, "Replaced By"),
            ("01", "00000000-0000-0000-0000-000000000000", "no stamped CFDI"),
            ("01", other.uuid, "does not name"),
        ):
            with self.subTest(motive=motive, uuid=uuid), self.assertRaisesRegex(UserError, text):
                cfdi.cancel(motive, uuid)
        self.assertEqual(cfdi.state, "stamped")
        seller = self._create_user("vendedora", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            cfdi.with_user(seller).cancel("02")

    def test_a_replacement_cancels_what_it_replaces(self):
        cfdi = self._stamped()
        replacement = self._stamped(cfdi_replaces_id=cfdi.move_id.id)
        self.assertEqual((cfdi.state, cfdi.cancel_motive, cfdi.cancel_replacement_id), ("cancelled", "01", replacement))
        self.assertEqual(replacement.state, "stamped")

    def test_the_wizard(self):
        cfdi = self._stamped()
        wizard = self.env["customer.cfdi.cancel"].create({"cfdi_id": cfdi.id, "motive": "03"})
        self.assertEqual(wizard.action_cancel()["params"]["type"], "success")
        self.assertEqual((cfdi.state, cfdi.cancel_motive), ("cancelled", "03"))

    def test_cancelled_elsewhere(self):
        cfdi = self._stamped()
        with self.pac._opened() as adapter:
            adapter.cancel(self._request(cfdi), uuid=cfdi.uuid)
        cfdi.check_sat()
        self.assertEqual((cfdi.state, cfdi.sat_state, cfdi.cancel_motive), ("cancelled", "Cancelado", False))

    def _request(self, cfdi):
        cfdi = cfdi.sudo()
        cfdi.cancel_motive = "02"
        request = cfdi._cancellation_request()
        cfdi.cancel_motive = False
        return request

    def test_a_credit_note_and_what_it_takes_back(self):
        cfdi = self._stamped()
        refund = cfdi.move_id._reverse_moves([{"invoice_date": self.today}])
        refund.action_post()
        (result,) = refund.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        self.assertEqual(refund.cfdi_ids.cfdi_type, "E")
        with self.assertRaisesRegex(UserError, refund.cfdi_ids.name):
            cfdi.cancel("02")
        self.assertEqual(refund.cfdi_ids.cancel("02")["state"], "cancelled")
        self.assertEqual(cfdi.cancel("02")["state"], "cancelled")

    def test_a_payment(self):
        invoice = self._create_customer_invoice(cfdi_payment_method="PPD")
        invoice.cfdi_stamp()
        payment = self._collect(invoice)
        payment.cfdi_payment_form = "03"
        (result,) = payment.move_id.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        receipt = payment.move_id.cfdi_ids
        self.assertEqual(
            (receipt.cfdi_type, receipt.series, receipt.partner_id, receipt.total), ("P", "CP", self.customer, 1160.0)
        )
        self.assertEqual(payment.move_id.cfdi_stamp(), [result | {"message": result["message"]}])
        with self.assertRaisesRegex(UserError, receipt.name):
            invoice.cfdi_ids.cancel("02")
        self.assertEqual(receipt.cancel("02")["state"], "cancelled")
        with self.subTest("the payment is to be stamped again, with the next folio"):
            (result,) = payment.move_id.cfdi_stamp()
            self.assertEqual(result["state"], "stamped", result["message"])
            folios = payment.move_id.cfdi_ids.mapped("folio")
            self.assertEqual(abs(int(folios[0]) - int(folios[1])), 1)

    def test_folios_of_payments_have_no_gaps(self):
        invoice = self._create_customer_invoice(cfdi_payment_method="PPD")
        invoice.cfdi_stamp()
        payment = self._collect(invoice)
        payment.cfdi_payment_form = "03"
        self.control(clock_offset=4 * 24 * 3600)
        self.assertEqual(payment.move_id.cfdi_stamp()[0]["state"], "rejected")
        self.control(reset=True)
        self.assertEqual(payment.move_id.cfdi_stamp()[0]["state"], "stamped")
        self.assertEqual(len(set(payment.move_id.cfdi_ids.mapped("folio"))), 1)

    def test_two_journals_do_not_share_folios(self):
        cfdi = self._stamped()
        journal = cfdi.move_id.journal_id.copy({"name": "Otra caja", "code": "OTRA"})
        other = self._create_customer_invoice(post=False, journal_id=journal.id)
        other.name = cfdi.move_id.name
        other.action_post()
        (result,) = other.cfdi_stamp()
        self.assertEqual(result["state"], "invalid")
        self.assertIn(f"{cfdi.series}-{cfdi.folio}", result["message"])
