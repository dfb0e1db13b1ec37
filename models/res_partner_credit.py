from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    """Credit that the company grants to a customer. ``credit_limit`` is Odoo's own field."""

    _inherit = "res.partner"

    credit_days = fields.Integer(
        company_dependent=True,
        help="Days that the customer has to pay a sale in this company; 0 is cash only.",
    )

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ["credit_days"]

    @api.constrains("credit_days")
    def _check_credit_days(self):
        for partner in self:
            if partner.credit_days < 0:
                raise ValidationError(
                    self.env._(
                        "Credit Days: “%(value)s” of %(name)s is not valid; zero or more days are expected.",
                        value=partner.credit_days,
                        name=partner.display_name,
                    )
                )

    @api.constrains("credit_limit")
    def _check_credit_limit(self):
        for partner in self.sudo():
            if partner.credit_limit < 0:
                raise ValidationError(
                    self.env._(
                        "Credit Limit: “%(value)s” of %(name)s is not valid; zero or more is expected.",
                        value=partner.credit_limit,
                        name=partner.display_name,
                    )
                )
