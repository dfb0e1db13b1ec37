from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import CustomerCommon

# what the SAT expects of its generic RFCs
GENERIC = {"cfdi_tax_regime": "616", "cfdi_use": "S01"}


@tagged("post_install", "-at_install")
class TestTaxData(CustomerCommon):
    def test_rfc_is_written_one_way(self):
        self.customer.vat = " xia-190128 j61 "
        self.assertEqual(self.customer.vat, "XIA190128J61")

    def test_wrong_rfc(self):
        cases = {
            "EKU9003173C8": "check digit",
            "EKU9013173C9": "month 13",
            "EKU90031": "too short",
        }
        for number, reason in cases.items():
            with self.subTest(reason), self.assertRaises(ValidationError) as caught:
                self._create_customer(name="Cliente", vat=number)
            self.assertIn(number, str(caught.exception))

    def test_generic_and_foreign_tax_ids(self):
        self._create_customer(name="Público en general", vat="XAXX010101000", **GENERIC)
        for country in ("us", "gt", "es", "ca"):
            with self.subTest(country):
                self._create_customer(
                    name="Acme", vat="XEXX010101000", country_id=self.env.ref(f"base.{country}").id, **GENERIC
                )
        foreign = self._create_customer(
            name="Other Inc", vat="12-3456789", country_id=self.env.ref("base.us").id, **GENERIC
        )
        self.assertEqual(foreign.vat, "12-3456789")

    def test_cp(self):
        self.customer.cfdi_zip = " 06000 "
        self.assertEqual(self.customer.cfdi_zip, "06000")
        for value in ("6000", "060000", "0600A", "٠٦٠٠٠"):
            with self.subTest(value), self.assertRaises(ValidationError) as caught:
                self.customer.cfdi_zip = value
            self.assertIn(value, str(caught.exception))

    def test_contacts_share_the_tax_data(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self.customer.write({"cfdi_use": "G01", "credit_days": 45})
        self.assertEqual((contact.cfdi_use, contact.cfdi_tax_regime, contact.credit_days), ("G01", "601", 45))

    def test_negative_credit(self):
        for name in ("credit_limit", "credit_days"):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.customer[name] = -1

    def test_product_code(self):
        for value in ("5611210", "561121023", "ABCDEFGH"):
            with self.subTest(value), self.assertRaises(ValidationError) as caught:
                self.product.product_tmpl_id.cfdi_product_code = value
            self.assertIn(value, str(caught.exception))
