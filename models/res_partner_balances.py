from odoo import api, fields, models

from .customer_figure_fields import Figure

sales = Figure("sales")


class ResPartner(models.Model):
    """Balances, sales and credit of a customer."""

    _inherit = "res.partner"

    # The documents that the figures depend on: they give the ORM its triggers. Nobody reads them: whoever reads all
    # the fields of a customer must neither wait for its thousands of rows nor need rights on them.
    customer_order_ids = fields.One2many("sale.order", "commercial_partner_id", groups=fields.NO_ACCESS)
    customer_line_ids = fields.One2many("account.move.line", "partner_id", groups=fields.NO_ACCESS)

    # The first one: what depends on it (credit_light) changes in the moment that a document does.
    receivable_balance = sales.amount(
        string="Receivable",
        help="Everything that the customer owes: the invoice balance and the uninvoiced part of the sales.",
    )
    advance_balance = sales.amount(
        string="Advance Payments",
        help="What the customer paid and no document has used up: receipts not matched to an invoice, and down "
        "payments invoiced and collected that no final invoice has deducted yet.",
    )
    credit_note_balance = sales.amount(
        string="Credit Notes to Apply",
        help="What is left of the posted credit notes: it can still be applied to invoices, or paid back.",
    )
    sold_authorized = sales.amount(
        string="Authorized Sales",
        help="Total, taxes included, of the sales in Authorized: confirmed, and something is still to be delivered, "
        "invoiced or collected.",
    )
    sold_reserved = sales.amount(
        string="Reserved Sales",
        help="Total, taxes included, of the quotations set aside for the customer.",
    )
    collected = sales.amount(
        string="Collected",
        help="What was received from the customer, less what was paid back.",
    )
    credit_note_applied = sales.amount(
        string="Credit Notes Applied",
        help="Part of the posted credit notes that has been matched to invoices or paid back.",
    )
    invoiced_total = sales.amount(
        string="Invoiced",
        help="Total of the posted customer invoices, taxes included.",
    )
    average_sale = sales.amount(
        string="Average Sale",
        help="Mean total, taxes included, of the authorized and completed sales.",
    )
    pending_sale_count = sales.count(
        string="Pending Sales",
        help="How many sales are reserved or authorized: not yet delivered, invoiced and collected in full.",
    )
    overdue_balance = sales.amount(
        string="Overdue Receivable",
        help="What the customer should have paid by now, invoiced or not.",
    )
    invoice_balance = sales.amount(
        string="Invoice Balance",
        help="What is left to collect of the posted customer invoices.",
    )
    oldest_debt_date = sales.date(
        string="Oldest Debt",
        help="Date of the oldest sale, or invoice without a sale, of which something is left to collect.",
    )
    credit_available = sales.amount(
        string="Available Credit",
        help="Credit limit less what the customer owes; negative when the limit is exceeded.",
    )
    services_sold = sales.amount(
        string="Services Sold",
        help="Services in the authorized and completed sales, before taxes.",
    )
    last_sale_date = sales.datetime(
        string="Last Sale Date",
        help="Confirmation date of the customer's latest sale.",
    )
    first_sale_date = sales.datetime(
        string="First Sale Date",
        help="Confirmation date of the customer's first sale.",
    )
    credit_note_unstamped_count = sales.count(
        string="Credit Notes to Stamp",
        help="Posted credit notes that have no stamped CFDI yet.",
    )
    # Parts of the above that the card shows too.
    uninvoiced_balance = sales.amount(
        string="Uninvoiced Balance",
        help="Part of the reserved and authorized sales that no posted invoice covers yet, taxes included.",
    )
    uninvoiced_overdue = sales.amount(
        string="Uninvoiced Overdue",
        help="Part of the uninvoiced balance whose sale is older than the customer's credit days.",
    )
    invoice_overdue = sales.amount(
        string="Invoice Overdue",
        help="What is left to collect of receivables past their due date.",
    )

    @api.depends(
        "credit_days",
        "credit_limit",
        "customer_line_ids.account_id",
        "customer_line_ids.amount_residual",
        "customer_line_ids.balance",
        "customer_line_ids.date_maturity",
        "customer_line_ids.move_id.cfdi_state",
        "customer_line_ids.parent_state",
        "customer_line_ids.partner_id",
        "customer_order_ids.amount_total",
        "customer_order_ids.commercial_partner_id",
        "customer_order_ids.company_id",
        "customer_order_ids.currency_rate",
        "customer_order_ids.customer_stage",
        "customer_order_ids.date_order",
        "customer_order_ids.order_line.invoice_lines.parent_state",
        "customer_order_ids.order_line.invoice_lines.price_total",
        "customer_order_ids.order_line.invoice_lines.quantity",
        "customer_order_ids.order_line.price_total",
        "customer_order_ids.order_line.product_uom_qty",
    )
    def _compute_sales_figures(self):
        self._compute_figures("sales")
