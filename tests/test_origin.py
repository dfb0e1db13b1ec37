import json
import logging
import xmlrpc.client
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.http import Request
from odoo.tests import HttpCase, get_db_name, tagged

from odoo.addons.l10n_mx_customer.models.res_partner_origin import CAPTURE_ORIGINS

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestOrigin(CustomerCommon):
    def _lead(self, **values):
        return self.env["crm.lead"].create({"name": "Interesado", "type": "lead", **values})

    def _convert(self, lead, **values):
        self.env["crm.lead2opportunity.partner"].with_context(
            active_model="crm.lead", active_ids=lead.ids, active_id=lead.id
        ).create({"name": "convert", "action": "create", "lead_id": lead.id, **values}).action_apply()
        return lead.partner_id

    def test_without_a_request(self):
        self.assertEqual((self.customer.capture_origin, self.customer.from_lead), (False, False))

    def test_our_own_code(self):
        for origin, __ in CAPTURE_ORIGINS:
            with self.subTest(origin):
                partner = self.env["res.partner"].with_context(capture_origin=origin).create({"name": "P"})
                self.assertEqual(partner.capture_origin, origin)
        with self.assertRaisesRegex(UserError, "inventado"):
            self.env["res.partner"].with_context(capture_origin="inventado").create({"name": "P"})

    def test_nobody_gives_it(self):
        partners = self.env["res.partner"]
        for values in ({"capture_origin": "crm"}, {"from_lead": True}):
            with self.subTest(values):
                for env_partners in (partners, partners.sudo(), self.customer.with_user(1)):
                    with self.assertRaisesRegex(UserError, "Cliente a mano"):
                        env_partners.create({"name": "Cliente a mano", **values})
                    with self.assertRaisesRegex(UserError, self.customer.name):
                        self.customer.with_env(env_partners.env).write(values)
        context = {"default_capture_origin": "crm", "default_from_lead": True, "l10n_mx_customer_from_lead": True}
        partner = partners.with_context(**context).create({"name": "P"})
        self.assertEqual((partner.capture_origin, partner.from_lead), (False, False))

    def test_same_value_is_no_change(self):
        """A form or an integration that sends back what it read."""
        partner = self.env["res.partner"].with_context(capture_origin="sat").create({"name": "P"})
        partner.write({"capture_origin": "sat", "from_lead": False, "name": "Q"})
        self.assertEqual((partner.capture_origin, partner.name), ("sat", "Q"))

    def test_only_customers(self):
        partners = self.env["res.partner"].with_context(capture_origin="api")
        contact = partners.create({"name": "Contacto", "parent_id": self.customer.id})
        supplier = partners.create({"name": "Proveedor", "supplier_rank": 1})
        both = partners.create({"name": "Ambos", "supplier_rank": 1, "customer_rank": 1})
        self.assertEqual([p.capture_origin for p in (contact, supplier, both)], [False, False, "api"])

    def test_copy(self):
        partner = self.env["res.partner"].with_context(capture_origin="sat").create({"name": "P"})
        self.assertFalse(partner.with_context(capture_origin=False).copy().capture_origin)

    def test_lead_of_a_person(self):
        lead = self._lead(contact_name="Ana López", email_from="ana@example.org", phone="5555555555")
        partner = self._convert(lead)
        self.assertEqual(partner.name, "Ana López")
        self.assertEqual((partner.capture_origin, partner.from_lead, partner.customer_rank), ("crm", True, 1))
        self.assertEqual(partner.opportunity_ids, lead)

    def test_lead_of_a_company(self):
        lead = self._lead(partner_name="Ferretera SA", contact_name="Ana López", email_from="ana@example.org")
        contact = self._convert(lead)
        company = contact.parent_id
        self.assertEqual((company.name, contact.name), ("Ferretera SA", "Ana López"))
        self.assertEqual((company.capture_origin, company.from_lead, company.customer_rank), ("crm", True, 1))
        self.assertEqual((contact.capture_origin, contact.from_lead, contact.customer_rank), (False, False, 0))
        self.assertNotIn("capture_origin", contact.env.context)

    def test_lead_of_an_existing_customer(self):
        lead = self._lead(email_from="x@example.org")
        partner = self._convert(lead, action="exist", partner_id=self.customer.id)
        self.assertEqual(partner, self.customer)
        self.assertEqual((partner.capture_origin, partner.from_lead), (False, False))

    def test_won_alone_creates_nothing(self):
        lead = self._lead(type="opportunity", contact_name="Ana", partner_id=self.customer.id)
        lead.action_set_won()
        self.assertFalse(self.customer.from_lead)

    def test_merge_keeps_the_origin(self):
        first = self.env["res.partner"].create({"name": "Queda", "email": "queda@example.org"})
        second = (
            self.env["res.partner"]
            .with_context(capture_origin="api")
            .create({"name": "Se va", "email": "seva@example.org", "marketing_opt_in": True})
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo()
        wizard._merge((first + second).ids, first, extra_checks=False)
        self.assertFalse(second.exists())
        self.assertEqual((first.capture_origin, first.marketing_opt_in), (False, False))


@tagged("post_install", "-at_install")
class TestOriginRequests(HttpCase, CustomerCommon):
    """Each way in, by a request of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls._create_user(
            "integracion",
            "base.group_partner_manager",
            "sales_team.group_sale_manager",
            password="integracion-1",
        )

    def _origin(self, name):
        self.env.invalidate_all()
        partner = self.env["res.partner"].search([("name", "=", name)])
        self.assertEqual(len(partner), 1)
        return partner.capture_origin

    def _create_through(self, path, referer):
        self.make_jsonrpc_request(
            path,
            {
                "model": "res.partner",
                "method": "web_save",
                "args": [[], {"name": "Cliente", "customer_rank": 1}],
                "kwargs": {"specification": {}},
            },
            headers={"Referer": self.base_url() + referer} if referer else None,
        )

    def test_xmlrpc(self):
        values = {"name": "Por XML-RPC", "customer_rank": 1}
        with patch.object(logging.getLogger("odoo.addons.rpc.controllers.xmlrpc"), "warning"):
            args = (get_db_name(), self.user.id, "integracion-1", "res.partner")
            partner_id = self.xmlrpc_object.execute_kw(*args, "create", [values])
            self.assertEqual(self._origin("Por XML-RPC"), "api")
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                self.xmlrpc_object.execute_kw(*args, "write", [[partner_id], {"capture_origin": "tpv"}])
        self.assertIn("Por XML-RPC", caught.exception.faultString)
        self.assertEqual(self._origin("Por XML-RPC"), "api")

    def test_jsonrpc(self):
        args = [get_db_name(), self.user.id, "integracion-1", "res.partner", "create", [{"name": "Por JSON-RPC"}]]
        with patch.object(logging.getLogger("odoo.addons.rpc.controllers.jsonrpc"), "warning"):
            self.make_jsonrpc_request("/jsonrpc", {"service": "object", "method": "execute", "args": args})
        self.assertEqual(self._origin("Por JSON-RPC"), "api")

    def test_json_2(self):
        key = self.env["res.users.apikeys"].with_user(self.user).sudo()._generate("rpc", "prueba", None)
        response = self.url_open(
            "/json/2/res.partner/create",
            data=json.dumps({"vals_list": [{"name": "Por JSON-2", "customer_rank": 1}]}),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(self._origin("Por JSON-2"), "api")

    def test_web_client(self):
        self.authenticate("integracion", "integracion-1")
        self._create_through("/web/dataset/call_kw/res.partner/web_save", "/odoo/mx-customers/new")
        self.assertFalse(self._origin("Cliente"))

    def test_point_of_sale(self):
        self.authenticate("integracion", "integracion-1")
        for index, page in enumerate(("/pos/ui/3", "/pos/ui/3/product/8?x=1", "/pos/web")):
            with self.subTest(page):
                self._create_through("/web/dataset/call_kw/res.partner/web_save", page)
                partner = self.env["res.partner"].search([("name", "=", "Cliente")])
                self.assertEqual(partner.capture_origin, "tpv")
                partner.name = f"Cliente {index}"

    def test_page_that_only_looks_like_the_point_of_sale(self):
        self.authenticate("integracion", "integracion-1")
        self._create_through("/web/dataset/call_kw/res.partner/web_save", "/odoo/mx-customers?back=/pos/ui/3")
        self.assertFalse(self._origin("Cliente"))

    def test_sign_up(self):
        self.env["ir.config_parameter"].sudo().set_param("auth_signup.invitation_scope", "b2c")
        self.authenticate(None, None)
        response = self.url_open(
            "/web/signup",
            data={
                "login": "nuevo@tienda.example",
                "name": "Cliente de la tienda",
                "password": "tienda-12345",
                "confirm_password": "tienda-12345",
                "csrf_token": Request.csrf_token(self),
            },
        )
        self.assertEqual(response.status_code, 200)
        self.assertEqual(self._origin("Cliente de la tienda"), "store")

    def test_portal_user(self):
        portal = self._create_user("portal", "base.group_portal", password="portal-12345", email="p@example.org")
        self.assertFalse(portal.partner_id.capture_origin)
        self.authenticate("portal", "portal-12345")
        response = self.url_open(
            "/my/address/submit",
            data={
                "name": "Sucursal",
                "email": "p@example.org",
                "phone": "5555555555",
                "street": "Calle 1",
                "city": "León",
                "zip": "37000",
                "country_id": self.env.ref("base.mx").id,
                "state_id": self.env.ref("base.state_mx_gto").id,
                "address_type": "delivery",
                "csrf_token": Request.csrf_token(self),
            },
        )
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        address = portal.partner_id.child_ids
        self.assertEqual(address.mapped("name"), ["Sucursal"])
        self.assertFalse(address.capture_origin)
