import base64
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from odoo.tests import tagged

from ..cfdi import read_comprobante
from .payments import PaymentCommon

TAXES = ("tax12", "tax17", "tax9", "tax19")  # 16 %, 8 %, 0 %, exempt
amounts = st.integers(min_value=1, max_value=2_000_000).map(lambda cents: cents / 100)
lines = st.lists(st.tuples(amounts, st.sampled_from(TAXES), st.booleans()), min_size=1, max_size=3)
currencies = st.sampled_from(("MXN", "USD"))


@tagged("post_install", "-at_install")
class TestCfdiPaymentsRandom(PaymentCommon):
    """Whatever is invoiced and paid, in whichever currency: each receipt is valid (``seal`` asks the schema and the
    rules), and together they say what was paid."""

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        invoices=st.lists(st.tuples(lines, currencies), min_size=1, max_size=2),
        rate=st.integers(min_value=150_000, max_value=250_000).map(lambda value: value / 10_000),
        paid_in=currencies,
        shares=st.lists(st.integers(min_value=1, max_value=100), min_size=1, max_size=2),
        credited=st.sampled_from((0, 0, 10)),
    )
    def test_whatever_is_paid(self, invoices, rate, paid_in, shares, credited):
        with self.env.cr.savepoint() as savepoint:
            try:
                self._run(invoices, rate, paid_in, shares, credited)
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

    def _run(self, invoices, rate, paid_in, shares, credited):
        dollar = self.dollars((10, 18), (0, rate))
        currencies = {"MXN": self.company.currency_id, "USD": dollar}
        withholding = self.chart.ref("mx_wh_1_25_sale")
        moves = self.env["account.move"]
        for its_lines, currency in invoices:
            # Of 1 cent a withholding may leave nothing to pay.
            priced = [
                (price + 1, self.chart.ref(tax) + (withholding if withheld else self.env["account.tax"]))
                for price, tax, withheld in its_lines
            ]
            moves |= self.invoice(*priced, days_ago=10, currency_id=currencies[currency].id)
        if credited and moves[0].amount_total > 2 * credited:
            self.credit_note(moves[0], float(credited), days_ago=3)
        received = {}
        for share in shares:
            open_moves = moves.filtered("amount_residual")
            if not open_moves:
                break
            owed = sum(
                move.currency_id._convert(move.amount_residual, currencies[paid_in], self.company, self.today)
                for move in open_moves
            )
            amount = max(currencies[paid_in].round(owed * share / 100), 1.0)
            entry = self._receive(open_moves, amount, currencies[paid_in])
            if not self.pending(entry_id=entry.id):
                continue  # too little for a cent of the invoice's currency
            cfdi, comprobante = self.seal(entry)
            (pago,) = comprobante.Pagos
            received[cfdi] = pago
            self.assertLessEqual(pago.Monto, Decimal(f"{amount:.2f}"))
            self.assertFalse(self.pending(entry_id=entry.id))
            if not moves.filtered("amount_residual") and paid_in == "MXN":
                # All of it went to the invoices, but for what was too much.
                self.assertAlmostEqual(float(pago.Monto), amount - self._open(entry), places=2)
        self._check_balances(moves, received)

    def _open(self, entry):
        """What of a payment is applied to nothing."""
        receivable = entry.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        return -sum(receivable.mapped("amount_residual_currency"))

    def _receive(self, moves, amount, currency):
        """A payment that takes the invoices in turn."""
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.customer.id,
                "partner_type": "customer",
                "payment_type": "inbound",
                "journal_id": self.bank.id,
                "currency_id": currency.id,
                "amount": amount,
                "date": self.today,
            }
        )
        payment.action_post()
        for move in moves:
            self.match(payment.move_id, move)
        return payment.move_id

    def _check_balances(self, moves, receipts):
        """A chain for each invoice: from its total down by what is paid and what credit notes take."""
        for move in moves:
            said = [
                docto
                for pago in receipts.values()
                for docto in pago.DoctosRelacionados
                if docto.IdDocumento == move.cfdi_uuid
            ]
            self.assertEqual([docto.NumParcialidad for docto in said], list(range(1, len(said) + 1)))
            for before, after in pairwise(said):
                self.assertEqual(after.ImpSaldoAnt, before.ImpSaldoInsoluto)
            partials = move.line_ids.matched_credit_ids
            paid = partials.filtered(lambda partial: partial.credit_move_id.move_id.origin_payment_id)
            self.assertAlmostEqual(
                float(sum(docto.ImpPagado for docto in said)), sum(paid.mapped("debit_amount_currency")), places=2
            )
            stamped = read_comprobante(base64.b64decode(move.cfdi_ids.sealed_xml))
            for docto in said:
                self._check_taxes(stamped, docto)

    def _check_taxes(self, stamped, docto):
        share = Fraction(docto.ImpPagado) / Fraction(stamped.Total)
        for name in ("Traslados", "Retenciones"):
            whole = sum(Fraction(tax.Base) for line in stamped.Conceptos for tax in getattr(line, name))
            part = sum(Fraction(tax.BaseDR) for tax in getattr(docto, name))
            self.assertLess(abs(whole * share - part), Fraction(1, 10**5))
