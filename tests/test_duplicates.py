import time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL

from ..models.res_partner_duplicates import SHOWN_DUPLICATES
from .common import CustomerCommon

RFC = "XIA190128J61"


@tagged("post_install", "-at_install")
class TestDuplicates(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Duplicates exist where the rules that forbid them are off, or came too late.
        for switch in {"customer_rfc_unique", "customer_email_unique"} & set(cls.env["res.company"]._fields):
            (cls.company + cls.company_2).sudo()[switch] = False
        cls.customer.write({"email": "Compras <Compras@Bajio.example>", "phone": "+52 1 (55) 5555-0101", "ref": "C-77"})
        cls.partners = cls.env["res.partner"]

    def _reasons(self, **values):
        return {found["id"]: found["reasons"] for found in self.partners.find_duplicates(values)}

    def test_find(self):
        one = self.customer.id
        for values, reasons in (
            ({"vat": "URE180429TM6"}, ["rfc"]),
            ({"vat": " ure-180429-tm6 "}, ["rfc"]),
            ({"email": "compras@bajio.EXAMPLE"}, ["email"]),
            ({"email": '"Otro" <compras@bajio.example>'}, ["email"]),
            ({"phone": "55 5555 0101"}, ["phone"]),
            ({"phone": "0052-55-55550101"}, ["phone"]),
            ({"name": " comercializadora del BAJÍO sa de cv"}, ["name"]),
            ({"vat": "URE180429TM6", "phone": "5555550101"}, ["rfc", "phone"]),
        ):
            with self.subTest(values):
                self.assertEqual(self._reasons(**values), {one: reasons})
        for values in (
            {},
            {"vat": "", "email": False, "phone": None, "name": ""},
            {"vat": "XAXX010101000"},
            {"vat": "/"},
            {"email": "nobody"},
            {"phone": "0101"},
            {"vat": RFC, "email": "otra@bajio.example", "phone": "55 5555 0102", "name": "Comercializadora"},
        ):
            with self.subTest(values):
                self.assertEqual(self.partners.find_duplicates(values), [])

    def test_answer(self):
        self.customer.active = False
        self.assertEqual(
            self.partners.find_duplicates({"vat": "URE180429TM6"}),
            [
                {
                    "id": self.customer.id,
                    "name": self.customer.display_name,
                    "ref": "C-77",
                    "active": False,
                    "reasons": ["rfc"],
                }
            ],
        )

    def test_most_in_common_first(self):
        other = self._create_customer(name="Otra", vat=RFC, email="compras@bajio.example", phone="5555550101")
        found = self.partners.find_duplicates({"vat": RFC, "email": "compras@bajio.example", "phone": "5555550101"})
        self.assertEqual([item["id"] for item in found], [other.id, self.customer.id])

    def test_generic_rfcs_are_everybodys(self):
        self._create_customer(name="Público", vat="XAXX010101000", cfdi_tax_regime="616", cfdi_use="S01")
        self.assertEqual(self._reasons(vat="XAXX010101000"), {})

    def test_only_customers(self):
        self.partners.create({"name": "Proveedor", "vat": RFC, "supplier_rank": 1, "is_company": True})
        self.partners.create({"name": "Contacto", "parent_id": self.customer.id, "email": "ana@bajio.example"})
        self.assertEqual(self._reasons(vat=RFC), {})
        self.assertEqual(self._reasons(email="ana@bajio.example"), {})

    def test_data_from_before_the_addon(self):
        old = self._create_customer(name="Vieja", vat=False)
        old.flush_recordset()
        self.env.cr.execute("UPDATE res_partner SET vat = 'xia-190128 J61' WHERE id = %s", [old.id])
        old.invalidate_recordset()
        self.assertEqual(self._reasons(vat=RFC), {old.id: ["rfc"]})
        self.assertIn(
            {"reason": "rfc", "value": RFC, "ids": sorted((old + self._create_customer(name="N", vat=RFC)).ids)},
            self.env["customer.duplicate.group"].find_groups(),
        )

    def test_before_saving(self):
        with Form(self.partners.with_context(default_customer_rank=1), "l10n_mx_customer.view_customer_form") as form:
            form.name = "Nueva"
            self.assertFalse(form.duplicate_warning)
            form.vat = "URE180429TM6"
            self.assertIn(f"/odoo/mx-customers/{self.customer.id}", form.duplicate_warning)
            self.assertIn("C-77", form.duplicate_warning)
            self.assertIn("same RFC", form.duplicate_warning)
            form.vat = RFC
            self.assertFalse(form.duplicate_warning)
            form.phone = "5555550101"
            self.assertIn("same phone", form.duplicate_warning)
            form.phone = False
        self.assertFalse(form.record.duplicate_customer_ids)

    def test_a_name_is_not_markup(self):
        self.customer.name = "<script>alert(1)</script>"
        other = self._create_customer(name="Otra", phone="5555550101", vat=RFC)
        self.assertNotIn("<script>", other.duplicate_warning)
        self.assertEqual(other.duplicate_customer_ids, self.customer)

    def test_card_of_a_saved_customer(self):
        self.assertFalse(self.customer.duplicate_customer_ids, "nobody is a duplicate of himself")
        other = self._create_customer(name="Otra", vat=RFC, phone="55 5555 0101", active=False)
        self.env.invalidate_all()
        self.assertEqual(self.customer.duplicate_customer_ids, other)
        self.assertIn("archived", self.customer.duplicate_warning)

    def test_companies(self):
        other = self.partners.sudo().create(
            {
                "name": "De la otra",
                "vat": "URE180429TM6",
                "customer_rank": 1,
                "is_company": True,
                "company_id": self.company_2.id,
            }
        )
        self.customer.company_id = self.company
        self.assertEqual(self._reasons(vat="URE180429TM6"), {self.customer.id: ["rfc"]})
        self.assertFalse(self.customer.duplicate_customer_ids, "each company has its own customer")
        both = self.partners.with_context(allowed_company_ids=(self.company + self.company_2).ids)
        self.assertEqual(
            {found["id"] for found in both.find_duplicates({"vat": "URE180429TM6"})}, {self.customer.id, other.id}
        )
        self.assertEqual(both.env["customer.duplicate.group"].find_groups(), [])

    def test_who_may(self):
        portal = self._create_user("portal_duplicates", "base.group_portal")
        with self.assertRaises(AccessError):
            self.partners.with_user(portal).find_duplicates({"vat": "URE180429TM6"})
        with self.assertRaises(AccessError):
            self.customer.with_user(portal).read(["duplicate_warning"])
        with self.assertRaises(AccessError):
            self.env["customer.duplicate.group"].with_user(portal).find_groups()

    def test_one_query_for_a_page_of_customers(self):
        customers = self.partners.create(
            [{"name": f"Cadena {n}", "customer_rank": 1, "phone": "5555550101"} for n in range(80)]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.customer.check_access("read")
        customers.mapped("display_name")
        customers.mapped("email")
        with self.assertQueryCount(2):  # the search, and the values of those found that were not read yet
            customers.mapped("duplicate_customer_ids")
        self.assertEqual(customers[0].duplicate_warning.count("<li>"), SHOWN_DUPLICATES)

    def test_the_search_uses_the_indexes(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        domain = self.partners._duplicates_domain()
        for reason, key in (
            ("rfc", RFC),
            ("email", "a@b.example"),
            ("phone", "5555550101"),
            ("name", "nadie"),
        ):
            query = (
                self.partners.with_context(active_test=False)
                .sudo()
                ._search(domain & self.partners._key_domain(reason, [key]))
            )
            plan = [row[0] for row in self.env.execute_query(SQL("EXPLAIN %s", query.select()))]
            index = "email_normalized" if reason == "email" else f"duplicate_{reason}"
            self.assertIn(f"res_partner_{index}_idx", "\n".join(plan), reason)

    def test_groups(self):
        same_rfc = self._create_customer(name="Repetida", vat="URE180429TM6", active=False)
        same_phone = self._create_customer(name="Vecina", vat=RFC, phone="01 55 5555 0101")
        groups = self.env["customer.duplicate.group"].find_groups()
        self.assertEqual(
            [group for group in groups if self.customer.id in group["ids"]],
            [
                {"reason": "rfc", "value": "URE180429TM6", "ids": sorted([self.customer.id, same_rfc.id])},
                {"reason": "phone", "value": "5555550101", "ids": sorted([self.customer.id, same_phone.id])},
            ],
        )
        action = self.env["customer.duplicate.group"].action_find()
        listed = self.env["customer.duplicate.group"].search(action["domain"])
        self.assertEqual(len(listed), len(groups))
        group = listed.filtered(lambda group: group.reason == "rfc" and group.value == "URE180429TM6")
        self.assertEqual(group.with_context(active_test=False).partner_ids, self.customer + same_rfc)
        action = group.action_merge()
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertEqual(wizard.partner_ids, self.customer + same_rfc)
        self.assertEqual(wizard.dst_partner_id, self.customer, "the active one is proposed to stay")
        wizard.action_merge()
        self.assertFalse(same_rfc.exists())
        with self.assertRaisesRegex(UserError, "merged already"):
            group.action_merge()


@tagged("post_install", "-at_install")
class TestMerge(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for switch in {"customer_rfc_unique", "customer_email_unique"} & set(cls.env["res.company"]._fields):
            (cls.company + cls.company_2).sudo()[switch] = False
        cls.customer.email = "compras@bajio.example"
        cls.other = cls._create_customer(
            name="Comercializadora del Bajio",
            vat="URE180429TM6",
            email="ventas@bajio.example",
            credit_limit=900.0,
            credit_days=30,
        )

    def _merge(self, partners=None, into=None, user=None):
        partners = partners or self.customer + self.other
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_user(user or self.env.ref("base.user_admin"))
            .with_context(active_model="res.partner", active_ids=partners.ids, allowed_company_ids=self.company.ids)
            .create({"dst_partner_id": (into or self.customer).id})
        )
        wizard.action_merge()
        self.env.invalidate_all()

    def test_figures_are_the_sum(self):
        invoice = self._create_customer_invoice(amount=1000.0, days_ago=60)
        theirs = self._create_customer_invoice(self.other, amount=500.0)
        order = self._create_order(self.other, price=200.0, days_ago=3)
        self._collect(theirs)
        names = (
            "invoiced_total",
            "invoice_balance",
            "invoice_overdue",
            "collected",
            "receivable_balance",
            "overdue_balance",
            "uninvoiced_balance",
        )
        self.env.flush_all()
        total = {name: self.customer[name] + self.other[name] for name in names}
        self.assertEqual((total["invoiced_total"], total["collected"]), (1740.0, 580.0))
        self._merge()
        self.assertFalse(self.other.exists())
        self.assertEqual({name: self.customer[name] for name in names}, total)
        self.assertEqual(self.customer.credit_available, 50000.0 - total["receivable_balance"])
        self.assertEqual(self.customer.last_sale_date, order.date_order)
        self.assertEqual((invoice + theirs).commercial_partner_id, self.customer)
        self.assertEqual(order.commercial_partner_id, self.customer)
        # the figures go on: what comes next is counted
        self._create_customer_invoice(amount=100.0)
        self.assertEqual(self.customer.invoiced_total, total["invoiced_total"] + 116.0)

    def test_into_a_customer_without_documents(self):
        self._create_customer_invoice(amount=1000.0)
        self._merge(into=self.other)
        self.assertEqual(self.other.invoiced_total, 1160.0)
        self.assertEqual(self.other.credit_available, 900.0 - 1160.0, "its own limit, not the other's")

    def test_a_contact_of_another_customer(self):
        contact = self.env["res.partner"].create({"name": "Ana", "parent_id": self.other.id})
        twin = self.env["res.partner"].create({"name": "Ana", "parent_id": self.customer.id})
        order = self._create_order(contact, price=200.0)
        self.assertEqual(order.commercial_partner_id, self.other)
        self._merge(contact + twin, into=twin)
        self.assertEqual(order.partner_id, twin)
        self.assertEqual(order.commercial_partner_id, self.customer)
        self.assertEqual(self.other.uninvoiced_balance, 0.0)
        self.assertEqual(self.customer.uninvoiced_balance, 232.0)

    def test_terms_of_credit_go_together(self):
        self.customer.write({"credit_days": 0, "property_payment_term_id": False})
        term = self.customer.property_payment_term_id
        self.other.write({"credit_limit": 900.0, "credit_days": 30})
        self.assertNotEqual(self.other.property_payment_term_id, term)
        self._merge()
        self.assertEqual((self.customer.credit_limit, self.customer.credit_days), (50000.0, 0))
        self.assertEqual(self.customer.property_payment_term_id, term)

    def test_terms_of_a_company_that_has_none(self):
        self.other.with_company(self.company_2).sudo().write({"credit_limit": 77.0, "credit_days": 7})
        self.env.flush_all()
        self._merge()
        self.assertEqual(self.customer.with_company(self.company_2).credit_limit, 77.0)
        self.assertEqual(self.customer.with_company(self.company_2).credit_days, 7)
        self.assertEqual(self.customer.credit_limit, 50000.0)

    def test_what_is_lacking_is_filled_in(self):
        self.other.write({"phone": "55 5555 0101", "cfdi_legal_name": "OTRO NOMBRE", "website": "https://b.example"})
        self._merge()
        self.assertEqual(self.customer.phone, "55 5555 0101")
        self.assertNotEqual(self.customer.cfdi_legal_name, "OTRO NOMBRE")
        self.assertEqual(self.customer.email, "compras@bajio.example")

    def test_contacts_follow(self):
        contact = self.env["res.partner"].create({"name": "Ana", "parent_id": self.other.id})
        self._merge()
        self.assertEqual(contact.parent_id, self.customer)
        self.assertEqual(contact.commercial_partner_id, self.customer)
        self.assertIn(self.customer.name, contact.complete_name)

    def test_unique_rules_do_not_block_it(self):
        names = {"customer_rfc_unique", "customer_email_unique"} & set(self.env["res.company"]._fields)
        self.other.vat = "XIA190128J61"
        for name in names:
            self.company.sudo()[name] = True
        self.customer.write({"vat": False, "email": False})
        self._merge()
        self.assertEqual(self.customer.vat, "XIA190128J61", "taken over from the one that is gone")
        self.assertEqual(self.customer.email, "ventas@bajio.example")

    def test_legal_documents_follow_and_stay_as_they_are(self):
        invoice = self._create_customer_invoice(self.other)
        document = (
            self.env["customer.cfdi"]
            .sudo()
            .create(
                {
                    "move_id": invoice.id,
                    "company_id": self.company.id,
                    "partner_id": self.other.id,
                    "cfdi_type": "I",
                    "issuer_rfc": "EKU9003173C9",
                    "series": "A",
                    "folio": "1",
                    "state": "stamped",
                    "uuid": "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE",
                    "environment": "test",
                    "sealed_xml": b"PHgvPg==",
                    "xml": b"PHkvPg==",
                }
            )
        )
        before = document.read(["uuid", "state", "xml", "sealed_xml", "move_id", "series", "folio", "write_date"])
        self._merge()
        self.assertEqual(document.partner_id, self.customer)
        self.assertEqual(
            document.read(["uuid", "state", "xml", "sealed_xml", "move_id", "series", "folio", "write_date"]), before
        )

    def test_referrals(self):
        between = self._create_customer(name="Intermedio", vat="XIA190128J61", referred_by_id=self.other.id)
        self.customer.referred_by_id = between
        self._merge()
        self.assertFalse(self.customer.referred_by_id, "nobody is referred by himself")
        self.assertEqual(between.referred_by_id, self.customer)

    def test_points_card(self):
        self.other.points_card_code = "044-1"
        self._merge()
        self.assertEqual(self.customer.points_card_code, "044-1")

    def test_who_may_merge_different_emails(self):
        manager = new_test_user(
            self.env(su=True),
            "customer_manager",
            groups="l10n_mx_customer.group_customer_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        contacts = new_test_user(
            self.env(su=True),
            "contact_manager",
            groups="base.group_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaisesRegex(UserError, "same email"), self.env.cr.savepoint():
            self._merge(user=contacts)
        stranger = self._create_customer(name="Otro RFC", vat="XIA190128J61", email="x@x.example")
        with self.assertRaisesRegex(UserError, "same email"), self.env.cr.savepoint():
            self._merge(self.customer + stranger, user=manager)
        portal = self._create_user("portal_merge", "base.group_portal", partner_id=self.other.id)
        with self.assertRaisesRegex(UserError, "same email"), self.env.cr.savepoint():
            self._merge(user=manager)
        portal.sudo().partner_id = portal.sudo().partner_id.copy({"name": "Portal", "vat": False})
        self._merge(user=manager)
        self.assertFalse(self.other.exists())


@tagged("post_install", "-at_install")
class TestDuplicatesAtScale(CustomerCommon):
    def test_twenty_thousand_customers(self):
        """The card's warning stays in milliseconds, the list of all duplicates in seconds."""
        self.env.cr.execute(
            """
            INSERT INTO res_partner (name, complete_name, active, type, customer_rank, is_company, autopost_bills, vat,
                                     phone, email_normalized, email)
            SELECT 'Masivo ' || n, 'Masivo ' || n, true, 'contact', 1, true, 'ask',
                   'AAA' || lpad((n / 2)::text, 6, '0') || 'AB1', '55' || lpad(n::text, 8, '0'),
                   'm' || n || '@masivo.example', 'm' || n || '@masivo.example'
            FROM generate_series(1, 20000) AS n
            """
        )
        self.env.cr.execute("UPDATE res_partner SET commercial_partner_id = id WHERE name LIKE 'Masivo %'")
        self.env.cr.execute("ANALYZE res_partner")
        self.env.invalidate_all()
        values = {"vat": "AAA000007AB1", "email": "m77@masivo.example", "phone": "5500000078"}
        self.env["res.partner"].find_duplicates(values)
        self.env.invalidate_all()
        start = time.perf_counter()
        found = self.env["res.partner"].find_duplicates(values)
        single = time.perf_counter() - start
        self.assertEqual(len(found), 4)
        start = time.perf_counter()
        groups = self.env["customer.duplicate.group"].find_groups(limit=100000)
        bulk = time.perf_counter() - start
        self.assertGreaterEqual(len(groups), 9999)
        # ten times what they take alone: other tests run on the same machine
        self.assertLess(single, 0.5)
        self.assertLess(bulk, 60.0)
