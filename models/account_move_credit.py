from odoo import fields, models
from odoo.exceptions import UserError

from . import customer_credit_document  # noqa: F401  The model below inherits from it.
from .account_move_line import SALE_MOVES
from .customer_credit_gate import Ask


class AccountMove(models.Model):
    """Where the company says so, what an invoice has that comes from no sale passes the credit gate when it is posted.

    The lines of a sale do not: the sale did. Invoices of the point of sale do not either: the goods are gone.
    """

    _name = "account.move"
    _inherit = ["account.move", "customer.credit.document"]

    credit_authorization_ids = fields.One2many(
        "customer.credit.authorization",
        "move_id",
        string="Credit Authorizations",
        readonly=True,
        groups="l10n_mx_customer.group_customer_user,account.group_account_readonly",
        help="Everything that a credit manager has authorized for this invoice.",
    )

    def write(self, vals):
        if "credit_authorization_id" in vals and not self.env.su:
            raise UserError(
                self.env._("Credit Authorization: follows from what a credit manager authorizes and cannot be written.")
            )
        if vals.get("state") == "cancel":
            vals = {**vals, "credit_authorization_id": False}
        return super().write(vals)

    def _post(self, soft=True):
        invoices = self.filtered(lambda move: move._is_credit_gated() and move.state == "draft")
        if invoices:
            invoices._check_credit_gate()
        return super()._post(soft)

    def _is_credit_gated(self):
        self.ensure_one()
        company = self.company_id
        return (
            self.move_type in SALE_MOVES
            and company.customer_credit_gate
            and company.customer_credit_gate_invoices
            and not ("pos_order_ids" in self._fields and self.sudo().pos_order_ids)
        )

    def _is_cash(self):
        self.ensure_one()
        if self.invoice_payment_term_id:
            return not self.env["res.partner"]._term_days(self.invoice_payment_term_id)
        today = self.company_id._business_today()
        return not self.invoice_date_due or self.invoice_date_due <= (self.invoice_date or today)

    def _awaits_credit(self):
        self.ensure_one()
        return self.state == "draft" and self._is_credit_gated()

    def _is_granted(self):
        return False  # what is posted does not grow

    def _credit_ask(self, total=None):
        self.ensure_one()
        # Sudo: whoever bills need not see the sales.
        lines = self.sudo().invoice_line_ids.filtered(lambda line: line.display_type == "product")
        own = sum(lines.filtered(lambda line: not line.sale_line_ids).mapped("price_total"))
        if total is not None:
            own += total - self.amount_total
        amount = self.currency_id._convert(
            own,
            self.company_id.currency_id,
            self.company_id,
            self.invoice_date or self.company_id._business_today(),
            round=False,
        )
        return Ask(amount, amount)
