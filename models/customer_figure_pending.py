import logging

from odoo import api, fields, models
from odoo.sql_db import Cursor
from odoo.tools import SQL, split_every

from . import customer_figures

_logger = logging.getLogger(__name__)

POSTCOMMIT_KEY = "l10n_mx_customer.figures"
REFRESH_DATE_PARAMETER = "l10n_mx_customer.figures_date"
# Customers refreshed in one transaction, which holds their rows: whoever writes one of them waits.
AT_ONCE = 1000
# How long a commit waits for a row that another transaction holds before it leaves the customer to the job.
LOCK_TIMEOUT = "2s"
SQL_TYPES = {"float": "numeric", "integer": "int", "date": "date", "datetime": "timestamp"}


class CustomerFigurePending(models.Model):
    """Customers whose stored figures are behind their documents, by source of figures.

    The transaction that changes a document inserts a row here and leaves the customer's row alone: two sales to one
    customer never fail each other. Right after the commit the figures are stored in a short transaction of their own,
    which removes the rows. Where that does not happen (the process is killed, the row is locked for long) the job
    does it. As long as the row is here, whoever reads a figure of the customer gets it from the documents.
    """

    _name = "customer.figure.pending"
    _description = "Customer Figures to Refresh"
    _log_access = False

    # No foreign key: checking it would lock the customer's row. The job removes the rows of deleted customers.
    customer_id = fields.Integer(required=True, index=True)
    source = fields.Char(required=True)

    def init(self):
        """Make each query of ``customer_figures`` a function of the database, which plans it once a connection.

        Planning takes longer than counting what one customer has.
        """
        for source in customer_figures.SOURCES:
            self.env.cr.execute(self._function(source))

    @api.model
    def _function(self, name):
        source = customer_figures.SOURCES[name]
        columns = {"customer_id": "int", **({"company_id": "int"} if source.by_company else {})}
        partner_fields = self.env["res.partner"]._fields
        for figure in self.env["res.partner"]._figure_names(name):
            columns[figure] = SQL_TYPES[partner_fields[figure].type]
        parameters = {parameter: f"_{parameter}" for parameter in customer_figures.PARAMETERS}
        query = (customer_figures.COMPANIES + customer_figures.CUSTOMERS + source.query) % parameters
        identifier = f"customer_figures_{name}"
        arguments = ", ".join(f"_{parameter} {type_}" for parameter, type_ in customer_figures.PARAMETERS.items())
        return f"""
            DROP FUNCTION IF EXISTS {identifier};
            CREATE FUNCTION {identifier}({arguments})
            RETURNS TABLE({", ".join(f"{column} {type_}" for column, type_ in columns.items())})
            LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
            AS $function$
            #variable_conflict use_column
            BEGIN
                RETURN QUERY SELECT {", ".join(f"figure.{column}::{type_}" for column, type_ in columns.items())}
                FROM ({query}) figure;
            END
            $function$
        """  # noqa: S608

    @api.model
    def _mark(self, partners, sources):
        """Say that documents of these partners have changed, in the transaction that changes them.

        :param partners: customers, or contacts of theirs
        :param sources: names of ``customer_figures.SOURCES``
        """
        partners = partners._origin
        if not partners:
            return
        partners.flush_recordset(["commercial_partner_id"])
        # The partner itself too: a customer that becomes a contact of another one keeps no figures.
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO customer_figure_pending (customer_id, source)"
                " SELECT DISTINCT customer.id, source.name"
                " FROM res_partner partner"
                " CROSS JOIN LATERAL (VALUES (partner.id), (partner.commercial_partner_id)) customer(id)"
                " CROSS JOIN unnest(%s) source(name)"
                " WHERE partner.id = ANY(%s) RETURNING customer_id",
                list(sources),
                list(partners._ids),
            )
        )
        # Contacts show the figures of their customer: theirs are not known any more either.
        names = [name for source in sources for name in self.env["res.partner"]._figure_names(source)]
        self.env["res.partner"].invalidate_model(names, flush=False)
        self._refresh_after_commit(row[0] for row in rows)

    @api.model
    def _refresh_after_commit(self, customer_ids):
        postcommit = self.env.cr.postcommit
        if POSTCOMMIT_KEY not in postcommit.data:
            ids = postcommit.data[POSTCOMMIT_KEY] = set()
            registry = self.env.registry
            # While modules are being installed the columns may not be there yet: that is left to the job.
            postcommit.add(lambda: registry.ready and self._refresh_committed(registry, sorted(ids)))
        postcommit.data[POSTCOMMIT_KEY].update(customer_ids)

    @api.model
    def _refresh_committed(self, registry, customer_ids):
        """Store the figures of customers in transactions of their own, some at a time."""
        for ids in split_every(AT_ONCE, customer_ids):
            self._refresh_apart(registry, ids)

    @api.model
    def _refresh_apart(self, registry, customer_ids):
        """Store figures in a transaction of its own; if it does not succeed the job will.

        READ COMMITTED: the figures are counted after the customers' rows are locked, from what is committed by then.
        Of many who sold to one customer at once the next one counts for all, and nobody fails.
        """
        try:
            with registry.cursor() as cr:
                if isinstance(cr, Cursor):  # a test's is a savepoint of a transaction that has begun
                    cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                cr.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
                self.with_env(api.Environment(cr, api.SUPERUSER_ID, {}))._refresh(customer_ids)
        except Exception:
            _logger.warning("Figures of %s customers are left to the job", len(customer_ids), exc_info=True)

    @api.model
    def _refresh(self, customer_ids):
        """Store what is pending of these customers, in the current transaction."""
        customer_ids = list(customer_ids)
        self.env.cr.execute(
            SQL("SELECT id FROM res_partner WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", customer_ids),
            log_exceptions=False,
        )
        rows = self.env.execute_query(
            SQL(
                "WITH done AS ("
                " DELETE FROM customer_figure_pending WHERE customer_id = ANY(%s) RETURNING customer_id, source"
                ") SELECT source, array_agg(DISTINCT customer_id) FROM done GROUP BY source",
                customer_ids,
            )
        )
        for source, ids in rows:
            self._store(source, ids)

    @api.model
    def _store(self, source, customer_ids):
        """Write the figures of a source where they differ, and nothing else: not even who wrote it and when."""
        partners = self.env["res.partner"].browse(customer_ids)
        names = partners._figure_names(source)
        by_company = customer_figures.SOURCES[source].by_company
        value = self._by_company_column if by_company else self._column
        columns = SQL(", ").join(SQL("%s AS %s", value(partners._fields[name]), SQL.identifier(name)) for name in names)
        new = SQL(
            "SELECT customer.id, %s FROM unnest(%s) customer(id) LEFT JOIN (%s) figure"
            " ON figure.customer_id = customer.id %s",
            columns,
            list(customer_ids),
            partners._figure_query(source),
            SQL("GROUP BY customer.id") if by_company else SQL(),
        )
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner partner SET %s FROM (%s) new"
                " WHERE partner.id = new.id AND (%s) IS DISTINCT FROM (%s)",
                SQL(", ").join(SQL("%s = %s", SQL.identifier(name), SQL.identifier("new", name)) for name in names),
                new,
                SQL(", ").join(SQL.identifier("partner", name) for name in names),
                SQL(", ").join(SQL.identifier("new", name) for name in names),
            )
        )
        partners.invalidate_recordset(names, flush=False)

    @api.model
    def _column(self, field):
        figure = SQL.identifier("figure", field.name)
        return SQL("COALESCE(%s, 0)", figure) if field.type in ("float", "integer") else figure

    @api.model
    def _by_company_column(self, field):
        """What Odoo stores of a company-dependent field: {company id: value}, without the empty ones."""
        figure = SQL.identifier("figure", field.name)
        empty = SQL("%s = 0", figure) if field.type in ("float", "integer") else SQL("%s IS NULL", figure)
        if field.type == "date":
            figure = SQL("to_char(%s, 'YYYY-MM-DD')", figure)
        elif field.type == "datetime":
            figure = SQL("to_char(%s, 'YYYY-MM-DD HH24:MI:SS')", figure)
        return SQL(
            "jsonb_object_agg(figure.company_id, %s) FILTER (WHERE figure.company_id IS NOT NULL AND NOT %s)",
            figure,
            empty,
        )

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------
    @api.model
    def _cron_refresh(self):
        """Store what no commit has stored; customers marked by the hundred thousand included."""
        self.env.cr.execute("SELECT DISTINCT customer_id FROM customer_figure_pending ORDER BY customer_id")
        customer_ids = [row[0] for row in self.env.cr.fetchall()]
        self.env["ir.cron"]._commit_progress(remaining=len(customer_ids))
        for ids in split_every(AT_ONCE, customer_ids):
            self._refresh_committed(self.env.registry, ids)
            if not self.env["ir.cron"]._commit_progress(len(ids)):
                break

    @api.model
    def _cron_new_day(self):
        """Mark the customers some figure of which changes because a day has passed, and nobody else."""
        parameters = self.env["ir.config_parameter"].sudo()
        since = parameters.get_param(REFRESH_DATE_PARAMETER) or "1900-01-01"
        partners = self.env["res.partner"]
        for name, source in customer_figures.SOURCES.items():
            if source.dated:
                partners._flush_figures(name)
                ids = [row[0] for row in self.env.execute_query(partners._dated_query(name, since))]
                self._mark(partners.browse(ids), [name])
        parameters.set_param(REFRESH_DATE_PARAMETER, fields.Date.to_string(fields.Date.today()))

    @api.model
    def _mark_all(self):
        """Mark every figure of every customer; the job stores them. :return: how many customers"""
        [[count]] = self.env.execute_query(
            SQL(
                "WITH marked AS ("
                " INSERT INTO customer_figure_pending (customer_id, source)"
                " SELECT partner.id, source.name FROM res_partner partner CROSS JOIN unnest(%s) source(name)"
                " WHERE partner.commercial_partner_id = partner.id ORDER BY partner.id RETURNING customer_id"
                ") SELECT COUNT(DISTINCT customer_id) FROM marked",
                list(customer_figures.SOURCES),
            )
        )
        self.env.ref("l10n_mx_customer.ir_cron_refresh_figures")._trigger()
        return count
