"""Lines of an invoice -> conceptos, by Odoo's own tax computation and with its own totals."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from odoo import api, fields, models

from ..cfdi import lines as cfdi_lines
from ..cfdi import rounding
from ..cfdi.catalogs import currency_decimals
from ..cfdi.comprobante import ImpuestoLocal

# What a float of Odoo is good for; beyond, there is only the noise of its binary fraction.
FLOAT_DECIMALS = Decimal("0.0000000001")
NOISE = 1e-9
DOWN_PAYMENT_CODE, ACTIVITY = "84111506", "ACT"
SERVICE_TEXTS = {"I": "Anticipo del bien o servicio", "E": "Aplicación de anticipo"}
REMAINDER_TEXT = "CFDI por remanente de un anticipo"
ROUNDING_TEXT = "Redondeo"
LOCAL_DECIMALS = 2  # of the complement implocal, whatever the currency has
LONGEST_DESCRIPTION, LONGEST_NUMBER, LONGEST_UNIT = 1000, 100, 20


def exact(value):
    """A float of Odoo as the decimal that it stands for."""
    return Decimal(repr(value)).quantize(FLOAT_DECIMALS, ROUND_HALF_UP)


def cfdi_text(value, longest):
    """Text as a concepto may have it: one line, no bar (the cadena original is made with it)."""
    return " ".join((value or "").replace("|", " ").split())[:longest].strip()


def total_of(base_line):
    """Total of a base line of Odoo's, without taxes and not rounded."""
    return base_line["tax_details"]["raw_total_excluded_currency"]


class Sums(NamedTuple):
    """What the invoice says, in its currency."""

    net: Decimal  # without taxes, rounding to coins included
    rounding: Decimal  # to coins, in whatever way the journal has it
    taxes: dict  # key of cfdi.lines -> amount, positive
    local: dict  # account.tax -> amount, positive


class AccountMove(models.Model):
    _inherit = "account.move"

    cfdi_remarks = fields.Text(
        string="Remarks on the CFDI",
        compute="_compute_cfdi_remarks",
        help="What the CFDI will not say as the invoice does.",
    )

    @api.depends("invoice_line_ids.price_unit", "invoice_line_ids.quantity", "invoice_line_ids.name")
    def _compute_cfdi_remarks(self):
        for move in self:
            free = move.invoice_line_ids.filtered(
                lambda line: line.display_type == "product" and not (line.price_unit and line.quantity)
            )
            move.cfdi_remarks = move._cfdi_type() and "\n".join(
                self.env._(
                    "“%(line)s” has no amount and will not be in the CFDI, where prices are above zero. To show what "
                    "is free, give it its price and a discount of 100 %%.",
                    line=line.name or line.product_id.display_name or "",
                )
                for line in free
            )

    def _prepare_conceptos(self, problems):
        """The conceptos of the invoice, and its local taxes.

        :param list problems: what cannot be expressed is added to it, one line each
        :return: a tuple of conceptos, local taxes added and local taxes withheld; empty where there are problems
        """
        known = len(problems)
        base_lines, _tax_lines = self._get_rounded_base_and_tax_lines()
        taxes = self._cfdi_taxes(base_lines, problems)
        sums = self._cfdi_sums(base_lines, taxes)
        lines = [
            self._prepare_cfdi_line(base_line, taxes, problems)
            for base_line in self._spread_negative_lines(base_lines, problems)
        ]
        lines = self._group_cfdi_lines([line for line in lines if line])
        if sums.rounding > 0:
            lines.append(self._prepare_rounding_line(sums.rounding, problems))
        if not lines and len(problems) == known:
            problems.append(
                self.env._(
                    "%(name)s: no line has an amount above zero, and a CFDI needs one. Give what is free its price and "
                    "a discount of 100 %%.",
                    name=self.display_name,
                )
            )
        if len(problems) > known:
            return (), (), ()
        conceptos, gaps = cfdi_lines.to_conceptos(
            lines,
            net=sums.net,
            taxes=sums.taxes,
            decimals=currency_decimals(self.currency_id.name),
            untaxed_discount=max(-sums.rounding, Decimal(0)),
        )
        problems += [self._gap_message(gap, taxes) for gap in gaps]
        return conceptos, *self._prepare_local_taxes(sums, taxes, problems)

    # ------------------------------------------------------------------
    # What the invoice says
    # ------------------------------------------------------------------

    def _cfdi_taxes(self, base_lines, problems):
        """``account.tax`` -> ``CfdiTax`` for every tax of the lines; what cannot be written is told and left out."""
        found = {}
        for tax in self.env["account.tax"].union(
            *(data["tax"] for base_line in base_lines for data in base_line["tax_details"]["taxes_data"])
        ):
            cfdi_tax, problem = tax._cfdi_tax()
            if problem:
                problems.append(problem)
            else:
                found[tax] = cfdi_tax
        return found

    def _cfdi_sums(self, base_lines, taxes):
        """What the CFDI has to add up to."""
        rounding_lines = self.line_ids.filtered(lambda line: line.display_type == "rounding")
        in_taxes = {
            line.tax_repartition_line_id.tax_id: self.direction_sign * line.amount_currency
            for line in rounding_lines
            if line.tax_repartition_line_id
        }
        net, federal, local = Decimal(0), {}, {}
        for base_line in base_lines:
            details = base_line["tax_details"]
            net += exact(details["total_excluded_currency"] + details["delta_total_excluded_currency"])
            for data in details["taxes_data"]:
                cfdi_tax = taxes.get(data["tax"])
                if cfdi_tax:
                    # Whatever was rounded to coins in a tax is no tax: it would not be base by rate (CFDI40180).
                    sums, key = (local, data["tax"]) if cfdi_tax.local else (federal, _tax_line(cfdi_tax).key)
                    sign = -1 if cfdi_tax.withheld else 1
                    amount = data["tax_amount_currency"] - in_taxes.pop(data["tax"], 0.0)
                    sums[key] = sums.get(key, Decimal(0)) + sign * exact(amount)
        rounded = sum((exact(self.direction_sign * line.amount_currency) for line in rounding_lines), Decimal(0))
        in_net = sum(
            (
                exact(self.direction_sign * line.amount_currency)
                for line in rounding_lines
                if not line.tax_repartition_line_id
            ),
            Decimal(0),
        )
        decimals = currency_decimals(self.currency_id.name)
        return Sums(
            net=rounding.half_up(net - in_net + rounded, decimals),
            rounding=rounding.half_up(rounded, decimals),
            taxes={key: rounding.half_up(amount, decimals) for key, amount in federal.items()},
            local=local,
        )

    def _prepare_local_taxes(self, sums, taxes, problems):
        added, withheld = [], []
        for tax, amount in sums.local.items():
            told = tax.with_context(lang=self.partner_id.lang)
            name = cfdi_text(told.invoice_label or told.name, LONGEST_DESCRIPTION)
            rounded = rounding.half_up(amount, LOCAL_DECIMALS)
            if rounded != amount:
                problems.append(
                    self.env._(
                        "Tax “%(tax)s”: a CFDI has two decimals for local taxes and its amount is %(amount)s. Invoice "
                        "in a currency of two decimals.",
                        tax=tax.name,
                        amount=amount.normalize(),
                    )
                )
            elif rounded:
                (withheld if taxes[tax].withheld else added).append(ImpuestoLocal(name, taxes[tax].rate, rounded))
        return tuple(added), tuple(withheld)

    def _gap_message(self, gap, taxes):
        if gap.key is None:
            name = self.env._("Untaxed Amount")
        else:
            names = [
                tax.name for tax, cfdi_tax in taxes.items() if not cfdi_tax.local and _tax_line(cfdi_tax).key == gap.key
            ]
            name = ", ".join(names)
        return self.env._(
            "%(name)s: the invoice says %(expected)s and its lines give %(found)s. Set it to draft and undo what was "
            "changed by hand in its taxes.",
            name=name,
            expected=gap.expected,
            found=gap.found,
        )

    # ------------------------------------------------------------------
    # One line
    # ------------------------------------------------------------------

    def _prepare_cfdi_line(self, base_line, taxes, problems):
        """A line of the CFDI, with amounts that are not rounded yet; None where something is missing."""
        line = base_line["record"]
        known = len(problems)
        texts = line._prepare_cfdi_texts(problems)
        quantity = abs(exact(base_line["quantity"]).quantize(Decimal("0.000001"), ROUND_HALF_UP)).normalize()
        if line.is_downpayment:
            quantity = Decimal(1)
        elif quantity % 1 == 0:
            quantity = quantity.to_integral_value()
        # What Odoo splits off a line has the whole line for its record.
        if any(part["record"]["record"].is_downpayment for part in base_line["discount_base_lines"]):
            # Guide of the Anexo 20, appendix 6, procedure B.
            room = LONGEST_DESCRIPTION - len(REMAINDER_TEXT) - 2
            texts["Descripcion"] = f"{texts['Descripcion'][:room]}, {REMAINDER_TEXT}"
        line_taxes = [
            _tax_line(taxes[data["tax"]], data)
            for data in base_line["tax_details"]["taxes_data"]
            if data["tax"] in taxes and not taxes[data["tax"]].local
        ]
        tax_object = line._cfdi_tax_object()
        if tax_object:
            line_taxes = line._taxes_of_object(tax_object, line_taxes, problems)
        if len(problems) > known:
            return None
        return cfdi_lines.Line(
            Cantidad=quantity,
            gross=exact(base_line["cfdi_gross"]),
            net=exact(total_of(base_line)),
            taxes=cfdi_lines.merged_taxes(line_taxes),
            ObjetoImp=tax_object,
            sources=1 + len(base_line["discount_base_lines"]) + len(base_line["return_of_merchandise_base_lines"]),
            **texts,
        )

    def _group_cfdi_lines(self, lines):
        """Hook of the global invoice, whose conceptos are sales and not lines."""
        return lines

    def _prepare_rounding_line(self, amount, problems):
        company = self.company_id
        if not company.cfdi_line_product_code:
            problems.append(self._line_code_problem(self.env._("Rounding")))
        return cfdi_lines.Line(
            ClaveProdServ=company.cfdi_line_product_code or "",
            Cantidad=Decimal(1),
            ClaveUnidad=ACTIVITY,
            Descripcion=ROUNDING_TEXT,
            gross=amount,
            net=amount,
        )

    def _line_code_problem(self, name):
        return self.env._(
            "“%(line)s” has no product: its “SAT Product Code” is missing. Write it on the line, or one for all lines "
            "without product in Settings / Invoicing / CFDI.",
            line=name,
        )


def _tax_line(cfdi_tax, data=None):
    """A tax of a line, from Odoo's computation of it; without one, just its identity."""
    base = exact(data["raw_base_amount_currency"]) if data else Decimal(0)
    if data and cfdi_tax.factor == "Cuota" and cfdi_tax.rate:
        # The units that the quota multiplies.
        base = abs(exact(data["raw_tax_amount_currency"]) / exact(data["tax"].amount))
    return cfdi_lines.LineTax(
        Base=base,
        Impuesto=cfdi_tax.code,
        TipoFactor=cfdi_tax.factor,
        TasaOCuota=cfdi_tax.rate,
        withheld=cfdi_tax.withheld,
    )
