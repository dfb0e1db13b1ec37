"""Transfers with Carta Porte made of inventory's, with inventory installed: run with ``--test-tags store_modules``."""

from datetime import timedelta

from lxml import etree
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .transfers import TransferCommon

TAGS = ("post_install", "-at_install", "-standard", "store_modules")


@tagged(*TAGS)
class TestPickings(TransferCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "stock" not in cls.env.registry._init_modules:
            # Not a skip: a run without it has tested nothing.
            raise AssertionError("not installed: stock")
        cls.env.user.sudo().group_ids += cls.env.ref("stock.group_stock_manager")
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        cls.warehouse.partner_id = cls.warehouse_address
        cls.product.is_storable = True
        cls._stock_up(cls.product, 100)

    @classmethod
    def _stock_up(cls, product, quantity):
        quants = cls.env["stock.quant"].sudo()
        quants._update_available_quantity(product.sudo(), cls.warehouse.lot_stock_id, quantity)

    @classmethod
    def _picking(cls, *lines, partner=None, assign=True, kind="out_type_id", **values):
        """A delivery of (product, quantity, unit)."""
        operation = cls.warehouse[kind]
        ends = {
            "location_id": (operation.default_location_src_id or cls.env.ref("stock.stock_location_suppliers")).id,
            "location_dest_id": (
                operation.default_location_dest_id or cls.env.ref("stock.stock_location_customers")
            ).id,
        }
        picking = cls.env["stock.picking"].create(
            {
                "picking_type_id": operation.id,
                "partner_id": (partner or cls.shop_address).id,
                **ends,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "product_uom": (unit or product.uom_id).id,
                            **ends,
                        }
                    )
                    for product, quantity, unit in lines or ((cls.product, 20, None),)
                ],
                **values,
            }
        )
        if assign:
            picking.action_confirm()
            picking.action_assign()
        return picking

    def _transfer(self, *pickings, **values):
        transfers = self.env["customer.cfdi.transfer"]
        ids = [picking.id for picking in pickings]
        return transfers.browse(transfers.create_from_pickings(ids, {"vehicle_id": self.vehicle.id, **values}))

    def _complete(self, transfer):
        """What inventory does not know: how far it is and when it arrives."""
        for number, stop in enumerate(transfer.stop_ids.filtered(lambda stop: stop.kind == "Destino"), 1):
            stop.write({"distance": 96.4, "moment": transfer.stop_ids[0].moment + timedelta(hours=3 * number)})

    def test_fill_in(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        dozen.cfdi_unit_code = "DPC"
        picking = self._picking((self.product, 20, None), (self.product, 2, dozen), (self.product, 4, None))
        transfer = self._transfer(picking)
        self.assertEqual((transfer.origin, transfer.driver_ids), (picking.name, self.driver))
        self.assertEqual(
            [(stop.kind, stop.partner_id, stop.moment) for stop in transfer.stop_ids],
            [
                ("Origen", self.warehouse_address, picking.scheduled_date),
                ("Destino", self.shop_address, False),
            ],
        )
        self.assertEqual(
            {(goods.product_id, goods.uom_id, goods.quantity, goods.weight) for goods in transfer.goods_ids},
            {(self.product, self.product.uom_id, 24, 300), (self.product, dozen, 2, 300)},
        )
        self._complete(transfer)
        (result,) = picking.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        self.assertEqual((result["picking_id"], result["transfer_id"]), (picking.id, transfer.id))
        self.assertEqual(picking.cfdi_stamp(), [result])

    def test_stamp_over_rpc_tells_what_is_missing(self):
        picking = self._picking()
        (result,) = picking.cfdi_stamp()
        self.assertEqual(result["state"], "invalid")
        self.assertEqual(
            [line.partition(":")[0] for line in result["message"].split("\n")],
            ["Departure or Arrival", "Distance (km)", "Vehicle", "Drivers"],
        )
        transfer = self.env["customer.cfdi.transfer"].browse(result["transfer_id"])
        transfer.vehicle_id = self.vehicle
        self._complete(transfer)
        self.assertEqual(picking.cfdi_stamp()[0]["state"], "stamped")
        for name in ("cfdi_stamp", "action_cfdi_transfer"):
            self.assertTrue(callable(get_public_method(self.env["stock.picking"], name)))

    def test_several_deliveries_in_one_lorry(self):
        other = self._create_customer(name="Papelería del Norte", vat="XIA190128J61")
        north = self._create_address("Tienda Querétaro", "76343", other)
        pickings = self._picking() | self._picking((self.product, 5, None), partner=north)
        transfer = self._transfer(*pickings)
        self.assertEqual(transfer.stop_ids.partner_id, self.warehouse_address | self.shop_address | north)
        self.assertEqual(
            [(goods.quantity, goods.destination_id.partner_id) for goods in transfer.goods_ids],
            [(20, self.shop_address), (5, north)],
        )
        self._complete(transfer)
        before = self.stamps()
        results = pickings.cfdi_stamp()
        self.assertEqual([result["state"] for result in results], ["stamped", "stamped"], results)
        self.assertEqual(len({result["uuid"] for result in results}), 1)
        self.assertEqual(self.stamps(), before + 1)
        self.assertEqual(pickings[0].action_cfdi_transfer()["res_id"], transfer.id)

    def test_receipt_and_between_warehouses(self):
        """What comes back is taken at the customer's; what goes to another warehouse is left there."""
        receipt = self._picking(kind="in_type_id", location_id=self.env.ref("stock.stock_location_customers").id)
        transfer = self._transfer(receipt)
        self.assertEqual(
            [(stop.kind, stop.partner_id) for stop in transfer.stop_ids],
            [("Origen", self.shop_address), ("Destino", self.warehouse_address)],
        )
        north = self._create_address("Almacén Norte", "76343", self.company.partner_id)
        other = self.env["stock.warehouse"].create({"name": "Norte", "code": "NTE", "partner_id": north.id})
        moved = self._picking(
            kind="int_type_id", partner=self.env["res.partner"], location_dest_id=other.lot_stock_id.id
        )
        moved.move_ids.location_dest_id = other.lot_stock_id
        transfer = self._transfer(moved)
        self.assertEqual(
            [(stop.kind, stop.partner_id) for stop in transfer.stop_ids],
            [("Origen", self.warehouse_address), ("Destino", north)],
        )
        self._complete(transfer)
        self.assertEqual(transfer.cfdi_stamp()[0]["state"], "stamped")
        self.assertEqual(transfer.cfdi_ids.partner_id, self.company.partner_id)

    def test_states(self):
        draft = self._picking(assign=False)
        with self.assertRaisesRegex(UserError, "neither Ready nor Done"):
            draft.action_cfdi_transfer()
        done = self._picking()
        done.button_validate()
        self.assertEqual(done.state, "done")
        transfer = self._transfer(done)
        self.assertEqual(transfer.goods_ids.quantity, 20)
        late = self._picking()
        transfer = self._transfer(late)
        self._complete(transfer)
        late.action_cancel()
        self.assertRegex(transfer.cfdi_stamp()[0]["message"], f"State: {late.name} is neither Ready nor Done")

    def test_cancel_of_inventory(self):
        """With a legal document it is refused; without one, and after its cancellation, not."""
        picking = self._picking()
        transfer = self._transfer(picking)
        self._complete(transfer)
        self.control(fault="cut_after", operation="stamp")
        self.assertEqual(transfer.cfdi_stamp()[0]["state"], "sent")
        stockman = self._create_user("almacenista", "stock.group_stock_user")
        for state in ("sent", "stamped"):
            with self.subTest(state), self.assertRaisesRegex(UserError, "Cancel the CFDI first"):
                picking.with_user(stockman).action_cancel()
            transfer.cfdi_stamp()
        self.assertEqual(transfer.cfdi_state, "stamped")
        transfer.cfdi_ids.cancel("03")
        picking.with_user(stockman).action_cancel()
        self.assertEqual(picking.state, "cancel")

    def test_validating_is_free(self):
        """The goods leave after their document was stamped, and less than it says: the warehouse goes on."""
        picking = self._picking()
        transfer = self._transfer(picking)
        self._complete(transfer)
        transfer.cfdi_stamp()
        picking.move_ids.quantity = 15
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=picking.ids).button_validate()
        self.assertEqual((picking.state, transfer.cfdi_state), ("done", "stamped"))

    @mute_logger("odoo.sql_db")
    def test_one_transfer_a_delivery(self):
        picking = self._picking()
        transfer = self._transfer(picking)
        with self.assertRaisesRegex(UserError, f"travels in {transfer.name} already"):
            self._transfer(picking)
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self._create_transfer(picking_ids=[Command.create({"picking_id": picking.id})])
        transfer.unlink()
        self.assertTrue(self._transfer(picking))

    def test_fill_in_again(self):
        picking = self._picking()
        transfer = self._transfer(picking)
        picking.move_ids.product_uom_qty = 30
        picking.action_assign()
        transfer.action_fill_in()
        self.assertEqual(transfer.goods_ids.quantity, 30)
        self._complete(transfer)
        transfer.cfdi_stamp()
        with self.assertRaisesRegex(UserError, "sealed"):
            transfer.action_fill_in()

    def test_access(self):
        picking = self._picking()
        stockman = self._create_user("almacenista", "stock.group_stock_user")
        with self.assertRaises(AccessError):
            picking.with_user(stockman).action_cfdi_transfer()
        both = self._create_user("trafico", "stock.group_stock_user", "l10n_mx_customer.group_cfdi_issuer")
        action = picking.with_user(both).action_cfdi_transfer()
        transfer = self.env["customer.cfdi.transfer"].browse(action["res_id"]).with_user(both)
        transfer.vehicle_id = self.vehicle
        self._complete(transfer)
        (result,) = picking.with_user(both).cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        # Who sees no inventory stamps what others made of it.
        issuer = self._create_user("emisora", "l10n_mx_customer.group_cfdi_issuer")
        late = self._transfer(self._picking())
        self._complete(late)
        (result,) = late.with_user(issuer).cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])

    def test_second_company(self):
        theirs = self._picking()
        self.env.user.sudo().company_ids += self.company_2
        both = self.env["stock.picking"].with_context(allowed_company_ids=(self.company + self.company_2).ids)
        warehouse = self.env["stock.warehouse"].sudo().search([("company_id", "=", self.company_2.id)], limit=1)
        operation = warehouse.out_type_id
        other = both.sudo().create(
            {
                "picking_type_id": operation.id,
                "location_id": operation.default_location_src_id.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "company_id": self.company_2.id,
            }
        )
        with self.assertRaisesRegex(UserError, "of one company"):
            both.env["customer.cfdi.transfer"].create_from_pickings((theirs + other).ids)

    def test_replace(self):
        """Inventory goes with the one that takes the place, and is held by its document."""
        picking = self._picking()
        wrong = self._transfer(picking)
        self._complete(wrong)
        wrong.cfdi_stamp()
        right = wrong.browse(wrong.action_replace()["res_id"])
        self.assertEqual((right.origin, right._pickings(), wrong.picking_ids.ids), (picking.name, picking, []))
        self.assertEqual(picking.cfdi_stamp()[0]["transfer_id"], right.id)
        self.assertEqual((wrong.cfdi_state, right.cfdi_state), ("cancelled", "stamped"))
        with self.assertRaisesRegex(UserError, "Cancel the CFDI first"):
            picking.action_cancel()

    def test_button(self):
        pickings = self.env["stock.picking"]
        for kind, path in (("form", "/form/header/button"), ("list", "/list/header/button")):
            arch = etree.fromstring(pickings.get_view(view_type=kind)["arch"])
            self.assertEqual(len(arch.xpath(f"{path}[@name='action_cfdi_transfer']")), 1, kind)
        stockman = self._create_user("almacenista", "stock.group_stock_user")
        arch = pickings.with_user(stockman).get_view(view_type="form")["arch"]
        self.assertNotIn("action_cfdi_transfer", arch)
