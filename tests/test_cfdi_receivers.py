from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .cfdi_moves import CFDI, MovesCommon


@tagged("post_install", "-at_install")
class TestCfdiReceivers(MovesCommon):
    def _receptor(self, move):
        return dict(self._xml(move).find("cfdi:Receptor", CFDI).attrib)

    def test_a_contact_is_invoiced_as_its_company(self):
        address = self.env["res.partner"].create(
            {"name": "Bodega", "type": "delivery", "parent_id": self.customer.id, "zip": "06000"}
        )
        invoice = self._move((1, 10, 0, self.iva_16), customer=address)
        self.assertEqual(self._receptor(invoice)["Rfc"], "URE180429TM6")
        self.assertEqual(self._receptor(invoice)["DomicilioFiscalReceptor"], "86991")
        self.assertEqual(invoice.cfdi_use, "G03")

    def test_a_foreign_resident(self):
        customer = self._create_customer(
            name="Acme Inc.",
            country_id=self.env.ref("base.us").id,
            vat="12-3456789",
            cfdi_tax_regime=False,
            cfdi_use=False,
        )
        invoice = self._move((1, 10, 0, self.iva_0), customer=customer, cfdi_export="04")
        self.assertEqual(
            self._receptor(invoice),
            {
                "Rfc": "XEXX010101000",
                "Nombre": "ACME INC.",
                "DomicilioFiscalReceptor": "42501",
                "RegimenFiscalReceptor": "616",
                "UsoCFDI": "S01",
            },
        )
        self.assertEqual(self._xml(invoice).get("Exportacion"), "04")

    def test_general_public_with_a_name(self):
        customer = self._create_customer(name="Juan Pérez", vat="XAXX010101000", cfdi_tax_regime=False, cfdi_use=False)
        receptor = self._receptor(self._move((1, 10, 0, self.iva_16), customer=customer))
        self.assertEqual(
            (receptor["Nombre"], receptor["RegimenFiscalReceptor"], receptor["UsoCFDI"]), ("JUAN PÉREZ", "616", "S01")
        )

    def test_general_public_without_a_name_is_global(self):
        customer = self._create_customer(name="Público en General", vat="XAXX010101000")
        invoice = self._move((1, 10, 0, self.iva_16), customer=customer)
        (problem,) = self._problems(invoice)
        self.assertIn("Periodicity", problem)
        named = self._move(
            (1, 10, 0, self.iva_16), cfdi_global_periodicity="04", cfdi_global_months="01", cfdi_global_year=2026
        )
        self.assertIn("URE180429TM6", self._problems(named)[0])
        invoice.cfdi_global_periodicity = "04"
        self.assertEqual(len(self._problems(invoice)), 2)

    def test_dates_and_months(self):
        invoice = self._create_customer_invoice(post=False)
        for periodicity, months, right in (
            ("04", "11", True),
            ("05", "18", True),
            ("05", "11", False),
            ("01", "13", False),
        ):
            with self.subTest(periodicity, months=months):
                values = {"cfdi_global_periodicity": periodicity, "cfdi_global_months": months}
                if right:
                    invoice.write(values)
                else:
                    with self.assertRaisesRegex(ValidationError, months):
                        invoice.write(values)
        period = self.env["account.move"]._global_period
        self.assertEqual(period("05", self.today.replace(month=11, day=2))["cfdi_global_months"], "18")
        self.assertEqual(period("04", self.today.replace(month=3, day=2))["cfdi_global_months"], "03")


@tagged("post_install", "-at_install")
class TestCfdiGlobal(MovesCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.public = cls._create_customer(name="Público en General", vat="XAXX010101000")

    def _sales(self):
        orders = self.env["sale.order"]
        for customer, lines in (
            (self.public, [(1, 100, 0, self.iva_16), (2, 33.33, 10, self.iva_16), (1, 20, 0, self.iva_0)]),
            (self._create_customer(name="Juan", vat="XAXX010101000"), [(3, 9.99, 0, self.ieps_8 + self.iva_16)]),
            (self.public, [(1, 50, 0, self.exempt)]),
        ):
            orders += self.env["sale.order"].create(
                {
                    "partner_id": customer.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_uom_qty": quantity,
                                "price_unit": price,
                                "discount": discount,
                                "tax_ids": [Command.set(taxes.ids)],
                            }
                        )
                        for quantity, price, discount, taxes in lines
                    ],
                }
            )
        orders.action_confirm()
        return orders

    def test_one_concepto_a_sale(self):
        orders = self._sales()
        result = orders.cfdi_make_global("01")
        invoice = self.env["account.move"].browse(result["move_id"])
        self.assertEqual(invoice.state, "draft")
        self.assertEqual(invoice.commercial_partner_id, self.public)
        invoice.invoice_date = self.today
        invoice.action_post()
        root = self._xml(invoice)
        self.assertEqual(
            dict(root.find("cfdi:InformacionGlobal", CFDI).attrib),
            {"Periodicidad": "01", "Meses": f"{self.today.month:02d}", "Año": str(self.today.year)},
        )
        self.assertEqual(root.find("cfdi:Receptor", CFDI).get("Nombre"), "PUBLICO EN GENERAL")
        self.assertEqual(
            [
                tuple(node.get(name) for name in ("NoIdentificacion", "ClaveProdServ", "ClaveUnidad", "Descripcion"))
                for node in self._conceptos(root)
            ],
            [(order.name, "01010101", "ACT", "Venta") for order in orders],
        )
        self.assertEqual(self._figures(root)[0], ("1", "186.66", "186.66", "6.67", "02"))
        self.assertEqual(len(self._conceptos(root)[0].findall(".//cfdi:Traslado", CFDI)), 2)
        self.assertEqual((root.get("MetodoPago"), invoice.amount_total), ("PUE", sum(orders.mapped("amount_total"))))
        self.assertEqual(set(orders.mapped("invoice_status")), {"invoiced"})

    def test_the_wizard(self):
        orders = self._sales()
        wizard = (
            self.env["customer.global.invoice"]
            .with_context(active_model="sale.order", active_ids=orders.ids)
            .create({"periodicity": "04"})
        )
        self.assertEqual((wizard.order_ids, wizard.year), (orders, self.today.year))
        wizard.months = "01"
        invoice = self.env["account.move"].browse(wizard.action_make()["res_id"])
        self.assertEqual((invoice.cfdi_global_periodicity, invoice.cfdi_global_months), ("04", "01"))
        self.assertEqual(invoice.invoice_line_ids.sale_line_ids.order_id, orders)

    def test_what_is_no_sale_to_the_general_public(self):
        orders = self._sales()
        named = self._create_order()
        for wrong in (orders + named, self._create_order(self.public, confirm=False), self.env["sale.order"]):
            with self.subTest(wrong.mapped("name")), self.assertRaises(UserError):
                wrong.cfdi_make_global("01")


@tagged("post_install", "-at_install")
class TestCfdiCurrencies(MovesCommon):
    def _currency(self, name, rate):
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        currency.sudo().active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": self.today,
                "inverse_company_rate": rate,
            }
        )
        return currency

    def test_with_decimals_of_its_own(self):
        for name, rate, total in (("USD", 17.512345, "129.36"), ("JPY", 0.1234, "130"), ("KWD", 57.1, "129.367")):
            with self.subTest(name):
                currency = self._currency(name, rate)
                invoice = self._move((3, 33.335, 0, self.iva_16), (1, 13.55, 15, self.iva_16), currency_id=currency.id)
                root = self._xml(invoice)
                self.assertEqual((root.get("Moneda"), float(root.get("TipoCambio"))), (name, rate))
                self.assertEqual(root.get("Total"), total)

    def test_local_taxes_have_two_decimals(self):
        currency = self._currency("KWD", 57.1)
        line = (1, 27.95, 0, self.iva_16 + self.local_added)
        (problem,) = self._problems(self._move(line, currency_id=currency.id))
        self.assertIn("0.839", problem)
        self._xml(self._move((1, 100, 0, self.iva_16 + self.local_added), currency_id=currency.id))

    def test_the_rate_of_the_invoice(self):
        currency = self._currency("USD", 17.5)
        invoice = self._move((1, 100, 0, self.iva_16), currency_id=currency.id, post=False)
        invoice.invoice_currency_rate = 1 / 18.25
        invoice.action_post()
        self.assertEqual(self._xml(invoice).get("TipoCambio"), "18.25")

    def test_a_currency_that_the_sat_does_not_have(self):
        currency = self.env["res.currency"].sudo().create({"name": "ZZZ", "symbol": "Z"})
        invoice = self._move((1, 100, 0, self.iva_16), currency_id=currency.id)
        self.assertIn("ZZZ", self._problems(invoice)[0])

    def test_a_series_that_is_too_long(self):
        invoice = self._create_customer_invoice(post=False)
        invoice.name = "FACTURAS-DE-LA-SUCURSAL-NORTE/00001"
        invoice.action_post()
        (problem,) = self._problems(invoice)
        self.assertIn("FACTURAS-DE-LA-SUCURSAL-NORTE", problem)

    def test_a_company_whose_currency_is_not_the_peso(self):
        """TipoCambio is always pesos for one unit of the invoice's currency, whatever the books are in."""
        dollar, euro = self._currency("USD", 17.5), self._currency("EUR", 20.3)
        invoice = self._move((1, 100, 0, self.iva_16), currency_id=euro.id)
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET currency_id = %s WHERE id = %s", (dollar.id, self.company.id))
        self.env.cr.execute("UPDATE res_currency_rate SET rate = 1 WHERE currency_id = %s", (dollar.id,))
        self.env.cr.execute("UPDATE res_currency_rate SET rate = 0.8 WHERE currency_id = %s", (euro.id,))
        pesos = self.env.ref("base.MXN")
        self.env["res.currency.rate"].search([("currency_id", "=", pesos.id)]).unlink()
        self.env.cr.execute(
            "INSERT INTO res_currency_rate (currency_id, company_id, name, rate) VALUES (%s, %s, %s, 17.5)",
            (pesos.id, self.company.id, self.today),
        )
        self.env.invalidate_all()
        problems = []
        self.assertEqual(float(invoice._cfdi_exchange_rate(problems)), 21.875)
        self.assertFalse(problems)

    def test_an_old_date_is_told(self):
        invoice = self._create_customer_invoice(invoice_date=self.today - timedelta(days=9))
        self.assertIn("72 hours", self._problems(invoice)[0])
