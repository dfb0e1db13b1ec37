from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import tagged

from .common import CustomerCommon

RFC, OTHER_RFC = "XIA190128J61", "KIJ0906199R1"


@tagged("post_install", "-at_install")
class TestIdentity(CustomerCommon):
    """Number, RFC and e-mail are one customer's."""

    def assert_taken(self, text, other, **values):
        with self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
            self._create_customer(name="Segundo", **values)
        for expected in (text, other.name, other.ref):
            self.assertIn(expected, str(caught.exception))

    def test_who_posts_need_not_see_the_customer(self):
        customer = self._create_customer(name="De otra compañía")
        customer.sudo().company_id = self.env["res.company"].sudo().create({"name": "Otra compañía"})
        user = self._create_user("contable", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            customer.with_user(user).read(["customer_rank"])
        customer.with_user(user)._increase_rank("customer_rank")
        counted = self.env.cr.postcommit.data["account.res.partner.increase_rank.customer_rank"]
        self.assertEqual(counted.pop(customer.id), 1)

    def test_rfc(self):
        first = self._create_customer(name="Primero", vat=RFC)
        self.assert_taken(RFC, first, vat="xia-190128-j61")
        other = self._create_customer(name="Otro")
        with self.assertRaisesRegex(ValidationError, first.ref), self.env.cr.savepoint():
            other.vat = RFC
        first.active = False
        self.assert_taken("archived", first, vat=RFC)
        first.vat = OTHER_RFC
        other.vat = RFC
        self.assertEqual(other.vat, RFC)

    def test_rfc_of_many_at_once(self):
        values = [{"name": f"Cliente {n}", "customer_rank": 1, "vat": RFC} for n in range(3)]
        with self.assertRaisesRegex(ValidationError, "Cliente 0"), self.env.cr.savepoint():
            self.env["res.partner"].create(values)

    def test_generic_rfcs_are_everybodys(self):
        usa = self.env.ref("base.us").id
        for number, country in (("XAXX010101000", False), ("XEXX010101000", usa)):
            for name in ("Uno", "Dos"):
                partner = self._create_customer(
                    name=name, vat=number, country_id=country, cfdi_tax_regime="616", cfdi_use="S01"
                )
                self.assertEqual(partner.vat, number)

    def test_contacts_and_suppliers_are_left_alone(self):
        first = self._create_customer(name="Primero", vat=RFC, email="uno@example.com")
        contact = self.env["res.partner"].create(
            {"name": "Compras", "parent_id": first.id, "email": "uno@example.com", "ref": first.ref}
        )
        supplier = self.env["res.partner"].create({"name": "Proveedor", "vat": RFC, "email": "uno@example.com"})
        self.assertEqual((contact.vat, supplier.vat), (RFC, RFC))
        with self.assertRaisesRegex(ValidationError, first.ref), self.env.cr.savepoint():
            supplier.customer_rank = 1

    def test_email(self):
        first = self._create_customer(name="Primero", email="Ventas <Ventas@Example.com>")
        self.assert_taken("ventas@example.COM", first, email=" ventas@example.COM ")

    def test_companies(self):
        partners = self.env["res.partner"].with_context(allowed_company_ids=(self.company + self.company_2).ids)

        def create(name, company=None):
            values = {"name": name, "customer_rank": 1, "vat": RFC, "company_id": company and company.id}
            return partners.create(values)

        first, second = create("De la primera", self.company), create("De la segunda", self.company_2)
        self.assertEqual(first.vat, second.vat)
        # one of no company would be a customer of both
        for company in (self.company, self.company_2, None):
            with self.subTest(company), self.assertRaisesRegex(ValidationError, RFC), self.env.cr.savepoint():
                create("Otro", company)
        with self.assertRaisesRegex(ValidationError, first.ref), self.env.cr.savepoint():
            second.company_id = self.company

    def test_rules_turned_off_and_on(self):
        self.assertFalse(self.customer.identity_warning)
        self.env["res.company"].search([]).write({"customer_rfc_unique": False})
        self.customer.invalidate_recordset()
        self.assertIn("RFC", self.customer.identity_warning)
        first = self._create_customer(name="Primero", vat=RFC)
        second = self._create_customer(name="Segundo", vat=RFC)
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self.company.customer_rfc_unique = True
        for text in (first.ref, second.ref, RFC):
            self.assertIn(text, str(caught.exception))
        second.vat = OTHER_RFC
        self.company.customer_rfc_unique = True
        self.assert_taken(RFC, first, vat=RFC)
        self.assert_taken(OTHER_RFC, second, vat=OTHER_RFC)

    def test_number(self):
        sequence = self.env.ref("l10n_mx_customer.sequence_customer_number").sudo()
        sequence.number_next_actual = 900
        self._create_customer(name="Con número", ref="C00901")
        customers = self.env["res.partner"].create(
            [{"name": f"Cliente {number}", "customer_rank": 1} for number in range(3)]
        )
        self.assertEqual(customers.mapped("ref"), ["C00900", "C00902", "C00903"])
        self.assert_taken("C00902", customers[1], ref="C00902")
        self.assertFalse(self.env["res.partner"].create({"name": "Proveedor"}).ref)

    def test_who_becomes_a_customer_by_an_invoice(self):
        """It gets a number; an RFC that a customer has already does not stop the invoice."""
        first = self._create_customer(name="Primero", vat=RFC)
        partner = self.env["res.partner"].create({"name": "Proveedor", "vat": RFC})
        self._create_customer_invoice(partner)
        self.assertEqual((partner.customer_rank > 0, bool(partner.ref)), (True, True))
        self.assert_taken(RFC, first, vat=RFC)
        partner.phone = "55 5555 0000"
        partner.email = "proveedor@example.com"
        first.unlink()
        partner.vat = RFC

    def test_numbers_cost_no_query_each(self):
        def queries(count):
            values = [{"name": f"Cliente {n}", "customer_rank": 1, "email": f"c{n}@{count}.mx"} for n in range(count)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["res.partner"].create(values)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertLessEqual(queries(40) - queries(4), 8)

    def test_two_at_once(self):
        """Two real transactions: the one that began before the other's commit is tried again, and told whose it is."""
        first, second = (db_connect(self.env.cr.dbname).cursor() for _number in range(2))
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        partners = [api.Environment(cr, SUPERUSER_ID, {})["res.partner"] for cr in (first, second)]
        second.execute("SELECT count(*) FROM res_partner")  # its snapshot is older than the other's commit
        winner = partners[0].create({"name": "Simultáneo", "customer_rank": 1, "vat": RFC})
        first.commit()
        calls = []

        def create():
            calls.append(1)
            return partners[1].create({"name": "Tardío", "customer_rank": 1, "vat": RFC})

        try:
            with patch("odoo.service.model.time.sleep"), self.assertRaisesRegex(ValidationError, "Simultáneo"):
                retrying(create, partners[1].env)
        finally:
            second.rollback()
            winner.unlink()
            first.commit()
        self.assertEqual(len(calls), 2)


@tagged("post_install", "-at_install")
class TestPerson(CustomerCommon):
    def test_kind_of_person(self):
        cases = (
            (RFC, {}, "moral", True),
            ("GODE561231GR8", {}, "natural", False),
            ("XAXX010101000", {"is_company": False}, "public", False),
            ("12-3456789", {"country_id": self.env.ref("base.us").id, "is_company": True}, "foreign", True),
            (False, {}, False, False),
        )
        for number, values, kind, is_company in cases:
            with self.subTest(number):
                partner = self.env["res.partner"].create(
                    {"name": "Cliente", "customer_rank": 1, "vat": number, **values}
                )
                self.assertEqual((partner.person_type, partner.is_company), (kind, is_company))

    def test_name_in_two_parts(self):
        partner = self.env["res.partner"].create(
            {"customer_rank": 1, "firstname": " María  José", "lastname": "Pérez Luna", "vat": "GODE561231GR8"}
        )
        self.assertEqual(partner.name, "María José Pérez Luna")
        partner.lastname = "Pérez Gil"
        self.assertEqual(partner.name, "María José Pérez Gil")
        partner.name = "Josefina Ortiz"
        self.assertEqual((partner.firstname, partner.lastname), (False, False))


@tagged("post_install", "-at_install")
class TestCredit(CustomerCommon):
    def test_days_and_term_say_the_same(self):
        term = self.env.ref("account.account_payment_term_45days")
        self.customer.credit_days = 45
        self.assertEqual(self.customer.property_payment_term_id, term)
        self.customer.property_payment_term_id = self.env.ref("account.account_payment_term_immediate")
        self.assertEqual(self.customer.credit_days, 0)
        self.customer.credit_days = 37
        self.assertEqual(self.customer.property_payment_term_id.line_ids.nb_days, 37)
        with self.assertRaisesRegex(ValidationError, "45"):
            self.customer.write({"credit_days": 30, "property_payment_term_id": term.id})

    def test_a_new_customer_with_days_has_the_term(self):
        customer = self._create_customer(name="Cliente", credit_days=15)
        self.assertEqual(customer.property_payment_term_id, self.env.ref("account.account_payment_term_15days"))
        self.assertEqual(self._create_order(customer, confirm=False).payment_term_id.line_ids.nb_days, 15)

    def test_an_import_looks_a_term_up_once(self):
        def queries(count):
            values = [{"name": f"Cliente {n}", "customer_rank": 1, "credit_days": 33} for n in range(count)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["res.partner"].create(values)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertLessEqual(queries(40) - queries(4), 8)

    def test_who_grants_credit(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman", "base.group_partner_manager")
        partners = self.env["res.partner"].with_user(seller)
        with self.assertRaisesRegex(AccessError, "Credit"), self.env.cr.savepoint():
            partners.create({"name": "Cliente", "customer_rank": 1, "credit_days": 30})
        customer = partners.create({"name": "Cliente", "customer_rank": 1, "credit_days": 0})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            customer.property_payment_term_id = self.env.ref("account.account_payment_term_45days")
        self.assertEqual(customer.credit_days, 0)

    def test_light(self):
        cases = (
            (0, 1000.0, "cash"),
            (30, 0.0, "available"),
            (30, 5000.0, "available"),
            (30, 1400.0, "near"),
            (30, 900.0, "over"),
        )
        customer = self._create_customer(name="Cliente", credit_days=30, credit_limit=5000.0)
        self._create_customer_invoice(customer)
        for days, limit, light in cases:
            with self.subTest((days, limit)):
                customer.write({"credit_days": days, "credit_limit": limit})
                self.assertEqual(customer.credit_light, light)
                self.assertTrue(customer.credit_light_reason)
        customer.credit_limit = 0.0
        self.company.customer_zero_limit = "cash"
        customer.invalidate_recordset()
        self.assertEqual(customer.credit_light, "cash")
        self._create_customer_invoice(customer, days_ago=3)
        self.assertEqual(customer.credit_light, "overdue")
        self.assertIn("1,160.00", customer.credit_light_reason)

    def test_what_is_missing_to_invoice(self):
        customer = self.env["res.partner"].create({"name": "Cliente", "customer_rank": 1})
        self.assertEqual(len(customer.invoice_missing.splitlines()), 6)
        self.assertIn("RFC", customer.invoice_missing)
        self.assertFalse(self.customer.invoice_missing)
        found = self.env["res.partner"].search([("invoice_missing", "!=", False), ("customer_rank", ">", 0)])
        self.assertIn(customer, found)
        self.assertNotIn(self.customer, found)
        self.assertIn(self.customer, self.env["res.partner"].search([("invoice_missing", "=", False)]))
