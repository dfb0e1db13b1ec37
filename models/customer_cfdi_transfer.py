from odoo import api, fields, models
from odoo.exceptions import UserError

from .customer_cfdi import LIVE_STATES, MANY, STATES, VALID_STATES
from .notification import stamping_notification

# What may change while a CFDI lives: nothing that it says.
FREE_FIELDS = frozenset({"message_main_attachment_id", "message_follower_ids", "message_ids", "activity_ids"})


class CustomerCfdiTransfer(models.Model):
    """Goods that travel by road within Mexico, and the CFDI of type T with Carta Porte 3.1 that goes with them.

    A document of its own: it needs no inventory, and one lorry may carry the goods of several deliveries to several
    places. Where inventory is installed it is filled in from its transfers (``customer_cfdi_transfer_stock``).
    Entry points: ``cfdi_stamp`` here and on ``stock.picking``. What its CFDI says is sealed with it: while that lives,
    neither the transfer nor its places and goods change.
    """

    _name = "customer.cfdi.transfer"
    _description = "Transfer (Carta Porte)"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default="/")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Who issues the CFDI: the owner of the goods.",
    )
    origin = fields.Char(
        string="Source Document", readonly=True, copy=False, help="The transfers of inventory whose goods travel."
    )
    vehicle_id = fields.Many2one("customer.cfdi.vehicle", check_company=True, index="btree_not_null", tracking=True)
    takes_trailers = fields.Boolean(related="vehicle_id.takes_trailers")
    trailer_ids = fields.Many2many(
        "customer.cfdi.trailer",
        string="Trailers",
        compute="_compute_from_vehicle",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
        help="What the vehicle pulls, two at most. Taken from the vehicle.",
    )
    driver_ids = fields.Many2many(
        "customer.cfdi.figure",
        "customer_cfdi_transfer_driver",
        string="Drivers",
        compute="_compute_from_vehicle",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('kind', '=', '01'), ('active', '=', True)]",
        context={"active_test": False},
        help="Who drives. Taken from the vehicle.",
    )
    other_figure_ids = fields.Many2many(
        "customer.cfdi.figure",
        "customer_cfdi_transfer_figure",
        string="Owners, Lessors, Notified",
        compute="_compute_from_vehicle",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('kind', '!=', '01'), ('active', '=', True)]",
        context={"active_test": False},
        help="Who else takes part: owner or lessor of the vehicle where it is not the company's own, who is to be "
        "notified. Taken from the vehicle.",
    )
    stop_ids = fields.One2many("customer.cfdi.transfer.stop", "transfer_id", string="Places", copy=True)
    goods_ids = fields.One2many("customer.cfdi.transfer.goods", "transfer_id", copy=True)
    distance = fields.Float(
        string="Total Distance (km)", compute="_compute_totals", digits=(16, 2), help="Of the whole way."
    )
    weight = fields.Float(string="Total Weight (kg)", compute="_compute_totals", digits=(16, 3))
    cfdi_replaces_id = fields.Many2one(
        "customer.cfdi",
        string="Replaces",
        copy=False,
        index="btree_not_null",
        check_company=True,
        domain="[('cfdi_type', '=', 'T'), ('state', '=', 'stamped'), ('company_id', '=', company_id)]",
        help="CFDI of a transfer with errors whose place this one takes: once this one is stamped, that one is "
        "cancelled (motive 01).",
    )
    cfdi_ids = fields.One2many("customer.cfdi", "transfer_id", string="CFDI", readonly=True)
    cfdi_state = fields.Selection(
        STATES,
        string="CFDI State",
        compute="_compute_cfdi_state",
        store=True,
        index="btree_not_null",
        help="State of the latest CFDI of this transfer.",
    )
    cfdi_uuid = fields.Char(string="Fiscal Folio (UUID)", compute="_compute_cfdi_state", store=True)
    cfdi_is_sealed = fields.Boolean(string="Sealed in a CFDI", compute="_compute_cfdi_is_sealed")

    # ------------------------------------------------------------------
    # Compute
    # ------------------------------------------------------------------
    @api.depends("vehicle_id")
    def _compute_from_vehicle(self):
        for transfer in self:
            vehicle = transfer.vehicle_id
            if vehicle:
                transfer.trailer_ids = vehicle.trailer_ids
                transfer.driver_ids = vehicle.driver_id
                transfer.other_figure_ids = vehicle.owner_ids

    @api.depends("stop_ids.distance", "stop_ids.kind", "goods_ids.weight")
    def _compute_totals(self):
        for transfer in self:
            destinations = transfer.stop_ids.filtered(lambda stop: stop.kind == "Destino")
            transfer.distance = sum(destinations.mapped("distance"))
            transfer.weight = sum(transfer.goods_ids.mapped("weight"))

    @api.depends("cfdi_ids.state", "cfdi_ids.uuid")
    def _compute_cfdi_state(self):
        for transfer in self:
            latest = transfer.sudo().cfdi_ids.sorted("id")[-1:]
            transfer.cfdi_state = latest.state
            transfer.cfdi_uuid = latest.uuid

    @api.depends("cfdi_state")
    def _compute_cfdi_is_sealed(self):
        for transfer in self:
            transfer.cfdi_is_sealed = transfer._is_sealed()

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------
    @api.model_create_multi
    def create(self, vals_list):
        sequence = self.env["ir.sequence"].sudo()
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = sequence.next_by_code("customer.cfdi.transfer") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() - FREE_FIELDS:
            self._check_not_sealed()
        return super().write(vals)

    def copy(self, default=None):
        copies = super().copy(default)
        for transfer, new in zip(self, copies, strict=True):
            places = dict(zip(transfer.stop_ids, new.stop_ids, strict=True))
            for goods in new.goods_ids.filtered(lambda goods: goods.origin_id or goods.destination_id):
                goods.write({name: places.get(goods[name]) for name in ("origin_id", "destination_id")})
        return copies

    @api.ondelete(at_uninstall=False)
    def _unlink_except_cfdi(self):
        documents = self.sudo().cfdi_ids
        if documents:
            raise UserError(
                self.env._(
                    "%(names)s cannot be deleted: a CFDI was made of it, which is kept.",
                    names=", ".join(documents.transfer_id.mapped("name")),
                )
            )

    def _is_sealed(self):
        """Whether a living CFDI says what this says."""
        self.ensure_one()
        return self.sudo().cfdi_state in LIVE_STATES

    def _check_not_sealed(self):
        """:raise UserError: what a living CFDI says would change"""
        sealed = self.filtered(lambda transfer: transfer._is_sealed())
        if sealed:
            raise UserError(
                self.env._(
                    "What the CFDI of %(names)s says is sealed and cannot change. Correct it with “Correct” while it "
                    "was not sent; else cancel the CFDI first.",
                    names=", ".join(sealed.mapped("name")),
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def action_cfdi_stamp(self):
        """Button: stamp, and tell what happened."""
        return stamping_notification(self.cfdi_stamp())

    def action_correct(self):
        """Button: give up the CFDIs that were sealed and never sent, so that the transfer can be corrected.

        :raise AccessError: for who may not write the transfers
        :raise UserError: there is a legal document, or (in doubt) there may be one
        """
        self.check_access("write")
        self._check_no_document()
        # Sudo: nobody writes legal documents.
        self.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state == "sealed").state = "discarded"

    def action_replace(self):
        """Button: make the transfer that takes the place of one that was stamped with errors (motive 01).

        It is corrected and stamped, and then the first one is cancelled.

        :return: a window action on the new transfer
        :raise AccessError: for who may not make transfers
        :raise UserError: it is not stamped
        """
        self.ensure_one()
        document = self.cfdi_ids.filtered(lambda cfdi: cfdi.state == "stamped")
        if not document:
            raise UserError(self.env._("%(name)s is not stamped: there is nothing to replace.", name=self.name))
        return self._copy_to_replace(document).get_formview_action()

    def _copy_to_replace(self, document):
        """The transfer that takes the place of this one, whose CFDI is ``document``."""
        return self.copy({"cfdi_replaces_id": document.id, "origin": self.origin})

    def action_print(self):
        """Button: download the printed CFDI of a stamped transfer, for its driver.

        :return: the action that downloads it
        :raise UserError: it is not stamped
        """
        self.ensure_one()
        documents = self.cfdi_ids.filtered(lambda cfdi: cfdi.state in VALID_STATES)
        if not documents:
            raise UserError(self.env._("%(name)s is not stamped: there is nothing to print yet.", name=self.name))
        return documents[0].action_cfdi_pdf()

    def action_view_cfdi(self):
        """Button: the CFDIs that were made of the transfer.

        :return: a window action on ``customer.cfdi``
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_cfdi")
        return action | {"domain": [("transfer_id", "=", self.id)]}

    def _check_no_document(self):
        """:raise UserError: there is a legal document, or (in doubt) there may be one"""
        living = self.sudo().filtered(lambda transfer: transfer.cfdi_state in ("sent", *VALID_STATES))
        if living:
            raise UserError(
                self.env._(
                    "These transfers have a CFDI with Carta Porte: %(names)s. Cancel the CFDI first.",
                    names=", ".join(f"{transfer.name} ({transfer.cfdi_uuid or '-'})" for transfer in living),
                )
            )

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------
    def cfdi_stamp(self):
        """Stamp the CFDI of type T with Carta Porte of transfers; safe to repeat.

        What is already stamped is answered as it is. One transfer with something wrong does not stop the others; the
        message has everything that is wrong with it, one line each. See ``account.move.cfdi_stamp``.

        :return: a list with a dict for each: ``transfer_id``, ``name``, ``cfdi_id`` (False when nothing was sealed),
            ``state`` (of ``customer.cfdi``, or ``invalid``), ``uuid`` (False if not stamped) and ``message``
        :raise AccessError: for who may not write the transfers
        """
        self.check_access("write")
        cfdis = self.env["customer.cfdi"].sudo().with_context(**{MANY: len(self) > 1})
        return [cfdis._stamp_move(transfer) for transfer in self]

    def _needing_another_cfdi(self):
        """As ``account.move``: a transfer has one living CFDI."""
        return self.browse()

    def _cfdi_sealed(self, cfdi, comprobante):
        """As ``account.move``: called right after a CFDI was sealed, in the same transaction."""

    def _cfdi_customer(self):
        """Whose goods they become: the customer of all destinations; the company itself where there are several, or
        none."""
        self.ensure_one()
        own = self.company_id.partner_id
        destinations = self.stop_ids.filtered(lambda stop: stop.kind == "Destino")
        others = destinations.partner_id.commercial_partner_id - own
        return others if len(others) == 1 else own
