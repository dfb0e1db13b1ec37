from odoo import api, fields, models
from odoo.exceptions import UserError


class CustomerCreditAuthorization(models.Model):
    """What a credit manager authorized that the credit gate refused: who, when, why, and the figures of that moment.

    Kept for ever and changed by nobody. ``authorize_credit`` of the document makes it.
    """

    _name = "customer.credit.authorization"
    _description = "Credit Authorization"
    _order = "date desc, id desc"
    _rec_name = "document"

    document = fields.Char(required=True, readonly=True, help="Name of the sale or invoice at that moment.")
    order_id = fields.Many2one("sale.order", string="Sale", readonly=True, index="btree_not_null", ondelete="set null")
    move_id = fields.Many2one(
        "account.move", string="Invoice", readonly=True, index="btree_not_null", ondelete="set null"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    user_id = fields.Many2one(
        "res.users", string="Authorized By", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True)
    reason = fields.Text(required=True, readonly=True, help="Why the credit manager let it through.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    document_currency_id = fields.Many2one(
        "res.currency", string="Currency of the Document", required=True, readonly=True
    )
    document_amount = fields.Monetary(
        string="Authorized Up To",
        currency_field="document_currency_id",
        readonly=True,
        help="Total of the document that is authorized, in its own currency. Beyond it, the document passes the gate "
        "again.",
    )
    amount = fields.Monetary(readonly=True, help="The same in the company's currency, at the rate of that moment.")
    without_limit = fields.Boolean(readonly=True, help="The customer had no credit limit: something was overdue.")
    credit_limit = fields.Monetary(readonly=True, help="Credit limit of the customer at that moment.")
    debt = fields.Monetary(readonly=True, help="What the customer owed at that moment, without what this authorizes.")
    overdue = fields.Monetary(string="Overdue Debt", readonly=True, help="Part of the debt that was overdue.")
    overdue_since = fields.Date(readonly=True, help="Oldest date since when something was overdue.")
    excess = fields.Monetary(
        string="Beyond the Limit",
        readonly=True,
        help="By how much debt and document together passed the limit.",
    )

    def write(self, vals):  # noqa: ARG002  whatever it is  # pylint: disable=method-required-super
        raise UserError(self.env._("A credit authorization is kept as it was given: nothing of it can be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A credit authorization is kept for ever: it cannot be deleted."))
