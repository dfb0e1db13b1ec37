from odoo import api, fields, models

from ..cfdi.carta_porte_catalogs import exists
from .customer_cfdi_vehicle import sat_catalogue

ORIGIN, DESTINATION = "Origen", "Destino"
KINDS = [(ORIGIN, "Origin"), (DESTINATION, "Destination")]
HAZARDS = [("Sí", "Sí"), ("No", "No")]


class CustomerCfdiTransferLine(models.AbstractModel):
    """What a transfer has several of, and its CFDI seals."""

    _name = "customer.cfdi.transfer.line"
    _description = "Line of a Transfer"
    _order = "sequence, id"
    _check_company_auto = True

    transfer_id = fields.Many2one("customer.cfdi.transfer", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="transfer_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.transfer_id._check_not_sealed()
        return lines

    def write(self, vals):
        self.transfer_id._check_not_sealed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sealed(self):
        self.transfer_id._check_not_sealed()


class CustomerCfdiTransferStop(models.Model):
    """A place where goods are taken or left (Ubicacion), in the order of the way."""

    _name = "customer.cfdi.transfer.stop"
    _inherit = "customer.cfdi.transfer.line"
    _description = "Place of a Transfer"

    kind = fields.Selection(KINDS, string="Type", required=True, default=DESTINATION)
    partner_id = fields.Many2one(
        "res.partner",
        string="Address",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="Where it is: the address says street, colonia and postal code; its company says name and RFC.",
    )
    moment = fields.Datetime(
        string="Departure or Arrival",
        help="FechaHoraSalidaLlegada: when the goods leave the origin, or are expected at the destination. The CFDI "
        "says it in local time of the place.",
    )
    distance = fields.Float(
        string="Distance (km)", digits=(10, 2), help="DistanciaRecorrida: from the place before, of a destination."
    )

    @api.depends("kind", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for stop in self:
            stop.display_name = f"{kinds.get(stop.kind, '')}: {stop.partner_id.display_name or ''}"


class CustomerCfdiTransferGoods(models.Model):
    """Goods that travel (Mercancia)."""

    _name = "customer.cfdi.transfer.goods"
    _inherit = "customer.cfdi.transfer.line"
    _description = "Goods of a Transfer"

    product_id = fields.Many2one("product.product", index="btree_not_null", ondelete="restrict", check_company=True)
    name = fields.Char(
        string="Description",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    uom_id = fields.Many2one(
        "uom.uom",
        string="Unit",
        compute="_compute_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
    )
    product_code = fields.Char(
        string="SAT Product Code",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="BienesTransp, eight digits of the catalogue c_ClaveProdServCP. Taken from the product.",
    )
    unit_code = fields.Char(
        string="SAT Unit Code",
        compute="_compute_unit_code",
        store=True,
        readonly=False,
        precompute=True,
        help="ClaveUnidad, such as H87 for a piece or XBX for a box. Taken from the unit of measure.",
    )
    weight = fields.Float(
        string="Weight (kg)",
        compute="_compute_weight",
        store=True,
        readonly=False,
        precompute=True,
        digits=(16, 3),
        help="PesoEnKg of all of it, with its packaging. Taken from the weight of the product.",
    )
    hazardous = fields.Selection(
        HAZARDS,
        string="Dangerous Goods",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="MaterialPeligroso: Sí or No where the SAT's catalogue says that goods of this code may be dangerous; "
        "else empty.",
    )
    hazard_code = fields.Char(
        string="Dangerous Goods Code",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="CveMaterialPeligroso: four digits of the catalogue c_MaterialPeligroso (the UN number), such as 1203.",
    )
    packaging = fields.Selection(
        sat_catalogue("c_TipoEmbalaje"),
        string="Packaging (SAT)",
        compute="_compute_from_product",
        store=True,
        readonly=False,
        precompute=True,
        help="Embalaje of dangerous goods.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    value = fields.Monetary(
        string="Value of the Goods", help="ValorMercancia, in the company's currency. Optional within Mexico."
    )
    origin_id = fields.Many2one(
        "customer.cfdi.transfer.stop",
        string="Taken at",
        domain="[('transfer_id', '=', transfer_id), ('kind', '=', 'Origen')]",
        ondelete="set null",
        help="Only where there are several origins.",
    )
    destination_id = fields.Many2one(
        "customer.cfdi.transfer.stop",
        string="Left at",
        domain="[('transfer_id', '=', transfer_id), ('kind', '=', 'Destino')]",
        ondelete="set null",
        help="Only where there are several destinations.",
    )

    @api.depends("product_id")
    def _compute_from_product(self):
        for goods in self:
            product = goods.product_id
            goods.name = product.name or goods.name
            goods.product_code = product.cfdi_product_code or goods.product_code
            goods.hazardous = product.cfdi_hazardous if product else goods.hazardous
            goods.hazard_code = product.cfdi_hazard_code if product else goods.hazard_code
            goods.packaging = product.cfdi_packaging if product else goods.packaging

    # By itself: the others follow from it, also where it was given.
    @api.depends("product_id")
    def _compute_uom_id(self):
        for goods in self:
            goods.uom_id = goods.product_id.uom_id or goods.uom_id

    @api.depends("uom_id")
    def _compute_unit_code(self):
        for goods in self:
            goods.unit_code = goods.uom_id.cfdi_unit_code or goods.unit_code

    @api.depends("product_id", "quantity", "uom_id")
    def _compute_weight(self):
        for goods in self:
            weight = goods.product_id._cfdi_weight(goods.quantity, goods.uom_id) if goods.product_id else 0
            goods.weight = weight or goods.weight

    def _code_problems(self):
        """What is wrong with the SAT's codes of goods, a line each."""
        problems = []
        for goods in self:
            name = goods.name
            if not exists("c_ClaveProdServCP", goods.product_code or ""):
                problems.append(
                    self.env._(
                        "SAT Product Code: “%(value)s” of %(name)s is not in the catalogue c_ClaveProdServCP; eight "
                        "digits such as 56112102 are expected.",
                        value=goods.product_code or "",
                        name=name,
                    )
                )
            if goods.hazardous == "Sí" and not exists("c_MaterialPeligroso", goods.hazard_code or ""):
                problems.append(
                    self.env._(
                        "Dangerous Goods Code: “%(value)s” of %(name)s is not in the catalogue c_MaterialPeligroso; "
                        "four digits such as 1203 are expected.",
                        value=goods.hazard_code or "",
                        name=name,
                    )
                )
            if goods.hazardous == "Sí" and not goods.packaging:
                problems.append(
                    self.env._("Packaging (SAT): that of %(name)s is missing; dangerous goods have one.", name=name)
                )
        return problems
