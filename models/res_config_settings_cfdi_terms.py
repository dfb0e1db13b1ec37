from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cfdi_ppd_rule = fields.Selection(related="company_id.cfdi_ppd_rule", readonly=False, required=True)
    cfdi_line_product_code = fields.Char(related="company_id.cfdi_line_product_code", readonly=False)
    cfdi_line_unit_code = fields.Char(related="company_id.cfdi_line_unit_code", readonly=False)
