from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer (company)",
        store=True,
        index=True,
        help="The customer whose figures count this order: the company, when the order names one of its contacts.",
    )
