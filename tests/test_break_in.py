import contextlib
import json

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import HttpCase, tagged

from .common import CustomerCommon

PASSWORD = "adentro-12345"
SALES = ("sales_team.group_sale_salesman", "base.group_partner_manager", "base.group_allow_export")
# What the button of a list or a form calls, and what an integration does: all of them, called on a customer, its files
# and its entries. Methods with arguments get these.
ARGUMENTS = {
    "action_customer_file_reject": ["Ilegible"],
    "address_get": [["invoice"]],
    "cancel": ["02"],
    "write": [{}],
}
# Answers that say nothing of a record, or of the user's own: called on no record, or ask only the SAT's catalogue.
HARMLESS = {"res.partner": {"colony_suggestions", "postal_code_info", "default_get", "fields_get", "create",
                            "find_by_points_card", "find_duplicates"},
            "ir.attachment": {"create"}, "customer.log": {"create"}, "customer.cfdi": set(),
            "res.partner.bank": {"create"}}  # fmt: skip


def public_methods(env, model):
    """The names of a model's public methods that this addon defines or extends."""
    return sorted(
        {
            name
            for base in env.registry[model].__mro__
            if base.__module__.startswith("odoo.addons.l10n_mx_customer.")
            for name, method in vars(base).items()
            if callable(method) and not name.startswith("_") and not getattr(method, "_api_private", False)
        }
        - HARMLESS[model]
    )


@tagged("post_install", "-at_install")
class TestBreakIn(HttpCase, CustomerCommon):
    """Three who must not reach a customer: its portal user, a colleague who keeps to his own, another company's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        colleague = cls._create_user("colega", *SALES)
        cls.victim = cls._create_customer(
            name="Cliente de otro", email="victima@example.com", phone="5512345678", company_id=cls.company.id,
            user_id=colleague.id, vat="XIA190128J61", points_card_code="PUNTOS-9",
        )  # fmt: skip
        cls.file = cls.env["ir.attachment"].create(
            {"name": "secreto.pdf", "raw": b"%PDF-1.4 secreto", "res_model": "res.partner", "res_id": cls.victim.id}
        )
        cls.entry = cls.env["customer.log"].create({"partner_id": cls.victim.id, "summary": "Asunto secreto"})
        cls.account = cls.env["res.partner.bank"].create(
            {"partner_id": cls.victim.id, "acc_number": "002010077777777771"}
        )
        cls.move = cls._create_customer_invoice(cls.victim, invoice_user_id=colleague.id)
        cls.cfdi = (
            cls.env["customer.cfdi"]
            .sudo()
            .create(
                {"move_id": cls.move.id, "company_id": cls.company.id, "partner_id": cls.victim.id, "cfdi_type": "I",
                 "issuer_rfc": "EKU9003173C9", "series": "A", "folio": "1", "state": "stamped", "xml": b"PHgvPg==",
                 "uuid": "5FB2822E-396D-4725-8521-CDC4BDD20CCF"}
            )
        )  # fmt: skip
        cls.message = cls.victim.message_post(body="Mensaje secreto")
        cls.activity = cls.victim.activity_schedule("mail.mail_activity_data_todo", summary="Actividad secreta")
        own = cls._create_user("propios", *SALES, password=PASSWORD)
        own.group_ids += cls.env.ref("l10n_mx_customer.group_own_customers_only")
        other = cls._create_user(
            "otra", *SALES, password=PASSWORD, company_id=cls.company_2.id, company_ids=[Command.set(cls.company_2.ids)]
        )
        portal = cls._create_user("portal", "base.group_portal", password=PASSWORD)
        cls.intruders = own + other + portal
        cls.records = cls.victim, cls.file, cls.entry, cls.account, cls.cfdi

    def _as(self, user, record):
        company = user.company_id.ids
        return record.with_user(user).with_context(allowed_company_ids=company)

    def test_every_public_method(self):
        calls = 0
        for user in self.intruders:
            for record in self.records:
                for name in public_methods(self.env, record._name):
                    theirs = self._as(user, record)
                    method = get_public_method(theirs, name)
                    label = (user.login, record._name, name)
                    with self.subTest(label), self.assertRaises(AccessError), self.env.cr.savepoint():
                        method(theirs, *ARGUMENTS.get(name, []))
                    calls += 1
        self.assertGreater(calls, 100)

    def test_reading(self):
        for user in self.intruders:
            for record in self.records:
                theirs = self._as(user, record)
                model = theirs.browse().with_context(active_test=False, **theirs.env.context)
                if not model.has_access("read"):
                    # Odoo's attachments are found by nobody in another way: an empty answer, for no right at all
                    refused = self.assertRaises(AccessError) if record != self.file else contextlib.nullcontext()
                    with self.subTest((user.login, record._name)), refused:
                        self.assertFalse(model.search([("id", "in", record.ids)]))
                    continue
                domain = [("id", "in", record.ids)]
                with self.subTest((user.login, record._name)):
                    self.assertFalse(model.search(domain))
                    self.assertEqual(model.search_count(domain), 0)
                    self.assertFalse(model.search_read(domain, ["create_date"]))
                    self.assertEqual(model.web_search_read(domain, {"create_date": {}})["length"], 0)
                    self.assertFalse(model.name_search("", domain))
                    group = model.formatted_read_group(domain, [], ["__count"])
                    self.assertEqual([row["__count"] for row in group], [0])
                    self.assertFalse(model.formatted_read_group(domain, ["create_uid"], ["__count"]))
                for call, arguments in (
                    ("read", [["create_date"]]),
                    ("web_read", [{"create_date": {}}]),
                    ("export_data", [["create_date"]]),
                    ("copy", []),
                    ("copy_data", []),
                    ("web_save", [{}, {"create_date": {}}]),
                    ("unlink", []),
                ):
                    label = (user.login, record._name, call)
                    with self.subTest(label), self.assertRaises(UserError), self.env.cr.savepoint():
                        getattr(theirs, call)(*arguments)

    def test_through_other_records(self):
        """Messages, activities, tracked values, timelines: what hangs on a customer goes with it."""
        for user in self.intruders:
            for record in (self.message, self.activity):
                theirs = self._as(user, record)
                with self.subTest((user.login, record._name)):
                    with self.assertRaises(AccessError), self.env.cr.savepoint():
                        theirs.read()
                    if theirs.browse().has_access("read"):
                        self.assertFalse(theirs.search([("id", "=", record.id)]))
            for model in ("customer.history", "customer.change"):
                lines = self._as(user, self.env[model])
                with self.subTest((user.login, model)):
                    if user.has_group("base.group_portal"):
                        with self.assertRaises(AccessError):
                            lines.search([("partner_id", "=", self.victim.id)])
                    else:
                        found = lines.search([("partner_id", "=", self.victim.id)])
                        self.assertFalse(found.filtered(lambda line: "secret" in (line.display_name or "")))
                        self.assertFalse(found.exists())
            if not user.share:
                partners = self._as(user, self.env["res.partner"])
                values = {"vat": self.victim.vat, "email": self.victim.email, "phone": self.victim.phone}
                self.assertFalse(partners.find_duplicates(values))
                self.assertFalse(partners.find_by_points_card("PUNTOS-9"))

    def test_over_http(self):
        reports = {"card": f"l10n_mx_customer.report_customer_card_document/{self.victim.id}"}
        for user in self.intruders:
            self.authenticate(user.login, PASSWORD)
            for path in (f"/web/content/{self.file.id}", f"/web/content/res.partner.bank/{self.account.id}/acc_number",
                         f"/web/content/customer.cfdi/{self.cfdi.id}/xml",
                         f"/web/image/{self.file.id}"):  # fmt: skip
                with self.subTest((user.login, path)):
                    answer = self.url_open(path)
                    self.assertNotIn("secreto", answer.text)
                    self.assertNotIn(b"<x/>", answer.content)
                    self.assertTrue(answer.status_code == 404 or path.startswith("/web/image"))
            for report in reports.values():
                for kind in ("html", "pdf"):
                    with self.subTest((user.login, kind)):
                        answer = self.url_open(f"/report/{kind}/{report}")
                        self.assertGreaterEqual(answer.status_code, 400)
                        self.assertNotIn("victima@example.com", answer.text)
            answer = self.url_open(
                "/web/dataset/call_kw/res.partner/action_new_quotation",
                data=json.dumps({"params": {"model": "res.partner", "method": "action_new_quotation", "kwargs": {},
                                            "args": [self.victim.ids]}}),
                headers={"Content-Type": "application/json"},
            ).json()  # fmt: skip
            self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")

    def test_wizards_of_others(self):
        """A wizard is its user's: its customer, files and results are nobody else's to read."""
        wizards = (
            self.env["customer.stamp"].create({"move_ids": self.move.ids}),
            self.env["customer.file.rejection"].create({"attachment_ids": self.file.ids, "reason": "x"}),
            self.env["customer.store.password"].create({"partner_id": self.victim.id}),
        )
        for user in self.intruders:
            for wizard in wizards:
                theirs = self._as(user, wizard)
                with self.subTest((user.login, wizard._name)), self.assertRaises(AccessError):
                    theirs.read(["create_date"])
                if theirs.browse().has_access("read"):
                    self.assertFalse(theirs.search([]))
