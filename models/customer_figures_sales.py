"""The query of balances, sales and credit; ``customer_figures`` says what each figure means."""

from .customer_figures_source import Source, money
from .customer_sale_sql import SIGN, UNINVOICED

INVOICE = "item.move_type IN ('out_invoice', 'out_receipt')"
RECEIPT = "item.move_type = 'entry' AND item.journal_type IN ('bank', 'cash', 'credit')"
SOLD = "sale.customer_stage IN ('authorized', 'completed')"
# The day of an order, in its company's time zone.
ORDER_DAY = "(so.date_order AT TIME ZONE 'UTC' AT TIME ZONE company.time_zone)::date"
CREDIT_DAYS = "COALESCE((customer.credit_days ->> company.id::text)::int, company.credit_days, 0)"

# The customers' receivable items and sales. An invoice that is open has the date of the earliest of its sales.
DOCUMENTS = f"""
   , item AS (
         SELECT member.customer_id,
                line.company_id,
                line.move_id,
                line.balance,
                line.amount_residual,
                line.date_maturity < company.today AS is_late,
                move.move_type,
                move.invoice_date,
                move.move_type = 'out_refund'
                AND company.is_mexican
                AND move.cfdi_state IS DISTINCT FROM 'stamped' AS is_unstamped,
                journal.type AS journal_type
           FROM member
           JOIN account_move_line line ON line.partner_id = member.id
           JOIN account_account account ON account.id = line.account_id
           JOIN account_move move ON move.id = line.move_id
           JOIN account_journal journal ON journal.id = line.journal_id
           JOIN company ON company.id = line.company_id
          WHERE line.parent_state = 'posted'
            AND account.account_type = 'asset_receivable'
            AND account.non_trade IS NOT TRUE
     ),
     open_invoice AS (
         SELECT item.customer_id, item.company_id, COALESCE(MIN({ORDER_DAY}), item.invoice_date) AS day
           FROM item
           JOIN company ON company.id = item.company_id
      LEFT JOIN account_move_line line ON line.move_id = item.move_id
      LEFT JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
      LEFT JOIN sale_order_line sol ON sol.id = rel.order_line_id
      LEFT JOIN sale_order so ON so.id = sol.order_id
          WHERE {INVOICE}
            AND item.amount_residual > 0
       GROUP BY item.customer_id, item.company_id, item.move_id, item.invoice_date
     ),
     sale AS (
         SELECT customer.id AS customer_id,
                so.company_id,
                so.id,
                so.customer_stage,
                so.date_order,
                so.amount_total,
                COALESCE(NULLIF(so.currency_rate, 0), 1) AS rate
           FROM customer
           JOIN sale_order so ON so.commercial_partner_id = customer.id
          WHERE so.customer_stage IN ('reserved', 'authorized', 'completed')
     ),
     open_sale AS (
         SELECT so.customer_id,
                so.company_id,
                so.id,
                so.rate,
                {ORDER_DAY} AS day,
                {ORDER_DAY} + {CREDIT_DAYS} AS due,
                so.customer_stage = 'authorized' AND {ORDER_DAY} + {CREDIT_DAYS} < company.today AS is_late
           FROM sale so
           JOIN customer ON customer.id = so.customer_id
           JOIN company ON company.id = so.company_id
          WHERE so.customer_stage IN ('reserved', 'authorized')
     )
"""  # noqa: S608

# What each customer has in each company, by kind of document. MATERIALIZED: counted once, whatever joins it.
TOTALS = f"""
   , receivable AS MATERIALIZED (
         SELECT item.customer_id,
                item.company_id,
                SUM(item.balance) FILTER (WHERE {INVOICE}) AS invoiced,
                SUM(item.amount_residual) FILTER (WHERE {INVOICE}) AS residual,
                SUM(item.amount_residual) FILTER (WHERE item.amount_residual > 0 AND item.is_late) AS overdue,
                -SUM(item.balance) FILTER (WHERE {RECEIPT}) AS collected,
                -SUM(item.amount_residual) FILTER (WHERE {RECEIPT} AND item.amount_residual < 0) AS unmatched,
                -SUM(item.amount_residual) FILTER (WHERE item.move_type = 'out_refund') AS credit_residual,
                SUM(item.amount_residual - item.balance) FILTER (
                    WHERE item.move_type = 'out_refund'
                ) AS credit_applied,
                COUNT(DISTINCT item.move_id) FILTER (WHERE item.is_unstamped) AS unstamped
           FROM item
       GROUP BY item.customer_id, item.company_id
     ),
     oldest_invoice AS MATERIALIZED (
         SELECT customer_id, company_id, MIN(day) AS day FROM open_invoice GROUP BY customer_id, company_id
     ),
     sold AS MATERIALIZED (
         SELECT sale.customer_id,
                sale.company_id,
                MAX(sale.date_order) FILTER (WHERE {SOLD}) AS latest,
                MIN(sale.date_order) FILTER (WHERE {SOLD}) AS earliest,
                AVG(sale.amount_total / sale.rate) FILTER (WHERE {SOLD}) AS average,
                SUM(sale.amount_total / sale.rate) FILTER (WHERE sale.customer_stage = 'authorized') AS authorized,
                SUM(sale.amount_total / sale.rate) FILTER (WHERE sale.customer_stage = 'reserved') AS reserved,
                COUNT(*) FILTER (WHERE sale.customer_stage IN ('reserved', 'authorized')) AS pending_count
           FROM sale
       GROUP BY sale.customer_id, sale.company_id
     ),
     uninvoiced AS MATERIALIZED (
         SELECT customer_id,
                company_id,
                SUM(uninvoiced) AS total,
                SUM(uninvoiced) FILTER (WHERE is_late) AS overdue,
                MIN(day) FILTER (WHERE uninvoiced > 0) AS oldest
           FROM ({UNINVOICED}) sale
       GROUP BY customer_id, company_id
     ),
     service AS MATERIALIZED (
         SELECT sale.customer_id, sale.company_id, SUM(sol.price_subtotal / sale.rate) AS total
           FROM sale
           JOIN sale_order_line sol ON sol.order_id = sale.id
           JOIN product_product product ON product.id = sol.product_id
           JOIN product_template template ON template.id = product.product_tmpl_id
          WHERE {SOLD}
            AND template.type = 'service'
       GROUP BY sale.customer_id, sale.company_id
     ),
     down_payment AS MATERIALIZED (
         -- What is invoiced and collected of it is the customer's until a final invoice deducts it, whatever became of
         -- the order.
         SELECT line.customer_id, line.company_id, SUM(GREATEST(0, LEAST(line.covered, line.collected))) AS total
           FROM (
                SELECT customer.id AS customer_id,
                       so.company_id,
                       SUM(amount.total) AS covered,
                       -- a credit note of an invoice that deducts it gives it back, but collects nothing
                       SUM(amount.total * (1 - move.amount_residual / NULLIF(move.amount_total, 0))) FILTER (
                           WHERE amount.total > 0 AND move.move_type != 'out_refund'
                       ) AS collected
                  FROM customer
                  JOIN sale_order so ON so.commercial_partner_id = customer.id
                  JOIN sale_order_line sol ON sol.order_id = so.id AND sol.is_downpayment
                  JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
                  JOIN account_move_line aml ON aml.id = rel.invoice_line_id AND aml.parent_state = 'posted'
                  JOIN account_move move ON move.id = aml.move_id
            CROSS JOIN LATERAL (
                       SELECT {SIGN} * aml.price_total / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1) AS total
                       ) amount
              GROUP BY customer.id, sol.id, so.company_id
                ) line
       GROUP BY line.customer_id, line.company_id
     )
"""  # noqa: S608

SALES = Source(
    reads={
        "account.account": ("account_type", "non_trade"),
        "account.journal": ("type",),
        "account.move": (
            *("amount_residual", "amount_total", "cfdi_state", "invoice_currency_rate", "invoice_date", "move_type"),
            "state",
        ),
        "account.move.line": (
            *("account_id", "amount_residual", "balance", "company_id", "date_maturity", "journal_id", "parent_state"),
            *("partner_id", "price_total", "product_uom_id", "quantity", "reconciled"),
        ),
        "res.partner": ("commercial_partner_id", "credit_days", "credit_limit"),
        "sale.order": (
            *("amount_total", "commercial_partner_id", "company_id", "currency_rate", "customer_stage", "date_order"),
        ),
        "sale.order.line": (
            *("display_type", "invoice_lines", "is_downpayment", "order_id", "price_subtotal", "price_total"),
            *("product_id", "product_uom_id", "product_uom_qty"),
        ),
        "uom.uom": ("factor",),
    },
    query=f"""{DOCUMENTS}{TOTALS}
    SELECT customer.id AS customer_id,
           company.id AS company_id,
           {money("receivable.invoiced")} AS invoiced_total,
           amount.invoice_balance,
           amount.invoice_overdue,
           {money("receivable.collected")} AS collected,
           {money("receivable.credit_residual")} AS credit_note_balance,
           {money("receivable.credit_applied")} AS credit_note_applied,
           COALESCE(receivable.unstamped, 0) AS credit_note_unstamped_count,
           {money("receivable.unmatched")} + {money("down_payment.total")} AS advance_balance,
           {money("sold.authorized")} AS sold_authorized,
           {money("sold.reserved")} AS sold_reserved,
           COALESCE(sold.pending_count, 0) AS pending_sale_count,
           {money("sold.average")} AS average_sale,
           {money("service.total")} AS services_sold,
           sold.latest AS last_sale_date,
           sold.earliest AS first_sale_date,
           amount.uninvoiced_balance,
           amount.uninvoiced_overdue,
           amount.invoice_balance + amount.uninvoiced_balance AS receivable_balance,
           amount.invoice_overdue + amount.uninvoiced_overdue AS overdue_balance,
           COALESCE((customer.credit_limit ->> company.id::text)::numeric, company.credit_limit, 0)
               - amount.invoice_balance - amount.uninvoiced_balance AS credit_available,
           LEAST(oldest_invoice.day, uninvoiced.oldest) AS oldest_debt_date
      FROM customer
CROSS JOIN company
 LEFT JOIN receivable ON receivable.customer_id = customer.id AND receivable.company_id = company.id
 LEFT JOIN oldest_invoice ON oldest_invoice.customer_id = customer.id AND oldest_invoice.company_id = company.id
 LEFT JOIN sold ON sold.customer_id = customer.id AND sold.company_id = company.id
 LEFT JOIN uninvoiced ON uninvoiced.customer_id = customer.id AND uninvoiced.company_id = company.id
 LEFT JOIN service ON service.customer_id = customer.id AND service.company_id = company.id
 LEFT JOIN down_payment ON down_payment.customer_id = customer.id AND down_payment.company_id = company.id
CROSS JOIN LATERAL (
           SELECT {money("receivable.residual")} AS invoice_balance,
                  {money("receivable.overdue")} AS invoice_overdue,
                  {money("uninvoiced.total")} AS uninvoiced_balance,
                  {money("uninvoiced.overdue")} AS uninvoiced_overdue
           ) amount
""",  # noqa: S608
    dated=f"""
    SELECT line.partner_id
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN dated company ON company.id = line.company_id
     WHERE account.account_type = 'asset_receivable'
       AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE
       AND line.date_maturity >= company.since
       AND line.date_maturity < company.today
       AND line.partner_id IS NOT NULL
     UNION
    SELECT so.commercial_partner_id
      FROM sale_order so
      JOIN res_partner customer ON customer.id = so.commercial_partner_id
      JOIN dated company ON company.id = so.company_id
     WHERE so.customer_stage = 'authorized'
       AND {ORDER_DAY} + {CREDIT_DAYS} >= company.since
       AND {ORDER_DAY} + {CREDIT_DAYS} < company.today
""",  # noqa: S608
)
