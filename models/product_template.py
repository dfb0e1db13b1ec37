from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    _inherit = "product.template"

    cfdi_product_code = fields.Char(
        string="SAT Product Code",
        help="ClaveProdServ of the product in CFDIs, eight digits (SAT catalogue c_ClaveProdServ).",
    )

    @api.constrains("cfdi_product_code")
    def _check_cfdi_product_code(self):
        for product in self:
            code = product.cfdi_product_code
            if code and not (len(code) == 8 and code.isascii() and code.isdigit()):
                raise ValidationError(
                    self.env._(
                        "SAT Product Code: “%(value)s” of %(name)s is not valid; eight digits of the catalogue "
                        "c_ClaveProdServ are expected, such as 43211503.",
                        value=code,
                        name=product.display_name,
                    )
                )
