from odoo import api, fields, models, tools

MODULE = "l10n_mx_customer"
# Lines that the card shows; the rest is a click away.
LATEST = 20

# Fields of other modules that belong to the card, besides those that Odoo tracks for every contact (name, e-mail,
# phone, RFC, salesperson, address...). The card's own fields track themselves: see _get_card_tracked_fields.
CARD_FIELDS = (
    "active",
    "category_id",
    "comment",
    "company_id",
    "company_registry",
    "credit_limit",
    "function",
    "is_company",
    "lang",
    "property_account_position_id",
    "property_delivery_carrier_id",
    "property_payment_term_id",
    "property_product_pricelist",
    "ref",
    "website",
)
# What writes them is another field of the card.
WRITTEN_THROUGH = {"specific_property_product_pricelist": "property_product_pricelist"}
TRACKABLE_TYPES = frozenset(
    "boolean char date datetime float html integer many2many many2one monetary selection text".split()
)


class ResPartner(models.Model):
    """The card's two histories: of what happened with the customer, and of the changes of its data."""

    _inherit = "res.partner"

    customer_history_ids = fields.One2many(
        "customer.history",
        string="History",
        compute="_compute_customer_timelines",
        groups="l10n_mx_customer.group_customer_user",
        help="The latest that happened with the customer: documents, deals, payments.",
    )
    customer_change_ids = fields.One2many(
        "customer.change",
        string="Changes",
        compute="_compute_customer_timelines",
        groups="l10n_mx_customer.group_customer_user",
        help="The latest changes of the customer's data: who, when, and the value before and after.",
    )

    customer_activity_ids = fields.One2many(
        "mail.activity",
        string="Customer Activities",
        compute="_compute_customer_activity_ids",
        context={"active_test": False},
        groups="l10n_mx_customer.group_customer_user",
        help="Activities of the customer, its contacts, deals and documents: those to do, then the latest done ones.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_activity_ids(self):
        model = self.env["mail.activity"]
        activities = model._of_customers(self._origin.ids, LATEST)
        for partner in self:
            partner.customer_activity_ids = model.browse(activities.get(partner._origin.id))

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_timelines(self):
        for name in ("customer_history_ids", "customer_change_ids"):
            model = self.env[self._fields[name].comodel_name]
            lines = model._latest(self._origin.ids, LATEST)
            for partner in self:
                partner[name] = model.browse(lines.get(partner._origin.id))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        written = {WRITTEN_THROUGH.get(name, name) for name in vals} & self._get_card_tracked_fields()
        if written and not self.env.context.get("tracking_disable") and not self.env.context.get("mail_notrack"):
            self._track_prepare(written)
        return super().write(vals)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_view_history(self):
        """The whole history of a customer, by month.

        :return: a window action on ``customer.history``
        """
        return self._action_timeline("l10n_mx_customer.action_customer_history")

    def action_view_changes(self):
        """All changes of a customer's data.

        :return: a window action on ``customer.change``
        """
        return self._action_timeline("l10n_mx_customer.action_customer_change")

    def action_view_activities(self):
        """All activities of a customer, done ones included.

        :return: a window action on ``mail.activity``
        """
        return self._action_timeline("l10n_mx_customer.action_customer_activity", "customer_id")

    def _action_timeline(self, xmlid, path="partner_id"):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return action | {"domain": [(path, "=", self.commercial_partner_id.id)]}

    # ------------------------------------------------------------------
    # Tracking
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _get_card_tracked_fields(self):
        """Fields that are tracked because they are of a customer: {name}.

        A field of this module tracks itself when people write it: neither a figure nor a key has anything to tell.
        """
        own = {
            name
            for name, field in self._fields.items()
            if MODULE in field._modules and field.store and not (field.compute and field.readonly)
        }
        return frozenset(
            name
            for name in own.union(CARD_FIELDS)
            if name in self._fields
            and self._fields[name].type in TRACKABLE_TYPES
            and not getattr(self._fields[name], "tracking", None)
        )

    @api.model
    def _is_company_term(self, name):
        """Whether each company has its own value of a field."""
        field = self._fields[name]
        return field.company_dependent or "company" in self.pool.field_depends_context[field]

    @tools.ormcache("self.env.uid", "self.env.su")
    def _track_get_fields(self):
        card = self.fields_get(self._get_card_tracked_fields(), attributes=())
        return super()._track_get_fields() | set(card)

    def _track_prepare(self, fields_iter):
        card = self._get_card_tracked_fields()
        names = set(fields_iter)
        if fields_iter is self._fields:
            # Odoo asks for every tracked field at every write of any contact. The card's are read when they are
            # written, see write.
            names -= card
        if not names & card:
            return super()._track_prepare(names)
        customers = self.filtered(lambda partner: partner.customer_rank > 0 and not partner.parent_id)
        if customers:
            customers._track_one_company()
            super(ResPartner, customers)._track_prepare(names)
        return super(ResPartner, self - customers)._track_prepare(names - card)

    def _track_one_company(self):
        """Odoo compares at the end of the transaction, in the company of the first write: the terms that were written
        for another company would be compared with those of this one."""
        pending = self.env.cr.precommit.data
        key = f"{MODULE}.tracking_company"
        if pending.get(key, self.env.company.id) != self.env.company.id:
            self.with_company(pending[key])._track_finalize()
        pending[key] = self.env.company.id

    def _track_finalize(self):
        company_id = self.env.cr.precommit.data.pop(f"{MODULE}.tracking_company", None)
        return super(ResPartner, self.with_company(company_id))._track_finalize()
