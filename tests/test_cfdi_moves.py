from odoo import Command
from odoo.tests import tagged

from .cfdi_moves import CFDI, MovesCommon


@tagged("post_install", "-at_install")
class TestCfdiLines(MovesCommon):
    """Lines and taxes of an invoice, as its CFDI says them."""

    def test_price_and_quantity_are_those_of_the_line(self):
        root = self._xml(self._move((12.345, 9.87, 0, self.iva_16), (3, 33.333333, 10, self.iva_16)))
        self.assertEqual(
            self._figures(root),
            [("12.35", "9.87", "121.89", None, "02"), ("3", "33.333333", "100.00", "10.00", "02")],
        )

    def test_price_with_taxes_in_it(self):
        included = self.iva_16.copy({"name": "IVA incluido", "price_include_override": "tax_included"})
        invoice = self._move((3, 100, 0, included), (1, 99.99, 15, included))
        self.assertEqual(invoice.amount_total, 384.99)
        root = self._xml(invoice)
        self.assertEqual(self._conceptos(root)[0].get("ValorUnitario"), "86.206897")
        self.assertEqual(float(self._untaxed(root)), invoice.amount_untaxed)

    def test_every_kind_of_tax(self):
        invoice = self._move(
            (1, 1000, 0, self.iva_16),
            (2, 50, 0, self.iva_8),
            (1, 10, 0, self.iva_0),
            (1, 20, 0, self.exempt),
            (1, 100, 0, self.ieps_8 + self.iva_16),
            (1, 200, 0, self.iva_16 + self.isr + self.iva_withheld),
            (12, 15, 0, self.quota + self.iva_16),
            (1, 70, 0, self.env["account.tax"]),
        )
        root = self._xml(invoice)
        added, withheld = self._header_taxes(root)
        self.assertEqual(
            added,
            {
                # 1,000 + 108 + 200 + 180 + 12 quotas
                ("002", "Tasa", "0.160000"): ("1507.74", "241.24"),
                ("002", "Tasa", "0.080000"): ("100.00", "8.00"),
                ("002", "Tasa", "0.000000"): ("10.00", "0.00"),
                ("002", "Exento", None): ("20.00", None),
                ("003", "Tasa", "0.080000"): ("100.00", "8.00"),
                ("003", "Cuota", "1.645100"): ("12.00", "19.74"),
            },
        )
        self.assertEqual(withheld, {"001": "2.50", "002": "21.33"})
        self.assertEqual([figures[4] for figures in self._figures(root)], ["02"] * 7 + ["01"])

    def test_local_taxes(self):
        root = self._xml(
            self._move((2, 1000, 0, self.iva_16 + self.local_added), (1, 500, 0, self.iva_16 + self.local_withheld))
        )
        local = root.find("cfdi:Complemento/implocal:ImpuestosLocales", CFDI)
        self.assertEqual((local.get("TotaldeTraslados"), local.get("TotaldeRetenciones")), ("60.00", "2.50"))
        self.assertEqual(
            [dict(node.attrib) for node in local],
            [
                {"ImpLocRetenido": "5 al millar", "TasadeRetencion": "0.50", "Importe": "2.50"},
                {"ImpLocTrasladado": "ISH 3%", "TasadeTraslado": "3.00", "Importe": "60.00"},
            ],
        )

    def test_given_away(self):
        invoice = self._move((1, 100, 0, self.iva_16), (2, 50, 100, self.iva_16))
        root = self._xml(invoice)
        self.assertEqual(self._figures(root)[1], ("2", "50.00", "100.00", "100.00", "04"))
        self.assertIsNone(self._conceptos(root)[1].find("cfdi:Impuestos", CFDI))
        self.assertEqual(root.get("Total"), "116.00")

    def test_everything_given_away(self):
        root = self._xml(self._move((2, 50, 100, self.iva_16)))
        self.assertEqual((root.get("SubTotal"), root.get("Descuento"), root.get("Total")), ("100.00", "100.00", "0.00"))

    def test_a_line_without_price_is_not_in_the_cfdi(self):
        root = self._xml(self._move((1, 100, 0, self.iva_16), (1, 0, 0, self.iva_16), (0, 50, 0, self.iva_16)))
        self.assertEqual(len(self._conceptos(root)), 1)
        (problem,) = self._problems(self._move((1, 0, 0, self.iva_16)))
        self.assertIn("discount of 100 %", problem)

    def test_sections_and_notes(self):
        invoice = self._create_customer_invoice(
            invoice_line_ids=[
                Command.create({"display_type": "line_section", "name": "Sección"}),
                Command.create({"product_id": self.product.id, "price_unit": 10.0}),
                Command.create({"display_type": "line_note", "name": "Nota"}),
            ]
        )
        self.assertEqual(len(self._conceptos(self._xml(invoice))), 1)

    def test_lines_without_product(self):
        line = {
            "product_id": False,
            "name": "Maniobras | de carga\nurgentes",
            "price_unit": 100.0,
            "tax_ids": self.iva_16,
        }
        invoice = self._move(line)
        problems = self._problems(invoice)
        self.assertEqual(len(problems), 2)
        for problem, field in zip(problems, ("SAT Product Code", "SAT Unit Code"), strict=True):
            self.assertIn("Maniobras de carga urgentes” has no", problem)
            self.assertIn(field, problem)
        self.company.write({"cfdi_line_product_code": "78101800", "cfdi_line_unit_code": "E48"})
        concepto = self._conceptos(self._xml(invoice))[0]
        names = ("ClaveProdServ", "ClaveUnidad", "Unidad", "Descripcion", "NoIdentificacion")
        self.assertEqual(
            tuple(concepto.get(name) for name in names),
            ("78101800", "E48", None, "Maniobras de carga urgentes", None),
        )
        invoice.invoice_line_ids.write({"cfdi_product_code": "43211503", "cfdi_unit_code": "ACT"})
        concepto = self._conceptos(self._xml(invoice))[0]
        self.assertEqual((concepto.get("ClaveProdServ"), concepto.get("ClaveUnidad")), ("43211503", "ACT"))

    def test_codes_that_the_sat_does_not_have(self):
        self.product.cfdi_product_code = "99999999"
        self.product.uom_id.cfdi_unit_code = "QQQ"
        problems = self._problems(self._move((1, 10, 0, self.iva_16)))
        for code, problem in zip(("99999999", "QQQ"), problems, strict=True):
            self.assertIn(code, problem)

    def test_tax_object(self):
        cases = [
            ("03", self.iva_0, True),
            ("03", self.iva_16, False),
            ("01", self.env["account.tax"], True),
            ("04", self.exempt, True),
            ("05", self.iva_16, False),
            ("06", self.isr, True),
            ("06", self.iva_16, False),
            ("07", self.ieps_8, True),
            ("07", self.ieps_8 + self.iva_16, False),
            ("07", self.iva_0, False),
            ("08", self.env["account.tax"], True),
            ("02", self.env["account.tax"], False),
            ("02", self.iva_16, True),
        ]
        for code, taxes, allowed in cases:
            with self.subTest(code, taxes=taxes.mapped("name")):
                self.product.cfdi_tax_object = code
                invoice = self._move((1, 10, 0, taxes))
                if allowed:
                    self.assertEqual(self._figures(self._xml(invoice))[0][4], code)
                else:
                    (problem,) = self._problems(invoice)
                    self.assertIn(f"“Tax Object (SAT)” {code}", problem)
        self.product.cfdi_tax_object = "02"
        invoice = self._move({"price_unit": 10.0, "tax_ids": self.env["account.tax"], "cfdi_tax_object": "01"})
        self.assertEqual(self._figures(self._xml(invoice))[0][4], "01")

    def test_taxes_that_cannot_be_written(self):
        cases = [
            ({"kind": False}, "SAT Tax Type"),
            ({"kind": "iva", "factor": "Cuota"}, "Cuota"),
            ({"kind": "iva", "factor": "Exento"}, "Exento"),
            ({"kind": "iva", "amount_type": "fixed"}, "Tasa"),
            ({"kind": "local", "amount": 2.345}, "two decimals"),
        ]
        for values, text in cases:
            with self.subTest(values):
                tax = self._create_tax(f"Impuesto raro {text}", **{"amount": 5.0, **values})
                (problem,) = self._problems(self._move((1, 100, 0, tax), (2, 50, 0, tax)))
                self.assertIn("Impuesto raro", problem)
                self.assertIn(text, problem)

    def test_a_tax_changed_by_hand(self):
        for change, expressible in ((0.01, True), (-0.01, True), (0.5, False)):
            with self.subTest(change):
                invoice = self._move((1, 100, 0, self.iva_16), post=False)
                tax_line = invoice.line_ids.filtered("tax_line_id")
                due = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
                invoice.write(
                    {
                        "line_ids": [
                            Command.update(tax_line.id, {"amount_currency": tax_line.amount_currency - change}),
                            Command.update(due.id, {"amount_currency": due.amount_currency + change}),
                        ]
                    }
                )
                invoice.action_post()
                self.assertAlmostEqual(invoice.amount_total, 116 + change)
                if expressible:
                    self._xml(invoice)
                else:
                    (problem,) = self._problems(invoice)
                    self.assertIn("16.50", problem)

    def test_both_ways_of_rounding(self):
        lines = [(3, 33.33, 0), (7, 14.29, 12.5), (1, 0.07, 0), (12.345, 9.87, 33.33), (1, 0.004, 0), (1, 0.004, 0)]
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                invoice = self._move(*((*line, self.iva_16) for line in lines))
                self.assertEqual(float(self._untaxed(self._xml(invoice))), invoice.amount_untaxed)

    def test_everything_that_is_wrong_at_once(self):
        self.product.cfdi_product_code = False
        strange = self._create_tax("Impuesto raro", 5.0, False)
        customer = self._create_customer(name="Sin datos", cfdi_tax_regime=False, cfdi_zip=False, cfdi_use=False)
        note = self._move((1, 100, 0, strange), customer=customer, move_type="out_refund", cfdi_payment_form=False)
        problems = "\n".join(self._problems(note))
        for text in ("Impuesto raro", "SAT Product Code", "Tax ID", "Tax Regime", "RFC Postal Code", "credit note"):
            with self.subTest(text):
                self.assertIn(text, problems)


@tagged("post_install", "-at_install")
class TestCfdiNegativeLines(MovesCommon):
    """What is negative in an invoice is a discount in its CFDI."""

    def test_a_discount_line_by_tax(self):
        discount = self.env["product.product"].create({"name": "Descuento", "type": "service"})
        invoice = self._move(
            (1, 600, 0, self.iva_16),
            (1, 300, 0, self.iva_16),
            (1, 100, 0, self.iva_0),
            {"product_id": discount.id, "price_unit": -90.0, "tax_ids": self.iva_16},
            {"product_id": discount.id, "price_unit": -10.0, "tax_ids": self.iva_0},
        )
        root = self._xml(invoice)
        self.assertEqual(
            [figures[2:4] for figures in self._figures(root)],
            [("600.00", "60.00"), ("300.00", "30.00"), ("100.00", "10.00")],
        )
        self.assertEqual(self._header_taxes(root)[0][("002", "Tasa", "0.160000")], ("810.00", "129.60"))

    def test_a_discount_beside_the_lines_own(self):
        root = self._xml(
            self._move((1, 100, 50, self.iva_16), (1, 50, 0, self.iva_16), (-1, 20, 0, self.iva_16)),
        )
        self.assertEqual(
            [figures[1:4] for figures in self._figures(root)],
            [("100.00", "100.00", "60.00"), ("50.00", "50.00", "10.00")],
        )

    def test_a_discount_of_what_has_a_quota(self):
        # Odoo's own discounts have no fixed taxes: a quota is not a share of the price.
        root = self._xml(self._move((10, 20, 0, self.quota + self.iva_16), (-1, 50, 0, self.iva_16)))
        added, _withheld = self._header_taxes(root)
        self.assertEqual(added[("003", "Cuota", "1.645100")], ("10.00", "16.45"))
        self.assertEqual(added[("002", "Tasa", "0.160000")], ("166.45", "26.63"))

    def test_a_returned_piece_lowers_the_quantity(self):
        root = self._xml(self._move((5, 100, 10, self.iva_16), (-2, 100, 10, self.iva_16), (1, 7, 0, self.iva_16)))
        self.assertEqual(
            self._figures(root),
            [("3", "100.00", "300.00", "30.00", "02"), ("1", "7.00", "7.00", None, "02")],
        )

    def test_all_pieces_returned(self):
        root = self._xml(self._move((2, 100, 0, self.iva_16), (-2, 100, 0, self.iva_16), (1, 7, 0, self.iva_16)))
        self.assertEqual(self._figures(root), [("1", "7.00", "7.00", None, "02")])

    def test_more_returned_than_sold_of_it(self):
        invoice = self._move((1, 100, 0, self.iva_16), (-2, 100, 0, self.iva_16), (1, 500, 0, self.iva_16))
        self.assertEqual(self._xml(invoice).get("Total"), "464.00")

    def test_what_cannot_be_spread(self):
        cases = [
            (((1, 100, 0, self.iva_16), (-1, 10, 0, self.iva_0)), "the same taxes"),
            (((1, 100, 0, self.iva_16), (1, 500, 0, self.iva_0), (-1, 200, 0, self.iva_16)), "more than its price"),
        ]
        for lines, text in cases:
            with self.subTest(text):
                (problem,) = self._problems(self._move(*lines))
                self.assertIn(text, problem)

    def test_cash_rounding(self):
        self.company.cfdi_line_product_code = "84111506"
        account = self.company_data_account()
        for strategy in ("add_invoice_line", "biggest_tax"):
            for method, price in (("UP", 100.03), ("DOWN", 100.03)):
                with self.subTest(strategy, method=method):
                    coins = self.env["account.cash.rounding"].create(
                        {
                            "name": "A pesos",
                            "rounding": 1.0,
                            "strategy": strategy,
                            "rounding_method": method,
                            "profit_account_id": account.id,
                            "loss_account_id": account.id,
                        }
                    )
                    invoice = self._move((1, price, 0, self.iva_16), invoice_cash_rounding_id=coins.id)
                    self.assertEqual(invoice.amount_total, 117.0 if method == "UP" else 116.0)
                    root = self._xml(invoice)
                    self.assertEqual(
                        self._header_taxes(root)[0][("002", "Tasa", "0.160000")],
                        ("100.03", "16.00"),
                        "no tax is made up",
                    )
                    if method == "UP":
                        self.assertEqual(self._figures(root)[1], ("1", "0.97", "0.97", None, "01"))
                    else:
                        self.assertEqual(root.get("Descuento"), "0.03")

    def company_data_account(self):
        return self.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "=", self.company.id)], limit=1
        )

    def test_early_payment_that_lowers_the_tax(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % a 10 días",
                "early_discount": True,
                "discount_percentage": 2.0,
                "discount_days": 10,
                "early_pay_discount_computation": "mixed",
            }
        )
        invoice = self._move(
            (1, 1000, 0, self.iva_16), (1, 500, 10, self.iva_8), invoice_payment_term_id=term.id, invoice_date_due=False
        )
        self.assertTrue(invoice.line_ids.filtered(lambda line: line.display_type == "epd"))
        root = self._xml(invoice)
        self.assertEqual([figures[2:4] for figures in self._figures(root)], [("1000.00", None), ("500.00", "50.00")])
        self.assertEqual(
            self._header_taxes(root)[0],
            {("002", "Tasa", "0.160000"): ("980.00", "156.80"), ("002", "Tasa", "0.080000"): ("441.00", "35.28")},
        )
