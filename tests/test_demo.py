"""The demo data, on a database that has it: run with ``--test-tags demo_data``.

Not among the standard tests, which run without demo data and would have nothing to look at; asked for by its tag, it
fails when the demo is missing, because Odoo goes on without demo data that does not load.
"""

import io
from datetime import timedelta

from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, tagged
from PIL import Image
from pypdf import PdfReader
from stdnum.mx import rfc

from ..cfdi import catalogs
from ..demo import card, papers, plan
from ..demo.documents import Documents
from ..models import clabe
from ..models.res_partner_tax import GENERIC_RFCS, RFC_FOREIGN, RFC_PUBLIC

MODULE = "l10n_mx_customer"
# TipoFactor, tax and rate that the demo must have sold with: SAT's c_TasaOCuota, withholdings negative.
TAXES = {
    ("Tasa", "iva", 16.0),
    ("Tasa", "iva", 8.0),
    ("Tasa", "iva", 0.0),
    ("Exento", "iva", 0.0),
    ("Tasa", "ieps", 8.0),
    ("Tasa", "ieps", 25.0),
    ("Tasa", "ieps", 26.5),
    ("Tasa", "ieps", 53.0),
    ("Cuota", "ieps", 1.6451),
    ("Tasa", "iva", -4.0),
    ("Tasa", "iva", -10.6667),
    ("Tasa", "isr", -1.25),
}


class DemoCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        module = cls.env["ir.module.module"].search([("name", "=", MODULE)])
        if not module.demo:
            raise AssertionError("this database does not have the demo data of the addon, or it could not be loaded")
        cls.company = cls.env.ref(f"{MODULE}.demo_company")
        cls.env = cls.env(context={**cls.env.context, "active_test": False, "allowed_company_ids": cls.company.ids})
        cls.company = cls.company.with_env(cls.env)
        data = cls.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", "res.partner"), ("name", "=like", r"customer\_%")]
        )
        cls.customers = cls.env["res.partner"].browse(data.mapped("res_id"))
        cls.documents = Domain("commercial_partner_id", "in", cls.customers.ids) & Domain(
            "company_id", "=", cls.company.id
        )
        cls.orders = cls.env["sale.order"].search(cls.documents)
        cls.moves = cls.env["account.move"].search(cls.documents)
        cls.invoices = cls.moves.filtered(lambda move: move.move_type == "out_invoice" and move.state == "posted")
        cls.refunds = cls.moves.filtered(lambda move: move.move_type == "out_refund" and move.state == "posted")
        cls.receipts = cls.env["account.payment"].search(
            [("partner_id", "in", cls.customers.ids), ("company_id", "=", cls.company.id)]
        )


@tagged("post_install", "-at_install", "-standard", "demo_data")
class TestDemoCustomers(DemoCase):
    def test_company(self):
        self.assertEqual(self.company.chart_template, "mx")
        self.assertEqual(self.company.currency_id.name, "MXN")
        partner = self.company.partner_id
        self.assertTrue(rfc.is_valid(partner.vat, validate_check_digits=True))
        self.assertTrue(catalogs.regimen_allowed(partner.cfdi_tax_regime, partner.vat))
        self.assertTrue(catalogs.postal_code_exists(partner.cfdi_zip))
        self.assertEqual(partner.tz, "America/Mexico_City")
        self.assertEqual(self.env.ref("base.user_admin").company_id, self.company)
        self.assertIn(self.company, self.env.ref("base.user_root").company_ids)

    def test_every_kind_of_customer(self):
        named = self.customers.filtered(lambda partner: partner.vat not in GENERIC_RFCS)
        counts = {
            "all": len(self.customers),
            "moral": len(named.filtered(lambda partner: len(partner.vat) == 12 and partner.is_company)),
            "natural": len(named.filtered(lambda partner: len(partner.vat) == 13 and not partner.is_company)),
            "foreign": len(self.customers.filtered(lambda partner: partner.vat == RFC_FOREIGN)),
            "public": len(self.customers.filtered(lambda partner: partner.vat == RFC_PUBLIC)),
            "archived": len(self.customers.filtered(lambda partner: not partner.active)),
            "cash": len(self.customers.filtered(lambda partner: partner.credit_days == 0)),
            "on credit": len(self.customers.filtered(lambda partner: partner.credit_limit > 0)),
        }
        self.assertEqual(
            counts,
            {
                "all": 63,
                "moral": 34,
                "natural": 24,
                "foreign": 4,
                "public": 1,
                "archived": 4,
                "cash": 20,
                "on credit": 43,
            },
        )
        self.assertGreaterEqual(len(named.state_id), 12)
        self.assertEqual(set(self.customers.mapped("customer_rank")) & {0}, set())
        self.assertFalse(self.customers.parent_id)

    def test_tax_data(self):
        numbers = [partner.vat for partner in self.customers if partner.vat not in GENERIC_RFCS]
        self.assertEqual(len(numbers), len(set(numbers)))
        for letter in "&Ñ":
            self.assertTrue(any(letter in number for number in numbers), letter)
        for partner in self.customers:
            with self.subTest(partner.name):
                generic = partner.vat in GENERIC_RFCS
                self.assertTrue(generic or rfc.is_valid(partner.vat, validate_check_digits=True))
                self.assertTrue(partner.cfdi_legal_name.isupper())
                self.assertTrue(
                    catalogs.uso_allowed(partner.cfdi_use, partner.cfdi_tax_regime, partner.vat),
                )
                if generic:
                    self.assertEqual((partner.cfdi_tax_regime, partner.cfdi_use), ("616", "S01"))
                else:
                    self.assertTrue(catalogs.regimen_allowed(partner.cfdi_tax_regime, partner.vat))
                    self.assertTrue(catalogs.postal_code_exists(partner.zip))
                    self.assertTrue(catalogs.postal_code_exists(partner.cfdi_zip))
                    self.assertEqual(partner.country_id.code, "MX")
                self.assertEqual(partner.vat == RFC_FOREIGN, partner.country_id.code != "MX")

    def test_terms_agree(self):
        for partner in self.customers:
            with self.subTest(partner.name):
                self.assertEqual(partner.property_payment_term_id.line_ids.mapped("nb_days"), [partner.credit_days])
                self.assertEqual(partner.credit_limit > 0, partner.credit_days > 0)
                self.assertEqual(partner.cfdi_payment_method, "PPD" if partner.credit_days else "PUE")
                self.assertEqual(partner.cfdi_payment_form == "99", partner.cfdi_payment_method == "PPD")
                self.assertEqual(partner.property_product_pricelist.company_id, self.company)
                self.assertTrue(partner.user_id)
        self.assertEqual(len(self.customers.property_product_pricelist), 3)

    def test_products_can_be_stamped(self):
        products = self.env["product.product"].search([("company_id", "=", self.company.id)])
        self.assertGreaterEqual(len(products), 30)
        self.assertEqual(len(products.filtered("cfdi_product_code")), len(products))
        self.assertEqual(len(products.uom_id.filtered("cfdi_unit_code")), len(products.uom_id))
        self.assertEqual(products.taxes_id.company_id, self.company)


@tagged("post_install", "-at_install", "-standard", "demo_data")
class TestDemoDocuments(DemoCase):
    def test_documents_are_those_of_the_plan(self):
        sales = plan.plan(Documents(self.env)._customers())
        self.assertEqual(sales, plan.plan(Documents(self.env)._customers()), "the same plan each time")
        states = [sale.state for sale in sales]
        self.assertGreaterEqual(len(sales), 290)
        for planned, state in ((plan.QUOTATION, "draft"), (plan.CONFIRMED, "sale")):
            reversed_sales = sum(
                sale.credit_note is not None and sale.credit_note.kind == plan.REVERSAL for sale in sales
            )
            expected = states.count(planned)
            expected += len(card.CARTS) if planned == plan.QUOTATION else -reversed_sales
            self.assertEqual(len(self.orders.filtered(lambda order, state=state: order.state == state)), expected)
        self.assertEqual(len(self.invoices), sum(sale.invoiced > 0 and not sale.drafted for sale in sales))
        self.assertEqual(len(self.refunds), sum(sale.credit_note is not None for sale in sales))
        # Everything that stays to be seen, at least once.
        drafts = self.moves.filtered(lambda move: move.move_type == "out_invoice" and move.state == "draft")
        self.assertTrue(drafts)
        self.assertTrue(self.orders.filtered(lambda order: order.state == "cancel"))
        self.assertTrue(self.orders.filtered(lambda order: order.invoice_status == "to invoice"))
        self.assertTrue(self.orders.filtered(lambda order: order.partner_id != order.commercial_partner_id))
        self.assertTrue(self.invoices.filtered(lambda move: move.payment_state == "partial"))
        self.assertTrue(self.refunds.filtered(lambda move: move.payment_state == "not_paid"))
        self.assertTrue(self.receipts.filtered(lambda payment: payment.payment_type == "outbound"))

    def test_twelve_months(self):
        dates = {
            "orders": self.orders.filtered(lambda order: order.state == "sale").mapped("date_order"),
            "invoices": self.invoices.mapped("invoice_date"),
            "receipts": self.receipts.mapped("date"),
        }
        today = fields.Date.today()
        for kind, days in dates.items():
            with self.subTest(kind):
                self.assertGreaterEqual(len({(day.year, day.month) for day in days}), 12)
                self.assertLessEqual(max(map(fields.Date.to_date, days)), today)
        for move in self.invoices:
            self.assertEqual(move.date, move.invoice_date)
            order = move.invoice_line_ids.sale_line_ids.order_id
            self.assertLessEqual(order.date_order.date(), move.invoice_date)

    def test_numbers_grow_with_dates(self):
        for moves in (self.invoices, self.refunds):
            for prefix, numbered in moves.grouped("sequence_prefix").items():
                days = numbered.sorted("sequence_number").mapped("invoice_date")
                self.assertEqual(days, sorted(days), prefix)

    def test_all_taxes_are_sold(self):
        sold = {
            (tax.l10n_mx_factor_type, tax.l10n_mx_tax_type, tax.amount)
            for tax in self.invoices.invoice_line_ids.tax_ids
        }
        self.assertEqual(TAXES - sold, set())
        self.assertEqual(self.invoices.invoice_line_ids.tax_ids.company_id, self.company)
        for tax in self.invoices.invoice_line_ids.tax_ids.filtered("amount"):
            lines = (tax.invoice_repartition_line_ids + tax.refund_repartition_line_ids).filtered(
                lambda line: line.repartition_type == "tax"
            )
            self.assertEqual(len(lines.filtered("account_id")), 2, tax.name)

    def test_taxes_become_due_when_paid(self):
        on_payment = self.invoices.filtered(
            lambda move: (
                move.payment_state == "paid"
                and "on_payment" in move.invoice_line_ids.tax_ids.filtered("amount").mapped("tax_exigibility")
            )
        )
        self.assertGreaterEqual(len(on_payment), 100)
        entries = self.env["account.move"].search([("tax_cash_basis_origin_move_id", "in", on_payment.ids)])
        self.assertEqual(set(entries.mapped("state")), {"posted"})
        self.assertEqual(entries.tax_cash_basis_origin_move_id, on_payment)
        # Nothing of a paid invoice's taxes is left in the accounts of what is not collected yet.
        pending = on_payment.line_ids.filtered(lambda line: line.tax_line_id and line.account_id.reconcile)
        self.assertTrue(pending)
        self.assertEqual([line.move_id.name for line in pending if line.amount_residual], [])

    def test_cfdi_data_come_from_the_customer(self):
        for move in self.invoices:
            customer = move.commercial_partner_id
            self.assertEqual(
                (move.cfdi_use, move.cfdi_payment_method, move.cfdi_payment_form),
                (customer.cfdi_use, customer.cfdi_payment_method, customer.cfdi_payment_form),
            )
            self.assertFalse(move.cfdi_ids, "the demo has no PAC")

    def test_dollars(self):
        in_dollars = self.invoices.filtered(lambda move: move.currency_id.name == "USD")
        self.assertGreaterEqual(len(in_dollars), 12)
        self.assertGreater(len(set(in_dollars.mapped("invoice_currency_rate"))), 3)
        exports = in_dollars.filtered(lambda move: move.commercial_partner_id.vat == RFC_FOREIGN)
        self.assertEqual(set(exports.invoice_line_ids.tax_ids.mapped("amount")), {0.0})

    def test_nothing_is_left_of_a_paid_invoice(self):
        paid = self.invoices.filtered(lambda move: move.payment_state in ("paid", "reversed"))
        self.assertGreaterEqual(len(paid), 150)
        lines = (paid + self.receipts.move_id).line_ids.filtered(
            lambda line: (
                line.account_type == "asset_receivable" and line.currency_id.is_zero(line.amount_residual_currency)
            )
        )
        self.assertEqual([line.move_id.name for line in lines if line.amount_residual], [])

    def test_no_mail_and_no_second_time(self):
        records = {"sale.order": self.orders.ids, "account.move": self.moves.ids}
        for model, ids in records.items():
            self.assertFalse(self.env["mail.mail"].search([("model", "=", model), ("res_id", "in", ids)]))
        self.company._load_demo_documents()
        self.assertEqual(self.env["sale.order"].search(self.documents), self.orders)
        with self.assertRaises(AccessError):
            get_public_method(self.company, "_load_demo_documents")


@tagged("post_install", "-at_install", "-standard", "demo_data")
class TestDemoFigures(DemoCase):
    """The stored figures against a recount from the documents, customer by customer."""

    def test_kinds_of_debtors(self):
        self.env["customer.figure.pending"]._cron_new_day()
        self.assertGreaterEqual(len(self.customers.filtered(lambda partner: partner.overdue_balance > 0)), 10)
        limited = self.customers.filtered("credit_limit")
        use = [partner.receivable_balance / partner.credit_limit for partner in limited]
        self.assertGreaterEqual(sum(share > 1 for share in use), 3)
        self.assertGreaterEqual(sum(0.85 < share <= 1 for share in use), 3)
        self.assertGreaterEqual(sum(share == 0 for share in use), 1)
        ahead = self.receipts.filtered(lambda payment: not payment.is_reconciled and payment.payment_type == "inbound")
        self.assertEqual(len(ahead), len(plan.ADVANCES))
        gone = self.customers.filtered(lambda partner: not partner.active)
        self.assertTrue(any(gone.mapped("overdue_balance")))

    def test_figures_of_invoices(self):
        for partner in self.customers:
            invoices = self.invoices.filtered(lambda move, partner=partner: move.commercial_partner_id == partner)
            with self.subTest(partner.name):
                self._assert_amount(partner.invoiced_total, sum(invoices.mapped("amount_total_signed")))
                self._assert_amount(partner.invoice_balance, sum(invoices.mapped("amount_residual_signed")))
                receipts = self.receipts.filtered(
                    lambda payment, partner=partner: (
                        payment.partner_id == partner and payment.state in ("in_process", "paid")
                    )
                )
                self._assert_amount(partner.collected, sum(receipts.mapped("amount_company_currency_signed")))

    def test_figures_of_orders(self):
        for partner in self.customers:
            orders = self.orders.filtered(
                lambda order, partner=partner: order.commercial_partner_id == partner and order.state == "sale"
            )
            with self.subTest(partner.name):
                self.assertEqual(partner.first_sale_date, min(orders.mapped("date_order")))
                self.assertEqual(partner.last_sale_date, max(orders.mapped("date_order")))
                self._assert_amount(partner.uninvoiced_balance, sum(map(self._uninvoiced, orders)))
                self._assert_amount(partner.receivable_balance, partner.invoice_balance + partner.uninvoiced_balance)
                self._assert_amount(partner.credit_available, partner.credit_limit - partner.receivable_balance)

    def test_figures_of_what_is_overdue(self):
        self.env["customer.figure.pending"]._cron_new_day()
        today = fields.Date.context_today(self.env.user.with_context(tz="America/Mexico_City"))
        for partner in self.customers:
            late = self.invoices.filtered(
                lambda move, partner=partner: move.commercial_partner_id == partner and move.invoice_date_due < today
            )
            grace = timedelta(days=partner.credit_days)
            orders = self.orders.filtered(
                lambda order, partner=partner, grace=grace: (
                    order.commercial_partner_id == partner
                    and order.state == "sale"
                    and order.date_order.date() + grace < today
                )
            )
            with self.subTest(partner.name):
                self._assert_amount(partner.invoice_overdue, sum(late.mapped("amount_residual_signed")))
                self._assert_amount(partner.uninvoiced_overdue, sum(map(self._uninvoiced, orders)))
                self._assert_amount(partner.overdue_balance, partner.invoice_overdue + partner.uninvoiced_overdue)

    def _assert_amount(self, found, expected):
        self.assertEqual(self.company.currency_id.round(found), self.company.currency_id.round(expected))

    def _uninvoiced(self, order):
        """In pesos, what the posted documents of an order do not cover."""
        total = 0.0
        for line in order.order_line.filtered("product_uom_qty"):
            invoiced = 0.0
            for invoice_line in line.invoice_lines.filtered(lambda each: each.parent_state == "posted"):
                sign = -1 if invoice_line.move_type == "out_refund" else 1
                invoiced += sign * invoice_line.quantity
            total += line.price_total * max(0.0, 1 - invoiced / line.product_uom_qty)
        return total / order.currency_rate


@tagged("post_install", "-at_install", "-standard", "demo_data")
class TestDemoCard(DemoCase):
    """Every facet of the card is shown by somebody, and what is wrong with a customer is so on purpose."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = cls.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", "res.partner"), ("name", "=like", r"newcomer\_%")]
        )
        cls.newcomers = cls.env["res.partner"].browse(data.mapped("res_id"))
        cls.everybody = cls.customers | cls.newcomers
        cls.files = cls.env["ir.attachment"].search(
            [("res_model", "=", "res.partner"), ("res_id", "in", cls.everybody.ids), ("res_field", "=", False)]
        )

    def _customer(self, name):
        return self.env.ref(f"{MODULE}.{name}").with_env(self.env)

    def _type(self, name):
        return self.env.ref(f"{MODULE}.file_type_{name}").with_env(self.env)

    def test_two_are_incomplete_on_purpose(self):
        warned = self.everybody.filtered(
            lambda partner: (
                partner.invoice_missing
                or partner.missing_file_type_ids
                or partner.duplicate_warning
                or partner.identity_warning
                or partner.zip_warning
            )
        )
        incomplete, lead = self._customer(f"customer_{card.INCOMPLETE}"), self._customer("newcomer_luna_tuerta")
        self.assertEqual(warned.mapped("name"), (self.everybody & (incomplete | lead)).mapped("name"))
        self.assertEqual(incomplete.missing_file_type_ids, self._type("csf") | self._type("contract"))
        self.assertFalse(incomplete.invoice_missing, "it is invoiced: only its papers are missing")
        missing = lead.with_context(lang="es_MX").invoice_missing.splitlines()
        self.assertEqual(missing[0], "RFC")
        self.assertEqual(len(missing), 6)
        self.assertEqual(lead.missing_file_type_ids, self._type("csf"))

    def test_newcomers_tell_where_they_come_from(self):
        self.assertEqual(len(self.newcomers), 4)
        self.assertEqual(set(self.newcomers.mapped("capture_origin")), {"sat", "store", "api", "crm"})
        lead = self._customer("newcomer_luna_tuerta")
        self.assertEqual((lead.capture_origin, lead.from_lead, lead.name), ("crm", True, card.LEAD_NAME))
        self.assertEqual(lead.campaign_id, self.env.ref(f"{MODULE}.campaign_expo"), "the lead's own")
        self.assertFalse(self.env["sale.order"].search([("partner_id", "in", self.newcomers.ids)]))
        for partner in self.newcomers - lead:
            self.assertTrue(rfc.is_valid(partner.vat, validate_check_digits=True))
            self.assertTrue(catalogs.uso_allowed(partner.cfdi_use, partner.cfdi_tax_regime, partner.vat))

    def test_files_are_real_and_small(self):
        self.assertGreaterEqual(len(self.files), 200)
        for file in self.files:
            with self.subTest(file=file.name, customer=file.customer_file_partner_id.name):
                content = file.raw
                self.assertLess(len(content), 12_000)
                if file.name.endswith(".pdf"):
                    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
                    self.assertIn(file.customer_file_partner_id.vat, text)
                    self.assertIn(papers.MARK, text)
                else:
                    self.assertEqual(Image.open(io.BytesIO(content)).format, "PNG")
                self.assertEqual(bool(file.customer_file_reviewer_id), file.customer_file_state != "pending")
        states = set(self.files.mapped("customer_file_state"))
        self.assertEqual(states, {"pending", "valid", "rejected"})
        for file in self.files.filtered(lambda file: file.customer_file_state == "rejected"):
            self.assertTrue(file.customer_file_reason)
        today = self.env.company._business_today()
        dated = self.files.filtered("customer_file_expires_on")
        self.assertTrue(dated.filtered(lambda file: file.customer_file_expires_on < today))
        self.assertTrue(dated.filtered(lambda file: file.customer_file_expires_on > today))

    def test_classified_and_in_a_zone(self):
        for partner in self.everybody - self._customer("newcomer_luna_tuerta"):
            with self.subTest(partner.name):
                self.assertTrue(partner.zone_id)
                self.assertTrue(partner.channel_id)
                self.assertTrue(partner.customer_class)
        self.assertEqual(set(self.everybody.mapped("customer_class")) - {False}, {"wholesale", "retail"})
        self.assertEqual(self._customer("customer_mixcoatl").zone_id.code, "FRO", "its postal code decides")
        self.assertEqual(self._customer("customer_lone_cactus").zone_id.code, "EXT")
        for model in ("customer.zone", "customer.channel"):
            for record in self.env[model].search([]):
                self.assertTrue(
                    self.everybody.filtered(
                        lambda partner, record=record: record in (partner.zone_id, partner.channel_id)
                    ),
                    record.name,
                )

    def test_contacts_have_roles(self):
        contacts = self.customers.customer_contact_ids
        self.assertGreaterEqual(len(contacts), 13)
        self.assertFalse(contacts.filtered(lambda contact: not contact.contact_role_ids))
        self.assertGreaterEqual(len(contacts.contact_role_ids), 5)

    def test_log_and_its_follow_ups(self):
        entries = self.env["customer.log"].search([("partner_id", "in", self.everybody.ids)])
        self.assertEqual(len(entries), len(card.LOG))
        self.assertGreaterEqual(len(set(entries.mapped("type"))), 7)
        open_entries = entries.filtered(lambda entry: entry.next_date and not entry.done)
        self.assertGreaterEqual(len(open_entries), 5)
        for entry in open_entries:
            activity = entry.activity_id
            self.assertEqual(
                (activity.user_id, activity.date_deadline, activity.res_id),
                (entry.author_id, entry.next_date, entry.partner_id.id),
            )
        self.assertFalse((entries - open_entries).activity_id.filtered("active"))

    def test_bank_accounts(self):
        accounts = self.customers.bank_ids
        self.assertGreaterEqual(len(accounts), 6)
        for account in accounts:
            number = account.l10n_mx_edi_clabe
            with self.subTest(number):
                self.assertTrue(clabe.is_valid(number))
                self.assertEqual(account.bank_id.l10n_mx_edi_code, clabe.bank_code(number))
        stp = self.customers.stp_account_id
        self.assertEqual(set(stp.bank_id.mapped("l10n_mx_edi_code")), {"646"})
        self.assertEqual(len(stp), 2)

    def test_exclusive_products_are_held(self):
        products = self.env["product.product"].search([("is_exclusive", "=", True)])
        self.assertEqual(len(products), 3)
        product = self.env.ref(f"{MODULE}.exclusive_cafe_nopal")
        line = [Command.create({"product_id": product.id})]
        own, other = self._customer("customer_nopal_contento"), self._customer("customer_tuerca_feliz")
        self.env["sale.order"].create({"partner_id": own.id, "order_line": line})
        with self.assertRaises(ValidationError):
            self.env["sale.order"].create({"partner_id": other.id, "order_line": line})

    def test_referrals_campaigns_and_mailings(self):
        referred = self.customers.filtered("referred_by_id")
        self.assertEqual(len(referred), 5)
        for partner in referred:
            self.assertGreater(partner.referred_by_id.referral_rate, 0)
        self.assertGreaterEqual(len(self.customers.filtered("campaign_id")), 6)
        subscribed = self.everybody.filtered("marketing_opt_in")
        self.assertTrue(5 <= len(subscribed) <= len(self.everybody) / 2)
        self.assertFalse(subscribed.filtered("no_email"))
        self.assertEqual(len(self.everybody.filtered("no_email")), 2)
        left = self._customer("customer_oropeza")
        self.assertEqual((left.marketing_opt_in, left.is_blacklisted), (False, True))

    def test_delivery_store_and_addenda(self):
        self.assertGreaterEqual(len(self.customers.filtered("delivery_hours")), 6)
        self.assertTrue(self.customers.address_ids.filtered("delivery_blocked_reason"))
        self.assertEqual(len(self.customers.filtered("default_cart_id")), len(card.CARTS))
        self.assertGreaterEqual(len(self.customers.filtered("points_card_code")), 5)
        template = self.customers.addenda_template_id
        self.assertEqual(len(template), 1)
        partidas = etree.fromstring(template.preview).findall("{*}Partida")
        self.assertEqual(partidas[0].get("descripcion"), "Silla de oficina")

    def test_history_is_of_the_year(self):
        partner = self._customer("customer_nopal_contento")
        months = {line.date.strftime("%Y-%m") for line in partner.customer_history_ids}
        self.assertGreaterEqual(len(months), 4)
        changed = partner.customer_change_ids.filtered(lambda change: change.kind == "modified")
        authors = changed.user_id
        self.assertLessEqual(
            {"mariana.robles", "paulina.zarate"}, set(authors.mapped("login")), "people change data, not the system"
        )
        deals = self.env["crm.lead"].search([("partner_id", "=", partner.id)])
        self.assertEqual(len(deals), 3)

    def test_no_mail_waits_to_be_sent(self):
        self.assertEqual(self.env["mail.mail"].search([]).mapped("subject"), [])

    def test_not_a_second_time(self):
        before = {model: self.env[model].search_count([]) for model in ("customer.log", "crm.lead", "ir.attachment")}
        self.company._load_demo_card()
        self.assertEqual({model: self.env[model].search_count([]) for model in before}, before)
        with self.assertRaises(AccessError):
            get_public_method(self.company, "_load_demo_card")
