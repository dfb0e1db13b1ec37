from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

KINDS = [
    ("collection", "Collection"),
    ("credit_note_applied", "Credit Note Applied"),
    ("credit_note", "Credit Note"),
    ("reversal", "Reversal"),
]


class CustomerCommission(models.Model):
    """Referral commissions: what a customer earns for the invoices of those it referred, as these are collected.

    A ledger that nobody writes and nothing is deleted from. The terms (referrer and rate) are the invoice's, fixed when
    it is posted. Each matching of the invoice with money adds a row in proportion to what was collected; what a
    payment takes to income or expense instead of the bank (discount, write-off) was not. A posted credit note takes
    its part back at once, on the terms of its invoice; where it settles an invoice, that part counts as settled, so
    that a credit note on an invoice never collected comes to nothing. Undoing any of these adds the opposite row.

    The base is untaxed, in the company's currency at the rate of the invoice: exchange differences earn nothing. Rows
    of an invoice are differences of rounded totals: once it is collected, they add up to the rate of its untaxed
    amount, to the cent.
    """

    _name = "customer.commission"
    _description = "Referral Commission"
    _order = "date desc, id desc"
    _rec_name = "document"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Referrer",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="The customer who earns the commission.",
    )
    referred_id = fields.Many2one(
        comodel_name="res.partner",
        string="Referred Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The customer who was brought and whose invoice it is.",
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        required=True,
        readonly=True,
        help="Day of the payment, of the credit note, or of what undid them.",
    )
    kind = fields.Selection(
        selection=KINDS,
        required=True,
        readonly=True,
        help="What made it: money received, a credit note that settled an invoice, a credit note that was posted, or "
        "something of those that was undone.",
    )
    document = fields.Char(required=True, readonly=True, help="Number of the invoice or credit note.")
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The invoice or credit note of the referred customer.",
    )
    counterpart_id = fields.Many2one(
        comodel_name="account.move",
        string="Settled With",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The journal entry of the payment, or the credit note.",
    )
    partial_id = fields.Many2one(
        comodel_name="account.partial.reconcile",
        string="Matching",
        readonly=True,
        ondelete="set null",
        help="The matching of the invoice with its payment: a matching makes one commission, never two.",
    )
    reversal_of_id = fields.Many2one(
        comodel_name="customer.commission",
        readonly=True,
        ondelete="restrict",
        help="The commission that this one undoes.",
    )
    is_reversed = fields.Boolean(string="Reversed", readonly=True, help="Another row undoes this one.")
    settled = fields.Monetary(
        readonly=True,
        currency_field="settled_currency_id",
        help="What was collected of the invoice, taxes included, in its currency.",
    )
    settled_currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    base = fields.Monetary(readonly=True, help="The untaxed part of what was collected, in the company's currency.")
    rate = fields.Float(string="Rate (%)", digits=(5, 2), readonly=True, aggregator=None)
    amount = fields.Monetary(readonly=True, help="The commission, in the company's currency.")

    _once_a_matching = models.UniqueIndex("(partial_id) WHERE partial_id IS NOT NULL AND is_reversed IS NOT TRUE")
    _once_a_credit_note = models.UniqueIndex("(move_id) WHERE kind = 'credit_note' AND is_reversed IS NOT TRUE")
    _once_reversed = models.UniqueIndex("(reversal_of_id) WHERE reversal_of_id IS NOT NULL")
    # The figure commission_total, from the index alone.
    _referrer_idx = models.Index("(partner_id, company_id) INCLUDE (amount)")

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _generate_for_partials(self, partials):
        """Commissions of matchings, both of whose documents are posted, of invoices with a referrer.

        Costs nothing for the others: what decides was read by the reconciliation itself.
        """
        commissioned = partials.filtered(
            lambda partial: (
                (invoice := partial.debit_move_id.move_id).commission_rate
                and invoice.move_type in ("out_invoice", "out_receipt")
                and invoice.state == "posted"
                and partial.credit_move_id.parent_state == "posted"
                and partial.debit_move_id.account_type == "asset_receivable"
                and not invoice.currency_id.is_zero(partial.debit_amount_currency)
            )
        )
        if not commissioned:
            return self.browse()
        commissioned -= self._live_rows([("partial_id", "in", commissioned.ids)]).partial_id
        earlier = self._sums_so_far(commissioned.debit_move_id.move_id)
        shares = self._collected_shares(commissioned.credit_move_id.move_id)
        vals_list = []
        for partial in commissioned.sorted("id"):
            invoice, counterpart = partial.debit_move_id.move_id, partial.credit_move_id.move_id
            is_note = counterpart.move_type == "out_refund"
            # What a credit note took back comes again where it is applied, so on its terms and to who lost it.
            terms = self._prepare_terms(counterpart if is_note else invoice)
            settled = invoice.currency_id.round(partial.debit_amount_currency * shares[counterpart.id])
            if not terms or invoice.currency_id.is_zero(settled):
                continue
            sums = earlier[invoice.id, terms["partner_id"], terms["rate"]]
            fraction = (sums["settled"] + settled) / invoice.amount_total
            untaxed = abs(invoice.amount_untaxed_signed)
            round_ = invoice.company_currency_id.round
            amounts = {
                "settled": settled,
                "base": round_(round_(untaxed * fraction) - sums["base"]),
                "amount": round_(round_(untaxed * fraction * terms["rate"] / 100.0) - sums["amount"]),
            }
            for name, value in amounts.items():
                sums[name] += value
            vals_list.append(
                {
                    **self._prepare_row_vals(invoice),
                    **terms,
                    **amounts,
                    "kind": "credit_note_applied" if is_note else "collection",
                    "date": partial.max_date,
                    "counterpart_id": counterpart.id,
                    "partial_id": partial.id,
                    "settled_currency_id": invoice.currency_id.id,
                }
            )
        return self.create(vals_list)

    @api.model
    def _generate_for_credit_notes(self, moves):
        """What posted credit notes take back, each once."""
        notes = moves.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted" and move.commission_rate
        )
        if not notes:
            return self.browse()
        notes -= self._live_rows([("move_id", "in", notes.ids), ("kind", "=", "credit_note")]).move_id
        vals_list = []
        for note in notes:
            terms = self._prepare_terms(note)
            if terms:
                untaxed = abs(note.amount_untaxed_signed)
                vals_list.append(
                    {
                        **self._prepare_row_vals(note),
                        **terms,
                        "kind": "credit_note",
                        "date": note.date,
                        "base": -untaxed,
                        "amount": -note.company_currency_id.round(untaxed * terms["rate"] / 100.0),
                    }
                )
        return self.create(vals_list)

    @api.model
    def _prepare_row_vals(self, move):
        return {
            "referred_id": move.commercial_partner_id.id,
            "company_id": move.company_id.id,
            "move_id": move.id,
            "document": move.name,
        }

    @api.model
    def _prepare_terms(self, move):
        """Who earns how much with a document; nobody, if the referrer has become the customer itself (a merge)."""
        referrer = move.commission_referrer_id.commercial_partner_id
        if not referrer or referrer == move.commercial_partner_id:
            return {}
        return {"partner_id": referrer.id, "rate": move.commission_rate}

    @api.model
    def _live_rows(self, domain):
        return self.search([*domain, ("is_reversed", "=", False), ("reversal_of_id", "=", False)])

    @api.model
    def _sums_so_far(self, invoices):
        """What the rows of invoices add up to: {(invoice id, referrer id, rate): {settled, base, amount}}."""
        names = ("settled", "base", "amount")
        sums = defaultdict(lambda: dict.fromkeys(names, 0.0))
        for row in self.search([("move_id", "in", invoices.ids)]):
            of_terms = sums[row.move_id.id, row.partner_id.id, row.rate]
            for name in names:
                of_terms[name] += row[name]
        return sums

    @api.model
    def _collected_shares(self, counterparts):
        """How much of what an entry settles is money: {entry id: 0.0 to 1.0}.

        Of 100 that a payment takes off a receivable, of which 2 go to a discount, 98 were collected. Taxes of such a
        discount were neither. Credit notes settle what they say.
        """
        shares = dict.fromkeys(counterparts.ids, 1.0)
        entries = counterparts.filtered(lambda move: move.move_type == "entry")
        if not entries:
            return shares
        self.env["account.move.line"].flush_model(["account_id", "balance", "move_id", "tax_repartition_line_id"])
        self.env["account.account"].flush_model(["account_type"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.move_id,
                       COALESCE(-SUM(line.balance) FILTER (
                           WHERE account.account_type = 'asset_receivable' AND line.balance < 0
                       ), 0),
                       COALESCE(SUM(line.balance) FILTER (
                           WHERE account.account_type LIKE ANY(ARRAY['income%%', 'expense%%'])
                              OR line.tax_repartition_line_id IS NOT NULL
                       ), 0)
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                 WHERE line.move_id = ANY(%s)
              GROUP BY line.move_id
                """,
                entries.ids,
            )
        )
        for move_id, credited, lost in rows:
            if credited > 0:
                shares[move_id] = min(max(1.0 - float(lost) / float(credited), 0.0), 1.0)
        return shares

    def _reverse(self):
        """Undo these rows, each once: by the opposite row, of today."""
        rows = self.filtered(lambda row: not row.is_reversed and not row.reversal_of_id)
        if not rows:
            return self.browse()
        rows.is_reversed = True
        # The reversal is there before anybody may generate the row again.
        rows.flush_recordset(["is_reversed"])
        return self.create(
            [
                {
                    "partner_id": row.partner_id.id,
                    "referred_id": row.referred_id.id,
                    "company_id": row.company_id.id,
                    "date": fields.Date.context_today(row.with_context(tz=row.company_id._business_time_zone())),
                    "kind": "reversal",
                    "document": row.document,
                    "move_id": row.move_id.id,
                    "counterpart_id": row.counterpart_id.id,
                    "reversal_of_id": row.id,
                    "settled": -row.settled,
                    "settled_currency_id": row.settled_currency_id.id,
                    "base": -row.base,
                    "rate": row.rate,
                    "amount": -row.amount,
                }
                for row in rows
            ]
        )

    def action_open(self):
        """Open the invoice or credit note of a commission.

        :return: a window action on ``account.move``
        :raise AccessError: for who may not read it
        """
        self.ensure_one()
        self.move_id.check_access("read")
        return self.move_id.get_formview_action()
