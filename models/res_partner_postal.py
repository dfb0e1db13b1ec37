from odoo import api, fields, models
from odoo.exceptions import UserError

from ..cfdi import postal


class ResPartner(models.Model):
    """What a Mexican postal code tells of an address: its country, state, municipality and colonias.

    The catalogue is the SAT's. Nothing that somebody gave is overwritten: an empty field is filled in, and so is one
    that still says what the former postal code said.
    """

    _inherit = "res.partner"

    # The postal code that a form was filled from last, so that the next one typed replaces what this one filled in.
    zip_filled = fields.Char(store=False)
    billing_zip_filled = fields.Char(store=False)
    shipping_zip_filled = fields.Char(store=False)

    zip_warning = fields.Char(
        string="Postal Code Warning",
        compute="_compute_zip_warning",
        help="Says so when the postal code of a Mexican address does not exist or belongs to another state.",
    )

    @api.depends("zip", "state_id", "country_id")
    def _compute_zip_warning(self):
        for partner in self:
            partner.zip_warning = partner.country_id.code == "MX" and partner._postal_warning(
                partner.zip, partner.state_id
            )

    @api.onchange("zip", "state_id")
    def _onchange_zip_place(self):
        return self._onchange_postal_code("")

    @api.onchange("billing_zip", "billing_state_id")
    def _onchange_billing_zip_place(self):
        return self._onchange_postal_code("billing_")

    @api.onchange("shipping_zip", "shipping_state_id")
    def _onchange_shipping_zip_place(self):
        return self._onchange_postal_code("shipping_")

    def _onchange_postal_code(self, prefix):
        """:param str prefix: whose fields they are: '' the contact's own, 'billing_' or 'shipping_' the card's"""
        code = self[f"{prefix}zip"]
        country = self[f"{prefix}country_id"] or self._default_address_country()
        former = self[f"{prefix}zip_filled"] or self._origin[f"{prefix}zip"]
        if not code or country.code != "MX":
            return None
        if code != former:
            current = {name: self[f"{prefix}{name}"] for name in ("country_id", "state_id", "city")}
            for name, value in self._postal_vals(code, former, current).items():
                self[f"{prefix}{name}"] = value
            self[f"{prefix}zip_filled"] = code
        message = self._postal_warning(code, self[f"{prefix}state_id"])
        if not message:
            return None
        return {"warning": {"title": self.env._("Postal Code"), "message": message, "type": "notification"}}

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(self._fill_places(vals_list))

    def write(self, vals):
        if not vals.get("zip") or ("state_id" in vals and "city" in vals):
            return super().write(vals)
        # One write for each answer of the catalogue, with everything in it: a zone given with the code is not guessed.
        groups = {}
        for partner in self:
            groups.setdefault(partner._fill_place(vals), []).append(partner.id)
        for found, ids in groups.items():
            super(ResPartner, self.browse(ids)).write({**vals, **dict(found)})
        return True

    def _fill_place(self, vals):
        """What a new postal code changes besides, as pairs, in a customer or an address of one."""
        self.ensure_one()
        if self.zip == vals["zip"] or self.commercial_partner_id.sudo().customer_rank <= 0:
            return ()
        current = {
            name: self._fields[name].convert_to_record(self._fields[name].convert_to_cache(vals[name], self), self)
            if name in vals
            else self[name]
            for name in ("country_id", "state_id", "city")
        }
        if (current["country_id"] or self._default_address_country()) != self._mexico():
            return ()
        place = self._postal_vals(vals["zip"], self.zip, current)
        return tuple((name, value) for name, value in place.items() if name not in vals or name == "country_id")

    @api.model
    def _fill_places(self, vals_list):
        """Fill in what the postal codes tell and nobody gave, for customers and their addresses."""
        wanted = [
            index
            for index, vals in enumerate(vals_list)
            if vals.get("zip") and not ("state_id" in vals and "city" in vals)
        ]
        if not wanted:
            return vals_list
        of_customers = self._are_of_customers([vals_list[index] for index in wanted])
        wanted = [
            index
            for index, of_customer in zip(wanted, of_customers, strict=True)
            if of_customer and self._is_mexican(vals_list[index])
        ]
        if not wanted:
            return vals_list
        places = postal.places(vals_list[index]["zip"] for index in wanted)
        states = self._mexican_states()
        filled = list(vals_list)
        for index in wanted:
            vals = vals_list[index]
            place = places.get(vals["zip"])
            if not place:
                continue
            found = {
                "country_id": self._mexico().id,
                "state_id": states.get(place.estado, False),
                "city": place.municipio,
            }
            # An empty country came from a form or a column left blank; an empty state or city may be meant.
            keep = {name for name in vals if name != "country_id" or vals[name]}
            filled[index] = vals | {name: value for name, value in found.items() if value and name not in keep}
        return filled

    @api.model
    def _are_of_customers(self, vals_list):
        """Whether each of the values creates a customer, or a contact or address of one."""
        default_rank = self.env.context.get("default_customer_rank", 0)
        parents = self.sudo().browse({vals["parent_id"] for vals in vals_list if vals.get("parent_id")})
        of_customers = {parent.id for parent in parents if parent.commercial_partner_id.customer_rank > 0}
        return [
            vals["parent_id"] in of_customers if vals.get("parent_id") else vals.get("customer_rank", default_rank) > 0
            for vals in vals_list
        ]

    @api.model
    def _is_mexican(self, vals):
        mexico = self._mexico()
        if vals.get("country_id"):
            return vals["country_id"] == mexico.id
        parent = self.browse(vals.get("parent_id"))
        return parent._default_address_country() == mexico

    def _default_address_country(self):
        """The country of an address that does not say one: its customer's, else the company's that works with it."""
        return self.commercial_partner_id.sudo().country_id or self.env.company.country_id

    @api.model
    def _mexico(self):
        # env.ref() asks the database each time whether the record still exists.
        return self.env["res.country"].browse(self.env["ir.model.data"]._xmlid_to_res_id("base.mx"))

    @api.model
    def _mexican_states(self):
        states = self.env["res.country.state"].search_fetch([("country_id", "=", self._mexico().id)], ["code"])
        return {state.code: state.id for state in states}

    @api.model
    def _place(self, code):
        """What the catalogue says of a postal code, or None."""
        try:
            return postal.place(code)
        except KeyError:
            return None

    @api.model
    def _postal_vals(self, code, former, current):
        """What a Mexican postal code changes in an address.

        :param str code: the postal code
        :param str former: the one before it, if any: what it had filled in is replaced
        :param dict current: what the address says now: ``country_id``, ``state_id``, ``city``
        """
        place = self._place(code)
        if not place:
            return {}
        states = self._mexican_states()
        before = self._place(former) if former else None
        values = {}
        if not current["country_id"]:
            values["country_id"] = self._mexico().id
        state = current["state_id"]
        if not state or (before and state.id == states.get(before.estado)):
            values["state_id"] = states.get(place.estado, False)
        city = current["city"]
        if place.municipio and (not city or (before and city == before.municipio)):
            values["city"] = place.municipio
        elif city and before and city == before.municipio and before.estado != place.estado:
            # The catalogue does not know this one's municipality, and the other's is in another state.
            values["city"] = False
        return {name: value for name, value in values.items() if value or current[name]}

    @api.model
    def _postal_warning(self, code, state):
        """What is wrong with a Mexican postal code, or False."""
        if not code:
            return False
        place = self._place(code)
        if not place:
            return self.env._(
                "Postal Code: “%(value)s” is not in the SAT's catalogue; "
                "five digits of an existing Mexican postal code are expected, such as 06000.",
                value=code,
            )
        if state and state.country_id.code == "MX" and state.code != place.estado:
            expected = state.search([("country_id", "=", state.country_id.id), ("code", "=", place.estado)], limit=1)
            return self.env._(
                "State: “%(value)s” is not the state of the postal code %(code)s; %(expected)s is expected.",
                value=state.name,
                code=code,
                expected=expected.name or place.estado,
            )
        return False

    @api.model
    def postal_code_info(self, zip):  # noqa: A002 - the name that callers write
        """Tell where a Mexican postal code is, from the SAT's catalogue.

        :param str zip: five digits
        :return: ``{'zip': '06700', 'state_id': 493, 'state': 'Ciudad de México', 'city': 'Cuauhtémoc',
            'country_id': 156, 'colonies': ['Roma Norte']}``; ``city`` is '' and ``colonies`` is empty where the
            catalogue gives none
        :raise UserError: the catalogue does not have it
        """
        code = str(zip or "").strip()
        place = self._place(code)
        if not place:
            raise UserError(self._postal_warning(code or "—", self.env["res.country.state"]))
        mexico = self._mexico()
        state = self.env["res.country.state"].browse(self._mexican_states().get(place.estado, False))
        return {
            "zip": code,
            "state_id": state.id,
            "state": state.name,
            "city": place.municipio,
            "country_id": mexico.id,
            "colonies": list(postal.colonias(code)),
        }

    @api.model
    def colony_suggestions(self, zip, country_id=False):  # noqa: A002 - as above
        """List the colonias of a postal code, for whoever types one; never an error.

        :param str zip: the postal code
        :param int country_id: the address's country; without it, the company's
        :return: list of names; empty where the country is not Mexico or the code does not exist
        """
        country = self.env["res.country"].browse(country_id or self.env.company.country_id.id)
        code = str(zip or "").strip()
        if country.code != "MX" or not self._place(code):
            return []
        return list(postal.colonias(code))
