"""The stock of quotations that are set aside, with inventory installed: run with ``--test-tags store_modules``."""

from unittest.mock import patch

from freezegun import freeze_time
from odoo import SUPERUSER_ID, Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..hooks import uninstall_hook
from .common import CustomerCommon


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
        self.assertEqual(line["reservation"], {"_name": "sale.order", "id": order.id, "name": order.name})
        self.assertIn(6, [line["quantity"] for line in docs["lines"] if not line["document_out"]])
        docs = self.env["stock.forecasted_product_template"].sudo().with_context(warehouse_id=self.warehouse.id)
        lines = docs._get_report_data(product_template_ids=self.product.product_tmpl_id.ids)["lines"]
        self.assertIn(order.id, [line["reservation"]["id"] for line in lines if line["reservation"]])
        # other deliveries are told as ever
        other = self._order(2)
        other.action_confirm()
        lines = report.with_context(warehouse_id=self.warehouse.id)._get_report_data(product_ids=self.product.ids)[
            "lines"
        ]
        self.assertIn(other.sudo().picking_ids.id, [line["reservation"]["id"] for line in lines if line["reservation"]])

    def test_availability_on_the_lines(self):
        """The quotation that holds the goods has them; another one has what is left."""
        order, other = self._order(8), self._order(8)
        self.assertEqual(order.order_line.free_qty_today, 10)
        order.action_reserve()
        self.env.invalidate_all()
        line = order.order_line
        self.assertEqual((line.free_qty_today, line.virtual_available_at_date), (10, 10))
        self.assertEqual((other.order_line.free_qty_today, other.order_line.virtual_available_at_date), (2, 2))
        self.product.uom_ids = dozen = self.env.ref("uom.product_uom_dozen")
        self._stock_up(self.product, 14)
        line.write({"product_uom_id": dozen.id, "product_uom_qty": 1})
        self.env.invalidate_all()
        self.assertEqual(line.free_qty_today, 2)

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
