"""What a customer owes at this moment, from the documents: the query of the credit gate.

It reads open documents alone, through their indexes: a customer with a long history costs what its open part costs.
One row for each pair asked for; amounts in the company's currency. A test holds it to the stored figures of the card.

| column | documents | measure |
| --- | --- | --- |
| uninvoiced | sales set aside and authorized | what no posted invoice covers, taxes included |
| items | trade receivable items, posted, open | residual: invoices and other debts less receipts and credit notes |
| uninvoiced_overdue | sales authorized, older than the customer's credit days | uninvoiced |
| items_overdue | receivable items due before today | residual |
| credits | receivable items below zero: receipts and credit notes not applied yet | - residual |
"""

from .customer_sale_sql import UNINVOICED

ASKED = f"""
WITH asked AS (
         SELECT *
           FROM unnest(
                    %(customers)s::int[], %(companies)s::int[], %(days)s::date[], %(time_zones)s::text[],
                    %(credit_days)s::int[]
                ) AS asked(customer_id, company_id, today, time_zone, credit_days)
     ),
     item AS (
         SELECT asked.customer_id,
                asked.company_id,
                line.id,
                line.amount_residual,
                line.date_maturity,
                line.date_maturity < asked.today AS is_late
           FROM asked
           JOIN res_partner member ON member.commercial_partner_id = asked.customer_id
           JOIN account_move_line line ON line.partner_id = member.id AND line.company_id = asked.company_id
           JOIN account_account account ON account.id = line.account_id
          WHERE line.parent_state = 'posted'
            AND line.reconciled IS NOT TRUE
            AND account.account_type = 'asset_receivable'
            AND account.non_trade IS NOT TRUE
     ),
     open_sale AS (
         SELECT asked.customer_id,
                asked.company_id,
                so.id,
                COALESCE(NULLIF(so.currency_rate, 0), 1) AS rate,
                sold.day,
                sold.day + asked.credit_days AS due,
                so.customer_stage = 'authorized' AND sold.day + asked.credit_days < asked.today AS is_late
           FROM asked
           JOIN sale_order so ON so.commercial_partner_id = asked.customer_id AND so.company_id = asked.company_id
     CROSS JOIN LATERAL (
                SELECT (so.date_order AT TIME ZONE 'UTC' AT TIME ZONE asked.time_zone)::date AS day
                ) sold
          WHERE so.customer_stage IN ('reserved', 'authorized')
     ),
     sale AS ({UNINVOICED})
"""  # noqa: S608

OWED = """
    SELECT asked.customer_id,
           asked.company_id,
           COALESCE(sales.uninvoiced, 0) AS uninvoiced,
           COALESCE(items.total, 0) AS items,
           COALESCE(sales.overdue, 0) AS uninvoiced_overdue,
           COALESCE(items.overdue, 0) AS items_overdue,
           COALESCE(items.credits, 0) AS credits
      FROM asked
 LEFT JOIN (
           SELECT customer_id,
                  company_id,
                  SUM(amount_residual) AS total,
                  SUM(amount_residual) FILTER (WHERE is_late AND amount_residual > 0) AS overdue,
                  -SUM(amount_residual) FILTER (WHERE amount_residual < 0) AS credits
             FROM item
         GROUP BY customer_id, company_id
           ) items USING (customer_id, company_id)
 LEFT JOIN (
           SELECT customer_id,
                  company_id,
                  SUM(uninvoiced) AS uninvoiced,
                  SUM(uninvoiced) FILTER (WHERE is_late) AS overdue
             FROM sale
         GROUP BY customer_id, company_id
           ) sales USING (customer_id, company_id)
"""

# Since when something is overdue: what was received and not applied yet pays the oldest first.
OVERDUE_SINCE = """
    SELECT late.customer_id, late.company_id, MIN(late.due)
      FROM (
           SELECT debt.customer_id,
                  debt.company_id,
                  debt.due,
                  SUM(debt.amount) OVER (
                      PARTITION BY debt.customer_id, debt.company_id ORDER BY debt.due, debt.amount
                      ROWS UNBOUNDED PRECEDING
                  ) AS running
             FROM (
                  SELECT customer_id, company_id, date_maturity AS due, amount_residual AS amount
                    FROM item
                   WHERE is_late AND amount_residual > 0
                   UNION ALL
                  SELECT customer_id, company_id, due, uninvoiced
                    FROM sale
                   WHERE is_late AND uninvoiced > 0
                  ) debt
           ) late
 LEFT JOIN (
           SELECT customer_id, company_id, -SUM(amount_residual) AS total
             FROM item
            WHERE amount_residual < 0
         GROUP BY customer_id, company_id
           ) credits USING (customer_id, company_id)
     WHERE late.running > COALESCE(credits.total, 0)
  GROUP BY late.customer_id, late.company_id
"""

# Fields that the queries read, by model: what is pending on them is written first.
READS = {
    "account.account": ("account_type", "non_trade"),
    "account.move": ("move_type",),
    "account.move.line": (
        "account_id",
        "amount_residual",
        "company_id",
        "date_maturity",
        "parent_state",
        "partner_id",
        "price_total",
        "product_uom_id",
        "quantity",
        "reconciled",
    ),
    "res.partner": ("commercial_partner_id",),
    "sale.order": ("commercial_partner_id", "company_id", "currency_rate", "customer_stage", "date_order"),
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
}
