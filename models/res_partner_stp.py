from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    """The account of the customer in STP (Sistema de Transferencias y Pagos), by which its transfers are recognised."""

    _inherit = "res.partner"

    stp_account_id = fields.Many2one(
        comodel_name="res.partner.bank",
        string="STP Account",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        domain="[('partner_id', '=', id)]",
        groups="base.group_user",
        help="CLABE of this customer in STP: a transfer that arrives with it is a payment of this customer. It is one "
        "of the customer's bank accounts, with a CLABE of 18 digits.",
    )

    @api.constrains("stp_account_id")
    def _check_stp_account_id(self):
        # As the system: whose account it is decides, not who may see it.
        for partner in self.sudo():
            account = partner.stp_account_id
            if not account:
                continue
            names = {"value": account.acc_number, "name": partner.display_name}
            if account.partner_id.commercial_partner_id != partner.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "STP Account: “%(value)s” is not an account of %(name)s; one of the customer's own bank "
                        "accounts is expected.",
                        **names,
                    )
                )
            if not account._valid_clabe():
                raise ValidationError(
                    self.env._(
                        "STP Account: “%(value)s” of %(name)s has no valid CLABE; an account with a CLABE of 18 "
                        "digits, the last of which checks the others, is expected.",
                        **names,
                    )
                )
            if not account.active:
                raise ValidationError(
                    self.env._(
                        "STP Account: “%(value)s” of %(name)s is archived; an account in use, or none, is expected.",
                        **names,
                    )
                )
