"""Replacing receipts of payment: the new one first, then the old one is cancelled, whatever dies in between."""

import base64
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..cfdi import read_comprobante
from .payments import PaymentCommon


@tagged("post_install", "-at_install")
class TestCfdiReplace(PaymentCommon):
    def setUp(self):
        super().setUp()
        self.control(receiver="rule")

    def receipt_of(self, entry):
        """Stamp what is pending of a payment at the simulator. :return: its ``customer.cfdi``"""
        (result,) = entry.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        return self.env["customer.cfdi"].browse(result["cfdi_id"])

    def says(self, cfdi):
        return read_comprobante(base64.b64decode(cfdi.with_context(bin_size=False).xml or cfdi.sealed_xml))

    def replaced(self, old, **values):
        """Replace a receipt. :return: the new one"""
        result = old.replace_receipt(**values)
        self.assertEqual(result["state"], "stamped", result["message"])
        new = self.env["customer.cfdi"].browse(result["cfdi_id"])
        self.assertNotEqual(new, old)
        return new

    def later(self, cfdis, job):
        cfdis.sudo().write({"sat_next_check": fields.Datetime.now(), "next_attempt": fields.Datetime.now()})
        with self._job_transaction():
            getattr(self.env["customer.cfdi"].sudo(), job)()

    # ------------------------------------------------------------------
    # What the new one says
    # ------------------------------------------------------------------

    def test_applied_to_another_invoice(self):
        first, second = self.invoice(), self.invoice()
        entry = self.pay(first)
        old = self.receipt_of(entry)
        self.unmatch(entry, first)
        self.match(entry, second)
        with self.assertRaisesRegex(UserError, "replace"):
            entry._prepare_payment_comprobante()
        new = self.replaced(old)
        comprobante = self.says(new)
        self.assertEqual(
            [(node.TipoRelacion, node.UUIDs) for node in comprobante.CfdiRelacionados], [("04", (old.uuid,))]
        )
        self.assertEqual(self.doctos(comprobante), {second.cfdi_ids.folio: (1, "1160.00", "1160.00", "0.00")})
        self.assertEqual((old.state, old.cancel_motive, old.cancel_replacement_id), ("cancelled", "01", new))
        self.assertEqual(new.state, "stamped")
        self.assertFalse(self.pending())
        self.assertEqual(entry.origin_payment_id.cfdi_receipt_state, "done")

    def test_the_middle_one_keeps_its_number(self):
        """1,160 paid with 400, 300 and 460: the second one is replaced, by one that says less."""
        invoice, other = self.invoice(), self.invoice()
        self.receipt_of(self.pay(invoice, 400))
        entry = self.pay(invoice, 300)
        old = self.receipt_of(entry)
        self.receipt_of(self.pay(invoice, 460))
        self.assertEqual(self.doctos(self.says(old)), {invoice.cfdi_ids.folio: (2, "760.00", "300.00", "460.00")})
        with self.subTest("as it was"):
            same = self.replaced(old)
            self.assertEqual(self.doctos(self.says(same)), self.doctos(self.says(old)))
        with self.subTest("less of it, and something of another invoice"):
            # Taken off, and most of it applied to the other invoice first.
            self.unmatch(entry, invoice)
            note = self.credit_note(other, 960)
            self.match(entry, other)
            self.match(entry, invoice)
            self.assertTrue(note)
            new = self.replaced(same)
            self.assertEqual(
                self.doctos(self.says(new)),
                {
                    invoice.cfdi_ids.folio: (2, "760.00", "100.00", "660.00"),
                    other.cfdi_ids.folio: (1, "200.00", "200.00", "0.00"),
                },
            )
        with self.subTest("the next one goes on"):
            last = self.receipt_of(self.pay(invoice, 200))
            self.assertEqual(self.doctos(self.says(last)), {invoice.cfdi_ids.folio: (4, "200.00", "200.00", "0.00")})
        self.assertFalse(self.pending())

    def test_the_first_one_says_the_total_of_the_invoice(self):
        """Guide of the complement, ImpSaldoAnt: of the first partiality it is the whole document."""
        invoice = self.invoice(days_ago=10)
        entry = self.pay(invoice, 400, days_ago=5)
        old = self.receipt_of(entry)
        self.credit_note(invoice, 260, days_ago=3)
        last = self.receipt_of(self.pay(invoice, 500, days_ago=1))
        self.assertEqual(self.doctos(self.says(last)), {invoice.cfdi_ids.folio: (2, "500.00", "500.00", "0.00")})
        self.assertEqual(
            self.doctos(self.says(self.replaced(old))), {invoice.cfdi_ids.folio: (1, "1160.00", "400.00", "760.00")}
        )

    def test_another_form(self):
        entry = self.pay(self.invoice())
        payment = entry.origin_payment_id
        old = self.receipt_of(entry)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            payment.cfdi_payment_form = "02"
        new = self.replaced(old, payment_form="02")
        self.assertEqual((self.says(old).Pagos[0].FormaDePagoP, self.says(new).Pagos[0].FormaDePagoP), ("03", "02"))
        self.assertEqual(payment.cfdi_payment_form, "02")
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            payment.cfdi_payment_form = "03"

    def test_another_form_of_one_of_two(self):
        """A payment applied bit by bit has two receipts: the other one still says what it said."""
        invoice = self.invoice()
        entry = self.pay(invoice, 2000)
        old = self.receipt_of(entry)
        self.match(entry, self.invoice())
        other = self.receipt_of(entry)
        new = self.replaced(old, payment_form="02")
        self.assertEqual(list(self.doctos(self.says(new))), [invoice.cfdi_ids.folio], "what the other one says stays")
        self.assertEqual((entry.origin_payment_id.cfdi_payment_form, other.state), ("03", "stamped"))
        self.assertFalse(self.pending())

    def test_the_data_of_today(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        self.customer.cfdi_zip = "06000"
        self.assertEqual(self.says(self.replaced(old)).Receptor.DomicilioFiscalReceptor, "06000")

    def test_of_the_same_customer(self):
        """The line of a statement pays for two customers: each receipt is replaced by one of the same."""
        other = self._create_customer(
            name="Otra", vat="XIA190128J61", cfdi_legal_name="XENON INDUSTRIAL ARTICLES", cfdi_payment_method="PPD"
        )
        first, second = self.invoice(days_ago=1), self.invoice(partner_id=other.id)
        entry = self.statement_line(first, 2320)
        self.match(entry, second)
        receipts = [self.receipt_of(entry), self.receipt_of(entry)]
        for old, rfc in zip(receipts, ("URE180429TM6", "XIA190128J61"), strict=True):
            self.assertEqual((old.receiver_rfc, self.replaced(old, payment_form="02").receiver_rfc), (rfc, rfc))
        self.assertFalse(self.pending())

    # ------------------------------------------------------------------
    # What goes wrong
    # ------------------------------------------------------------------

    def test_twice_is_once(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        new = self.replaced(old)
        before = self.stamps()
        result = old.replace_receipt()
        self.assertEqual((result["cfdi_id"], result["replaced_state"]), (new.id, "cancelled"))
        self.assertEqual((self.stamps(), len(entry.cfdi_ids)), (before, 2))
        with self.subTest("the new one can be replaced in turn"):
            self.assertEqual(self.says(self.replaced(new)).CfdiRelacionados[0].UUIDs, (new.uuid,))

    def test_killed_after_the_timbre(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        with patch.object(type(old), "_cancel_replaced", lambda _self: None):
            new = self.replaced(old)
        self.assertEqual((old.state, new.state), ("stamped", "stamped"))
        self.assertFalse(self.pending(), "both are valid, and the payment is said once")
        self.later(new, "_cron_sat")
        self.assertEqual((old.state, old.cancel_motive, old.cancel_replacement_id), ("cancelled", "01", new))

    def test_killed_after_the_seal(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        with patch.object(type(old), "_send", lambda _self: None):
            new = self.env["customer.cfdi"].browse(old.replace_receipt()["cfdi_id"])
        self.assertEqual((old.state, new.state), ("stamped", "sealed"))
        self.later(new, "_cron_send")
        self.assertEqual((old.state, new.state), ("cancelled", "stamped"))

    def test_no_answer(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        before = self.stamps()
        self.control(fault="cut_after", operation="stamp", protocol="finkok")
        result = old.replace_receipt(payment_form="02")
        self.assertEqual((result["state"], result["replaced_state"], old.state), ("sent", "stamped", "stamped"))
        again = old.replace_receipt()
        self.assertEqual(
            (again["cfdi_id"], again["state"], again["replaced_state"]), (result["cfdi_id"], "stamped", "cancelled")
        )
        self.assertEqual(self.stamps(), before + 1)

    def test_rejected(self):
        """The old one counts again, and the next try begins anew with the same folio and number."""
        invoice = self.invoice()
        entry = self.pay(invoice)
        old = self.receipt_of(entry)
        self.control(clock_offset=4 * 24 * 3600)
        result = old.replace_receipt()
        rejected = self.env["customer.cfdi"].browse(result["cfdi_id"])
        self.assertEqual((result["state"], old.state, old.payment_line_ids.living), ("rejected", "stamped", True))
        self.assertFalse(self.pending())
        self.control(reset=True)
        self.control(receiver="rule")
        new = self.replaced(old)
        self.assertEqual((new.folio, old.state), (rejected.folio, "cancelled"))
        self.assertEqual(self.doctos(self.says(new)), self.doctos(self.says(old)))

    def test_what_is_not_replaced(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        old = self.receipt_of(entry)
        with self.assertRaisesRegex(UserError, "no receipt of payment"):
            invoice.cfdi_ids.replace_receipt()
        with self.assertRaisesRegex(UserError, "Payment Form"):
            old.replace_receipt(payment_form="99")
        with self.subTest("nothing is applied any more"):
            self.unmatch(entry, invoice)
            with self.assertRaisesRegex(UserError, "without replacing it"):
                old.replace_receipt()
        old.cancel("02")
        self.assertEqual(old.state, "cancelled")
        with self.assertRaisesRegex(UserError, "not stamped"):
            old.replace_receipt()

    def test_who_may(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        seller = self._create_user("vendedora", "sales_team.group_sale_salesman")
        issuer = self._create_user("emisora", "l10n_mx_customer.group_cfdi_issuer")
        for user in (seller, issuer):
            with self.subTest(user.name), self.assertRaises(AccessError), self.env.cr.savepoint():
                old.with_user(user).replace_receipt()
        both = self._create_user("cobranza", "l10n_mx_customer.group_cfdi_issuer", "account.group_account_invoice")
        self.assertEqual(old.with_user(both).replace_receipt(payment_form="02")["replaced_state"], "cancelled")

    def test_no_context_from_outside(self):
        """What a caller writes in the context of a call replaces nothing."""
        entry = self.pay(self.invoice())
        self.receipt_of(entry)
        for given in ({"cfdi_id": entry.cfdi_ids.id, "form": "02"}, entry.cfdi_ids.id, [entry.cfdi_ids.id]):
            self.assertEqual(entry.with_context(cfdi_substitution=given)._substitution()[1], "")
            entry.with_context(cfdi_substitution=given).cfdi_stamp()
            self.assertEqual(len(entry.cfdi_ids), 1)

    # ------------------------------------------------------------------
    # The dialog
    # ------------------------------------------------------------------

    def test_the_dialog(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        with Form(self.env["customer.cfdi.cancel"].with_context(default_cfdi_id=old.id)) as form:
            form.motive = "01"
            self.assertEqual(form.payment_form, "03", "as the old one says")
            form.payment_form = "02"
        action = form.record.action_cancel()
        self.assertEqual(action["params"]["type"], "success", action["params"]["message"])
        new = entry.cfdi_ids - old
        self.assertEqual((old.state, self.says(new).Pagos[0].FormaDePagoP), ("cancelled", "02"))
        self.assertIn(new.name, action["params"]["message"])

    def test_the_dialog_with_one_that_is_there(self):
        entry = self.pay(self.invoice())
        old = self.receipt_of(entry)
        with patch.object(type(old), "_cancel_replaced", lambda _self: None):
            new = self.replaced(old)
        wizard = self.env["customer.cfdi.cancel"].create({"cfdi_id": old.id, "motive": "01", "replacement_id": new.id})
        wizard.action_cancel()
        self.assertEqual((old.state, old.cancel_replacement_id, len(entry.cfdi_ids)), ("cancelled", new, 2))

    def test_the_dialog_of_an_invoice_asks_for_the_other_one(self):
        invoice = self._create_customer_invoice()
        invoice.cfdi_stamp()
        wizard = self.env["customer.cfdi.cancel"].create({"cfdi_id": invoice.cfdi_ids.id, "motive": "01"})
        self.assertFalse(wizard.payment_form)
        with self.assertRaisesRegex(UserError, "Replaced By"):
            wizard.action_cancel()
