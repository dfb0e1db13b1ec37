from odoo import api, fields, models


class CustomerCreditAuthorize(models.TransientModel):
    """Asks a credit manager why a document passes the credit gate, and up to which amount."""

    _name = "customer.credit.authorize"
    _description = "Authorize Credit"

    order_id = fields.Many2one("sale.order", string="Sale", readonly=True)
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_document", compute_sudo=True)
    refusal = fields.Text(
        string="What the Gate Says",
        compute="_compute_document",
        compute_sudo=True,
        help="Why the gate refuses it now; empty when it does not, as for a confirmed sale that is still to grow.",
    )
    amount = fields.Monetary(
        string="Authorized Up To",
        compute="_compute_amount",
        compute_sudo=True,
        store=True,
        readonly=False,
        help="Total of the document up to which it is authorized: more than it has now if it is still to grow.",
    )
    reason = fields.Text(required=True, help="Why; kept for ever with the figures of this moment.")

    @api.depends("order_id", "move_id")
    def _compute_document(self):
        for wizard in self:
            document = wizard._document()
            wizard.currency_id = document.currency_id
            wizard.refusal = document.credit_refusal

    @api.depends("order_id", "move_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard._document().amount_total

    def _document(self):
        self.ensure_one()
        return self.order_id or self.move_id

    def action_authorize(self):
        """Authorize the document with this reason and amount.

        :return: the action that closes the dialogue
        :raise AccessError: the user is no credit manager
        :raise UserError: there is nothing to authorize
        """
        self.ensure_one()
        self._document().authorize_credit(self.reason, self.amount)
        return {"type": "ir.actions.act_window_close"}
