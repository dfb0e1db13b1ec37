"""What is held follows the quotation, and goes to its delivery: run with ``--test-tags store_modules``."""

import threading
from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import SerializationFailure

from .common import RaceCase
from .test_store_stock import StockCase


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
