import psycopg2.errors
from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestCommissions(CustomerCommon):
    """A referrer at 5 %, a customer that it referred, and what its invoices earn: 50 a thousand without taxes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.referrer = cls._create_customer(name="Quien recomienda", referral_rate=5.0)
        cls.customer.referred_by_id = cls.referrer

    def _rows(self, move=None):
        domain = [("move_id", "=", move.id)] if move else [("partner_id", "=", self.referrer.id)]
        return self.env["customer.commission"].search(domain, order="id")

    def _total(self, partner=None):
        rows = self.env["customer.commission"].search([("partner_id", "=", (partner or self.referrer).id)])
        return self.company.currency_id.round(sum(rows.mapped("amount")))

    def _partials(self, move):
        receivable = self._receivable(move)
        return receivable.matched_credit_ids | receivable.matched_debit_ids

    def _credit_note(self, invoice, amount=None, post=True):
        """As the button of the invoice makes it."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": self.today, "reason": "Devolución"})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        if amount is not None:
            note.invoice_line_ids.price_unit = amount
        if post:
            note.action_post()
        return note

    def _entry(self, *lines, journal_type="general"):
        """A posted entry of (account, debit, credit, partner)."""
        journal = self.env["account.journal"].search(
            [("type", "=", journal_type), ("company_id", "=", self.company.id)], limit=1
        )
        entry = self.env["account.move"].create(
            {
                "date": self.today,
                "journal_id": journal.id,
                "line_ids": [
                    Command.create(
                        {"account_id": account.id, "debit": debit, "credit": credit, "partner_id": self.customer.id}
                    )
                    for account, debit, credit in lines
                ],
            }
        )
        entry.action_post()
        return entry

    def _account(self, account_type):
        return self.env["account.account"].search(
            [("account_type", "=", account_type), ("company_ids", "in", self.company.ids)], limit=1
        )

    def _receivable(self, *moves):
        return (
            self.env["account.move"]
            .union(*moves)
            .line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        )

    # ------------------------------------------------------------------

    def test_figure_of_the_referrer(self):
        self.assertEqual(self.referrer.commission_total, 0.0)
        invoice = self._create_customer_invoice(amount=1000.0)
        self._collect(invoice, 580.0)
        self.assertEqual(self.referrer.commission_total, 25.0)
        self._collect(invoice)
        self.assertEqual(self.referrer.commission_total, 50.0)
        self._receivable(invoice).remove_move_reconcile()
        self._store_figures()
        self.assertEqual(self.referrer.commission_total, self._total())
        self.assertEqual(self.customer.commission_total, 0.0)

    def test_in_proportion_to_what_is_collected(self):
        invoice = self._create_customer_invoice()
        self.assertEqual((invoice.commission_referrer_id, invoice.commission_rate), (self.referrer, 5.0))
        self.assertFalse(self._rows(), "nothing is collected yet")
        self._collect(invoice, 290.0)
        [row] = self._rows()
        self.assertEqual((row.settled, row.base, row.rate, row.amount), (290.0, 250.0, 5.0, 12.5))
        self.assertEqual(
            (row.partner_id, row.referred_id, row.move_id, row.document, row.kind, row.company_id, row.date),
            (self.referrer, self.customer, invoice, invoice.name, "collection", self.company, self.today),
        )
        self.assertEqual(row.partial_id, self._partials(invoice))
        self._collect(invoice)
        self.assertEqual(self._rows().mapped("amount"), [12.5, 37.5])
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_collected_in_full_it_is_exact(self):
        """Thirds of amounts that do not divide: the rows add up to the rate of the untaxed amount."""
        invoice = self._create_customer_invoice(amount=99.99)
        for amount in (38.66, 38.66):
            self._collect(invoice, amount)
        self._collect(invoice)
        rows = self._rows()
        self.assertEqual(len(rows), 3)
        round_ = self.company.currency_id.round
        self.assertEqual(round_(sum(rows.mapped("base"))), 99.99)
        self.assertEqual(round_(sum(rows.mapped("amount"))), 5.0)
        for row in rows:
            self.assertEqual(row.amount, round_(row.amount))

    def test_undoing_a_matching_undoes_its_commission(self):
        invoice = self._create_customer_invoice()
        self._collect(invoice, 580.0)
        self._collect(invoice)
        first, second = self._rows()
        first.partial_id.unlink()
        self.assertEqual(self._total(), 25.0)
        reversal = self._rows() - first - second
        self.assertEqual((reversal.kind, reversal.amount, reversal.base), ("reversal", -25.0, -500.0))
        self.assertEqual((reversal.reversal_of_id, first.is_reversed), (first, True))
        self._receivable(invoice).remove_move_reconcile()
        self.assertEqual(self._total(), 0.0)
        self._collect(invoice)
        self.assertEqual(self._total(), 50.0)

    def test_a_matching_again(self):
        """The same payment, matched, undone and matched again, earns once."""
        invoice = self._create_customer_invoice()
        payment = self._collect(invoice)
        lines = self._receivable(invoice, payment.move_id)
        for _time in range(2):
            lines.remove_move_reconcile()
            self.assertEqual(self._total(), 0.0)
            lines.reconcile()
            self.assertEqual(self._total(), 50.0)

    def test_resetting_and_posting_again(self):
        """A matching outlives the reset to draft of its documents; the commission does not."""
        invoice = self._create_customer_invoice()
        payment = self._collect(invoice)
        for document in (invoice, payment.move_id):
            with self.subTest(document.move_type):
                document.button_draft()
                self.assertEqual(self._total(), 0.0)
                document.action_post()
                self.assertTrue(self._partials(invoice))
                self.assertEqual(self._total(), 50.0)
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(self._total(), 0.0)

    def test_the_rate_is_that_of_the_posting(self):
        invoice = self._create_customer_invoice()
        self._collect(invoice, 580.0)
        self.referrer.referral_rate = 8.0
        self._collect(invoice)
        self.assertEqual(self._total(), 50.0)
        later = self._create_customer_invoice()
        self._collect(later)
        self.assertEqual(self._total(), 130.0)
        self.customer.referred_by_id = False
        self._credit_note(later)
        self.assertEqual(self._total(), 50.0, "a credit note is on the terms of its invoice")
        self._collect(self._create_customer_invoice())
        self.assertEqual(self._total(), 50.0)

    def test_the_affiliate_type_gives_the_rate(self):
        kind = self.env["customer.affiliate.type"].sudo().create({"name": "Promotor", "rate": 10.0})
        self.referrer.affiliate_type_id = kind
        self._collect(self._create_customer_invoice())
        self.assertEqual(self._total(), 100.0)

    def test_invoices_of_contacts(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self._collect(self._create_customer_invoice(contact))
        self.assertEqual(self._rows().referred_id, self.customer)
        self.assertEqual(self._total(), 50.0)

    def test_nobody_earns(self):
        alone = self._create_customer(name="Sin recomendación")
        self._collect(self._create_customer_invoice(alone))
        idle = self._create_customer(name="Sin porcentaje")
        self._collect(self._create_customer_invoice(self._create_customer(name="Traído", referred_by_id=idle.id)))
        self.assertFalse(self.env["customer.commission"].search([("partner_id", "in", (alone + idle).ids)]))
        self.assertFalse(self._rows())

    def test_an_archived_referrer_earns_what_is_agreed(self):
        self.referrer.active = False
        self._collect(self._create_customer_invoice())
        self.assertEqual(self._total(), 50.0)

    # ------------------------------------------------------------------
    # Credit notes
    # ------------------------------------------------------------------

    def test_a_credit_note_takes_back_its_part(self):
        invoice = self._create_customer_invoice()
        self._collect(invoice)
        note = self._credit_note(invoice, 400.0)
        [row] = self._rows(note)
        self.assertEqual((row.kind, row.base, row.amount), ("credit_note", -400.0, -20.0))
        self.assertEqual(self._total(), 30.0)
        self._collect(note)  # the money goes back
        self.assertEqual(self._total(), 30.0)
        note.button_draft()
        self.assertEqual(self._total(), 50.0)
        note.action_post()
        self.assertEqual(self._total(), 30.0)

    def test_a_credit_note_on_an_invoice_not_collected_comes_to_nothing(self):
        invoice = self._create_customer_invoice()
        self._credit_note(invoice)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual(self._total(), 0.0)
        partly = self._create_customer_invoice()
        self._credit_note(partly, 400.0)
        self.assertEqual(self._total(), 0.0)
        self._collect(partly)
        self.assertEqual(self._total(), 30.0, "600 were collected")

    def test_a_credit_note_applied_to_another_invoice(self):
        first = self._create_customer_invoice()
        self._collect(first)
        note = self._credit_note(first, 400.0)
        second = self._create_customer_invoice()
        self._receivable(note, second).filtered(lambda line: not line.reconciled).reconcile()
        self.assertEqual(self._total(), 50.0)
        self._collect(second)
        self.assertEqual(self._total(), 80.0, "1,600 of 2,000 were collected")
        self.assertEqual(self._rows(second).mapped("kind"), ["credit_note_applied", "collection"])
        note.button_draft()
        self.assertEqual(self._total(), 80.0, "the credit note, and what it had paid for")

    def test_a_credit_note_of_nobody_s_earns_nobody_anything(self):
        invoice = self._create_customer_invoice()
        self.customer.referred_by_id = False
        note = self._create_customer_invoice(move_type="out_refund", amount=1000.0)
        self.assertFalse(note.commission_rate)
        self._receivable(note, invoice).reconcile()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertFalse(self._rows())
        self.customer.referred_by_id = self.referrer
        self.referrer.referral_rate = 2.0
        other = self._create_customer_invoice(move_type="out_refund", amount=1000.0)
        self.assertEqual(self._total(), -20.0)
        invoice = self._create_customer_invoice()
        self._receivable(other, invoice).filtered(lambda line: not line.reconciled).reconcile()
        self.assertEqual(self._total(), 0.0)

    # ------------------------------------------------------------------
    # What is money
    # ------------------------------------------------------------------

    def test_a_discount_was_not_collected(self):
        invoice = self._create_customer_invoice()
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(
                {
                    "amount": 1136.8,  # 2 % less
                    "payment_difference_handling": "reconcile",
                    "writeoff_account_id": self._account("expense").id,
                }
            )
        )
        wizard._create_payments()
        self.assertEqual(invoice.amount_residual, 0.0)
        [row] = self._rows()
        self.assertEqual((row.settled, row.base, row.amount), (1136.8, 980.0, 49.0))

    def test_what_settles_an_invoice_without_money(self):
        """Given up: nothing. Set off against what we owe the customer: it paid."""
        for account_type, earned in (("expense", 0.0), ("liability_payable", 50.0)):
            with self.subTest(account_type):
                before = self._total()
                invoice = self._create_customer_invoice()
                receivable = self._receivable(invoice)
                entry = self._entry((self._account(account_type), 1160.0, 0.0), (receivable.account_id, 0.0, 1160.0))
                (receivable + self._receivable(entry)).reconcile()
                self.assertEqual(invoice.amount_residual, 0.0)
                self.assertEqual(self._total() - before, earned)

    def test_one_payment_of_many_invoices_and_an_advance(self):
        invoices = self.env["account.move"].union(
            *(self._create_customer_invoice(amount=amount) for amount in (100.0, 200.0))
        )
        receivable = self._receivable(invoices[0]).account_id
        bank = self._account("asset_cash")
        advance = self._entry((bank, 1000.0, 0.0), (receivable, 0.0, 1000.0), journal_type="bank")
        self.assertFalse(self._rows(), "an advance pays no invoice")
        (self._receivable(*invoices) + self._receivable(advance)).reconcile()
        self.assertEqual(sorted(self._rows().mapped("amount")), [5.0, 10.0])
        self.assertEqual(self._receivable(advance).amount_residual, -652.0)

    def test_other_currencies(self):
        """The base is the invoice's at its own rate; the exchange difference earns nothing."""
        usd = self.env.ref("base.USD")
        usd.sudo().active = True
        rates = self.env["res.currency.rate"].sudo()
        rates.search([("currency_id", "=", usd.id)]).unlink()
        for days, rate in ((10, 20.0), (0, 17.0)):
            rates.create(
                {
                    "name": fields.Date.subtract(self.today, days=days),
                    "currency_id": usd.id,
                    "company_id": self.company.id,
                    "inverse_company_rate": rate,
                }
            )
        invoice = self._create_customer_invoice(amount=100.0, days_ago=5, currency_id=usd.id)
        self.assertEqual(invoice.amount_untaxed_signed, 2000.0)
        self._collect(invoice, 58.0)
        self.assertEqual(self._rows().mapped("amount"), [50.0])
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"currency_id": self.company.currency_id.id, "payment_date": self.today})
        )
        wizard._create_payments()
        self.assertEqual(invoice.amount_residual, 0.0)
        rows = self._rows()
        self.assertEqual(rows.mapped("amount"), [50.0, 50.0])
        self.assertEqual(rows.mapped("settled"), [58.0, 58.0])
        self.assertEqual(rows.settled_currency_id, usd)
        self.assertEqual(rows.currency_id, self.company.currency_id)
        note = self._credit_note(invoice)
        self.assertEqual(self._rows(note).base, -abs(note.amount_untaxed_signed))

    # ------------------------------------------------------------------
    # Companies, rights, integrity
    # ------------------------------------------------------------------

    def test_second_company(self):
        second = self.company_2.sudo()
        self.env["account.chart.template"].sudo().try_loading("mx", second, install_demo=False)
        both = self.env["account.move"].with_context(allowed_company_ids=(second + self.company).ids).env
        own = self._create_customer(name="Sólo de la primera", referral_rate=9.0, company_id=self.company.id)
        shared = self._create_customer(name="Traído por ella", referred_by_id=own.id)
        for customer, earned in ((self.customer, 50.0), (shared, 0.0)):
            with self.subTest(customer.name):
                move = both["account.move"].create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": customer.id,
                        "company_id": second.id,
                        "invoice_date": self.today,
                        "invoice_line_ids": [Command.create({"name": "Silla", "price_unit": 1000.0, "tax_ids": False})],
                    }
                )
                move.action_post()
                wizard = both["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids)
                wizard.create({})._create_payments()
                self.assertEqual(move.amount_residual, 0.0)
                rows = both["customer.commission"].search([("move_id", "=", move.id)])
                self.assertEqual(sum(rows.mapped("amount")), earned)
                self.assertLessEqual(rows.company_id, second)
        self.assertFalse(self._rows(), "of another company")

    def test_who_sees_them(self):
        self._collect(self._create_customer_invoice())
        row = self._rows()
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        manager = self._create_user("manager", "l10n_mx_customer.group_customer_manager", "base.group_system")
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.referrer
        employee = self._create_user("employee", "base.group_user")
        for user in (seller, manager):
            self.assertEqual(row.with_user(user).amount, 50.0)
            for operation in ("write", "create", "unlink"):
                with self.subTest(user.login, operation=operation):
                    self.assertFalse(row.with_user(user).has_access(operation))
        for user in (portal, employee):
            with self.subTest(user.login), self.assertRaises(AccessError):
                row.with_user(user).read(["amount"])
        restricted = self._create_user(
            "restricted", "sales_team.group_sale_salesman", "l10n_mx_customer.group_own_customers_only"
        )
        self.referrer.user_id = seller
        self.assertFalse(row.with_user(restricted).search([("id", "=", row.id)]))
        self.referrer.user_id = restricted
        self.assertTrue(row.with_user(restricted).search([("id", "=", row.id)]))

    def test_whoever_collects_needs_no_rights_on_commissions(self):
        biller = self._create_user("biller", "account.group_account_invoice")
        invoice = self._create_customer_invoice(post=False)
        invoice.with_user(biller).action_post()
        wizard = (
            self.env["account.payment.register"]
            .with_user(biller)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({})
        )
        wizard._create_payments()
        self.assertEqual(self._total(), 50.0)

    def test_a_matching_earns_once_whatever_happens(self):
        invoice = self._create_customer_invoice()
        self._collect(invoice)
        commissions = self.env["customer.commission"].sudo()
        self.assertFalse(commissions._generate_for_partials(self._partials(invoice).sudo()))
        row = self._rows().sudo()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            row.copy()
        note = self._credit_note(invoice)
        self.assertFalse(commissions._generate_for_credit_notes(note.sudo()))
        row._reverse()
        self.assertFalse(row._reverse())
        self.assertEqual(self._total(), -50.0)

    def test_deletion(self):
        invoice = self._create_customer_invoice()
        self._collect(invoice)
        number = invoice.name
        self._receivable(invoice).remove_move_reconcile()
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        rows = self.env["customer.commission"].search([("document", "=", number)])
        self.assertEqual((rows.mapped("amount"), rows.move_id.ids), ([-50.0, 50.0], []))
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error), self.cr.savepoint():
            self.referrer.unlink()

    def test_merged_customers(self):
        twin = self._create_customer(name="Quien recomienda, otra vez")
        open_invoice = self._create_customer_invoice()
        self._collect(self._create_customer_invoice())
        merge = self.env["base.partner.merge.automatic.wizard"].sudo()
        merge._merge((self.referrer + twin).ids, twin)
        self.env.invalidate_all()
        self.assertEqual(self._total(twin), 50.0)
        self._collect(open_invoice, 580.0)
        self.assertEqual(self._total(twin), 75.0)
        # Referrer and referred turn out to be one: from now on it earns nothing on itself.
        merge._merge((twin + self.customer).ids, self.customer)
        self.env.invalidate_all()
        self._collect(open_invoice)
        self.assertEqual(self._total(self.customer), 75.0)

    def test_costs(self):
        """Matching costs nothing more where nobody was referred, and the same for many as for few."""
        alone = self._create_customer(name="Sin recomendación")
        commissions = type(self.env["customer.commission"])

        def collect(customer, count):
            invoices = self.env["account.move"].union(
                *(self._create_customer_invoice(customer) for _number in range(count))
            )
            receivable = self._receivable(invoices[0]).account_id
            bank = self._account("asset_cash")
            payment = self._entry((bank, 1160.0 * count, 0.0), (receivable, 0.0, 1160.0 * count), journal_type="bank")
            payment.line_ids.partner_id = customer
            self.env.flush_all()
            self.env.invalidate_all()
            counted = []
            original = commissions._generate_for_partials

            def generate(model, partials):
                self.env.flush_all()
                before = self.cr.sql_log_count
                rows = original(model, partials)
                rows.flush_model()
                counted.append(self.cr.sql_log_count - before)
                return rows

            self.patch(commissions, "_generate_for_partials", generate)
            (self._receivable(*invoices) + self._receivable(payment)).reconcile()
            self.patch(commissions, "_generate_for_partials", original)
            return sum(counted)

        collect(alone, 1)
        self.assertEqual(collect(alone, 3), 0)
        collect(self.customer, 1)
        few, many = collect(self.customer, 2), collect(self.customer, 12)
        self.assertLessEqual(many, few)
        self.assertLessEqual(few, 8)

    def test_posting_costs_nothing_more_without_a_referrer(self):
        alone = self._create_customer(name="Sin recomendación")
        move_class = type(self.env["account.move"])

        def post(patched):
            move = self._create_customer_invoice(alone, post=False)
            self.env.flush_all()
            self.env.invalidate_all()
            if patched:
                self.patch(move_class, "_sync_commissions", lambda moves, state: None)
            before = self.cr.sql_log_count
            move.action_post()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        post(patched=False)
        with_commissions = post(patched=False)
        post(patched=True)  # others read then what commissions have read: their caches are filled too
        self.assertLessEqual(with_commissions, post(patched=True))

    def test_button_of_the_card(self):
        self._collect(self._create_customer_invoice())
        action = self.referrer.action_view_commissions()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), self._rows())
        row = self._rows()
        opened = row.action_open()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("account.move", row.move_id.id))
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            row.with_user(seller).action_open()
