from odoo import fields, models


class ResCompany(models.Model):
    """How a company hands its CFDIs to the customers."""

    _inherit = "res.company"

    cfdi_send_automatically = fields.Boolean(
        string="Send CFDIs by Themselves",
        default=True,
        help="Once a document is stamped, its XML and PDF leave by e-mail for the customer's invoice contacts. "
        "Turned off, they are attached to the document, and sent when somebody presses Send.",
    )
    cfdi_send_odoo_pdf = fields.Boolean(
        string="Send Odoo's Invoice Too",
        help="Send & Print attaches the PDF that Odoo prints of the invoice besides the XML and the PDF of its CFDI. "
        "Who sends an invoice can choose otherwise.",
    )
    cfdi_mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="E-mail of the CFDIs",
        domain=[("model", "=", "customer.cfdi")],
        help="Text of the e-mail that brings the XML and the PDF; without one, the addon's.",
    )
