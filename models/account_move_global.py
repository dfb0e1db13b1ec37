from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..cfdi import InformacionGlobal
from ..cfdi import lines as cfdi_lines
from . import sat_catalogs
from .account_move_conceptos import ACTIVITY, LONGEST_NUMBER, cfdi_text

SALE_CODE, SALE_TEXT = "01010101", "Venta"
BIMONTHLY, BIMESTERS_FROM = "05", "13"


class AccountMove(models.Model):
    """The global invoice: sales to the general public, one concepto for each sale (rule 2.7.1.21 of the RMF)."""

    _inherit = "account.move"

    cfdi_global_periodicity = fields.Selection(
        selection=sat_catalogs.PERIODICITIES,
        string="Periodicity",
        copy=False,
        help="Which sales to the general public a global invoice covers: those of a day, a week, a fortnight, a month "
        "or, in régimen 621, two months. Empty, the invoice is not global.",
    )
    cfdi_global_months = fields.Selection(
        selection=sat_catalogs.MONTHS,
        string="Months",
        copy=False,
        help="Month of the sales of a global invoice; with the periodicity of two months, both.",
    )
    cfdi_global_year = fields.Integer(
        string="Year",
        copy=False,
        help="Year of the sales of a global invoice: this one, or one of the five before.",
    )

    @api.constrains("cfdi_global_periodicity", "cfdi_global_months", "cfdi_global_year")
    def _check_cfdi_global(self):
        for move in self.filtered("cfdi_global_periodicity"):
            months = move.cfdi_global_months
            if months and (move.cfdi_global_periodicity == BIMONTHLY) != (months >= BIMESTERS_FROM):
                raise ValidationError(
                    self.env._(
                        "Months: “%(months)s” of %(name)s does not go with the periodicity %(periodicity)s; 13 to 18 "
                        "are for 05 (two months), 01 to 12 for the others.",
                        months=months,
                        name=move.display_name,
                        periodicity=move.cfdi_global_periodicity,
                    )
                )

    @api.onchange("cfdi_global_periodicity")
    def _onchange_cfdi_global_periodicity(self):
        """The month of the invoice, which is the usual one."""
        if self.cfdi_global_periodicity:
            self.update(self._global_period(self.cfdi_global_periodicity, self.invoice_date))

    @api.model
    def _global_period(self, periodicity, date):
        """Values of the month, or two months, of a date."""
        date = date or fields.Date.context_today(self)
        number = 12 + (date.month + 1) // 2 if periodicity == BIMONTHLY else date.month
        return {"cfdi_global_months": f"{number:02d}", "cfdi_global_year": date.year}

    def _prepare_global_information(self, problems):
        if not self.cfdi_global_periodicity:
            return None
        missing = [name for name in ("cfdi_global_months", "cfdi_global_year") if not self[name]]
        for name in missing:
            label = self._fields[name]._description_string(self.env)
            problems.append(self.env._("Invoice: “%(label)s” is missing.", label=label))
        if missing:
            return None
        return InformacionGlobal(
            Periodicidad=self.cfdi_global_periodicity,
            Meses=self.cfdi_global_months,
            Año=self.cfdi_global_year,
        )

    def _group_cfdi_lines(self, lines):
        """One concepto for each sale of a global invoice, with its number; lines of no sale have the invoice's."""
        lines = super()._group_cfdi_lines(lines)
        if not self.cfdi_global_periodicity:
            return lines
        sales = {}
        for line in lines:
            sales.setdefault(line.NoIdentificacion, []).append(line)
        return [
            cfdi_lines.merged(
                sale,
                ClaveProdServ=SALE_CODE,
                Cantidad=Decimal(1),
                ClaveUnidad=ACTIVITY,
                Unidad="",
                Descripcion=SALE_TEXT,
                ObjetoImp="",
            )
            for sale in sales.values()
        ]


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _prepare_global_texts(self):
        """Codes and texts of a line of a global invoice: what was sold is in the sale's own receipt."""
        return {
            "ClaveProdServ": SALE_CODE,
            "ClaveUnidad": ACTIVITY,
            "Descripcion": SALE_TEXT,
            "NoIdentificacion": cfdi_text(self._cfdi_sale_number(), LONGEST_NUMBER),
        }

    def _cfdi_sale_number(self):
        """Number of the sale that a line invoices: of the sales order or the point of sale's, else the invoice's."""
        order = self.sudo().sale_line_ids.order_id[:1]  # sudo: sellers see their own orders alone
        if not order and "pos_order_ids" in self.move_id._fields:
            order = self.move_id.sudo().pos_order_ids[:1]
        return order.name or self.move_id.name
