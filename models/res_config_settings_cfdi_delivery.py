from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    cfdi_send_automatically = fields.Boolean(related="company_id.cfdi_send_automatically", readonly=False)
    cfdi_send_odoo_pdf = fields.Boolean(related="company_id.cfdi_send_odoo_pdf", readonly=False)
    cfdi_mail_template_id = fields.Many2one(related="company_id.cfdi_mail_template_id", readonly=False)
