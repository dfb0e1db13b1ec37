"""The stored figures in SQL: the value of a company as an expression, and the indexes by which they are searched.

Of a company-dependent figure Odoo stores ``{company id: value}``, and reads it by functions that no index can have.
"""

from odoo import api, fields, models
from odoo.tools import SQL

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


class _CompanyFigure:
    """A figure whose value in SQL can be indexed; without one it is 0, or no date."""

    def to_sql(self, model, alias):
        if not self.company_dependent:
            return super().to_sql(model, alias)
        return self._value_sql(SQL.identifier(alias, self.name, to_flush=self), model.env.company.id)

    def _value_sql(self, column, company_id):
        value = SQL("(%s ->> %s)", column, str(company_id))
        if self.type in ("date", "datetime"):
            return SQL("%s(%s)", SQL.identifier(f"customer_figure_{self.type}"), value)
        return SQL("COALESCE(%s::%s, 0)", value, SQL(self._column_type[1]))


class FigureFloat(_CompanyFigure, fields.Float):
    pass


class FigureInteger(_CompanyFigure, fields.Integer):
    pass


class FigureDate(_CompanyFigure, fields.Date):
    pass


class FigureDatetime(_CompanyFigure, fields.Datetime):
    pass


class CustomerFigurePending(models.Model):
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
        figures = [field for field in partners._fields.values() if isinstance(field, _CompanyFigure)]
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
                    field._value_sql(SQL.identifier(field.name), company_id),
                )
            )
