from odoo import api, models
from odoo.tools import SQL

from . import customer_figure_pending  # noqa: F401  The class below extends it.
from .customer_figure_fields import FigureField

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
    def _create_indexes(self):
        """Index the figures of the companies that have no indexes yet: on installing, then by the daily job."""
        partners = self.env["res.partner"]
        companies = self.env["res.company"].sudo().search([], order="id", limit=COMPANIES_INDEXED)
        figures = [field for field in partners._fields.values() if isinstance(field, FigureField)]
        wanted = {
            f"customer_figure_{field.name}_{company.id}": (field, company.id)
            for field in figures
            if field.company_dependent
            for company in companies
        }
        rows = self.env.execute_query(SQL("SELECT indexname FROM pg_indexes WHERE tablename = 'res_partner'"))
        for name in wanted.keys() - {row[0] for row in rows}:
            field, company_id = wanted[name]
            self.env.cr.execute(
                SQL(
                    "CREATE INDEX %s ON res_partner ((%s))",
                    SQL.identifier(name),
                    field.value_sql(SQL.identifier(field.name), company_id),
                )
            )

    @api.model
    def _cron_new_day(self):
        self._create_indexes()  # of companies that are new
        return super()._cron_new_day()
