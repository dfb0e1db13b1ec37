import unittest

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestCustomerCard(CustomerCommon, HttpCase):
    """The card in a real browser, in Spanish, and on paper."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("es_MX")
        cls.clerk = new_test_user(
            cls.env,
            "clerk",
            "sales_team.group_sale_manager,account.group_account_invoice,base.group_partner_manager",
            lang="es_MX",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def start_tour(self, *args, **kwargs):
        try:
            return super().start_tour(*args, **kwargs)
        except unittest.SkipTest as skip:
            # Odoo skips in silence where there is no browser; then the card was not tested.
            raise AssertionError(f"no browser, run ./dev test, which installs one: {skip}") from skip

    def test_who_reads_a_name_does_not_read_the_card(self):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(self.customer.phone or self.customer.name)
        own = ("addenda_template_id", "cfdi_zip", "delivery_hours", "invoice_balance", "zone_id")
        read = [name for name in own if self.customer.id in self.customer._fields[name]._get_cache(self.env)]
        self.assertEqual(read, [])
        for name in ("zone_id", "cfdi_zip", "delivery_hours"):
            self.customer[name]
        with self.assertQueryCount(0):
            for name in ("cfdi_use", "customer_class", "cfdi_tax_regime", "delivery_monday", "notify_owner"):
                self.customer[name]

    def test_printed_card(self):
        self._create_customer_invoice()
        reports = self.env["ir.actions.report"].with_context(lang="es_MX")
        html, _kind = reports._render_qweb_html("l10n_mx_customer.report_customer_card_document", self.customer.ids)
        text = html.decode()
        for expected in ("URE180429TM6", "G03 - Gastos en general", "Por Cobrar Vencido", "1,160.00", "48,840.00"):
            with self.subTest(expected):
                self.assertIn(expected, text)

    def test_card(self):
        self._create_customer_invoice()
        self.start_tour("/odoo/mx-customers", "l10n_mx_customer_card", login="clerk")
        copy = self.env["res.partner"].search([("vat", "=", "XIA190128J61")])
        self.assertEqual((copy.name, copy.cfdi_use, copy.credit_limit), ("Sucursal Norte", "G03", 50000.0))
