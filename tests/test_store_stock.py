"""The stock of quotations that are set aside, with inventory installed: run with ``--test-tags store_modules``."""

import threading
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from odoo import SUPERUSER_ID, Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import SerializationFailure

from ..hooks import uninstall_hook
from .common import CustomerCommon, RaceCase


class StockCase(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "sale_stock" not in cls.env.registry._init_modules:
            # Not a skip: a run without it has tested nothing.
            raise AssertionError("not installed: sale_stock")
        cls.company.customer_reservation_stock = True
        cls.stock = cls.env["stock.warehouse"].sudo()
        cls.warehouse = cls.stock.search([("company_id", "=", cls.company.id)], limit=1)
        cls.shelf = cls.warehouse.lot_stock_id
        cls.product.is_storable = True
        cls._stock_up(cls.product, 10)
        # Who sells, and may do nothing in inventory.
        cls.seller = cls._create_user("vendedora", "sales_team.group_sale_salesman_all_leads")

    @classmethod
    def _stock_up(cls, product, quantity, location=None, lot=None):
        quants = cls.env["stock.quant"].sudo().with_company(cls.company)
        quants._update_available_quantity(product.sudo(), location or cls.shelf, quantity, lot_id=lot)

    @classmethod
    def _storable(cls, name="Mesa", on_hand=0, **values):
        product = cls.env["product.product"].create({"name": name, "is_storable": True, **values})
        if on_hand:
            cls._stock_up(product, on_hand)
        return product

    def _order(self, quantity=1, *lines, user=None, **values):
        """A quotation of the product, and of other ones: (product, quantity)."""
        order = self._create_order(quantity=quantity, confirm=False, **values)
        for product, asked in lines:
            self._add_line(order, product, asked)
        return order.with_user(user or self.seller)

    def _add_line(self, order, product, quantity):
        values = {"order_id": order.id, "product_id": product.id, "product_uom_qty": quantity}
        return self.env["sale.order.line"].create(values)

    def _free(self, product=None, location=None):
        """What another order could take, by Odoo's own count of the quants."""
        self.env.flush_all()
        self.env.invalidate_all()
        quants = self.env["stock.quant"].sudo()
        return quants._get_available_quantity((product or self.product).sudo(), location or self.shelf)

    def _moves(self, order):
        return order.sudo()._stock_moves()

    def _assert_nothing_held(self, order):
        self.assertFalse(self._moves(order))
        self.assertFalse(self.env["stock.move"].sudo().search_count([("origin", "=", order.name)]))
        self.assertFalse(order.sudo().stock_reference_ids)
        self.assertFalse(order.reserved_stock)


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestStockSetAside(StockCase):
    def test_set_aside_and_release(self):
        order = self._order(4)
        self.assertEqual(self._free(), 10)
        order.action_reserve()
        self.assertEqual(self._free(), 6)
        self.assertEqual(order.reserved_stock, "All of it")
        self.assertNotIn("Inventory", order.message_ids[0].body)
        # no delivery of it, nothing delivered
        self.assertFalse(order.sudo().picking_ids or order.sudo().delivery_status or order.sudo().delivery_count)
        self.assertFalse(order.order_line.sudo().move_ids or order.order_line.qty_delivered)
        self.assertEqual(self.product.sudo().outgoing_qty, 4)
        self.assertEqual(self.product.sudo().virtual_available, 6)
        # another order gets what is left
        other = self._order(8)
        other.action_confirm()
        self.assertEqual(other.order_line.sudo().move_ids.quantity, 6)
        order.action_release()
        self.assertEqual(self._free(), 4)
        self._assert_nothing_held(order)
        other.order_line.sudo().move_ids._action_assign()
        self.assertEqual(other.order_line.sudo().move_ids.quantity, 8)

    def test_what_is_not_on_hand_is_told(self):
        none = self._storable("Librero")
        plenty = self._storable("Archivero", on_hand=100)
        order = self._order(15, (none, 2), (plenty, 3))
        order.action_reserve()
        self.assertEqual(order.customer_stage, "reserved")
        self.assertEqual(self._free(), 0)
        self.assertEqual(self._free(plenty), 97)
        text = order.reserved_stock
        self.assertIn("Silla de oficina: 10.00 of 15.00 Units", text)
        self.assertIn("Librero: 0.00 of 2.00 Units", text)
        self.assertNotIn("Archivero", text)
        note = order.message_ids[0].body
        self.assertIn("Silla de oficina: 10.00 of 15.00 Units", note)
        self.assertNotIn("Archivero", note)
        # what arrives later is not kept for a quotation, nor bought for it
        self._stock_up(self.product, 7)
        self.env["stock.rule"].sudo().run_scheduler()
        self.assertEqual(self._free(), 7)
        self.assertEqual(self.product.sudo().virtual_available, 7)
        self.assertEqual(self._moves(order).mapped("state"), ["assigned"] * 2)
        # unless the quotation changes
        order.order_line[0].product_uom_qty = 16
        self.assertEqual(self._free(), 1)
        self.assertIn("Librero", order.reserved_stock)
        self.assertNotIn("Silla", order.reserved_stock)

    def test_only_where_the_company_asks(self):
        self.company.customer_reservation_stock = False
        order = self._order(4)
        order.action_reserve()
        order.order_line.product_uom_qty = 5
        self.assertEqual(self._free(), 10)
        self._assert_nothing_held(order)
        self.assertFalse(self.env["res.company"].create({"name": "Otra"}).customer_reservation_stock)

    def test_company_that_does_not_ask_any_more(self):
        """What is held stays in step until its end."""
        order = self._order(4)
        order.action_reserve()
        self.company.customer_reservation_stock = False
        order.order_line.product_uom_qty = 6
        self.assertEqual(self._free(), 4)
        order.action_release()
        self.assertEqual(self._free(), 10)
        self._assert_nothing_held(order)

    def test_ends(self):
        """Its days are over; cancelled; deleted; cancelled and drafted again."""
        with freeze_time("2026-03-10 18:00:00"):
            expired = self._order(1)
            expired.action_reserve()
            expired.reserved_until = "2026-03-10"
        cancelled, deleted = self._order(2), self._order(3, user=self.env.user)
        for order in (cancelled, deleted):
            order.action_reserve()
        self.assertEqual(self._free(), 4)
        with freeze_time("2026-03-12 18:00:00"):
            self.env["sale.order"].sudo()._cron_release_expired()
        self.assertEqual(self._free(), 5)
        cancelled._action_cancel()
        self.assertEqual(self._free(), 7)
        cancelled.action_draft()
        self.assertEqual(self._free(), 7)
        name = deleted.name
        deleted.unlink()
        self.assertEqual(self._free(), 10)
        self.assertFalse(self.env["stock.move"].sudo().search_count([("origin", "=", name)]))
        self.assertFalse(self.env["stock.reference"].search_count([("name", "=", name)]))
        for order in (expired, cancelled):
            self._assert_nothing_held(order)

    def test_state_written(self):
        """By an integration that confirms without delivering: nothing is held for ever."""
        order = self._order(4)
        order.action_reserve()
        order.write({"state": "sale"})
        self.assertEqual(self._free(), 10)

    def test_uninstalled(self):
        order = self._order(4)
        order.action_reserve()
        with patch("odoo.addons.l10n_mx_customer.hooks.SOURCES", ()):
            uninstall_hook(self.env(user=SUPERUSER_ID))
        self.assertEqual(self._free(), 10)
        self.assertFalse(self._moves(order) or order.sudo().stock_reference_ids)

    def test_services_and_consumables(self):
        service = self.env["product.product"].create({"name": "Flete", "type": "service"})
        glue = self.env["product.product"].create({"name": "Pegamento", "type": "consu"})
        order = self._order(1, (service, 1), (glue, 5), (self.product, -1))
        self.env["sale.order.line"].create({"order_id": order.id, "display_type": "line_note", "name": "Nota"})
        order.action_reserve()
        self.assertEqual(self._moves(order).mapped("product_id"), self.product)
        self.assertEqual(order.reserved_stock, "All of it")
        only = self._create_order(confirm=False)
        only.order_line.product_id = service
        only.action_reserve()
        self._assert_nothing_held(only)

    def test_unit_of_the_line(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.product.uom_ids = dozen
        self._stock_up(self.product, 5)
        order = self._order(1)
        order.order_line.product_uom_id = dozen
        self._add_line(order, self.product, 1)
        order.action_reserve()
        self.assertEqual(self._free(), 2)
        self.assertEqual(order.reserved_stock, "All of it")
        order.order_line[0].product_uom_qty = 2
        self.assertIn("15.00 of 25.00 Units", order.reserved_stock)
        self.assertEqual(self._free(), 0)

    def test_lots_and_serial_numbers(self):
        lots = self.env["stock.lot"].sudo()
        paint = self._storable("Pintura", tracking="lot")
        drill = self._storable("Taladro", tracking="serial")
        for name, product, quantity in (("P1", paint, 3), ("P2", paint, 3), ("T1", drill, 1), ("T2", drill, 1)):
            lot = lots.create({"name": name, "product_id": product.id})
            self._stock_up(product, quantity, lot=lot)
        order = self._order(1, (paint, 4), (drill, 1))
        order.action_reserve()
        self.assertEqual(order.reserved_stock, "All of it")
        self.assertEqual((self._free(paint), self._free(drill)), (2, 1))
        held = self._moves(order).move_line_ids.lot_id
        self.assertEqual(set(held.mapped("name")), {"P1", "P2", "T1"})
        order.action_confirm()
        self.assertEqual(order.order_line.sudo().move_ids.move_line_ids.lot_id, held)
        self.assertEqual((self._free(paint), self._free(drill)), (2, 1))

    def test_never_done_by_accident(self):
        order = self._order(4)
        order.action_reserve()
        move = self._moves(order)
        move.picked = True
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            move._action_done()
        self.assertEqual(self.product.sudo().qty_available, 10)

    def test_taken_by_the_warehouse(self):
        """Somebody delivers what is there, whoever it was kept for: Odoo takes it from the latest."""
        order = self._order(8)
        order.action_reserve()
        other = self._order(5)
        other.action_confirm()
        move = other.order_line.sudo().move_ids
        self.assertEqual(move.quantity, 2)
        move.write({"quantity": 5, "picked": True})
        move.picking_id._action_done()
        self.assertEqual(self._free(), 0)
        self.assertIn("5.00 of 8.00", order.reserved_stock)
        order.action_confirm()
        self.assertEqual(order.order_line.sudo().move_ids.quantity, 5)

    def test_forecast_names_the_order(self):
        order = self._order(4)
        order.action_reserve()
        report = self.env["stock.forecasted_product_product"].sudo()
        docs = report.with_context(warehouse_id=self.warehouse.id)._get_report_data(product_ids=self.product.ids)
        line = next(line for line in docs["lines"] if line["reservation"])
        self.assertEqual(line["quantity"], 4)
        self.assertEqual((line["document_out"]["_name"], line["document_out"]["id"]), ("sale.order", order.id))
        self.assertIn(6, [line["quantity"] for line in docs["lines"] if not line["document_out"]])

    def test_settings(self):
        admin = self.env.ref("base.user_admin")
        settings = self.env["res.config.settings"].with_user(admin).with_context(allowed_company_ids=self.company.ids)
        with Form(settings) as form:
            self.assertTrue(form.customer_has_stock)
            form.customer_reservation_stock = False
        form.record.execute()
        self.assertFalse(self.company.customer_reservation_stock)

    def test_cost(self):
        """Fifty lines in one form: a few queries more for each product, as Odoo's own reservation has."""

        def queries(count):
            products = [self._storable(f"Producto {number}", on_hand=5) for number in range(count)]
            order = self._create_order(confirm=False, order_line=[])
            order.order_line = [
                Command.create({"product_id": product.id, "product_uom_qty": 2}) for product in products
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            order.with_user(self.seller).action_reserve()
            self.env.flush_all()
            reserved = self.env.cr.sql_log_count - before
            self.assertEqual(len(self._moves(order)), count)
            before = self.env.cr.sql_log_count
            order.write({"order_line": [Command.update(line.id, {"product_uom_qty": 3}) for line in order.order_line]})
            self.env.flush_all()
            changed = self.env.cr.sql_log_count - before
            self.assertEqual(self._moves(order).mapped("quantity"), [3] * count)
            return reserved, changed

        queries(2)
        few, many = queries(10), queries(50)
        for action, ten, fifty in zip(("set aside", "change"), few, many, strict=True):
            with self.subTest(action):
                self.assertLess((fifty - ten) / 40, 16)


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestStockHandedOver(StockCase):
    """Confirming: the stock goes to the order's own delivery, and to no other."""

    def _assert_handed_over(self, order, quantity):
        moves = order.order_line.sudo().move_ids.filtered(lambda move: move.location_id == self.shelf)
        self.assertEqual(sum(moves.mapped("quantity")), quantity)
        self.assertFalse(self._moves(order))
        self.assertFalse(order.reserved_stock)

    def test_delivery(self):
        order = self._order(4)
        order.action_reserve()
        order.action_confirm()
        self._assert_handed_over(order, 4)
        self.assertEqual(self._free(), 6)
        self.assertEqual(order.sudo().picking_ids.state, "assigned")
        self.assertEqual(order.sudo().delivery_status, "pending")
        order.sudo().picking_ids.button_validate()
        self.assertEqual(order.order_line.qty_delivered, 4)
        self.assertEqual(order.sudo().delivery_status, "full")

    def test_operation_types_that_do_not_reserve(self):
        for method in ("manual", "by_date"):
            with self.subTest(method):
                self.warehouse.out_type_id.reservation_method = method
                order = self._order(3, commitment_date=self.today + timedelta(days=60))
                order.action_reserve()
                order.action_confirm()
                self._assert_handed_over(order, 3)
                self.assertEqual(order.sudo().picking_ids.state, "assigned")

    def test_only_what_was_held(self):
        """Where deliveries are reserved by hand, what has come since is nobody's."""
        self.warehouse.out_type_id.reservation_method = "manual"
        plain = self._order(1)
        plain.action_confirm()
        self._assert_handed_over(plain, 0)
        order = self._order(15)
        order.action_reserve()
        self._stock_up(self.product, 20)
        order.action_confirm()
        self._assert_handed_over(order, 10)
        self.assertEqual(order.order_line.sudo().move_ids.state, "partially_available")
        self.assertEqual(self._free(), 20)

    def test_steps(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        order = self._order(4)
        order.action_reserve()
        self.assertEqual(self._free(), 6)
        order.action_confirm()
        self._assert_handed_over(order, 4)
        self.assertEqual(self._free(), 6)

    def test_steps_by_pull_rules(self):
        """Each step asks for the one before: only the first takes from the shelf."""
        self.warehouse.delivery_steps = "pick_ship"
        output = self.warehouse.wh_output_stock_loc_id
        rules = self.env["stock.rule"].sudo()
        route = self.env["stock.route"].sudo().create({"name": "Dos pasos", "sale_selectable": True})
        customers = self.env.ref("stock.stock_location_customers").sudo()
        for source, target, method, kind in (
            (self.shelf, output, "make_to_stock", self.warehouse.pick_type_id),
            (output, customers, "make_to_order", self.warehouse.out_type_id),
        ):
            rules.create(
                {
                    "name": target.name,
                    "route_id": route.id,
                    "action": "pull",
                    "location_src_id": source.id,
                    "location_dest_id": target.id,
                    "procure_method": method,
                    "picking_type_id": kind.id,
                    "warehouse_id": self.warehouse.id,
                }
            )
        self.warehouse.pick_type_id.reservation_method = "manual"
        order = self._order(4)
        order.sudo().order_line.route_ids = route
        self.product.sudo().route_ids = route
        order.action_reserve()
        self.assertEqual(self._moves(order).location_id, self.shelf)
        order.action_confirm()
        self._assert_handed_over(order, 4)
        self.assertEqual(len(order.order_line.sudo().move_ids), 2)

    def test_made_or_bought_on_order(self):
        """Nothing would be taken from stock for it, so nothing is held, and nothing procured."""
        route = self.env["stock.route"].sudo().create({"name": "Sobre pedido", "sale_selectable": True})
        self.env["stock.rule"].sudo().create(
            {
                "name": "Sobre pedido",
                "route_id": route.id,
                "action": "pull",
                "location_src_id": self.shelf.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "procure_method": "make_to_order",
                "picking_type_id": self.warehouse.out_type_id.id,
            }
        )
        order = self._order(4)
        order.sudo().order_line.route_ids = route
        order.action_reserve()
        self.assertEqual(self._free(), 10)
        self.assertIn("0.00 of 4.00", order.reserved_stock)
        order.sudo().order_line.route_ids = False
        self.assertEqual(self._free(), 6)

    def test_stock_first_then_procured(self):
        """Taking from stock what there is, and procuring the rest: what was held counts as there."""
        supplier = self.env.ref("stock.stock_location_suppliers").sudo()
        rules = self.warehouse.delivery_route_id.rule_ids.filtered(lambda rule: rule.location_src_id == self.shelf)
        rules.procure_method = "mts_else_mto"
        self.env["stock.rule"].sudo().create(
            {
                "name": "Resurtir",
                "route_id": self.warehouse.delivery_route_id.id,
                "action": "pull",
                "location_src_id": supplier.id,
                "location_dest_id": self.shelf.id,
                "procure_method": "make_to_stock",
                "picking_type_id": self.warehouse.in_type_id.id,
                "warehouse_id": self.warehouse.id,
            }
        )
        order = self._order(8)
        order.action_reserve()
        self.assertEqual(self._free(), 2)
        order.action_confirm()
        incoming = (
            self.env["stock.move"]
            .sudo()
            .search_count([("product_id", "=", self.product.id), ("location_id", "=", supplier.id)])
        )
        self.assertFalse(incoming)
        self._assert_handed_over(order, 8)

    def test_many_at_once(self):
        """The one that held nothing is confirmed first, and may not take what the other held."""
        order, other = self._order(8), self._order(8)
        order.action_reserve()
        (other + order).action_confirm()
        self._assert_handed_over(order, 8)
        self.assertEqual(other.order_line.sudo().move_ids.quantity, 2)

    def test_two_that_hold(self):
        orders = self._order(7) + self._order(3)
        orders.action_reserve()
        reverse = orders[1] + orders[0]
        reverse.action_confirm()
        self._assert_handed_over(orders[0], 7)
        self._assert_handed_over(orders[1], 3)

    def test_refused_by_the_gate(self):
        self.company.customer_credit_gate = True
        order = self._order(4, price=1000.0)
        order.action_reserve()
        self.customer.credit_limit = 1.0
        with self.assertRaisesRegex(UserError, "beyond the credit limit"), self.env.cr.savepoint():
            order.action_confirm()
        self.assertEqual(self._free(), 6)
        self.assertEqual(order.customer_stage, "reserved")


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestStockInStep(StockCase):
    """What is held follows the quotation."""

    def test_quantities(self):
        order = self._order(4)
        order.action_reserve()
        for asked, free in ((6, 4), (2, 8), (12, 0), (0, 10), (3, 7)):
            with self.subTest(asked):
                order.order_line.product_uom_qty = asked
                self.assertEqual(self._free(), free)
                self.assertEqual(len(self._moves(order)), 1 if asked else 0)

    def test_lines(self):
        table = self._storable("Mesa", on_hand=5)
        order = self._order(4)
        order.action_reserve()
        line = self._add_line(order, table, 2)
        self.assertEqual((self._free(), self._free(table)), (6, 3))
        line.product_id = self.product
        self.assertEqual((self._free(), self._free(table)), (4, 5))
        line.unlink()
        self.assertEqual(self._free(), 6)
        other = self._order(1)
        other.action_reserve()
        other.order_line.order_id = order
        self.assertEqual(self._free(), 5)
        self._assert_nothing_held(other)

    def test_form(self):
        table = self._storable("Mesa", on_hand=5)
        order = self._order(4)
        order.action_reserve()
        with Form(order) as form:
            with form.order_line.edit(0) as line:
                line.product_uom_qty = 7
            with form.order_line.new() as line:
                line.product_id = table
                line.product_uom_qty = 6
        self.assertEqual((self._free(), self._free(table)), (3, 0))
        self.assertIn("Mesa: 5.00 of 6.00", order.reserved_stock)

    def test_warehouse(self):
        second = self.stock.create({"name": "Norte", "code": "NTE", "company_id": self.company.id})
        self._stock_up(self.product, 3, second.lot_stock_id)
        order = self._order(4)
        order.action_reserve()
        order.sudo().warehouse_id = second
        self.assertEqual((self._free(), self._free(location=second.lot_stock_id)), (10, 0))
        self.assertIn("3.00 of 4.00", order.reserved_stock)

    def test_archived_warehouse(self):
        """What is held keeps its warehouse from being archived; from an archived one nothing is held."""
        second = self.stock.create({"name": "Norte", "code": "NTE", "company_id": self.company.id})
        order = self._order(2)
        order.sudo().warehouse_id = second
        second.active = False
        order.action_reserve()
        self.assertIn("0.00 of 2.00", order.reserved_stock)
        order.action_release()
        second.active = True
        self._stock_up(self.product, 3, second.lot_stock_id)
        order.action_reserve()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            second.active = False
        self.assertEqual(self._free(location=second.lot_stock_id), 1)

    def test_second_company(self):
        """Each company asks for itself, and holds its own stock."""
        warehouse = self.stock.search([("company_id", "=", self.company_2.id)], limit=1)
        self._stock_up(self.product, 5, warehouse.lot_stock_id)
        orders = self.env["sale.order"].with_context(allowed_company_ids=self.company_2.ids)
        line = Command.create({"product_id": self.product.id, "product_uom_qty": 4})
        first, second = (
            orders.create({"partner_id": self.customer.id, "company_id": self.company_2.id, "order_line": [line]})
            for _number in range(2)
        )
        first.action_reserve()
        self.assertEqual(self._free(location=warehouse.lot_stock_id), 5)
        self.company_2.customer_reservation_stock = True
        second.action_reserve()
        self.assertEqual((self._free(location=warehouse.lot_stock_id), self._free()), (1, 10))
        self.assertEqual(self._moves(second).company_id, self.company_2)
        self.env["sale.order"].sudo().browse(second.id).action_release()
        self.assertEqual(self._free(location=warehouse.lot_stock_id), 5)

    def test_a_copy_holds_nothing(self):
        order = self._order(4)
        order.action_reserve()
        self._assert_nothing_held(order.copy())
        self.assertEqual(self._free(), 6)


@tagged("post_install", "-at_install", "-standard", "store_modules")
class TestStockRace(RaceCase):
    """Two quotations set the last pieces aside."""

    def setUp(self):
        super().setUp()
        env = self._env(0)
        company = env.ref("base.main_company")
        self.before = company.customer_reservation_stock, company.customer_credit_gate
        company.write({"customer_reservation_stock": True, "customer_credit_gate": False})
        product = env["product.product"].create({"name": "Última pieza", "is_storable": True})
        shelf = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).lot_stock_id
        env["stock.quant"]._update_available_quantity(product, shelf, 3)
        customers = env["res.partner"].create(
            [{"name": f"Cliente de la carrera {number}", "customer_rank": 1} for number in range(2)]
        )
        line = Command.create({"product_id": product.id, "product_uom_qty": 2})
        orders = env["sale.order"].create([{"partner_id": customer.id, "order_line": [line]} for customer in customers])
        env["sale.order"]._get_stock_location()
        self.product_id, self.customer_ids, self.order_ids = product.id, customers.ids, orders.ids
        env.cr.commit()
        self.addCleanup(self._remove)

    def _remove(self):
        env = self._env_to_remove()
        env["sale.order"].browse(self.order_ids).unlink()
        product = env["product.product"].browse(self.product_id)
        env["stock.quant"].search([("product_id", "=", product.id)]).unlink()
        product.unlink()
        env["res.partner"].browse(self.customer_ids).unlink()
        stock, gate = self.before
        company = env.ref("base.main_company")
        company.write({"customer_reservation_stock": stock, "customer_credit_gate": gate})
        env.cr.commit()

    def test_the_last_pieces(self):
        first, second = (self._env(number)["sale.order"].browse(self.order_ids[number]) for number in range(2))
        first.action_reserve()
        first.env.flush_all()
        second.env.cr.execute("SELECT count(*) FROM stock_quant")  # a snapshot without what the first holds
        refused = []

        def reserve():
            try:
                second.action_reserve()
            except SerializationFailure as error:
                refused.append(error)

        thread = threading.Thread(target=reserve)
        with mute_logger("odoo.sql_db"):
            thread.start()
            thread.join(3)
            self.assertTrue(thread.is_alive(), "the later one waits")
            first.env.cr.commit()
            thread.join(60)
        self.assertTrue(refused, "and fails, so that it is tried again")
        second.env.cr.rollback()
        second.env.transaction.reset()
        second.action_reserve()
        second.env.cr.commit()
        moves = self._env(0)["sale.order"].browse(self.order_ids)._stock_moves()
        self.assertEqual(sorted(moves.mapped("quantity")), [1, 2])
        quants = self._env(0)["stock.quant"].search([("product_id", "=", self.product_id)])
        self.assertEqual(sum(quants.mapped("reserved_quantity")), 3)
