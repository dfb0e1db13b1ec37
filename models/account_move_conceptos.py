"""Lines of an invoice -> conceptos: Odoo's own tax computation, negative lines spread as discounts.

What is negative in an invoice (a global discount, a reward, the deduction of a down payment, a returned piece) has no
place in a CFDI, whose amounts are all positive: it is taken off the lines that have the same taxes, by Odoo's own
helpers.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from odoo import models

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
LONGEST_DESCRIPTION, LONGEST_NUMBER, LONGEST_UNIT = 1000, 100, 20


def exact(value):
    """A float of Odoo as the decimal that it stands for."""
    return Decimal(repr(value)).quantize(FLOAT_DECIMALS, ROUND_HALF_UP)


def cfdi_text(value, longest):
    """Text as a concepto may have it: one line, no bar (the cadena original is made with it)."""
    return " ".join((value or "").replace("|", " ").split())[:longest].strip()


class Sums(NamedTuple):
    """What the invoice says, in its currency."""

    net: Decimal  # without taxes, rounding to coins included
    rounding: Decimal  # to coins, in whatever way the journal has it
    taxes: dict  # key of cfdi.lines -> amount, positive
    local: dict  # account.tax -> amount, positive


class AccountMove(models.Model):
    _inherit = "account.move"

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
                    "%(name)s: no line has a price, and a CFDI needs one above zero. Give what is free its price and a "
                    "discount of 100 %%.",
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
        return conceptos, *self._prepare_local_taxes(sums, taxes)

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

    def _prepare_local_taxes(self, sums, taxes):
        added, withheld = [], []
        for tax, amount in sums.local.items():
            rounded = rounding.half_up(amount, 2)
            if rounded:
                name = cfdi_text(tax.invoice_label or tax.name, LONGEST_DESCRIPTION)
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
    # Negative lines
    # ------------------------------------------------------------------

    def _spread_negative_lines(self, base_lines, problems):
        """Base lines without negative ones, each with its total before discounts as ``cfdi_gross``.

        Returned pieces (same product, price and taxes, negative quantity) lower the quantity; everything else that is
        negative is a discount of the lines with the same taxes, in proportion.
        """
        account_tax, company = self.env["account.tax"], self.company_id
        kept = []
        for base_line in [{**line, "return_of_merchandise_base_lines": []} for line in base_lines]:
            if base_line["special_type"] == "cash_rounding":
                continue
            if base_line["special_type"] == "early_payment":
                # Less tax if the customer pays early: one line takes the base off and another gives it back untaxed.
                if not base_line["tax_details"]["taxes_data"]:
                    continue
                for name in base_line["tax_details"]:
                    if "total_excluded" in name:
                        base_line["tax_details"][name] = 0.0
                base_line["special_type"] = "global_discount"
            kept.append(base_line)
        returned = self._returned_lines(kept)
        positions = {line["cfdi_position"] for line in returned}
        dispatched = account_tax._dispatch_return_of_merchandise_lines(returned, company)
        account_tax._squash_return_of_merchandise_lines(dispatched, company)
        kept = [line for line in kept if line["cfdi_position"] not in positions] + dispatched
        kept.sort(key=lambda line: line["cfdi_position"])
        for base_line in kept:
            base_line["cfdi_gross"] = self._cfdi_gross(base_line)
            if _total(base_line) < -NOISE:
                base_line["special_type"] = "global_discount"
        kept = account_tax._dispatch_global_discount_lines(kept, company)
        account_tax._squash_global_discount_lines(kept, company)
        return [line for line in kept if self._is_written(line, problems)]

    def _returned_lines(self, base_lines):
        """Lines that Odoo's helper may set off against each other: no more is returned than there is."""
        same = {}
        for position, base_line in enumerate(base_lines):
            base_line["cfdi_position"] = position
            if base_line["product_id"] and base_line["quantity"] and base_line["special_type"] != "global_discount":
                key = (
                    base_line["tax_ids"],
                    base_line["product_id"],
                    base_line["product_uom_id"],
                    base_line["price_unit"],
                    base_line["discount"],
                    base_line["record"].is_downpayment,
                )
                same.setdefault(key, []).append(base_line)
        found = []
        for lines in same.values():
            quantities = [line["quantity"] for line in lines]
            if min(quantities) < 0 and sum(quantities) > -NOISE and lines[0]["price_unit"] > 0:
                found += lines
        return found

    def _cfdi_gross(self, base_line):
        """Total of a line before its discount, without taxes."""
        if not base_line["discount"]:
            return base_line["tax_details"]["raw_total_excluded_currency"]
        whole = {**base_line, "discount": 0.0}
        self.env["account.tax"]._add_tax_details_in_base_line(whole, self.company_id)
        return whole["tax_details"]["raw_total_excluded_currency"]

    def _is_written(self, base_line, problems):
        """Whether a line has something to say in a CFDI, after what is negative was spread."""
        total, line = _total(base_line), base_line["record"]
        if base_line["special_type"] == "global_discount":
            if total > -NOISE and not base_line["tax_details"]["taxes_data"]:
                return False
            problems.append(
                self.env._(
                    "“%(line)s” (%(amount)s): no line has the same taxes (%(taxes)s), and a CFDI has no negative "
                    "lines. Give it the taxes of the lines that it is a discount of.",
                    line=line.name,
                    amount=line.price_subtotal,
                    taxes=", ".join(line.tax_ids.mapped("name")) or "-",
                )
            )
            return False
        if total < -NOISE:
            problems.append(
                self.env._(
                    "“%(line)s”: its discounts, with the negative lines of the same taxes, are more than its price.",
                    line=line.name,
                )
            )
            return False
        return bool(base_line["quantity"]) and base_line["cfdi_gross"] > NOISE

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
            net=exact(_total(base_line)),
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


def _total(base_line):
    return base_line["tax_details"]["raw_total_excluded_currency"]


def _tax_line(cfdi_tax, data=None):
    """A tax of a line, from Odoo's computation of it; without one, just its identity."""
    sign = -1 if cfdi_tax.withheld else 1
    base = exact(data["raw_base_amount_currency"]) if data else Decimal(0)
    amount = sign * exact(data["raw_tax_amount_currency"]) if data else Decimal(0)
    if cfdi_tax.factor == "Cuota" and cfdi_tax.rate:
        base = amount / cfdi_tax.rate  # the units that the quota multiplies
    return cfdi_lines.LineTax(
        Base=base,
        Importe=amount,
        Impuesto=cfdi_tax.code,
        TipoFactor=cfdi_tax.factor,
        TasaOCuota=cfdi_tax.rate,
        withheld=cfdi_tax.withheld,
    )
