from odoo import api, fields, models
from odoo.exceptions import ValidationError
from stdnum.mx import rfc as mx_rfc

from .customer_cfdi_vehicle import sat_catalogue

DRIVER = "01"
WITH_PARTS = ("02", "03")
LICENSE_LENGTHS = (6, 16)
LONGEST_NAME = 254


class CustomerCfdiVehiclePart(models.Model):
    """Parts of a vehicle (c_ParteTransporte), of which the owner or lessor is somebody else."""

    _name = "customer.cfdi.vehicle.part"
    _description = "Part of a Vehicle"
    _order = "code"

    code = fields.Char(required=True, size=4, help="Of the SAT's catalogue c_ParteTransporte.")
    name = fields.Char(required=True)

    _code_unique = models.Constraint("UNIQUE(code)", "There is already a part with this code.")


class CustomerCfdiFigure(models.Model):
    """Who takes part in a transfer (TiposFigura): the driver; the owner or lessor of a vehicle that is another's."""

    _name = "customer.cfdi.figure"
    _inherit = ["mail.thread"]
    _description = "Driver, Owner or Lessor"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="NombreFigura: as on the Constancia, without its legal form.")
    kind = fields.Selection(
        sat_catalogue("c_FiguraTransporte"),
        string="Role (SAT)",
        required=True,
        default=DRIVER,
        help="TipoFigura: the driver is 01. Owner (02) and lessor (03) are told only where the vehicle is not the "
        "company's own.",
    )
    rfc = fields.Char(string="RFC", required=True, help="RFCFigura, as on the Constancia.")
    license_number = fields.Char(help="NumLicencia of the driver: the federal license, six to sixteen characters.")
    part_ids = fields.Many2many(
        "customer.cfdi.vehicle.part",
        string="Parts of the Vehicle",
        help="PartesTransporte: what of the vehicle is this owner's or lessor's.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Whose transfers name this person; empty, those of every company.",
    )

    _rfc_unique = models.UniqueIndex(
        "(rfc, kind, COALESCE(company_id, 0)) WHERE active",
        "There is already somebody with this RFC and role.",
    )

    @api.constrains("rfc")
    def _check_rfc(self):
        for figure in self:
            if not mx_rfc.is_valid(figure.rfc):
                raise ValidationError(
                    self.env._(
                        "RFC: “%(value)s” of %(name)s is not valid; twelve or thirteen characters are expected, such "
                        "as PEGJ800101AB1.",
                        value=figure.rfc,
                        name=figure.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_plain_codes(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_plain_codes(vals))

    @api.model
    def _with_plain_codes(self, vals):
        codes = ("rfc", "license_number")
        return vals | {name: "".join(vals[name].split()).upper() or False for name in codes if vals.get(name)}

    @api.depends("name", "kind")
    def _compute_display_name(self):
        roles = dict(self._fields["kind"]._description_selection(self.env))
        for figure in self:
            role = roles.get(figure.kind, "").partition(" - ")[2]
            figure.display_name = f"{figure.name} ({role})" if role and figure.kind != DRIVER else figure.name

    def _carta_porte_problems(self):
        """What the Carta Porte lacks of these people, a line each."""
        problems = []
        for figure in self:
            number = figure.license_number or ""
            least, most = LICENSE_LENGTHS
            if figure.kind == DRIVER and not least <= len(number) <= most:
                problems.append(
                    self.env._(
                        "License Number: “%(value)s” of the driver %(name)s is not valid; %(least)s to %(most)s "
                        "characters are expected.",
                        value=number,
                        name=figure.name,
                        least=least,
                        most=most,
                    )
                )
            if figure.kind in WITH_PARTS and not figure.part_ids:
                problems.append(
                    self.env._(
                        "Parts of the Vehicle: those of %(name)s are missing; what of the vehicle is this owner's or "
                        "lessor's is expected.",
                        name=figure.name,
                    )
                )
        return problems
