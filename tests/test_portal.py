import json
import re

from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import HttpCase, tagged

from ..models.res_partner_portal import PORTAL_TAX_FIELDS
from .card_contract import CARD
from .common import CustomerCommon

PASSWORD = "portal-12345"
CLOSED = {
    "allowed_carrier_ids": "1",
    "campaign_notes": "x",
    "comment": "<p>x</p>",
    "company_id": "2",
    "credit_days": "90",
    "credit_limit": "1000000",
    "customer_class": "a",
    "customer_rank": "0",
    "lang": "en_US",
    "no_email": "1",
    "parent_id": "1",
    "property_payment_term_id": "1",
    "property_product_pricelist": "1",
    "ref": "MÍO",
    "referral_rate": "100",
    "specific_property_product_pricelist": "1",
    "user_id": "2",
}


@tagged("post_install", "-at_install")
class TestPortal(HttpCase, CustomerCommon):
    """The customer's own pages, in Spanish, asked as its browser asks them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"].sudo()._activate_lang("es_MX")
        cls.mexico = cls.env.ref("base.mx")
        cls.state = cls.env.ref("base.state_mx_gto")
        cls.own = cls._create_customer(
            name="Ferretería del Centro",
            email="ferreteria@example.com",
            phone="477 123 4567",
            vat="XIA190128J61",
            street="Madero 1",
            city="León",
            zip="37000",
            state_id=cls.state.id,
            cfdi_zip="37000",
            cfdi_legal_name="FERRETERIA DEL CENTRO",
            credit_limit=500.0,
            lang="es_MX",
        )
        # fmt: off
        cls.user = cls._create_user(
            "ferreteria", "base.group_portal", name=cls.own.name, email=cls.own.email, password=PASSWORD,
            partner_id=cls.own.id, lang="es_MX",
        )
        cls.contact = cls.env["res.partner"].create(
            {"name": "Ana Compras", "parent_id": cls.own.id, "email": "ana@example.com", "lang": "es_MX"}
        )
        cls.contact_user = cls._create_user(
            "ana", "base.group_portal", name="Ana Compras", email="ana@example.com", password=PASSWORD,
            partner_id=cls.contact.id, lang="es_MX",
        )
        # fmt: on

    def setUp(self):
        super().setUp()
        self.authenticate("ferreteria", PASSWORD)

    def _form(self, partner=None, **values):
        """What the page of a partner sends: all its fields, with what the user changed."""
        partner = partner or self.own
        return {
            "partner_id": partner.id,
            "name": partner.name,
            "email": partner.email or "",
            "phone": partner.phone or "",
            "street": partner.street or "",
            "street2": partner.street2 or "",
            "city": partner.city or "",
            "zip": partner.zip or "",
            "country_id": partner.country_id.id or "",
            "state_id": partner.state_id.id or "",
            "address_type": "billing",
            "required_fields": "name,email",
            "callback": "/my",
            "csrf_token": Request.csrf_token(self),
            **values,
        }

    def _submit(self, partner=None, **values):
        response = self.url_open("/my/address/submit", data=self._form(partner, **values))
        self.assertEqual(response.status_code, 200, response.text[-2000:])
        self.env.invalidate_all()
        return response.json()

    def _refused(self, answer, name, *words):
        self.assertNotIn("redirectUrl", answer)
        self.assertEqual(answer["invalid_fields"], [name])
        message = "\n".join(answer["messages"])
        self.assertNotIn("Traceback", message)
        for word in words:
            self.assertIn(word, message)

    # ------------------------------------------------------------------
    # What a customer does
    # ------------------------------------------------------------------

    def test_page_shows_the_tax_data(self):
        page = self.url_open("/my/account")
        self.assertEqual(page.status_code, 200)
        for name in ("name", "email", "phone", "street", "vat", *PORTAL_TAX_FIELDS):
            with self.subTest(name):
                (element,) = re.findall(rf'<(?:input|select)\b[^>]*\bname="{name}"[^>]*>', page.text)
                self.assertNotIn("disabled", element)
        for text in ("Razon Social", "CP del RFC", "Régimen Fiscal", "Uso de CFDI", "FERRETERIA DEL CENTRO", ">RFC<"):
            with self.subTest(text):
                self.assertIn(text, re.sub(r"\s*\n\s*", "", page.text))
        self.assertRegex(page.text, r'value="601"[^>]*selected')

    def test_own_data(self):
        answer = self._submit(
            name="Ferretería del Centro Nueva", phone="477 765 4321", email="nueva@example.com", street="Juárez 22",
            zip="37150",
        )  # fmt: skip
        self.assertEqual(answer, {"redirectUrl": "/my"})
        self.assertRecordValues(
            self.own,
            [{"name": "Ferretería del Centro Nueva", "email": "nueva@example.com", "street": "Juárez 22",
              "street_name": "Juárez", "street_number": "22", "zip": "37150"}],
        )  # fmt: skip
        self.assertIn("477 765 4321", self.own.phone)

    def test_own_tax_data(self):
        answer = self._submit(
            vat="xia 190128 j61", cfdi_legal_name=" FERRETERIA  NUEVA ", cfdi_zip="06600", cfdi_tax_regime="603",
            cfdi_use="S01",
        )  # fmt: skip
        self.assertEqual(answer, {"redirectUrl": "/my"})
        self.assertRecordValues(
            self.own,
            [{"vat": "XIA190128J61", "cfdi_legal_name": "FERRETERIA NUEVA", "cfdi_zip": "06600",
              "cfdi_tax_regime": "603", "cfdi_use": "S01"}],
        )  # fmt: skip

    def test_own_addresses(self):
        page = self.url_open("/my/addresses")
        self.assertEqual(page.status_code, 200)
        self.assertIn("Ferretería del Centro", page.text)
        new = {"partner_id": "", "name": "Bodega", "street": "Hidalgo 5", "address_type": "delivery"}
        self.assertIn("redirectUrl", self._submit(**new))
        address = self.own.child_ids.filtered(lambda child: child.name == "Bodega")
        self.assertRecordValues(address, [{"type": "delivery", "street": "Hidalgo 5", "customer_rank": 0}])
        self.assertEqual(self.url_open(f"/my/address?partner_id={address.id}&address_type=delivery").status_code, 200)
        self.assertIn("redirectUrl", self._submit(address, street="Hidalgo 6", address_type="delivery"))
        self.assertEqual(address.street, "Hidalgo 6")

    def test_sealed_by_documents(self):
        """Odoo's rule for the RFC, and the legal name with it; what changes in the life of a taxpayer stays open."""
        self._create_customer_invoice(self.own)
        self.assertFalse(self.own.can_edit_vat())
        page = self.url_open("/my/account").text
        self.assertRegex(page, r'name="cfdi_legal_name"[^>]*disabled')
        self.assertNotRegex(page, r'name="cfdi_zip"[^>]*disabled')
        self._refused(self._submit(cfdi_legal_name="OTRA"), "cfdi_legal_name", "Razon Social")
        self.assertEqual(self._submit(vat="EKU9003173C9")["invalid_fields"], ["vat"])
        self.assertEqual(self.own.vat, "XIA190128J61")
        self.assertIn("redirectUrl", self._submit(cfdi_zip="06600", cfdi_tax_regime="603"))
        self.own.cfdi_legal_name = False
        self.assertIn("redirectUrl", self._submit(cfdi_legal_name="FERRETERIA DEL CENTRO"))

    def test_stamped_cfdi_seals_the_rfc(self):
        move = self._create_customer_invoice(self.own)
        values = {
            "move_id": move.id, "company_id": self.company.id, "partner_id": self.own.id, "cfdi_type": "I",
            "issuer_rfc": "EKU9003173C9", "series": "A", "folio": "1", "state": "sealed",
        }  # fmt: skip
        cfdi = self.env["customer.cfdi"].sudo().create(values)
        self.assertFalse(self.own._has_stamped_cfdi())
        cfdi.write({"state": "stamped", "uuid": "5FB2822E-396D-4725-8521-CDC4BDD20CCF"})
        self.assertTrue(self.own._has_stamped_cfdi())
        self.assertTrue(self.contact._has_stamped_cfdi())
        self.assertFalse(self.customer._has_stamped_cfdi())

    # ------------------------------------------------------------------
    # The rules of the card, said on the page
    # ------------------------------------------------------------------

    def test_refusals(self):
        self.customer.email = "ocupado@example.com"
        before = self.own.read(["name", "vat", "email", *PORTAL_TAX_FIELDS])
        for values, name, words in (
            ({"cfdi_zip": "00001"}, "cfdi_zip", ("CP del RFC", "00001", "06000")),
            ({"cfdi_zip": "abc"}, "cfdi_zip", ("CP del RFC", "abc")),
            ({"cfdi_tax_regime": "605"}, "cfdi_tax_regime", ("Régimen Fiscal", "601")),
            ({"cfdi_use": "D01"}, "cfdi_use", ("Uso de CFDI", "G03")),
            ({"cfdi_use": "NADA"}, "cfdi_use", ("Uso de CFDI", "NADA", "G01")),
            ({"cfdi_tax_regime": "999"}, "cfdi_tax_regime", ("Régimen Fiscal", "999")),
            ({"vat": "XIA190128J62"}, "vat", ("XIA190128J62",)),
            ({"vat": self.customer.vat}, "vat", ("RFC", self.customer.vat, "otro cliente")),
            ({"email": "OCUPADO@example.com"}, "email", ("Correo", "otro cliente")),
            ({"email": "no es correo"}, "email", ("Correo",)),
        ):
            with self.subTest(values):
                # the name too: a refusal leaves everything as it was
                answer = self._submit(**{"name": "Cambiado", **values})
                self._refused(answer, name, *words)
                self.assertNotIn(self.customer.name, "".join(answer["messages"]), "no other customer is named")
                self.assertEqual(self.own.read(["name", "vat", "email", *PORTAL_TAX_FIELDS]), before)

    def test_natural_person(self):
        answer = self._submit(vat="GODE561231GR8", cfdi_tax_regime="601")
        self._refused(answer, "cfdi_tax_regime", "605", "612")

    # ------------------------------------------------------------------
    # What is not the customer's
    # ------------------------------------------------------------------

    def test_extra_fields_of_the_form_are_nothing(self):
        before = self.own.sudo().read(list(CLOSED))
        figures = {name: "0" for _label, name, kind, made in CARD if made == "stored"}
        self.assertIn("redirectUrl", self._submit(name="Otro nombre", **{**figures, **CLOSED}))
        self.assertEqual(self.own.name, "Otro nombre")
        self.assertEqual(self.own.sudo().read(list(CLOSED)), before)
        new = {"partner_id": "", "name": "Nueva", "address_type": "billing", **CLOSED, "parent_id": self.customer.id}
        self.assertIn("redirectUrl", self._submit(**new))
        address = self.own.child_ids.filtered(lambda child: child.name == "Nueva")
        self.assertRecordValues(address, [{"customer_rank": 0, "credit_limit": 500.0, "comment": False}])

    def test_writable_from_pages(self):
        """Every field that a page may write, whatever module opened it: none of the card but these."""
        card = {name for _label, name, _kind, _made in CARD}
        ours = {name for name, field in self.env["res.partner"]._fields.items() if "l10n_mx_customer" in field._modules}
        writable = self.env["res.partner"]._get_frontend_writable_fields()
        allowed = {"name", "phone", "email", "vat", "zip", "street", "street2", "city", "state_id", "country_id"}
        self.assertEqual((card | ours) & writable - allowed, set(PORTAL_TAX_FIELDS))

    def test_other_customers(self):
        for page in ("/my/address?partner_id=%s", "/my/address?partner_id=%s&address_type=delivery"):
            self.assertEqual(self.url_open(page % self.customer.id).status_code, 403)
        response = self.url_open("/my/address/submit", data=self._form(self.customer, name="Robado"))
        self.assertEqual(response.status_code, 403)
        branch = self.env["res.partner"].create({"name": "Suc", "parent_id": self.customer.id, "type": "delivery"})
        response = self.url_open("/my/address/submit", data=self._form(branch, name="Robado"))
        self.assertEqual(response.status_code, 403)
        self.env.invalidate_all()
        self.assertNotIn("Robado", (self.customer + branch).mapped("name"))

    def test_contact_of_a_customer(self):
        """Somebody who works there keeps its own data: the company's are the company's."""
        self.authenticate("ana", PASSWORD)
        page = self.url_open("/my/account").text
        for name in PORTAL_TAX_FIELDS:
            with self.subTest(name):
                self.assertRegex(page, rf'name="{name}"[^>]*disabled')
        self.assertRegex(page, r'name="company_name"[^>]*readonly')
        complete = {"phone": "4771234567", "street": "Juárez 1", "city": "León", "zip": "37000",
                    "country_id": self.mexico.id, "state_id": self.state.id}  # fmt: skip
        self.assertIn("redirectUrl", self._submit(self.contact, name="Ana C.", **complete))
        self.assertEqual(self.contact.name, "Ana C.")
        for values, name in (
            ({"company_name": "Otra Empresa"}, "company_name"),
            ({"cfdi_zip": "06600"}, "cfdi_zip"),
            ({"vat": "EKU9003173C9"}, "vat"),
        ):
            with self.subTest(name):
                self._refused(self._submit(self.contact, **complete, **values), name)
        self.assertEqual(self.url_open(f"/my/address?partner_id={self.own.id}").status_code, 403)
        self.assertRecordValues(
            self.own, [{"name": "Ferretería del Centro", "cfdi_zip": "37000", "vat": "XIA190128J61"}]
        )

    def test_rpc_writes_nothing(self):
        for record in (self.own, self.contact, self.customer, self.user):
            for name, value in {**CLOSED, "name": "X", "cfdi_zip": "06600", "vat": "EKU9003173C9"}.items():
                if name in ("company_id", "lang", "name") and record == self.user:
                    continue  # everybody's own, for Odoo
                # some of the checks of values come before those of rights
                with self.subTest((record, name)), self.assertRaises(UserError), self.env.cr.savepoint():
                    record.with_user(self.user).write({name: value})
        answer = self.url_open(
            "/web/dataset/call_kw/res.partner/write",
            data=json.dumps({"params": {"model": "res.partner", "method": "write", "kwargs": {},
                                        "args": [self.own.ids, {"credit_limit": 1e6}]}}),
            headers={"Content-Type": "application/json"},
        ).json()  # fmt: skip
        self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")

    def test_reads_no_figures(self):
        self._create_customer_invoice(self.own)
        partners = self.env["res.partner"].with_user(self.user)
        figures = [name for _label, name, _kind, made in CARD if made == "stored"]
        figures.remove("from_lead")
        closed = [*figures, "credit_limit", "credit_days", "credit_light", "campaign_notes", "affiliate_type_id",
                  "referral_rate", "referred_by_id", "exclusive_product_tmpl_ids", "stp_account_id",
                  "addenda_template_id", "notify_owner", "customer_class", "channel_id"]  # fmt: skip
        for name in closed:
            with self.subTest(name):
                for read in (
                    lambda name=name: partners.browse(self.own.id).read([name]),
                    lambda name=name: self.user.with_user(self.user).read([name]),
                    lambda name=name: partners.search([(name, "!=", False)]),
                    lambda name=name: partners.search([], order=name),
                    lambda name=name: partners.formatted_read_group([], [name], ["__count"]),
                    lambda name=name: partners.web_search_read([], {name: {}}),
                ):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        read()
        self.assertFalse(set(closed) & partners.fields_get().keys())
        with self.assertRaises(UserError):
            partners.browse(self.own.id).export_data(["name"])

    def test_files_and_documents(self):
        pdf = {"name": "contrato.pdf", "raw": b"%PDF-1.4", "res_model": "res.partner"}
        mine = self.env["ir.attachment"].create({**pdf, "res_id": self.own.id})
        other = self.env["ir.attachment"].create({**pdf, "res_id": self.customer.id})
        self.assertEqual(self.url_open(f"/web/content/{other.id}").status_code, 404)
        self.assertEqual(self.url_open(f"/web/content/{other.id}?download=1").status_code, 404)
        with self.assertRaises(AccessError):
            self.env["ir.attachment"].with_user(self.user).search([("res_model", "=", "res.partner")])
        for attachment in (mine, other):
            for call in ("action_customer_file_approve", "unlink"):
                with self.subTest(call), self.assertRaises(AccessError), self.env.cr.savepoint():
                    getattr(attachment.with_user(self.user), call)()
        report = "l10n_mx_customer.report_customer_card_document"
        for record in (self.own, self.customer):
            with self.subTest(record.name):
                self.assertIn(self.url_open(f"/report/html/{report}/{record.id}").status_code, (403, 404, 500))
