from datetime import timedelta

from freezegun import freeze_time
from odoo import SUPERUSER_ID, Command, fields
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.customer_figures import SOURCES
from .test_policies import PolicyCommon

START = fields.Datetime.to_datetime("2026-03-02 18:00:00")  # noon in Mexico City; it is the 3rd in Auckland
DAYS = 45
# The job comes at any hour: from 03:00 UTC, when it is still yesterday in Mexico, to the evening.
HOURS = (18, 8, 3, 23, 9, 14)


@tagged("post_install", "-at_install")
class TestDays(PolicyCommon):
    """Day after day the job and nothing else keeps every figure what a full recount finds.

    What is compared is what is stored: the columns themselves, of every customer there is.
    """

    @classmethod
    def setUpClass(cls):
        with freeze_time(START):
            super().setUpClass()
            cls.today = START.date()
            cls._set_up_second_company()
            cls.customers = cls.customer.browse()
            for number in range(10):
                cls.customers += cls._create_customer(name=f"Cliente {number}", email=f"c{number}@example.com")
            cls.quiet = cls._create_customer(name="Cliente sin fechas")
            cls._set_up_debts()
            cls._set_up_log()
            cls._set_up_events()
            cls._set_up_support()
            cls._set_up_what_does_not_change()
            cls._new_day()
        cls.pending = cls.env["customer.figure.pending"]

    @classmethod
    def _set_up_second_company(cls):
        """In dollars, and a day ahead for most of the time."""
        cls.env["account.chart.template"].sudo().try_loading("generic_coa", cls.company_2, install_demo=False)
        cls.company_2.sudo().write({"currency_id": cls.env.ref("base.USD").id, "customer_credit_gate": False})
        cls.company_2.partner_id.tz = "Pacific/Auckland"
        cls.companies = cls.company | cls.company_2
        context = {**cls.env.context, "allowed_company_ids": cls.companies.ids}
        cls.env = cls.env(user=SUPERUSER_ID, context=context)
        cls.companies = cls.companies.with_env(cls.env)

    @classmethod
    def _in(cls, number):
        """The env of one company or of the other."""
        return cls.env["res.partner"].with_company(cls.companies[number % 2]).env

    @classmethod
    def _day(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def _set_up_debts(cls):
        """Invoices that fall due over forty days, sales that outlive their credit, and quotations set aside."""
        for number, customer in enumerate(cls.customers):
            env = cls._in(number)
            for term, part in ((number * 4 % 37, 1.0), (number * 7 % 41 + 1, 0.5)):
                move = env["account.move"].create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": customer.id,
                        "invoice_date": cls.today,
                        "invoice_date_due": cls._day(term),
                        "invoice_payment_term_id": False,
                        "invoice_line_ids": [
                            Command.create({"product_id": cls.product.id, "quantity": 1, "price_unit": 100 + number})
                        ],
                    }
                )
                move.action_post()
                if part < 1:
                    cls._collect(move, move.amount_residual * part)
            for company in (number, number + 1):
                customer.with_env(cls._in(company)).credit_days = (0, 3, 10, 21, 35)[(number + company) % 5]
                order = cls._sell(customer, company)
                order.action_confirm()
                # 21:00 in Mexico City: the day before, by UTC.
                order.date_order = START.replace(hour=3) + timedelta(days=number % 3)
            if number % 3 == 0:
                order = cls._sell(customer, number)
                order.reserved_until = cls._day(number * 2 + 4)
                order.action_reserve()

    @classmethod
    def _sell(cls, customer, company):
        line = Command.create({"product_id": cls.product.id, "product_uom_qty": 2, "price_unit": 50.0})
        return cls._in(company)["sale.order"].create({"partner_id": customer.id, "order_line": [line]})

    @classmethod
    def _set_up_log(cls):
        for number, customer in enumerate(cls.customers):
            for company, days in ((number, number), (number, number * 3 + 12), (number + 1, 41 - number)):
                cls._in(company)["customer.log"].create(
                    {"partner_id": customer.id, "summary": "Llamada", "next_date": cls._day(days)}
                )

    @classmethod
    def _create_event(cls, partner, days, **values):
        start = START + timedelta(days=days, hours=days % 11)
        return cls.env["calendar.event"].create(
            {
                "name": "Visita",
                "start": start,
                "stop": start + timedelta(hours=1),
                "partner_ids": [Command.set(partner.ids)],
                **values,
            }
        )

    @classmethod
    def _set_up_events(cls):
        for number, customer in enumerate(cls.customers):
            contact = cls.env["res.partner"].create({"name": "Compras", "parent_id": customer.id})
            cls._create_event(contact, number * 4 + 1)
            day = cls._day(number * 3 + 2)
            cls._create_event(customer | contact, 0, allday=True, start_date=day, stop_date=day + timedelta(days=1))

    @classmethod
    def _set_up_support(cls):
        for number, customer in enumerate(cls.customers):
            for company, begins, ends in ((number, number - 5, number + 9), (number + 1, number + 3, number * 3 + 14)):
                cls._in(company)["customer.policy"].create(
                    {
                        "partner_id": customer.id,
                        "amount": 1000.0 + company,
                        "hourly_rate": 50.0,
                        "date_start": cls._day(begins),
                        "date_end": cls._day(ends),
                    }
                )
            cls._create_case(customer, closed=bool(number % 2))

    @classmethod
    def _set_up_what_does_not_change(cls):
        """Dates that pass and change nothing: what is paid, done, cancelled, or was over before."""
        cls._collect(cls._create_customer_invoice(cls.quiet, invoice_date_due=cls._day(6)))
        cls._create_customer_invoice(cls.quiet, days_ago=20)
        entry = cls.env["customer.log"].create(
            {"partner_id": cls.quiet.id, "summary": "Llamada", "next_date": cls._day(7)}
        )
        entry.action_done()
        cls._create_event(cls.quiet, 8).action_customer_not_held()
        cls._create_event(cls.quiet, -3)
        cls._create_policy(cls.quiet, date_start=cls._day(3), date_end=cls._day(9)).action_cancel()

    # ------------------------------------------------------------------
    # What is stored
    # ------------------------------------------------------------------
    def _stored(self):
        """{(customer id, source): the columns of its figures}; of who never had documents 0 and nothing are the same"""
        self.env.flush_all()
        partners, rows = self.env["res.partner"], {}
        for source in SOURCES:
            columns = SQL(", ").join(SQL.identifier(name) for name in partners._figure_names(source))
            self.env.cr.execute(SQL("SELECT id, %s FROM res_partner WHERE commercial_partner_id = id", columns))
            for partner_id, *values in self.env.cr.fetchall():
                rows[partner_id, source] = [value or None for value in values]
        return rows

    def _run_job(self):
        """The daily job, and what follows its commit. :return: whose figures it marked, and whose changed"""
        self._store_figures()
        before = self._stored()
        self.pending._cron_new_day()
        self.env.cr.execute(
            "SELECT DISTINCT pending.customer_id, pending.source FROM customer_figure_pending pending"
            " JOIN res_partner partner ON partner.id = pending.customer_id"
            " WHERE partner.commercial_partner_id = partner.id"
        )
        marked = set(self.env.cr.fetchall())
        self._store_figures()
        after = self._stored()
        return marked, {key for key in after if after[key] != before[key]}

    def _assert_nothing_left(self):
        """Counting everything of everybody again changes nothing."""
        stored = self._stored()
        self.pending._mark_all()
        self._store_figures()
        recounted = self._stored()
        wrong = {key: (stored[key], recounted[key]) for key in recounted if stored[key] != recounted[key]}
        self.assertFalse(wrong, "stored, and counted again")

    def test_day_by_day(self):
        with freeze_time(START):
            self._assert_nothing_left()
        changes = dict.fromkeys(SOURCES, 0)
        for day in range(1, DAYS):
            now = (START + timedelta(days=day)).replace(hour=HOURS[day % len(HOURS)])
            with self.subTest(day=day), freeze_time(now):
                marked, changed = self._run_job()
                # Another job, which marks whom it releases.
                self.env["sale.order"]._cron_release_expired()
                self._store_figures()
                self._assert_nothing_left()
                self.assertEqual(marked, changed)
                self.assertNotIn(self.quiet.id, {customer for customer, _source in marked})
                for _customer, source in changed:
                    changes[source] += 1
        for source, query in SOURCES.items():
            self.assertEqual(bool(changes[source]), bool(query.dated), f"figures of {source} that changed: {changes}")

    def test_days_without_the_job(self):
        with freeze_time(START + timedelta(days=4)):
            marked, changed = self._run_job()
            self._assert_nothing_left()
            self.assertTrue(changed)
            self.assertEqual(marked, changed)

    def test_twice_on_one_day(self):
        with freeze_time(START + timedelta(days=1)):
            _marked, changed = self._run_job()
            self.assertTrue(changed)
        with freeze_time(START + timedelta(days=1, minutes=30)):
            self.assertEqual(self._run_job(), (set(), set()))
            self._assert_nothing_left()
