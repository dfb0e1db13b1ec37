from odoo.tests import tagged

from .payments import PaymentCommon, d


@tagged("post_install", "-at_install")
class TestCfdiPaymentsCurrencies(PaymentCommon):
    """Receipts of payments in one currency of invoices in another, at rates that go up and down."""

    def setUp(self):
        super().setUp()
        # 10 days ago a dollar was 18 pesos, 5 days ago 20, today 17.
        self.dollar = self.dollars((10, 18), (5, 20), (0, 17))
        self.peso = self.company.currency_id

    def test_dollars_with_dollars_at_another_rate(self):
        invoice = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        pago = self.receipt(self.pay(invoice, days_ago=5, currency_id=self.dollar.id))
        self.assertEqual((pago.MonedaP, pago.TipoCambioP, pago.Monto), ("USD", d(20), d("116.00")))
        (docto,) = pago.DoctosRelacionados
        self.assertEqual((docto.MonedaDR, docto.EquivalenciaDR, docto.ImpPagado), ("USD", 1, d("116.00")))
        self.assertFalse(invoice.amount_residual)
        self.assertFalse(self.pending())

    def test_dollars_with_pesos(self):
        for days_ago, rate in ((5, 20), (0, 17), (10, 18)):
            with self.subTest(rate):
                invoice = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
                entry = self.pay(invoice, days_ago=days_ago, currency_id=self.peso.id)
                self.assertEqual(entry.origin_payment_id.amount, 116 * rate)
                pago = self.receipt(entry)
                self.assertEqual((pago.MonedaP, pago.TipoCambioP, pago.Monto), ("MXN", 1, d(116 * rate)))
                (docto,) = pago.DoctosRelacionados
                self.assertEqual((docto.MonedaDR, docto.ImpPagado, docto.ImpSaldoInsoluto), ("USD", d("116.00"), 0))
                self.assertEqual(docto.EquivalenciaDR, (1 / d(rate)).quantize(d("1e-10")).normalize())
                self.assertFalse(self.pending())

    def test_part_of_the_dollars_with_pesos(self):
        invoice = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        numbers = []
        for days_ago, pesos in ((5, 1000), (0, 500)):
            pago = self.receipt(self.pay(invoice, pesos, days_ago=days_ago, currency_id=self.peso.id))
            (docto,) = pago.DoctosRelacionados
            numbers.append((pago.Monto, docto.NumParcialidad, docto.ImpSaldoAnt, docto.ImpPagado))
        self.assertEqual(numbers, [(1000, 1, 116, 50), (500, 2, 66, d("29.41"))])

    def test_pesos_with_dollars(self):
        for days_ago, rate in ((5, 20), (0, 17), (10, 18)):
            with self.subTest(rate):
                invoice = self.invoice((1000, self.iva_16), days_ago=10)
                entry = self.pay(invoice, 20, days_ago=days_ago, currency_id=self.dollar.id)
                pago = self.receipt(entry)
                self.assertEqual((pago.MonedaP, pago.TipoCambioP, pago.Monto), ("USD", d(rate), d("20.00")))
                (docto,) = pago.DoctosRelacionados
                self.assertEqual((docto.MonedaDR, docto.ImpPagado), ("MXN", d(20 * rate)))
                self.assertEqual(docto.EquivalenciaDR, rate)

    def test_pesos_in_full_with_dollars(self):
        invoice = self.invoice((1000, self.iva_16), days_ago=10)
        entry = self.pay(invoice, days_ago=0, currency_id=self.dollar.id)
        pago = self.receipt(entry)
        self.assertEqual((pago.MonedaP, pago.Monto), ("USD", d("68.24")))
        (docto,) = pago.DoctosRelacionados
        self.assertEqual((docto.ImpPagado, docto.ImpSaldoInsoluto), (d("1160.00"), 0))

    def test_pesos_and_dollars_with_one_payment_in_pesos(self):
        """CRP20277: the peso's equivalence is written with ten decimals beside the dollar's."""
        first = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        second = self.invoice((33.33, self.iva_16), days_ago=9, currency_id=self.dollar.id)
        third = self.invoice((500, self.iva_16), days_ago=8)
        entry = self.statement_line(third, 580 + 2320 + 773.2, date=self.day(5))
        self.match(entry, first, second)
        self.assertFalse((first + second + third).filtered("amount_residual"))
        pago = self.receipt(entry)
        found = {docto.IdDocumento: docto for docto in pago.DoctosRelacionados}
        self.assertEqual(pago.Monto, d("3673.20"))
        self.assertEqual(found[third.cfdi_uuid].EquivalenciaDR, 1)
        self.assertEqual(
            [(found[move.cfdi_uuid].ImpPagado, found[move.cfdi_uuid].EquivalenciaDR) for move in (first, second)],
            [(d("116.00"), d("0.05")), (d("38.66"), d("0.05"))],
        )

    def test_two_invoices_in_dollars_with_pesos_when_the_dollar_has_risen(self):
        """Odoo books the rise as exchange differences on the payment; each invoice was paid with its part of it."""
        first = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        second = self.invoice((50, self.iva_16), days_ago=5, currency_id=self.dollar.id)
        entry = self.pay(first + second, days_ago=5, currency_id=self.peso.id)
        self.assertEqual(entry.origin_payment_id.amount, 174 * 20)
        pago = self.receipt(entry)
        self.assertEqual(pago.Monto, d("3480.00"))
        self.assertEqual({docto.EquivalenciaDR for docto in pago.DoctosRelacionados}, {d("0.05")})

    def test_statement_line_in_pesos_of_a_transfer_in_dollars(self):
        invoice = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        entry = self.statement_line(
            invoice, 2250, date=self.day(5), foreign_currency_id=self.dollar.id, amount_currency=116
        )
        pago = self.receipt(entry)
        self.assertEqual((pago.MonedaP, pago.TipoCambioP, pago.Monto), ("USD", d("19.396552"), d("116.00")))

    def test_journal_in_dollars(self):
        journal = self.env["account.journal"].create(
            {
                "name": "Dólares",
                "type": "bank",
                "code": "USD1",
                "currency_id": self.dollar.id,
                "cfdi_payment_form": "03",
            }
        )
        invoice = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        entry = self.statement_line(invoice, 116, journal_id=journal.id, date=self.day(5))
        pago = self.receipt(entry)
        self.assertEqual((pago.MonedaP, pago.TipoCambioP, pago.Monto), ("USD", d(20), d("116.00")))

    def test_credit_note_in_dollars(self):
        invoice = self.invoice((100, self.iva_16), days_ago=10, currency_id=self.dollar.id)
        self.credit_note(invoice, 16, days_ago=6)
        (docto,) = self.receipt(self.pay(invoice, days_ago=5, currency_id=self.peso.id)).DoctosRelacionados
        self.assertEqual((docto.ImpSaldoAnt, docto.ImpPagado, docto.ImpSaldoInsoluto), (100, 100, 0))
