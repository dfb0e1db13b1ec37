from datetime import timedelta

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .cfdi_moves import CFDI, MovesCommon

ELSEWHERE = "5FB2822E-396D-4725-8521-CDC4BDD20CCF"


@tagged("post_install", "-at_install")
class TestCfdiCreditNotes(MovesCommon):
    def _credit(self, invoices, **changes):
        """The credit note that Odoo's own wizard makes."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"journal_id": invoices[0].journal_id.id, "reason": "Descuento", "date": self.today})
        )
        wizard.refund_moves()
        notes = wizard.new_move_ids
        for note in notes:
            note.invoice_line_ids.write(changes)
        notes.action_post()
        return notes

    def test_a_partial_credit_note(self):
        invoice = self._move((10, 100, 10, self.iva_16), (1, 50, 0, self.ieps_8 + self.iva_16))
        uuid = self._stamped(invoice).uuid
        root = self._xml(self._credit(invoice, quantity=1.0))
        self.assertEqual(
            (root.get("TipoDeComprobante"), root.get("MetodoPago"), root.get("FormaPago")), ("E", "PUE", "03")
        )
        self.assertEqual(root.find("cfdi:Receptor", CFDI).get("UsoCFDI"), "G02")
        self.assertEqual(self._relations(root), {"01": [uuid]})
        self.assertEqual(self._figures(root)[0], ("1", "100.00", "100.00", "10.00", "02"))
        self.assertEqual(self._conceptos(root)[0].get("ClaveProdServ"), "56112102")

    def test_several_credit_notes_of_one_invoice(self):
        invoice = self._move((10, 100, 0, self.iva_16))
        uuid = self._stamped(invoice).uuid
        for quantity in (2.0, 3.0):
            root = self._xml(self._credit(invoice, quantity=quantity))
            self.assertEqual(self._relations(root), {"01": [uuid]})
            self.assertEqual(root.get("Total"), f"{quantity * 116:.2f}")

    def test_one_credit_note_of_several_invoices(self):
        invoices = self._move((1, 100, 0, self.iva_16)) + self._move((1, 200, 0, self.iva_16))
        uuids = [self._stamped(invoice).uuid for invoice in invoices]
        note = self._move(
            (1, 30, 0, self.iva_16),
            move_type="out_refund",
            cfdi_relation_type="03",
            cfdi_related_move_ids=[Command.set(invoices.ids)],
        )
        self.assertEqual(
            {kind: sorted(found) for kind, found in self._relations(self._xml(note)).items()}, {"03": sorted(uuids)}
        )

    def test_invoices_stamped_elsewhere(self):
        note = self._move((1, 30, 0, self.iva_16), move_type="out_refund", cfdi_related_uuids=f" {ELSEWHERE.lower()},")
        self.assertEqual(self._relations(self._xml(note)), {"01": [ELSEWHERE]})
        with self.assertRaisesRegex(ValidationError, "5FB2822E-396D-4725-8521-CDC4BDD20CCF"):
            note.cfdi_related_uuids = "5FB2822E"

    def test_what_it_relates_to_must_be_stamped(self):
        invoice = self._move((1, 100, 0, self.iva_16))
        note = self._credit(invoice)
        (problem,) = self._problems(note)
        self.assertIn(invoice.name, problem)
        cfdi = self._stamped(invoice, state="rejected")
        self.assertIn(invoice.name, self._problems(note)[0])
        cfdi.state = "stamped"
        self._xml(note)
        note.cfdi_relation_type = False
        self.assertIn("Relation to Other CFDIs", self._problems(note)[0])

    def test_nothing_to_relate_to(self):
        note = self._move((1, 30, 0, self.iva_16), move_type="out_refund")
        self.assertIn("Related Invoices", self._problems(note)[0])
        note.cfdi_payment_form = "23"
        self.assertEqual(self._relations(self._xml(note)), {}, "a discount of sales to come")

    def test_form_and_use(self):
        invoice = self._move((1, 100, 0, self.iva_16), cfdi_payment_method="PPD", cfdi_payment_form="99")
        self._stamped(invoice)
        note = self._credit(invoice)
        self.assertEqual((note.cfdi_payment_method, note.cfdi_payment_form, note.cfdi_use), ("PUE", "15", "G02"))
        paid = self._move((1, 100, 0, self.iva_16), cfdi_payment_form="01")
        self.assertEqual(self._credit(paid).cfdi_payment_form, "01")
        employee = self._create_customer(name="Ana", vat="CACX7605101P8", cfdi_tax_regime="605", cfdi_use="D01")
        note = self._move((1, 9, 0, self.iva_16), customer=employee, move_type="out_refund")
        self.assertEqual(note.cfdi_use, "S01", "G02 is not for who earns wages")

    def test_a_replacement_relates_by_itself(self):
        wrong, related = self._move((1, 100, 0, self.iva_16)), self._move((1, 7, 0, self.iva_16))
        replaced, other = self._stamped(wrong).uuid, self._stamped(related).uuid
        invoice = self._move(
            (1, 110, 0, self.iva_16),
            cfdi_replaces_id=wrong.id,
            cfdi_relation_type="02",
            cfdi_related_move_ids=[Command.set(related.ids)],
        )
        self.assertEqual(self._relations(self._xml(invoice)), {"02": [other], "04": [replaced]})
        wrong.sudo().cfdi_ids.state = "discarded"
        self.assertEqual(self._relations(self._xml(invoice))["04"], [replaced])
        invoice.cfdi_replaces_id = self._move((1, 100, 0, self.iva_16))
        self.assertIn("no stamped CFDI to replace", self._problems(invoice)[0])

    def test_relations_are_sealed_too(self):
        invoice = self._move((1, 100, 0, self.iva_16))
        self._stamped(invoice)
        for values in ({"cfdi_relation_type": "02"}, {"cfdi_related_uuids": ELSEWHERE}, {"cfdi_export": "03"}):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, "sealed"):
                invoice.write(values)


@tagged("post_install", "-at_install")
class TestCfdiDownPayments(MovesCommon):
    """Appendix 6 of the SAT's guide, procedure B: what remains is invoiced, the down payment is its discount."""

    def _order(self, *lines):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.set(taxes.ids)],
                        }
                    )
                    for quantity, price, taxes in lines
                ],
            }
        )
        order.action_confirm()
        return order

    def _invoice(self, order, method="delivered", amount=0.0):
        before = order.invoice_ids
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": method,
                "amount": amount,
                "fixed_amount": amount,
            }
        )
        wizard.create_invoices()
        invoice = order.invoice_ids - before
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    def test_down_payment_and_remainder(self):
        order = self._order((3, 333.33, self.iva_16), (1, 100, self.iva_16), (2, 50, self.iva_0))
        payment = self._invoice(order, "percentage", 33.0)
        root = self._xml(payment)
        names = ("ClaveProdServ", "ClaveUnidad", "Cantidad", "Descripcion", "Unidad", "NoIdentificacion")
        for concepto in self._conceptos(root):
            self.assertEqual(
                tuple(concepto.get(name) for name in names),
                ("84111506", "ACT", "1", "Anticipo del bien o servicio", None, None),
            )
        self.assertEqual((root.get("MetodoPago"), root.get("FormaPago")), ("PUE", "03"))
        self.assertEqual(self._relations(root), {})
        final = self._invoice(order)
        (problem,) = self._problems(final)
        self.assertIn(payment.name, problem)
        uuid = self._stamped(payment).uuid
        root = self._xml(final)
        self.assertEqual(self._relations(root), {"07": [uuid]})
        self.assertEqual(len(self._conceptos(root)), 3)
        for concepto in self._conceptos(root):
            self.assertTrue(concepto.get("Descripcion").endswith(", CFDI por remanente de un anticipo"))
            self.assertGreater(float(concepto.get("Descuento")), 0)

    def test_several_down_payments_to_the_cent(self):
        order = self._order((1, 1000.01, self.iva_16))
        uuids = []
        for amount in (33.33, 77.77, 111.11, 0.07):
            payment = self._invoice(order, "fixed", amount)
            self.assertEqual(self._xml(payment).get("Total"), f"{amount:.2f}")
            uuids.append(self._stamped(payment).uuid)
        root = self._xml(self._invoice(order))
        self.assertEqual({kind: sorted(found) for kind, found in self._relations(root).items()}, {"07": sorted(uuids)})

    def test_paid_in_advance_in_full(self):
        order = self._order((2, 500, self.iva_16))
        self._stamped(self._invoice(order, "percentage", 100.0))
        root = self._xml(self._invoice(order))
        self.assertEqual(
            (root.get("SubTotal"), root.get("Descuento"), root.get("Total")), ("1000.00", "1000.00", "0.00")
        )

    def test_a_down_payment_is_paid_at_once(self):
        self.company.cfdi_ppd_rule = "due"
        order = self._order((1, 1000, self.iva_16))
        order.payment_term_id = self.env.ref("account.account_payment_term_30days")
        payment = self._invoice(order, "percentage", 50.0)
        self.assertGreater(payment.invoice_date_due, self.today)
        self.assertEqual(payment.cfdi_payment_method, "PUE")
        self._stamped(payment)
        self.assertEqual(self._invoice(order).cfdi_payment_method, "PPD")

    def test_a_down_payment_stamped_elsewhere(self):
        order = self._order((1, 1000, self.iva_16))
        self._invoice(order, "percentage", 50.0)
        final = self._invoice(order)
        final.write({"cfdi_relation_type": "07", "cfdi_related_uuids": ELSEWHERE})
        self.assertEqual(self._relations(self._xml(final)), {"07": [ELSEWHERE]})

    def test_a_credit_note_that_applies_a_down_payment(self):
        """Procedure A: the whole is invoiced, and a credit note takes the down payment off it."""
        order = self._order((1, 1000, self.iva_16))
        payment = self._invoice(order, "percentage", 50.0)
        self._stamped(payment)
        whole = self._move((1, 1000, 0, self.iva_16))
        uuid = self._stamped(whole).uuid
        note = payment._reverse_moves([{"invoice_date": self.today, "cfdi_relation_type": "07"}])
        note.cfdi_related_move_ids = whole
        note.action_post()
        root = self._xml(note)
        self.assertEqual((root.get("FormaPago"), root.get("MetodoPago")), ("30", "PUE"))
        self.assertEqual(self._conceptos(root)[0].get("Descripcion"), "Aplicación de anticipo")
        self.assertEqual(self._relations(root), {"07": [uuid]})

    def test_a_down_payment_given_back(self):
        order = self._order((1, 1000, self.iva_16))
        payment = self._invoice(order, "percentage", 50.0)
        uuid = self._stamped(payment).uuid
        note = payment._reverse_moves([{"invoice_date": self.today}])
        note.action_post()
        root = self._xml(note)
        self.assertEqual(self._relations(root), {"01": [uuid]})
        self.assertEqual(self._conceptos(root)[0].get("ClaveProdServ"), "84111506")
        self.assertNotIn("plicación", self._conceptos(root)[0].get("Descripcion"))


@tagged("post_install", "-at_install")
class TestCfdiTerms(MovesCommon):
    """PUE or PPD, use and form: from the company's rule, the customer, the sale, and who makes the invoice."""

    def test_the_rule_of_the_company(self):
        customer = self._create_customer(name="Sin método", vat="XIA190128J61", cfdi_payment_method=False)
        date = self.today.replace(day=1)
        in_month, after_month = date + timedelta(days=20), date + timedelta(days=40)
        cases = [
            ("customer", self.customer, after_month, "PUE"),
            ("customer", customer, in_month, "PUE"),
            ("customer", customer, after_month, "PPD"),
            ("month", self.customer, date, "PUE"),
            ("month", self.customer, in_month, "PUE"),
            ("month", self.customer, after_month, "PPD"),
            ("due", self.customer, date, "PUE"),
            ("due", self.customer, in_month, "PPD"),
        ]
        for rule, who, due, method in cases:
            with self.subTest(rule, customer=who.name, due=due):
                self.company.cfdi_ppd_rule = rule
                invoice = self._create_customer_invoice(who, invoice_date=date, invoice_date_due=due, post=False)
                self.assertEqual(invoice.cfdi_payment_method, method)

    def test_the_method_follows_the_due_date(self):
        self.company.cfdi_ppd_rule = "due"
        term = self.env.ref("account.account_payment_term_30days")
        invoice = self._create_customer_invoice(post=False)

        def method():
            self.env.flush_all()
            self.env.invalidate_all()
            return invoice.cfdi_payment_method

        invoice.invoice_date_due += timedelta(days=1)
        self.assertEqual(method(), "PPD")
        invoice.invoice_date_due = invoice.invoice_date
        self.assertEqual(method(), "PUE")
        invoice.invoice_payment_term_id = term
        self.assertEqual(method(), "PPD")
        # Odoo gives the due date of its term to an invoice that has lines.
        values = {"move_type": "out_invoice", "partner_id": self.customer.id, "invoice_payment_term_id": term.id}
        invoice = self.env["account.move"].create(values)
        self.assertEqual(method(), "PUE")
        invoice.invoice_line_ids = [Command.create({"product_id": self.product.id, "price_unit": 100.0})]
        self.assertEqual(method(), "PPD")
        with Form(invoice) as form:
            form.invoice_payment_term_id = self.env["account.payment.term"]
            form.invoice_date_due = self.today
            self.assertEqual(form.cfdi_payment_method, "PUE")
            form.invoice_date_due = self.today + timedelta(days=40)
            self.assertEqual(form.cfdi_payment_method, "PPD")
        self.assertEqual(method(), "PPD")

    def test_an_amount_does_not_ask_for_the_method(self):
        """Each change of a journal item would: it took as long as the rest of the CFDI's terms."""
        balance = self.env["account.move.line"]._fields["balance"]
        names = {field.name for field in self.registry.get_dependent_fields(balance)}
        self.assertIn("invoice_date_due", names)
        self.assertNotIn("cfdi_payment_method", names)

    def test_what_is_chosen_stays_chosen(self):
        self.company.cfdi_ppd_rule = "month"
        invoice = self._create_customer_invoice(post=False, invoice_date=False)
        self.assertEqual(invoice.cfdi_payment_method, "PUE")
        invoice.write({"cfdi_payment_method": "PPD", "cfdi_use": "G01", "cfdi_payment_form": "01"})
        invoice.invoice_line_ids.price_unit = 5.0
        invoice.action_post()
        self.assertEqual(
            (invoice.cfdi_payment_method, invoice.cfdi_use, invoice.cfdi_payment_form), ("PPD", "G01", "01")
        )
        self.assertEqual(self._xml(invoice).get("FormaPago"), "99")

    def test_pue_says_how_it_was_paid(self):
        customer = self._create_customer(
            name="A plazos", vat="XIA190128J61", cfdi_payment_method="PPD", cfdi_payment_form="99"
        )
        invoice = self._create_customer_invoice(customer)
        self.assertEqual((invoice.cfdi_payment_method, invoice.cfdi_payment_form), ("PPD", "99"))
        self.company.cfdi_ppd_rule = "month"
        invoice = self._create_customer_invoice(customer)
        self.assertEqual((invoice.cfdi_payment_method, invoice.cfdi_payment_form), ("PUE", False))
        invoice.cfdi_payment_form = "99"
        self.assertIn("cannot be 99", self._problems(invoice)[0])

    def test_customer_then_sale_then_invoice(self):
        order = self._create_order(confirm=False)
        self.assertEqual((order.cfdi_use, order.cfdi_payment_form, order.cfdi_payment_method), ("G03", "03", False))
        order.write({"cfdi_use": "G01", "cfdi_payment_form": "28", "cfdi_payment_method": "PPD"})
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.invoice_date = self.today
        invoice.action_post()
        self.assertEqual(
            (invoice.cfdi_use, invoice.cfdi_payment_form, invoice.cfdi_payment_method), ("G01", "28", "PPD")
        )
        order = self._create_order()
        self.company.cfdi_ppd_rule = "due"
        order.payment_term_id = self.env.ref("account.account_payment_term_30days")
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.cfdi_payment_method, "PPD", "what the sale leaves open, the due date decides")

    def test_vendor_bills_have_no_terms(self):
        bill = self._create_customer_invoice(move_type="in_invoice", post=False)
        self.assertEqual((bill.cfdi_use, bill.cfdi_payment_method, bill.cfdi_relation_type), (False, False, False))
        self.assertFalse(bill._cfdi_type())
