from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError


class ResPartner(models.Model):
    """The customer's access to the store, and the quotation that its quick sales start from."""

    _inherit = "res.partner"

    default_cart_id = fields.Many2one(
        comodel_name="sale.order",
        string="Default Cart (POS)",
        company_dependent=True,
        copy=False,
        domain="[('partner_id', 'child_of', id), ('state', 'in', ('draft', 'sent'))]",
        help="A quotation of the customer with what it usually buys. “New Sale from Cart” makes a new quotation of the "
        "same products and quantities, at the customer's prices of today. One for each company.",
    )

    @api.constrains("default_cart_id")
    def _check_default_cart(self):
        for partner in self:
            cart = partner.default_cart_id.sudo()
            if not cart:
                continue
            if cart.partner_id.commercial_partner_id != partner.commercial_partner_id:
                reason = self.env._("it belongs to %(owner)s", owner=cart.partner_id.display_name)
            elif cart.state not in ("draft", "sent"):
                reason = self.env._("it is not a quotation any more")
            elif cart.company_id != self.env.company:
                reason = self.env._("it belongs to the company %(company)s", company=cart.company_id.name)
            else:
                continue
            raise ValidationError(
                self.env._(
                    "Default Cart (POS): “%(value)s” cannot be the cart of %(name)s, because %(reason)s; "
                    "a quotation of the customer in this company is expected.",
                    value=cart.name,
                    name=partner.display_name,
                    reason=reason,
                )
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_change_store_password(self):
        """Open the wizard that sets the password of the customer's portal user.

        Over RPC, create a ``customer.store.password`` with ``partner_id`` and ``password`` instead.

        :return: the wizard's window action
        :raise UserError: neither the customer nor its contacts have a portal user
        """
        self.ensure_one()
        customer = self.commercial_partner_id
        customer.check_access("write")
        if not customer._get_store_users():
            message = self.env._(
                "Change Store Password: %(name)s has no portal user yet; grant portal access to the customer "
                "or to one of its contacts first.",
                name=customer.display_name,
            )
            if not self.env.user.has_group("base.group_partner_manager"):
                raise UserError(message)
            raise RedirectWarning(
                message,
                self.env.ref("portal.partner_wizard_action_create_and_open").id,
                self.env._("Grant Portal Access"),
                {"active_model": "res.partner", "active_ids": customer.ids, "active_id": customer.id},
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_store_password")
        action["context"] = {"default_partner_id": customer.id}
        return action

    def action_new_sale_from_cart(self):
        """Make a new quotation from the customer's default cart, at the prices of today.

        Sections, notes, products, quantities and units are the cart's; prices, discounts and taxes are computed anew
        for the customer. Products that are archived or not sold any more are left out: a note on the quotation tells.

        :return: the window action of the new quotation, its id in ``res_id``
        :raise UserError: there is no cart, or nothing of it can be sold
        """
        self.ensure_one()
        customer = self.commercial_partner_id
        if not customer.default_cart_id:
            raise UserError(
                self.env._(
                    "Default Cart (POS): %(name)s has none; choose one of its quotations on its card first.",
                    name=customer.display_name,
                )
            )
        order = customer.default_cart_id._copy_as_cart(customer)
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": order.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_store_users(self):
        """The portal users of these customers and of their contacts, as far as the current user sees them."""
        return self.env["res.users"].search(
            [
                ("share", "=", True),
                ("partner_id", "child_of", self.commercial_partner_id.ids),
                ("all_group_ids", "in", self.env.ref("base.group_portal").ids),
            ],
            order="id",
        )
