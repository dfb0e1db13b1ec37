from odoo import api, fields, models
from odoo.tools import SQL

from . import customer_cfdi_payment  # noqa: F401  The query reads its table.
from .customer_cfdi import VALID_STATES

KINDS = [("pending", "To Be Stamped"), ("excess", "Says Too Much")]
# Of an invoice whose cancellation was asked for: until the SAT grants it, what is paid of it asks for a receipt.
REPLACED = "cfdi_replaced_ids"  # context key: receipts whose place a new one takes count as if they were not there

# Applied: matchings of a posted payment with a stamped PPD invoice. Those with exchange differences, credit notes or
# write-off entries are none of a payment's. Of what a payment takes off a receivable, its share is money: the rest went
# to income, expense or their taxes in the same entry (discounts, write-offs). The running sum makes the rounded parts
# of a payment add up to the rounded whole. It is grouped so that a search by customer or payment reads theirs alone.
# A payment all of whose matchings are said in full is settled, and its lines are not looked at.
QUERY = """
SELECT part.id, part.name, part.company_id, part.partner_id, part.entry_id, part.payment_id, part.invoice_id,
       part.uuid, part.date, (date_trunc('month', part.date) + interval '1 month 4 days')::date AS deadline,
       part.currency_id, part.matched, part.applied, part.declared, part.applied - part.declared AS amount,
       CASE WHEN part.applied > part.declared THEN 'pending' ELSE 'excess' END AS kind
  FROM (
    SELECT paid.id, paid.name, paid.company_id, paid.partner_id, paid.entry_id, paid.payment_id, paid.invoice_id,
           paid.uuid, paid.date, paid.currency_id, paid.matched,
           ROUND(paid.running, currency.decimal_places)
           - ROUND(paid.running - paid.matched * paid.share, currency.decimal_places) AS applied,
           paid.declared
      FROM (
        SELECT pair.*, money.share,
               SUM(pair.matched * money.share) OVER (
                   PARTITION BY pair.partner_id, pair.entry_id, pair.currency_id ORDER BY pair.invoice_id
               ) AS running
          FROM (
            SELECT matched.*, COALESCE(said.amount, 0) AS declared,
                   BOOL_OR(matched.matched <> COALESCE(said.amount, 0)) OVER (
                       PARTITION BY matched.partner_id, matched.entry_id, matched.currency_id
                   ) AS is_open
              FROM (
                SELECT MIN(partial.id) AS id, entry.name, entry.company_id, invoice.commercial_partner_id AS partner_id,
                       entry.id AS entry_id, entry.origin_payment_id AS payment_id, invoice.id AS invoice_id, cfdi.uuid,
                       COALESCE(payment.date, entry.date) AS date, invoice.currency_id,
                       SUM(partial.debit_amount_currency) AS matched
                  FROM account_partial_reconcile partial
                  JOIN account_move_line debit ON debit.id = partial.debit_move_id
                  JOIN account_account receivable ON receivable.id = debit.account_id
                   AND receivable.account_type = 'asset_receivable'
                  JOIN account_move invoice ON invoice.id = debit.move_id AND invoice.move_type = 'out_invoice'
                   AND invoice.cfdi_payment_method = 'PPD'
                  JOIN customer_cfdi cfdi ON cfdi.move_id = invoice.id AND cfdi.cfdi_type = 'I'
                   AND cfdi.state = ANY(%(valid)s)
                  JOIN account_move_line credit ON credit.id = partial.credit_move_id
                  JOIN account_move entry ON entry.id = credit.move_id AND entry.move_type = 'entry'
                   AND entry.state = 'posted'
                   AND (entry.origin_payment_id IS NOT NULL OR entry.statement_line_id IS NOT NULL)
             LEFT JOIN account_payment payment ON payment.id = entry.origin_payment_id
              GROUP BY entry.company_id, invoice.commercial_partner_id, entry.id, invoice.id, cfdi.uuid, payment.date
              ) matched
         LEFT JOIN LATERAL (
                SELECT SUM(line.amount) AS amount
                  FROM customer_cfdi_payment line
                 WHERE line.living AND line.entry_id = matched.entry_id AND line.move_id = matched.invoice_id
                   AND line.cfdi_id <> ALL(%(replaced)s)
              ) said ON TRUE
          ) pair
    CROSS JOIN LATERAL (
            SELECT CASE WHEN SUM(line.credited) > 0
                        THEN LEAST(GREATEST(1 - SUM(line.lost) / SUM(line.credited), 0), 1)
                        ELSE 1 END AS share
              FROM (
                SELECT CASE WHEN account.account_type = 'asset_receivable' AND line.balance < 0
                            THEN -line.balance ELSE 0 END AS credited,
                       CASE WHEN account.account_type LIKE ANY(ARRAY['income%%', 'expense%%'])
                              OR line.tax_repartition_line_id IS NOT NULL
                            THEN line.balance ELSE 0 END AS lost
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                 WHERE line.move_id = pair.entry_id
              ) line
          ) money
         WHERE pair.is_open
      ) paid
      JOIN res_currency currency ON currency.id = paid.currency_id
     UNION ALL
    SELECT -MIN(line.id), entry.name, line.company_id, line.partner_id, line.entry_id, entry.origin_payment_id,
           line.move_id, line.uuid, MIN(line.date), line.currency_id, 0, 0, SUM(line.amount)
      FROM customer_cfdi_payment line
      JOIN account_move entry ON entry.id = line.entry_id
     WHERE line.living AND line.partial_id IS NULL AND line.cfdi_id <> ALL(%(replaced)s)
       AND NOT EXISTS (
            SELECT FROM account_move_line credit
              JOIN account_partial_reconcile partial ON partial.credit_move_id = credit.id
              JOIN account_move_line debit ON debit.id = partial.debit_move_id
             WHERE credit.move_id = line.entry_id AND debit.move_id = line.move_id
       )
  GROUP BY entry.name, line.company_id, line.partner_id, line.entry_id, entry.origin_payment_id, line.move_id,
           line.uuid, line.currency_id
  ) part
 WHERE part.applied <> part.declared
"""


class CustomerCfdiPending(models.Model):
    """Pending receipts of payment (complementos pendientes): a line for each payment and PPD invoice that disagree.

    What is applied of a payment to a stamped PPD invoice, against what its living receipts say
    (``customer.cfdi.payment``). Applied and not said is to be stamped, by the fifth day of the month after the payment
    (RMF, rule 2.7.1.32). Said and no longer applied (a matching was undone) is for a person: match them again, or
    cancel the receipt; nothing here cancels a CFDI by itself. Read from the documents, in one query for any number of
    lines; nothing is stored.
    """

    _name = "customer.cfdi.pending"
    _description = "Pending Receipt of Payment"
    _auto = False
    _order = "deadline, date, id"
    _depends = {
        "account.account": ["account_type"],
        "account.move": [
            "cfdi_payment_method",
            "commercial_partner_id",
            "company_id",
            "currency_id",
            "date",
            "move_type",
            "name",
            "origin_payment_id",
            "state",
            "statement_line_id",
        ],
        "account.move.line": ["account_id", "balance", "move_id", "tax_repartition_line_id"],
        "account.partial.reconcile": ["credit_move_id", "debit_amount_currency", "debit_move_id"],
        "account.payment": ["date"],
        "customer.cfdi": ["cfdi_type", "move_id", "state", "uuid"],
        "customer.cfdi.payment": ["amount", "cfdi_id", "entry_id", "living", "move_id", "partial_id"],
    }

    name = fields.Char(string="Payment", readonly=True, help="Number of the payment's journal entry.")
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    entry_id = fields.Many2one("account.move", string="Payment Entry", readonly=True)
    payment_id = fields.Many2one(
        "account.payment",
        string="Customer Payment",
        readonly=True,
        help="Empty where the bank statement's line is the payment.",
    )
    invoice_id = fields.Many2one("account.move", readonly=True)
    uuid = fields.Char(string="Invoice UUID", readonly=True)
    date = fields.Date(string="Payment Date", readonly=True)
    deadline = fields.Date(
        string="Stamp By",
        readonly=True,
        help="Fifth day of the month after the payment: the SAT's last day for its receipt.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    matched = fields.Monetary(readonly=True, aggregator=None, help="What the payment takes off the invoice.")
    applied = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="What was paid of the invoice with this payment, in the invoice's currency: without discounts and "
        "write-offs.",
    )
    declared = fields.Monetary(
        string="In Receipts", readonly=True, aggregator=None, help="What the payment's valid receipts say of it."
    )
    amount = fields.Monetary(
        string="Difference",
        readonly=True,
        aggregator=None,
        help="What a receipt is still to be made for; below zero, what the receipts say too much.",
    )
    kind = fields.Selection(
        KINDS,
        string="Situation",
        readonly=True,
        help="To be stamped: stamp the receipt of the payment. Says too much: the payment was taken off "
        "the invoice after its receipt was stamped; apply it again, or cancel the receipt and stamp another.",
    )

    @property
    def _table_query(self):
        return SQL(QUERY, valid=list(VALID_STATES), replaced=list(self.env.context.get(REPLACED, ())))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model
    def _search(self, domain, *args, **kwargs):
        # A line keeps its id while its amounts change: what was read of it before says nothing.
        self.invalidate_model()
        return super()._search(domain, *args, **kwargs)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open(self):
        """Open the payment of a line, or its journal entry where it has none.

        :return: a window action with ``res_model`` and ``res_id``
        :raise AccessError: for who may not read it
        """
        self.ensure_one()
        document = self.payment_id or self.entry_id
        document.check_access("read")
        return document.get_formview_action()

    def action_stamp(self):
        """Button: the stamping wizard of the payments of these lines.

        :return: a window action on ``customer.stamp``
        :raise AccessError: for who may not stamp them
        """
        return self.filtered(lambda line: line.kind == "pending").entry_id.action_cfdi_stamp()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _of_entries(self, entries, replaced=None):
        """The lines of payments, whatever the user may see of the invoices.

        :param entries: ``account.move``
        :param replaced: ``customer.cfdi`` to leave out of what is said
        """
        # Sudo: whoever stamps a payment need not see each of its invoices.
        pending = self.sudo().with_context(**{REPLACED: replaced.ids if replaced else []})
        return pending.search([("entry_id", "in", entries.ids)])

    def _as_dicts(self):
        """The lines as RPC answers them."""
        return [
            {
                "id": line.id,
                "kind": line.kind,
                "payment_id": line.payment_id.id,
                "entry_id": line.entry_id.id,
                "entry": line.entry_id.name,
                "invoice_id": line.invoice_id.id,
                "invoice": line.invoice_id.name,
                "uuid": line.uuid,
                "date": line.date,
                "deadline": line.deadline,
                "currency": line.currency_id.name,
                "applied": line.applied,
                "declared": line.declared,
                "amount": line.amount,
            }
            for line in self
        ]
