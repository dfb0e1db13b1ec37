import threading
from contextlib import closing

import psycopg2.errors
from odoo import Command
from odoo.api import Environment
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestClassification(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.env["customer.channel"].sudo().create({"name": "Mostrador", "code": "TEST-MOS"})

    def test_credit_or_cash_follows_the_company_s_days(self):
        cash = self._create_customer(name="De contado")
        partners = (self.customer + cash).ids
        second = self.env(user=self.env.user, context={**self.env.context, "allowed_company_ids": self.company_2.ids})[
            "res.partner"
        ]
        first = self.env["res.partner"]
        kinds = {
            "first": [(first, self.customer, "credit"), (first, cash, "cash")],
            "second": [(second, self.customer, "cash"), (second, cash, "cash")],
        }
        for company, cases in kinds.items():
            for model, customer, kind in cases:
                with self.subTest(company, customer=customer.name):
                    self.assertEqual(customer.with_env(model.env).credit_kind, kind)
                    of_kind = model.search([("id", "in", partners), ("credit_kind", "=", kind)])
                    self.assertIn(customer, of_kind)
                    others = model.search([("id", "in", partners), ("credit_kind", "!=", kind)])
                    self.assertNotIn(customer, others)
        domain = [("id", "in", partners)]
        self.assertEqual(first._read_group(domain, ["credit_kind"], ["__count"]), [("cash", 1), ("credit", 1)])
        self.assertEqual(second._read_group(domain, ["credit_kind"], ["__count"]), [("cash", 2)])
        self.assertTrue(first.fields_get(["credit_kind"])["credit_kind"]["groupable"])
        groups = first.web_read_group(domain, ["credit_kind"], ["__count"])["groups"]
        self.assertEqual([group["credit_kind"] for group in groups], ["cash", "credit"])
        self.assertEqual(first.search_count([("credit_kind", "in", ["cash", "credit"]), *domain]), 2)
        self.assertEqual(first.search_count([("credit_kind", "=", False), *domain]), 0)
        cash.credit_days = 8
        self.assertEqual(cash.credit_kind, "credit")

    def test_contacts_follow_their_company(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self.customer.write({"customer_class": "wholesale", "channel_id": self.channel.id})
        self.assertEqual((contact.customer_class, contact.channel_id), ("wholesale", self.channel))
        later = self.env["res.partner"].create({"name": "Pagos", "parent_id": self.customer.id})
        self.assertEqual((later.customer_class, later.channel_id), ("wholesale", self.channel))

    def test_channels(self):
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.channel.create({"name": "Otro", "code": "TEST-MOS"})
        self.channel.create([{"name": "Sin clave"}, {"name": "Sin clave tampoco"}])

    def test_what_customers_have_is_archived_and_not_deleted(self):
        for name, values in {
            "channel_id": {"name": "Ferias"},
            "affiliate_type_id": {"name": "Promotor"},
            "addenda_template_id": {"name": "Suya", "template": "<a/>"},
        }.items():
            with self.subTest(name):
                record = self.customer[name].sudo().create(values)
                customer = self._create_customer(name="Archivado", active=False, **{name: record.id})
                with self.assertRaisesRegex(UserError, f"{record.name}.*archive it"):
                    record.unlink()
                customer[name] = False
                self.assertTrue(record.unlink())

    def test_who_keeps_the_catalogues(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        manager = self._create_user("manager", "l10n_mx_customer.group_customer_manager")
        portal = self._create_user("portal", "base.group_portal")
        for model in ("customer.channel", "customer.affiliate.type", "customer.addenda"):
            records = self.env[model]
            with self.subTest(model):
                self.assertTrue(records.with_user(seller).has_access("read"))
                self.assertFalse(records.with_user(portal).has_access("read"))
                for operation in ("create", "write", "unlink"):
                    self.assertFalse(records.with_user(seller).has_access(operation))
                    self.assertTrue(records.with_user(manager).has_access(operation))

    def test_portal_users_do_not_read_how_they_are_classified(self):
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        for name in (
            "addenda_template_id", "affiliate_type_id", "campaign_notes", "channel_id", "credit_kind", "customer_class",
            "exclusive_product_tmpl_ids", "referral_rate", "referred_by_id",
        ):  # fmt: skip
            with self.subTest(name), self.assertRaises(AccessError):
                self.customer.with_user(portal).read([name])
        with self.assertRaises(AccessError):
            self.customer.with_user(portal)._read_group([], ["credit_kind"])

    def test_a_converted_lead_passes_its_campaign_on(self):
        utm = {
            "campaign_id": self.env["utm.campaign"].create({"name": "Feria"}).id,
            "medium_id": self.env["utm.medium"].create({"name": "Stand"}).id,
            "source_id": self.env["utm.source"].create({"name": "Expo 2026"}).id,
        }
        for partner_name in ("Empresa de la feria", False):
            with self.subTest(partner_name):
                lead = self.env["crm.lead"].create(
                    {"name": "Prospecto", "type": "lead", "contact_name": "Ana", "partner_name": partner_name, **utm}
                )
                lead._handle_partner_assignment(create_missing=True)
                customer = lead.partner_id.commercial_partner_id
                self.assertEqual({name: customer[name].id for name in utm}, utm)
                if partner_name:
                    self.assertNotEqual(lead.partner_id, customer)
                    self.assertFalse(lead.partner_id.campaign_id)
        by_wizard = self.env["res.partner"].with_context(default_source_id=2**30, default_campaign_id=2**30)
        self.assertFalse(by_wizard.create({"name": "De un asistente"}).source_id)
        plain = self.env["crm.lead"].create({"name": "Sin campaña", "contact_name": "Luis"})
        plain._handle_partner_assignment(create_missing=True)
        self.assertFalse(plain.partner_id.campaign_id)


@tagged("post_install", "-at_install")
class TestReferrals(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.env["customer.affiliate.type"].sudo().create({"name": "Distribuidor", "rate": 12.5})

    def test_rate_of_the_type(self):
        given = self._create_customer(name="A", affiliate_type_id=self.kind.id)
        agreed = self._create_customer(name="B", affiliate_type_id=self.kind.id, referral_rate=3)
        nothing = self._create_customer(name="C", affiliate_type_id=self.kind.id, referral_rate=0)
        self.assertEqual([given.referral_rate, agreed.referral_rate, nothing.referral_rate], [12.5, 3, 0])
        other = self.kind.copy({"name": "Promotor", "rate": 5})
        (given + agreed).write({"affiliate_type_id": other.id})
        self.assertEqual([given.referral_rate, agreed.referral_rate], [5, 5])
        other.rate = 50
        self.assertEqual(given.referral_rate, 5)
        given.affiliate_type_id = False
        self.assertEqual(given.referral_rate, 5)
        form = Form(self.customer, view="l10n_mx_customer.view_customer_form")
        form.affiliate_type_id = self.kind
        self.assertEqual(form.referral_rate, 12.5)
        form.referral_rate = 7
        self.assertEqual(form.save().referral_rate, 7)

    def test_rates_out_of_range(self):
        for value in (-0.01, 100.01, 1e9):
            with self.subTest(value):
                with self.assertRaisesRegex(ValidationError, "% Referral Commission.*0 to 100"), self.cr.savepoint():
                    self.customer.referral_rate = value
                with self.assertRaisesRegex(ValidationError, "Default Commission.*Distribuidor"), self.cr.savepoint():
                    self.kind.rate = value
        for value in (0, 100):
            self.customer.referral_rate = self.kind.rate = value

    def test_a_contact_who_refers_is_its_company(self):
        referrer = self._create_customer(name="Quien recomienda")
        contact = self.env["res.partner"].create({"name": "Su contacto", "parent_id": referrer.id})
        self.customer.referred_by_id = contact
        self.assertEqual(self.customer.referred_by_id, referrer)
        created = self._create_customer(name="Otro", referred_by_id=contact.id)
        self.assertEqual(created.referred_by_id, referrer)

    def test_wrong_referrers(self):
        customers = self.customer
        for number in range(12):
            customers += self._create_customer(name=f"Cliente {number}", referred_by_id=customers[-1].id)
        contact = self.env["res.partner"].create({"name": "Contacto", "parent_id": self.customer.id})
        supplier = self.env["res.partner"].create({"name": "Proveedor", "supplier_rank": 1})
        cases = {
            "itself": (self.customer, "cannot refer itself"),
            "its own contact": (contact, "cannot refer itself"),
            "whom it referred": (customers[1], "Cliente 0.*was itself referred"),
            "twelve steps away": (customers[-1], "Cliente 11.*was itself referred"),
            "not a customer": (supplier, "Proveedor.*is not a customer"),
        }
        for name, (referrer, message) in cases.items():
            with self.subTest(name), self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
                self.customer.referred_by_id = referrer
        with self.assertRaisesRegex(ValidationError, "referred"), self.cr.savepoint():
            (customers[0] + customers[5]).write({"referred_by_id": customers[7].id})
        customers[0].referred_by_id = self._create_customer(name="De fuera")

    def test_a_referrer_is_not_deleted_from_under_them(self):
        referrer = self._create_customer(name="Quien recomienda")
        self.customer.referred_by_id = referrer
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            referrer.unlink()

    def test_merging(self):
        merge = self.env["base.partner.merge.automatic.wizard"].with_user(self.env.ref("base.user_admin"))._merge
        kept, middle, other = (self._create_customer(name=name) for name in ("Queda", "En medio", "Se va"))
        outsider = self._create_customer(name="Tercero")
        other.write({"referred_by_id": kept.id, "points_card_code": "T-1"})
        middle.referred_by_id = other
        merge((kept + other).ids, kept)
        self.env.invalidate_all()
        self.assertFalse(other.exists())
        self.assertEqual((kept.referred_by_id.id, kept.points_card_code), (False, "T-1"))
        self.assertEqual(middle.referred_by_id, kept)
        last = self._create_customer(name="Último", referred_by_id=outsider.id, points_card_code="T-2")
        merge((kept + last).ids, kept)
        self.env.invalidate_all()
        self.assertEqual((kept.referred_by_id, kept.points_card_code), (outsider, "T-1"))
        # The one that goes was brought by one whom the one that stays brought: nobody can bring itself.
        again = self._create_customer(name="Vuelta", referred_by_id=middle.id)
        kept.referred_by_id = False
        merge((kept + again).ids, kept)
        self.env.invalidate_all()
        self.assertEqual((kept.referred_by_id.id, middle.referred_by_id), (False, kept))


@tagged("post_install", "-at_install")
class TestReferralsAtOnce(CustomerCommon):
    """Two real transactions; what they leave in the database is deleted."""

    def test_two_that_refer_each_other(self):
        registry = Registry(self.env.cr.dbname)
        uid = self.env.ref("base.user_admin").id

        def environment(cr):
            return Environment(cr, uid, {})

        with closing(self._real_cursor(registry)) as cr:
            partners = environment(cr)["res.partner"].create(
                [{"name": name, "customer_rank": 1} for name in ("Concurrente A", "Concurrente B")]
            )
            ids = partners.ids
            cr.commit()  # pylint: disable=invalid-commit
        outcomes, both_have_a_snapshot = {}, threading.Barrier(2, timeout=20)

        def refer(env, customer_id, referrer_id):
            with closing(env.cr):
                partner = env["res.partner"].browse(customer_id)
                partner.mapped("name")
                both_have_a_snapshot.wait()
                try:
                    partner.referred_by_id = referrer_id
                    env.cr.commit()  # pylint: disable=invalid-commit
                    outcomes[customer_id] = "done"
                except (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected):
                    outcomes[customer_id] = "run again"

        try:
            with mute_logger("odoo.sql_db"):
                # The environments are made here: while tests run, the main thread holds the registry's lock.
                threads = [
                    threading.Thread(target=refer, args=(environment(self._real_cursor(registry)), *pair))
                    for pair in (ids, ids[::-1])
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(30)
            self.assertEqual(sorted(outcomes.values()), ["done", "run again"])
            # The server runs the one that failed again, and then it sees the other.
            (failed,) = [key for key, outcome in outcomes.items() if outcome != "done"]
            with closing(self._real_cursor(registry)) as cr:
                partner = environment(cr)["res.partner"].browse(failed)
                with self.assertRaisesRegex(ValidationError, "was itself referred"):
                    partner.referred_by_id = next(key for key in ids if key != failed)
        finally:
            with closing(self._real_cursor(registry)) as cr:
                partners = environment(cr)["res.partner"].browse(ids)
                partners.referred_by_id = False
                partners.unlink()
                cr.commit()  # pylint: disable=invalid-commit

    def _real_cursor(self, registry):
        return registry._db.cursor()


@tagged("post_install", "-at_install")
class TestPointsCard(CustomerCommon):
    def test_written_one_way_and_found(self):
        self.customer.write({"points_card_code": " AbC-001 ", "ref": "C0042"})
        self.assertEqual(self.customer.points_card_code, "AbC-001")
        partners = self.env["res.partner"]
        self.assertEqual(
            partners.find_by_points_card(" AbC-001\n"),
            {"id": self.customer.id, "name": self.customer.name, "ref": "C0042"},
        )
        for code in ("abc-001", "AbC", "", "  ", False, None, "%", 7):
            with self.subTest(code):
                self.assertEqual(partners.find_by_points_card(code), {})
        for text in ("AbC-001", " AbC-001 ", "C0042", "URE180429TM6"):
            with self.subTest(text):
                self.assertIn(self.customer.id, dict(partners.name_search(text)))
        self.assertNotIn(self.customer.id, dict(partners.name_search("bC-00")))
        self.assertNotIn(self.customer.id, dict(partners.name_search("AbC-001", operator="not ilike")))
        self.customer.active = False
        self.assertEqual(partners.find_by_points_card("AbC-001"), {})

    def test_who_finds(self):
        self.customer.points_card_code = "X1"
        partners = self.env["res.partner"]
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        self.assertEqual(partners.with_user(seller).find_by_points_card("X1")["id"], self.customer.id)
        self.customer.company_id = self.company
        other = self._create_user(
            "other", "sales_team.group_sale_salesman",
            company_id=self.company_2.id, company_ids=[Command.set(self.company_2.ids)],
        )  # fmt: skip
        self.assertEqual(
            partners.with_user(other).with_context(allowed_company_ids=self.company_2.ids).find_by_points_card("X1"), {}
        )
        portal = self._create_user("portal", "base.group_portal")
        self.assertEqual(partners.with_user(portal).find_by_points_card("X1"), {})

    def test_one_customer_a_card(self):
        self.customer.write({"points_card_code": "X1", "ref": "C0042"})
        other = self._create_customer(name="Otro")
        archived = self._create_customer(name="Archivado", points_card_code="X2", active=False)
        stranger = self._create_user("stranger", "sales_team.group_sale_salesman")
        partners = self.env["res.partner"]
        cases = {
            "write": lambda: other.write({"points_card_code": " X1"}),
            "create": lambda: self._create_customer(name="Nuevo", points_card_code="X1"),
            "second of a batch": lambda: partners.create(
                [{"name": "a", "points_card_code": "X3"}, {"name": "b", "points_card_code": "X1"}]
            ),
            "of a salesperson": lambda: other.with_user(stranger).write({"points_card_code": "X1"}),
        }
        for name, attempt in cases.items():
            with self.subTest(name), self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                attempt()
            self.assertIn(f"“X1” belongs to {self.customer.name} (C0042)", str(caught.exception))
        self.customer.with_context(allowed_company_ids=(self.company + self.company_2).ids).company_id = self.company_2
        with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
            other.with_user(stranger).points_card_code = "X1"
        self.assertIn("“X1” belongs to a customer that you may not see", str(caught.exception))
        with self.assertRaisesRegex(ValidationError, "X2.*Archivado"), self.cr.savepoint():
            other.points_card_code = archived.points_card_code
        for attempt in (
            lambda: (other + archived).write({"points_card_code": "X9"}),
            lambda: self.env["res.partner"].create([{"name": "a", "points_card_code": c} for c in ("X9", "X9 ")]),
        ):
            with self.assertRaisesRegex(ValidationError, "X9.*2 customers"), self.cr.savepoint():
                attempt()
        (other + archived).write({"points_card_code": "  "})
        self.assertEqual((other + archived).mapped("points_card_code"), [False, False])
        self.customer.sudo().points_card_code = "X1"
        self.assertFalse(self.customer.sudo().copy().points_card_code)

    def test_the_database_holds_it_too(self):
        """What two transactions at once run into."""
        self.customer.points_card_code = "X1"
        other = self._create_customer(name="Otro")
        self.env.flush_all()
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.env.cr.execute("UPDATE res_partner SET points_card_code = 'X1' WHERE id = %s", [other.id])

    def test_import(self):
        result = self.env["res.partner"].load(
            ["name", "customer_rank", "points_card_code", "customer_class", "referral_rate"],
            [["Uno", "1", "I-1", "wholesale", "10"], ["Dos", "1", "", "", ""], ["Tres", "1", "", "retail", "0"]],
        )
        self.assertFalse(result["messages"])
        one, two, three = self.env["res.partner"].browse(result["ids"])
        self.assertEqual((one.points_card_code, one.customer_class, one.referral_rate), ("I-1", "wholesale", 10))
        self.assertEqual((two.points_card_code, three.points_card_code), (False, False))
        result = self.env["res.partner"].load(["name", "points_card_code"], [["Cuatro", "I-1"]])
        self.assertIn("I-1", result["messages"][0]["message"])

    def test_customers_without_any_of_this_cost_nothing(self):
        """Creating plain customers runs no query of ours; neither does writing them."""
        queries = []
        execute = type(self.env.cr).execute

        def count(cursor, query, *args, **kwargs):
            queries.append(str(query))
            return execute(cursor, query, *args, **kwargs)

        self.patch(type(self.env.cr), "execute", count)
        customers = self.env["res.partner"].create([{"name": f"C{n}", "customer_rank": 1} for n in range(20)])
        customers.write({"comment": "x"})
        self.env.flush_all()
        ours = ("FOR SHARE", "customer_affiliate_type", "product_template_exclusive", '"points_card_code" IN')
        self.assertFalse([query for query in queries if any(name in query for name in ours)])
        self.assertTrue(queries)
