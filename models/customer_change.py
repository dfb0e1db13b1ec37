from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_datetime, formatLang

from . import customer_timeline

TRACKING, CREATION = range(2)
MERGE = "l10n_mx_customer.merge"
KINDS = [
    ("created", "Created"),
    ("modified", "Modified"),
    ("archived", "Archived"),
    ("restored", "Restored"),
    ("merged", "Merged"),
]


class CustomerChange(models.Model):
    """Historial de cambios: who changed what of a customer's data, and when; its contacts and addresses included.

    The lines are the values that Odoo's tracking keeps (``res_partner_history`` says of which fields), so that the
    chatter and this list cannot differ, and nobody can write them. A line is seen by who may read the partner, the
    field, and the company whose value it is.
    """

    _name = "customer.change"
    _inherit = customer_timeline.CustomerTimeline._name
    _description = "Change of a Customer"
    _auto = False
    _rec_name = "field_label"
    _depends = {
        "mail.message": ["date", "model", "res_id"],
        "mail.tracking.value": ["company_id", "field_id", "field_info", "mail_message_id", "new_value_integer"],
        "res.partner": ["commercial_partner_id", "company_id", "customer_rank", "parent_id"],
    }

    record_id = fields.Many2one(
        "res.partner",
        string="Contact or Address",
        readonly=True,
        help="What changed: the customer itself, or one of its contacts and addresses.",
    )
    kind = fields.Selection(KINDS, string="Action", readonly=True)
    field_id = fields.Many2one("ir.model.fields", string="Field (technical)", readonly=True)
    company_id = fields.Many2one(
        "res.company", readonly=True, help="For terms that each company grants by itself, the one whose value changed."
    )
    field_label = fields.Char(string="Field", compute="_compute_values")
    old_value = fields.Text(compute="_compute_values")
    new_value = fields.Text(compute="_compute_values")

    @api.depends("source_id")
    @api.depends_context("lang", "tz", "uid")
    def _compute_values(self):
        tracked = self.filtered(lambda change: change.branch == TRACKING)
        # Who may see a line may see its values: the query has checked it. Nobody but the system reads their table.
        values = self.env["mail.tracking.value"].sudo().browse(tracked.mapped("source_id"))
        formatted = {value["id"]: value for value in values._tracking_value_format()}
        for change in self:
            value = formatted.get(change.source_id) if change.branch == TRACKING else None
            info = value and value["fieldInfo"]
            change.field_label = info and info["changedField"]
            change.old_value = value and self._format_value(value["oldValue"], info)
            change.new_value = value and self._format_value(value["newValue"], info)

    @api.model
    def _format_value(self, value, info):
        kind = info["fieldType"]
        if kind == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if kind in ("float", "monetary"):
            currency = self.env["res.currency"].browse(info["currencyId"])
            digits = (info["floatPrecision"] or (16, 2))[1]
            return formatLang(self.env, value or 0.0, currency_obj=currency, digits=digits)
        if kind == "integer":
            return str(value or 0)
        if not value:
            return False
        if kind == "date":
            return format_date(self.env, value)
        if kind == "datetime":
            return format_datetime(self.env, value.removesuffix("Z"))
        return str(value)

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _log_merge(self, sources, destination):
        """Keep that customers were merged into another one, as a line of its list."""
        if destination.customer_rank <= 0:
            return
        destination._message_log(
            tracking_value_ids=[
                fields.Command.create(
                    {
                        "field_info": {"name": MERGE, "desc": self.env._("Merged customers"), "type": "text"},
                        "old_value_text": "\n".join(sources.mapped("display_name")),
                        "new_value_text": destination.display_name,
                    }
                )
            ]
        )

    @api.model
    def _timeline_branches(self):
        yield self._tracking_branch()
        yield self._creation_branch()

    @api.model
    def _partners(self):
        """The customers that the user may read, with their contacts and addresses."""
        query = self.env["res.partner"]._search([], active_test=False)
        query.add_join(
            "JOIN",
            "customer",
            "res_partner",
            SQL("customer.id = res_partner.commercial_partner_id AND customer.customer_rank > 0"),
        )
        return query

    @api.model
    def _tracking_branch(self):
        query = self._partners()
        query.add_join(
            "JOIN",
            "message",
            "mail_message",
            SQL("message.model = 'res.partner' AND message.res_id = res_partner.id"),
        )
        query.add_join("JOIN", "tracking", "mail_tracking_value", SQL("tracking.mail_message_id = message.id"))
        is_merge = SQL("tracking.field_info ->> 'name' = %s", MERGE)
        # Fields of a module that is gone are for administrators, as in the chatter.
        visible = SQL("tracking.field_id IS NULL") if self.env.is_system() else is_merge
        where = SQL("(%s OR tracking.field_id IN %s)", visible, tuple(self._readable_field_ids()))
        if not self.env.su:
            where = SQL(
                "%s AND (tracking.company_id IS NULL OR tracking.company_id IN %s)",
                where,
                tuple(self.env.companies.ids),
            )
        columns = {
            "partner_id": SQL("customer.id"),
            "record_id": SQL("res_partner.id"),
            "date": SQL("message.date"),
            "kind": SQL(
                "CASE WHEN tracking.field_id = %s"
                " THEN CASE tracking.new_value_integer WHEN 1 THEN 'restored' ELSE 'archived' END"
                " WHEN %s THEN 'merged' ELSE 'modified' END::varchar",
                self.env["ir.model.fields"]._get_ids("res.partner")["active"],
                is_merge,
            ),
            "user_id": SQL("message.create_uid"),
            "field_id": SQL("tracking.field_id"),
            "company_id": SQL("tracking.company_id"),
        }
        return self._select_branch(query, TRACKING, SQL("tracking.id"), columns, where)

    @api.model
    def _creation_branch(self):
        columns = {
            "partner_id": SQL("customer.id"),
            "record_id": SQL("res_partner.id"),
            "date": SQL("res_partner.create_date"),
            "kind": SQL("'created'::varchar"),
            "user_id": SQL("res_partner.create_uid"),
            "field_id": SQL("NULL::int"),
            "company_id": SQL("NULL::int"),
        }
        return self._select_branch(self._partners(), CREATION, SQL("res_partner.id"), columns)

    @api.model
    def _readable_field_ids(self):
        """Fields whose changes the user may see. Those of bank accounts are tracked on their owner."""
        return [
            field_id
            for model in ("res.partner", "res.partner.bank")
            if self.env[model].has_access("read")
            for name, field_id in self.env["ir.model.fields"]._get_ids(model).items()
            if (field := self.env[model]._fields.get(name)) and self.env[model]._has_field_access(field, "read")
        ]
