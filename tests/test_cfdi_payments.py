from datetime import time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .payments import PaymentCommon, d


@tagged("post_install", "-at_install")
class TestCfdiPayments(PaymentCommon):
    """Receipts of payment in pesos: partialities, taxes, credit notes, what is no payment."""

    def test_a_payment_in_full(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        self.assertEqual(entry._cfdi_type(), "P")
        cfdi, comprobante = self.seal(entry)
        self.assertEqual(
            (comprobante.TipoDeComprobante, comprobante.Moneda, comprobante.Receptor.UsoCFDI, comprobante.Receptor.Rfc),
            ("P", "XXX", "CP01", "URE180429TM6"),
        )
        (pago,) = comprobante.Pagos
        self.assertEqual((pago.MonedaP, pago.TipoCambioP, pago.Monto), ("MXN", 1, d("1160.00")))
        self.assertEqual(pago.FormaDePagoP, "03")
        self.assertEqual(pago.FechaPago.date(), self.today)
        self.assertLessEqual(pago.FechaPago, comprobante.Fecha, "a receipt is not older than its payment")
        (docto,) = pago.DoctosRelacionados
        self.assertEqual(docto.IdDocumento, invoice.cfdi_uuid)
        self.assertEqual((docto.Serie, docto.Folio), (invoice.cfdi_ids.series, invoice.cfdi_ids.folio))
        self.assertEqual(self.doctos(comprobante), {docto.Folio: (1, "1160.00", "1160.00", "0.00")})
        self.assertEqual(self.taxes(docto.Traslados), {("002", d("0.16")): (d(1000), d(160))})
        line = cfdi.payment_line_ids
        self.assertEqual(
            (line.entry_id, line.move_id, line.number, line.amount, line.balance_after, line.living, line.date),
            (entry, invoice, 1, 1160.0, 0.0, True, self.today),
        )
        self.assertEqual(line.partial_id, entry.line_ids.matched_debit_ids)

    def test_the_simulator_stamps_it(self):
        invoice = self._create_customer_invoice(cfdi_payment_method="PPD")
        self.assertEqual(invoice.cfdi_stamp()[0]["state"], "stamped")
        cfdi, _comprobante = self.seal(self.pay(invoice), state="sealed")
        cfdi._send()
        self.assertEqual(cfdi.state, "stamped", cfdi.message)
        self.assertTrue(cfdi.payment_line_ids.living)

    def test_date_is_the_payments_own_at_noon(self):
        invoice = self.invoice(days_ago=40)
        pago = self.receipt(self.pay(invoice, days_ago=35))
        self.assertEqual((pago.FechaPago.date(), pago.FechaPago.time()), (self.day(35), time(12)))

    def test_partialities(self):
        invoice = self.invoice()
        numbers = []
        for amount in (400, 500.01, 259.99):
            _cfdi, comprobante = self.seal(self.pay(invoice, amount))
            numbers += self.doctos(comprobante).values()
        self.assertEqual(
            numbers,
            [
                (1, "1160.00", "400.00", "760.00"),
                (2, "760.00", "500.01", "259.99"),
                (3, "259.99", "259.99", "0.00"),
            ],
        )
        self.assertFalse(self.pending(invoice_id=invoice.id))

    def test_one_payment_of_several_invoices(self):
        first, second = self.invoice(), self.invoice((500, self.iva_16))
        paid_at_once = self.invoice(stamp=False, cfdi_payment_method="PUE")
        self.stamp(paid_at_once)
        unstamped = self.invoice(stamp=False)
        entry = self.pay(first + second + paid_at_once + unstamped)
        _cfdi, comprobante = self.seal(entry)
        self.assertEqual(
            self.doctos(comprobante),
            {
                first.cfdi_ids.folio: (1, "1160.00", "1160.00", "0.00"),
                second.cfdi_ids.folio: (1, "580.00", "580.00", "0.00"),
            },
        )
        self.assertEqual(comprobante.Pagos[0].Monto, d("1740.00"), "PUE and unstamped ones are not in the receipt")
        # Stamped afterwards, the fourth asks for a receipt of its own.
        self.stamp(unstamped)
        _cfdi, comprobante = self.seal(entry)
        self.assertEqual(list(self.doctos(comprobante)), [unstamped.cfdi_ids.folio])

    def test_an_overpayment_is_said_as_it_is_applied(self):
        invoice = self.invoice()
        entry = self.pay(invoice, 2000)
        self.assertEqual(self.receipt(entry).Monto, d("1160.00"))
        later = self.invoice((200, self.iva_16))
        self.match(entry, later)
        pago = self.receipt(entry)
        self.assertEqual(
            [(docto.IdDocumento, docto.ImpPagado) for docto in pago.DoctosRelacionados],
            [(later.cfdi_uuid, d("232.00"))],
        )
        self.assertEqual(pago.Monto, d("232.00"))

    def test_taxes_in_proportion(self):
        iva_8, iva_0, exempt = self.chart.ref("tax17"), self.chart.ref("tax9"), self.chart.ref("tax19")
        ieps, isr = self.chart.ref("ieps_8_sale"), self.chart.ref("mx_wh_1_25_sale")
        iva_withheld = isr.sudo().copy({"name": "Ret. IVA 10.6667", "amount": -10.6667, "l10n_mx_tax_type": "iva"})
        invoice = self.invoice(
            (1000, self.iva_16),
            (100, iva_8),
            (10, iva_0),
            (20, exempt),
            (100, ieps + self.iva_16),
            (200, self.iva_16 + isr + iva_withheld),
        )
        half = invoice.currency_id.round(invoice.amount_total / 2)
        (docto,) = self.receipt(self.pay(invoice, half)).DoctosRelacionados
        self.assertEqual(docto.ObjetoImpDR, "02")
        share = d(str(half)) / d(str(invoice.amount_total))
        six = d("0.000001")
        expected = {
            ("002", d("0.16")): 1308,
            ("002", d("0.08")): 100,
            ("002", d(0)): 10,
            ("002", None): 20,
            ("003", d("0.08")): 100,
        }
        found = self.taxes(docto.Traslados)
        self.assertEqual(found.keys(), expected.keys())
        for key, base in expected.items():
            with self.subTest(key):
                self.assertAlmostEqual(found[key][0], base * share, delta=six)
                amount = None if key[1] is None else found[key][0] * key[1]
                if amount is None:
                    self.assertIsNone(found[key][1])
                else:
                    self.assertAlmostEqual(found[key][1], amount, delta=six)
        withheld = self.taxes(docto.Retenciones)
        self.assertEqual({impuesto for impuesto, _rate in withheld}, {"001", "002"})
        for base, _amount in withheld.values():
            self.assertAlmostEqual(base, 200 * share, delta=six)

    def test_without_taxes(self):
        (docto,) = self.receipt(self.pay(self.invoice((500, self.env["account.tax"])))).DoctosRelacionados
        self.assertEqual((docto.ObjetoImpDR, docto.Traslados, docto.Retenciones), ("01", (), ()))

    def test_taxes_are_those_that_were_stamped(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        self.iva_16.sudo().l10n_mx_tax_type = "ieps"
        (docto,) = self.receipt(entry).DoctosRelacionados
        self.assertEqual([tax.ImpuestoDR for tax in docto.Traslados], ["002"])

    def test_credit_notes_in_between(self):
        invoice = self.invoice(days_ago=30)
        early = self.pay(invoice, 400, days_ago=20)
        self.credit_note(invoice, 116, days_ago=10)
        late = self.pay(invoice, 300, days_ago=5)
        self.credit_note(invoice, 58, days_ago=1)
        last = self.pay(invoice)
        found = [list(self.doctos(self.seal(entry)[1]).values()) for entry in (early, late, last)]
        self.assertEqual(
            found,
            [
                [(1, "1160.00", "400.00", "760.00")],
                [(2, "644.00", "300.00", "344.00")],
                [(3, "286.00", "286.00", "0.00")],
            ],
        )

    def test_credit_notes_and_a_late_receipt(self):
        """The receipt of the earlier payment is made last: the balance goes on from what the other one said."""
        invoice = self.invoice(days_ago=30)
        early = self.pay(invoice, 400, days_ago=20)
        self.credit_note(invoice, 116, days_ago=10)
        late = self.pay(invoice, 644, days_ago=5)
        self.assertEqual(list(self.doctos(self.seal(late)[1]).values()), [(1, "1044.00", "644.00", "400.00")])
        self.assertEqual(list(self.doctos(self.seal(early)[1]).values()), [(2, "400.00", "400.00", "0.00")])

    def test_discounts_and_write_offs_are_no_payment(self):
        expense = self.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "in", self.company.ids)], limit=1
        )
        first, second = self.invoice(), self.invoice((500, self.iva_16))
        entry = self.pay(first + second, 1700, payment_difference_handling="reconcile", writeoff_account_id=expense.id)
        self.assertEqual((first.amount_residual, second.amount_residual), (0, 0))
        _cfdi, comprobante = self.seal(entry)
        (pago,) = comprobante.Pagos
        self.assertEqual(pago.Monto, d("1700.00"), "what was received, to the cent")
        left = {docto.Folio: docto.ImpSaldoInsoluto for docto in pago.DoctosRelacionados}
        self.assertEqual(sum(left.values()), d("40.00"))
        self.assertFalse(self.pending(entry_id=entry.id))

    def test_statement_line(self):
        invoice = self.invoice()
        entry = self.statement_line(invoice, 1500, account_number="0123456789")
        self.assertEqual(entry._cfdi_type(), "P")
        pago = self.receipt(entry)
        self.assertEqual((pago.Monto, pago.NumOperacion, pago.CtaOrdenante), (d("1160.00"), "SPEI 0001", "0123456789"))
        self.assertEqual(pago.FechaPago.date(), self.today)

    def test_form_of_payment(self):
        self.bank.cfdi_payment_form = False
        self.customer.cfdi_payment_form = "02"
        invoice = self.invoice()
        self.assertEqual(self.receipt(self.pay(invoice, 100)).FormaDePagoP, "02")
        self.assertEqual(self.receipt(self.pay(invoice, 100, cfdi_payment_form="28")).FormaDePagoP, "28")
        self.customer.cfdi_payment_form = "99"
        entry = self.pay(invoice, 100)
        self.assertFalse(entry.origin_payment_id.cfdi_payment_form)
        with self.assertRaisesRegex(UserError, "Payment Form"):
            self.seal(entry)
        cash = self.env["account.journal"].search(
            [("type", "=", "cash"), ("company_id", "=", self.company.id)], limit=1
        )
        self.assertEqual(self.receipt(self.pay(invoice, 100, journal_id=cash.id)).FormaDePagoP, "01")

    def test_accounts_where_the_rules_allow_them(self):
        mexico = self.env.ref("base.mx")
        banks = self.env["res.bank"].create(
            [
                {"name": "Banco Uno", "country": mexico.id, "bank_rfc": "BBA830831LJ2"},
                {"name": "First Bank", "country": self.env.ref("base.us").id},
            ]
        )
        accounts = self.env["res.partner.bank"].create(
            [
                {"acc_number": "032180000118359719", "partner_id": self.customer.id, "bank_id": banks[0].id},
                {"acc_number": "US-123", "partner_id": self.customer.id, "bank_id": banks[1].id},
            ]
        )
        own = self.env["res.partner.bank"].create(
            {"acc_number": "012180015512345674", "partner_id": self.company.partner_id.id, "bank_id": banks[0].id}
        )
        self.bank.bank_account_id = own
        invoice = self.invoice()

        def told(form, account):
            entry = self.pay(invoice, 100, cfdi_payment_form=form)
            entry.origin_payment_id.cfdi_payer_account_id = account
            pago = self.receipt(entry)
            names = ("RfcEmisorCtaOrd", "NomBancoOrdExt", "CtaOrdenante", "RfcEmisorCtaBen", "CtaBeneficiario")
            return {name: getattr(pago, name) for name in names if getattr(pago, name)}

        payee = {"RfcEmisorCtaBen": "BBA830831LJ2", "CtaBeneficiario": "012180015512345674"}
        payer = {"RfcEmisorCtaOrd": "BBA830831LJ2", "CtaOrdenante": "032180000118359719"}
        foreign = {"RfcEmisorCtaOrd": "XEXX010101000", "NomBancoOrdExt": "First Bank"}
        self.assertEqual(told("03", accounts[0]), payer | payee)
        self.assertEqual(told("03", accounts[1]), foreign | payee, "its number is none that the SAT admits")
        self.assertEqual(told("04", accounts[0]), {"RfcEmisorCtaOrd": "BBA830831LJ2"} | payee, "not 16 digits")
        self.assertEqual(told("01", accounts[0]), {})
        self.assertEqual(told("03", accounts.browse()), payee)

    def test_nothing_to_say(self):
        invoice = self.invoice(stamp=False)
        entry = self.pay(invoice)
        with self.assertRaisesRegex(UserError, "needs no receipt"):
            entry._prepare_payment_comprobante()
        self.stamp(invoice)
        self.seal(entry)
        with self.assertRaisesRegex(UserError, "needs no receipt"):
            entry._prepare_payment_comprobante()

    def test_everything_that_is_missing_at_once(self):
        invoice = self.invoice()
        entry = self.pay(invoice)
        entry.origin_payment_id.cfdi_payment_form = False
        self.bank.cfdi_payment_form = False
        self.customer.write({"cfdi_tax_regime": False})
        with self.assertRaises(UserError) as raised:
            entry._prepare_payment_comprobante()
        for text in ("Payment Form", "Tax Regime"):
            self.assertIn(text, str(raised.exception))

    def test_not_in_the_future(self):
        entry = self.pay(self.invoice(), days_ago=-2)
        with self.assertRaisesRegex(UserError, "future"):
            entry._prepare_payment_comprobante()

    def test_each_customer_has_its_own_receipt(self):
        other = self._create_customer(
            name="Otra", vat="XIA190128J61", cfdi_legal_name="XENON INDUSTRIAL ARTICLES", cfdi_payment_method="PPD"
        )
        first, second = self.invoice(days_ago=1), self.invoice(partner_id=other.id)
        entry = self.statement_line(first, 2320)
        self.match(entry, second)
        found = []
        for _number in range(2):
            _cfdi, comprobante = self.seal(entry)
            found.append((comprobante.Receptor.Rfc, list(self.doctos(comprobante))))
        self.assertEqual(found, [("URE180429TM6", [first.cfdi_ids.folio]), ("XIA190128J61", [second.cfdi_ids.folio])])

    def test_what_is_no_customers_payment(self):
        bill = self.env["account.payment"].create(
            {"payment_type": "outbound", "partner_type": "supplier", "partner_id": self.customer.id, "amount": 10}
        )
        bill.action_post()
        withdrawal = (
            self.env["account.bank.statement.line"]
            .sudo()
            .create({"journal_id": self.bank.id, "date": self.today, "amount": -5, "payment_ref": "comisión"})
        )
        for move in (bill.move_id, withdrawal.move_id, self.invoice(stamp=False).reversal_move_ids):
            self.assertFalse(move and move._cfdi_type())

    def test_a_payment_without_journal_entry(self):
        payment = self.env["account.payment"].create({"partner_id": self.customer.id, "amount": 10})
        self.env.cr.execute("UPDATE account_payment SET move_id = NULL WHERE id = %s", [payment.id])
        payment.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "bank statement"):
            payment.cfdi_stamp()

    def test_sealed_data_stay(self):
        entry = self.pay(self.invoice())
        payment = entry.origin_payment_id
        payment.cfdi_payment_form = "28"
        self.seal(entry)
        with self.assertRaisesRegex(ValidationError, "sealed in its CFDI"):
            payment.cfdi_payment_form = "03"
