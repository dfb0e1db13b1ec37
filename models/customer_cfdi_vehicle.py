import re
from decimal import ROUND_HALF_UP, Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..cfdi.carta_porte_catalogs import REMOLQUES, entries

PLATE = re.compile(r"[A-Z0-9ÑÁÉÍÓÚ]{5,7}")
YEAR = re.compile(r"(19|20)[0-9]{2}")
INSURER_LENGTHS, POLICY_LENGTHS, PERMIT_LENGTHS = (3, 50), (3, 30), (1, 50)
# Field -> the shortest and the longest text that the SAT takes.
LENGTHS = {
    "permit_number": PERMIT_LENGTHS,
    **{f"{kind}_insurer": INSURER_LENGTHS for kind in ("liability", "environment", "cargo")},
    **{f"{kind}_policy": POLICY_LENGTHS for kind in ("liability", "environment", "cargo")},
}


def sat_catalogue(name):
    """The selection of a field: codes of a catalogue of the Carta Porte, with the SAT's words in every language."""
    return lambda _records: [(code, f"{code} - {text}") for code, text in entries(name)]


def road_permits(_records):
    """Permits of transport by road (TPAF), and those that the catalogue does not have."""
    return [pair for pair in sat_catalogue("c_TipoPermiso")(_records) if pair[0].startswith(("TPAF", "TPXX"))]


class CustomerCfdiPlated(models.AbstractModel):
    """What has a plate and runs on the road: of one company, or of all of them."""

    _name = "customer.cfdi.plated"
    _description = "Vehicle with a Plate"
    _check_company_auto = True

    plate = fields.Char(
        required=True, help="License plate as the CFDI says it (Placa): five to seven letters and digits, no dashes."
    )
    active = fields.Boolean(default=True, help="What is sold or off the road is archived: no new transfer takes it.")
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Whose transfers use it; empty, those of every company.",
    )

    @api.constrains("plate")
    def _check_plate(self):
        for record in self:
            if not PLATE.fullmatch(record.plate):
                raise ValidationError(
                    self.env._(
                        "Plate: “%(value)s” is not valid; five to seven letters and digits without blanks or dashes "
                        "are expected, such as 92AB7C.",
                        value=record.plate,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_plain_plate(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_plain_plate(vals))

    @api.model
    def _with_plain_plate(self, vals):
        """A plate as it is painted (“92-AB-7C”) becomes what the SAT takes."""
        if not vals.get("plate"):
            return vals
        return vals | {"plate": re.sub(r"[\s-]", "", vals["plate"]).upper()}


class CustomerCfdiTrailer(models.Model):
    _name = "customer.cfdi.trailer"
    _inherit = "customer.cfdi.plated"
    _description = "Trailer"
    _order = "plate"
    _rec_name = "plate"

    kind = fields.Selection(
        sat_catalogue("c_SubTipoRem"),
        string="Trailer Type (SAT)",
        required=True,
        help="SubTipoRem of the trailer or semi-trailer in the Carta Porte.",
    )

    _plate_unique = models.UniqueIndex(
        "(plate, COALESCE(company_id, 0)) WHERE active", "There is already a trailer with this plate."
    )


class CustomerCfdiVehicle(models.Model):
    """A vehicle that goods travel in, as the Carta Porte describes it (Autotransporte)."""

    _name = "customer.cfdi.vehicle"
    _inherit = ["mail.thread", "customer.cfdi.plated"]
    _description = "Vehicle for Transfers"
    _order = "name, id"

    name = fields.Char(required=True, help="What the vehicle is called here, such as its economic number.")
    configuration = fields.Selection(
        sat_catalogue("c_ConfigAutotransporte"),
        string="Configuration (SAT)",
        required=True,
        help="ConfigVehicular: axles, tyres, and whether it pulls trailers. A van or pickup is VL.",
    )
    takes_trailers = fields.Boolean(compute="_compute_takes_trailers")
    year = fields.Char(string="Model Year", required=True, size=4, help="AnioModeloVM, four digits.")
    gross_weight = fields.Float(
        string="Gross Vehicle Weight (t)",
        required=True,
        digits=(10, 2),
        help="PesoBrutoVehicular: what the vehicle may weigh with its load, in metric tons.",
    )
    permit_type = fields.Selection(
        road_permits,
        string="Permit Type (SICT)",
        required=True,
        help="PermSCT: the permit with which it goes on federal roads. A private carrier of its own goods has TPAF02; "
        "what needs no permit, such as a light vehicle, TPXX00.",
    )
    permit_number = fields.Char(
        required=True, help="NumPermisoSCT. With TPXX00: “Permiso no contemplado en el catálogo”."
    )
    liability_insurer = fields.Char(required=True, help="AseguraRespCivil: who insures its civil liability.")
    liability_policy = fields.Char(required=True, help="PolizaRespCivil.")
    environment_insurer = fields.Char(help="AseguraMedAmbiente: needed, and said, when dangerous goods travel.")
    environment_policy = fields.Char(help="PolizaMedAmbiente.")
    cargo_insurer = fields.Char(help="AseguraCarga, where the goods are insured.")
    cargo_policy = fields.Char(help="PolizaCarga.")
    trailer_ids = fields.Many2many(
        "customer.cfdi.trailer",
        string="Trailers",
        check_company=True,
        help="Those that it usually pulls, two at most; a transfer takes them and may change them.",
    )
    driver_id = fields.Many2one(
        "customer.cfdi.figure",
        string="Usual Driver",
        domain="[('kind', '=', '01')]",
        check_company=True,
        help="Who usually drives it; a transfer takes this driver and may change it.",
    )
    owner_ids = fields.Many2many(
        "customer.cfdi.figure",
        string="Owner or Lessor",
        domain="[('kind', '!=', '01')]",
        check_company=True,
        help="Only where the vehicle, or a part of it, is not the company's own.",
    )

    _plate_unique = models.UniqueIndex(
        "(plate, COALESCE(company_id, 0)) WHERE active", "There is already a vehicle with this plate."
    )

    @api.depends("configuration")
    def _compute_takes_trailers(self):
        for vehicle in self:
            vehicle.takes_trailers = True in REMOLQUES.get(vehicle.configuration, {True})

    @api.constrains("year", "gross_weight", *LENGTHS)
    def _check_values(self):
        for vehicle in self:
            if not YEAR.fullmatch(vehicle.year):
                raise ValidationError(
                    self.env._(
                        "Model Year: “%(value)s” of %(name)s is not valid; four digits are expected, such as 2021.",
                        value=vehicle.year,
                        name=vehicle.display_name,
                    )
                )
            if vehicle._tons() <= 0:
                raise ValidationError(
                    self.env._(
                        "Gross Vehicle Weight (t): “%(value)s” of %(name)s is not valid; the metric tons of the "
                        "vehicle with its load are expected, such as 17.50.",
                        value=vehicle.gross_weight,
                        name=vehicle.display_name,
                    )
                )
            vehicle._check_lengths()

    def _check_lengths(self):
        for name, (least, most) in LENGTHS.items():
            value = self[name] and self[name].strip()
            if value and ("|" in value or not least <= len(value) <= most):
                raise ValidationError(
                    self.env._(
                        "%(label)s: “%(value)s” of %(name)s is not valid; %(least)s to %(most)s characters without “|” "
                        "are expected.",
                        label=self._fields[name]._description_string(self.env),
                        value=value,
                        name=self.display_name,
                        least=least,
                        most=most,
                    )
                )

    @api.depends("name", "plate")
    def _compute_display_name(self):
        for vehicle in self:
            vehicle.display_name = f"{vehicle.name} ({vehicle.plate})" if vehicle.plate else vehicle.name

    def _tons(self):
        return Decimal(repr(self.gross_weight)).quantize(Decimal("0.01"), ROUND_HALF_UP)
