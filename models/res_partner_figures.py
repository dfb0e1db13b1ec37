import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, ormcache

from .customer_figure_fields import FigureField
from .customer_figures import PARAMETERS, SOURCES, dated_query
from .res_company import DEFAULT_TIME_ZONE

# Whose records are counted.
FEEDING_MODELS = {model for source in SOURCES.values() for model in source.reads} - {"res.partner"}


class ResPartner(models.Model):
    """How the figures of a customer are kept. What there is: res_partner_balances, _counters and
    _support_figures; what it means: customer_figures.

    Figures are fields like any other for who reads, searches, sorts and groups, but a change of a document does not
    touch the customer's row. The ORM finds out whose figures change (``@api.depends``); then, instead of computing
    them, the customer is marked (``customer.figure.pending``), and they are stored after the commit. A marked figure is
    read from the documents, uncommitted ones of the transaction included. Searching sees what is stored.

    Figures live on the commercial partner: a contact shows those of its company and owns none.
    """

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_figures_not_written(vals)
        return super().create(vals_list)

    def _create(self, data_list):
        # A new customer has no documents: nothing is counted for the thousands of an import, and its limit, which is
        # what it may owe, goes into the row at once.
        stored = [data["stored"] for data in data_list]
        if any(self._fields[name].comodel_name in FEEDING_MODELS for vals in stored for name in vals):
            return super()._create(data_list)
        for vals in stored:
            if vals.get("credit_limit") and (vals.get("is_company") or not vals.get("parent_id")):
                vals["credit_available"] = vals["credit_limit"]
        partners = super()._create(data_list)
        limits = json.loads(self.env["ir.default"]._get_field_column_fallbacks("res.partner", "credit_limit"))
        for field in self._fields.values():
            if isinstance(field, FigureField) and not (field.figure_source == "sales" and any(limits.values())):
                self.env.remove_to_compute(field, partners)
        return partners

    def write(self, vals):
        self._check_figures_not_written(vals)
        if not {"parent_id", "is_company"} & vals.keys():
            return super().write(vals)
        owners = {partner: partner.commercial_partner_id for partner in self}
        result = super().write(vals)
        moved = self.filtered(lambda partner: partner.commercial_partner_id != owners[partner])
        if moved:
            # Its documents count for another customer from now on.
            former = self.browse({owners[partner].id for partner in moved})
            self.env["customer.figure.pending"]._mark(moved | former)
        return result

    def unlink(self):
        # What goes with a contact went with the customer's: files, events, points.
        owners = self.commercial_partner_id - self
        result = super().unlink()
        self.env["customer.figure.pending"].sudo()._mark(owners)
        return result

    @api.model
    def _check_figures_not_written(self, vals):
        """Figures come from documents: Odoo would let a call write them like any stored field."""
        written = [name for name in vals if isinstance(self._fields.get(name), FigureField)]
        if written:
            labels = ", ".join(self._card_label(name) for name in written)
            raise UserError(
                self.env._("%(labels)s: computed from the customer's documents, cannot be written.", labels=labels)
            )

    # ------------------------------------------------------------------
    # Marking instead of computing
    # ------------------------------------------------------------------
    def _compute_figures(self, source):
        """Compute method of the figures of a source, of new records: real customers are marked (``FigureField``), and
        ``fetch`` gives their figures when they are read."""
        for partner in self:
            for name in self._figure_names(source):
                partner[name] = partner._origin[name]

    def _mark_figures(self, source):
        """Mark customers instead of computing their figures of a source."""
        if not self:
            return
        names = self._figure_names(source)
        for name in names:
            self.env.remove_to_compute(self._fields[name], self)
            self._fields[name]._invalidate_cache(self.env, self._ids)
        # What depends on one of them: of the others than this one the ORM does not know that they change.
        self.modified([name for name in names if name != self._figure_trigger(source).name])
        self.env["customer.figure.pending"].sudo()._mark(self._partners_of_source(source), [source])

    def _partners_of_source(self, source):  # noqa: ARG002 hook
        """Those of the partners in self whose documents a source counts."""
        return self

    @api.model
    @ormcache("source")
    def _figure_names(self, source):
        return [name for name, field in self._fields.items() if getattr(field, "figure_source", None) == source]

    @api.model
    def _figure_trigger(self, source):
        """The one figure of a source that the ORM knows to depend on documents, as a field."""
        return next(field for name in self._figure_names(source) if (field := self._fields[name]).has_triggers)

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------
    def _fetch_query(self, query, fields_to_fetch):
        partners = super()._fetch_query(query, fields_to_fetch)
        names = defaultdict(list)
        for field in fields_to_fetch:
            if isinstance(field, FigureField):
                names[field.figure_source].append(field.name)
        if names and partners:
            partners._fetch_figures(names)
        return partners

    def _fetch_figures(self, names):
        """Put into the cache what the row does not tell: the figures of marked customers, and of contacts.

        :param dict names: {source: names of figures}
        """
        partners = self.env["res.partner"]
        for source in names:
            partners._recompute_field(self._figure_trigger(source))
        partners.flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                "SELECT partner.id, partner.commercial_partner_id, pending.source"
                " FROM res_partner partner"
                " LEFT JOIN customer_figure_pending pending"
                " ON pending.customer_id = partner.commercial_partner_id"
                " AND (pending.source = ANY(%s) OR pending.source IS NULL)"
                " WHERE partner.id = ANY(%s)"
                " AND (pending.id IS NOT NULL OR partner.commercial_partner_id != partner.id)",
                list(names),
                list(self._ids),
            )
        )
        contacts, marked = {}, defaultdict(set)
        for partner_id, customer_id, source in rows:
            if partner_id != customer_id:
                contacts[partner_id] = customer_id
            else:
                for marked_source in [source] if source else names:
                    marked[marked_source].add(partner_id)
        for source, ids in marked.items():
            figures = self.browse(ids)._figures_of_documents(source, self.env.company)
            for partner in self.browse(ids):
                found = figures.get(partner.id, {})
                partner._cache_figures({name: found.get(name) for name in names[source]})
        # Whoever may not read the company sees no figures on its contact.
        customers = self.browse(set(contacts.values()))._filtered_access("read")
        wanted = [name for source_names in names.values() for name in source_names]
        for partner_id, customer_id in contacts.items():
            customer = self.browse(customer_id) & customers
            self.browse(partner_id)._cache_figures({name: customer[name] for name in wanted})

    def _cache_figures(self, values):
        for name, value in values.items():
            field = self._fields[name]
            field._update_cache(self, field.convert_to_cache(value, self, validate=False))

    def _figures_of_documents(self, source, company=None):
        """Count the figures of a source now, from the documents as this transaction sees them.

        :param company: for this company; for each if not given, or if the figures belong to no company
        :return: {customer id: {figure: value}}, or {(customer id, company id): {figure: value}} for each company
        """
        self._flush_figures(source)
        self.env.cr.execute(self._figure_query(source, company))
        rows = self.env.cr.dictfetchall()
        if SOURCES[source].by_company and not company:
            return {(row["customer_id"], row["company_id"]): row for row in rows}
        return {row["customer_id"]: row for row in rows}

    @api.model
    def _flush_figures(self, source):
        """Write what is pending on the fields that the query of a source reads."""
        for model, names in SOURCES[source].reads.items():
            if model in self.env:
                self.env[model].flush_model(names)

    def _figure_query(self, source, company=None):
        """The figures of a source of the customers in self, for a company or for each."""
        parameters = self._figure_parameters(company_id=company and company.id)
        return self._figure_call(source, parameters | {"customer_ids": SQL("%s", list(self._ids))})

    @api.model
    def _figure_call(self, source, parameters):
        """Customer by customer: the function is planned for one, and would compare each of a thousand with every other.

        :param parameters: those of customer_figures, as SQL
        """
        customer_ids = parameters["customer_ids"]
        parameters = parameters | {"customer_ids": SQL("ARRAY[customer.id]")}
        return SQL(
            "SELECT figure.* FROM unnest(%s) customer(id) CROSS JOIN LATERAL %s(%s) figure",
            customer_ids,
            SQL.identifier(f"customer_figures_{source}"),
            SQL(", ").join(parameters[name] for name in PARAMETERS),
        )

    @api.model
    def _dated_query(self, source, since):
        """The query of the customers whose figures of a source change because the day went on from ``since``."""
        return SQL(dated_query(source), since=since, **self._figure_parameters())

    @api.model
    def _figure_parameters(self, company_id=None):
        """:return: {name of customer_figures.PARAMETERS: SQL}, but for the customers"""
        values = self._figure_values(company_id)
        return {name: SQL("%s::" + PARAMETERS[name], value) for name, value in values.items()}

    @api.model
    def _figure_values(self, company_id=None):
        defaults = self.env["ir.default"]._get_field_column_fallbacks
        return {
            "company_id": company_id,
            "now": fields.Datetime.now(),
            "time_zone": DEFAULT_TIME_ZONE,
            "credit_limits": defaults("res.partner", "credit_limit"),
            "credit_days": defaults("res.partner", "credit_days"),
        }
