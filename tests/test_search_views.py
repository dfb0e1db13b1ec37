"""The searches of the addon: every filter and every grouping runs, and those of the customers find whom they say."""

from datetime import timedelta

from lxml import etree
from odoo import fields
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import CustomerCommon

MODULE = "l10n_mx_customer"


class SearchCase(CustomerCommon):
    @classmethod
    def _search_arch(cls, view):
        return etree.fromstring(cls.env[view.model].get_view(view.id, "search")["arch"])

    def _domain(self, text):
        return Domain(safe_eval(text, {"uid": self.env.uid, "self": "abc"}))

    def _filters(self, arch):
        """The filters with a domain, by name."""
        filters = [node for node in arch.iter("filter") if node.get("domain")]
        names = [node.get("name") for node in filters]
        self.assertEqual(len(names), len(set(names)), "two filters have one name")
        return {node.get("name"): node.get("domain") for node in filters}

    def _groupings(self, arch):
        """What the groupings group by, by the filter's name."""
        return {
            node.get("name"): safe_eval(node.get("context"))["group_by"]
            for node in arch.iter("filter")
            if "group_by" in (node.get("context") or "")
        }


@tagged("post_install", "-at_install")
class TestCustomerSearch(SearchCase):
    """Each filter of the customers' search, on customers that differ in what the filters ask for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zone = cls.env["customer.zone"].sudo().create({"name": "Bajío", "code": "BAJ-T"})
        cls.channel = cls.env["customer.channel"].sudo().create({"name": "Mostrador"})
        cls.campaign = cls.env["utm.campaign"].sudo().create({"title": "Expo"})
        tag = cls.env["res.partner.category"].sudo().create({"name": "Preferente"})
        jalisco = cls.env.ref("base.state_mx_jal")
        cls.customer.write(
            {
                "user_id": cls.env.uid,
                "zone_id": cls.zone.id,
                "channel_id": cls.channel.id,
                "customer_class": "wholesale",
                "category_id": tag.ids,
                "campaign_id": cls.campaign.id,
                "state_id": jalisco.id,
                "email": "bajio@example.com",
                "marketing_opt_in": True,
            }
        )
        cls._create_order(days_ago=1)
        cls.late = cls._create_customer(name="Atrasado", vat="XIA190128J61", credit_limit=90000.0, credit_days=15)
        cls._create_customer_invoice(cls.late, days_ago=60)
        cls._create_order(cls.late, days_ago=300)
        cls.over = cls._create_customer(
            name="Pasado de límite", vat="ESI920427886", credit_limit=100.0, credit_days=60, customer_class="retail"
        )
        cls._create_order(cls.over, days_ago=2)
        cls.bare = cls.env["res.partner"].create({"name": "Sin datos", "customer_rank": 1, "no_email": True})
        cls.referred = cls._create_customer(
            name="Recomendado", vat="WATM640917J45", is_company=False, cfdi_tax_regime="612"
        )
        cls.referred.referred_by_id = cls.customer
        cls.gone = cls._create_customer(name="Archivado", vat="H&E951128469")
        cls.gone.active = False
        lead = cls.env["crm.lead"].create(
            {"name": "Trato", "partner_name": "Del CRM", "type": "opportunity", "user_id": False}
        )
        cls.led = lead._create_customer()
        cls._give_documents()
        cls.all = cls.customer | cls.late | cls.over | cls.bare | cls.referred | cls.gone | cls.led
        cls._store_figures()
        cls.view = cls.env.ref(f"{MODULE}.view_customer_search")
        cls.action = cls.env.ref(f"{MODULE}.action_customers")

    @classmethod
    def _give_documents(cls):
        """To one a follow-up, to another an event, a file, points."""
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        cls.env["customer.log"].create(
            {"partner_id": cls.customer.id, "summary": "Llamar", "next_date": cls.today + timedelta(days=3)}
        )
        cls.env["calendar.event"].sudo().create(
            {"name": "Visita", "start": tomorrow, "stop": tomorrow, "partner_ids": cls.late.ids}
        )
        cls.env["ir.attachment"].create(
            {"name": "Acta.txt", "raw": b"acta", "res_model": "res.partner", "res_id": cls.over.id}
        )
        program = cls.env["loyalty.program"].sudo().create({"name": "Puntos", "program_type": "loyalty"})
        cls.env["loyalty.card"].sudo().create({"program_id": program.id, "partner_id": cls.referred.id, "points": 10.0})

    def _expected(self):
        """Whom of `self.all` each filter finds."""
        nobody = self.env["res.partner"]
        incomplete = self.bare | self.led
        here = self.all - self.gone
        return {
            "mine": self.customer,
            "without_salesperson": here - self.customer,
            "overdue": self.late,
            "over_limit": self.over,
            "owing": self.customer | self.late | self.over,
            "on_credit": self.customer | self.late | self.over,
            "cash": self.bare | self.referred | self.led,
            "wholesale": self.customer,
            "retail": self.over,
            "referred": self.referred,
            "without_rfc": incomplete,
            "cannot_be_invoiced": incomplete,
            "without_zip": incomplete,
            "without_regime": incomplete,
            "without_use": incomplete,
            "without_payment": incomplete,
            "missing_files": here,
            "no_email": self.bare,
            "marketing": self.customer,
            "from_lead": self.led,
            "inactive": self.late | self.bare | self.referred | self.led,
            "never_bought": self.bare | self.referred | self.led,
            "archived": self.gone,
            "to_follow_up": self.customer,
            "planned_events": self.late,
            "files_to_review": self.over,
            "with_points": self.referred,
            "nobody": nobody,
        }

    def test_each_filter_finds_whom_it_says(self):
        filters = self._filters(self._search_arch(self.view))
        expected = self._expected()
        self.assertEqual(sorted(filters), sorted(expected.keys() - {"nobody"}), "a filter without an expectation")
        base = self._domain(self.action.domain) & Domain("id", "in", self.all.ids)
        for name, text in filters.items():
            with self.subTest(name):
                found = self.env["res.partner"].search(base & self._domain(text))
                self.assertEqual(found.mapped("name"), expected[name].sorted(found._order).mapped("name") or [])

    def test_each_grouping_puts_the_customer_in_its_group(self):
        groupings = self._groupings(self._search_arch(self.view))
        own = {
            "group_user": self.env.uid,
            "group_state": self.env.ref("base.state_mx_jal").id,
            "group_zone": self.zone.id,
            "group_channel": self.channel.id,
            "group_class": "wholesale",
            "group_credit_kind": "credit",
            "group_referrer": False,
            "group_campaign": self.campaign.id,
            "group_person": "moral",
            "group_regime": "601",
            "group_origin": False,
            "group_country": self.env.ref("base.mx").id,
            "group_tag": self.customer.category_id.id,
            "group_create_date": fields.Datetime.now().strftime("%Y-%m-01"),
        }
        self.assertEqual(sorted(groupings), sorted(own), "a grouping without an expectation")
        domain = Domain("id", "in", self.all.ids)
        for name, spec in groupings.items():
            with self.subTest(name):
                groups = self.env["res.partner"].web_read_group(domain, [spec], ["__count"])["groups"]
                self.assertEqual(sum(group["__count"] for group in groups), len(self.all - self.gone))
                mine = [
                    group
                    for group in groups
                    if self.customer in self.env["res.partner"].search(domain & Domain(group["__extra_domain"]))
                ]
                self.assertEqual(len(mine), 1)
                key = mine[0][spec]
                self.assertEqual(str(key[0] if isinstance(key, (list, tuple)) else key)[:10], str(own[name])[:10])

    def test_groupings_that_people_need(self):
        needed = {"user_id", "zone_id", "channel_id", "capture_origin", "customer_class", "state_id", "credit_kind"}
        self.assertEqual(needed - set(self._groupings(self._search_arch(self.view)).values()), set())

    def test_what_is_typed(self):
        arch = self._search_arch(self.view)
        typed = {
            "name": ("URE180429TM6", self.customer),
            "user_id": (self.env.user.name, self.customer),
            "category_id": ("Preferente", self.customer),
            "zone_id": ("BAJ-T", self.customer),
            "channel_id": ("Mostrador", self.customer),
            "referred_by_id": ("Comercializadora del Bajío", self.referred),
        }
        for name, (text, expected) in typed.items():
            with self.subTest(name):
                node = next(node for node in arch.iter("field") if node.get("name") == name)
                text_domain = node.get("filter_domain")
                domain = (
                    Domain(safe_eval(text_domain, {"self": text}))
                    if text_domain
                    else Domain(name, node.get("operator", "ilike"), text)
                )
                if node.get("operator") == "child_of":
                    domain = Domain(
                        name, "child_of", self.env["res.partner.category"].search([("name", "=", text)]).ids
                    )
                self.assertEqual(self.env["res.partner"].search(Domain("id", "in", self.all.ids) & domain), expected)

    def test_list_and_kanban_show_what_is_missing(self):
        views = self.env["res.partner"].get_views(
            [(view.view_id.id, view.view_mode) for view in self.action.view_ids], {"action_id": self.action.id}
        )["views"]
        self.assertEqual(sorted(views), ["form", "kanban", "list"])
        needed = {
            "kanban": {
                "ref", "vat", "user_id", "zone_id", "channel_id", "credit_light", "invoice_missing",
                "missing_file_type_ids", "overdue_balance", "receivable_balance",
            },
            "list": {
                "ref", "vat", "user_id", "zone_id", "channel_id", "credit_light", "invoice_missing",
                "missing_file_type_ids", "overdue_balance", "credit_available", "capture_origin", "customer_class",
            },
        }  # fmt: skip
        for kind, names in needed.items():
            arch = etree.fromstring(views[kind]["arch"])
            present = {node.get("name") for node in arch.iter("field")}
            self.assertEqual(names - present, set(), kind)
        values = self.all.web_read({name: {} for name in needed["list"]})
        missing = {row["id"]: row["invoice_missing"] for row in values}
        self.assertIn("RFC", missing[self.bare.id])
        self.assertFalse(missing[self.customer.id])


@tagged("post_install", "-at_install")
class TestEverySearch(SearchCase):
    """Every search view of the addon: its filters, groupings and typed searches are understood by the server."""

    def test_all_run(self):
        data = self.env["ir.model.data"].sudo().search([("module", "=", MODULE), ("model", "=", "ir.ui.view")])
        views = self.env["ir.ui.view"].sudo().browse(data.mapped("res_id")).exists()
        views = views.filtered(lambda view: view.type == "search" and not view.inherit_id)
        self.assertGreaterEqual(len(views), 8)
        for view in views:
            model = self.env[view.model]
            arch = self._search_arch(view)
            for name, text in self._filters(arch).items():
                with self.subTest(view=view.name, filter=name):
                    model.search(self._domain(text), limit=1)
            for name, spec in self._groupings(arch).items():
                with self.subTest(view=view.name, grouping=name):
                    # the web client groups dates by month unless told otherwise
                    date = spec in model._fields and model._fields[spec].type in ("date", "datetime")
                    model.formatted_read_group([], [f"{spec}:month" if date else spec], ["__count"])
            for node in arch.iter("field"):
                with self.subTest(view=view.name, field=node.get("name")):
                    if node.get("filter_domain"):
                        model.search(self._domain(node.get("filter_domain")), limit=1)
                    else:
                        model.search([(node.get("name"), "!=", False)], limit=1)
            for node in arch.iter("filter"):
                if node.get("date"):
                    field = model._fields[node.get("date")]
                    self.assertIn(field.type, ("date", "datetime"), node.get("name"))
                    today = fields.Date.today()
                    model.search([(field.name, ">=", today - timedelta(days=30))], limit=1)
