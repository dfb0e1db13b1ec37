from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DEFAULT_TIME_ZONE = "America/Mexico_City"
# Less than this is nothing: what floating point leaves of amounts that cancel each other.
NOTHING = 1e-6


class Recount:
    """The figures of sales counted again, document by document: what the queries of ``customer_figures`` must give.

    Python over the documents' own fields, as Odoo computes them: it shares nothing with the queries. Amounts are not
    rounded; whoever compares allows for it.
    """

    def __init__(self, customers, companies):
        """:param customers: commercial partners; their documents in these companies are read once for all"""
        env = customers.env
        self.days = {company: ZoneInfo(company.partner_id.tz or DEFAULT_TIME_ZONE) for company in companies}
        self.terms = {company: customers.with_company(company) for company in companies}
        members = env["res.partner"].with_context(active_test=False)
        members = members.search([("commercial_partner_id", "in", customers.ids)])
        self.orders = env["sale.order"].search([("partner_id", "in", members.ids)])
        # Odoo keeps on an entry for whom it was posted, whatever becomes of the contact that it names.
        self.moves = env["account.move"].search(
            [("commercial_partner_id", "in", customers.ids), ("state", "=", "posted")]
        )
        self.payments = env["account.payment"].search([("move_id", "in", self.moves.ids)])
        lines = self.orders.order_line
        for records in (lines, lines.invoice_lines, lines.invoice_lines.move_id, self.moves.line_ids):
            records.mapped("create_date")  # and all their other columns at once
        lines.mapped("amount_to_invoice")
        lines.mapped("amount_invoiced")

    def figures(self, customer, company):
        """:return: {figure: value} of a customer in a company"""
        terms = self.terms[company] & customer
        orders = self.orders.filtered(
            lambda order: order.company_id == company and order.partner_id.commercial_partner_id == customer
        )
        moves = self.moves.filtered(lambda move: move.company_id == company and move.commercial_partner_id == customer)
        payments = self.payments.filtered(lambda payment: payment.move_id in moves)
        invoices = moves.filtered(lambda move: move.move_type == "out_invoice")
        notes = moves.filtered(lambda move: move.move_type == "out_refund")
        sold = orders.filtered(lambda order: order.state == "sale")
        authorized = sold.filtered(lambda order: order.customer_stage == "authorized")
        reserved = orders.filtered(lambda order: order.state in ("draft", "sent") and order.reserved_on)
        services = sold.order_line.filtered(lambda line: line.product_id.type == "service")
        uninvoiced = {order: self._uninvoiced(order) for order in authorized | reserved}
        today = self._day(datetime.now(UTC).replace(tzinfo=None), company)
        late = [o for o in authorized if (today - self._day(o.date_order, company)).days > terms.credit_days]
        found = {
            "invoiced_total": sum(invoices.mapped("amount_total_signed")),
            "invoice_balance": sum(invoices.mapped("amount_residual_signed")),
            "invoice_overdue": sum(self._overdue(move, today) for move in moves),
            "collected": sum(payments.mapped("amount_company_currency_signed")),
            "credit_note_balance": -sum(notes.mapped("amount_residual_signed")),
            "credit_note_applied": sum(note.amount_residual_signed - note.amount_total_signed for note in notes),
            "credit_note_unstamped_count": len(notes) if company.account_fiscal_country_id.code == "MX" else 0,
            "advance_balance": self._unmatched(payments) + sum(map(self._down_payments, orders)),
            "sold_authorized": sum(map(self._total, authorized)),
            "sold_reserved": sum(map(self._total, reserved)),
            "pending_sale_count": len(authorized | reserved),
            "average_sale": sum(map(self._total, sold)) / len(sold) if sold else 0.0,
            "services_sold": sum(line.price_subtotal / line.order_id.currency_rate for line in services),
            "last_sale_date": max(sold.mapped("date_order"), default=False),
            "first_sale_date": min(sold.mapped("date_order"), default=False),
            "uninvoiced_balance": sum(uninvoiced.values()),
            "uninvoiced_overdue": sum(uninvoiced[order] for order in late),
            "oldest_debt_date": self._oldest_debt(uninvoiced, invoices),
        }
        found["receivable_balance"] = found["invoice_balance"] + found["uninvoiced_balance"]
        found["overdue_balance"] = found["invoice_overdue"] + found["uninvoiced_overdue"]
        found["credit_available"] = terms.credit_limit - found["receivable_balance"]
        return found

    def _day(self, instant, company):
        return instant.replace(tzinfo=UTC).astimezone(self.days[company]).date()

    def _total(self, order):
        return order.amount_total / order.currency_rate

    def _uninvoiced(self, order):
        """What Odoo says is to be invoiced, less the down payments that were; an order never owes us."""
        left = 0.0
        for line in order.order_line:
            if line.is_downpayment:
                left -= line.amount_invoiced
            elif not (line.product_uom_qty > 0 and line.qty_invoiced_posted > line.product_uom_qty):
                left += line.amount_to_invoice
        return max(0.0, left) / order.currency_rate

    def _receivable(self, moves):
        return moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _overdue(self, move, today):
        return sum(
            line.amount_residual
            for line in self._receivable(move)
            if line.amount_residual > 0 and line.date_maturity and line.date_maturity < today
        )

    def _unmatched(self, payments):
        return -sum(min(0.0, line.amount_residual) for line in self._receivable(payments.move_id))

    def _down_payments(self, order):
        """What was collected of the invoices of down payments and is left after deductions and credit notes."""
        advances = 0.0
        for line in order.order_line.filtered(lambda line: line.is_downpayment and not line.display_type):
            left = collected = 0.0
            for item in line.invoice_lines.filtered(lambda item: item.parent_state == "posted"):
                move = item.move_id
                if not move.amount_total:
                    continue
                share = item.price_total / move.amount_total
                left += share * move.amount_total_signed
                if move.move_type == "out_invoice" and share > 0:
                    collected += share * (move.amount_total_signed - move.amount_residual_signed)
            advances += max(0.0, min(left, collected))
        return advances

    def _oldest_debt(self, uninvoiced, invoices):
        dates = [self._day(order.date_order, order.company_id) for order, left in uninvoiced.items() if left > NOTHING]
        for invoice in invoices:
            if any(line.amount_residual > 0 for line in self._receivable(invoice)):
                sales = invoice.line_ids.sale_line_ids.order_id.mapped("date_order")
                dates.append(min((self._day(at, invoice.company_id) for at in sales), default=invoice.invoice_date))
        return min(dates, default=False)
