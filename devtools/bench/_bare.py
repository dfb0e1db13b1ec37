"""The same figures as bare SQL: an aggregate of each kind of document, of all customers, into a table.

Written on its own, so that it also tells whether what is stored is right.
"""

import time

DAY = "(so.date_order AT TIME ZONE 'UTC' AT TIME ZONE 'America/Mexico_City')::date"
INVOICE = "move.move_type IN ('out_invoice', 'out_receipt')"
RECEIPT = "move.move_type = 'entry' AND journal.type IN ('bank', 'cash', 'credit')"
SIGN = "CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END"
RECEIVABLE = "account.account_type = 'asset_receivable' AND account.non_trade IS NOT TRUE"

AGGREGATES = {
    "receivables": f"""
        SELECT partner.commercial_partner_id AS customer_id, line.company_id,
               SUM(line.balance) FILTER (WHERE {INVOICE}) AS invoiced_total,
               SUM(line.amount_residual) FILTER (WHERE {INVOICE}) AS invoice_balance,
               SUM(line.amount_residual) FILTER (
                   WHERE line.amount_residual > 0 AND line.date_maturity < CURRENT_DATE
               ) AS invoice_overdue,
               -SUM(line.balance) FILTER (WHERE {RECEIPT}) AS collected,
               -SUM(line.amount_residual) FILTER (WHERE {RECEIPT} AND line.amount_residual < 0) AS unmatched,
               -SUM(line.amount_residual) FILTER (WHERE move.move_type = 'out_refund') AS credit_note_balance,
               SUM(line.amount_residual - line.balance) FILTER (
                   WHERE move.move_type = 'out_refund'
               ) AS credit_note_applied,
               COUNT(DISTINCT line.move_id) FILTER (
                   WHERE move.move_type = 'out_refund' AND move.cfdi_state IS DISTINCT FROM 'stamped'
               ) AS credit_note_unstamped_count
          FROM account_move_line line
          JOIN res_partner partner ON partner.id = line.partner_id
          JOIN account_account account ON account.id = line.account_id
          JOIN account_move move ON move.id = line.move_id
          JOIN account_journal journal ON journal.id = line.journal_id
         WHERE line.parent_state = 'posted' AND {RECEIVABLE}
         GROUP BY 1, 2""",
    "open invoices": f"""
        SELECT partner.commercial_partner_id AS customer_id, line.company_id,
               MIN(COALESCE(sale.day, move.invoice_date)) AS oldest
          FROM account_move_line line
          JOIN res_partner partner ON partner.id = line.partner_id
          JOIN account_account account ON account.id = line.account_id
          JOIN account_move move ON move.id = line.move_id
          LEFT JOIN (
               SELECT item.move_id, MIN({DAY}) AS day
                 FROM account_move_line item
                 JOIN account_move open ON open.id = item.move_id AND open.amount_residual > 0
                 JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = item.id
                 JOIN sale_order_line sol ON sol.id = rel.order_line_id
                 JOIN sale_order so ON so.id = sol.order_id
                GROUP BY 1
               ) sale ON sale.move_id = line.move_id
         WHERE line.parent_state = 'posted' AND line.amount_residual > 0 AND {INVOICE} AND {RECEIVABLE}
         GROUP BY 1, 2""",
    "sales": """
        SELECT commercial_partner_id AS customer_id, company_id,
               MAX(date_order) FILTER (WHERE customer_stage != 'reserved') AS last_sale_date,
               MIN(date_order) FILTER (WHERE customer_stage != 'reserved') AS first_sale_date,
               AVG(amount_total / currency_rate) FILTER (WHERE customer_stage != 'reserved') AS average_sale,
               SUM(amount_total / currency_rate) FILTER (WHERE customer_stage = 'authorized') AS sold_authorized,
               SUM(amount_total / currency_rate) FILTER (WHERE customer_stage = 'reserved') AS sold_reserved,
               COUNT(*) FILTER (WHERE customer_stage IN ('reserved', 'authorized')) AS pending_sale_count
          FROM sale_order
         WHERE customer_stage IN ('reserved', 'authorized', 'completed')
         GROUP BY 1, 2""",
    "open sales": f"""
        SELECT so.commercial_partner_id AS customer_id, so.company_id,
               SUM(part.total / so.currency_rate) AS uninvoiced_balance,
               SUM(part.total / so.currency_rate) FILTER (
                   WHERE so.customer_stage = 'authorized'
                     AND {DAY} + COALESCE((customer.credit_days ->> so.company_id::text)::int, 0) < CURRENT_DATE
               ) AS uninvoiced_overdue,
               MIN({DAY}) FILTER (WHERE part.total > 0) AS oldest
          FROM sale_order so
          JOIN res_partner customer ON customer.id = so.commercial_partner_id
          JOIN (
               SELECT sol.order_id,
                      GREATEST(0, SUM(CASE
                          WHEN sol.is_downpayment THEN -COALESCE(posted.total, 0)
                          WHEN sol.display_type IS NOT NULL OR sol.product_uom_qty = 0 THEN 0
                          ELSE sol.price_total * GREATEST(0, 1 - COALESCE(posted.quantity, 0) / sol.product_uom_qty)
                      END)) AS total
                 FROM sale_order so
                 JOIN sale_order_line sol ON sol.order_id = so.id
                 LEFT JOIN (
                      SELECT rel.order_line_id,
                             SUM({SIGN} * aml.price_total) AS total,
                             SUM({SIGN} * aml.quantity * COALESCE(theirs.factor / ours.factor, 1)) AS quantity
                        FROM sale_order_line_invoice_rel rel
                        JOIN sale_order_line line ON line.id = rel.order_line_id
                        JOIN account_move_line aml ON aml.id = rel.invoice_line_id AND aml.parent_state = 'posted'
                        JOIN account_move move ON move.id = aml.move_id
                        LEFT JOIN uom_uom ours ON ours.id = line.product_uom_id
                        LEFT JOIN uom_uom theirs ON theirs.id = aml.product_uom_id
                       GROUP BY 1
                      ) posted ON posted.order_line_id = sol.id
                WHERE so.customer_stage IN ('reserved', 'authorized')
                GROUP BY 1
               ) part ON part.order_id = so.id
         GROUP BY 1, 2""",
    "services": """
        SELECT so.commercial_partner_id AS customer_id, so.company_id,
               SUM(sol.price_subtotal / so.currency_rate) AS services_sold
          FROM sale_order so
          JOIN sale_order_line sol ON sol.order_id = so.id
          JOIN product_product product ON product.id = sol.product_id
          JOIN product_template template ON template.id = product.product_tmpl_id
         WHERE template.type = 'service' AND so.customer_stage IN ('authorized', 'completed')
         GROUP BY 1, 2""",
    "down payments": f"""
        SELECT customer_id, company_id, SUM(GREATEST(0, LEAST(covered, collected))) AS left_over
          FROM (
               SELECT so.commercial_partner_id AS customer_id, so.company_id, sol.id,
                      SUM({SIGN} * aml.price_total / move.invoice_currency_rate) AS covered,
                      SUM({SIGN} * aml.price_total * (1 - move.amount_residual / NULLIF(move.amount_total, 0))
                          / move.invoice_currency_rate) FILTER (WHERE {SIGN} * aml.price_total > 0) AS collected
                 FROM sale_order_line sol
                 JOIN sale_order so ON so.id = sol.order_id
                 JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
                 JOIN account_move_line aml ON aml.id = rel.invoice_line_id AND aml.parent_state = 'posted'
                 JOIN account_move move ON move.id = aml.move_id
                WHERE sol.is_downpayment
                GROUP BY 1, 2, 3
               ) line
         GROUP BY 1, 2""",
    "files": """
        SELECT partner.commercial_partner_id AS customer_id, COUNT(*) AS file_count,
               COUNT(*) FILTER (WHERE COALESCE(file.customer_file_state, 'pending') = 'pending') AS pending,
               COUNT(*) FILTER (WHERE file.customer_file_state = 'valid') AS valid,
               COUNT(*) FILTER (WHERE file.customer_file_state = 'rejected') AS rejected
          FROM ir_attachment file
          JOIN res_partner partner ON partner.id = file.res_id
         WHERE file.res_model = 'res.partner' AND file.res_field IS NULL
         GROUP BY 1""",
    "log": """
        SELECT partner.commercial_partner_id AS customer_id, log.company_id, MAX(log.date) AS last,
               MIN(log.next_date) FILTER (WHERE log.done IS NOT TRUE AND log.next_date >= CURRENT_DATE) AS next
          FROM customer_log log
          JOIN res_partner partner ON partner.id = log.partner_id
         GROUP BY 1, 2""",
    "events": """
        SELECT partner.commercial_partner_id AS customer_id, COUNT(DISTINCT event.id) AS total,
               COUNT(DISTINCT event.id) FILTER (WHERE event.customer_result = 'held') AS held,
               COUNT(DISTINCT event.id) FILTER (WHERE event.customer_result = 'not_held') AS not_held,
               MIN(event.start) AS first, MAX(event.start) AS last
          FROM calendar_event event
          JOIN calendar_event_res_partner_rel rel ON rel.calendar_event_id = event.id
          JOIN res_partner partner ON partner.id = rel.res_partner_id
         WHERE event.active AND partner.partner_share IS NOT FALSE
         GROUP BY 1""",
    "activities": """
        SELECT partner.commercial_partner_id AS customer_id, COUNT(*) AS total,
               COUNT(*) FILTER (WHERE activity.active) AS open, MIN(activity.date_deadline) AS first,
               MAX(activity.date_deadline) AS last
          FROM mail_activity activity
          JOIN res_partner partner ON partner.id = activity.document_partner_id
         GROUP BY 1""",
    "points": """
        SELECT partner.commercial_partner_id AS customer_id, card.company_id, SUM(card.points) AS points
          FROM loyalty_card card
          JOIN loyalty_program program ON program.id = card.program_id AND program.program_type = 'loyalty'
          JOIN res_partner partner ON partner.id = card.partner_id
         GROUP BY 1, 2""",
    "policies": """
        SELECT commercial_partner_id AS customer_id, company_id, SUM(amount) AS amount
          FROM customer_policy
         WHERE cancelled IS NOT TRUE AND CURRENT_DATE BETWEEN date_start AND date_end
         GROUP BY 1, 2""",
    "cases": """
        SELECT commercial_partner_id AS customer_id, company_id, COUNT(*) AS total
          FROM helpdesk_ticket
         WHERE active AND closed IS NOT TRUE
         GROUP BY 1, 2""",
    "commissions": """
        SELECT partner.commercial_partner_id AS customer_id, commission.company_id, SUM(commission.amount) AS total
          FROM customer_commission commission
          JOIN res_partner partner ON partner.id = commission.partner_id
         GROUP BY 1, 2""",
}

# Figures of an aggregate as they are stored.
STORED = {
    "receivables": ("invoiced_total", "invoice_balance", "invoice_overdue", "collected", "credit_note_balance"),
    "sales": ("average_sale", "sold_authorized", "sold_reserved", "pending_sale_count"),
    "open sales": ("uninvoiced_balance", "uninvoiced_overdue"),
    "services": ("services_sold",),
}


def bare(env):
    """:return: {aggregate: seconds}"""
    seconds = {}
    env.cr.execute("SET LOCAL work_mem = '64MB'")  # as the addon does
    for name in AGGREGATES:
        start = time.perf_counter()
        aggregate(env, name)
        seconds[name] = time.perf_counter() - start
    env.cr.rollback()
    return seconds


def aggregate(env, name):
    env.cr.execute(f'CREATE TEMPORARY TABLE "bare {name}" ON COMMIT DROP AS {AGGREGATES[name]}')


def differences(env):
    """:return: {figure: number of customers whose stored one is not the bare aggregate's, rounded to cents}"""
    found = {}
    company = str(env.company.id)
    for name, figures in STORED.items():
        aggregate(env, name)
        for figure in figures:
            env.cr.execute(
                f"""SELECT COUNT(*) FROM res_partner partner
                    LEFT JOIN "bare {name}" bare
                      ON bare.customer_id = partner.id AND bare.company_id = {company}
                   WHERE partner.commercial_partner_id = partner.id
                     AND ROUND(COALESCE(bare.{figure}, 0), 2)
                         != ROUND(COALESCE((partner.{figure} ->> '{company}')::numeric, 0), 2)"""
            )
            [(found[figure],)] = env.cr.fetchall()
    env.cr.rollback()
    return found
