"""The fields of the stored figures: how they are declared, kept and searched."""

from odoo import fields
from odoo.tools import SQL

from .customer_figures import SOURCES


class FigureField:
    """A stored figure of a customer, of one of ``customer_figures.SOURCES``.

    Its customers are marked instead of computed (``res_partner_figures``).
    """

    figure_source = None

    @property
    def has_triggers(self):
        """Whether this is the one figure of its source that the ORM knows to depend on documents."""
        return self._depends is None

    def recompute(self, records):  # pylint: disable=missing-return
        """Before a figure of these customers is read or flushed: mark them, if documents of theirs have changed."""
        to_compute = records.env.transaction.tocompute
        for field in {self, records._figure_trigger(self.figure_source)} & to_compute.keys():
            pending = [id_ for id_ in records._ids if id_ in to_compute.get(field, ())]
            records.browse(id_ for id_ in pending if id_)._mark_figures(self.figure_source)
            new = records.browse(id_ for id_ in pending if not id_)
            super(FigureField, field).recompute(new)

    def to_sql(self, model, alias):
        """The value of the current company, which can be indexed: 0 where there is none, or no date.

        Odoo's own is of functions that no index can have.
        """
        if not self.company_dependent:
            return super().to_sql(model, alias)
        return self.value_sql(SQL.identifier(alias, self.name, to_flush=self), model.env.company.id)

    def value_sql(self, column, company_id):
        """:return: SQL of the value of a company in a column, in which Odoo stores ``{company id: value}``"""
        value = SQL("(%s ->> %s)", column, str(company_id))
        if self.type in ("date", "datetime"):
            return SQL("%s(%s)", SQL.identifier(f"customer_figure_{self.type}"), value)
        return SQL("COALESCE(%s::%s, 0)", value, SQL(self._column_type[1]))


class FigureFloat(FigureField, fields.Float):
    pass


class FigureInteger(FigureField, fields.Integer):
    pass


class FigureDate(FigureField, fields.Date):
    pass


class FigureDatetime(FigureField, fields.Datetime):
    pass


class Figure:
    """How the figures of a source are declared: computed, for employees only, fetched with those of it alone.

    Figures of company documents have one value a company. Company-dependent fields cannot be Monetary: amounts are
    Float, rounded by the company's currency and shown with the monetary widget.

    They all change with the same documents. The ORM goes through all that depends on a document whenever one changes,
    so it knows of the first figure only, and the others change with that one.

    :param str source: one of ``customer_figures.SOURCES``
    """

    def __init__(self, source):
        by_company = SOURCES[source].by_company
        # customer_figure_indexes has the indexes by company.
        self.arguments = {
            "figure_source": source,
            "compute": f"_compute_{source}_figures",
            "store": True,
            "copy": False,
            "groups": "base.group_user",
            "prefetch": f"customer_figures_{source}",
            "company_dependent": by_company,
            "index": not by_company,
        }

    def _declare(self, field_class, **kwargs):
        field = field_class(**self.arguments, **kwargs)
        self.arguments["depends"] = ()
        return field

    def amount(self, **kwargs):
        return self._declare(FigureFloat, aggregator="sum", **kwargs)

    def count(self, **kwargs):
        return self._declare(FigureInteger, aggregator="sum", **kwargs)

    def date(self, **kwargs):
        return self._declare(FigureDate, **kwargs)

    def datetime(self, **kwargs):
        return self._declare(FigureDatetime, **kwargs)
