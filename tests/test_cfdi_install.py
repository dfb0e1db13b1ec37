from odoo.tests import tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestCfdiInstall(CustomerCommon):
    """Documents from before the addon get in SQL what the ORM would compute, one by one."""

    NAMES = ("cfdi_payment_method", "cfdi_payment_method_rule", "cfdi_payment_form", "cfdi_relation_type")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As everybody is when it is installed.
        cls.customer.write({"cfdi_payment_method": False, "cfdi_payment_form": False, "cfdi_use": False})

    def _old(self, days_ago=60, due_in=0, **values):
        due = self.today.fromordinal(self.today.toordinal() - days_ago + due_in)
        return self._create_customer_invoice(days_ago=days_ago, invoice_date_due=due, **values)

    def _terms(self, moves):
        return {move.id: [move[name] for name in self.NAMES] for move in moves}

    def _forget(self, table, names, records):
        """As the columns are when they have just been made."""
        self.env.flush_all()
        columns = ", ".join(f"{name} = NULL" for name in names)
        self.env.cr.execute(f"UPDATE {table} SET {columns} WHERE id = ANY(%s)", [records.ids])  # noqa: S608
        self.env.invalidate_all()

    def test_documents(self):
        for rule in ("month", "due", "customer"):
            with self.subTest(rule):
                self.company.cfdi_ppd_rule = rule
                down_payment = self._old(due_in=45, post=False)
                down_payment.invoice_line_ids.is_downpayment = True
                down_payment.action_post()
                invoices = [self._old(), self._old(due_in=45), self._old(days_ago=0, due_in=45), down_payment]
                invoices.append(self._old(due_in=45, post=False))
                reversals = [
                    invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
                    for invoice in (invoices[0], invoices[1], invoices[2])
                ]
                for note in reversals:
                    note.action_post()
                moves = self.env["account.move"].union(*invoices, *reversals)
                for name in self.NAMES[:3]:
                    self.env.add_to_compute(moves._fields[name], moves)
                expected = self._terms(moves)
                self._forget("account_move", (*self.NAMES, "cfdi_use"), moves)
                moves.sudo()._fill_cfdi_terms()
                self.env.invalidate_all()
                self.assertEqual(self._terms(moves), expected)
                self.assertEqual({terms[0] for terms in expected.values()}, {"PUE", "PPD"})
                self.assertEqual([note.cfdi_payment_form for note in reversals][1], "15")

    def test_payments(self):
        journals = self.env["account.journal"].search(
            [("type", "in", ("bank", "cash")), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(set(journals.mapped("type")), {"bank", "cash"})
        journals.filtered(lambda journal: journal.type == "bank").cfdi_payment_form = False
        payments = self.env["account.payment"].create(
            [
                {
                    "journal_id": journal.id,
                    "partner_id": self.customer.id,
                    "partner_type": kind,
                    "payment_type": direction,
                    "amount": 10,
                }
                for journal in journals
                for kind in ("customer", "supplier")
                for direction in ("inbound", "outbound")
            ]
        )
        expected = payments.mapped("cfdi_payment_form")
        self._forget("account_payment", ["cfdi_payment_form"], payments)
        payments._fill_cfdi_payment_form()
        self.env.invalidate_all()
        self.assertEqual(payments.mapped("cfdi_payment_form"), expected)
        self.assertEqual(set(expected), {"01", False})
