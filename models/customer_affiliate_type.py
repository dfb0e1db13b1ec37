from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class CustomerAffiliateType(models.Model):
    """Kind of affiliate: what those who bring customers are paid unless something else was agreed with them."""

    _name = "customer.affiliate.type"
    _description = "Affiliate Type"
    _order = "name, id"

    name = fields.Char(required=True, help="Such as Distributor, Customer who recommends, or External promoter.")
    rate = fields.Float(
        string="Default Commission",
        digits=(5, 2),
        help="Percentage, 0 to 100, that a customer gets when it is given this type. Changing it later leaves the "
        "customers who already have it as they are.",
    )
    active = fields.Boolean(
        default=True, help="An archived type is no longer offered; the customers that have it keep it."
    )

    @api.constrains("rate")
    def _check_rate(self):
        for kind in self:
            if not 0 <= kind.rate <= 100:
                raise ValidationError(
                    self.env._(
                        "Default Commission: “%(value)s” of %(name)s is not valid; "
                        "a percentage from 0 to 100 is expected.",
                        value=kind.rate,
                        name=kind.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # With sudo: customers that the user does not see, and archived ones, keep it too.
        customers = self.env["res.partner"].sudo().with_context(active_test=False)
        used = customers.search([("affiliate_type_id", "in", self.ids)], limit=1).affiliate_type_id
        if used:
            raise UserError(
                self.env._(
                    "Affiliate Type: “%(name)s” is given to customers; archive it, and it is no longer offered.",
                    name=used.name,
                )
            )
