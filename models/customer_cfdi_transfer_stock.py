from lxml import etree
from odoo import api, fields, models
from odoo.exceptions import UserError

from .customer_cfdi_transfer_lines import DESTINATION, ORIGIN
from .method_wrapping import add_method, wrap_method

PICKING = "stock.picking"
# Of inventory's transfers: what is there to travel, or has left.
READY_STATES = ("assigned", "done")
BUTTON = {
    "name": "action_cfdi_transfer",
    "type": "object",
    "string": "Carta Porte",
    "groups": "l10n_mx_customer.group_cfdi_issuer",
}


class CustomerCfdiTransferPicking(models.Model):
    """A transfer of inventory whose goods travel: in one transfer with Carta Porte and in no other."""

    _name = "customer.cfdi.transfer.picking"
    _inherit = "customer.cfdi.transfer.line"
    _description = "Inventory of a Transfer"

    picking_id = fields.Many2oneReference(
        string="Transfer of Inventory", model_field="picking_model", required=True, index=True
    )
    picking_model = fields.Char(string="Model", default=PICKING, required=True)

    _picking_unique = models.Constraint(
        "UNIQUE(picking_id)", "The goods of a transfer of inventory travel in one transfer with Carta Porte only."
    )


class CustomerCfdiTransfer(models.Model):
    """Filled in from transfers of inventory, where that is installed.

    The addon does without inventory, so its model gets what is needed when the registry is made: two methods, a button,
    and what is asked before one is cancelled.
    """

    _inherit = "customer.cfdi.transfer"

    picking_ids = fields.One2many("customer.cfdi.transfer.picking", "transfer_id", string="Inventory", readonly=True)

    def _register_hook(self):
        super()._register_hook()
        if PICKING in self.env:
            add_method(self.env, PICKING, action_cfdi_transfer)
            add_method(self.env, PICKING, cfdi_stamp)
            wrap_method(self.env, PICKING, "action_cancel", _action_cancel)
            wrap_method(self.env, PICKING, "_get_view", _get_view)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_fill_in(self):
        """Button: take places and goods from the transfers of inventory again; what was written by hand is lost.

        :raise AccessError: for who may not write the transfers
        :raise UserError: what the CFDI says is sealed
        """
        self.check_access("write")
        self._check_not_sealed()
        for transfer in self.filtered("picking_ids"):
            transfer._fill_in()

    def action_view_pickings(self):
        """Button: the transfers of inventory whose goods travel.

        :return: a window action on ``stock.picking``
        """
        self.ensure_one()
        pickings = self._pickings()
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Inventory"),
            "res_model": PICKING,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", pickings.ids)],
        }
        return pickings.get_formview_action() if len(pickings) == 1 else action

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------
    @api.model
    def create_from_pickings(self, picking_ids, values=None):
        """Make the transfer of goods of inventory that travel in one vehicle; stamp it with ``cfdi_stamp``.

        The origin is the address of the warehouse, each address that goods go to is a destination; what is received
        comes the other way. Leaves at the scheduled date of the first.

        :param list picking_ids: of ``stock.picking``, Ready or Done, of one company
        :param dict values: others of the transfer, such as ``vehicle_id``, ``driver_ids``
        :return: the id of the transfer
        :raise AccessError: for who may not make transfers, or may not read those of inventory
        :raise UserError: one is not Ready or Done, is of another company, or travels in another transfer already
        """
        self.check_access("create")
        if PICKING not in self.env:
            raise UserError(self.env._("Inventory is not installed."))
        pickings = self.env[PICKING].browse(picking_ids)
        pickings.check_access("read")
        self._check_pickings(pickings)
        values = {"company_id": pickings.company_id.id, **(values or {})}
        transfer = self.create(
            values
            | {
                "origin": ", ".join(pickings.mapped("name")),
                "picking_ids": [fields.Command.create({"picking_id": picking.id}) for picking in pickings],
            }
        )
        transfer._fill_in()
        return transfer.id

    @api.model
    def _check_pickings(self, pickings):
        """:raise UserError: these transfers of inventory do not travel together, or not now"""
        if not pickings or len(pickings.company_id) > 1:
            raise UserError(self.env._("Choose transfers of inventory of one company."))
        if pickings.company_id.account_fiscal_country_id.code != "MX":
            raise UserError(self.env._("%(company)s is not in Mexico.", company=pickings.company_id.display_name))
        waiting = pickings.filtered(lambda picking: picking.state not in READY_STATES)
        if waiting:
            raise UserError(
                self.env._(
                    "State: %(names)s is neither Ready nor Done: what travels is not known yet.",
                    names=", ".join(waiting.mapped("name")),
                )
            )
        others = self._of_pickings(pickings)
        if others:
            raise UserError(
                self.env._(
                    "%(names)s travels in %(transfers)s already.",
                    names=", ".join(others.mapped("origin")),
                    transfers=", ".join(others.mapped("name")),
                )
            )

    @api.model
    def _of_pickings(self, pickings):
        """The transfers that goods of inventory travel in."""
        return self.search([("picking_ids.picking_id", "in", pickings.ids)])

    def _copy_to_replace(self, document):
        new = super()._copy_to_replace(document)
        # Inventory goes with the new one. By SQL: what a living CFDI says does not change otherwise.
        links = self.picking_ids
        if links:
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE customer_cfdi_transfer_picking SET transfer_id = %s WHERE id = ANY(%s)", [new.id, links.ids]
            )
            self.env.invalidate_all()
        return new

    def _pickings(self):
        return self.env[PICKING].browse(self.picking_ids.mapped("picking_id")).exists()

    def _fill_in(self):
        """Places and goods, from the transfers of inventory. Several moves of a product to a place are one line."""
        pickings = self._pickings()
        self.goods_ids.unlink()
        self.stop_ids.unlink()
        start = min(pickings.mapped("scheduled_date"))
        stops = {}
        for kind in (ORIGIN, DESTINATION):
            for picking in pickings:
                address = self._ends_of(picking)[kind]
                if address and (kind, address) not in stops:
                    stops[kind, address] = self.env["customer.cfdi.transfer.stop"].create(
                        {
                            "transfer_id": self.id,
                            "kind": kind,
                            "partner_id": address.id,
                            "moment": start if kind == ORIGIN else False,
                            "sequence": 10 * (len(stops) + 1),
                        }
                    )
        lines = {}
        for picking in pickings:
            ends = self._ends_of(picking)
            origin, destination = (stops.get((kind, ends[kind])) for kind in (ORIGIN, DESTINATION))
            for move in picking.move_ids.filtered(lambda move: move.state in READY_STATES or move.quantity):
                # What is reserved or done; the unit is the move's.
                key = (move.product_id, move.product_uom, origin, destination)
                lines[key] = lines.get(key, 0) + (move.quantity or move.product_uom_qty)
        several = len(stops) > 2
        self.env["customer.cfdi.transfer.goods"].create(
            [
                {
                    "transfer_id": self.id,
                    "product_id": product.id,
                    "uom_id": unit.id,
                    "quantity": quantity,
                    "origin_id": several and origin and origin.id,
                    "destination_id": several and destination and destination.id,
                    "sequence": 10 * number,
                }
                for number, ((product, unit, origin, destination), quantity) in enumerate(lines.items(), 1)
            ]
        )

    @api.model
    def _ends_of(self, picking):
        """{kind: address} of a transfer of inventory: the warehouses', or the partner's on the other side."""
        own = picking.company_id.partner_id

        def place(location):
            inside = location.usage in ("internal", "transit")
            warehouse = location.warehouse_id.partner_id or (picking.picking_type_id.warehouse_id.partner_id)
            return (warehouse or own) if inside else (picking.partner_id or self.env["res.partner"])

        return {ORIGIN: place(picking.location_id), DESTINATION: place(picking.location_dest_id)}

    def _prepare_carta_porte(self, problems):
        pickings = self._pickings() if self.picking_ids else ()
        for picking in pickings:
            if picking.state not in READY_STATES:
                problems.append(
                    self.env._(
                        "State: %(names)s is neither Ready nor Done: what travels is not known yet.", names=picking.name
                    )
                )
        return super()._prepare_carta_porte(problems)


# ----------------------------------------------------------------------
# Of stock.picking
# ----------------------------------------------------------------------
def action_cfdi_transfer(self):
    """Button: open the transfer with Carta Porte of these transfers of inventory; it is made if there is none.

    :return: a window action on ``customer.cfdi.transfer``
    :raise AccessError: for who may not make transfers
    :raise UserError: as ``customer.cfdi.transfer.create_from_pickings``
    """
    transfers = self.env["customer.cfdi.transfer"]
    found = transfers._of_pickings(self)
    if not found:
        found = transfers.browse(transfers.create_from_pickings(self.ids))
    if len(found) == 1:
        return found.get_formview_action()
    action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_cfdi_transfer")
    return action | {"domain": [("id", "in", found.ids)]}


def cfdi_stamp(self):
    """Stamp the CFDI of type T with Carta Porte of these transfers of inventory; safe to repeat.

    Each travels in the transfer (``customer.cfdi.transfer``) that it is in; one that is in none gets one of its own,
    which stays for what is missing (vehicle, driver, distance) to be filled in.

    :return: a list with a dict for each: as ``customer.cfdi.transfer.cfdi_stamp``, and ``picking_id``
    :raise AccessError: for who may not make transfers, or may not read those of inventory
    :raise UserError: one is not Ready or Done
    """
    transfers = self.env["customer.cfdi.transfer"]
    of_picking = {}
    for picking in self:
        of_picking[picking] = transfers._of_pickings(picking) or transfers.browse(
            transfers.create_from_pickings(picking.ids)
        )
    results = {}
    for transfer in transfers.union(*of_picking.values()):
        (results[transfer],) = transfer.cfdi_stamp()
    return [{**results[transfer], "picking_id": picking.id} for picking, transfer in of_picking.items()]


def _action_cancel(pickings, original):
    """Goods that travel with a legal document are not cancelled before it."""
    # Sudo: whoever cancels need not see transfers.
    pickings.env["customer.cfdi.transfer"].sudo()._of_pickings(pickings)._check_no_document()
    return original(pickings)


def _get_view(pickings, original, view_id=None, view_type="form", **options):
    """With the button “Carta Porte”, on the form and over the list."""
    arch, view = original(pickings, view_id, view_type, **options)
    if view_type == "form":
        for header in arch.xpath("/form/header")[:1]:
            etree.SubElement(header, "button", BUTTON, invisible="state not in ('assigned', 'done')")
    elif view_type == "list":
        headers = arch.xpath("/list/header")
        header = headers[0] if headers else etree.Element("header")
        if not headers:
            arch.insert(0, header)
        etree.SubElement(header, "button", BUTTON)
    return arch, view
