from odoo import api, fields, models

PPD_RULES = [
    ("customer", "The customer's payment method"),
    ("month", "PPD when it is due after the month of the invoice"),
    ("due", "PPD when it is due after the date of the invoice"),
]


class ResCompany(models.Model):
    """What the CFDIs of a company say by default."""

    _inherit = "res.company"

    cfdi_ppd_rule = fields.Selection(
        selection=PPD_RULES,
        string="PUE or PPD",
        default="customer",
        required=True,
        help="What decides the payment method of an invoice (MetodoPago). PUE may be said of what will be paid in the "
        "month of the invoice; what is paid later is PPD, and each payment gets a receipt (complemento de pago). With "
        "the customer's payment method, the month decides for those who have none.",
    )
    cfdi_line_product_code = fields.Char(
        string="SAT Product Code of Lines without Product",
        help="ClaveProdServ of invoice lines that have no product and no code of their own, and of the rounding to "
        "coins.",
    )
    cfdi_line_unit_code = fields.Char(
        string="SAT Unit Code of Lines without Product",
        help="ClaveUnidad of invoice lines that have no product and no unit, such as E48 for services.",
    )

    @api.constrains("cfdi_line_product_code", "cfdi_line_unit_code")
    def _check_cfdi_line_codes(self):
        for company in self:
            self.env["account.move.line"]._check_sat_codes(
                company.cfdi_line_product_code, company.cfdi_line_unit_code, company.name
            )
