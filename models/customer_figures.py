"""Where every stored figure of the customer card comes from: one SQL aggregate a source.

Each query gives rows ``(partner_id, company_id, figure, figure...)`` for the customers asked for: the partner is the
commercial partner, amounts are in the company's currency (documents in other currencies count at their own rate).
Parameters of every query: ``partner_ids`` (list of int), ``today`` (date), ``time_zone`` (str; that of ``today``, in
which the date of an order is read too), ``credit_days_defaults`` (JSON: default credit days by company id).
Receivable means a trade receivable account: taxes in favour and the like (``non_trade``) are not the customer's debt.

| figure | source | condition | measure |
| --- | --- | --- | --- |
| invoiced_total | journal items | receivable, posted, of customer invoices | balance |
| invoice_balance | the same | | residual |
| invoice_overdue | the same | due before today, residual > 0 | residual |
| collected | journal items | receivable, posted, of bank, cash and card journals | - balance |
| last_sale_date, first_sale_date | orders | state sale | max, min of date_order |
| uninvoiced_balance | lines of orders | state sale | what no posted invoice covers yet, taxes included |
| uninvoiced_overdue | the same | order older than the customer's credit days | the same |
"""

from typing import NamedTuple


class Source(NamedTuple):
    query: str
    # Fields that the query reads, by model: what is pending on them is written before it runs. Flushing everything
    # instead would compute figures that depend on the ones being computed, from their old values.
    reads: dict[str, tuple[str, ...]]


RECEIVABLES = Source(
    reads={
        "account.account": ("account_type", "non_trade"),
        "account.journal": ("type",),
        "account.move": ("move_type",),
        "account.move.line": (
            "account_id",
            "amount_residual",
            "balance",
            "company_id",
            "date_maturity",
            "journal_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ),
    },
    query="""
    SELECT line.partner_id,
           line.company_id,
           COALESCE(SUM(line.balance) FILTER (WHERE move.move_type = 'out_invoice'), 0) AS invoiced_total,
           COALESCE(SUM(line.amount_residual) FILTER (WHERE move.move_type = 'out_invoice'), 0) AS invoice_balance,
           COALESCE(SUM(line.amount_residual) FILTER (
               WHERE line.amount_residual > 0 AND line.date_maturity < %(today)s
           ), 0) AS invoice_overdue,
           COALESCE(-SUM(line.balance) FILTER (
               WHERE move.move_type = 'entry' AND journal.type IN ('bank', 'cash', 'credit')
           ), 0) AS collected
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_journal journal ON journal.id = line.journal_id
      JOIN account_account account ON account.id = line.account_id
     WHERE line.partner_id = ANY(%(partner_ids)s)
       AND line.parent_state = 'posted'
       AND account.account_type = 'asset_receivable'
       AND account.non_trade IS NOT TRUE
  GROUP BY line.partner_id, line.company_id
""",
)

# A line is pending in proportion to the quantity that posted invoices do not cover. Down payments that were invoiced
# and not yet deducted cover a part of the order too; their own lines have no quantity to invoice.
ORDERS = Source(
    reads={
        "account.move": ("move_type",),
        "account.move.line": ("parent_state", "price_total", "product_uom_id", "quantity"),
        "res.partner": ("credit_days",),
        "sale.order": ("commercial_partner_id", "company_id", "currency_rate", "date_order", "state"),
        "sale.order.line": (
            "display_type",
            "invoice_lines",
            "is_downpayment",
            "order_id",
            "price_total",
            "product_uom_id",
            "product_uom_qty",
        ),
        "uom.uom": ("factor",),
    },
    query="""
    WITH posted AS (
        SELECT rel.order_line_id,
               SUM(sign.value * aml.quantity * aml_uom.factor / sol_uom.factor) AS quantity,
               SUM(sign.value * aml.price_total) AS total
          FROM sale_order so
          JOIN sale_order_line sol ON sol.order_id = so.id
          JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
          JOIN account_move_line aml ON aml.id = rel.invoice_line_id
          JOIN account_move move ON move.id = aml.move_id
     LEFT JOIN uom_uom aml_uom ON aml_uom.id = COALESCE(aml.product_uom_id, sol.product_uom_id)
     LEFT JOIN uom_uom sol_uom ON sol_uom.id = COALESCE(sol.product_uom_id, aml.product_uom_id)
    CROSS JOIN LATERAL (SELECT CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END AS value) sign
         WHERE so.commercial_partner_id = ANY(%(partner_ids)s)
           AND so.state = 'sale'
           AND aml.parent_state = 'posted'
      GROUP BY rel.order_line_id
    ),
    orders AS (
        SELECT so.commercial_partner_id AS partner_id,
               so.company_id,
               so.date_order,
               so.currency_rate,
               SUM(CASE
                   WHEN sol.display_type IS NOT NULL OR sol.product_uom_qty = 0 THEN 0
                   WHEN sol.product_uom_qty > 0
                   THEN sol.price_total * GREATEST(0, 1 - COALESCE(posted.quantity, 0) / sol.product_uom_qty)
                   ELSE sol.price_total * (1 - COALESCE(posted.quantity, 0) / sol.product_uom_qty)
               END) - COALESCE(SUM(posted.total) FILTER (WHERE sol.is_downpayment), 0) AS pending
          FROM sale_order so
     LEFT JOIN sale_order_line sol ON sol.order_id = so.id
     LEFT JOIN posted ON posted.order_line_id = sol.id
         WHERE so.commercial_partner_id = ANY(%(partner_ids)s)
           AND so.state = 'sale'
      GROUP BY so.id
    )
    SELECT orders.partner_id,
           orders.company_id,
           MAX(orders.date_order) AS last_sale_date,
           MIN(orders.date_order) AS first_sale_date,
           SUM(amount.uninvoiced) AS uninvoiced_balance,
           COALESCE(SUM(amount.uninvoiced) FILTER (
               WHERE (orders.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(time_zone)s)::date
                     + COALESCE(
                         partner.credit_days ->> orders.company_id::text,
                         %(credit_days_defaults)s::jsonb ->> orders.company_id::text,
                         '0'
                     )::int < %(today)s
           ), 0) AS uninvoiced_overdue
      FROM orders
      JOIN res_partner partner ON partner.id = orders.partner_id
CROSS JOIN LATERAL (
           SELECT GREATEST(0, orders.pending) / COALESCE(NULLIF(orders.currency_rate, 0), 1) AS uninvoiced
           ) amount
  GROUP BY orders.partner_id, orders.company_id
""",
)

# Customers some figure of which changes only because the date went from ``since`` to ``today``.
BECAME_OVERDUE = Source(
    reads={
        "account.move.line": ("date_maturity", "parent_state", "partner_id", "reconciled"),
        "res.partner": ("credit_days",),
        "sale.order": ("commercial_partner_id", "date_order", "state"),
    },
    query="""
    SELECT line.partner_id
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE account.account_type = 'asset_receivable'
       AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE
       AND line.date_maturity >= %(since)s - 1
       AND line.date_maturity < %(today)s
       AND line.partner_id IS NOT NULL
     UNION
    SELECT so.commercial_partner_id
      FROM sale_order so
      JOIN res_partner partner ON partner.id = so.commercial_partner_id
CROSS JOIN LATERAL (
           SELECT (so.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(time_zone)s)::date + COALESCE(
                      partner.credit_days ->> so.company_id::text,
                      %(credit_days_defaults)s::jsonb ->> so.company_id::text,
                      '0'
                  )::int AS last_day
           ) due
     WHERE so.state = 'sale'
       AND due.last_day >= %(since)s - 1
       AND due.last_day < %(today)s
""",
)
