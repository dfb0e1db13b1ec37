from functools import wraps

from odoo import models

from .sale_order_stock import LOCATION


class SaleOrder(models.Model):
    """What inventory shows of the stock that quotations hold: for whom it is, and that it is there for them.

    The addon does not depend on stock, so methods of models that may not be there are wrapped when the registry is
    made, as base_automation does.
    """

    _inherit = "sale.order"

    def _register_hook(self):
        super()._register_hook()
        if self._has_stock():
            self._wrap_method("stock.move", "_get_source_document", _source_document)
            self._wrap_method("stock.forecasted_product_product", "_get_reservation_data", _reservation_data)
            self._wrap_method("sale.order.line", "_compute_qty_at_date", _compute_qty_at_date)

    def _wrap_method(self, model, name, around):
        """Have ``around`` called in place of a method, with the records and the method."""
        model = self.env.registry[model]
        method = getattr(model, name)
        if getattr(method, "knows_set_aside", False):
            return

        @wraps(method)
        def wrapper(self, *args):
            return around(self, method, *args)

        wrapper.knows_set_aside = True
        setattr(model, name, wrapper)


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
