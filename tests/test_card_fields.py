import csv

from lxml import etree
from odoo import models
from odoo.tests import tagged

from .card_contract import AGREEMENT, CARD
from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestCardFields(CustomerCommon):
    """The card holds what was agreed: every label, type and definition, as a user of es_MX has it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("es_MX")
        cls.partners = cls.env["res.partner"].with_context(lang="es_MX")
        names = [name for _label, name, kind, _made in CARD if kind != "action"]
        cls.described = cls.partners.fields_get(names)
        view = cls.env.ref("l10n_mx_customer.view_customer_form")
        cls.arch = etree.fromstring(cls.partners.get_view(view.id, "form")["arch"])

    def _label_on_the_card(self, name):
        """The label in the form: that of the view, or the field's own."""
        nodes = self.arch.xpath(f"//sheet//field[@name='{name}'][not(ancestor::field)]")
        labels = [label.get("string") for label in self.arch.xpath(f"//label[@for='{name}']")]
        strings = {*labels, *(node.get("string") for node in nodes)} - {None}
        return strings or ({self.described[name]["string"]} if nodes or labels else set())

    def test_the_agreement_is_whole(self):
        self.assertEqual(len(CARD), 95)
        self.assertEqual(len({name for _label, name, _kind, _made in CARD}), 95)

    def test_labels(self):
        for label, name, kind, made in CARD:
            if kind == "action":
                continue
            with self.subTest(name):
                if made in ("core", "rule"):
                    self.assertIn(label, self._label_on_the_card(name))
                else:
                    self.assertEqual(self.described[name]["string"], label)

    def test_every_field_is_on_the_card(self):
        for _label, name, kind, _made in CARD:
            with self.subTest(name):
                tag = "button" if kind == "action" else "field"
                self.assertTrue(self.arch.xpath(f"//{tag}[@name='{name}']"))

    def test_types(self):
        for _label, name, kind, _made in CARD:
            if kind == "action":
                continue
            with self.subTest(name):
                self.assertEqual(self.described[name]["type"], kind)

    def test_definitions(self):
        for _label, name, kind, made in CARD:
            if kind == "action":
                self.assertTrue(callable(getattr(self.partners, name)))
                continue
            field = self.partners._fields[name]
            with self.subTest(name):
                if made == "stored":
                    self.assertTrue(field.store)
                if made != "core":
                    ours = "l10n_mx_customer" in field._modules
                    self.assertTrue(ours or made == "rule")
                if made in ("own", "related"):
                    self.assertTrue(self.described[name].get("help"), "the help says what it is for")

    def test_as_agreed(self):
        """Where the agreement itself is at hand, it is the same."""
        if not AGREEMENT.exists():
            return
        with open(AGREEMENT, newline="") as file:
            agreed = [
                (row["label_es"], row["field"], row["kind"].replace("core+rule", "rule"))
                for row in csv.DictReader(file)
            ]
        self.assertEqual([(label, name, made) for label, name, _kind, made in CARD], agreed)

    def test_one_call_registers_a_customer_with_everything(self):
        mexico, state = self.env.ref("base.mx"), self.env.ref("base.state_mx_cmx", raise_if_not_found=False)
        state = state or self.env["res.country.state"].search([("country_id", "=", mexico.id), ("code", "=", "CMX")])
        carrier = self.env["delivery.carrier"].search([], limit=1)
        affiliate = self.env["customer.affiliate.type"].sudo().create({"name": "Aliado", "rate": 5.0})
        addenda = (
            self.env["customer.addenda"].sudo().create({"name": "Cadena", "template": "<pedido folio='${folio}'/>"})
        )
        address = {
            "street_name": "Reforma",
            "street_number": "222",
            "street_number2": "PB",
            "colony": "Juárez",
            "city": "Cuauhtémoc",
            "state_id": state.id,
            "zip": "06600",
            "country_id": mexico.id,
        }
        values = {
            "name": "Cliente Completo",
            "phone": "55 5555 0199",
            "email": "completo@example.com",
            "vat": "XIA190128J61",
            "cfdi_zip": "06600",
            "cfdi_legal_name": "CLIENTE COMPLETO",
            "comment": "<p>Nota</p>",
            "property_product_pricelist": self.env["product.pricelist"].create({"name": "Mayoreo"}).id,
            **{f"billing_{name}": value for name, value in address.items()},
            **{f"shipping_{name}": value for name, value in address.items()},
            "no_email": True,
            "notify_owner": True,
            "points_card_code": "TARJETA-1",
            "ref": "C-COMPLETO",
            "allowed_carrier_ids": [(6, 0, carrier.ids)],
            "affiliate_type_id": affiliate.id,
            "referral_rate": 7.5,
            "referred_by_id": self.customer.id,
            "credit_limit": 10000.0,
            "credit_days": 30,
            "campaign_notes": "Feria de Guadalajara",
            "cfdi_payment_method": "PPD",
            "cfdi_payment_form": "99",
            "cfdi_use": "G03",
            "cfdi_tax_regime": "601",
            "addenda_template_id": addenda.id,
        }
        customer = self.env["res.partner"].create({"customer_rank": 1, "is_company": True, **values})
        customer.invalidate_recordset()
        for name, value in values.items():
            expected = value[0][2] if isinstance(value, list) else value
            found = customer[name]
            if isinstance(found, models.BaseModel):
                found = found.ids if isinstance(expected, list) else found.id
            with self.subTest(name):
                self.assertEqual(found, expected)
        self.assertEqual(len(customer.child_ids), 2)
        # What needs the customer first, and what an agreement does: a second call.
        customer.write({"no_email": False, "marketing_opt_in": True})
        account = self.env["res.partner.bank"].create({"partner_id": customer.id, "acc_number": "002010077777777771"})
        customer.write(
            {"stp_account_id": account.id, "default_cart_id": self._create_order(customer, confirm=False).id}
        )
        self.assertTrue(customer.marketing_opt_in)
