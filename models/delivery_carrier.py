from odoo import models


class DeliveryCarrier(models.Model):
    """The back office, the store and the transfers all ask a carrier whether it matches: the customer answers too."""

    _inherit = "delivery.carrier"

    def _match(self, partner, source):
        return super()._match(partner, source) and self._match_customer(partner, source)

    def _match_customer(self, partner, source):
        """Whether the customer's list of shipping methods lets this one through."""
        self.ensure_one()
        # An order may be delivered to somebody else's address: who buys decides.
        customer = source.partner_id if source._name == "sale.order" else partner
        allowed = customer.get_allowed_carriers(source.company_id or self.env.company)
        return not allowed or self in allowed

    def _is_available_for_order(self, order):
        # The store asks here. Nothing is shipped to an address without deliveries; what is collected may be.
        if not self._is_collected() and order.partner_shipping_id.get_delivery_terms()["blocked"]:
            return False
        return super()._is_available_for_order(order)

    def _is_collected(self):
        """Whether the customer fetches the goods at a shop or a pick-up point."""
        self.ensure_one()
        locations = getattr(self, f"{self.delivery_type}_use_locations", False)
        return bool(locations) or self.delivery_type == "in_store"
