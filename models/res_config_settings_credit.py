from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    customer_credit_gate = fields.Boolean(related="company_id.customer_credit_gate", readonly=False)
    customer_credit_gate_invoices = fields.Boolean(related="company_id.customer_credit_gate_invoices", readonly=False)
    customer_zero_limit = fields.Selection(related="company_id.customer_zero_limit", readonly=False, required=True)
    customer_reservation_days = fields.Integer(related="company_id.customer_reservation_days", readonly=False)
    customer_delivery_recorded = fields.Boolean(related="company_id.customer_delivery_recorded", readonly=False)
