from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.res_partner_history import CARD_FIELDS, MODULE
from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestChanges(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = cls._create_user(
            "vendedora", "sales_team.group_sale_salesman_all_leads", "base.group_partner_manager"
        )
        cls.env.cr.precommit.run()

    def _track(self):
        """The end of a transaction, when Odoo writes its tracking."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _changes(self, name=None, customer=None, user=None, **context):
        model = self.env["customer.change"].with_user(user or self.env.user).with_context(**context)
        changes = model.search([("partner_id", "=", (customer or self.customer).id)])
        return changes.filtered(lambda change: change.field_id.sudo().name == name) if name else changes

    # What is kept

    def test_old_and_new_values(self):
        term = self.env.ref("account.account_payment_term_45days")
        tag = self.env["res.partner.category"].create({"name": "Mayorista"})
        before_ref = self.customer.ref
        expected = {
            "name": ("Comercializadora del Bajío SA de CV", "Comercializadora del Centro"),
            "cfdi_zip": ("86991", "06000"),
            "credit_days": ("30", "45"),
            "property_payment_term_id": (self.customer.property_payment_term_id.display_name, term.display_name),
            "category_id": (False, "Mayorista"),
            "user_id": (False, self.salesman.name),
            "comment": (False, "Paga los viernes"),
            "ref": (before_ref, "C-001"),
        }
        self.customer.write(
            {
                "name": "Comercializadora del Centro",
                "cfdi_zip": "06000",
                "credit_days": 45,
                "property_payment_term_id": term.id,
                "category_id": [Command.link(tag.id)],
                "user_id": self.salesman.id,
                "comment": "<p>Paga los viernes</p>",
                "ref": "C-001",
            }
        )
        self._track()
        for name, (old, new) in expected.items():
            with self.subTest(name):
                change = self._changes(name)
                self.assertEqual((change.old_value or False, change.new_value), (old, new))
                self.assertEqual(
                    (change.kind, change.user_id, change.record_id), ("modified", self.env.user, self.customer)
                )

    def test_selection_money_and_price_list(self):
        self.customer.write({"cfdi_use": "G01", "credit_limit": 1234.5})
        # The first list is everybody's.
        _default, pricelist = self.env["product.pricelist"].create([{"name": "Público"}, {"name": "Mayoreo"}])
        self.customer.property_product_pricelist = pricelist
        self._track()
        self.assertIn("G03", self._changes("cfdi_use").old_value)
        self.assertIn("G01", self._changes("cfdi_use").new_value)
        self.assertEqual(self._changes("credit_limit").new_value, "1,234.50")
        self.assertIn("Mayoreo", self._changes("property_product_pricelist").new_value)

    def test_kinds(self):
        self.customer.active = False
        self._track()
        self.customer.active = True
        self._track()
        kinds = self._changes().sorted("source_id").filtered(lambda change: change.branch == 0).mapped("kind")
        self.assertEqual(kinds, ["archived", "restored"])
        created = self._changes().filtered(lambda change: change.kind == "created")
        self.assertEqual((created.user_id, created.date), (self.env.user, self.customer.create_date))
        self.assertEqual(
            self.env["customer.change"].search_count([("kind", "=", "archived"), ("record_id", "=", self.customer.id)]),
            1,
        )

    def test_merge(self):
        source = self._create_customer(name="Duplicado SA")
        self._track()
        source.cfdi_zip = "06000"
        self._track()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard.sudo()._merge((source + self.customer).ids, self.customer)
        self._track()
        merged = self._changes().filtered(lambda change: change.kind == "merged")
        self.assertIn("Duplicado SA", merged.old_value)
        self.assertEqual(merged.user_id, self.env.user)
        self.assertTrue(merged.field_label)
        self.assertIn("06000", self._changes("cfdi_zip").mapped("new_value"), "the changes of the merged one stay")

    def test_contacts_and_bank_accounts_are_part_of_the_card(self):
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self._track()
        contact.email = "compras@bajio.example"
        account = self.env["res.partner.bank"].create({"acc_number": "0123456789", "partner_id": self.customer.id})
        self._track()
        account.acc_number = "9876543210"
        self._track()
        change = self._changes("email")
        self.assertEqual((change.record_id, change.new_value), (contact, "compras@bajio.example"))
        self.assertEqual(self._changes("acc_number")[:1].new_value, "9876543210")

    def test_writing_the_same_is_no_change(self):
        count = len(self._changes())
        self.customer.write({"cfdi_zip": "86991", "credit_days": 30, "cfdi_use": "G03"})
        self._track()
        self.assertEqual(len(self._changes()), count)

    def test_figures_are_not_changes(self):
        order = self._create_order()
        invoice = order._create_invoices()
        invoice.action_post()
        self._collect(invoice)
        self._track()
        self.assertEqual(self._changes().mapped("kind"), ["created"])

    # Of which fields

    def test_every_field_of_the_card_is_tracked_or_says_why_not(self):
        """A new field of this module that people write tracks itself; what is left out has its reason here."""
        partner = self.env["res.partner"]
        tracked = partner.sudo()._track_get_fields()
        left_out = {
            name: field
            for name, field in partner._fields.items()
            if MODULE in field._modules and name not in tracked and field.store
        }
        for name, field in left_out.items():
            with self.subTest(name):
                # Computed: it has a source of its own. Lists of documents: they have their own history.
                self.assertTrue((field.compute and field.readonly) or field.type in ("one2many", "binary"), name)
        for name in CARD_FIELDS:
            if name in partner._fields:
                self.assertIn(name, tracked)
        self.assertLessEqual(
            {"name", "email", "phone", "vat", "user_id", "contact_address_inline", "cfdi_zip", "credit_days"}, tracked
        )
        self.assertFalse({"receivable_balance", "last_sale_date", "credit_available"} & tracked)
        self.assertFalse([name for name in tracked if "password" in name])

    def test_suppliers_and_contacts_have_no_noise(self):
        supplier = self.env["res.partner"].create({"name": "Proveedor", "supplier_rank": 1})
        contact = self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id})
        self._track()
        count = self.env["mail.tracking.value"].sudo().search_count([])
        (supplier + contact).write({"ref": "X", "function": "Jefe", "comment": "nota"})
        supplier.write({"cfdi_zip": "06000", "credit_days": 5})
        self._track()
        self.assertEqual(self.env["mail.tracking.value"].sudo().search_count([]), count)

    def test_a_write_of_other_fields_reads_nothing_more(self):
        """The card's fields are read for the tracking when they are written, not at every write of a contact."""
        customers = self.env["res.partner"].create(
            [{"name": f"Cliente {number}", "customer_rank": 1} for number in range(10)]
        )
        self._track()
        customers.write({"color": 1})
        self._track()
        self.env.invalidate_all()
        pending = self.env.cr.precommit.data
        customers.write({"color": 2})
        prepared = pending.get("mail.tracking.res.partner", {})
        self.assertTrue(prepared, "Odoo's own fields are prepared")
        for values in prepared.values():
            self.assertFalse(set(values or ()) & self.env["res.partner"]._get_card_tracked_fields())

    def test_creation_tracks_nothing(self):
        count = self.env["mail.tracking.value"].sudo().search_count([])
        customer = self._create_customer(name="Nuevo", credit_limit=5, credit_days=3, ref="N-1", comment="nota")
        customer.write({"ref": "N-2"})
        self._track()
        self.assertEqual(self.env["mail.tracking.value"].sudo().search_count([]), count)
        self.assertEqual(self._changes(customer=customer).mapped("kind"), ["created"])

    # Who sees it

    def test_values_of_a_restricted_field(self):
        self.customer.credit_limit = 99
        self.customer.credit_days = 9
        self._track()
        self.assertFalse(self.salesman.has_group("account.group_account_invoice"))
        self.assertTrue(self._changes("credit_days", user=self.salesman))
        self.assertFalse(self._changes("credit_limit", user=self.salesman))
        hidden = self._changes("credit_limit").with_user(self.salesman)
        self.env.invalidate_all()
        self.assertFalse(hidden.read(["new_value"]))
        self.assertNotIn("99.00", self.customer.with_user(self.salesman).customer_change_ids.mapped("new_value"))

    def test_terms_of_another_company(self):
        self.customer.credit_days = 11
        self.customer.with_company(self.company_2).credit_days = 22
        self.customer.with_company(self.company_2).property_payment_term_id = self.env.ref(
            "account.account_payment_term_30days"
        )
        self.customer.cfdi_zip = "06000"
        self._track()
        here = self._changes("credit_days")
        self.assertEqual((here.old_value, here.new_value, here.company_id), ("30", "11", self.company))
        there = self._changes("credit_days", allowed_company_ids=self.company_2.ids)
        self.assertEqual((there.old_value, there.new_value, there.company_id), ("0", "30", self.company_2))
        self.assertEqual(self._changes("cfdi_zip").new_value, "06000")
        self.assertEqual(self._changes("cfdi_zip", allowed_company_ids=self.company_2.ids), self._changes("cfdi_zip"))
        # Nor in the chatter, nor in an e-mail to followers.
        values = self.env["mail.tracking.value"].sudo().browse(there.source_id)
        self.assertTrue(values._filter_has_field_access(self.env))
        self.assertFalse(values._filter_has_field_access(self.env(user=self.salesman)))
        self.assertFalse(values._filter_free_field_access())

    def test_customer_of_another_company(self):
        other = self._create_customer(name="De la otra")
        self._track()
        other.sudo().company_id = self.company_2
        other.sudo().write({"cfdi_zip": "06000"})
        self._track()
        self.assertFalse(self._changes(customer=other, user=self.salesman))
        self.assertFalse(self.env["customer.change"].with_user(self.salesman).search([("record_id", "=", other.id)]))

    def test_others_see_nothing_and_nobody_writes(self):
        employee = self._create_user("empleado", "base.group_user")
        portal = self._create_user("portal", "base.group_portal")
        for user in (employee, portal):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self._changes(user=user)
        change = self._changes()[:1]
        admin = change.with_user(self.env.ref("base.user_admin"))
        for call in (
            lambda: admin.write({"kind": "merged"}),
            admin.unlink,
            lambda: admin.create({"kind": "merged"}),
        ):
            with self.assertRaises(AccessError):
                call()

    # How it is shown

    def test_card_and_list(self):
        for number in range(25):
            self.customer.credit_days = number
            self._track()
        shown = self.customer.customer_change_ids
        self.assertEqual(len(shown), 20)
        self.assertEqual(shown[0].new_value, "24")
        action = self.customer.action_view_changes()
        self.assertEqual(len(self.env[action["res_model"]].search(action["domain"])), 26)
        groups = self.env["customer.change"]._read_group(action["domain"], ["user_id", "kind"], ["__count"])
        self.assertCountEqual(groups, [(self.env.user, "modified", 25), (self.env.user, "created", 1)])

    def test_everything_is_found_by_indexes(self):
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = self.env["customer.change"]._search([("partner_id", "=", self.customer.id)], order="date desc", limit=9)
        select = query.select()
        self.env.cr.execute("EXPLAIN " + select.code, select.params)
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertNotIn("Seq Scan", plan)
        self.assertIn("mail_message_model_res_id", plan)
        self.assertEqual(plan.count("res_partner_pkey"), 2, plan)
