from contextlib import suppress
from datetime import timezone
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..cfdi import catalogs
from .res_partner_delivery import DELIVERY_DAYS


class SaleOrder(models.Model):
    """An order keeps to what its customer's card says of deliveries: shipping methods, days and places."""

    _inherit = "sale.order"

    delivery_instructions = fields.Text(
        compute="_compute_delivery_instructions",
        help="Days, hours and notes of the delivery address, or of the customer where the address has none.",
    )

    # Not on partner_id: the store changes the customer of a cart that has a carrier when somebody logs in, and asks
    # for another carrier afterwards. Confirmation checks it in any case.
    @api.constrains("carrier_id")
    def _check_allowed_carrier(self):
        for order in self:
            message = order._carrier_error()
            if message:
                raise ValidationError(message)

    @api.depends("partner_shipping_id")
    def _compute_delivery_instructions(self):
        partners = self.env["res.partner"]
        for order in self:
            if not order.partner_shipping_id:
                order.delivery_instructions = False
                continue
            terms = order.partner_shipping_id.get_delivery_terms()
            days = ", ".join(partners._card_label(day) for day in terms["days"])
            order.delivery_instructions = "\n".join(filter(None, [days, terms["hours"], terms["notes"]])) or False

    def _confirmation_error_message(self):
        return super()._confirmation_error_message() or self._carrier_error() or self._delivery_error()

    def _carrier_error(self):
        """What is wrong with the order's shipping method, or False."""
        self.ensure_one()
        if not self.carrier_id:
            return False
        allowed = self.partner_id.get_allowed_carriers(self.company_id)
        if not allowed or self.carrier_id in allowed:
            return False
        return self.env._(
            "Delivery Method: “%(value)s” is not allowed for %(name)s; one of these is expected: %(allowed)s.",
            value=self.carrier_id.sudo().name,
            name=self.partner_id.commercial_partner_id.sudo().display_name,
            allowed=", ".join(allowed.filtered("active").mapped("name")) or "—",
        )

    def _delivery_error(self):
        """Why the order's goods cannot be delivered where and when it says, or False."""
        self.ensure_one()
        # What is collected at a shop or a pick-up point is not delivered to the address.
        if self.is_all_service or self.pickup_location_data or self.carrier_id.sudo().delivery_type == "in_store":
            return False
        address = self.partner_shipping_id
        terms = address.get_delivery_terms()
        if terms["blocked"]:
            return self.env._(
                "Delivery Address: %(value)s receives no deliveries (%(reason)s); "
                "an address that receives them is expected.",
                value=address.sudo().display_name,
                reason=terms["blocked"].delivery_blocked_reason or terms["blocked"].display_name,
            )
        if terms["days"] and self.commitment_date:
            date = self._local_commitment_date()
            if DELIVERY_DAYS[date.weekday()] not in terms["days"]:
                label = address._card_label
                return self.env._(
                    "Delivery Date: %(value)s (%(day)s) is not a day on which %(name)s receives goods; "
                    "one of these is expected: %(days)s.",
                    value=fields.Date.to_string(date),
                    day=label(DELIVERY_DAYS[date.weekday()]),
                    name=address.sudo().display_name,
                    days=", ".join(label(day) for day in terms["days"]),
                )
        return False

    def _local_commitment_date(self):
        """The promised day where the goods arrive: midnight in UTC is the day before in Mexico."""
        self.ensure_one()
        address = self.partner_shipping_id.sudo()
        zone = ZoneInfo(self.company_id._business_time_zone())
        if address.country_id.code in (False, "MX"):
            with suppress(KeyError):  # a postal code that the catalogue does not have
                zone = catalogs.time_zone(address.zip or "")
        return self.commitment_date.replace(tzinfo=timezone.utc).astimezone(zone).date()
