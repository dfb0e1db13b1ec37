from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from .res_partner_address import ADDRESS_TYPES

# What the card shows of each: the part of the card's field and the address's own field. A colonia lives in street2:
# that is where every printed address, portal page and document of Odoo for Mexico already puts it.
ADDRESS_PARTS = {
    "street_name": "street_name",
    "street_number": "street_number",
    "street_number2": "street_number2",
    "colony": "street2",
    "city": "city",
    "state_id": "state_id",
    "zip": "zip",
    "country_id": "country_id",
}
ADDRESS_FIELDS = {
    f"{kind}_{part}": (kind, name) for kind in ADDRESS_TYPES for part, name in ADDRESS_PARTS.items()
}  # fmt: skip


class ResPartner(models.Model):
    """The card's sixteen fields of the two default addresses.

    Writing them writes the address; where there is none yet, it is made, named after the customer. It works in the
    call that creates the customer, and for many customers at once.
    """

    _inherit = "res.partner"

    billing_street_name = fields.Char(
        related="billing_address_id.street_name",
        readonly=False,
        string="Billing Street",
        help="Street of the default billing address, without numbers. Writing it changes that address, "
        "or makes it when the customer has none.",
    )
    billing_street_number = fields.Char(
        related="billing_address_id.street_number",
        readonly=False,
        string="Billing Street Number",
        help="Outer number of the building of the default billing address.",
    )
    billing_street_number2 = fields.Char(
        related="billing_address_id.street_number2",
        readonly=False,
        string="Billing Inner Number",
        help="Office, flat or floor of the default billing address.",
    )
    billing_colony = fields.Char(
        related="billing_address_id.street2",
        readonly=False,
        string="Billing Colony",
        help="Colonia of the default billing address: the second line of the printed address. "
        "The card offers those of the postal code.",
    )
    billing_city = fields.Char(
        related="billing_address_id.city",
        readonly=False,
        string="Billing Municipality",
        help="Municipality, or borough of Mexico City, of the default billing address. "
        "The postal code fills it in when it is empty.",
    )
    billing_state_id = fields.Many2one(
        related="billing_address_id.state_id",
        readonly=False,
        domain="[('country_id', '=?', billing_country_id)]",
        string="Billing State",
        help="State of the default billing address. The postal code fills it in when it is empty.",
    )
    billing_zip = fields.Char(
        related="billing_address_id.zip",
        readonly=False,
        string="Billing Postal Code",
        help="Postal code of the default billing address. A Mexican one tells state, municipality and colonias.",
    )
    billing_country_id = fields.Many2one(
        related="billing_address_id.country_id",
        readonly=False,
        string="Billing Country",
        help="Country of the default billing address. Empty, a new address takes the customer's.",
    )
    shipping_street_name = fields.Char(
        related="shipping_address_id.street_name",
        readonly=False,
        string="Shipping Street",
        help="Street of the default shipping address, without numbers. Writing it changes that address, "
        "or makes it when the customer has none.",
    )
    shipping_street_number = fields.Char(
        related="shipping_address_id.street_number",
        readonly=False,
        string="Shipping Street Number",
        help="Outer number of the building of the default shipping address.",
    )
    shipping_street_number2 = fields.Char(
        related="shipping_address_id.street_number2",
        readonly=False,
        string="Shipping Inner Number",
        help="Office, flat or floor of the default shipping address.",
    )
    shipping_colony = fields.Char(
        related="shipping_address_id.street2",
        readonly=False,
        string="Shipping Colony",
        help="Colonia of the default shipping address: the second line of the printed address. "
        "The card offers those of the postal code.",
    )
    shipping_city = fields.Char(
        related="shipping_address_id.city",
        readonly=False,
        string="Shipping Municipality",
        help="Municipality, or borough of Mexico City, of the default shipping address. "
        "The postal code fills it in when it is empty.",
    )
    shipping_state_id = fields.Many2one(
        related="shipping_address_id.state_id",
        readonly=False,
        domain="[('country_id', '=?', shipping_country_id)]",
        string="Shipping State",
        help="State of the default shipping address. The postal code fills it in when it is empty.",
    )
    shipping_zip = fields.Char(
        related="shipping_address_id.zip",
        readonly=False,
        string="Shipping Postal Code",
        help="Postal code of the default shipping address. A Mexican one tells state, municipality and colonias.",
    )
    shipping_country_id = fields.Many2one(
        related="shipping_address_id.country_id",
        readonly=False,
        string="Shipping Country",
        help="Country of the default shipping address. Empty, a new address takes the customer's.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        split = [self._split_address_vals(vals) for vals in vals_list]
        partners = super().create([vals for vals, _addresses in split])
        given = [(partner, addresses) for partner, (_vals, addresses) in zip(partners, split, strict=True) if addresses]
        if given:
            self._write_default_addresses(given)
        return partners

    def write(self, vals):
        vals, addresses = self._split_address_vals(vals)
        result = super().write(vals)
        if addresses:
            self._write_default_addresses([(partner, addresses) for partner in self])
        return result

    @api.model
    def _split_address_vals(self, vals):
        """Take the card's sixteen fields out of ``vals``: they belong to other records.

        :return: the other values, and ``{'billing': {'street2': ...}, 'shipping': ...}`` with what was given
        """
        given = vals.keys() & ADDRESS_FIELDS.keys()
        if not given:
            return vals, {}
        addresses = defaultdict(dict)
        for name in given:
            kind, address_field = ADDRESS_FIELDS[name]
            addresses[kind][address_field] = vals[name]
        return {name: value for name, value in vals.items() if name not in given}, addresses

    @api.model
    def _write_default_addresses(self, given):
        """Write the values of the card's address fields to the default addresses, or to new ones.

        :param list given: of pairs, a customer and ``{'billing': {...}, 'shipping': {...}}``
        """
        writes = {}
        creates = []
        for customer, addresses in given:
            customer._check_owns_addresses(addresses)
            if customer.commercial_partner_id != customer:
                continue
            for kind, values in customer._part_shared_address(addresses).items():
                address = customer._get_default_address(kind)
                if values.get("parent_id") or (not address and any(values.values())):
                    creates.append((customer, kind, values))
                elif address:
                    # Customers given the same values are written at once.
                    writes.setdefault(frozenset(values.items()), (values, []))[1].append(address.id)
        for values, ids in writes.values():
            addresses = self.browse(ids)
            addresses.write(addresses._with_city(values))
        if creates:
            self._create_default_addresses(creates)

    def _check_owns_addresses(self, addresses):
        self.ensure_one()
        given = {
            f"{kind}_{part}": addresses[kind][name]
            for kind in addresses
            for part, name in ADDRESS_PARTS.items()
            if addresses[kind].get(name)
        }
        # An imported sheet has the columns for its contacts too, empty.
        if self.commercial_partner_id == self or not given:
            return
        field, value = next(iter(given.items()))
        comodel = self._fields[field].comodel_name
        raise UserError(
            self.env._(
                "%(field)s: “%(value)s” cannot be written on the contact %(name)s; "
                "the default addresses are those of its company, %(owner)s.",
                field=self._card_label(field),
                value=self.env[comodel].browse(value).display_name if comodel else value,
                name=self.display_name,
                owner=self.commercial_partner_id.display_name,
            )
        )

    def _part_shared_address(self, addresses):
        """Give the shipping values an address of their own when they contradict the billing values of the same one.

        Otherwise the last to be written would win, and one of the two addresses given would be lost.
        """
        self.ensure_one()
        shared = self._get_default_address("billing")
        billing, shipping = addresses.get("billing", {}), addresses.get("shipping", {})
        if not shared or shared != self._get_default_address("shipping"):
            return addresses
        if all((billing[name] or False) == (shipping[name] or False) for name in billing.keys() & shipping.keys()):
            return addresses
        before = shared._convert_fields_to_values(list(ADDRESS_PARTS.values()))
        return {"billing": billing, "shipping": {**before, **shipping, "parent_id": self.id}}

    @api.model
    def _create_default_addresses(self, creates):
        """:param list creates: of triples: a customer, 'billing' or 'shipping', the values of its new address"""
        children = self.with_env(self.env(context=clean_context(self.env.context))).create(
            [
                {
                    "name": customer.name,
                    "type": ADDRESS_TYPES[kind],
                    "parent_id": customer.id,
                    "company_id": customer.company_id.id,
                    **({"country_id": customer.country_id.id} if customer.country_id else {}),
                    **customer._with_city({name: value for name, value in values.items() if value}),
                }
                for customer, kind, values in creates
            ]
        )
        defaults = defaultdict(dict)
        for (customer, kind, _values), child in zip(creates, children, strict=True):
            if customer[f"{kind}_address_id"] != child:
                defaults[customer][f"{kind}_address_id"] = child.id
        for customer, vals in defaults.items():
            customer.write(vals)

    def _with_city(self, values):
        """Add the record of the city, where the country wants addresses to have one."""
        if "city" not in values:
            return values
        country_id = values.get("country_id") or self.country_id[:1].id
        if not self.env["res.country"].browse(country_id).enforce_cities:
            return values
        domain = [("name", "=ilike", values["city"] or ""), ("country_id", "=", country_id)]
        if values.get("state_id"):
            domain.append(("state_id", "=", values["state_id"]))
        return {**values, "city_id": self.env["res.city"].search(domain, limit=1).id}
