from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column, table_exists

from .mail_activity import SOURCES


class MailActivity(models.Model):
    """Whose the document of an activity is: kept on the activity, so that a customer's are found and counted at once.

    An activity leads to its document by a name and a number. It follows the document: when it is given to another one,
    and when the document changes hands.
    """

    _inherit = "mail.activity"

    document_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Partner of the Document",
        compute="_compute_document_partner_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        groups=fields.NO_ACCESS,
        help="Customer, or contact of it, of the document that the activity is about.",
    )

    def _auto_init(self):
        """The activities that there are get theirs in one statement a model, and not one by one."""
        if not column_exists(self.env.cr, self._table, "document_partner_id"):
            create_column(self.env.cr, self._table, "document_partner_id", "int4")
            for model, (path, domain) in SOURCES.items():
                table = model.replace(".", "_")
                if table_exists(self.env.cr, table) and column_exists(self.env.cr, table, path):
                    self.env.cr.execute(self._fill_document_partner_query(model, table, path, domain))
        return super()._auto_init()

    @api.model
    def _fill_document_partner_query(self, model, table, path, domain):
        # Not through the models: some of them are not loaded yet.
        partner = SQL.identifier("document", path)
        conditions = [
            SQL("%s = ANY(%s)", SQL.identifier("document", name), list(value) if operator == "in" else [value])
            for name, operator, value in domain
        ]
        return SQL(
            "UPDATE mail_activity activity SET document_partner_id = %s FROM %s document"
            " WHERE activity.res_model = %s AND activity.res_id = document.id AND %s",
            partner,
            SQL.identifier(table),
            model,
            SQL(" AND ").join([SQL("%s IS NOT NULL", partner), *conditions]),
        )

    @api.depends("res_id", "res_model")
    def _compute_document_partner_id(self):
        for model, activities in self.grouped("res_model").items():
            partners = self._document_partners(model, activities.mapped("res_id"))
            for activity in activities:
                activity.document_partner_id = partners.get(activity.res_id, False)

    @api.model
    def _document_partners(self, model, ids):
        """:return: {document id: id of its partner}, of the documents of customers"""
        ids = [id_ for id_ in ids if id_]
        if model not in SOURCES or model not in self.env or not ids:
            return {}
        path, domain = SOURCES[model]
        documents = self.env[model].sudo().with_context(active_test=False)
        query = documents._search(Domain("id", "in", ids) & Domain(domain))
        table = documents._table
        columns = [documents._field_to_sql(table, name, query) for name in ("id", path)]
        return {id_: partner_id for id_, partner_id in self.env.execute_query(query.select(*columns)) if partner_id}

    @api.model
    def _follow_documents(self, documents):
        """Give the activities of these documents, which may have changed hands, the partner of their document."""
        model = documents._name
        self.flush_model(["document_partner_id", "res_id", "res_model"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id, res_id, document_partner_id FROM mail_activity WHERE res_model = %s AND res_id = ANY(%s)",
                model,
                list(documents._ids),
            )
        )
        if not rows:
            return
        partners = self._document_partners(model, {document_id for _id, document_id, _partner_id in rows})
        changed = defaultdict(list)
        for id_, document_id, partner_id in rows:
            if partners.get(document_id) != partner_id:
                changed[partners.get(document_id, False)].append(id_)
        for partner_id, ids in changed.items():
            self.sudo().browse(ids).write({"document_partner_id": partner_id})


class MailActivityMixin(models.AbstractModel):
    _inherit = "mail.activity.mixin"

    def _write_multi(self, vals_list):
        result = super()._write_multi(vals_list)
        # Here, and not in write: the partner of many documents is computed.
        if self._name in SOURCES and self._name != "res.partner":
            path, domain = SOURCES[self._name]
            names = {path, *(leaf[0] for leaf in domain)}
            moved = self.browse(id_ for id_, vals in zip(self._ids, vals_list, strict=True) if names & vals.keys())
            if moved:
                self.env["mail.activity"]._follow_documents(moved)
        return result
