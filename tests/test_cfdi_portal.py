import io
import json
import re
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from pypdf import PdfReader

from ..cfdi import verify_seal
from .stamped import StampedCommon

PASSWORD = "portal-12345"


@tagged("post_install", "-at_install")
class TestCfdiPortal(HttpCase, StampedCommon):
    """The customer's documents on its own pages, asked as its browser asks them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer(name="Xenon", vat="XIA190128J61", cfdi_zip="76343", email="xenon@example.com")
        cls.contact = cls.env["res.partner"].create(
            {"name": "Ana Compras", "parent_id": cls.customer.id, "email": "ana@example.com"}
        )
        cls.user = cls._create_user(
            "cliente", "base.group_portal", partner_id=cls.customer.id, password=PASSWORD, email="compras@example.com"
        )
        cls.contact_user = cls._create_user(
            "ana", "base.group_portal", partner_id=cls.contact.id, password=PASSWORD, email="ana@example.com"
        )
        cls.stranger = cls._create_user(
            "xenon", "base.group_portal", partner_id=cls.other.id, password=PASSWORD, email="xenon@example.com"
        )

    def setUp(self):
        super().setUp()
        self.cfdi = self._stamp(self._comprobante())
        self.theirs = self._stamp(self._comprobante(), self._create_customer_invoice(self.other))

    def _set_state(self, cfdi, state):
        self.env.cr.execute("UPDATE customer_cfdi SET state = %s WHERE id = %s", [state, cfdi.id])
        cfdi.invalidate_recordset()

    def _listed(self, query=""):
        """The UUIDs of a page, in its order."""
        answer = self.url_open(f"/my/cfdi{query}")
        self.assertEqual(answer.status_code, 200)
        return re.findall(r">([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})<", answer.text)

    # ------------------------------------------------------------------
    # The list
    # ------------------------------------------------------------------

    def test_list_has_the_customers_own(self):
        for login in ("cliente", "ana"):
            self.authenticate(login, PASSWORD)
            with self.subTest(login):
                self.assertEqual(self._listed(), [self.cfdi.uuid])
        self.authenticate("xenon", PASSWORD)
        self.assertEqual(self._listed(), [self.theirs.uuid])

    def test_total(self):
        self.authenticate("cliente", PASSWORD)
        self.assertNotIn("1,160.00", self.url_open("/my/cfdi").text, "from before it was kept")
        self.cfdi.sudo().write({"total": 1160.0, "currency_id": self.env.ref("base.MXN").id})
        self.assertIn("1,160.00", self.url_open("/my/cfdi").text)

    def test_nobody_logged_in(self):
        self.authenticate(None, None)
        answer = self.url_open("/my/cfdi", allow_redirects=False)
        self.assertIn(answer.status_code, (302, 303))
        self.assertIn("/web/login", answer.headers["Location"])

    def test_only_legal_documents(self):
        self.authenticate("cliente", PASSWORD)
        for state, listed in (("cancel_requested", 1), ("cancelled", 1), ("sealed", 0), ("sent", 0), ("rejected", 0)):
            self._set_state(self.cfdi, state)
            with self.subTest(state):
                self.assertEqual(len(self._listed()), listed)

    def test_search(self):
        self.authenticate("cliente", PASSWORD)
        second = self._stamp(self._comprobante(Serie="NC", Folio="00077"))
        self.assertEqual(self._listed(), [second.uuid, self.cfdi.uuid])
        for term, expected in (
            (self.cfdi.uuid, self.cfdi),
            (self.cfdi.uuid.lower(), self.cfdi),
            (second.uuid[:13], second),
            ("00077", second),
            ("nc-00077", second),
            ("T-00077", None),
            (self.theirs.uuid, None),
            (self.theirs.folio, None),
        ):
            with self.subTest(term):
                self.assertEqual(self._listed(f"?search={term}"), [expected.uuid] if expected else [])

    def test_dates(self):
        self.authenticate("cliente", PASSWORD)
        # 20:00 of the 10th in Mexico City
        self.cfdi.sudo().stamped_at = "2026-03-11 02:00:00"
        for query, found in (
            ("?date_begin=2026-03-10&date_end=2026-03-10", True),
            ("?date_begin=2026-03-10", True),
            ("?date_end=2026-03-10", True),
            ("?date_begin=2026-03-11", False),
            ("?date_end=2026-03-09", False),
            ("?date_begin=nonsense&date_end=2026-99-99", True),
            ("?date_end=9999-12-31", True),
            ("?date_begin=0001-01-01", True),
        ):
            with self.subTest(query):
                self.assertEqual(bool(self._listed(query)), found)

    def test_types(self):
        self.authenticate("cliente", PASSWORD)
        self.assertEqual(len(self._listed("?cfdi_type=I")), 1)
        self.assertEqual(len(self._listed("?cfdi_type=nonsense")), 1, "what there is not is not asked for")
        self.env.cr.execute("UPDATE customer_cfdi SET cfdi_type = 'P' WHERE id = %s", [self.cfdi.id])
        self.cfdi.invalidate_recordset()
        self.assertEqual(len(self._listed("?cfdi_type=I")), 0)

    def test_pages(self):
        self.authenticate("cliente", PASSWORD)
        second = self._stamp(self._comprobante())
        with patch("odoo.addons.portal.controllers.portal.CustomerPortal._items_per_page", 1):
            self.assertEqual(self._listed(), [second.uuid])
            self.assertEqual(self._listed("/page/2"), [self.cfdi.uuid])
            page = self.url_open(f"/my/cfdi?search={self.cfdi.series}&cfdi_type=I&date_begin=2020-01-01").text
        self.assertNotIn("/my/cfdi/page/2", page.replace("/my/cfdi/page/2?", ""), "pages keep what was asked for")

    def test_home(self):
        self.authenticate("cliente", PASSWORD)
        self.assertIn('href="/my/cfdi"', self.url_open("/my/home").text)
        answer = self.url_open(
            "/my/counters",
            data=json.dumps({"params": {"counters": ["cfdi_count"]}}),
            headers={"Content-Type": "application/json"},
        ).json()
        self.assertEqual(answer["result"], {"cfdi_count": 1})

    def test_employee_sees_a_customers_page(self):
        clerk = self._create_user("clerk", "account.group_account_invoice", password=PASSWORD)
        self.assertTrue(self.cfdi.with_user(clerk).has_access("read"))
        self.authenticate("clerk", PASSWORD)
        self.assertEqual(self._listed(), [], "the company is no customer of its own")
        self.assertEqual(self.url_open(self.cfdi.action_cfdi_pdf()["url"]).status_code, 200, "the button of the form")
        answer = self.url_open(self.cfdi.action_cfdi_xml()["url"])
        self.assertEqual(answer.content, self._xml(self.cfdi))

    # ------------------------------------------------------------------
    # Files
    # ------------------------------------------------------------------

    def test_download(self):
        for login in ("cliente", "ana"):
            self.authenticate(login, PASSWORD)
            with self.subTest(login):
                answer = self.url_open(f"/my/cfdi/{self.cfdi.id}/xml")
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(answer.content, self._xml(self.cfdi))
                self.assertTrue(verify_seal(answer.content))
                self.assertEqual(answer.headers["Content-Type"], "application/xml")
                self.assertIn(self.cfdi.xml_name, answer.headers["Content-Disposition"])
                self.assertTrue(answer.headers["Content-Disposition"].startswith("attachment"))
        answer = self.url_open(f"/my/cfdi/{self.cfdi.id}/pdf")
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "application/pdf"))
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
        self.assertIn(self.cfdi.uuid, re.sub(r"\s", "", text))

    def test_stored_pdf_until_it_is_cancelled(self):
        self.cfdi._deliver()
        self.authenticate("cliente", PASSWORD)
        with patch.object(type(self.cfdi), "_pdf", lambda _cfdi: b"%PDF made now"):
            stored = self.url_open(f"/my/cfdi/{self.cfdi.id}/pdf").content
            self.assertNotEqual(stored, b"%PDF made now")
            self.assertTrue(stored.startswith(b"%PDF"))
            self._set_state(self.cfdi, "cancelled")
            self.assertEqual(self.url_open(f"/my/cfdi/{self.cfdi.id}/pdf").content, b"%PDF made now")

    def test_addenda_that_lacks_something(self):
        self.customer.addenda_template_id = (
            self.env["customer.addenda"].sudo().create({"name": "1.0", "template": '<Pedido oc="${orden_compra}"/>'})
        )
        self.authenticate("cliente", PASSWORD)
        self.assertEqual(self.url_open(f"/my/cfdi/{self.cfdi.id}/xml").content, self._xml(self.cfdi))
        self.cfdi.move_id.ref = "OC-5"
        self.assertIn(b'oc="OC-5"', self.url_open(f"/my/cfdi/{self.cfdi.id}/xml").content)

    def test_documents_of_others(self):
        for login in ("cliente", "ana", None):
            self.authenticate(login, login and PASSWORD)
            for kind in ("xml", "pdf"):
                for cfdi_id in (self.theirs.id, 0, 2**31 - 1):
                    with self.subTest((login, kind, cfdi_id)):
                        answer = self.url_open(f"/my/cfdi/{cfdi_id}/{kind}")
                        self.assertEqual(answer.status_code, 404)
                        self.assertNotIn(self.theirs.uuid, answer.text)
                answer = self.url_open(f"/my/cfdi/{self.theirs.id}/{kind}?access_token=nonsense")
                self.assertEqual(answer.status_code, 404)
        self.authenticate("cliente", PASSWORD)
        for path in (
            f"/web/content/customer.cfdi/{self.theirs.id}/xml",
            f"/report/pdf/l10n_mx_customer.report_customer_cfdi_document/{self.theirs.id}",
        ):
            with self.subTest(path):
                answer = self.url_open(path)
                self.assertGreaterEqual(answer.status_code, 400)
                self.assertNotIn(self.theirs.uuid.encode(), answer.content)

    def test_not_stamped(self):
        self.authenticate("cliente", PASSWORD)
        for state in ("sealed", "sent", "rejected", "discarded"):
            self._set_state(self.cfdi, state)
            with self.subTest(state):
                self.assertEqual(self.url_open(f"/my/cfdi/{self.cfdi.id}/xml").status_code, 404)

    def test_record_rule(self):
        documents = self.env["customer.cfdi"]
        for user, own, other in (
            (self.user, self.cfdi, self.theirs),
            (self.contact_user, self.cfdi, self.theirs),
            (self.stranger, self.theirs, self.cfdi),
        ):
            with self.subTest(user.login):
                self.assertEqual(documents.with_user(user).search([]), own)
                self.assertEqual(own.with_user(user).read(["uuid"])[0]["uuid"], own.uuid)
                with self.assertRaises(AccessError):
                    other.with_user(user).read(["uuid"])
                with self.assertRaises(AccessError):
                    own.with_user(user).write({"uuid": "x"})
                with self.assertRaises(AccessError):
                    own.with_user(user).read(["delivery_message"])
                with self.assertRaises(AccessError):
                    own.with_user(user).cfdi_send_email()

    # ------------------------------------------------------------------
    # The page of an invoice
    # ------------------------------------------------------------------

    def test_page_of_an_invoice(self):
        invoice = self.cfdi.move_id
        token = invoice._portal_ensure_token()
        for login, address in (
            ("cliente", f"/my/invoices/{invoice.id}"),
            (None, f"/my/invoices/{invoice.id}?access_token={token}"),
        ):
            self.authenticate(login, login and PASSWORD)
            with self.subTest(login):
                page = self.url_open(address).text
                self.assertIn(self.cfdi.uuid, page)
                for kind in ("pdf", "xml"):
                    (link,) = re.findall(rf'href="(/my/cfdi/{self.cfdi.id}/{kind}\?access_token=[^"]*)"', page)
                    self.assertEqual(self.url_open(link).status_code, 200)
        other = self.theirs.move_id._portal_ensure_token()
        self.assertEqual(self.url_open(f"/my/cfdi/{self.cfdi.id}/xml?access_token={other}").status_code, 404)

    def test_page_of_an_invoice_without_cfdi(self):
        invoice = self._create_customer_invoice()
        self.authenticate("cliente", PASSWORD)
        page = self.url_open(f"/my/invoices/{invoice.id}").text
        self.assertNotIn("/my/cfdi/", page)

    def test_page_shows_the_living_one(self):
        invoice = self.cfdi.move_id
        self._set_state(self.cfdi, "cancelled")
        self.assertEqual(invoice._portal_cfdi(), self.cfdi.sudo())
        living = self._stamp(self._comprobante(), invoice, stamped_at=self.cfdi.stamped_at - timedelta(days=1))
        self.assertEqual(invoice._portal_cfdi(), living.sudo())
