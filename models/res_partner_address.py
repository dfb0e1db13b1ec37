from collections import defaultdict
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# The two default addresses of a customer, and the type of Odoo's address that each of them is.
ADDRESS_TYPES = {"billing": "invoice", "shipping": "delivery"}
MAP_URL = "https://www.google.com/maps/search/?"


class ResPartner(models.Model):
    """The addresses of a customer, which of them is billed and which is delivered to, and where they are on a map."""

    _inherit = "res.partner"

    address_ids = fields.One2many(
        "res.partner",
        "parent_id",
        string="Addresses",
        domain=[("type", "in", ("invoice", "delivery", "other"))],
        help="Billing, delivery and other addresses of the customer, as many as it has. Contact persons are apart.",
    )
    billing_address_id = fields.Many2one(
        "res.partner",
        string="Default Billing Address",
        domain="[('commercial_partner_id', '=', id)]",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        help="Address that new orders and invoices of this customer are billed to: one of its addresses, or its own. "
        "The first billing address that is added becomes the default. Empty, Odoo looks for an address of type "
        "Invoice by itself.",
    )
    shipping_address_id = fields.Many2one(
        "res.partner",
        string="Default Shipping Address",
        domain="[('commercial_partner_id', '=', id)]",
        ondelete="set null",
        index="btree_not_null",
        copy=False,
        help="Address that new orders and invoices of this customer are delivered to: one of its addresses, or its "
        "own. The first delivery address that is added becomes the default. Empty, Odoo looks for an address of type "
        "Delivery by itself.",
    )
    is_default_billing = fields.Boolean(
        string="Billed Here",
        compute="_compute_is_default_address",
        help="Whether this is the address that its customer is billed to by default.",
    )
    is_default_shipping = fields.Boolean(
        string="Delivered Here",
        compute="_compute_is_default_address",
        help="Whether this is the address that its customer is delivered to by default.",
    )
    map_url = fields.Char(
        string="Map",
        compute="_compute_map_url",
        help="Link that shows the address on a map, to plan a visit or a delivery. Empty without street, city or "
        "postal code.",
    )

    @api.constrains("billing_address_id", "shipping_address_id")
    def _check_default_addresses(self):
        for partner in self:
            for kind in ADDRESS_TYPES:
                address = partner[f"{kind}_address_id"]
                owner = partner.commercial_partner_id
                if address and (owner != partner or address.commercial_partner_id != partner):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: “%(value)s” is not an address of %(name)s; "
                            "one of the addresses of %(owner)s, or %(owner)s itself, is expected, "
                            "written on %(owner)s.",
                            field=self._card_label(f"{kind}_address_id"),
                            value=address.display_name,
                            name=partner.display_name,
                            owner=owner.display_name,
                        )
                    )

    @api.depends("commercial_partner_id.billing_address_id", "commercial_partner_id.shipping_address_id")
    def _compute_is_default_address(self):
        for partner in self:
            customer = partner.commercial_partner_id
            partner.is_default_billing = customer.billing_address_id == partner
            partner.is_default_shipping = customer.shipping_address_id == partner

    @api.depends("street", "street2", "zip", "city", "state_id.name", "country_id.name")
    def _compute_map_url(self):
        for partner in self:
            # The number of the office or flat (" - 4") only confuses a search.
            street = " ".join(filter(None, [partner.street_name, partner.street_number])) or partner.street
            places = [street, partner.street2, partner.zip, partner.city]
            parts = [*places, partner.state_id.name, partner.country_id.name]
            partner.map_url = any((street, partner.zip, partner.city)) and MAP_URL + urlencode(
                {"api": 1, "query": ", ".join(filter(None, parts))}
            )

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        if any(vals.get("parent_id") for vals in vals_list):
            partners._make_first_addresses_default()
        return partners

    def write(self, vals):
        moved = "parent_id" in vals or "is_company" in vals
        typed = "type" in vals or "parent_id" in vals
        result = super().write(vals)
        if moved:
            self._drop_foreign_default_addresses()
        if typed:
            self._make_first_addresses_default()
        return result

    def _get_default_address(self, kind):
        """The default address of the customer, none when it is archived. :param str kind: 'billing' or 'shipping'"""
        address = self[f"{kind}_address_id"]
        return address if address.active else address.browse()

    def _make_first_addresses_default(self):
        """Make the first billing and delivery address of a customer its default, unless it has one."""
        kinds = {address_type: kind for kind, address_type in ADDRESS_TYPES.items()}
        pending = defaultdict(dict)
        for address in self:
            # A pick-up point is the carrier's place, chosen for one order.
            if address.type not in kinds or not address.active or address.is_pickup_location:
                continue
            customer = address.commercial_partner_id
            kind = kinds[address.type]
            if customer != address and customer.customer_rank > 0 and not customer._get_default_address(kind):
                pending[customer].setdefault(kind, address)
        if not pending:
            return
        # Without a default the older addresses were a choice too: a new one does not take their place.
        older = {
            (customer, address_type)
            for customer, address_type in self.sudo()._read_group(
                [
                    ("commercial_partner_id", "in", [customer.id for customer in pending]),
                    ("type", "in", list(kinds)),
                    ("is_pickup_location", "=", False),
                    ("id", "not in", [*self.ids, *(customer.id for customer in pending)]),
                ],
                ["commercial_partner_id", "type"],
            )
        }
        for customer, addresses in pending.items():
            vals = {
                f"{kind}_address_id": address.id
                for kind, address in addresses.items()
                if (customer, address.type) not in older
            }
            if vals:
                # With sudo: whoever may add the address, as on the portal, gives the customer its first default.
                customer.sudo().write(vals)

    def _drop_foreign_default_addresses(self):
        """Forget the defaults that a move in the tree of contacts made somebody else's."""
        partners = self.sudo().with_context(active_test=False)
        family = partners.search(
            [
                "|", "|",
                ("id", "in", self.ids),
                ("billing_address_id", "child_of", self.ids),
                ("shipping_address_id", "child_of", self.ids),
            ]
        )  # fmt: skip
        for partner in family:
            foreign = {
                f"{kind}_address_id": False
                for kind in ADDRESS_TYPES
                if (address := partner[f"{kind}_address_id"])
                and partner not in (address.commercial_partner_id & partner.commercial_partner_id)
            }
            if foreign:
                partner.write(foreign)

    def action_set_default_billing(self):
        """Bill the customer of this address here from now on; new orders and invoices use it.

        :return: True
        :raise UserError: the address is archived
        """
        return self._set_default_address("billing")

    def action_set_default_shipping(self):
        """Deliver to the customer of this address here from now on; new orders and invoices use it.

        :return: True
        :raise UserError: the address is archived
        """
        return self._set_default_address("shipping")

    def _set_default_address(self, kind):
        self.ensure_one()
        if not self.active:
            raise UserError(
                self.env._(
                    "%(field)s: “%(value)s” is archived; an active address is expected.",
                    field=self._card_label(f"{kind}_address_id"),
                    value=self.display_name,
                )
            )
        return self.commercial_partner_id.write({f"{kind}_address_id": self.id})

    def action_open_map(self):
        """Show the address on a map.

        :return: an action that opens ``map_url`` in a new window
        :raise UserError: the address has neither street nor city nor postal code
        """
        self.ensure_one()
        if not self.map_url:
            raise UserError(
                self.env._(
                    "Map: the address of %(name)s is empty; a street, a city or a postal code is expected.",
                    name=self.display_name,
                )
            )
        return {"type": "ir.actions.act_url", "url": self.map_url, "target": "new"}

    def address_get(self, adr_pref=None):
        """Extend Odoo's choice of addresses with the customer's defaults.

        The address that an order names itself, and the addresses below the contact that it names, still come first.

        :param list adr_pref: types of address that are wanted, such as ``['invoice', 'delivery']``
        :return: ``{type: id of the address}``; an archived default counts as none
        """
        result = super().address_get(adr_pref)
        if len(self) != 1:
            return result
        # With sudo: whoever sells to a contact need not see its company's card; only the ids are used.
        customer = self.commercial_partner_id.sudo()
        for kind, address_type in ADDRESS_TYPES.items():
            default = address_type in result and customer._get_default_address(kind)
            if default and not self._owns_address(result[address_type], address_type):
                result[address_type] = default.id
        return result

    def _owns_address(self, address_id, address_type):
        """Whether the address found is this contact, or one of its own, and of the type that was looked for."""
        if self == self.commercial_partner_id:
            return False
        address = self.browse(address_id).sudo()
        if address.type != address_type:
            return False
        while address and address != self:
            address = address.parent_id
        return bool(address)
