from odoo import api, fields, models
from stdnum.mx import rfc


class ResBank(models.Model):
    """The RFC of a bank, which the complement of payments of a CFDI asks for (RfcEmisorCtaOrd)."""

    _inherit = "res.bank"

    bank_rfc = fields.Char(
        string="Bank RFC",
        help="RFC of the bank. It goes into the CFDIs of payments made from its accounts.",
    )

    @api.constrains("bank_rfc")
    def _check_bank_rfc(self):
        partners = self.env["res.partner"]
        for bank in self:
            if bank.bank_rfc:
                partners._check_rfc(bank.bank_rfc, bank.name)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._normalize_bank_rfc(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normalize_bank_rfc(vals))

    @api.model
    def _normalize_bank_rfc(self, vals):
        if isinstance(vals.get("bank_rfc"), str):
            return {**vals, "bank_rfc": rfc.compact(vals["bank_rfc"])}
        return vals
