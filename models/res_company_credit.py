from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

ZERO_LIMITS = [("unlimited", "Without limit"), ("cash", "Cash only")]


class ResCompany(models.Model):
    """How a company sets sales aside and how it holds its customers to their credit."""

    _inherit = "res.company"

    customer_credit_gate = fields.Boolean(
        string="Credit Gate",
        default=True,
        help="Sales on credit to who owes something overdue, or beyond the credit limit, are neither set aside nor "
        "confirmed unless a credit manager authorizes them. A company that was selling already when the gate was "
        "installed starts without it: turn it on when limits and balances are right.",
    )
    customer_credit_gate_invoices = fields.Boolean(
        string="Invoices without a Sale Pass the Gate",
        help="What an invoice has that comes from no sales order passes the gate too when it is posted. Invoices of "
        "sales orders never do: their orders did.",
    )
    customer_zero_limit = fields.Selection(
        selection=ZERO_LIMITS,
        string="A Credit Limit of 0 Means",
        default="unlimited",
        required=True,
        help="Without limit, as in Odoo: a customer whose limit nobody has set may buy on credit. Cash only: who has "
        "no limit has no credit.",
    )
    customer_reservation_days = fields.Integer(
        string="Days Set Aside",
        default=7,
        help="Days that a quotation stays set aside (Apartado) when nobody says another date. A daily job releases it "
        "after its last day.",
    )
    customer_reservation_stock = fields.Boolean(
        string="Set Aside the Stock Too",
        help="A quotation that is set aside holds what is on hand of its goods, so that no other order takes it, until "
        "it is confirmed, released or its days are over. What is not on hand does not keep it from being set aside: a "
        "note says so.",
    )
    customer_delivery_recorded = fields.Boolean(
        string="Deliveries Are Recorded",
        default=True,
        help="A sale is complete when its goods are delivered. Turn it off where nobody writes the delivered "
        "quantities (a company without inventory): goods then count as delivered with their invoice.",
    )

    @api.constrains("customer_reservation_days")
    def _check_customer_reservation_days(self):
        for company in self:
            if company.customer_reservation_days < 0:
                raise ValidationError(
                    self.env._(
                        "Days Set Aside: “%(value)s” of %(name)s is not valid; zero or more days are expected.",
                        value=company.customer_reservation_days,
                        name=company.name,
                    )
                )

    def write(self, vals):
        companies = self.filtered(
            lambda company: (
                "customer_delivery_recorded" in vals
                and company.customer_delivery_recorded != vals["customer_delivery_recorded"]
            )
        )
        result = super().write(vals)
        if companies:
            # Sudo: whoever changes the setting need not see every sale.
            orders = self.env["sale.order"].sudo()
            found = orders.search([("company_id", "in", companies.ids), ("state", "=", "sale")])
            self.env.add_to_compute(orders._fields["customer_stage"], found)
        return result

    def _init_column(self, column_name):
        """Installing stops nobody's sales: a company that has sold already starts without the gate."""
        if column_name != "customer_credit_gate":
            super()._init_column(column_name)
            return
        self.env.cr.execute(
            SQL(
                "UPDATE res_company company SET customer_credit_gate = NOT EXISTS ("
                "SELECT FROM sale_order so WHERE so.company_id = company.id AND so.state = 'sale')"
            )
        )
