import base64
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import CustomerCommon

CONTENT = base64.b64encode(b"%PDF-1.4 constancia").decode()
REVIEWED = ("customer_file_state", "customer_file_reason", "customer_file_reviewer_id", "customer_file_reviewed_on")


class FilesCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the tests' own rules, whatever the database was given
        cls.env["customer.file.type"].sudo().search([]).requirement = "optional"
        cls.manager = cls._create_user("manager", "l10n_mx_customer.group_customer_manager")
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.csf = cls.env.ref("l10n_mx_customer.file_type_csf")
        cls.contract = cls.env.ref("l10n_mx_customer.file_type_contract")
        cls.types = cls.env["customer.file.type"].with_user(cls.manager)

    def _file(self, user=None, **values):
        values = {
            "name": "csf.pdf",
            "datas": CONTENT,
            "res_model": "res.partner",
            "res_id": self.customer.id,
            "customer_file_type_id": self.csf.id,
            **values,
        }
        return self.env["ir.attachment"].with_user(user or self.seller).create(values)


@tagged("post_install", "-at_install")
class TestFiles(FilesCommon):
    def test_the_files_of_the_chatter_are_the_files(self):
        message = self.customer.with_user(self.seller).message_post(
            attachments=[("contrato.pdf", b"%PDF-1.4 contrato")]
        )
        file = self.customer.with_user(self.seller).customer_file_ids
        self.assertEqual(file, message.attachment_ids)
        self.assertEqual(file.customer_file_state, "pending")
        self.assertEqual(file.customer_file_partner_id, self.customer)
        self.assertEqual(file.search([("customer_file_partner_id", "=", self.customer.id)]), file)
        self.assertEqual(file.search([("customer_file_partner_id", "ilike", self.customer.name)]), file)
        self.assertFalse(file.search([("customer_file_partner_id", "=", self.company.partner_id.id)]))

    def test_upload_on_the_card(self):
        new = Command.create({"name": "csf.pdf", "datas": CONTENT, "customer_file_type_id": self.csf.id})
        self.customer.with_user(self.seller).write({"customer_file_ids": [new]})
        file = self.customer.customer_file_ids
        self.assertEqual(
            (file.res_model, file.res_id, file.customer_file_state), ("res.partner", self.customer.id, "pending")
        )
        self.assertEqual(file.raw, b"%PDF-1.4 constancia")
        customer = self._create_customer(name="Nuevo", customer_file_ids=[new])
        self.assertEqual(customer.customer_file_ids.res_id, customer.id)
        # as a form sends it on a phone, with its empty fields
        empty = dict.fromkeys((*REVIEWED, "customer_file_type_id", "customer_file_expires_on"), False)
        form = self._file(**empty)
        self.assertEqual(form.customer_file_state, "pending")
        form.customer_file_state = False
        self.assertEqual(form.customer_file_state, "pending")
        customer.write({"customer_file_ids": [Command.delete(customer.customer_file_ids.id)]})
        self.assertFalse(customer.customer_file_ids)

    def test_what_is_not_a_file_of_a_customer_has_no_state(self):
        order = self._create_order(confirm=False)
        attachments = self.env["ir.attachment"].create(
            [
                {"name": "asset.js", "raw": b"1"},
                {"name": "order.pdf", "raw": b"1", "res_model": "sale.order", "res_id": order.id},
                {"name": "image_1920", "raw": b"1", "res_model": "res.partner", "res_id": self.customer.id}
                | {"res_field": "image_1920"},
            ]
        )
        self.assertEqual(attachments.mapped("customer_file_state"), [False] * 3)
        attachments[0].write({"res_model": "res.partner", "res_id": self.customer.id})
        self.assertEqual(attachments[0].customer_file_state, "pending")
        with self.assertRaises(UserError):
            attachments[1].sudo().action_customer_file_approve()

    def test_existing_files_wait_for_review(self):
        file, other = self._file(), self.env["ir.attachment"].create({"name": "asset.js", "raw": b"1"})
        (file + other).flush_recordset()
        self.env.cr.execute("UPDATE ir_attachment SET customer_file_state = NULL WHERE id = %s", [file.id])
        self.env["ir.attachment"].sudo()._init_column("customer_file_state")
        (file + other).invalidate_recordset()
        self.assertEqual((file.customer_file_state, other.customer_file_state), ("pending", False))

    def test_other_attachments_cost_nothing(self):
        """Not one query more for what is not a customer's file."""

        def work(attachments):
            before = self.env.cr.sql_log_count
            made = attachments.create([{"name": f"{index}.css", "raw": b"css"} for index in range(20)])
            made.write({"description": "asset"})
            made.flush_recordset()
            return self.env.cr.sql_log_count - before

        attachments = self.env["ir.attachment"].sudo()
        work(attachments)
        ours = work(attachments)
        calls = []

        def spy(_attachments, *args):
            calls.append(args)

        for name in ("_forget_missing_types", "_await_review", "_stamp_review", "_log_review"):
            self.patch(type(attachments), name, spy)
        self.assertEqual(work(attachments), ours)
        self.assertFalse(calls)

    # ------------------------------------------------------
    # Review
    # ------------------------------------------------------

    def test_review(self):
        file = self._file()
        self.assertEqual([file[name] or False for name in REVIEWED[1:]], [False] * 3)
        reviewed = file.with_user(self.manager)
        reviewed.action_customer_file_reject(" Está vencida ")
        self.assertEqual(
            (file.customer_file_state, file.customer_file_reason, file.customer_file_reviewer_id),
            ("rejected", "Está vencida", self.manager),
        )
        self.assertTrue(file.customer_file_reviewed_on)
        self.assertIn("Está vencida", self.customer.message_ids[0].body)
        reviewed.action_customer_file_approve()
        self.assertEqual((file.customer_file_state, file.customer_file_reason), ("valid", False))
        self.assertIn("csf.pdf", self.customer.message_ids[0].body)
        reviewed.customer_file_state = "pending"
        self.assertEqual([file[name] or False for name in REVIEWED], ["pending", False, False, False])

    def test_a_rejection_has_a_reason(self):
        file = self._file().with_user(self.manager)
        for reason in (False, "", "  "):
            with self.subTest(reason), self.assertRaisesRegex(ValidationError, "Rejection Reason.*csf.pdf"):
                file.action_customer_file_reject(reason)
        with self.assertRaisesRegex(ValidationError, "Rejection Reason"):
            file.customer_file_state = "rejected"
        wizard = self.env["customer.file.rejection"].with_user(self.manager)
        wizard.with_context(active_ids=file.ids).create({"reason": "Ilegible"}).action_reject()
        self.assertEqual((file.customer_file_state, file.customer_file_reason), ("rejected", "Ilegible"))

    def test_who_reviews(self):
        file = self._file()
        for reason, attempt in {
            "approve": file.action_customer_file_approve,
            "reject": lambda: file.action_customer_file_reject("No"),
            "write": lambda: file.write({"customer_file_state": "valid"}),
            "a reason": lambda: file.write({"customer_file_reason": "No"}),
            "create": lambda: self._file(customer_file_state="valid"),
            "wizard": lambda: (
                self.env["customer.file.rejection"]
                .with_user(self.seller)
                .create({"attachment_ids": [Command.set(file.ids)], "reason": "No"})
                .action_reject()
            ),
        }.items():
            with self.subTest(reason), self.assertRaisesRegex(AccessError, "File Reviewer"):
                attempt()
        self.assertEqual(file.customer_file_state, "pending")
        for values in ({"customer_file_reviewer_id": self.seller.id}, {"customer_file_reviewed_on": "2020-01-01"}):
            with self.subTest(values), self.assertRaisesRegex(UserError, "Reviewer"):
                file.with_user(self.manager).write({"customer_file_state": "valid", **values})
        credit = self._create_user("credit", "l10n_mx_customer.group_credit_manager", "base.group_partner_manager")
        file.with_user(credit).action_customer_file_approve()
        self.assertEqual(file.customer_file_reviewer_id, credit)
        self.assertEqual(self._file(self.manager, customer_file_state="valid").customer_file_reviewer_id, self.manager)

    def test_what_changes_is_reviewed_again(self):
        tomorrow = self.today + timedelta(days=1)
        other = base64.b64encode(b"%PDF-1.4 otro").decode()
        changes = {
            "datas": {"datas": other},
            "raw": {"raw": b"otro"},
            "url": {"type": "url", "url": "https://example.com/csf.pdf"},
            "type": {"customer_file_type_id": self.contract.id},
            "expiry": {"customer_file_expires_on": tomorrow},
            "customer": {"res_id": self._create_customer(name="Otro cliente").id},
        }
        for reason, values in changes.items():
            with self.subTest(reason):
                file = self._file()
                file.with_user(self.manager).action_customer_file_reject("No se lee")
                file.write(values)
                self.assertEqual([file[name] or False for name in REVIEWED], ["pending", False, False, False])
        for reason, values in {
            "same content": {"datas": CONTENT},
            "name": {"name": "constancia.pdf"},
            "same type": {"customer_file_type_id": self.csf.id},
        }.items():
            with self.subTest(reason):
                file = self._file()
                file.with_user(self.manager).action_customer_file_approve()
                file.write(values)
                self.assertEqual(file.customer_file_state, "valid")

    def test_a_reviewer_corrects_the_file_and_not_its_content(self):
        file = self._file()
        file.with_user(self.manager).action_customer_file_approve()
        file.with_user(self.manager).customer_file_type_id = self.contract
        self.assertEqual(file.customer_file_state, "valid")
        file.with_user(self.manager).raw = b"otro"
        self.assertEqual(file.customer_file_state, "pending")

    def test_merged_customers_keep_their_reviews(self):
        other = self._create_customer(name="El mismo")
        file = self._file(res_id=other.id)
        file.with_user(self.manager).action_customer_file_approve()
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.env.ref("base.user_admin"))
        wizard._update_reference_fields(other, self.customer)
        file.invalidate_recordset()
        self.assertEqual((file.res_id, file.customer_file_state), (self.customer.id, "valid"))

    # ------------------------------------------------------
    # Access: the rule of attachments
    # ------------------------------------------------------

    def test_access(self):
        file = self._file()
        stranger = self._create_user(
            "stranger",
            "sales_team.group_sale_salesman",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        portal = self._create_user("portal", "base.group_portal")
        portal.partner_id.parent_id = self.customer
        employee = self._create_user("employee", "base.group_user")
        self.assertEqual(file.with_user(employee).customer_file_state, "pending")
        self.customer.company_id = self.company
        for user in (stranger, portal, employee):
            theirs = file.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
            with self.subTest(user.login):
                for attempt in (
                    lambda theirs=theirs: theirs.write({"customer_file_expires_on": self.today}),
                    theirs.unlink,
                    lambda theirs=theirs: theirs.create(
                        {"name": "x", "raw": b"x", "res_model": "res.partner", "res_id": self.customer.id}
                    ),
                    theirs.action_customer_file_approve,
                ):
                    with self.assertRaises(AccessError):
                        attempt()
                if user == employee:
                    continue
                with self.assertRaises(AccessError):
                    theirs.read(["customer_file_state"])
                with self.assertRaises(AccessError):
                    theirs.read(["datas"])
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).read(["customer_file_ids"])

    def test_a_reviewer_of_another_company_reviews_nothing(self):
        file = self._file()
        self.customer.company_id = self.company
        reviewer = self._create_user(
            "reviewer",
            "l10n_mx_customer.group_customer_manager",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        theirs = file.with_user(reviewer).with_context(allowed_company_ids=self.company_2.ids)
        with self.assertRaises(AccessError):
            theirs.action_customer_file_approve()
        self.assertFalse(theirs.search([("customer_file_partner_id", "=", self.customer.id)]))

    def test_list_of_the_customer(self):
        file = self._file()
        self._file(res_id=self._create_customer(name="Otro cliente").id)
        action = self.customer.action_customer_files()
        self.assertEqual(self.env["ir.attachment"].search(action["domain"]), file.with_env(self.env))
        self.assertEqual(file.action_customer_file_open()["url"], f"/web/content/{file.id}")

    # ------------------------------------------------------
    # Types
    # ------------------------------------------------------

    def test_types(self):
        opinion = self.env.ref("l10n_mx_customer.file_type_compliance")
        file = self._file(customer_file_type_id=opinion.id)
        self.assertEqual(file.customer_file_expires_on, self.today + timedelta(days=30))
        file = self._file(customer_file_type_id=False)
        file.customer_file_type_id = opinion
        self.assertEqual(file.customer_file_expires_on, self.today + timedelta(days=30))
        file = self._file(customer_file_type_id=opinion.id, customer_file_expires_on=self.today)
        self.assertEqual(file.customer_file_expires_on, self.today)
        self.assertFalse(self._file().customer_file_expires_on)
        file = self._file(customer_file_type_id=opinion.id, customer_file_expires_on=False)
        self.assertFalse(file.customer_file_expires_on, "cleared by hand")

        with self.assertRaises(AccessError):
            opinion.with_user(self.seller).validity_days = 1
        for name in ("validity_days", "notice_days"):
            with self.subTest(name), self.assertRaisesRegex(ValidationError, "“-1”"):
                opinion.with_user(self.manager)[name] = -1
        made = self.types.create({"name": "Carta", "code": " carta "})
        self.assertEqual(made.code, "CARTA")
        made.active = False
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.types.create({"name": "Otra carta", "code": "Carta"}).flush_recordset()
