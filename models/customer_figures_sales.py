"""The query of balances, sales and credit; ``customer_figures`` says what each figure means."""

from .customer_figures_source import Source, money

INVOICE = "move.move_type IN ('out_invoice', 'out_receipt')"
RECEIPT = "move.move_type = 'entry' AND journal.type IN ('bank', 'cash', 'credit')"
# The day of an order, in its company's time zone.
ORDER_DAY = "(so.date_order AT TIME ZONE 'UTC' AT TIME ZONE company.time_zone)::date"
CREDIT_DAYS = "COALESCE((partner.credit_days ->> company.id::text)::int, company.credit_days, 0)"
SOLD = "so.customer_stage IN ('authorized', 'completed')"
PENDING = "so.customer_stage IN ('reserved', 'authorized')"
# A credit note takes back what an invoice counts.
SIGN = "(CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END)"

# What customers owe and have paid: their receivable items. An invoice of sales has the date of the earliest one.
RECEIVABLE = f"""
    SELECT line.company_id,
           SUM(line.balance) FILTER (WHERE {INVOICE}) AS invoiced,
           SUM(line.amount_residual) FILTER (WHERE {INVOICE}) AS residual,
           SUM(line.amount_residual) FILTER (
               WHERE line.amount_residual > 0 AND line.date_maturity < company.today
           ) AS overdue,
           -SUM(line.balance) FILTER (WHERE {RECEIPT}) AS collected,
           -SUM(line.amount_residual) FILTER (WHERE {RECEIPT} AND line.amount_residual < 0) AS unmatched,
           -SUM(line.amount_residual) FILTER (WHERE move.move_type = 'out_refund') AS credit_residual,
           SUM(line.amount_residual - line.balance) FILTER (WHERE move.move_type = 'out_refund') AS credit_applied,
           COUNT(DISTINCT line.move_id) FILTER (
               WHERE move.move_type = 'out_refund'
                 AND company.is_mexican
                 AND move.cfdi_state IS DISTINCT FROM 'stamped'
           ) AS unstamped,
           MIN(COALESCE(sale.day, move.invoice_date)) FILTER (
               WHERE {INVOICE} AND line.amount_residual > 0
           ) AS oldest
      FROM res_partner member
      JOIN account_move_line line ON line.partner_id = member.id
      JOIN account_account account ON account.id = line.account_id
      JOIN account_move move ON move.id = line.move_id
      JOIN account_journal journal ON journal.id = line.journal_id
      JOIN company ON company.id = line.company_id
 LEFT JOIN LATERAL (
           SELECT MIN({ORDER_DAY}) AS day
             FROM account_move_line invoiced
             JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = invoiced.id
             JOIN sale_order_line sol ON sol.id = rel.order_line_id
             JOIN sale_order so ON so.id = sol.order_id
            WHERE line.amount_residual > 0
              AND invoiced.move_id = line.move_id
           ) sale ON TRUE
     WHERE member.commercial_partner_id = customer.id
       AND line.parent_state = 'posted'
       AND account.account_type = 'asset_receivable'
       AND account.non_trade IS NOT TRUE
  GROUP BY line.company_id
"""  # noqa: S608

# A line is pending in proportion to the quantity that posted invoices do not cover. Down payments that were invoiced
# and not yet deducted cover a part of the order too; their own lines have no quantity to invoice.
SALE = f"""
    SELECT so.company_id,
           MAX(so.date_order) FILTER (WHERE {SOLD}) AS latest,
           MIN(so.date_order) FILTER (WHERE {SOLD}) AS earliest,
           AVG(amount.total) FILTER (WHERE {SOLD}) AS average,
           SUM(amount.total) FILTER (WHERE so.customer_stage = 'authorized') AS authorized,
           SUM(amount.total) FILTER (WHERE so.customer_stage = 'reserved') AS reserved,
           COUNT(*) FILTER (WHERE {PENDING}) AS pending_count,
           SUM(amount.uninvoiced) AS uninvoiced,
           SUM(amount.uninvoiced) FILTER (
               WHERE so.customer_stage = 'authorized' AND {ORDER_DAY} + {CREDIT_DAYS} < company.today
           ) AS overdue,
           MIN({ORDER_DAY}) FILTER (WHERE amount.uninvoiced > 0) AS oldest
      FROM sale_order so
      JOIN company ON company.id = so.company_id
 LEFT JOIN LATERAL (
           SELECT GREATEST(0, SUM(CASE
                      WHEN sol.display_type IS NOT NULL OR sol.product_uom_qty = 0 THEN 0
                      WHEN sol.product_uom_qty > 0
                      THEN sol.price_total * GREATEST(0, 1 - COALESCE(posted.quantity, 0) / sol.product_uom_qty)
                      ELSE sol.price_total * (1 - COALESCE(posted.quantity, 0) / sol.product_uom_qty)
                  END) - COALESCE(SUM(posted.total) FILTER (WHERE sol.is_downpayment), 0)) AS total
             FROM sale_order_line sol
        LEFT JOIN uom_uom sol_uom ON sol_uom.id = sol.product_uom_id
        LEFT JOIN LATERAL (
                  SELECT SUM({SIGN} * aml.quantity * COALESCE(aml_uom.factor / sol_uom.factor, 1)) AS quantity,
                         SUM({SIGN} * aml.price_total) AS total
                    FROM sale_order_line_invoice_rel rel
                    JOIN account_move_line aml ON aml.id = rel.invoice_line_id
                    JOIN account_move move ON move.id = aml.move_id
               LEFT JOIN uom_uom aml_uom ON aml_uom.id = aml.product_uom_id
                   WHERE rel.order_line_id = sol.id
                     AND aml.parent_state = 'posted'
                  ) posted ON TRUE
            WHERE {PENDING}
              AND sol.order_id = so.id
           ) pending ON TRUE
CROSS JOIN LATERAL (
           SELECT so.amount_total / COALESCE(NULLIF(so.currency_rate, 0), 1) AS total,
                  pending.total / COALESCE(NULLIF(so.currency_rate, 0), 1) AS uninvoiced
           ) amount
     WHERE so.commercial_partner_id = customer.id
       AND so.customer_stage IN ('reserved', 'authorized', 'completed')
  GROUP BY so.company_id
"""  # noqa: S608

SERVICE = f"""
    SELECT so.company_id, SUM(sol.price_subtotal / COALESCE(NULLIF(so.currency_rate, 0), 1)) AS total
      FROM sale_order so
      JOIN sale_order_line sol ON sol.order_id = so.id
      JOIN product_product product ON product.id = sol.product_id
      JOIN product_template template ON template.id = product.product_tmpl_id
     WHERE so.commercial_partner_id = customer.id
       AND {SOLD}
       AND template.type = 'service'
  GROUP BY so.company_id
"""  # noqa: S608

# What is invoiced and collected of a down payment is the customer's advance until a final invoice deducts it.
DOWN_PAYMENT = f"""
    SELECT line.company_id, SUM(GREATEST(0, LEAST(line.covered, line.collected))) AS total
      FROM (
           SELECT so.company_id,
                  SUM(amount.total) AS covered,
                  SUM(amount.total * (1 - move.amount_residual / NULLIF(move.amount_total, 0))) FILTER (
                      WHERE amount.total > 0
                  ) AS collected
             FROM sale_order so
             JOIN sale_order_line sol ON sol.order_id = so.id AND sol.is_downpayment
             JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
             JOIN account_move_line aml ON aml.id = rel.invoice_line_id AND aml.parent_state = 'posted'
             JOIN account_move move ON move.id = aml.move_id
       CROSS JOIN LATERAL (
                  SELECT {SIGN} * aml.price_total / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1) AS total
                  ) amount
            WHERE so.commercial_partner_id = customer.id
         GROUP BY sol.id, so.company_id
           ) line
  GROUP BY line.company_id
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
    query=f"""
    SELECT customer.id AS customer_id, found.*
      FROM customer
      JOIN res_partner partner ON partner.id = customer.id
CROSS JOIN LATERAL (
           SELECT company.id AS company_id,
                  {money("receivable.invoiced")} AS invoiced_total,
                  amount.invoice_balance,
                  amount.invoice_overdue,
                  {money("receivable.collected")} AS collected,
                  {money("receivable.credit_residual")} AS credit_note_balance,
                  {money("receivable.credit_applied")} AS credit_note_applied,
                  COALESCE(receivable.unstamped, 0) AS credit_note_unstamped_count,
                  {money("receivable.unmatched")} + {money("down_payment.total")} AS advance_balance,
                  {money("sale.authorized")} AS sold_authorized,
                  {money("sale.reserved")} AS sold_reserved,
                  COALESCE(sale.pending_count, 0) AS pending_sale_count,
                  {money("sale.average")} AS average_sale,
                  {money("service.total")} AS services_sold,
                  sale.latest AS last_sale_date,
                  sale.earliest AS first_sale_date,
                  amount.uninvoiced_balance,
                  amount.uninvoiced_overdue,
                  amount.invoice_balance + amount.uninvoiced_balance AS receivable_balance,
                  amount.invoice_overdue + amount.uninvoiced_overdue AS overdue_balance,
                  COALESCE((partner.credit_limit ->> company.id::text)::numeric, company.credit_limit, 0)
                      - amount.invoice_balance - amount.uninvoiced_balance AS credit_available,
                  LEAST(receivable.oldest, sale.oldest) AS oldest_debt_date
             FROM company
        LEFT JOIN ({RECEIVABLE}) receivable ON receivable.company_id = company.id
        LEFT JOIN ({SALE}) sale ON sale.company_id = company.id
        LEFT JOIN ({SERVICE}) service ON service.company_id = company.id
        LEFT JOIN ({DOWN_PAYMENT}) down_payment ON down_payment.company_id = company.id
       CROSS JOIN LATERAL (
                  SELECT {money("receivable.residual")} AS invoice_balance,
                         {money("receivable.overdue")} AS invoice_overdue,
                         {money("sale.uninvoiced")} AS uninvoiced_balance,
                         {money("sale.overdue")} AS uninvoiced_overdue
                  ) amount
           ) found
""",  # noqa: S608
    dated=f"""
    SELECT line.partner_id
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN company ON company.id = line.company_id
     WHERE account.account_type = 'asset_receivable'
       AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE
       AND line.date_maturity >= %(since)s::date - 1
       AND line.date_maturity < company.today
       AND line.partner_id IS NOT NULL
     UNION
    SELECT so.commercial_partner_id
      FROM sale_order so
      JOIN res_partner partner ON partner.id = so.commercial_partner_id
      JOIN company ON company.id = so.company_id
     WHERE so.customer_stage = 'authorized'
       AND {ORDER_DAY} + {CREDIT_DAYS} >= %(since)s::date - 1
       AND {ORDER_DAY} + {CREDIT_DAYS} < company.today
""",  # noqa: S608
)
