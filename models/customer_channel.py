from odoo import api, fields, models
from odoo.exceptions import UserError


class CustomerChannel(models.Model):
    """Channel by which a customer buys: counter, field sales, distributor, web shop..."""

    _name = "customer.channel"
    _description = "Customer Channel"
    _order = "sequence, name, id"

    name = fields.Char(required=True, help="How salespeople call the channel, such as Counter or Distributors.")
    code = fields.Char(
        copy=False, help="Short key that integrations and reports use for the channel; no two channels share it."
    )
    sequence = fields.Integer(default=10, help="Order in lists: the lowest comes first.")
    active = fields.Boolean(
        default=True, help="An archived channel is no longer offered; the customers that have it keep it."
    )
    partner_ids = fields.One2many("res.partner", "channel_id", string="Customers", readonly=True)

    _code_unique = models.UniqueIndex("(code) WHERE code IS NOT NULL", "Another channel has this code already.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # With sudo: customers that the user does not see, and archived ones, keep it too.
        customers = self.env["res.partner"].sudo().with_context(active_test=False)
        used = customers.search([("channel_id", "in", self.ids)], limit=1).channel_id
        if used:
            raise UserError(
                self.env._(
                    "Channel: “%(name)s” is given to customers; archive it, and it is no longer offered.",
                    name=used.name,
                )
            )
