from odoo import fields, models

from . import sat_catalogs


class ProductTemplate(models.Model):
    _inherit = "product.template"

    cfdi_tax_object = fields.Selection(
        selection=sat_catalogs.TAX_OBJECTS,
        string="Tax Object (SAT)",
        help="ObjetoImp of the product in CFDIs. Empty, it follows from the taxes of the line: 02 with taxes, 01 "
        "without. Choose one for what is subject to a tax and does not show it.",
    )
