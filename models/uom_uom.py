from odoo import fields, models


class UomUom(models.Model):
    _inherit = "uom.uom"

    cfdi_unit_code = fields.Char(
        string="SAT Unit Code",
        help="ClaveUnidad of the unit in CFDIs (SAT catalogue c_ClaveUnidad), such as H87 for a piece.",
    )
