from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Rows come from several tables ("branches"): the id of a row is the id in its table times this, plus its branch.
BRANCHES = 16


class CustomerTimeline(models.AbstractModel):
    """What happened with a customer, read from the documents where it happened; nothing is stored twice.

    The table of a timeline is a query, built for whoever asks: each branch is made by the ``_search`` of the document's
    own model, so that its access rights, record rules and companies hold for every line, whichever way the lines are
    asked for. Everything is found from the customer by indexes; a view in the database could know no user.
    """

    _name = "customer.timeline"
    _description = "Timeline of a Customer"
    _auto = False
    _order = "date desc, id desc"

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    date = fields.Datetime(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, help="Who did it.")
    branch = fields.Integer(readonly=True)
    source_id = fields.Integer(readonly=True)

    @property
    def _table_query(self):
        return SQL(" UNION ALL ").join(SQL("(%s)", branch) for branch in self._timeline_branches())

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        # An id is a calculation: without this, reading a line would calculate it for every document of the database.
        domain = Domain(domain).map_conditions(self._split_ids)
        return super()._search(domain, offset, limit, order, **kwargs)

    def exists(self):
        # The original looks for the ids themselves.
        found = set(self._search([("id", "in", self.ids)]))
        return self.browse(id_ for id_ in self._ids if id_ in found)

    @api.model
    def _split_ids(self, condition):
        if condition.field_expr != "id" or condition.operator not in ("=", "in"):
            return condition
        ids = [condition.value] if condition.operator == "=" else condition.value
        if not all(isinstance(id_, int) for id_ in ids):
            return condition
        sources = {}
        for id_ in ids:
            source_id, branch = divmod(id_, BRANCHES)
            sources.setdefault(branch, []).append(source_id)
        return Domain.OR(
            Domain("branch", "=", branch) & Domain("source_id", "in", source_ids)
            for branch, source_ids in sources.items()
        )

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _timeline_branches(self):
        """The queries of the timeline, as SQL; of documents that the user may not read there is none."""
        raise NotImplementedError

    @api.model
    def _select_branch(self, query, branch, source_id, columns, where=None):
        """The SELECT of a branch.

        :param Query query: answers the documents that the user may read
        :param int branch: number of the branch
        :param str source_id: SQL of the id in its table
        :param dict columns: {name: SQL} of every column of the model
        :param SQL where: one more condition
        """
        if where:
            query.add_where(where)
        return query.select(
            SQL("%s::bigint * %s + %s AS id", source_id, BRANCHES, branch),
            SQL("%s AS branch", branch),
            SQL("%s AS source_id", source_id),
            *(SQL("%s AS %s", value, SQL.identifier(name)) for name, value in columns.items()),
        )

    @api.model
    def _latest(self, partner_ids, limit):
        """The latest lines of many customers, in one query.

        :return: {partner id: ids of its lines, the latest first}
        """
        self.browse().check_access("read")
        if not partner_ids:
            return {}
        timeline = self._prepare_latest(partner_ids)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT customer.id, line.id
                  FROM unnest(%(partner_ids)s) AS customer (id)
                 CROSS JOIN LATERAL (
                     SELECT entry.id, entry.date
                       FROM %(table)s AS entry
                      WHERE entry.partner_id = customer.id
                      ORDER BY entry.date DESC, entry.id DESC
                      LIMIT %(limit)s
                 ) AS line
                 ORDER BY line.date DESC, line.id DESC
                """,
                partner_ids=list(partner_ids),
                table=timeline._table_sql,
                limit=limit,
            )
        )
        latest = {}
        for partner_id, line_id in rows:
            latest.setdefault(partner_id, []).append(line_id)
        return latest

    @api.model
    def _prepare_latest(self, partner_ids):  # noqa: ARG002 hook
        """The model to read the latest lines from, where they can be looked for in fewer documents."""
        return self
