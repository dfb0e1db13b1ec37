import re
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError


class Coverage(NamedTuple):
    """Which addresses a zone is for."""

    zone_id: int
    prefixes: tuple
    state_ids: frozenset


class CustomerZone(models.Model):
    """A sales or delivery zone. It may say which states and postal codes it covers: new addresses there get it."""

    _name = "customer.zone"
    _description = "Customer Zone"
    _order = "sequence, name, id"
    _rec_names_search = ("name", "code")

    name = fields.Char(required=True, help="What people call the zone: Bajío, Zona Norte, Ruta 4.")
    code = fields.Char(
        required=True, help="Short key of the zone, used once: integrations and imports name the zone by it."
    )
    sequence = fields.Integer(default=10, help="Order in the lists; of two zones that cover an address, the first.")
    active = fields.Boolean(default=True)
    state_ids = fields.Many2many(
        "res.country.state",
        string="States",
        help="States that the zone covers whole. Their new addresses are proposed this zone.",
    )
    zip_prefixes = fields.Char(
        string="Postal Codes",
        help="Beginnings of the Mexican postal codes that the zone covers, separated by commas: 44, 45, 20230. "
        "The longest that fits an address decides, before its state.",
    )

    _code_unique = models.Constraint("UNIQUE(code)", "Code: it is the key of another zone; each zone needs its own.")

    @api.constrains("zip_prefixes")
    def _check_zip_prefixes(self):
        for zone in self:
            for prefix in zone._split_prefixes():
                if not re.fullmatch("[0-9]{1,5}", prefix):
                    raise ValidationError(
                        self.env._(
                            "Postal Codes: “%(value)s” of the zone %(name)s is not valid; "
                            "one to five digits, separated by commas, are expected, such as 44, 45, 20230.",
                            value=prefix,
                            name=zone.name,
                        )
                    )

    @api.depends("code")
    def _compute_display_name(self):
        for zone in self:
            zone.display_name = f"[{zone.code}] {zone.name}" if zone.code else zone.name

    @api.model_create_multi
    def create(self, vals_list):
        zones = super().create(vals_list)
        self.env.registry.clear_cache()
        return zones

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _split_prefixes(self):
        return [prefix.strip() for prefix in (self.zip_prefixes or "").split(",") if prefix.strip()]

    @api.model
    @tools.ormcache()
    def _coverages(self):
        """What each zone covers, in the order of the zones; those that say nothing are left out."""
        return tuple(
            Coverage(zone.id, tuple(zone._split_prefixes()), frozenset(zone.state_ids.ids))
            for zone in self.sudo().search(["|", ("state_ids", "!=", False), ("zip_prefixes", "!=", False)])
        )

    @api.model
    def _propose(self, code, state_id, country_code):
        """The id of the zone that covers an address, or False.

        :param str code: postal code
        :param int state_id: state of the address
        :param str country_code: country of the address; '' counts as Mexico
        """
        best, length = False, 0
        for coverage in self._coverages():
            fits = [prefix for prefix in coverage.prefixes if (code or "").startswith(prefix)]
            if country_code in ("", "MX") and fits and len(max(fits, key=len)) > length:
                best, length = coverage.zone_id, len(max(fits, key=len))
            elif not best and state_id in coverage.state_ids:
                best = coverage.zone_id
        return best
