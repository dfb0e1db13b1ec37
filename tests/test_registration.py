import base64
import os

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .cfdi.constancias import FISICA, MORAL, REGIMES_FISICA, REGIMES_MORAL, lines, pdf
from .common import CustomerCommon

CFDI = """<?xml version="1.0" encoding="UTF-8"?>
<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" Version="4.0" LugarExpedicion="06000">
<cfdi:Emisor Rfc="{emisor}" Nombre="PAPELES IMAGINARIOS" RegimenFiscal="601"/>
<cfdi:Receptor Rfc="{receptor}" Nombre="FLORES INVENTADAS DEL NORTE" RegimenFiscalReceptor="601"
 DomicilioFiscalReceptor="64000" UsoCFDI="{uso}"/></cfdi:Comprobante>"""
OWN, OTHER, NEW = "EKU9003173C9", "XIA190128J61", "FIN190304KB1"


def cfdi(emisor=OWN, receptor=NEW, uso="G01"):
    return CFDI.format(emisor=emisor, receptor=receptor, uso=uso).encode()


@tagged("post_install", "-at_install")
class TestRegistration(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.other_seller = cls._create_user("other_seller", "sales_team.group_sale_salesman")
        cls.portal = cls._create_user("portal_registration", "base.group_portal")
        cls.env = cls.env(user=cls.seller)
        cls.partners = cls.env["res.partner"]

    def _wizard(self, data, filename="archivo", **values):
        return self.env["customer.registration"].create(
            {"file": base64.b64encode(data), "filename": filename, **values}
        )

    def _registered(self, wizard):
        return self.partners.browse(wizard.action_register()["res_id"])

    def test_company_from_a_constancia(self):
        count = self.partners.search_count([])
        wizard = self._wizard(pdf(lines(MORAL, REGIMES_MORAL)), "constancia.pdf")
        self.assertEqual(wizard.state, "preview")
        self.assertEqual(self.partners.search_count([]), count, "nothing is written before it is registered")
        read = {line.field_name: line.value for line in wizard.line_ids}
        self.assertTrue(all(line.apply and not line.old_value for line in wizard.line_ids))
        self.assertEqual(read["vat"], NEW)
        customer = self._registered(wizard)
        self.assertRecordValues(
            customer,
            [
                {
                    "name": "FLORES INVENTADAS DEL NORTE SOCIEDAD ANONIMA DE CAPITAL VARIABLE",
                    "vat": NEW,
                    "cfdi_legal_name": "FLORES INVENTADAS DEL NORTE",
                    "cfdi_zip": "06700",
                    "cfdi_tax_regime": "601",
                    "is_company": True,
                    "customer_rank": 1,
                    "street": "DURANGO 123 - 4 B",
                    "street2": "ROMA NORTE",
                    "city": "CUAUHTÉMOC",
                    "state_id": self.env.ref("base.state_mx_df").id,
                    "zip": "06700",
                    "country_id": self.env.ref("base.mx").id,
                }
            ],
        )
        if "capture_origin" in self.partners._fields:
            self.assertEqual(customer.capture_origin, "sat")
        attachment = self.env["ir.attachment"].search([("res_model", "=", "res.partner"), ("res_id", "=", customer.id)])
        self.assertEqual(attachment.name, "constancia.pdf")
        self.assertEqual(wizard.action_register()["res_id"], customer.id)
        self.assertEqual(self.partners.search_count([("vat", "=", NEW)]), 1, "a second click does nothing")

    def test_natural_person_with_several_regimes(self):
        wizard = self._wizard(pdf(lines(FISICA, REGIMES_FISICA)))
        self.assertEqual(wizard.regime_codes, "612,606")
        self.assertEqual(wizard.cfdi_tax_regime, "612")
        self.assertTrue(wizard.notes)
        wizard.cfdi_tax_regime = "605"
        with self.assertRaisesRegex(UserError, "605.*612, 606"):
            wizard.action_register()
        wizard.cfdi_tax_regime = "606"
        customer = self._registered(wizard)
        self.assertEqual(customer.cfdi_tax_regime, "606")
        self.assertEqual(customer.cfdi_legal_name, "LUCÍA ROBLEDO VELÁZQUEZ")
        self.assertFalse(customer.is_company)
        if "firstname" in self.partners._fields:
            self.assertEqual((customer.firstname, customer.lastname), ("LUCÍA", "ROBLEDO VELÁZQUEZ"))

    def test_an_existing_customer_is_updated(self):
        customer = self._create_customer(
            name="Flores", vat=NEW, cfdi_zip="64000", cfdi_tax_regime="601", street="Otra 1", zip="64000", active=False
        )
        wizard = self._wizard(pdf(lines(MORAL, REGIMES_MORAL)))
        self.assertEqual(wizard.partner_id, customer)
        shown = {line.field_name: (line.old_value, line.new_value, line.apply) for line in wizard.line_ids}
        self.assertEqual(shown["cfdi_zip"], ("64000", "06700", True))
        self.assertEqual(shown["street_name"][2], False, "an address that is there is kept unless asked for")
        self.assertNotIn("vat", shown, "what is right already is not shown")
        self.assertEqual(
            shown["name"], ("Flores", wizard.line_ids.filtered(lambda x: x.field_name == "name").value, False)
        )
        self.assertIn("Flores", wizard.notes)
        wizard.line_ids.filtered(lambda line: line.field_name == "street2").apply = True
        self.assertEqual(self._registered(wizard), customer)
        self.assertRecordValues(
            customer, [{"name": "Flores", "cfdi_zip": "06700", "street": "Otra 1", "street2": "ROMA NORTE"}]
        )
        self.assertFalse(customer.active)

    def test_the_customer_at_hand(self):
        customer = self._create_customer(name="Sin RFC", vat=False, cfdi_tax_regime=False, cfdi_use=False)
        wizard = self._wizard(pdf(lines(MORAL, REGIMES_MORAL)), partner_id=customer.id)
        self.assertEqual(self._registered(wizard), customer)
        self.assertEqual(customer.vat, NEW)

    def test_the_wrong_customer_is_warned_of(self):
        customer = self._create_customer(name="Otro", vat=OTHER)
        wizard = self._wizard(pdf(lines(MORAL, REGIMES_MORAL)), partner_id=customer.id)
        self.assertIn(OTHER, wizard.notes)
        self.assertIn(NEW, wizard.notes)

    def test_a_supplier_becomes_a_customer_too(self):
        supplier = self.partners.sudo().create(
            {"name": "Proveedor", "vat": NEW, "supplier_rank": 1, "is_company": True}
        )
        customer = self._registered(self._wizard(pdf(lines(MORAL, REGIMES_MORAL))))
        self.assertEqual(customer, supplier)
        self.assertEqual((customer.customer_rank, customer.supplier_rank), (1, 1))

    def test_cfdi_of_ours(self):
        wizard = self._wizard(cfdi(), "factura.xml")
        self.assertEqual((wizard.state, wizard.party), ("preview", "receptor"))
        customer = self._registered(wizard)
        self.assertRecordValues(
            customer,
            [
                {
                    "name": "FLORES INVENTADAS DEL NORTE",
                    "vat": NEW,
                    "cfdi_legal_name": "FLORES INVENTADAS DEL NORTE",
                    "cfdi_zip": "64000",
                    "cfdi_tax_regime": "601",
                    "cfdi_use": "G01",
                }
            ],
        )

    def test_cfdi_of_others(self):
        wizard = self._wizard(cfdi(emisor=OTHER), "factura.xml")
        self.assertEqual(wizard.state, "party")
        self.assertFalse(wizard.line_ids)
        with self.assertRaisesRegex(UserError, "party"):
            wizard.action_register()
        wizard.action_emisor()
        self.assertEqual(wizard.vat, OTHER)
        customer = self._registered(wizard)
        self.assertEqual(customer.vat, OTHER)
        self.assertFalse(customer.cfdi_zip, "the place of issue is not the tax address")

    def test_party_over_rpc_in_one_call(self):
        wizard = self._wizard(cfdi(emisor=OTHER), party="emisor")
        self.assertEqual((wizard.state, wizard.vat), ("preview", OTHER))

    def test_a_use_that_nobody_is_invoiced_with(self):
        self.assertNotIn("cfdi_use", self._wizard(cfdi(uso="CP01")).line_ids.mapped("field_name"))

    def test_bad_files(self):
        count = self.partners.search_count([])
        files = self.env["ir.attachment"].sudo().search_count([("res_model", "=", "res.partner")])
        data = pdf(lines(MORAL, REGIMES_MORAL))
        entities = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        for name, content, message in (
            ("empty", b"", "at most 5 MB"),
            ("too big", b"%PDF-" + b"0" * (5 * 1024 * 1024), "at most 5 MB"),
            ("text", b"hola", "neither a PDF nor an XML"),
            ("executable", b"MZ" + os.urandom(500), "neither a PDF nor an XML"),
            ("zip", b"PK\x03\x04" + os.urandom(500), "neither a PDF nor an XML"),
            ("cut short", data[:700], "dañado|no trae texto"),
            ("no constancia", pdf(["Hola"]), "no parece una Constancia"),
            ("scan", pdf([]), "imagen escaneada"),
            ("password", pdf(["x"], encrypt="secreto"), "contraseña"),
            ("many pages", pdf(["x"], pages=30), "páginas"),
            ("other XML", b"<factura/>", "no es un CFDI"),
            ("entities", entities + cfdi()[39:], "DOCTYPE"),
            ("broken XML", cfdi()[:-30], "mal formado"),
            ("version", cfdi().replace(b'"4.0"', b'"5.0"'), "5.0"),
            ("public", cfdi(receptor="XAXX010101000"), "general public"),
            ("wrong RFC", cfdi(receptor="FIN190304KB2"), "FIN190304KB2"),
        ):
            with self.subTest(name), self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                self._wizard(content, "malo.bin")
        with self.assertRaisesRegex(UserError, "base64"), self.env.cr.savepoint():
            self.env["customer.registration"].create({"file": "%%%"})
        self.assertEqual(self.partners.search_count([]), count)
        self.assertEqual(self.env["ir.attachment"].sudo().search_count([("res_model", "=", "res.partner")]), files)

    def test_spanish_error(self):
        self.env["res.lang"].sudo()._activate_lang("es_MX")
        with self.assertRaises(UserError) as caught:
            self.env["customer.registration"].with_context(lang="es_MX").create(
                {"file": base64.b64encode(b"hola"), "filename": "hola.txt"}
            )
        self.assertEqual(
            str(caught.exception),
            "Archivo: no es un PDF ni un XML; se espera la Constancia en PDF o un CFDI en XML.",
        )

    def test_registered_meanwhile(self):
        wizard = self._wizard(pdf(lines(MORAL, REGIMES_MORAL)))
        self._create_customer(name="Más rápido", vat=NEW)
        with self.assertRaisesRegex((UserError, ValidationError), "Más rápido"):
            wizard.action_register()

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self._wizard(cfdi()).with_user(self.portal).action_register()
        with self.assertRaises(AccessError):
            self.env["customer.registration"].with_user(self.portal).create({"file": base64.b64encode(cfdi())})
        with self.assertRaises(AccessError):
            self._wizard(cfdi()).with_user(self.other_seller).read(["vat"])

    def test_customer_of_another_company(self):
        self.partners.sudo().create(
            {"name": "Ajeno", "vat": NEW, "customer_rank": 1, "is_company": True, "company_id": self.company_2.id}
        )
        wizard = self._wizard(pdf(lines(MORAL, REGIMES_MORAL)))
        self.assertFalse(wizard.partner_id)
        self.assertNotIn("Ajeno", wizard.notes or "")
