from odoo import api, fields, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    """Exclusive products seen from the customer; what they mean is in ``product.template``."""

    _inherit = "res.partner"

    exclusive_product_tmpl_ids = fields.Many2many(
        comodel_name="product.template",
        relation="product_template_exclusive_partner_rel",
        column1="partner_id",
        column2="product_tmpl_id",
        string="Exclusive Products",
        context={"active_test": False},
        copy=False,
        groups="base.group_user",
        help="Goods and services that only this customer and its contacts may buy, unless other customers have them "
        "too. Whoever may change products adds and removes them.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last_exclusive_customer(self):
        """The row of the relation goes with the customer: its products would be open to everybody."""
        products = self.sudo().exclusive_product_tmpl_ids
        orphans = products.filtered(lambda product: product.exclusive_partner_ids <= self.sudo())
        if orphans:
            raise UserError(
                self.env._(
                    "These products are exclusive to the customers that you delete, and everybody could buy them "
                    "then: %(names)s. Take them off the customer or archive them first.",
                    names=", ".join(orphans[:10].mapped("display_name")),
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        if any(vals.get("exclusive_product_tmpl_ids") for vals in vals_list):
            partners._check_exclusive_products_change(self.env["product.template"])
        return partners

    def write(self, vals):
        if "exclusive_product_tmpl_ids" not in vals:
            return super().write(vals)
        before = {partner: partner.exclusive_product_tmpl_ids for partner in self.sudo()}
        result = super().write(vals)
        for partner, products in before.items():
            partner.with_env(self.env)._check_exclusive_products_change(products)
        return result

    def _check_exclusive_products_change(self, before):
        """Hold a change made from the customer's side to what would hold it on the product's.

        :param before: the exclusive products that self had; those taken off count too, what was closed is opened
        :raise AccessError: for who may not change those products
        :raise ValidationError: a product that cannot be exclusive to self
        """
        after = self.sudo().exclusive_product_tmpl_ids
        changed = (before | after) - (before & after)
        if changed:
            self.env["product.template"].check_access("write")
            changed.with_env(self.env).check_access("write")
            (changed & after)._check_exclusive_partners()
