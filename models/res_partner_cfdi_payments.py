from odoo import fields, models

ACCOUNTANTS = "account.group_account_invoice,account.group_account_readonly,l10n_mx_customer.group_cfdi_issuer"


class ResPartner(models.Model):
    """Receipts of payment of a customer that are to be stamped."""

    _inherit = "res.partner"

    cfdi_pending_payment_count = fields.Integer(
        string="Pending Receipts",
        compute="_compute_cfdi_pending_payment_count",
        groups=ACCOUNTANTS,
        help="How many payments of PPD invoices have no receipt yet, or one that says something else.",
    )

    def _compute_cfdi_pending_payment_count(self):
        # Of many customers this is one query, and nothing of it is stored: what a payment owes changes in many ways.
        counts = dict(
            self.env["customer.cfdi.pending"]._read_group(
                self._pending_payments_domain(), ["partner_id"], ["entry_id:count_distinct"]
            )
        )
        for partner in self:
            partner.cfdi_pending_payment_count = counts.get(partner.commercial_partner_id, 0)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_view_cfdi_pending_payments(self):
        """The pending receipts of payment of the customer.

        :return: a window action on ``customer.cfdi.pending``
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_cfdi_pending")
        return action | {"domain": self._pending_payments_domain(), "context": {"of_customer": True}}

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def cfdi_pending_payments(self):
        """What payments of these customers still owe a receipt (CFDI of type P), or what receipts say too much.

        In the companies that the user works in; the earliest deadline first; in one query for any number of customers.

        :return: a list of dicts, one for each payment and invoice: ``id``, ``kind`` (``pending`` or ``excess``),
            ``payment_id`` (of ``account.payment``, False where the statement's line is the payment), ``entry_id`` and
            ``entry`` (the journal entry to stamp, ``account.move``), ``invoice_id``, ``invoice``, ``uuid``, ``date``
            (of the payment), ``deadline`` (the SAT's last day), ``currency`` (of the invoice, as the amounts),
            ``applied``, ``declared`` (in receipts) and ``amount`` (the difference, below zero for an excess)
        :raise AccessError: for who may not see invoices
        """
        return self.env["customer.cfdi.pending"].search(self._pending_payments_domain())._as_dicts()

    def _pending_payments_domain(self):
        return [("partner_id", "in", self.commercial_partner_id.ids)]
