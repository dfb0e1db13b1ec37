from odoo import fields, models
from odoo.exceptions import UserError

from .res_partner_identity import SWITCHES

SHOWN_PAIRS = 10  # of customers with the same value, in an error
PAC_ENVIRONMENTS = [
    ("simulator", "Simulator (no legal value)"),
    ("test", "Finkok, test"),
    ("production", "Finkok, production"),
]
# Of most of Mexico: for a company whose contact says nothing.
DEFAULT_TIME_ZONE = "America/Mexico_City"


class ResCompany(models.Model):
    """How a company issues CFDI. Its tax data are those of its own partner, its seal is a certificate of Odoo."""

    _inherit = "res.company"

    cfdi_pac_environment = fields.Selection(
        selection=PAC_ENVIRONMENTS,
        string="PAC",
        help="Where the CFDIs of this company are stamped. The simulator is a server of your own for trials: "
        "what it stamps has no legal value.",
    )
    cfdi_pac_url = fields.Char(
        string="Simulator URL",
        groups="base.group_system",
        help="Address of the simulator, such as http://localhost:8070.",
    )
    cfdi_pac_username = fields.Char(string="PAC User", groups="base.group_system")
    cfdi_pac_password = fields.Char(string="PAC Password", groups="base.group_system")

    customer_rfc_unique = fields.Boolean(
        string="One Customer an RFC",
        default=True,
        help="No two customers of this company may have the same RFC; archived ones count. "
        "The generic RFCs of the SAT are everybody's.",
    )
    customer_email_unique = fields.Boolean(
        string="One Customer an E-mail",
        default=True,
        help="No two customers of this company may have the same main e-mail. "
        "Turn it off when the branches of a chain share one.",
    )

    def write(self, vals):
        result = super().write(vals)
        for name, switch in SWITCHES.items():
            if switch in vals:
                self._apply_identity_rule(name, switch, vals[switch])
        return result

    def _apply_identity_rule(self, name, switch, turned_on):
        """:raise UserError: the rule is turned on and customers share a value; none is chosen for them"""
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        late = partners._claim_first_come(name)
        if late and turned_on:
            pairs = [
                f"{partner.name} ({partner.ref or '-'}) = {other.name} ({other.ref or '-'}): {partner[name]}"
                for partner, other in ((partners.browse(one), partners.browse(two)) for one, two in late[:SHOWN_PAIRS])
            ]
            raise UserError(
                self.env._(
                    "%(label)s: %(count)s customers have the value of another one. Correct or merge them first:\n"
                    "%(pairs)s",
                    label=self._fields[switch]._description_string(self.env),
                    count=len(late),
                    pairs="\n".join(pairs),
                )
            )

    def _business_time_zone(self):
        """Name of the time zone in which the company's days begin: of its contact, else of most of Mexico."""
        self.ensure_one()
        return self.partner_id.tz or DEFAULT_TIME_ZONE

    def _business_today(self):
        """The company's date: it decides what is overdue or expired, not that of the user whose action asks."""
        self.ensure_one()
        return fields.Date.context_today(self.with_context(tz=self._business_time_zone()))
