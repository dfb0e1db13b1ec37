import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..cfdi import addenda as pure
from ..cfdi import cadena_original, parse_timbre, parse_xml, validate, verify_seal
from .common import CustomerCommon
from .pac import PacCommon

ORDER = '<Pedido oc="${orden_compra}" folio="${folio}" cliente="${numero_cliente}" vence="${fecha_vencimiento}"/>'
CFDI = {"cfdi": "http://www.sat.gob.mx/cfd/4"}


@tagged("post_install", "-at_install")
class TestAddendaTemplates(CustomerCommon):
    def test_a_template_is_checked_when_it_is_saved(self):
        template = self.env["customer.addenda"].sudo().create({"name": "Cliente 1.0", "template": ORDER})
        for xml, message in {
            "<a>": "mal formado",
            "<a>${orden}</a>": "orden.*no existe",
            "<!DOCTYPE a><a/>": "mal formado|DOCTYPE",
            "<cfdi:Emisor/>": "SAT",
        }.items():
            with self.subTest(xml):
                with self.assertRaisesRegex(ValidationError, f"Cliente 1.0.*({message})"), self.cr.savepoint():
                    template.template = xml
                with self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                    self.env["customer.addenda"].sudo().create({"name": "Otra", "template": xml})

    def test_preview_and_placeholders(self):
        template = self.env["customer.addenda"].sudo().new({"template": ORDER})
        self.assertEqual(
            template.preview.strip(),
            '<Pedido oc="OC-4500012345" folio="1234" cliente="C00007" vence="2026-04-03"/>',
        )
        template.template = "<a>"
        self.assertIn("mal formado", template.preview)
        every = "".join(
            f"<v>${{{name}}}</v>" for name in pure.PLACEHOLDERS if not name.startswith("concepto_")
        ) + "".join(
            f'<l xmlns:a="{pure.REPEAT_NAMESPACE}" a:por="concepto">${{{name}}}</l>'
            for name in pure.PLACEHOLDERS
            if name.startswith("concepto_")
        )
        template.template = every
        self.assertEqual(template.preview.count("</v>") + template.preview.count("</l>"), len(pure.PLACEHOLDERS))
        self.assertEqual(len(template.placeholders.splitlines()), len(pure.PLACEHOLDERS))

    def test_contacts_and_rights(self):
        template = self.env["customer.addenda"].sudo().create({"name": "Suya", "template": ORDER})
        other = (
            self.env["customer.addenda"]
            .sudo()
            .create({"name": "De la segunda", "template": ORDER, "company_id": self.company_2.id})
        )
        contact = self.env["res.partner"].create({"name": "Pagos", "parent_id": self.customer.id})
        self.customer.addenda_template_id = template
        self.assertEqual(contact.addenda_template_id, template)
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        visible = template.with_user(seller).search([("id", "in", (template + other).ids)])
        self.assertEqual(visible, template)


@tagged("post_install", "-at_install")
class TestAddendaOfCfdi(PacCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["customer.addenda"].sudo().create({"name": "Cliente 1.0", "template": ORDER})
        cls.customer.write({"addenda_template_id": cls.template.id, "ref": "C0042"})

    def _stamped(self, invoice):
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        return invoice.cfdi_ids, base64.b64decode(invoice.cfdi_ids.with_context(bin_size=False).xml)

    def _addenda(self, xml):
        (node,) = parse_xml(xml).findall("cfdi:Addenda", CFDI)
        return node

    def test_the_customer_gets_it_and_the_legal_bytes_stay(self):
        order = self._create_order(client_order_ref="OC-77")
        invoice = order._create_invoices()
        invoice.invoice_date = self.today
        invoice.action_post()
        cfdi, stamped = self._stamped(invoice)
        self.assertNotIn(b"Addenda", stamped)
        delivered = invoice._cfdi_with_addenda()
        (request,) = self._addenda(delivered)
        self.assertEqual(
            dict(request.attrib),
            {
                "oc": "OC-77",
                "folio": cfdi.folio,
                "cliente": "C0042",
                "vence": invoice.invoice_date_due.isoformat(),
            },
        )
        start, end = delivered.index(b"<cfdi:Addenda>"), delivered.index(b"</cfdi:Addenda>") + 15
        self.assertEqual(delivered[:start] + delivered[end:], stamped)
        self.assertTrue(verify_seal(delivered))
        self.assertEqual(validate(delivered), [])
        self.assertEqual(cadena_original(delivered), cadena_original(stamped))
        self.assertEqual(parse_timbre(delivered), parse_timbre(stamped))
        self.assertEqual(base64.b64decode(cfdi.delivered_xml), delivered)
        self.env.invalidate_all()
        self.assertEqual(base64.b64decode(cfdi.with_context(bin_size=False).xml), stamped)
        (answer,) = cfdi.with_user(self._create_user("biller", "account.group_account_invoice")).customer_xml()
        self.assertEqual(
            (answer["cfdi_id"], answer["name"], base64.b64decode(answer["xml"])), (cfdi.id, cfdi.xml_name, delivered)
        )

    def test_what_is_missing_is_told_and_can_be_filled_in_afterwards(self):
        invoice = self._create_customer_invoice()
        cfdi, stamped = self._stamped(invoice)
        self.assertEqual(cfdi.state, "stamped")
        with self.assertRaisesRegex(UserError, "Cliente 1.0.*orden_compra"):
            invoice._cfdi_with_addenda()
        self.assertFalse(cfdi.delivered_xml)
        self.assertIn("orden_compra", cfdi.addenda_message)
        invoice.ref = "OC-78"
        self.env.invalidate_all()
        self.assertFalse(cfdi.addenda_message)
        (request,) = self._addenda(base64.b64decode(cfdi.delivered_xml))
        self.assertEqual(request.get("oc"), "OC-78")
        self.assertEqual(base64.b64decode(cfdi.with_context(bin_size=False).xml), stamped)

    def test_customers_who_ask_for_none(self):
        self.customer.addenda_template_id = False
        invoice = self._create_customer_invoice()
        cfdi, stamped = self._stamped(invoice)
        self.assertEqual(invoice._cfdi_with_addenda(), stamped)
        self.assertEqual(base64.b64decode(cfdi.delivered_xml), stamped)

    def test_a_template_of_another_company(self):
        self.template.company_id = self.company_2
        invoice = self._create_customer_invoice()
        _cfdi, stamped = self._stamped(invoice)
        self.assertEqual(invoice._cfdi_with_addenda(), stamped)

    def test_what_is_not_stamped(self):
        invoice = self._create_customer_invoice()
        with self.assertRaisesRegex(UserError, "not stamped"):
            invoice._cfdi_with_addenda()

    def test_who_may_not_read_the_document(self):
        invoice = self._create_customer_invoice(ref="OC-1")
        cfdi, _stamped = self._stamped(invoice)
        for login, groups in (("portal 1", "base.group_portal"), ("visitor 1", "base.group_public")):
            with self.subTest(login), self.assertRaises(AccessError):
                cfdi.with_user(self._create_user(login, groups)).customer_xml()
