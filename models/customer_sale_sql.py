"""What posted invoices leave of sales, as SQL: for the figures of the card and for the credit gate."""

# A credit note takes back what an invoice counts.
SIGN = "(CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END)"

# Of each order of the relation ``open_sale (customer_id, company_id, id, rate, day, due, is_late)``: ``uninvoiced`` is
# what no posted invoice covers, taxes included, in the company's currency. A line is open in proportion to the quantity
# that posted invoices do not have of it. Down payments that were invoiced and not yet deducted cover a part of the
# order too; their own lines have no quantity to invoice.
#
# Aggregates of aggregates, without a join between them: PostgreSQL, which cannot know how many sales a customer has,
# would compare each order with every other.
UNINVOICED = f"""
    SELECT line.customer_id,
           line.company_id,
           line.day,
           line.due,
           line.is_late,
           GREATEST(0, SUM(
               CASE
                   WHEN line.is_downpayment THEN -COALESCE(line.covered_total, 0)
                   WHEN line.display_type IS NOT NULL OR line.product_uom_qty = 0 THEN 0
                   WHEN line.product_uom_qty < 0
                   THEN line.price_total * (1 - COALESCE(line.covered_quantity, 0) / line.product_uom_qty)
                   ELSE line.price_total * GREATEST(0, 1 - COALESCE(line.covered_quantity, 0) / line.product_uom_qty)
               END
           )) / line.rate AS uninvoiced
      FROM (
           SELECT open_sale.*,
                  sol.display_type,
                  sol.is_downpayment,
                  sol.price_total,
                  sol.product_uom_qty,
                  SUM({SIGN} * aml.price_total) AS covered_total,
                  SUM({SIGN} * aml.quantity * COALESCE(invoiced_uom.factor / sold_uom.factor, 1)) AS covered_quantity
             FROM open_sale
             JOIN sale_order_line sol ON sol.order_id = open_sale.id
        LEFT JOIN uom_uom sold_uom ON sold_uom.id = sol.product_uom_id
        LEFT JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
        LEFT JOIN account_move_line aml ON aml.id = rel.invoice_line_id AND aml.parent_state = 'posted'
        LEFT JOIN account_move move ON move.id = aml.move_id
        LEFT JOIN uom_uom invoiced_uom ON invoiced_uom.id = aml.product_uom_id
         GROUP BY sol.id,
                  open_sale.customer_id,
                  open_sale.company_id,
                  open_sale.id,
                  open_sale.rate,
                  open_sale.day,
                  open_sale.due,
                  open_sale.is_late
           ) line
  GROUP BY line.id, line.customer_id, line.company_id, line.rate, line.day, line.due, line.is_late
"""  # noqa: S608
