from decimal import Decimal
from typing import NamedTuple

from odoo import models

TAX_CODES = {"isr": "001", "iva": "002", "ieps": "003"}
RATE_DECIMALS = Decimal("0.000001")
LOCAL_RATE_DECIMALS = Decimal("0.01")


class CfdiTax(NamedTuple):
    """What a tax of Odoo is in a CFDI. ``rate``: a factor of one or a quota; for a local tax, a percentage."""

    local: bool
    withheld: bool
    code: str  # c_Impuesto; empty for a local tax
    factor: str
    rate: Decimal | None  # None for an Exento


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _cfdi_tax(self):
        """What this tax is in a CFDI, by Odoo's own Mexican fields, never by its name.

        :return: a tuple of a ``CfdiTax`` (None when there is no way to write it) and of why there is none
        """
        self.ensure_one()
        kind, factor = self.l10n_mx_tax_type, self.l10n_mx_factor_type or "Tasa"
        amount = Decimal(repr(self.amount))
        problem = self._cfdi_tax_problem(kind, factor, amount)
        if problem:
            return None, self.env._(
                "Tax “%(tax)s”: %(problem)s Mend it in Invoicing / Configuration / Taxes.",
                tax=self.name,
                problem=problem,
            )
        if self.amount_type == "division":
            # A percentage of the price with the tax in it.
            amount = amount / (100 - amount) * 100
        rate = abs(amount if factor == "Cuota" or kind == "local" else amount / 100)
        rate = rate.quantize(LOCAL_RATE_DECIMALS if kind == "local" else RATE_DECIMALS)
        return CfdiTax(
            local=kind == "local",
            withheld=amount < 0,
            code=TAX_CODES.get(kind, ""),
            factor=factor,
            rate=None if factor == "Exento" and kind != "local" else rate,
        ), None

    def _cfdi_tax_problem(self, kind, factor, amount):
        if not kind:
            return self.env._("“SAT Tax Type” is missing; IVA, IEPS, ISR or Local is expected.")
        if kind == "local":
            if self.amount_type != "percent" or amount % LOCAL_RATE_DECIMALS:
                return self.env._("a local tax is a percentage with two decimals in a CFDI.")
        elif factor == "Exento":
            if amount:
                return self.env._("an exempt tax (“Factor Type” Exento) has no percentage; 0 is expected.")
        elif factor == "Cuota":
            if self.amount_type != "fixed":
                return self.env._("a tax by quota (“Factor Type” Cuota) is a fixed amount for each unit.")
        elif self.amount_type not in ("percent", "division"):
            return self.env._("a tax by rate (“Factor Type” Tasa) is a percentage of the price.")
        return ""
