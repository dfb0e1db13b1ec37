from odoo import api, fields, models
from odoo.exceptions import UserError

from .customer_cfdi import LIVE_STATES


class AccountMove(models.Model):
    """The journal entry of a payment, or of a line of a bank statement, as the source of receipts of payment.

    What is undone of a payment never cancels a CFDI: its entry keeps its state as long as it has a living receipt, and
    what is taken off an invoice shows among the pending receipts.
    """

    _inherit = "account.move"

    cfdi_payment_line_ids = fields.One2many(
        "customer.cfdi.payment",
        "move_id",
        string="Receipts of Payment",
        readonly=True,
        help="What the receipts of payment say of this invoice, rejected and cancelled ones included.",
    )
    cfdi_pending_payment_ids = fields.Many2many(
        "customer.cfdi.pending",
        string="Pending Receipts of Payment",
        compute="_compute_cfdi_pending_payment_ids",
        help="Of a payment's entry, the invoices that its receipts do not say right; of an invoice, the payments.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("line_ids.matched_debit_ids", "line_ids.matched_credit_ids", "cfdi_ids.state")
    def _compute_cfdi_pending_payment_ids(self):
        pending = self.env["customer.cfdi.pending"]
        if not pending.has_access("read"):
            self.cfdi_pending_payment_ids = pending
            return
        entries = self | self.line_ids.matched_credit_ids.credit_move_id.move_id
        entries |= self.cfdi_payment_line_ids.entry_id
        found = pending.search([("entry_id", "in", entries.ids)])
        for move in self:
            move.cfdi_pending_payment_ids = found.filtered(
                lambda line, move=move: move._origin in (line.entry_id, line.invoice_id)
            )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_receipt(self):
        receipts = self.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.cfdi_type == "P")
        if receipts:
            raise UserError(
                self.env._(
                    "%(names)s cannot be deleted: a CFDI was made of it, which is kept.",
                    names=", ".join(receipts.move_id.mapped("display_name")),
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def button_draft(self):
        self._check_no_receipt()
        return super().button_draft()

    def button_cancel(self):
        self._check_no_receipt()
        return super().button_cancel()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _cfdi_type(self):
        """``P`` for the entry of a customer's payment, or of money received by the line of a bank statement."""
        return super()._cfdi_type() or ("P" if self._is_payment_received() else False)

    def _cfdi_customer(self):
        # A payment has none of an invoice's terms.
        return self.env["res.partner"] if self.move_type == "entry" else super()._cfdi_customer()

    def _default_cfdi_method(self):
        return self.move_type != "entry" and super()._default_cfdi_method()

    def _is_payment_received(self):
        self.ensure_one()
        if self.move_type != "entry" or self.company_id.account_fiscal_country_id.code != "MX":
            return False
        payment = self.origin_payment_id
        if payment:
            return payment.payment_type == "inbound" and payment.partner_type == "customer"
        return self.statement_line_id.amount > 0

    def _needing_another_cfdi(self):
        entries = self.filtered(lambda move: move._cfdi_type() == "P")
        more = super(AccountMove, self - entries)._needing_another_cfdi()
        if not entries:
            return more
        owed = self.env["customer.cfdi.pending"]._of_entries(entries).entry_id
        return more | entries.filtered(lambda entry: entry in owed)

    def _prepare_cfdi(self, problems):
        if self._cfdi_type() != "P":
            return super()._prepare_cfdi(problems)
        return self._prepare_payment_comprobante(*self._substitution())

    def _cfdi_sealed(self, cfdi, comprobante):
        """A document was sealed: keep what a receipt of payment says of each invoice."""
        if comprobante.TipoDeComprobante == "P":
            # Sudo: nobody may write these lines.
            self.env["customer.cfdi.payment"].sudo()._store(cfdi, comprobante)
        return super()._cfdi_sealed(cfdi, comprobante)

    def _check_no_receipt(self):
        """:raise UserError: a payment has a receipt that is stamped, or that may be"""
        receipts = self.sudo().cfdi_ids.filtered(
            lambda cfdi: cfdi.cfdi_type == "P" and cfdi.state in LIVE_STATES and cfdi.state != "sealed"
        )
        if receipts:
            raise UserError(
                self.env._(
                    "These payments have a receipt (CFDI) and cannot be changed or cancelled: %(names)s. "
                    "Cancel the CFDI first. To apply the payment to other invoices, undo its matching instead.",
                    names=", ".join(f"{cfdi.move_id.name} ({cfdi.uuid or cfdi.name})" for cfdi in receipts),
                )
            )
