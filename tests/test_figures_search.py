from unittest.mock import patch

from odoo.tests import tagged

from ..models import customer_figure_indexes
from ..models.customer_figures import SOURCES
from .common import CustomerCommon


@tagged("post_install", "-at_install")
class TestFiguresSearch(CustomerCommon):
    """Searching, sorting and grouping by stored figures, in the current company, by index."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._create_customer(name="Otra clienta")
        cls._create_order(quantity=3)
        cls._create_order(quantity=1, partner_id=cls.other.id)
        cls._store_figures()
        cls.both = cls.customer | cls.other

    def _search(self, *domain, order="id", company=None):
        partners = self.env["res.partner"].with_company(company or self.company)
        return partners.search([("id", "in", self.both.ids), *domain], order=order)

    def test_amounts(self):
        self.assertEqual(self._search(("sold_authorized", "=", 3480.0)), self.customer)
        found = self._search(("sold_authorized", ">", 1000.0), order="sold_authorized")
        self.assertEqual(found, self.other + self.customer)
        self.assertEqual(self._search(order="sold_authorized DESC"), self.customer + self.other)
        self.assertEqual(self._search(("sold_authorized", "in", [1160.0, 7.0])), self.other)

    def test_none_is_zero(self):
        self.assertEqual(self._search(("collected", "=", 0)), self.both)
        self.assertEqual(self._search(("collected", "=", False)), self.both)
        self.assertEqual(self._search(("collected", "<", 1)), self.both)
        self.assertFalse(self._search(("collected", "!=", 0)))

    def test_dates(self):
        latest = max(self.both.mapped("last_sale_date"))
        self.assertEqual(self._search(("last_sale_date", "=", latest)), self._search(("last_sale_date", ">=", latest)))
        self.assertEqual(self._search(("last_sale_date", "!=", False)), self.both)
        self.assertFalse(self._search(("last_sale_date", "=", False)))
        self.assertEqual(self._search(("last_log_date", "=", False)), self.both)
        self.assertEqual(self._search(("oldest_debt_date", "<=", latest.date())), self.both)
        [(_month, count)] = self.env["res.partner"]._read_group(
            [("id", "in", self.both.ids)], ["last_sale_date:month"], ["__count"]
        )
        self.assertEqual(count, 2)

    def test_sums(self):
        [(total,)] = self.env["res.partner"]._read_group([("id", "in", self.both.ids)], [], ["sold_authorized:sum"])
        self.assertEqual(total, 4640.0)

    def test_each_company_has_its_own(self):
        self.assertFalse(self._search(("sold_authorized", ">", 0), company=self.company_2))
        self.assertFalse(self._search(("last_sale_date", "!=", False), company=self.company_2))

    def test_every_figure_has_an_index(self):
        """PostgreSQL takes it for what Odoo asks: the expressions are the same."""
        self.env["customer.figure.pending"].sudo()._create_indexes()  # of the companies of this test
        self.env.flush_all()
        # A new table: it may not use an index yet that is younger than some transaction on the same server.
        self.env.cr.execute("CREATE TABLE res_partner_copy (LIKE res_partner INCLUDING INDEXES)")
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_sort = off")
        partners = self.env["res.partner"].with_context(active_test=False).sudo()
        without = []
        for source in SOURCES:
            for name in partners._figure_names(source):
                query = partners._search([], order=f"{name} DESC", limit=80).select()
                text = self.env.cr.mogrify(query).decode().replace('"res_partner"', '"res_partner_copy"')
                self.env.cr.execute(f"EXPLAIN {text}")
                plan = "\n".join(row[0] for row in self.env.cr.fetchall())
                if "Index Scan Backward" not in plan or "Sort" in plan:
                    without.append(name)
        self.assertFalse(without)

    def test_a_new_company_has_them_from_the_next_day_on(self):
        company = self.env["res.company"].sudo().create({"name": "Nueva compañía"})
        query = "SELECT COUNT(*) FROM pg_indexes WHERE tablename = 'res_partner' AND indexname LIKE %s"
        self.env.cr.execute(query, [f"customer_figure_%_{company.id}"])
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        with patch.object(customer_figure_indexes, "COMPANIES_INDEXED", 1000):
            self._new_day()
        self.env.cr.execute(query, [f"customer_figure_%_{company.id}"])
        figures = [
            figure
            for source in SOURCES
            if SOURCES[source].by_company
            for figure in self.env["res.partner"]._figure_names(source)
        ]
        self.assertEqual(self.env.cr.fetchone()[0], len(figures))
