from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from ..wizards.customer_duplicate import COPIED_COMPANY_FIELDS, COPIED_FIELDS
from .common import CustomerCommon

NEW = {"name": "Sucursal Norte", "vat": "XIA190128J61", "email": "norte@example.com", "phone": "55 5555 0101"}


@tagged("post_install", "-at_install")
class TestCustomerDuplicate(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {
                "email": "original@example.com",
                "phone": "55 5555 0000",
                "ref": "C-1",
                "street": "Reforma 1",
                "category_id": [(0, 0, {"name": "Mayorista"})],
                "user_id": cls.env.user.id,
                "property_payment_term_id": cls.env.ref("account.account_payment_term_30days").id,
                "property_product_pricelist": cls.env["product.pricelist"].create({"name": "Mayoreo"}).id,
                "bank_ids": [(0, 0, {"acc_number": "002010077777777771"})],
            }
        )

    def _duplicate(self, **values):
        wizard = self.env["customer.duplicate"].create({"source_id": self.customer.id, **NEW, **values})
        return self.env["res.partner"].browse(wizard.action_duplicate()["res_id"])

    def test_what_is_copied(self):
        self._create_customer_invoice()
        before = self.customer.read()[0]
        copy = self._duplicate()
        for name in COPIED_FIELDS + COPIED_COMPANY_FIELDS + ("property_product_pricelist",):
            with self.subTest(name):
                self.assertEqual(copy[name], self.customer[name])
        for name, value in NEW.items():
            with self.subTest(name):
                self.assertEqual(copy[name], value)
        for name in ("ref", "street", "bank_ids", "invoiced_total", "receivable_balance", "cfdi_legal_name"):
            with self.subTest(name):
                self.assertFalse(copy[name])
        self.assertEqual(copy.customer_rank, 1)
        self.assertEqual(copy.credit_available, 50000.0)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.read()[0], before, "the original stays as it was")

    def test_terms_of_every_company(self):
        self.customer.with_company(self.company_2).credit_limit = 123.0
        self.env.user.company_ids |= self.company_2
        copy = self._duplicate()
        self.assertEqual(copy.with_company(self.company_2).credit_limit, 123.0)
        self.assertEqual(copy.credit_limit, 50000.0)

    def test_required(self):
        wizard = Form(self.env["customer.duplicate"].with_context(active_id=self.customer.id))
        self.assertEqual(wizard.source_id, self.customer)
        self.assertEqual(wizard.credit_limit, 50000.0)
        wizard.name, wizard.vat, wizard.email = NEW["name"], NEW["vat"], NEW["email"]
        with self.assertRaisesRegex(AssertionError, "phone is a required field"):
            wizard.save()

    def test_bad_identity_creates_nothing(self):
        count = self.env["res.partner"].search_count([])
        for values, error, text in (
            ({"vat": "XIA190128J62"}, ValidationError, "XIA190128J62"),
            ({"vat": "ure-180429-tm6"}, UserError, self.customer.name),
            ({"email": "nobody"}, UserError, "nobody"),
        ):
            with self.subTest(values), self.assertRaises(error) as caught, self.env.cr.savepoint():
                self._duplicate(**values)
            self.assertIn(text, str(caught.exception))
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_rfc_of_an_archived_customer(self):
        self._create_customer(name="Archivado", vat=NEW["vat"], active=False)
        with self.assertRaisesRegex(UserError, "Archivado"):
            self._duplicate()

    def test_a_salesperson_may_duplicate_without_reading_credit(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman", "base.group_partner_manager")
        wizard = self.env["customer.duplicate"].with_user(seller).create({"source_id": self.customer.id, **NEW})
        copy = self.env["res.partner"].browse(wizard.action_duplicate()["res_id"])
        self.assertEqual(copy.credit_limit, 50000.0)

    def test_spanish_error(self):
        self.env["res.lang"]._activate_lang("es_MX")
        with self.assertRaises(UserError) as caught:
            self.env["customer.duplicate"].with_context(lang="es_MX").create(
                {"source_id": self.customer.id, **NEW, "email": "nadie"}
            ).action_duplicate()
        self.assertEqual(
            str(caught.exception),
            "Correo electrónico: «nadie» no es válido; se espera una dirección como ventas@cliente.mx.",
        )
