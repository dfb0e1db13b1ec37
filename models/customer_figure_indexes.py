from odoo import api, models
from odoo.tools import SQL
from psycopg2.errors import LockNotAvailable

from .customer_figure_fields import FigureField
from .customer_figure_pending import WAIT_SHORTLY

# Each has some thirty of them. An index costs little, as figures seldom change, but not nothing.
COMPANIES_INDEXED = 5

# An index takes none of PostgreSQL's own casts to a date, which follow DateStyle; of what Odoo writes (ISO) they do
# not. In PL/pgSQL, which the planner does not look into.
FUNCTIONS = """
    CREATE OR REPLACE FUNCTION customer_figure_date(text) RETURNS date
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $function$ BEGIN RETURN $1::date; END $function$;

    CREATE OR REPLACE FUNCTION customer_figure_datetime(text) RETURNS timestamp
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $function$ BEGIN RETURN $1::timestamp; END $function$;
"""


class CustomerFigurePending(models.Model):
    """The indexes by which the figures of a company are searched."""

    _inherit = "customer.figure.pending"

    def init(self):
        self.env.cr.execute(FUNCTIONS)
        # When the columns are there.
        self.pool.post_init(self._create_indexes)
        return super().init()

    @api.model
    def _indexes(self):
        """:return: {name: SQL of the index}, of each figure and company that has one"""
        companies = self.env["res.company"].sudo().search([], order="id", limit=COMPANIES_INDEXED)
        return {
            f"customer_figure_{field.name}_{company.id}": field.value_sql(SQL.identifier(field.name), company.id)
            for field in self.env["res.partner"]._fields.values()
            if isinstance(field, FigureField) and field.company_dependent
            for company in companies
        }

    @api.model
    def _create_indexes(self, after_each=lambda: None):
        """Create the indexes that there are not yet: on installing, and by the daily job for a new company.

        :param after_each: called after each: nobody writes a customer until the transaction ends
        """
        rows = self.env.execute_query(SQL("SELECT indexname FROM pg_indexes WHERE tablename = 'res_partner'"))
        existing = {name for [name] in rows}
        for name, value in self._indexes().items():
            if name not in existing:
                self.env.cr.execute(SQL("CREATE INDEX %s ON res_partner ((%s))", SQL.identifier(name), value))
                after_each()

    @api.model
    def _drop_indexes(self):
        """Drop them for as long as most customers get other figures: that costs less than to write to each.

        :return: whether they could be dropped at once
        """
        names = SQL(", ").join(SQL.identifier(name) for name in self._indexes())
        self.env.cr.execute(WAIT_SHORTLY)
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(SQL("DROP INDEX IF EXISTS %s", names), log_exceptions=False)
        except LockNotAvailable:
            return False
        return True

    @api.model
    def _cron_new_day(self):
        self._create_indexes()  # of companies that are new
        return super()._cron_new_day()
