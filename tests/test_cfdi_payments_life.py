from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.customer_cfdi_payment import CustomerCfdiPayment
from .payments import PaymentCommon, d


@tagged("post_install", "-at_install")
class TestCfdiPaymentsLife(PaymentCommon):
    """What happens to a payment after its receipt: undone, applied again, rejected, substituted, two at once."""

    def kinds(self, **domain):
        return [(line.kind, line.amount) for line in self.pending(**domain)]

    # ------------------------------------------------------------------
    # Undone
    # ------------------------------------------------------------------

    def test_undone_and_applied_again(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        self.assertEqual(self.kinds(entry_id=entry.id), [("pending", 1160.0)])
        cfdi, _comprobante = self.seal(entry)
        self.assertEqual(self.kinds(), [])
        self.unmatch(entry, invoice)
        self.assertEqual(self.kinds(), [("excess", -1160.0)])
        self.assertFalse(cfdi.payment_line_ids.partial_id)
        self.assertEqual((cfdi.state, cfdi.payment_line_ids.living), ("stamped", True), "nothing cancels it by itself")
        self.assertEqual(entry.origin_payment_id.cfdi_receipt_state, "excess")
        self.match(entry, invoice)
        self.assertEqual(self.kinds(), [], "the receipt says it already")
        self.assertEqual(entry.origin_payment_id.cfdi_receipt_state, "done")

    def test_undone_and_applied_to_another_invoice(self):
        first, second = self.invoice(), self.invoice()
        entry = self.pay(first)
        cfdi, _comprobante = self.seal(entry)
        self.unmatch(entry, first)
        self.match(entry, second)
        self.assertEqual(self.kinds(invoice_id=first.id), [("excess", -1160.0)])
        self.assertEqual(self.kinds(invoice_id=second.id), [("pending", 1160.0)])
        with self.assertRaisesRegex(UserError, "two receipts cannot say the same money"):
            self.seal(entry)
        # The way out: the old receipt is no longer valid.
        cfdi.state = "discarded"
        self.assertEqual(self.kinds(), [("pending", 1160.0)])
        _cfdi, comprobante = self.seal(entry)
        self.assertEqual(list(self.doctos(comprobante)), [second.cfdi_ids.folio])

    def test_applied_to_the_same_invoice_twice(self):
        """A second matching of a payment with an invoice is more of the same: one line, one DoctoRelacionado."""
        invoice = self.invoice()
        note = self.credit_note(invoice, 1000)
        entry = self.pay(invoice, 160)
        entry.origin_payment_id.action_draft()
        entry.origin_payment_id.amount = 500
        entry.origin_payment_id.action_post()
        entry = entry.origin_payment_id.move_id
        self.match(entry, invoice)
        self.assertEqual(self.kinds(entry_id=entry.id), [("pending", 160.0)])
        self.unmatch(note, invoice)
        self.match(entry, invoice)
        self.assertEqual(self.kinds(entry_id=entry.id), [("pending", 500.0)])
        (docto,) = self.receipt(entry).DoctosRelacionados
        self.assertEqual((docto.ImpSaldoAnt, docto.ImpPagado), (1160, 500))

    def test_part_of_it_undone(self):
        first, second = self.invoice(), self.invoice()
        entry = self.pay(first + second)
        self.seal(entry)
        self.unmatch(entry, second)
        self.assertEqual([(line.invoice_id, line.amount) for line in self.pending()], [(second, -1160.0)])

    def test_the_invoice_is_paid_again_while_the_receipt_is_wrong(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        self.seal(entry)
        self.unmatch(entry, invoice)
        again = self.pay(invoice)
        with self.assertRaisesRegex(UserError, "leave 0.00 to be paid"):
            self.seal(again)

    def test_a_payment_with_a_receipt_stays_posted(self):
        entry = self.pay(self.invoice())
        payment = entry.origin_payment_id
        cfdi, _comprobante = self.seal(entry)
        for record, method in (
            (entry, "button_draft"),
            (entry, "button_cancel"),
            (payment, "action_draft"),
            (payment, "action_cancel"),
            (payment, "unlink"),
        ):
            with self.subTest(method), self.assertRaisesRegex(UserError, cfdi.uuid), self.env.cr.savepoint():
                getattr(record, method)()
        self.assertEqual(entry.state, "posted")

    def test_an_earlier_receipt_holds_it_as_well(self):
        """The latest one was rejected: the one before is still there."""
        invoice = self.invoice()
        entry = self.pay(invoice, 2000)
        self.seal(entry)
        self.match(entry, self.invoice())
        last, _comprobante = self.seal(entry, state="sealed")
        last.state = "rejected"
        with self.assertRaises(UserError):
            entry.button_draft()

    def test_what_was_never_sent_is_discarded(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        cfdi, _comprobante = self.seal(entry, state="sealed")
        self.assertEqual(entry.origin_payment_id.cfdi_receipt_state, "sent")
        entry.origin_payment_id.action_draft()
        self.assertEqual((cfdi.state, cfdi.payment_line_ids.living), ("discarded", False))
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            entry.origin_payment_id.unlink()

    def test_a_statement_line_with_a_receipt_stays(self):
        invoice = self.invoice()
        entry = self.statement_line(invoice, 1160)
        self.seal(entry)
        with self.assertRaisesRegex(UserError, "CFDI"), self.env.cr.savepoint():
            entry.statement_line_id.sudo().unlink()
        entry.statement_line_id.sudo().action_undo_reconciliation()
        self.assertEqual(self.kinds(), [("excess", -1160.0)])

    # ------------------------------------------------------------------
    # Numbers
    # ------------------------------------------------------------------

    def test_a_rejected_receipt_frees_its_number(self):
        invoice = self.invoice()
        entry = self.pay(invoice, 400)
        cfdi, _comprobante = self.seal(entry, state="sealed")
        self.assertEqual(self.kinds(), [])
        cfdi.state = "rejected"
        self.assertEqual(self.kinds(), [("pending", 400.0)])
        other = self.pay(invoice, 100)
        self.assertEqual(list(self.doctos(self.seal(other)[1]).values()), [(1, "1160.00", "100.00", "1060.00")])
        self.assertEqual(list(self.doctos(self.seal(entry)[1]).values()), [(2, "1060.00", "400.00", "660.00")])

    def test_two_at_once(self):
        invoice = self.invoice()
        first, second = self.pay(invoice, 400), self.pay(invoice, 500)
        prepared = second._prepare_payment_comprobante()
        self.seal(first)
        # The second was prepared before the first was there, as another transaction does.
        with (
            patch.object(type(second), "_prepare_payment_comprobante", lambda *_args: prepared),
            self.assertRaises(ConcurrencyError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.seal(second)
        self.assertEqual(list(self.doctos(self.seal(second)[1]).values()), [(2, "760.00", "500.00", "260.00")])

    def test_a_substitute_takes_the_number(self):
        invoice = self.invoice()
        entry = self.pay(invoice, 400)
        old, _comprobante = self.seal(entry)
        self.seal(self.pay(invoice, 100))
        new, comprobante = self.seal(entry, replaced=old)
        self.assertEqual(comprobante.CfdiRelacionados[0].TipoRelacion, "04")
        self.assertEqual(comprobante.CfdiRelacionados[0].UUIDs, (old.uuid,))
        self.assertEqual([values[0] for values in self.doctos(comprobante).values()], [1])
        self.assertEqual((old.payment_line_ids.living, new.payment_line_ids.living), (False, True))
        self.assertEqual(self.kinds(), [])
        # The PAC takes it back: the old one counts again, in the same statement.
        new.state = "rejected"
        self.env.flush_all()
        self.assertEqual((old.payment_line_ids.living, new.payment_line_ids.living), (True, False))

    # ------------------------------------------------------------------
    # The list
    # ------------------------------------------------------------------

    def test_deadline(self):
        invoice = self.invoice(days_ago=80)
        for days_ago in (70, 0):
            self.pay(invoice, 100, days_ago=days_ago)
        for line in self.pending():
            paid = line.date
            month = (paid.replace(day=1).toordinal()) + 32
            self.assertEqual(line.deadline, paid.fromordinal(month).replace(day=5))
        search = self.env.ref("l10n_mx_customer.view_customer_cfdi_pending_search")
        self.assertIn("'today'", search.arch)
        late = self.env["customer.cfdi.pending"].search([("kind", "=", "pending"), ("deadline", "<", "today")])
        self.assertEqual(late.mapped("date"), [self.day(70)])

    def test_rpc(self):
        invoice = self.invoice()
        entry = self.pay(invoice, 400)
        child = self.env["res.partner"].create({"name": "Contacto", "parent_id": self.customer.id})
        (line,) = child.cfdi_pending_payments()
        self.assertEqual(
            {name: line[name] for name in line if name not in ("id", "deadline")},
            {
                "kind": "pending",
                "payment_id": entry.origin_payment_id.id,
                "entry_id": entry.id,
                "entry": entry.name,
                "invoice_id": invoice.id,
                "invoice": invoice.name,
                "uuid": invoice.cfdi_uuid,
                "date": self.today,
                "currency": "MXN",
                "applied": 400.0,
                "declared": 0.0,
                "amount": 400.0,
            },
        )
        self.assertEqual((self.customer.cfdi_pending_payment_count, child.cfdi_pending_payment_count), (1, 1))
        for move in (entry, invoice):
            self.assertEqual(move.cfdi_pending_payment_ids.ids, [line["id"]])
        action = self.customer.action_view_cfdi_pending_payments()
        self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), 1)
        self.assertEqual(self.pending().action_open()["res_id"], entry.origin_payment_id.id)

    def test_queries_do_not_grow(self):
        def queries(ask):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            ask()
            return self.env.cr.sql_log_count - before

        def ask_list(count):
            return lambda: self.assertEqual(len(self.customer.cfdi_pending_payments()), count)

        def ask_states(payments):
            return lambda: self.assertEqual(set(payments.mapped("cfdi_receipt_state")), {"pending"})

        invoice = self.invoice((10000, self.iva_16))
        payments = self.pay(invoice, 100).origin_payment_id
        ask_list(1)()
        listed, stated = queries(ask_list(1)), queries(ask_states(payments))
        for _number in range(5):
            payments |= self.pay(invoice, 100).origin_payment_id
        self.assertLessEqual(queries(ask_list(6)), listed)
        self.assertLessEqual(queries(ask_states(payments)), stated)

    def test_who_sees_what(self):
        invoice = self.invoice()
        self.seal(self.pay(invoice, 100))
        self.pay(invoice, 100)
        employee = self._create_user("empleado", "l10n_mx_customer.group_customer_user")
        billing = self._create_user("facturista", "account.group_account_invoice")
        stranger = self._create_user(
            "ajeno",
            "account.group_account_invoice",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        with self.assertRaises(AccessError):
            self.customer.with_user(employee).cfdi_pending_payments()
        self.assertEqual(len(self.customer.with_user(billing).cfdi_pending_payments()), 1)
        self.assertEqual(self.env["customer.cfdi.payment"].with_user(billing).search_count([]), 1)
        for model in ("customer.cfdi.pending", "customer.cfdi.payment"):
            theirs = self.env[model].with_user(stranger).with_context(allowed_company_ids=self.company_2.ids)
            self.assertFalse(theirs.search([]), model)
        line = self.env["customer.cfdi.payment"].search([])
        for user in (billing, self.env.user):
            with self.assertRaises(AccessError):
                line.with_user(user).write({"amount": 1})
            with self.assertRaises(AccessError):
                line.with_user(user).unlink()
        with self.assertRaisesRegex(UserError, "never deleted"):
            line.sudo().unlink()

    def test_who_stamps_need_not_see_every_invoice(self):
        entry = self.pay(self.invoice())
        issuer = self._create_user("emisor", "l10n_mx_customer.group_cfdi_issuer", "account.group_account_invoice")
        self.assertTrue(entry.with_user(issuer)._prepare_payment_comprobante().Pagos)

    def test_the_form_of_the_payment(self):
        invoice = self.invoice()
        payment = self.pay(invoice, 400).origin_payment_id
        with Form(payment) as form:
            self.assertEqual(form.cfdi_receipt_state, "pending")
            form.cfdi_payment_form = "02"
        self.assertEqual(payment.cfdi_payment_form, "02")
        self.seal(payment.move_id)
        with Form(payment) as form:
            self.assertEqual((form.cfdi_receipt_state, len(form.cfdi_ids)), ("done", 1))

    def test_lines_are_made_by_the_seal_alone(self):
        entry = self.pay(self.invoice())
        with patch.object(CustomerCfdiPayment, "_store", side_effect=UserError("no")), self.assertRaises(UserError):
            self.seal(entry)

    def test_receipts_of_an_invoice(self):
        invoice = self.invoice()
        self.seal(self.pay(invoice, 400))
        self.seal(self.pay(invoice, 760))
        self.assertEqual(sorted(invoice.cfdi_payment_line_ids.mapped("number")), [1, 2])
        self.assertEqual(sum(invoice.cfdi_payment_line_ids.mapped("amount")), 1160)
        self.assertEqual(d("0.00"), d(str(min(invoice.cfdi_payment_line_ids.mapped("balance_after")))))
