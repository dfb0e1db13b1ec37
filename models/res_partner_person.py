from odoo import api, fields, models
from stdnum.mx import rfc

from ..cfdi.catalogs import FISICA, MORAL, person_of
from .res_partner_tax import GENERIC_RFCS, RFC_FOREIGN, RFC_PUBLIC

PERSON_TYPES = [
    ("moral", "Legal entity"),
    ("natural", "Natural person"),
    ("foreign", "Foreign resident"),
    ("public", "General public"),
]
BY_RFC = {FISICA: "natural", MORAL: "moral"}


class ResPartner(models.Model):
    """What kind of person a customer is for the SAT, and the name of a natural one in two parts."""

    _inherit = "res.partner"

    person_type = fields.Selection(
        selection=PERSON_TYPES,
        string="Kind of Person",
        compute="_compute_person_type",
        store=True,
        help="Read from the RFC: 12 characters are a legal entity's, 13 a natural person's; XAXX010101000 is the "
        "general public, XEXX010101000, or a country other than Mexico without an RFC, a foreign resident.",
    )
    firstname = fields.Char(
        string="First Name",
        help="Given names of a natural person. The customer's name stays in step with both parts.",
    )
    lastname = fields.Char(
        string="Last Names",
        help="Paternal and maternal last name of a natural person.",
    )

    @api.depends("vat", "country_id")
    def _compute_person_type(self):
        for partner in self:
            number = partner.vat or ""
            if number == RFC_PUBLIC:
                partner.person_type = "public"
            elif number == RFC_FOREIGN or (partner.country_id.code not in (False, "MX") and not rfc.is_valid(number)):
                partner.person_type = "foreign"
            else:
                partner.person_type = BY_RFC.get(person_of(number), False)

    @api.onchange("vat")
    def _onchange_vat_person(self):
        kind = self._person_of_rfc(self.vat)
        if kind is not None:
            self.is_company = kind == MORAL

    @api.onchange("firstname", "lastname")
    def _onchange_name_parts(self):
        self.name = self._join_name(self.firstname, self.lastname) or self.name

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("firstname") or vals.get("lastname"):
                vals.setdefault("name", self._join_name(vals.get("firstname"), vals.get("lastname")))
            if "is_company" not in vals and "company_type" not in vals and vals.get("customer_rank"):
                kind = self._person_of_rfc(vals.get("vat"))
                if kind is not None:
                    vals["is_company"] = kind == MORAL
        return super().create(vals_list)

    def write(self, vals):
        parts = {"firstname", "lastname"} & vals.keys()
        if not parts and "name" not in vals:
            return super().write(vals)
        if parts and "name" not in vals:
            for partner in self:
                name = self._join_name(vals.get("firstname", partner.firstname), vals.get("lastname", partner.lastname))
                super(ResPartner, partner).write({**vals, "name": name or partner.name})
            return True
        if not parts:
            # A name that its parts do not make any more: better no parts than wrong ones.
            others = self.filtered(
                lambda partner: (
                    (partner.firstname or partner.lastname)
                    and self._join_name(partner.firstname, partner.lastname) != vals["name"]
                )
            )
            if others:
                super(ResPartner, others).write({**vals, "firstname": False, "lastname": False})
                return super(ResPartner, self - others).write(vals)
        return super().write(vals)

    @api.model
    def _join_name(self, firstname, lastname):
        return " ".join(f"{firstname or ''} {lastname or ''}".split())

    @api.model
    def _person_of_rfc(self, number):
        """FISICA or MORAL, as an RFC written in any way tells; None by no RFC, a generic or a foreign number."""
        number = self._normalize_tax_vals({"vat": number or ""})["vat"]
        return person_of(number) if rfc.is_valid(number) and number not in GENERIC_RFCS else None
