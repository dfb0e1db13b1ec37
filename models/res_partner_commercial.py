from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

# Operators with which people look a customer up by its name, number, RFC... or card. Not “=”: an import that names a
# customer exactly must not find another one whose card happens to be called so.
LOOKUP_OPERATORS = frozenset({"ilike", "like", "not ilike", "not like"})

CAMPAIGN_FIELDS = ("campaign_id", "medium_id", "source_id")


class ResPartner(models.Model):
    """How a customer is classified, where it came from, and the card that identifies it at the counter."""

    _inherit = "res.partner"

    customer_class = fields.Selection(
        selection=[("wholesale", "Wholesale"), ("retail", "Retail")],
        groups="base.group_user",
        help="Whether the customer buys to sell again, in quantity, or for its own use. It groups reports and lists "
        "and can decide price lists and promotions.",
    )
    credit_kind = fields.Selection(
        selection=[("credit", "On Credit"), ("cash", "Cash")],
        string="Credit or Cash",
        compute="_compute_credit_kind",
        search="_search_credit_kind",
        groups="base.group_user",
        help="On credit when the customer has credit days in this company; with zero days it pays in cash. "
        "It follows the credit days and is not filled in by hand.",
    )
    channel_id = fields.Many2one(
        comodel_name="customer.channel",
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_user",
        help="By which channel the customer buys, such as counter, field sales or distributors. Administrators keep "
        "the list in Customers / Configuration.",
    )
    campaign_notes = fields.Text(
        string="Campaign Data",
        copy=False,
        groups="base.group_user",
        help="What is known of the campaign that brought the customer: advertisement, fair, coupon, what it asked for. "
        "Free text beside the campaign, medium and source.",
    )
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups="base.group_user",
        help="Marketing campaign that brought the customer. A converted lead passes on its own.",
    )
    medium_id = fields.Many2one(
        comodel_name="utm.medium",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups="base.group_user",
        help="How the campaign reached the customer: e-mail, telephone, advertisement. A converted lead passes on "
        "its own.",
    )
    source_id = fields.Many2one(
        comodel_name="utm.source",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups="base.group_user",
        help="Where the customer came from: a search engine, a social network, a fair. A converted lead passes on "
        "its own.",
    )
    points_card_code = fields.Char(
        string="Points Card",
        copy=False,
        help="Code of the loyalty card that the customer shows at the counter, as the reader gives it. No two "
        "customers share it, and it finds the customer wherever one is searched.",
    )

    # The concurrent case; the error that names the other customer is in ``_check_points_cards``.
    _points_card_unique = models.UniqueIndex(
        "(points_card_code) WHERE points_card_code IS NOT NULL",
        "Points Card: another customer has this card already; a card belongs to one customer.",
    )

    @api.depends("credit_days")
    @api.depends_context("company")
    def _compute_credit_kind(self):
        for partner in self:
            partner.credit_kind = "credit" if partner.credit_days > 0 else "cash"

    def _search_credit_kind(self, operator, value):
        if operator != "in":
            return NotImplemented
        credit, cash = Domain("credit_days", ">", 0), ~Domain("credit_days", ">", 0)
        return Domain.OR(domain for kind, domain in (("credit", credit), ("cash", cash)) if kind in value)

    def _read_group_groupby(self, alias, groupby_spec, query):
        # Computed from a company's credit days, which a stored copy would have to follow in every company.
        if groupby_spec == "credit_kind":
            self._check_field_access(self._fields["credit_kind"], "read")
            days = self._field_to_sql(alias, "credit_days", query)
            return SQL("CASE WHEN %s > 0 THEN 'credit' ELSE 'cash' END", days)
        return super()._read_group_groupby(alias, groupby_spec, query)

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        # The card as a whole, with its index: part of a card's code would find strangers.
        if operator in LOOKUP_OPERATORS and isinstance(value, str) and value.strip():
            card = Domain("points_card_code", "=", value.strip())
            domain = Domain(domain) & ~card if operator in Domain.NEGATIVE_OPERATORS else Domain(domain) | card
        return domain

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ["channel_id", "customer_class"]

    @api.model
    def default_get(self, fields):
        # Many models have fields of these names: ``default_source_id`` in the context of a wizard of theirs is not
        # the campaign of a customer who is created from it.
        return super().default_get([name for name in fields if name not in CAMPAIGN_FIELDS])

    @api.model_create_multi
    def create(self, vals_list):
        if any("points_card_code" in vals for vals in vals_list):
            vals_list = [self._normalize_points_card(vals) for vals in vals_list]
            self._check_points_cards([vals.get("points_card_code") for vals in vals_list])
        return super().create(vals_list)

    def write(self, vals):
        if "points_card_code" in vals:
            vals = self._normalize_points_card(vals)
            self._check_points_cards([vals["points_card_code"]] * len(self))
        return super().write(vals)

    @api.model
    def _normalize_points_card(self, vals):
        """Take off the blanks that readers and spreadsheets add; no card is NULL, so that many may have none."""
        code = vals.get("points_card_code")
        if isinstance(code, str):
            return {**vals, "points_card_code": code.strip() or False}
        return vals

    def _check_points_cards(self, codes):
        """Raise a ValidationError when the customers in self cannot be given cards.

        :param list codes: the code of each customer, to be created or in self; false for none
        """
        given = [code for code in codes if code]
        if not given:
            return
        repeated = next((code for code in given if given.count(code) > 1), None) if len(given) > 1 else None
        if repeated:
            raise ValidationError(
                self.env._(
                    "Points Card: “%(value)s” is given to %(count)s customers at once; a card belongs to one customer.",
                    value=repeated,
                    count=given.count(repeated),
                )
            )
        # With sudo: a card of a customer that the user does not see is taken all the same.
        other = (
            self.sudo()
            .with_context(active_test=False)
            .search([("points_card_code", "in", given), ("id", "not in", self.ids)], limit=1)
        )
        if other:
            name = f"{other.display_name} ({other.ref})" if other.ref else other.display_name
            if not other.sudo(False).has_access("read"):
                name = self.env._("a customer that you may not see")
            raise ValidationError(
                self.env._(
                    "Points Card: “%(value)s” belongs to %(name)s already; a card belongs to one customer.",
                    value=other.points_card_code,
                    name=name,
                )
            )

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    @api.readonly
    def find_by_points_card(self, code):
        """The customer who has a points card, for points of sale and other integrations.

        :param str code: the code as read; blanks around it do not matter, capitals do
        :return: a dict with ``id``, ``name`` and ``ref`` (the customer's number, False if it has none); empty when no
            active customer that the user may see has the card
        :raise AccessError: for who may not read contacts
        """
        code = str(code or "").strip()
        customer = self.search([("points_card_code", "=", code)], limit=1) if code else self.browse()
        return {"id": customer.id, "name": customer.name, "ref": customer.ref} if customer else {}
