import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.tools import SQL, ormcache

from . import customer_figures
from .kept_cursor import execute_prepared, kept_cursor

_logger = logging.getLogger(__name__)

POSTCOMMIT_KEY = "l10n_mx_customer.figures"
REFRESH_DATE_PARAMETER = "l10n_mx_customer.figures_date"
# Customers refreshed in one transaction, which holds their rows: whoever writes one of them waits.
AT_ONCE = 1000
# How a transaction that stores figures begins. What a crash of the database takes back of it, it takes back with the
# marks: the job does it again.
BEGIN = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off"
# How long whoever can do without waits for what another transaction holds.
WAIT_SHORTLY = "SET LOCAL lock_timeout = '2s'"
# After a commit: a customer whose row is held for longer is left to the job.
BEGIN_SHORTLY = f"{BEGIN}; {WAIT_SHORTLY}; SET LOCAL plan_cache_mode = force_generic_plan"
# A customer with tens of thousands of documents takes longer, in seconds; whoever sells to it in the time after that
# leaves it to the job, which is told to come then.
SLOW, REST = 0.5, 60
# {(database, customer id): time.monotonic() until which this process leaves it to the job}
_resting = {}
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
    source = fields.Char(help="One of customer_figures.SOURCES; empty for all of them.")

    def init(self):
        """Make each query of ``customer_figures`` a function of the database, which keeps its plan (``kept_cursor``).

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
        query = customer_figures.figure_query(name) % parameters
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
    def _mark(self, partners, sources=(None,)):
        """Say that documents of these partners have changed, in the transaction that changes them.

        :param partners: customers, or contacts of theirs
        :param sources: names of ``customer_figures.SOURCES``; without it, all of them
        """
        partners = partners._origin
        if not partners:
            return
        # The partner itself too: a customer that becomes a contact of another one keeps no figures.
        partners = partners.sudo()
        try:
            customers = partners.commercial_partner_id | partners
        except MissingError:  # what was of a partner that has just been deleted
            partners = partners.exists()
            customers = partners.commercial_partner_id | partners
        self.env.cr.execute(
            SQL(
                "INSERT INTO customer_figure_pending (customer_id, source)"
                " SELECT customer.id, source.name FROM unnest(%s::int[]) customer(id)"
                " CROSS JOIN unnest(%s::varchar[]) source(name)",
                list(customers._ids),
                list(sources),
            )
        )
        # Contacts show the figures of their customer: theirs are not known any more either.
        self.env["res.partner"].invalidate_model(self._names(self._sources(sources)), flush=False)
        self._refresh_after_commit(customers._ids)

    @api.model
    def _sources(self, marked):
        """The sources meant by those of some rows."""
        return customer_figures.SOURCES if None in marked else marked

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
        """After a commit: store the figures of its customers; those of a great many at once are left to the job."""
        if len(customer_ids) > AT_ONCE:
            self._trigger_refresh_apart(registry)
            return
        start = time.monotonic()
        ids = [id_ for id_ in customer_ids if _resting.get((registry.db_name, id_), 0) <= start]
        changed = self._refresh_apart(registry, ids) if ids else None
        if changed is not None and len(ids) == 1 and time.monotonic() - start > SLOW:
            self._trigger_refresh_apart(registry, fields.Datetime.now() + timedelta(seconds=REST))
            _resting[registry.db_name, ids[0]] = time.monotonic() + REST

    @api.model
    def _trigger_refresh_apart(self, registry, at=None):
        with registry.cursor() as cr:
            self.with_env(api.Environment(cr, api.SUPERUSER_ID, {}))._trigger_refresh(at)

    @api.model
    def _trigger_refresh(self, at=None):
        self.env.ref("l10n_mx_customer.ir_cron_refresh_figures")._trigger(at)

    @api.model
    def _refresh_apart(self, registry, customer_ids):
        """Store figures in a transaction of its own; those that cannot be stored now are left to the job.

        READ COMMITTED: the figures are counted after the customers' rows are locked, from what is committed by then.
        Of many who sold to one customer at once the next one counts for all, and nobody fails.

        :return: how many customers had other figures; None if they could not be stored
        """
        try:
            with kept_cursor(registry, BEGIN_SHORTLY) as cr:
                return self.with_env(api.Environment(cr, api.SUPERUSER_ID, {}))._refresh(customer_ids)
        except Exception:
            _logger.warning("Figures of %s customers are left to the job", len(customer_ids), exc_info=True)
            return None

    @api.model
    def _refresh(self, customer_ids):
        """Store what is pending of these customers, in the current transaction.

        :return: how many had other figures
        """
        self._lock_customers(customer_ids)
        execute_prepared(
            self.env.cr,
            SQL(
                "WITH done AS ("
                " DELETE FROM customer_figure_pending WHERE customer_id = ANY(%s::int[]) RETURNING customer_id, source"
                "), customer AS ("
                " SELECT customer_id, array_agg(DISTINCT source) AS sources FROM done GROUP BY customer_id"
                ") SELECT sources, array_agg(customer_id) FROM customer GROUP BY sources",
                list(customer_ids),
            ),
        )
        rows = self.env.cr.fetchall()
        values = self.env["res.partner"]._figure_values()
        changed = 0
        for marked, ids in rows:
            sources = tuple(self._sources(marked))
            text, names = self._refresh_query(sources)
            values["customer_ids"] = ids
            changed += self._store(ids, sources, SQL(text, *(values[name] for name in names)))
        return changed

    @api.model
    @ormcache("sources")
    def _refresh_query(self, sources):
        """:return: text of the query that counts and stores the figures of some sources, names of its parameters"""
        partners = self.env["res.partner"]
        parameters = {name: SQL(f"%s::{type_}", name) for name, type_ in customer_figures.PARAMETERS.items()}
        query = self._store_query(
            sources,
            self._figure_rows(
                parameters["customer_ids"], sources, lambda source: partners._figure_call(source, parameters)
            ),
        )
        return query.code, query.params

    @api.model
    def _lock_customers(self, customer_ids):
        """Hold the customers' rows, always in the same order, until the end of the transaction."""
        query = "SELECT id FROM res_partner WHERE id = ANY(%s::int[]) ORDER BY id FOR NO KEY UPDATE"
        execute_prepared(self.env.cr, SQL(query, list(customer_ids)))

    @api.model
    def _store(self, customer_ids, sources, query):
        """Write the figures of some sources where they differ, and nothing else: not even who wrote it and when.

        :param SQL query: a ``_store_query``
        :return: how many customers had other figures
        """
        execute_prepared(self.env.cr, query)
        changed = self.env.cr.rowcount
        partners = self.env["res.partner"].browse(customer_ids)
        partners.invalidate_recordset(self._names(sources), flush=False)
        return changed

    @api.model
    def _store_query(self, sources, rows):
        """One UPDATE, so that each row is written once: it is wide and has many indexes.

        :param SQL rows: their ``customer_id`` and figures as they are stored
        """
        names = self._names(sources)
        return SQL(
            "UPDATE res_partner partner SET %s FROM (%s) new"
            " WHERE partner.id = new.customer_id AND (%s) IS DISTINCT FROM (%s)",
            SQL(", ").join(SQL("%s = %s", SQL.identifier(name), SQL.identifier("new", name)) for name in names),
            rows,
            SQL(", ").join(SQL.identifier("partner", name) for name in names),
            SQL(", ").join(SQL.identifier("new", name) for name in names),
        )

    @api.model
    def _names(self, sources):
        return [name for source in sources for name in self.env["res.partner"]._figure_names(source)]

    @api.model
    def _figure_rows(self, customer_ids, sources, query):
        """:return: SQL of one row a customer: ``customer_id`` and the figures of some sources as they are stored

        :param SQL customer_ids: an array
        :param query: function that gives the query of a source
        """
        partner_fields = self.env["res.partner"]._fields
        return SQL(
            "SELECT customer_id, %s FROM unnest(%s) customer(customer_id) %s",
            SQL(", ").join(self._stored_column(partner_fields[name]) for name in self._names(sources)),
            customer_ids,
            SQL(" ").join(self._join_figures(source, query(source)) for source in sources),
        )

    @api.model
    def _join_figures(self, source, query):
        if customer_figures.SOURCES[source].by_company:
            partner_fields = self.env["res.partner"]._fields
            names = self.env["res.partner"]._figure_names(source)
            columns = SQL(", ").join(self._by_company_column(partner_fields[name]) for name in names)
            query = SQL("SELECT figure.customer_id, %s FROM (%s) figure GROUP BY figure.customer_id", columns, query)
        return SQL("LEFT JOIN (%s) %s USING (customer_id)", query, SQL.identifier(source))

    @api.model
    def _stored_column(self, field):
        column = SQL.identifier(field.name)
        if field.company_dependent or field.type not in ("float", "integer"):
            return column
        return SQL("COALESCE(%s, 0) AS %s", column, column)

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
            "jsonb_object_agg(figure.company_id, %s) FILTER (WHERE NOT %s) AS %s",
            figure,
            empty,
            SQL.identifier(field.name),
        )

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------
    @api.model
    def _cron_new_day(self):
        """Mark the customers some figure of which changes because a day has passed, and nobody else."""
        now = fields.Datetime.now()
        parameters = self.env["ir.config_parameter"].sudo()
        since = parameters.get_param(REFRESH_DATE_PARAMETER) or "1900-01-01"
        partners = self.env["res.partner"]
        for name, source in customer_figures.SOURCES.items():
            if source.dated:
                partners._flush_figures(name)
                ids = [row[0] for row in self.env.execute_query(partners._dated_query(name, since))]
                self._mark(partners.browse(ids), [name])
        parameters.set_param(REFRESH_DATE_PARAMETER, fields.Datetime.to_string(now))
