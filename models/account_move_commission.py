from odoo import api, fields, models


class AccountMove(models.Model):
    """Referral commissions: the terms of an invoice, and its rows whenever it is posted or taken back."""

    _inherit = "account.move"

    commission_referrer_id = fields.Many2one(
        comodel_name="res.partner",
        string="Commission To",
        index="btree_not_null",
        copy=False,
        readonly=True,
        ondelete="restrict",
        groups="base.group_user",
        help="Who referred the customer and earns a commission as this invoice is collected; of the day it was posted.",
    )
    commission_rate = fields.Float(
        string="Referral Commission (%)",
        digits=(5, 2),
        copy=False,
        readonly=True,
        groups="base.group_user",
        aggregator=None,
        help="Percentage, 0 to 100, of the untaxed amount, that the referrer earns; of the day it was posted.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            # Sudo: whoever posts, pays or takes back an invoice need not see commissions.
            self.sudo()._sync_commissions(vals["state"])
        return result

    def _sync_commissions(self, state):
        """Bring the commissions of these documents, and of the matchings that they have already, in step with them.

        A matching outlives the reset to draft of its documents.
        """
        commissions = self.env["customer.commission"]
        if state != "posted":
            moves = self.filtered(lambda move: move.commission_rate or move.move_type in ("entry", "out_refund"))
            if moves:
                domain = ["|", ("move_id", "in", moves.ids), ("counterpart_id", "in", moves.ids)]
                commissions._live_rows(domain)._reverse()
            return
        sales = self.filtered(lambda move: move.is_sale_document(include_receipts=True))
        sales._set_commission_terms()
        commissions._generate_for_credit_notes(sales)
        lines = self.line_ids
        commissions._generate_for_partials(lines.matched_credit_ids | lines.matched_debit_ids)

    def _set_commission_terms(self):
        """Fix who earns what with these documents: a credit note on the terms of its invoice, others on those of today.

        A referrer that is a customer of another company only earns nothing in this one.
        """
        for move in self:
            origin = move.reversed_entry_id if move.move_type == "out_refund" else move.browse()
            if origin and origin.commercial_partner_id == move.commercial_partner_id:
                referrer, rate = origin.commission_referrer_id, origin.commission_rate
            else:
                referrer = move.commercial_partner_id.referred_by_id
                rate = referrer.referral_rate
                if referrer.company_id and referrer.company_id not in move.company_id.parent_ids:
                    rate = 0.0
            if not rate:
                referrer = referrer.browse()
            if move.commission_referrer_id != referrer or move.commission_rate != rate:
                move.write({"commission_referrer_id": referrer.id, "commission_rate": rate})


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        # Sudo: whoever records a payment (a customer who pays online too) need not see commissions.
        self.env["customer.commission"].sudo()._generate_for_partials(partials.sudo())
        return partials

    def unlink(self):
        if self:
            self.env["customer.commission"].sudo()._live_rows([("partial_id", "in", self.ids)])._reverse()
        return super().unlink()
