from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class ResPartner(models.Model):
    """Referrals: who brought a customer, and what a customer gets for those it brings."""

    _inherit = "res.partner"

    affiliate_type_id = fields.Many2one(
        comodel_name="customer.affiliate.type",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="Which kind of affiliate the customer is when it recommends us. It proposes the referral commission.",
    )
    referral_rate = fields.Float(
        string="% Referral Commission",
        digits=(5, 2),
        groups="base.group_user",
        help="Percentage, 0 to 100, of what the customers it refers pay that this customer gets. Giving it an "
        "affiliate type sets the rate of the type; what is agreed with it can be written over that.",
    )
    referred_by_id = fields.Many2one(
        comodel_name="res.partner",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        domain="[('customer_rank', '>', 0), ('parent_id', '=', False), ('id', '!=', id)]",
        groups="base.group_user",
        help="The customer who recommended us to this one and gets its referral commission.",
    )

    @api.constrains("referral_rate")
    def _check_referral_rate(self):
        for partner in self:
            if not 0 <= partner.referral_rate <= 100:
                raise ValidationError(
                    self.env._(
                        "%% Referral Commission: “%(value)s” of %(name)s is not valid; "
                        "a percentage from 0 to 100 is expected.",
                        value=partner.referral_rate,
                        name=partner.display_name,
                    )
                )

    @api.constrains("referred_by_id")
    def _check_referred_by(self):
        referred = self.filtered("referred_by_id")
        for partner in referred:
            # With sudo: the rule holds for referrers that the user does not see too.
            referrer = partner.sudo().referred_by_id
            if referrer == partner:
                raise ValidationError(
                    self.env._(
                        "Referred By: %(name)s cannot refer itself; another customer is expected.",
                        name=partner.display_name,
                    )
                )
            if referrer.customer_rank <= 0:
                raise ValidationError(
                    self.env._(
                        "Referred By: “%(value)s” of %(name)s is not a customer; a customer is expected.",
                        value=referrer.display_name,
                        name=partner.display_name,
                    )
                )
        if referred._has_cycle("referred_by_id"):
            partner = next(partner for partner in referred if partner._has_cycle("referred_by_id"))
            raise ValidationError(
                self.env._(
                    "Referred By: “%(value)s” was itself referred, directly or through others, by %(name)s; "
                    "a customer that it did not bring is expected.",
                    value=partner.sudo().referred_by_id.display_name,
                    name=partner.display_name,
                )
            )

    @api.onchange("affiliate_type_id")
    def _onchange_affiliate_type_id(self):
        if self.affiliate_type_id:
            self.referral_rate = self.affiliate_type_id.rate

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(self._prepare_referral_vals(vals_list))

    def write(self, vals):
        (vals,) = self._prepare_referral_vals([vals])
        if vals.get("referred_by_id"):
            self._lock_referrers(vals["referred_by_id"])
        return super().write(vals)

    @api.model
    def _prepare_referral_vals(self, vals_list):
        """Give the rate of the affiliate type where none is given, and the company where a contact referred."""
        types = {
            vals["affiliate_type_id"]
            for vals in vals_list
            if vals.get("affiliate_type_id") and "referral_rate" not in vals
        }
        referrers = {vals["referred_by_id"] for vals in vals_list if vals.get("referred_by_id")}
        if not types and not referrers:
            return vals_list
        rates = {kind.id: kind.rate for kind in self.env["customer.affiliate.type"].browse(types)}
        companies = {partner.id: partner.commercial_partner_id.id for partner in self.browse(referrers)}
        return [
            {
                **vals,
                **(
                    {"referral_rate": rates[vals["affiliate_type_id"]]}
                    if vals.get("affiliate_type_id") and "referral_rate" not in vals
                    else {}
                ),
                **({"referred_by_id": companies[vals["referred_by_id"]]} if vals.get("referred_by_id") else {}),
            }
            for vals in vals_list
        ]

    @api.model
    def _lock_referrers(self, referrer_id):
        """Keep a referrer, and those who referred it, from being given another referrer until this transaction ends.

        Two transactions, one saying that A referred B and the other that B referred A, would each see no cycle. With
        these locks one of them waits for the other, or fails and is run again by the server, and then sees it. A new
        customer has brought nobody, so creating one needs none of this.
        """
        self.flush_model(["referred_by_id"])
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE chain(id) AS (
                    SELECT %s::int
                     UNION
                    SELECT partner.referred_by_id
                      FROM res_partner partner
                      JOIN chain ON chain.id = partner.id
                     WHERE partner.referred_by_id IS NOT NULL
                )
                SELECT id FROM res_partner WHERE id IN (SELECT id FROM chain) ORDER BY id FOR SHARE
                """,
                referrer_id,
            )
        )
