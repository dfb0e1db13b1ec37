from collections import defaultdict

from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL, formatLang

# What of an order and of its lines says which stock it needs.
ORDER_FIELDS = frozenset(
    {
        "company_id",
        "order_line",
        "partner_id",
        "partner_shipping_id",
        "reserved_on",
        "state",
        "user_id",
        "warehouse_id",
    }
)
LINE_FIELDS = frozenset({"is_expense", "order_id", "product_id", "product_uom_id", "product_uom_qty", "route_ids"})
LOCATION = "l10n_mx_customer.stock_location_set_aside"
WATCHED = "l10n_mx_customer.stock_watched"


class SaleOrder(models.Model):
    """The stock of a quotation that is set aside, where sale_stock is installed and the company asks for it.

    Odoo reserves stock for stock moves, so each product has one: from where its delivery would take it to a location
    of our own, without a transfer. Nobody sees a delivery to do, nothing is procured, and the order counts nothing as
    delivered; forecasts count it as outgoing, and no other order gets it. The location is virtual: Odoo lets nothing
    in, so the move cannot be done by accident. It hangs from the order by its stock reference, as deliveries will.
    """

    _inherit = "sale.order"

    reserved_stock = fields.Text(
        string="Stock Set Aside",
        compute="_compute_reserved_stock",
        compute_sudo=True,
        help="Whether inventory holds the goods of the quotation for its customer, and what it does not have.",
    )

    # ------------------------------------------------------------------
    # Compute
    # ------------------------------------------------------------------

    @api.depends(
        "reserved_on", "state", "order_line.product_id", "order_line.product_uom_id", "order_line.product_uom_qty"
    )
    def _compute_reserved_stock(self):
        held = self._origin.filtered("reserved_on")._stock_held() if self._has_stock() else {}
        for order in self:
            found = held.get(order._origin)
            missing = [] if found is None else order._missing_stock(found)
            if not found:
                order.reserved_stock = False
            elif missing:
                order.reserved_stock = "\n".join([self.env._("All of it, except for:"), *missing])
            else:
                order.reserved_stock = self.env._("All of it")

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        if not ORDER_FIELDS & vals.keys() or not self._has_stock():
            return super().write(vals)
        watched = self.env.cr.cache.setdefault(WATCHED, set())
        begins = bool(vals.get("reserved_on"))
        # Sudo: who sells need not see stock moves; the same holds for everything below.
        orders = self.sudo().filtered(lambda order: order.id not in watched and (begins or order.reserved_on))
        # Its lines are written one by one: the stock follows once.
        watched.update(orders.ids)
        try:
            result = super().write(vals)
        finally:
            watched.difference_update(orders.ids)
        orders._settle_stock()
        return result

    def unlink(self):
        if self._has_stock():
            orders = self.sudo().filtered("reserved_on")
            orders._discard_stock(orders._stock_moves())
        return super().unlink()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_reserve(self):
        """Set quotations aside (Apartar) until their date, or for the days that their company says.

        They use the customer's credit from now on, so they pass the credit gate. With inventory, and where the company
        asks for it, they hold what is on hand of their goods; a note says what is not.

        :return: True
        :raise UserError: one is not a quotation or is set aside already, or the gate refuses them
        :raise AccessError: the user may not write them
        """
        result = super().action_reserve()
        if self._has_stock():
            for order, found in self.sudo()._stock_held().items():
                missing = order._missing_stock(found)
                if missing:
                    rows = Markup().join(Markup("<li>%s</li>") % row for row in missing)
                    title = self.env._("Inventory does not have all of it; set aside:")
                    order._log_note(Markup("<p>%s</p><ul>%s</ul>") % (title, rows))
        return result

    def action_confirm(self):
        moves = self.sudo().filtered("reserved_on")._stock_moves() if self._has_stock() else None
        if not moves:
            return super().action_confirm()
        held = defaultdict(dict)
        for (order, product, location), move in self.sudo()._by_need(moves).items():
            held[order][product, location] = move.quantity
        result = True
        holders = self.filtered(lambda order: order in held)
        for order in holders:
            # One by one: writing its state frees its stock, and the delivery takes it before any other order can.
            result = super(SaleOrder, order).action_confirm()
            order.sudo()._reserve_delivery(held[order])
        rest = self - holders
        return super(SaleOrder, rest).action_confirm() if rest else result

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _has_stock(self):
        """Whether sale_stock is installed, which this addon does without."""
        return "stock_reference_ids" in self._fields

    @api.model
    def _stock_location(self):
        """:return: where stock moves that hold stock go to, if any was made; a virtual location of all companies"""
        # Sudo: everybody's stock moves go there, whoever may see it.
        return self.sudo().env.ref(LOCATION, raise_if_not_found=False) or self.sudo().env["stock.location"]

    @api.model
    def _get_stock_location(self):
        location = self._stock_location()
        if not location:
            location = location.create({"name": self.env._("Set Aside"), "usage": "view", "company_id": False})
            data = {"xml_id": LOCATION, "record": location, "noupdate": True}
            location.env["ir.model.data"]._update_xmlids([data])
        return location

    def _stock_moves(self):
        """:return: the stock moves that hold stock for these orders"""
        moves = self.env["stock.move"]
        location, references = self._stock_location(), self.stock_reference_ids
        if not location or not references:
            return moves
        return moves.search(
            [
                ("location_dest_id", "=", location.id),
                ("reference_ids", "in", references.ids),
                ("state", "not in", ("done", "cancel")),
            ]
        )

    def _by_need(self, moves):
        """:return: stock moves of these orders by order, product and location, as in what _stock_needs() gives"""
        return {((move.reference_ids.sale_ids & self)[:1], move.product_id, move.location_id): move for move in moves}

    def _stock_needs(self):
        """:return: dict: of each order, product and location, the quantity in the product's unit; the location is
        empty where the goods would not come from stock (kits, made or bought on order, no route)"""
        needs, sources = defaultdict(float), {}
        for line in self.order_line:
            if line._needs_stock():
                product = line.product_id
                routes = product.route_ids | product.categ_id.total_route_ids
                packages = line.product_uom_id.package_type_id
                is_kit = "is_kits" in product._fields and product.is_kits
                key = (line.order_id, line.warehouse_id, line.route_ids, routes, packages, is_kit)
                if key not in sources:
                    sources[key] = line.with_company(line.company_id)._stock_source()
                needs[line.order_id, product, sources[key]] += line.product_uom_id._compute_quantity(
                    line.product_uom_qty, product.uom_id
                )
        return needs

    def _stock_held(self):
        """:return: dict: of each order that holds stock, or should, by product: asked and held, in its unit"""
        moves = self._stock_moves()
        orders = self._holders(moves)
        found = {order: defaultdict(lambda: [0.0, 0.0]) for order in orders}
        for (order, product, _location), asked in orders._stock_needs().items():
            found[order][product][0] += asked
        for (order, product, _location), move in self._by_need(moves).items():
            if order in found:
                found[order][product][1] += move.quantity
        return found

    def _missing_stock(self, found):
        """:return: a text a product that is not on hand, of what _stock_held() gives of the order"""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return [
            self.env._(
                "%(product)s: %(held)s of %(asked)s %(unit)s",
                product=product.display_name,
                held=formatLang(self.env, held, digits=digits),
                asked=formatLang(self.env, asked, digits=digits),
                unit=product.uom_id.name,
            )
            for product, (asked, held) in found.items()
            if product.uom_id.compare(held, asked) < 0
        ]

    def _holders(self, moves):
        """:return: the orders that are to hold stock: those set aside whose company asks for it, and those that did
        when it still asked"""
        holding = moves.reference_ids.sale_ids
        return self.filtered(
            lambda order: order.reserved_on and (order.company_id.customer_reservation_stock or order in holding)
        )

    def _follow_stock(self):
        """Their lines have changed: what is held follows, unless whoever changes them sees to it."""
        if not self._has_stock():
            return
        watched = self.env.cr.cache.get(WATCHED, ())
        self.sudo().filtered(lambda order: order.reserved_on and order.id not in watched)._settle_stock()

    def _settle_stock(self):
        """Make what is held what the orders need, as far as it is on hand; nothing, if they are not set aside."""
        moves = self._stock_moves()
        if not self or not (moves or self._holders(moves)):
            return
        held = self._by_need(moves)
        needs = {key: asked for key, asked in self._holders(moves)._stock_needs().items() if key[2]}
        kept = moves.browse(move.id for key, move in held.items() if key in needs)
        self._discard_stock(moves - kept)
        self._lock_quants(needs)
        changed = moves.browse()
        for key, move in held.items():
            if key in needs and move.product_uom.compare(move.quantity, needs[key]):
                move.product_uom_qty = needs[key]
                changed += move
        changed += self._create_stock_moves({key: asked for key, asked in needs.items() if key not in held})
        changed._action_assign()
        # What is not on hand is not waited for: nothing is bought, and nothing that arrives is kept, for a quotation.
        self._discard_stock(changed.filtered(lambda move: not move.quantity))
        for move in changed.exists():
            if move.product_uom.compare(move.quantity, move.product_uom_qty) < 0:
                move.with_context(do_not_unreserve=True).product_uom_qty = move.quantity
        changed.exists()._recompute_state()
        self.invalidate_recordset(["reserved_stock"])

    def _create_stock_moves(self, needs):
        for order in self.browse({order.id for order, _product, _location in needs}):
            if not order.stock_reference_ids:
                self.env["stock.reference"].create(order.order_line[:1]._prepare_reference_vals())
        moves = self.env["stock.move"].create(
            [
                {
                    "company_id": order.company_id.id,
                    "location_dest_id": self._get_stock_location().id,
                    "location_id": location.id,
                    "origin": order.name,
                    "partner_id": order.partner_shipping_id.id,
                    "product_id": product.id,
                    "product_uom": product.uom_id.id,
                    "product_uom_qty": asked,
                    "reference_ids": [fields.Command.set(order.stock_reference_ids.ids)],
                    "warehouse_id": location.warehouse_id.id,
                }
                for (order, product, location), asked in needs.items()
            ]
        )
        return moves._action_confirm(merge=False)

    def _discard_stock(self, moves):
        """Free what stock moves of these orders hold, and leave nothing of them; the order's notes tell."""
        references = moves.reference_ids
        moves._action_cancel()
        moves.unlink()
        references.filtered(lambda reference: not reference.move_ids and reference.sale_ids <= self).unlink()

    def _lock_quants(self, needs):
        """Wait for whoever is reserving the same goods.

        Odoo goes past a quant that another transaction has locked and reserves beside it: two orders would be told at
        once that they have the last piece. The later one fails here instead, and is tried again on what is left.
        """
        quants = self.env["stock.quant"].search(
            [
                ("location_id", "child_of", [location.id for _order, _product, location in needs]),
                ("product_id", "in", [product.id for _order, product, _location in needs]),
            ]
        )
        if quants:
            query = SQL("SELECT id FROM stock_quant WHERE id IN %s ORDER BY id FOR NO KEY UPDATE", tuple(quants.ids))
            self.env.execute_query(query)

    def _reserve_delivery(self, held):
        """Reserve for the deliveries of the order what it held, where confirming it has not: with operation types that
        reserve by date or by hand.

        :param dict held: quantities in the product's unit, by product and location
        """
        self.ensure_one()
        own = self.order_line.move_ids.filtered(lambda move: move.state not in ("draft", "done", "cancel"))
        for (product, location), quantity in held.items():
            moves = own.filtered(lambda move, key=(product, location): (move.product_id, move.location_id) == key)
            missing = quantity - sum(
                move.product_uom._compute_quantity(move.quantity, product.uom_id) for move in moves
            )
            for move in moves.filtered(lambda move: move.state in ("confirmed", "partially_available")):
                wanted = product.uom_id._compute_quantity(missing, move.product_uom, rounding_method="HALF-UP")
                wanted = min(wanted, move.product_uom_qty - move.quantity)
                if move.product_uom.compare(wanted, 0) > 0:
                    move._action_assign(force_qty=wanted)
                    missing -= move.product_uom._compute_quantity(wanted, product.uom_id)
            moves._recompute_state()


class SaleOrderLine(models.Model):
    """Lines that change take along the stock that their quotation holds."""

    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._follow_stock()
        return lines

    def write(self, vals):
        if not LINE_FIELDS & vals.keys():
            return super().write(vals)
        orders = self.order_id
        result = super().write(vals)
        (orders | self.order_id)._follow_stock()
        return result

    def unlink(self):
        orders = self.order_id
        result = super().unlink()
        orders.exists()._follow_stock()
        return result

    def _needs_stock(self):
        """Whether its customer expects inventory to hold something for the line."""
        self.ensure_one()
        return self.product_id.is_storable and not self.is_expense and self.product_uom_qty > 0

    def _stock_source(self):
        """:return: the location that the delivery of the line would take its goods from, by its routes; none if they
        would be made or bought for it"""
        self.ensure_one()
        none = self.env["stock.location"]
        if "is_kits" in self.product_id._fields and self.product_id.is_kits:
            # Its parts are delivered, it has no stock of its own.
            return none
        values, location, seen = self._prepare_procurement_values(), self._get_location_final(), none
        while location not in seen:
            seen |= location
            rule = self.env["stock.rule"]._get_rule(self.product_id, location, values)
            if rule.action not in ("pull", "pull_push"):
                break
            location = rule.location_src_id
            if rule.procure_method != "make_to_order":
                return none if location.should_bypass_reservation() else location
            values = {**values, "warehouse_id": rule.warehouse_id or values["warehouse_id"]}
        return none
