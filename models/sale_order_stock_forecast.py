from odoo import models

from .method_wrapping import wrap_method
from .sale_order_stock import LOCATION


class SaleOrder(models.Model):
    """What inventory shows of the stock that quotations hold: for whom it is, and that it is there for them."""

    _inherit = "sale.order"

    def _register_hook(self):
        super()._register_hook()
        if self._has_stock():
            wrap_method(self.env, "stock.move", "_get_source_document", _source_document)
            wrap_method(self.env, "stock.forecasted_product_product", "_get_reservation_data", _reservation_data)
            wrap_method(self.env, "sale.order.line", "_compute_qty_at_date", _compute_qty_at_date)


def _held_for(move):
    """:return: the quotation that a stock move holds stock for, or none"""
    location = move.env["ir.model.data"]._xmlid_to_res_id(LOCATION, raise_if_not_found=False)
    if move.picking_id or move.location_dest_id.id != location:
        return move.env["sale.order"]
    # Sudo: the forecast names every document, whoever may open it.
    return move.sudo().reference_ids.sale_ids[:1]


def _source_document(move, original):
    return _held_for(move) or original(move)


def _reservation_data(report, original, move):
    order = _held_for(move)
    if not order:
        return original(report, move)
    return {"_name": order._name, "id": order.id, "name": order.name}


def _compute_qty_at_date(lines, original):
    """What an order holds is no other's, so Odoo does not count it as free: for the order itself it is."""
    original(lines)
    orders = lines.order_id._origin.sudo().filtered("reserved_on")
    held = orders._stock_held() if orders else {}
    for line in lines:
        found = held.get(line.order_id._origin, {}).get(line.product_id._origin)
        if found and line.display_qty_widget:
            quantity = line.product_id.uom_id._compute_quantity(found[1], line.product_uom_id)
            line.free_qty_today += quantity
            line.virtual_available_at_date += quantity
