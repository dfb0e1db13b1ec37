from odoo import api, models
from odoo.tools import SQL, split_every

from . import customer_figures
from .customer_figure_pending import AT_ONCE, BEGIN

# From how many customers on they are counted together, and how many at most: the columns of so many are kept meanwhile.
MANY, TOGETHER = 5_000, 100_000
# For the sums of so many: PostgreSQL's own 4 MB would go through files.
WORK_MEMORY = "64MB"
TABLES = ("customer_figure_mark", "customer_figure_customer", "customer_figure_member", "customer_figure_counted")
CUSTOMERS = """
   , customer AS (SELECT id, credit_limit, credit_days FROM customer_figure_customer)
   , member AS (SELECT id, customer_id, partner_share FROM customer_figure_member)
"""


class CustomerFigurePending(models.Model):
    """Storing the figures of many customers: those that no commit has stored, or all of them.

    Customer by customer, as after a commit, costs a fraction of a millisecond each. Of many, each query is run once for
    all of them, which goes through the documents once, whatever customer they are of. That may take a while, so no row
    is locked meanwhile; then the figures are stored by the thousand. A customer whose mark has gone in between was
    stored by somebody who came later, with newer figures: those stay.
    """

    _inherit = "customer.figure.pending"

    @api.model
    def _mark_all(self):
        """Mark every customer; the job stores them. :return: how many customers"""
        self.env.cr.execute(
            "INSERT INTO customer_figure_pending (customer_id)"
            " SELECT id FROM res_partner WHERE commercial_partner_id = id ORDER BY id"
        )
        return self.env.cr.rowcount

    @api.model
    def _recompute_all(self):
        """Mark every customer and see to it that they are stored soon. :return: how many customers"""
        count = self._mark_all()
        if "queue.job" not in self.env:
            self._trigger_refresh()
            return count
        for ids in split_every(TOGETHER, self._pending_ids(), list):
            self.with_delay(
                description=self.env._("Figures of %(count)s customers", count=len(ids)),
                identity_key=f"l10n_mx_customer.figures.{ids[0]}.{ids[-1]}",
            )._refresh_between(ids[0], ids[-1])
        return count

    @api.model
    def _pending_ids(self):
        """:return: the ids of the customers that are marked, of deleted ones too"""
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT customer_id FROM customer_figure_pending ORDER BY customer_id")
        )
        return [customer_id for [customer_id] in rows]

    @api.model
    def _refresh_pending(self, customer_ids):
        """Store what is pending of these customers, in transactions of its own.

        Each thousand is committed: what is not done when the process ends is still marked.

        :return: iterator of (customers done, of them with other figures than were stored)
        """
        for together in split_every(TOGETHER, customer_ids, list):
            if len(together) < MANY:
                for ids in split_every(AT_ONCE, together, list):
                    yield len(ids), self._refresh_in_parts(ids)
            else:
                yield from self._refresh_together(together)

    @api.model
    def _refresh_in_parts(self, customer_ids):
        """Store figures; a customer whose row somebody holds does not keep back the others.

        :return: how many customers had other figures
        """
        changed = self._refresh_apart(self.env.registry, customer_ids)
        if changed is None and len(customer_ids) > 1:
            middle = len(customer_ids) // 2
            return sum(self._refresh_in_parts(part) for part in (customer_ids[:middle], customer_ids[middle:]))
        return changed or 0

    @api.model
    def _refresh_together(self, customer_ids):
        with self.env.registry.cursor() as cr:
            pending = self.with_env(api.Environment(cr, self.env.uid, {}))
            pending._count_together(customer_ids)
            # The cursor is its own; the temporary tables live as long as its connection.
            cr.commit()  # pylint: disable=invalid-commit
            stored = pending._store_parts(customer_ids)
            done, changed = next(stored)
            yield done, changed
            unindexed = changed > done / 2 and pending._drop_indexes()
            cr.commit()  # pylint: disable=invalid-commit
            try:
                yield from stored
            finally:
                if unindexed:  # if the process is killed, the daily job creates them
                    cr.rollback()
                    pending._create_indexes(after_each=cr.commit)
            pending._drop_tables()

    @api.model
    def _store_parts(self, customer_ids):
        for ids in split_every(AT_ONCE, customer_ids, list):
            changed = self._store_counted(ids)
            self.env.cr.commit()  # pylint: disable=invalid-commit
            yield len(ids), changed

    @api.model
    def _count_together(self, customer_ids):
        """Keep the marks of customers, and what their figures are, in temporary tables of the connection."""
        cr = self.env.cr
        self._drop_tables()
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE customer_figure_mark AS"
                " SELECT id, customer_id FROM customer_figure_pending WHERE customer_id = ANY(%s)",
                customer_ids,
            )
        )
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE customer_figure_customer AS"
                " SELECT id, credit_limit, credit_days FROM res_partner"
                " WHERE id = ANY(%s) AND commercial_partner_id = id",
                customer_ids,
            )
        )
        cr.execute(
            "CREATE TEMPORARY TABLE customer_figure_member AS"
            " SELECT partner.id, partner.commercial_partner_id AS customer_id, partner.partner_share"
            " FROM customer_figure_customer customer"
            " JOIN res_partner partner ON partner.commercial_partner_id = customer.id"
        )
        # How many they are decides how PostgreSQL goes about it. Nested loops are for few: where it expects few sales
        # of so many customers it would compare each with every other.
        cr.execute("ANALYZE customer_figure_customer, customer_figure_member")
        # Of the marks it remembers that there were none, and would go through all of them for each thousand.
        cr.execute("ANALYZE customer_figure_pending")
        cr.execute("SET LOCAL enable_nestloop = off")
        cr.execute(SQL("SET LOCAL work_mem = %s", WORK_MEMORY))
        parameters = self.env["res.partner"]._figure_parameters() | {"customer_ids": SQL("NULL")}
        rows = self._figure_rows(
            SQL("%s", list(customer_ids)),
            customer_figures.SOURCES,
            lambda source: SQL(customer_figures.figure_query(source, CUSTOMERS), **parameters),
        )
        cr.execute(SQL("CREATE TEMPORARY TABLE customer_figure_counted AS %s", rows))
        cr.execute("CREATE INDEX ON customer_figure_mark (customer_id)")
        cr.execute("CREATE INDEX ON customer_figure_counted (customer_id)")
        cr.execute("ANALYZE customer_figure_mark (customer_id), customer_figure_counted (customer_id)")

    @api.model
    def _drop_tables(self):
        tables = SQL(", ").join(SQL.identifier(name) for name in TABLES)
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", tables))

    @api.model
    def _store_counted(self, customer_ids):
        """Store what was counted of customers whose marks are still there. :return: how many had other figures"""
        cr = self.env.cr
        cr.execute(BEGIN)
        self._lock_customers(customer_ids)
        rows = self.env.execute_query(
            SQL(
                "DELETE FROM customer_figure_pending"
                " WHERE id = ANY(ARRAY(SELECT id FROM customer_figure_mark WHERE customer_id = ANY(%s)))"
                " RETURNING customer_id",
                customer_ids,
            )
        )
        ids = list({customer_id for [customer_id] in rows})
        counted = SQL("SELECT * FROM customer_figure_counted WHERE customer_id = ANY(%s)", ids)
        sources = customer_figures.SOURCES
        return self._store(ids, sources, self._store_query(sources, counted))

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------
    @api.model
    def _refresh_between(self, first_id, last_id):
        """Job of ``queue_job``: store what is pending of the customers between two ids. :return: what was done"""
        ids = [customer_id for customer_id in self._pending_ids() if first_id <= customer_id <= last_id]
        done = sum(done for done, _changed in self._refresh_pending(ids))
        return self.env._("Figures of %(count)s customers stored.", count=done)

    @api.model
    def _cron_refresh(self):
        """Store what no commit has stored; customers marked by the hundred thousand included."""
        customer_ids = self._pending_ids()
        self.env["ir.cron"]._commit_progress(remaining=len(customer_ids))
        for done, _changed in self._refresh_pending(customer_ids):
            if not self.env["ir.cron"]._commit_progress(done):
                break
