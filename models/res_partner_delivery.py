from odoo import api, fields, models
from odoo.exceptions import ValidationError

# In the order of datetime.weekday().
DELIVERY_DAYS = tuple(
    f"delivery_{day}" for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
)


class DeliveryDay:
    """A day of the week on which an address receives goods; with none of them ticked it receives on any day."""

    @staticmethod
    def field(label):
        return fields.Boolean(
            string=label,
            help="Tick the days on which goods are received here; with none ticked, any day is good. An order promised "
            "for another day cannot be confirmed.",
        )


class ResPartner(models.Model):
    """How goods reach a customer: when and where it receives them, in which zone it is, and who may carry them.

    What an address does not say, its customer's card says.
    """

    _inherit = "res.partner"

    delivery_hours = fields.Char(
        string="Receiving Hours",
        help="When goods are received, in the customer's words: 9:00 to 14:00, closed at lunch. "
        "Orders for this address show them; an address without hours has its customer's.",
    )
    delivery_notes = fields.Text(
        help="What the driver must know: gate, documents to show, whom to ask for. "
        "An address without notes has its customer's.",
    )
    delivery_monday = DeliveryDay.field("Monday")
    delivery_tuesday = DeliveryDay.field("Tuesday")
    delivery_wednesday = DeliveryDay.field("Wednesday")
    delivery_thursday = DeliveryDay.field("Thursday")
    delivery_friday = DeliveryDay.field("Friday")
    delivery_saturday = DeliveryDay.field("Saturday")
    delivery_sunday = DeliveryDay.field("Sunday")
    delivery_blocked = fields.Boolean(
        string="No Deliveries",
        help="Goods are not delivered here: orders with goods for this address cannot be confirmed, and the store "
        "offers no shipping. On the customer's card it stops the deliveries to all of its addresses.",
    )
    delivery_blocked_reason = fields.Char(
        string="Reason of No Deliveries",
        help="Why nothing is delivered here; whoever tries to confirm an order reads it.",
    )
    zone_id = fields.Many2one(
        "customer.zone",
        index="btree_not_null",
        help="Sales and delivery zone. New addresses get the zone that covers their postal code or state; "
        "choose another where that is wrong.",
    )
    allowed_carrier_ids = fields.Many2many(
        "delivery.carrier",
        relation="customer_allowed_carrier_rel",
        column1="partner_id",
        column2="carrier_id",
        string="Available Shipping Methods",
        context={"active_test": False},
        help="Shipping methods that this customer's orders may use, in sales and in the store. "
        "Empty means all of them. Methods of another company limit only that company's orders.",
    )

    @api.constrains("allowed_carrier_ids")
    def _check_allowed_carriers(self):
        for partner in self:
            if partner.allowed_carrier_ids and partner.commercial_partner_id != partner:
                raise ValidationError(
                    self.env._(
                        "%(field)s: “%(value)s” cannot be written on the contact %(name)s; "
                        "the shipping methods of its company, %(owner)s, count for it.",
                        field=self._card_label("allowed_carrier_ids"),
                        value=", ".join(partner.allowed_carrier_ids.mapped("name")),
                        name=partner.display_name,
                        owner=partner.commercial_partner_id.display_name,
                    )
                )

    @api.onchange("zip", "state_id", "country_id")
    def _onchange_zone(self):
        self.zone_id = self._proposed_zone() or self.zone_id

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        if self.env["customer.zone"]._coverages():
            partners.browse(
                partner.id
                for partner, vals in zip(partners, vals_list, strict=True)
                if (vals.get("zip") or vals.get("state_id")) and "zone_id" not in vals
            )._assign_zones()
        return partners

    def write(self, vals):
        result = super().write(vals)
        if ("zip" in vals or "state_id" in vals) and "zone_id" not in vals and self.env["customer.zone"]._coverages():
            self._assign_zones()
        return result

    def _assign_zones(self):
        """Give customers and their addresses, those just written, the zone that covers them."""
        zones = {}
        for partner in self:
            if partner.type == "contact" and partner.parent_id:
                continue
            if partner.commercial_partner_id.sudo().customer_rank <= 0:
                continue
            zone = partner._proposed_zone()
            if zone and zone != partner.zone_id.id:
                zones.setdefault(zone, []).append(partner.id)
        for zone, ids in zones.items():
            self.browse(ids).write({"zone_id": zone})

    def _proposed_zone(self):
        """The id of the zone to be given to the address, or False to leave its zone as it is.

        A zone chosen by hand stays: one that covers the address, and one that says nothing of what it covers.
        """
        self.ensure_one()
        coverages = {coverage.zone_id: coverage for coverage in self.env["customer.zone"]._coverages()}
        current = coverages.get(self.zone_id.id)
        if self.zone_id and not current:
            return False
        if current and (
            self.state_id.id in current.state_ids or any((self.zip or "").startswith(p) for p in current.prefixes)
        ):
            return False
        return self.env["customer.zone"]._propose(self.zip, self.state_id.id, self.country_id.code or "")

    @api.private
    def get_allowed_carriers(self, company):
        """The shipping methods that orders of the contact's company may use in ``company``; none means all of them.

        An archived method still counts, or archiving the only one would allow all the others.
        """
        # With sudo: the rules hide the other companies' methods, and a list must not read as an empty one.
        customer = self.commercial_partner_id.sudo().with_context(active_test=False)
        return customer.allowed_carrier_ids.filtered(lambda carrier: carrier.company_id in (company, company.browse()))

    @api.private
    def get_delivery_terms(self):
        """How goods are delivered to this address: its own terms, and its customer's where it has none.

        :return: dict: ``blocked`` (record that stops the deliveries, or none), ``days`` (names of the fields of the
            days on which goods are received; none for any day), ``hours``, ``notes``
        """
        self.ensure_one()
        # With sudo: the terms of a company's card hold for whoever sells to its contacts.
        address, customer = self.sudo(), self.commercial_partner_id.sudo()
        days = [[day for day in DELIVERY_DAYS if partner[day]] for partner in (address, customer)]
        return {
            "blocked": next((partner for partner in (customer, address) if partner.delivery_blocked), self.browse()),
            "days": days[0] or days[1],
            "hours": address.delivery_hours or customer.delivery_hours,
            "notes": address.delivery_notes or customer.delivery_notes,
        }
