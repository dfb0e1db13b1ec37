from odoo import fields, models
from odoo.exceptions import UserError

from .res_partner_identity import SWITCHES

SHOWN_PAIRS = 10  # of customers with the same value, in an error
# TipoDeComprobante -> the sequence of its folios.
CFDI_SEQUENCES = {"P": "cfdi_payment_sequence_id", "T": "cfdi_transfer_sequence_id"}
# Of most of Mexico: for a company whose contact says nothing.
DEFAULT_TIME_ZONE = "America/Mexico_City"


class ResCompany(models.Model):
    """How a company issues CFDI. Its tax data are those of its own partner, its seal is a certificate of Odoo."""

    _inherit = "res.company"

    cfdi_pac_ids = fields.One2many(
        "customer.pac",
        "company_id",
        string="PAC",
        help="Who stamps the CFDIs of this company: the first one; the others while it is down.",
    )
    cfdi_payment_sequence_id = fields.Many2one(
        "ir.sequence", string="Folios of Receipts of Payment", readonly=True, groups="base.group_system", copy=False
    )
    cfdi_transfer_sequence_id = fields.Many2one(
        "ir.sequence", string="Folios of Transfers", readonly=True, groups="base.group_system", copy=False
    )

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

    def _get_cfdi_sequence(self, cfdi_type):
        """Of the folios of receipts of payment (P) or transfers (T), without gaps: a number that is not used is given
        to the next one."""
        self.ensure_one()
        company = self.sudo()
        name = CFDI_SEQUENCES[cfdi_type]
        if not company[name]:
            company[name] = company[name].create(
                {
                    "name": f"{company._fields[name]._description_string(self.env)}: {self.name}",
                    "implementation": "no_gap",
                    "company_id": self.id,
                }
            )
        return company[name]
