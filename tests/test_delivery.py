# ruff: noqa: DTZ001 - Odoo's datetimes are naive, in UTC
from datetime import datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .test_addresses import AddressCommon


class DeliveryCommon(AddressCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.truck, cls.bus, cls.plane = cls.env["delivery.carrier"].create(
            [
                {"name": name, "product_id": product.id, "delivery_type": "fixed", "fixed_price": 10.0}
                for name in ("Camión", "Autobús", "Avión")
                for product in cls.env["product.product"].create({"name": name, "type": "service"})
            ]
        )
        cls.goods = cls.product
        cls.service = cls.env["product.product"].create({"name": "Asesoría", "type": "service"})
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman_all_leads")

    def _error(self, function, *args, error=UserError, **kwargs):
        with self.assertRaises(error) as caught:
            function(*args, **kwargs)
        return str(caught.exception)


@tagged("post_install", "-at_install")
class TestAllowedCarriers(DeliveryCommon):
    def test_empty_means_all(self):
        order = self._create_order(confirm=False, carrier_id=self.plane.id)
        order.action_confirm()
        self.assertEqual((order.state, order.carrier_id), ("sale", self.plane))

    def test_order_refuses_the_others(self):
        self.customer.allowed_carrier_ids = self.truck | self.bus
        order = self._create_order(confirm=False)
        for orders in (order, order.with_user(self.seller), order.sudo()):
            message = self._error(orders.write, {"carrier_id": self.plane.id}, error=ValidationError)
            for expected in ("Avión", "Camión, Autobús", self.customer.name):
                self.assertIn(expected, message)
        self.assertIn("Avión", self._error(order.set_delivery_line, self.plane, 5.0, error=ValidationError))
        self._error(self._create_order, confirm=False, carrier_id=self.plane.id, error=ValidationError)
        order.carrier_id = self.truck
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_list_changed_after_the_quotation(self):
        order = self._create_order(confirm=False, carrier_id=self.plane.id)
        self.customer.allowed_carrier_ids = self.truck
        self.assertIn("Avión", self._error(order.action_confirm))
        self.assertEqual(order.state, "draft")
        order.carrier_id = self.truck
        order.action_confirm()

    def test_contacts_have_their_company_s(self):
        self.customer.allowed_carrier_ids = self.truck
        buyer = self._create_address(type="contact", name="Compras")
        self._error(self._create_order, buyer, confirm=False, carrier_id=self.plane.id, error=ValidationError)
        message = self._error(buyer.write, {"allowed_carrier_ids": [Command.set(self.bus.ids)]}, error=ValidationError)
        self.assertIn("Autobús", message)
        self.assertIn("Compras", message)

    def test_delivered_to_somebody_else(self):
        """Who buys decides, not whose address it is."""
        other = self._create_customer(name="Otro cliente", allowed_carrier_ids=[Command.set(self.truck.ids)])
        order = self._create_order(confirm=False, partner_shipping_id=other.id)
        self.assertIn(self.plane, self.plane.available_carriers(order.partner_shipping_id, order))

    def test_wizard_offers_only_these(self):
        self.customer.allowed_carrier_ids = self.truck | self.bus
        order = self._create_order(confirm=False)
        wizard = self.env["choose.delivery.carrier"].create({"order_id": order.id, "carrier_id": self.truck.id})
        self.assertEqual(wizard.available_carrier_ids & (self.truck | self.bus | self.plane), self.truck | self.bus)
        wizard.button_confirm()
        self.assertEqual(order.carrier_id, self.truck)
        wizard.carrier_id = self.plane
        self.assertIn("Avión", self._error(wizard.button_confirm, error=ValidationError))

    def test_preferred_carrier(self):
        self.customer.property_delivery_carrier_id = self.plane
        order = self._create_order(confirm=False)
        self.assertEqual(order.action_open_delivery_wizard()["context"]["default_carrier_id"], self.plane.id)
        self.customer.allowed_carrier_ids = self.truck
        self.assertFalse(order.action_open_delivery_wizard()["context"]["default_carrier_id"])

    def test_store_offers_only_these(self):
        """The store asks each carrier, as the portal's user with sudo."""
        self.customer.allowed_carrier_ids = self.truck
        order = self._create_order(confirm=False).sudo()
        available = [carrier._is_available_for_order(order) for carrier in self.truck | self.bus | self.plane]
        self.assertEqual(available, [True, False, False])

    def test_list_of_each_company(self):
        self.truck.sudo().company_id = self.company_2
        both = self.customer.with_context(allowed_company_ids=[self.company.id, self.company_2.id])
        both.allowed_carrier_ids = self.truck | self.bus
        order = self._create_order(confirm=False)
        self.assertIn("Autobús", self._error(order.write, {"carrier_id": self.plane.id}, error=ValidationError))
        self.assertNotIn("Camión", self._error(order.write, {"carrier_id": self.plane.id}, error=ValidationError))
        both.allowed_carrier_ids = self.truck
        order.carrier_id = self.plane
        self.assertEqual(self.customer.get_allowed_carriers(self.company_2), self.truck)

    def test_archived_carrier_still_limits(self):
        self.customer.allowed_carrier_ids = self.truck
        self.truck.sudo().active = False
        self.assertEqual(self.customer.allowed_carrier_ids, self.truck)
        order = self._create_order(confirm=False)
        message = self._error(order.write, {"carrier_id": self.plane.id}, error=ValidationError)
        self.assertNotIn("Camión", message)

    def test_cart_that_changes_hands(self):
        """The store gives the cart to whoever logs in, with the carrier it had, and asks for another afterwards."""
        self.customer.allowed_carrier_ids = self.truck
        visitor = self._create_customer(name="Visitante")
        order = self._create_order(visitor, confirm=False, carrier_id=self.plane.id)
        order.partner_id = self.customer
        self.assertIn("Avión", self._error(order.action_confirm))


@tagged("post_install", "-at_install")
class TestDeliveryTerms(DeliveryCommon):
    def test_no_deliveries(self):
        address = self._create_address(delivery_blocked=True, delivery_blocked_reason="Calle cerrada por obras")
        order = self._create_order(confirm=False)
        self.assertEqual(order.partner_shipping_id, address)
        message = self._error(order.action_confirm)
        self.assertIn("Calle cerrada por obras", message)
        self.assertIn(address.display_name, message)
        self.assertFalse(self.truck._is_available_for_order(order))
        order.partner_shipping_id = self.customer
        self.assertTrue(self.truck._is_available_for_order(order))
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_customer_without_deliveries(self):
        self.customer.write({"delivery_blocked": True, "delivery_blocked_reason": "Cuenta en revisión"})
        self._create_address()
        order = self._create_order(confirm=False)
        self.assertIn("Cuenta en revisión", self._error(order.with_user(self.seller).action_confirm))

    def test_services_and_collected_goods_are_not_delivered(self):
        self.customer.delivery_blocked = True
        service = self._create_order(
            confirm=False, order_line=[Command.create({"product_id": self.service.id, "product_uom_qty": 1})]
        )
        service.action_confirm()
        self.assertEqual(service.state, "sale")
        collected = self._create_order(confirm=False)
        collected.pickup_location_data = {
            "name": "Tienda", "street": "Calle 1", "city": "León", "zip_code": "37000", "country_code": "MX"
        }  # fmt: skip
        collected.action_confirm()
        self.assertEqual(collected.state, "sale")
        # The place where it is collected is not where the customer lives from now on.
        self.assertFalse(self.customer.shipping_address_id)

    def test_receiving_days(self):
        address = self._create_address(zip="22000", delivery_tuesday=True, delivery_friday=True)
        order = self._create_order(confirm=False)
        self.assertEqual(order.partner_shipping_id, address)
        # A Wednesday in UTC that is still Tuesday evening in Tijuana.
        order.commitment_date = datetime(2030, 1, 9, 4, 0)
        self.assertEqual(order._local_commitment_date().weekday(), 1)
        order.commitment_date += timedelta(hours=8)
        message = self._error(order.action_confirm)
        for expected in ("2030-01-09", "Wednesday", "Tuesday, Friday", address.display_name):
            self.assertIn(expected, message)
        order.commitment_date = datetime(2030, 1, 11, 18, 0)
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_order_without_a_date(self):
        self.customer.delivery_monday = True
        order = self._create_order()
        self.assertEqual(order.state, "sale")

    def test_days_of_the_customer_hold_for_its_addresses(self):
        self.customer.delivery_monday = True
        address = self._create_address()
        order = self._create_order(confirm=False, commitment_date=datetime(2030, 1, 9, 18, 0))
        self.assertIn("Monday", self._error(order.action_confirm))
        address.delivery_wednesday = True
        order.action_confirm()

    def test_instructions(self):
        self.customer.write({"delivery_hours": "9 a 14", "delivery_notes": "Pedir a Rosa", "delivery_monday": True})
        address = self._create_address(delivery_hours="16 a 18")
        order = self._create_order(confirm=False)
        self.assertEqual(order.delivery_instructions, "Monday\n16 a 18\nPedir a Rosa")
        order.partner_shipping_id = self.customer
        self.assertEqual(order.delivery_instructions, "Monday\n9 a 14\nPedir a Rosa")
        other = self._create_customer(name="Otro")
        self.assertFalse(self._create_order(other, confirm=False).delivery_instructions)
        self.assertTrue(address.exists())

    def test_zone_of_a_time_that_nobody_knows(self):
        order = self._create_order(confirm=False, commitment_date=datetime(2030, 1, 9, 4, 0))
        self.customer.write({"zip": False})
        self.assertEqual(str(order._local_commitment_date()), "2030-01-08")


@tagged("post_install", "-at_install")
class TestZones(DeliveryCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.sudo().group_ids += cls.env.ref("l10n_mx_customer.group_customer_manager")
        cls.Zone = cls.env["customer.zone"]
        cls.Zone.search([]).active = False
        cls.west, cls.city, cls.center, cls.route = cls.Zone.create(
            [
                {"code": "T-OCC", "name": "Occidente", "state_ids": [Command.set(cls.jalisco.ids)]},
                {"code": "T-GDL", "name": "Guadalajara", "zip_prefixes": "441, 44500"},
                {"code": "T-CTR", "name": "Centro", "zip_prefixes": "06, 07", "state_ids": [Command.set(cls.cdmx.ids)]},
                {"code": "T-R4", "name": "Ruta 4"},
            ]
        )

    def test_proposed(self):
        cases = {
            "44100": self.city,
            "44500": self.city,
            "44600": self.west,
            "06700": self.center,
            "01000": self.center,
            "64000": self.Zone,
        }
        for code, zone in cases.items():
            with self.subTest(code):
                self.assertEqual(self._create_customer(name="C", zip=code).zone_id, zone)
                self.assertEqual(self._create_address(zip=code).zone_id, zone)
        self.assertEqual(self._create_customer(name="C", state_id=self.jalisco.id).zone_id, self.west)

    def test_not_proposed(self):
        usa = self.env.ref("base.us")
        given = self._create_customer(name="C", zip="44100", zone_id=self.route.id)
        none = self._create_customer(name="C", zip="44100", zone_id=False)
        foreign = self._create_customer(name="C", zip="44100", country_id=usa.id)
        supplier = self.Partner.create({"name": "P", "zip": "44100", "country_id": self.mexico.id})
        contact = self._create_address(type="contact", zip="44100")
        self.assertEqual(
            [partner.zone_id for partner in (given, none, foreign, supplier, contact)],
            [self.route, self.Zone, self.Zone, self.Zone, self.Zone],
        )

    def test_follows_the_address(self):
        customer = self._create_customer(name="C", zip="44100")
        customer.zip = "06700"
        self.assertEqual(customer.zone_id, self.center)
        customer.zip = "64000"
        self.assertEqual(customer.zone_id, self.center, "nothing better is known")
        customer.zone_id = self.route
        customer.zip = "44100"
        self.assertEqual(customer.zone_id, self.route, "chosen by hand")
        customer.write({"zip": "06700", "zone_id": self.west.id})
        self.assertEqual(customer.zone_id, self.west)

    def test_form(self):
        with Form(self.Partner.with_context(default_customer_rank=1), "l10n_mx_customer.view_customer_form") as form:
            form.name = "Tecleada"
            form.zip = "44100"
            self.assertEqual(form.zone_id, self.city)
        self.assertEqual(form.record.zone_id, self.city)

    def test_changed_coverage(self):
        self.city.zip_prefixes = "20"
        self.assertEqual(self._create_customer(name="C", zip="44100").zone_id, self.west)
        self.west.active = False
        self.assertFalse(self._create_customer(name="C", zip="44100").zone_id)
        self.city.unlink()
        self.assertFalse(self._create_customer(name="C", zip="20000").zone_id)

    def test_rules(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.Zone.create({"code": "T-OCC", "name": "Otra"})
        for value in ("44, x", "123456", "4-5", "٤٤"):
            with self.subTest(value), self.assertRaises(ValidationError) as caught:
                self.route.zip_prefixes = value
            self.assertIn("Ruta 4", str(caught.exception))
        self.assertEqual(self.Zone.name_search("T-OCC")[0][0], self.west.id)
        self.assertEqual(self.west.display_name, "[T-OCC] Occidente")

    def test_access(self):
        zones = self.west.with_user(self.seller)
        self.assertEqual(zones.name, "Occidente")
        with self.assertRaises(AccessError):
            zones.name = "Otra"
        with self.assertRaises(AccessError):
            self.Zone.with_user(self.seller).create({"code": "X", "name": "X"})
        manager = self._create_user("zones", "l10n_mx_customer.group_customer_manager")
        self.west.with_user(manager).name = "Occidente y Bajío"
        portal = self._create_user("portal_zone", "base.group_portal")
        with self.assertRaises(AccessError):
            zones.with_user(portal).read(["name"])

    def test_search_and_group(self):
        customer = self._create_customer(name="C", zip="44100")
        self.assertEqual(self.Partner.search([("zone_id", "=", "Guadalajara")]), customer)
        groups = dict(self.Partner._read_group([("id", "in", customer.ids)], ["zone_id"], ["__count"]))
        self.assertEqual(groups, {self.city: 1})
