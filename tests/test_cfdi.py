import base64
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..cfdi import parse_timbre, parse_xml, validate, verify_seal
from ..cfdi.pac import finkok
from .pac import PacCommon

CFDI = {"cfdi": "http://www.sat.gob.mx/cfd/4"}


@tagged("post_install", "-at_install")
class TestCfdi(PacCommon):
    def _xml(self, cfdi):
        return base64.b64decode(cfdi.with_context(bin_size=False).xml)

    def _comprobante(self, invoice):
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        return parse_xml(self._xml(invoice.cfdi_ids[:1]))

    def _invoice(self, *lines, **values):
        """An invoice of (quantity, price, discount, taxes) lines."""
        return self._create_customer_invoice(
            invoice_line_ids=[
                Command.create(
                    {
                        "product_id": self.product.id,
                        "quantity": quantity,
                        "price_unit": price,
                        "discount": discount,
                        "tax_ids": [Command.set(taxes.ids)],
                    }
                )
                for quantity, price, discount, taxes in lines
            ],
            **values,
        )

    def _tax(self, name):
        return self.env["account.chart.template"].with_company(self.company).ref(name)

    def test_stamp(self):
        invoice = self._create_customer_invoice()
        (result,) = invoice.cfdi_stamp()
        cfdi = invoice.cfdi_ids
        self.assertEqual(
            result,
            {
                "move_id": invoice.id,
                "name": invoice.name,
                "cfdi_id": cfdi.id,
                "state": "stamped",
                "uuid": cfdi.uuid,
                "message": cfdi.uuid,
            },
        )
        self.assertEqual((invoice.cfdi_state, invoice.cfdi_uuid), ("stamped", cfdi.uuid))
        xml = self._xml(cfdi)
        self.assertEqual(validate(xml), [])
        self.assertTrue(verify_seal(xml))
        self.assertEqual(parse_timbre(xml).UUID, cfdi.uuid)
        root = parse_xml(xml)
        expected = {
            "Version": "4.0",
            "Serie": invoice.sequence_prefix.strip("/"),
            "Folio": str(invoice.sequence_number),
            "FormaPago": "03",
            "MetodoPago": "PUE",
            "SubTotal": "1000.00",
            "Moneda": "MXN",
            "Total": "1160.00",
            "TipoDeComprobante": "I",
            "Exportacion": "01",
            "LugarExpedicion": "42501",
        }
        self.assertEqual({name: root.get(name) for name in expected}, expected)
        self.assertEqual(
            dict(root.find("cfdi:Receptor", CFDI).attrib),
            {
                "Rfc": "URE180429TM6",
                "Nombre": "UNIVERSIDAD ROBOTICA ESPAÑOLA",
                "DomicilioFiscalReceptor": "86991",
                "RegimenFiscalReceptor": "601",
                "UsoCFDI": "G03",
            },
        )

    def test_stamping_twice_is_stamping_once(self):
        invoice = self._create_customer_invoice()
        before = self.stamps()
        first, second = invoice.cfdi_stamp(), invoice.cfdi_stamp()
        self.assertEqual(first, second)
        self.assertEqual(self.stamps(), before + 1)
        self.assertEqual(len(invoice.cfdi_ids), 1)

    def test_in_doubt_is_recovered_with_the_same_uuid(self):
        for fault in ("cut_after", "http_500_after", "garbage", "empty", "wrong_uuid", "wrong_seal"):
            with self.subTest(fault):
                invoice = self._create_customer_invoice()
                before = self.stamps()
                self.control(fault=fault, operation="stamp")
                (result,) = invoice.cfdi_stamp()
                self.assertEqual((result["state"], result["uuid"]), ("sent", False))
                self.assertTrue(result["message"])
                sealed = invoice.cfdi_ids.sealed_xml
                (result,) = invoice.cfdi_stamp()
                self.assertEqual(result["state"], "stamped", result["message"])
                self.assertEqual(self.stamps(), before + 1)
                self.assertEqual(invoice.cfdi_ids.sealed_xml, sealed)

    def test_in_doubt_and_never_arrived(self):
        invoice = self._create_customer_invoice()
        self.control(fault="cut_before", operation="stamp")
        self.assertEqual(invoice.cfdi_stamp()[0]["state"], "sent")
        # The PAC is asked several times before it is believed that there is no timbre; here without the pauses.
        with patch.object(finkok, "PAUSES", ()):
            self.assertEqual(invoice.cfdi_stamp()[0]["state"], "stamped")

    def test_a_pac_that_is_down(self):
        self.pac.url = "http://127.0.0.1:9"
        invoice = self._create_customer_invoice()
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "sealed")
        self.pac.url = self.pac_url
        self.assertEqual(invoice.cfdi_stamp()[0]["state"], "stamped")

    def test_sealed_and_changed(self):
        self.pac.url = "http://127.0.0.1:9"
        invoice = self._create_customer_invoice()
        self.assertEqual(invoice.cfdi_stamp()[0]["state"], "sealed")
        invoice.button_draft()
        self.assertEqual(invoice.cfdi_state, "discarded")
        invoice.invoice_line_ids.price_unit = 2000.0
        invoice.action_post()
        self.pac.url = self.pac_url
        self.assertEqual(self._comprobante(invoice).get("Total"), "2320.00")

    def test_wrong_password(self):
        self.pac.password = "otra"
        (result,) = self._create_customer_invoice().cfdi_stamp()
        self.assertEqual(result["state"], "sealed")
        self.assertNotIn("otra", result["message"])

    def test_rejected_then_corrected(self):
        invoice = self._create_customer_invoice()
        # The PAC's clock is four days ahead: it finds the document too old.
        self.control(clock_offset=4 * 24 * 3600)
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "rejected")
        self.assertEqual(invoice.cfdi_ids.error_code, "401")
        self.control(reset=True)
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        self.assertEqual(len(invoice.cfdi_ids), 2)
        self.assertEqual(len(set(invoice.cfdi_ids.mapped("folio"))), 1, "the folio is not lost")
        self.assertEqual(invoice.cfdi_state, "stamped")

    def test_everything_that_is_missing_at_once(self):
        customer = self._create_customer(name="Sin datos", cfdi_tax_regime=False, cfdi_zip=False, cfdi_use=False)
        self.product.cfdi_product_code = False
        invoice = self._create_customer_invoice(customer)
        before = self.stamps()
        (result,) = invoice.cfdi_stamp()
        self.assertEqual((result["state"], result["cfdi_id"]), ("invalid", False))
        for text in ("Silla de oficina", "Sin datos", "Tax ID", "Tax Regime", "RFC Postal Code", "CFDI Use"):
            with self.subTest(text):
                self.assertIn(text, result["message"])
        self.assertEqual(self.stamps(), before)

    def test_one_that_fails_does_not_stop_the_others(self):
        wrong = self._create_customer_invoice(self._create_customer(name="Sin RFC"))
        right = self._create_customer_invoice()
        states = [result["state"] for result in (wrong + right).cfdi_stamp()]
        self.assertEqual(states, ["invalid", "stamped"])

    def test_only_posted_customer_invoices(self):
        draft = self._create_customer_invoice(post=False)
        with self.assertRaisesRegex(UserError, "Only posted invoices"):
            draft.cfdi_stamp()

    def test_an_invoice_without_a_date_is_of_the_issuers_today(self):
        self.env.user.tz = False
        with freeze_time("2026-03-11 02:00:00"):  # 20:00 of the 10th where it is issued
            invoice = self._create_customer_invoice(invoice_date=False, invoice_date_due=False)
        self.assertEqual(str(invoice.invoice_date), "2026-03-10")

    def test_old_and_future_dates(self):
        self.assertEqual(self._create_customer_invoice(days_ago=2).cfdi_stamp()[0]["state"], "stamped")
        for days in (10, -2):
            with self.subTest(days):
                (result,) = self._create_customer_invoice(days_ago=days).cfdi_stamp()
                self.assertEqual(result["state"], "invalid")
                self.assertIn(str(self.today - timedelta(days=days)), result["message"])

    def test_taxes(self):
        iva_8, iva_0, exempt = self._tax("tax17"), self._tax("tax9"), self._tax("tax19")
        ieps, isr = self._tax("ieps_8_sale"), self._tax("mx_wh_1_25_sale")
        invoice = self._invoice(
            (1, 1000, 0, self.iva_16),
            (2, 50, 0, iva_8),
            (1, 10, 0, iva_0),
            (1, 20, 0, exempt),
            (1, 100, 0, ieps + self.iva_16),
            (1, 200, 0, self.iva_16 + isr),
        )
        root = self._comprobante(invoice)
        self.assertEqual(root.get("Total"), f"{invoice.amount_total:.2f}")
        taxes = root.find("cfdi:Impuestos", CFDI)
        found = {
            (node.get("Impuesto"), node.get("TipoFactor"), node.get("TasaOCuota")): (
                node.get("Base"),
                node.get("Importe"),
            )
            for node in taxes.iterfind("cfdi:Traslados/cfdi:Traslado", CFDI)
        }
        self.assertEqual(
            found,
            {
                # 1,000 + (100 + 8 of IEPS) + 200
                ("002", "Tasa", "0.160000"): ("1308.00", "209.28"),
                ("002", "Tasa", "0.080000"): ("100.00", "8.00"),
                ("002", "Tasa", "0.000000"): ("10.00", "0.00"),
                ("002", "Exento", None): ("20.00", None),
                ("003", "Tasa", "0.080000"): ("100.00", "8.00"),
            },
        )
        withheld = [dict(node.attrib) for node in taxes.iterfind("cfdi:Retenciones/cfdi:Retencion", CFDI)]
        self.assertEqual(withheld, [{"Impuesto": "001", "Importe": "2.50"}])

    def test_discounts_and_cents(self):
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                invoice = self._invoice(
                    (3, 33.33, 0, self.iva_16),
                    (7, 14.29, 12.5, self.iva_16),
                    (1, 0.07, 0, self.iva_16),
                    (12.345, 9.87, 33.33, self.iva_16),
                )
                root = self._comprobante(invoice)
                self.assertEqual(root.get("Total"), f"{invoice.amount_total:.2f}")
                self.assertEqual(
                    f"{float(root.get('SubTotal')) - float(root.get('Descuento')):.2f}", f"{invoice.amount_untaxed:.2f}"
                )

    def test_dollars_with_their_rate(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": dollar.id, "company_id": self.company.id, "name": self.today, "inverse_company_rate": 17.5}
        )
        root = self._comprobante(self._invoice((1, 100, 0, self.iva_16), currency_id=dollar.id))
        self.assertEqual(
            (root.get("Moneda"), float(root.get("TipoCambio")), root.get("Total")), ("USD", 17.5, "116.00")
        )

    def test_ppd_says_99(self):
        invoice = self._create_customer_invoice(cfdi_payment_method="PPD")
        self.assertEqual(self._comprobante(invoice).get("FormaPago"), "99")

    def test_no_certificate(self):
        self.certificate.scope = "general"
        (result,) = self._create_customer_invoice().cfdi_stamp()
        self.assertEqual(result["state"], "invalid")
        self.assertIn("CSD", result["message"])

    def test_certificate_of_another_issuer(self):
        self.company.partner_id.vat = "XIA190128J61"
        (result,) = self._create_customer_invoice().cfdi_stamp()
        self.assertEqual(result["state"], "invalid")
        self.assertIn("EKU9003173C9", result["message"])

    def test_a_cfdi_is_never_deleted(self):
        invoice = self._create_customer_invoice()
        invoice.cfdi_stamp()
        with self.assertRaises(UserError):
            invoice.cfdi_ids.unlink()

    def test_a_stamped_invoice_cannot_go_back_to_draft(self):
        invoice = self._create_customer_invoice()
        invoice.cfdi_stamp()
        for method in ("button_draft", "button_cancel"):
            with self.subTest(method), self.assertRaisesRegex(UserError, invoice.cfdi_uuid):
                getattr(invoice, method)()

    def test_what_is_sealed_stays_on_the_invoice(self):
        invoice = self._create_customer_invoice()
        invoice.cfdi_use = "G01"
        invoice.cfdi_stamp()
        with self.assertRaisesRegex(UserError, "is sealed and cannot change"):
            invoice.cfdi_use = "G03"
