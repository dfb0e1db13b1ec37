from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

# How many customers an error message names.
NAMED_OWNERS = 3


class ProductTemplate(models.Model):
    """Exclusive products: goods and services that only some customers, and their contacts, may buy.

    One place decides, ``_exclusive_domain`` for searches and ``_check_exclusive`` for records; orders, invoices, the
    selection of a product, the shop and the point of sale ask it. A product that nobody claims is for everybody.
    """

    _inherit = "product.template"

    # Archived customers keep what is theirs: their products must not open to everybody.
    exclusive_partner_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="product_template_exclusive_partner_rel",
        column1="product_tmpl_id",
        column2="partner_id",
        string="Exclusive to",
        context={"active_test": False},
        copy=False,
        groups="base.group_user",
        help="Customers who may buy this product; their contacts may too, and nobody else, neither in quotations and "
        "invoices nor in the shop. Leave it empty for a product that everybody can buy.",
    )
    is_exclusive = fields.Boolean(
        string="Exclusive",
        compute="_compute_is_exclusive",
        search="_search_is_exclusive",
        groups="base.group_user",
        help="Only some customers may buy this product.",
    )
    exclusive_allowed = fields.Boolean(
        string="Allowed to the Customer",
        compute="_compute_exclusive_allowed",
        search="_search_exclusive_allowed",
        help="Whether the customer at hand may buy this product: portal and shop users see it for themselves, "
        "employees for the customer of the order or invoice that they are filling in.",
    )

    @api.constrains("company_id", "exclusive_partner_ids")
    def _check_exclusive_partners(self):
        for product in self.sudo():
            for partner in product.exclusive_partner_ids:
                if partner.commercial_partner_id != partner:
                    raise ValidationError(
                        self.env._(
                            "Exclusive to: “%(value)s” of %(name)s is a contact; its company %(company)s is "
                            "expected, whose contacts may buy the product too.",
                            value=partner.display_name,
                            name=product.display_name,
                            company=partner.commercial_partner_id.display_name,
                        )
                    )
                companies = product.company_id | partner.company_id
                if len(companies.root_id) > 1:
                    raise ValidationError(
                        self.env._(
                            "Exclusive to: “%(value)s” is a customer of %(partner_company)s and %(name)s a product of "
                            "%(product_company)s; a customer of that company, or of all, is expected.",
                            value=partner.display_name,
                            partner_company=partner.company_id.display_name,
                            name=product.display_name,
                            product_company=product.company_id.display_name,
                        )
                    )

    @api.depends("exclusive_partner_ids")
    def _compute_is_exclusive(self):
        for product in self:
            product.is_exclusive = bool(product.sudo().exclusive_partner_ids)

    def _search_is_exclusive(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("exclusive_partner_ids", "!=" if True in value else "=", False)

    @api.depends("exclusive_partner_ids.commercial_partner_id")
    @api.depends_context("uid", "partner_id")
    def _compute_exclusive_allowed(self):
        buyer = self._exclusive_buyer()
        blocked = self._exclusive_blocked(buyer) if buyer is not None else self.browse()
        for product in self:
            product.exclusive_allowed = product not in blocked

    def _search_exclusive_allowed(self, operator, value):
        if operator != "in":
            return NotImplemented
        buyer = self._exclusive_buyer()
        allowed = Domain.TRUE if buyer is None else self._exclusive_domain(buyer)
        return allowed if True in value else ~allowed

    @api.model
    def _exclusive_buyer(self):
        """For whom products are being looked up.

        :return: the customer, maybe an empty recordset (somebody unknown); None for an employee who looks at products
            outside an order
        """
        user = self.env.user
        if user.share:
            # Whatever the context claims: it comes with the request.
            return user.sudo().partner_id.commercial_partner_id
        partner_id = self.env.context.get("partner_id")
        if not isinstance(partner_id, int) or isinstance(partner_id, bool) or not partner_id:
            return None
        return self.env["res.partner"].sudo().browse(partner_id).exists().commercial_partner_id

    @api.model
    def _exclusive_domain(self, partner):
        """Domain of the products that a customer may buy, as far as exclusivity is concerned.

        :param partner: res.partner, a customer or one of its contacts; empty for somebody unknown
        """
        # Exclusive products are few: what is excluded is the small set. With sudo, and by id: who may not see other
        # customers is held to the same rule, and learns nothing of whom a product belongs to.
        exclusive = Domain("exclusive_partner_ids", "!=", False)
        own = Domain("exclusive_partner_ids.commercial_partner_id", "in", partner.sudo().commercial_partner_id.ids)
        others = self.env["product.template"].sudo().with_context(active_test=False)._search(exclusive & ~own)
        return Domain("id", "not in", others)

    def _exclusive_blocked(self, partner):
        """The products in self that a customer may not buy.

        :param partner: as in ``_exclusive_domain``
        """
        exclusive = self.sudo()._filter_exclusive()
        if not exclusive:
            return self.browse()
        buyer = partner.sudo().commercial_partner_id
        blocked = exclusive.filtered(
            lambda product: (
                product.exclusive_partner_ids and buyer not in product.exclusive_partner_ids.commercial_partner_id
            )
        )
        return blocked.with_env(self.env)

    def _filter_exclusive(self):
        """Those that belong to somebody. Every sale asks for its products, hardly any of which do: their customers are
        not read."""
        self.env["product.template"].flush_model(["exclusive_partner_ids"])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT product_tmpl_id FROM product_template_exclusive_partner_rel"
                " WHERE product_tmpl_id = ANY(%s)",
                list(self._origin._ids),
            )
        )
        ids = {id_ for [id_] in rows}
        return self.filtered(lambda product: not product.id or product.id in ids)

    def _check_exclusive(self, partner):
        """Raise a ValidationError unless a customer may buy all the products in self; see ``_exclusive_blocked``."""
        blocked = self._exclusive_blocked(partner)
        if blocked:
            raise ValidationError("\n".join(product._exclusive_message(partner) for product in blocked[:10]))

    def _exclusive_message(self, partner):
        self.ensure_one()
        product = self.sudo()
        if self.env.user.share:
            # Who buys what is not for other customers to read.
            return self.env._(
                "Product: “%(product)s” is not available to %(customer)s.",
                product=product.display_name,
                customer=partner.sudo().display_name,
            )
        return self.env._(
            "Product: “%(product)s” is exclusive to %(owners)s and cannot be sold to %(customer)s.",
            product=product.display_name,
            owners=self._exclusive_owner_names(),
            customer=partner.sudo().display_name or self.env._("a document without a customer"),
        )

    def _exclusive_owner_names(self):
        """The first customers whose product it is, as far as the user may see them, and how many more."""
        owners = self.sudo().exclusive_partner_ids
        # Constraints run with sudo: the user's own rights decide what a message tells.
        visible = owners.sudo(False)._filtered_access("read").sudo()[:NAMED_OWNERS]
        if not visible:
            return self.env._("%(count)s other customers", count=len(owners))
        names = ", ".join(visible.mapped("display_name"))
        if len(owners) > len(visible):
            return self.env._("%(names)s and %(count)s more", names=names, count=len(owners) - len(visible))
        return names

    # ------------------------------------------------------------------
    # Point of sale
    # ------------------------------------------------------------------

    def _load_product_with_domain(self, domain, *args, **kwargs):
        # Called by point_of_sale alone, where it is installed. A till offers its products before anybody knows who
        # buys: exclusive ones are sold there by paying their customer's order, which loads them by itself.
        return super()._load_product_with_domain(
            Domain(domain) & Domain("exclusive_partner_ids", "=", False), *args, **kwargs
        )
