from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    customer_credit_gate = fields.Boolean(related="company_id.customer_credit_gate", readonly=False)
    customer_credit_gate_invoices = fields.Boolean(related="company_id.customer_credit_gate_invoices", readonly=False)
    customer_zero_limit = fields.Selection(related="company_id.customer_zero_limit", readonly=False, required=True)
    customer_reservation_days = fields.Integer(related="company_id.customer_reservation_days", readonly=False)
    customer_reservation_stock = fields.Boolean(related="company_id.customer_reservation_stock", readonly=False)
    customer_has_stock = fields.Boolean(string="Inventory Installed", compute="_compute_customer_has_stock")
    customer_delivery_recorded = fields.Boolean(related="company_id.customer_delivery_recorded", readonly=False)

    @api.depends("company_id")
    def _compute_customer_has_stock(self):
        self.customer_has_stock = self.env["sale.order"]._has_stock()
