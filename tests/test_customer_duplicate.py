import base64
import csv
import io
import string
import time
import zipfile
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from openpyxl import Workbook
from stdnum.mx import rfc

from ..models.res_partner_copy import COPIED, COPIED_PER_COMPANY, GIVEN, NOT_COPIED
from ..wizards.customer_duplicate import REVIEWED
from .card_contract import AGREEMENT
from .common import CustomerCommon

# Decided, and not a field of res.partner.
ACTIONS = {"action_change_store_password"}

NEW = {"name": "Sucursal Norte", "vat": "XIA190128J61", "email": "norte@example.com", "phone": "55 5555 0101"}


@tagged("post_install", "-at_install")
class TestCustomerDuplicate(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {
                "email": "original@example.com",
                "phone": "55 5555 0000",
                "ref": "C-1",
                "street": "Reforma 1",
                "category_id": [(0, 0, {"name": "Mayorista"})],
                "user_id": cls.env.user.id,
                "property_payment_term_id": cls.env.ref("account.account_payment_term_30days").id,
                "property_product_pricelist": cls.env["product.pricelist"].create({"name": "Mayoreo"}).id,
                "bank_ids": [(0, 0, {"acc_number": "002010077777777771"})],
            }
        )

    def _duplicate(self, **values):
        wizard = self.env["customer.duplicate"].create({"source_id": self.customer.id, **NEW, **values})
        return self.env["res.partner"].browse(wizard.action_duplicate()["res_id"])

    def test_every_field_has_one_decision(self):
        """A new field is refused here until somebody decides whether Duplicar copies it (res_partner_copy.py)."""
        groups = {"copied": COPIED, "per company": COPIED_PER_COMPANY, "given": GIVEN, "not copied": set(NOT_COPIED)}
        decided = sorted(name for group in groups.values() for name in group)
        self.assertEqual(decided, sorted(set(decided)), "a field has one decision")
        defined = self.env["res.partner"]._fields
        own = {name for name, field in defined.items() if "l10n_mx_customer" in field._modules}
        self.assertGreater(len(own), 20)
        self.assertFalse(own - set(decided), "fields of this addon that nobody has decided on")
        self.assertLessEqual(set(decided) - set(defined), ACTIONS, "decisions on fields that do not exist")
        self.assertTrue(all(NOT_COPIED.values()), "what is not copied has a reason")
        for name in COPIED_PER_COMPANY & set(defined):
            self.assertTrue(defined[name].company_dependent, name)
        for name in COPIED & set(defined):
            self.assertFalse(defined[name].company_dependent, name)

    def test_every_field_of_the_contract_has_a_decision(self):
        # The contract is not a part of this repository: where it is not there, the test above is what is left.
        rows = csv.DictReader(AGREEMENT.open(encoding="utf-8")) if AGREEMENT.exists() else ()
        names = {row["field"] for row in rows if row["model"] == "res.partner"}
        self.assertFalse(names - COPIED - COPIED_PER_COMPANY - GIVEN - set(NOT_COPIED))

    def test_what_is_copied(self):
        self._create_customer_invoice()
        self.customer.write(self._other_values())
        # Sudo: other modules' fields are for their own users.
        before = self.customer.sudo().read()[0]
        copy = self._duplicate()
        defined = self.env["res.partner"]._fields
        for name in (COPIED | COPIED_PER_COMPANY) & set(defined):
            with self.subTest(name):
                self.assertEqual(copy[name], self.customer[name])
        self.assertEqual(copy.property_product_pricelist, self.customer.property_product_pricelist)
        for name, value in NEW.items():
            with self.subTest(name):
                self.assertEqual(copy[name], value)
        for name in ("street", "bank_ids", "invoiced_total", "receivable_balance", "cfdi_legal_name", "comment"):
            with self.subTest(name):
                self.assertFalse(copy[name])
        self.assertNotEqual(copy.ref, self.customer.ref)
        self.assertEqual(copy.customer_rank, 1)
        self.assertEqual(copy.credit_available, 50000.0)
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.sudo().read()[0], before, "the original stays as it was")

    def test_nothing_else_is_copied(self):
        """Field by field: whatever the rules do not copy, the new customer has as any new customer would."""
        values = {"comment": "<p>Paga tarde</p>", "website": "https://original.example", **self._other_values()}
        self.customer.write(values)
        copy = self._duplicate()
        fresh = self.env["res.partner"].create({"name": "Fresca", "customer_rank": 1, "is_company": True})
        for name, field in self.env["res.partner"]._fields.items():
            own = name != "ref" and name in NOT_COPIED and "l10n_mx_customer" in field._modules
            # what is computed comes from terms that are copied (available credit, the credit light)
            if own and not field.compute and field.type != "one2many" and field.groups != fields.NO_ACCESS:
                with self.subTest(name):
                    self.assertEqual(copy[name], fresh[name])
        self.assertNotEqual(copy.ref, self.customer.ref)
        self.assertFalse(copy.comment)
        self.assertFalse(copy.website)

    def _other_values(self):
        """Values for the facets that are installed, so that copying an empty field proves nothing."""
        carrier = self.env["delivery.carrier"].sudo().search([], limit=1)
        values = {
            "allowed_carrier_ids": [(6, 0, carrier.ids)],
            "property_delivery_carrier_id": carrier.id,
            "no_email": True,
            "notify_owner": True,
            "customer_class": "wholesale",
            "lang": self.env.user.lang,
        }
        return {name: value for name, value in values.items() if name in self.env["res.partner"]._fields}

    def test_reviewed_values_may_be_changed(self):
        wizard = Form(self.env["customer.duplicate"].with_context(active_id=self.customer.id))
        self.assertEqual(wizard.cfdi_use, "G03")
        self.assertEqual(wizard.user_id, self.env.user)
        self.assertFalse(wizard.marketing_opt_in, "the original's consent is not the new customer's")
        wizard.name, wizard.vat, wizard.email, wizard.phone = (NEW[n] for n in ("name", "vat", "email", "phone"))
        wizard.cfdi_use = "G01"
        count = self.env["res.partner"].search_count([])
        record = wizard.save()
        self.assertEqual(self.env["res.partner"].search_count([]), count, "nothing is created before it is confirmed")
        copy = self.env["res.partner"].browse(record.action_duplicate()["res_id"])
        self.assertEqual(copy.cfdi_use, "G01")
        self.assertEqual(self.customer.cfdi_use, "G03")

    def test_kind_of_person(self):
        self.assertTrue(self._duplicate().is_company)
        natural = {"vat": "ROVL850412QK0", "email": "f@example.com", "cfdi_tax_regime": "612"}
        self.assertFalse(self._duplicate(**natural).is_company)
        generic = {"vat": "XEXX010101000", "email": "x@example.com", "cfdi_tax_regime": "616", "cfdi_use": "S01"}
        self.assertTrue(self._duplicate(**generic).is_company, "as the original")

    def test_reviewed_fields_are_copied_ones(self):
        self.assertLessEqual(set(REVIEWED), COPIED | COPIED_PER_COMPANY)

    def test_credit_cannot_be_changed_on_the_way(self):
        wizard = self.env["customer.duplicate"].create({"source_id": self.customer.id, **NEW, "credit_limit": 999999.0})
        copy = self.env["res.partner"].browse(wizard.action_duplicate()["res_id"])
        self.assertEqual(copy.credit_limit, 50000.0)
        self.assertEqual(self.customer.credit_limit, 50000.0)

    def test_who_may(self):
        portal = self._create_user("portal_duplicate", "base.group_portal")
        with self.assertRaises(AccessError):
            self.env["customer.duplicate"].with_user(portal).create({"source_id": self.customer.id, **NEW})
        foreign = (
            self.env["res.partner"]
            .sudo()
            .create({"name": "Ajeno", "customer_rank": 1, "company_id": self.company_2.id, "is_company": True})
        )
        seller = self._create_user("seller_only", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            wizard = self.env["customer.duplicate"].with_user(seller).create({"source_id": foreign.id, **NEW})
            wizard.action_duplicate()
        wizard = self.env["customer.duplicate"].with_user(seller).create({"source_id": self.customer.id, **NEW})
        with self.assertRaises(AccessError):
            wizard.read(["credit_limit"])

    def test_terms_of_every_company(self):
        self.customer.with_company(self.company_2).credit_limit = 123.0
        self.env.user.company_ids |= self.company_2
        copy = self._duplicate()
        self.assertEqual(copy.with_company(self.company_2).credit_limit, 123.0)
        self.assertEqual(copy.credit_limit, 50000.0)

    def test_required(self):
        wizard = Form(self.env["customer.duplicate"].with_context(active_id=self.customer.id))
        self.assertEqual(wizard.source_id, self.customer)
        self.assertEqual(wizard.credit_limit, 50000.0)
        wizard.name, wizard.vat, wizard.email = NEW["name"], NEW["vat"], NEW["email"]
        with self.assertRaisesRegex(AssertionError, "phone is a required field"):
            wizard.save()

    def test_bad_identity_creates_nothing(self):
        count = self.env["res.partner"].search_count([])
        self._create_customer(name="Vecina", vat="FIN190304KB1", email="vecina@example.com")
        count += 1
        for values, text in (
            ({"vat": "XIA190128J62"}, "XIA190128J62"),
            ({"vat": "ure-180429-tm6"}, self.customer.name),
            ({"vat": " "}, "RFC: it is empty"),
            ({"name": " "}, "Name: it is empty"),
            ({"email": "nobody"}, "nobody"),
            ({"email": "uno@a.example, dos@a.example"}, "dos@a.example"),
            ({"phone": "123"}, "123"),
            ({"phone": "llámame"}, "llámame"),
            ({"phone": ""}, "Phone: it is empty"),
        ):
            with self.subTest(values), self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                self._duplicate(**values)
            self.assertIn(text, str(caught.exception))
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            self._duplicate(vat="XIA190128J62", email="nobody", phone="1")
        self.assertEqual(len(str(caught.exception).splitlines()), 3, "all that is wrong is told at once")
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_email_of_another_customer(self):
        if "customer_email_unique" in self.company._fields:
            self._create_customer(name="Vecina", vat="FIN190304KB1", email="Vecina@Example.com")
            with self.assertRaisesRegex(UserError, "Vecina"), self.env.cr.savepoint():
                self._duplicate(email="vecina@example.com")
            (self.company + self.company_2).sudo().customer_email_unique = False
        self.assertTrue(self._duplicate(email="vecina@example.com"))

    def test_rfc_of_an_archived_customer(self):
        self._create_customer(name="Archivado", vat=NEW["vat"], active=False)
        with self.assertRaisesRegex(UserError, "Archivado"):
            self._duplicate()

    def test_a_salesperson_may_duplicate_without_reading_credit(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman", "base.group_partner_manager")
        wizard = self.env["customer.duplicate"].with_user(seller).create({"source_id": self.customer.id, **NEW})
        copy = self.env["res.partner"].browse(wizard.action_duplicate()["res_id"])
        self.assertEqual(copy.credit_limit, 50000.0)

    def test_spanish_error(self):
        self.env["res.lang"]._activate_lang("es_MX")
        with self.assertRaises(UserError) as caught:
            self.env["customer.duplicate"].with_context(lang="es_MX").create(
                {"source_id": self.customer.id, **NEW, "email": "nadie"}
            ).action_duplicate()
        self.assertEqual(
            str(caught.exception),
            "Correo electrónico: «nadie» no es válido; se espera una dirección como ventas@cliente.mx.",
        )


@tagged("post_install", "-at_install")
class TestDuplicateMany(CustomerCommon):
    TABLE = (
        "Nombre\tRFC\tCorreo\tTeléfono\n"
        "Sucursal Norte\tXIA190128J61\tnorte@example.com\t55 5555 0101\n"
        "Sucursal Sur\tFIN190304KB1\tsur@example.com\t55 5555 0102\n"
    )

    def _wizard(self, table=None, **values):
        return self.env["customer.duplicate.many"].create(
            {"source_id": self.customer.id, **({"table": table} if table is not None else {}), **values}
        )

    def _created(self, wizard):
        return self.env["res.partner"].search(wizard.action_duplicate()["domain"], order="id")

    def test_table(self):
        wizard = self._wizard(self.TABLE)
        self.assertEqual((wizard.row_count, wizard.problem_count, wizard.problems), (2, 0, False))
        customers = self._created(wizard)
        self.assertRecordValues(
            customers,
            [
                {
                    "name": "Sucursal Norte",
                    "vat": "XIA190128J61",
                    "email": "norte@example.com",
                    "credit_limit": 50000.0,
                },
                {"name": "Sucursal Sur", "vat": "FIN190304KB1", "email": "sur@example.com", "credit_limit": 50000.0},
            ],
        )
        self.assertEqual(customers.mapped("cfdi_use"), ["G03", "G03"])
        self.assertEqual(customers.mapped("customer_rank"), [1, 1])

    def test_ways_of_writing_a_table(self):
        row = ["Sucursal Ñu", "XIA190128J61", "norte@example.com", "5555550101"]
        head = ["Teléfono", "RFC", "Nombre", "E-mail"]
        turned = [row[3], row[1], row[0], row[2]]
        quoted = '"Sucursal Ñu","XIA190128J61","norte@example.com","5555550101"'
        files = {
            "utf-8": ";".join(row).encode(),
            "byte order mark": ("\ufeff" + ",".join(row)).encode(),
            "latin-1": "\r\n".join([";".join(head), ";".join(turned)]).encode("latin-1"),
            "utf-16": "\t".join(row).encode("utf-16"),
            "old Mac": ("\t".join(head) + "\r" + "\t".join(turned)).encode(),
            "quoted": quoted.encode(),
            "blank lines": ("\n\n" + "|".join(row) + "\n \n").encode(),
            "xlsx": self._xlsx([head, [5555550101.0, *turned[1:]]]),
            "xlsx without head": self._xlsx([row]),
        }
        for name, data in files.items():
            with self.subTest(name):
                wizard = self._wizard(file=base64.b64encode(data))
                self.assertFalse(wizard.problems)
                self.assertRecordValues(
                    wizard.line_ids, [dict(zip(("name", "vat", "email", "phone"), row, strict=True))]
                )

    def _xlsx(self, rows):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def test_every_error_of_every_row_and_nothing_created(self):
        count = self.env["res.partner"].with_context(active_test=False).search_count([])
        wizard = self._wizard(
            "Sucursal Norte;XIA190128J61;norte@example.com;55 5555 0101\n"
            ";XIA190128J62;nada;12\n"
            "\n"
            "Repetida;XIA190128J61;NORTE@example.com;55 5555 0103\n"
            f"De otro;{self.customer.vat};otro@example.com;55 5555 0104\n"
            "Corta;FIN190304KB1\n"
        )
        self.assertEqual(wizard.problem_count, 4)
        found = [(problem["row"], problem["field"]) for problem in wizard.problems]
        expected = [
            (2, "name"),
            (2, "vat"),
            (2, "email"),
            (2, "phone"),
            (4, "vat"),
            (5, "vat"),
            (6, "email"),
            (6, "phone"),
        ]
        if "customer_email_unique" in self.company._fields:
            expected.insert(5, (4, "email"))
        self.assertEqual(found, expected)
        with self.assertRaises(UserError) as caught:
            wizard.action_duplicate()
        lines = str(caught.exception).splitlines()
        self.assertEqual(len(lines), len(expected))
        self.assertRegex(lines[1], "^Row 2. RFC: “XIA190128J62”.* EKU9003173C9")
        self.assertIn("is in row 1 already", lines[4])
        self.assertIn(self.customer.name, str(caught.exception))
        self.assertEqual(self.env["res.partner"].with_context(active_test=False).search_count([]), count)

    def test_an_error_that_only_creating_tells(self):
        """A rule of another facet refuses one row: its number is told and nothing is created."""
        partners = type(self.env["res.partner"])
        create = partners.create
        forbidden = "this name is forbidden"

        def refuse(records, vals_list):
            if any(vals.get("name") == "Sucursal Sur" for vals in vals_list):
                raise ValidationError(forbidden)
            return create(records, vals_list)

        count = self.env["res.partner"].search_count([])
        wizard = self._wizard(self.TABLE)
        with patch.object(partners, "create", refuse), self.assertRaises(UserError) as caught:
            wizard.action_duplicate()
        self.assertEqual(str(caught.exception), "Row 3. this name is forbidden")
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_bad_files(self):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * (60 * 1024 * 1024))
        row = "Sucursal;XIA190128J61;norte@example.com;55 5555 0101\n"
        for name, data, message in (
            ("empty", b"", "no rows"),
            ("blank", b" \n\n", "no rows"),
            ("head alone", b"nombre;rfc;correo;telefono", "no rows"),
            ("PDF", b"%PDF-1.7", "cannot be read as a table"),
            ("broken XLSX", b"PK\x03\x04" + b"0" * 200, "cannot be read as a table"),
            ("binary", bytes(range(256)) * 10, "cannot be read as a table"),
            ("bomb", bomb.getvalue(), "too big"),
            ("too big", row.encode() * 50_000, "too big"),
            ("too many rows", row.encode() * 1002, "too many rows"),
        ):
            with self.subTest(name), self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                self._wizard(file=base64.b64encode(data)).action_duplicate()
        with self.assertRaisesRegex(UserError, "base64"), self.env.cr.savepoint():
            self._wizard(file="%%%").action_duplicate()

    def test_in_a_form(self):
        form = Form(self.env["customer.duplicate.many"].with_context(default_source_id=self.customer.id))
        form.table = self.TABLE
        self.assertEqual((form.row_count, form.problem_count), (2, 0))
        form.table += "Mala;X;y;z\n"
        self.assertEqual((form.row_count, form.problem_count), (3, 1))
        wizard = form.save()
        self.assertEqual(len(wizard.line_ids), 3)

    def test_five_hundred_branches(self):
        letters = string.ascii_uppercase
        rows = []
        for number in range(500):
            base = f"S{letters[number // 26 % 26]}{letters[number % 26]}190304A1"
            rfc_number = base + rfc.calc_check_digit(base)
            rows.append(f"Sucursal {number}\t{rfc_number}\ts{number}@example.com\t55{55550000 + number}")
        self.assertEqual(len({row.split("\t")[1] for row in rows}), 500)
        wizard = self._wizard("\n".join(rows))
        self.assertFalse(wizard.problems)
        start = time.process_time()
        customers = self._created(wizard)
        self.env.flush_all()
        seconds = time.process_time() - start
        self.assertEqual(len(customers), 500)
        self.assertEqual(set(customers.mapped("credit_limit")), {50000.0})
        # of this process, whatever else the machine does
        self.assertLess(seconds, 30.0)

    def test_queries_do_not_grow_with_the_rows(self):
        def checked(size):
            rows = [
                {"name": f"S{n}", "vat": "XIA190128J61", "email": f"s{n}@example.com", "phone": "5555550101"}
                for n in range(size)
            ]
            self.env["customer.duplicate"]._row_problems(rows, self.customer)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["customer.duplicate"]._row_problems(rows, self.customer)
            return self.env.cr.sql_log_count - before

        self.assertEqual(checked(200), checked(2))
