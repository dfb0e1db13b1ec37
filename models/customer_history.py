from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from . import customer_history_sql as branches
from . import customer_timeline

# The card's few lines are looked for in this many documents of each kind, the latest ones of the customer.
LATEST_DOCUMENTS = 1000
KINDS = [
    ("created", "Customer Created"),
    ("prospect", "Prospect Created"),
    ("converted", "Prospect Converted"),
    ("deal", "Deal Created"),
    ("stage", "Deal Moved"),
    ("won", "Deal Won"),
    ("lost", "Deal Lost"),
    ("reopened", "Deal Reopened"),
    ("quotation", "Quotation Created"),
    ("sent", "Quotation Sent"),
    ("confirmed", "Quotation to Sale"),
    ("invoiced", "Sale to Invoice"),
    ("invoice", "Invoice Created"),
    ("credit_note", "Credit Note Created"),
    ("posted", "Document Posted"),
    ("paid", "Invoice Paid"),
    ("payment", "Payment Created"),
    ("refund", "Refund Created"),
    ("state", "State Changed"),
]


class CustomerHistory(models.Model):
    """Historial: what happened with a customer, from the first prospect on, a line an event; read only.

    A line is seen by whoever may read its document (see ``customer.timeline``).
    """

    _name = "customer.history"
    _inherit = customer_timeline.CustomerTimeline._name
    _description = "History of a Customer"
    _auto = False
    _rec_name = "name"
    _depends = branches.DEPENDS

    month = fields.Char(compute="_compute_month", help="Month of the event, in the user's time zone.")
    kind = fields.Selection(KINDS, string="Event", readonly=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(string="Document ID", model_field="res_model", readonly=True)
    name = fields.Char(string="Document", readonly=True, help="Folio of the document, or name of the deal.")
    detail = fields.Char(
        readonly=True, help="What changed: the state before and after, the reason of a loss, the origin."
    )
    amount = fields.Monetary(
        readonly=True,
        # One document has many lines: their sum says nothing.
        aggregator=None,
        help="Total of the document, or expected value of the deal, as it is today.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    @api.depends("date")
    @api.depends_context("lang", "tz")
    def _compute_month(self):
        for line in self:
            line.month = line.date and format_datetime(self.env, line.date, dt_format="MMM yyyy")

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open(self):
        """Open the document of a line.

        :return: a window action with ``res_model`` and ``res_id``
        :raise AccessError: for who may not read the document
        """
        self.ensure_one()
        document = self.env[self.res_model].browse(self.res_id)
        document.check_access("read")
        if self.res_model == "res.partner":
            return document._action_open_card()
        # Without the context of the list: its groups are default values there.
        return document.get_formview_action() | {"context": {}}

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _timeline_branches(self):
        for number, (model, build) in enumerate(branches.BRANCHES):
            if self.env[model].has_access("read"):
                query, source_id, columns, where = build(self.env)
                columns = branches.COLUMNS | {"res_model": SQL("%s::varchar", model)} | columns
                yield self._select_branch(query, number, source_id, columns, where)

    @api.model
    def _prepare_latest(self, partner_ids):
        # The card of a customer with a million sales must open as fast as any other. The whole history has them all.
        if len(partner_ids) > 1:
            return self
        contacts = self.env["res.partner"].sudo().with_context(active_test=False)
        contact_ids = contacts.search([("commercial_partner_id", "in", partner_ids)]).ids
        latest = {
            model: self.env[model]
            ._search([("partner_id", "in", contact_ids)], active_test=False, order="id DESC", limit=LATEST_DOCUMENTS)
            .get_result_ids()
            for model in {model for model, _build in branches.BRANCHES} - {"res.partner"}
            if self.env[model].has_access("read")
        }
        return self.with_context(**{branches.ONLY: latest})
