from datetime import timedelta

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase

from ..models.res_partner_tax import GENERIC_RFCS

GROUPS = (
    "account.group_account_manager",
    "base.group_partner_manager",
    "base.group_system",
    "product.group_product_manager",
    "sales_team.group_sale_manager",
)


class CustomerCommon(TransactionCase):
    """A Mexican company with its chart of accounts, a product with SAT codes, a customer on credit, and a second
    company that uses none of it. The tests act as a user with rights, not as the superuser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        if cls.company.chart_template != "mx":
            cls.company.country_id = cls.env.ref("base.mx")
            cls.env["account.chart.template"].try_loading("mx", cls.company, install_demo=False)
        cls.company_2 = cls.env["res.company"].create(
            {"name": "Segunda Empresa", "country_id": cls.env.ref("base.mx").id}
        )
        user = cls._create_user("consultant", *GROUPS, company_ids=[Command.set((cls.company + cls.company_2).ids)])
        cls.env = cls.env(user=user, context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.company = cls.company.with_env(cls.env)
        cls.company_2 = cls.company_2.with_env(cls.env)
        cls.company.partner_id.write(
            {
                "name": "Escuela Kemper Urgate SA de CV",
                "vat": "EKU9003173C9",
                "zip": "42501",
                "cfdi_legal_name": "ESCUELA KEMPER URGATE",
                "cfdi_tax_regime": "601",
                "tz": "America/Mexico_City",
            }
        )
        cls.iva_16 = cls.env["account.chart.template"].with_company(cls.company).ref("tax12")
        cls.product = cls.env["product.product"].create(
            {
                "name": "Silla de oficina",
                "lst_price": 1000.0,
                "taxes_id": [Command.set(cls.iva_16.ids)],
                "invoice_policy": "order",
                "cfdi_product_code": "56112102",
            }
        )
        cls.customer = cls._create_customer(
            name="Comercializadora del Bajío SA de CV",
            vat="URE180429TM6",
            cfdi_legal_name="Universidad Robotica Española",
            credit_limit=50000.0,
            credit_days=30,
        )
        # The credit gate has tests of its own; those of other subjects sell to whoever owes.
        cls.company.customer_credit_gate = False
        cls.today = fields.Date.context_today(cls.env["res.partner"].with_context(tz="America/Mexico_City"))

    @classmethod
    def _create_user(cls, login, *groups, **values):
        """A user of the company, who cannot log in: hashing a password takes most of a second."""
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [Command.set([cls.env.ref(group).id for group in groups])],
                **values,
            }
        )

    @classmethod
    def _create_customer(cls, **values):
        """A customer who can be invoiced: a Mexican company unless the values say otherwise."""
        mexican = values.get("country_id", cls.env.ref("base.mx").id) == cls.env.ref("base.mx").id
        if values.get("vat") in GENERIC_RFCS or not (mexican or values.get("vat")):
            values = {"cfdi_tax_regime": "616", "cfdi_use": "S01", **values}
        return cls.env["res.partner"].create(
            {
                "customer_rank": 1,
                "is_company": True,
                "country_id": cls.env.ref("base.mx").id,
                "cfdi_zip": "86991",
                "cfdi_tax_regime": "601",
                "cfdi_use": "G03",
                "cfdi_payment_method": "PUE",
                "cfdi_payment_form": "03",
                **values,
            }
        )

    @classmethod
    def _create_order(cls, customer=None, quantity=1.0, price=1000.0, days_ago=0, confirm=True, **values):
        order = cls.env["sale.order"].create(
            {
                "partner_id": (customer or cls.customer).id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "product_uom_qty": quantity, "price_unit": price})
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
            if days_ago:
                order.date_order = fields.Datetime.now() - timedelta(days=days_ago)
        return order

    @classmethod
    def _create_customer_invoice(cls, customer=None, amount=1000.0, days_ago=0, post=True, **values):
        date = cls.today - timedelta(days=days_ago)
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (customer or cls.customer).id,
                "invoice_date": date,
                "invoice_date_due": date,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create({"product_id": cls.product.id, "quantity": 1, "price_unit": amount})
                ],
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def _collect(cls, move, amount=None):
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"payment_date": cls.today, **({} if amount is None else {"amount": amount})})
        )
        return wizard._create_payments()

    @classmethod
    def _store_figures(cls):
        """What follows a commit, which a test has none of: pending figures go into the customers' rows."""
        cls.env.flush_all()
        pending = cls.env["customer.figure.pending"].sudo()
        pending._refresh(pending.search([]).mapped("customer_id"))

    @classmethod
    def _new_day(cls):
        """The daily job, with what follows its commit."""
        cls.env["customer.figure.pending"].sudo()._cron_new_day()
        cls._store_figures()


class RealTransactionCase(TransactionCase):
    """Real transactions, on records of their own, committed and removed afterwards.

    The test's own transaction does nothing: what it held, the others would wait for.
    """

    def _begin(self, **context):
        """:return: the environment of a transaction that begins"""
        cr = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, SUPERUSER_ID, context)


class RaceCase(RealTransactionCase):
    """Two transactions at the same instant."""

    def setUp(self):
        super().setUp()
        self.cursors = [self._begin().cr for _number in range(2)]

    def _env(self, number):
        return api.Environment(self.cursors[number], SUPERUSER_ID, {"tracking_disable": True})

    def _env_to_remove(self):
        for cr in self.cursors:
            cr.rollback()
        return self._env(0)
