from odoo import models

from .account_move_conceptos import NOISE, total_of


class AccountMove(models.Model):
    """What is negative in an invoice is a discount in its CFDI, whose amounts are all positive.

    A global discount, a reward, the deduction of a down payment, a returned piece: each is taken off the lines that
    have the same taxes, by Odoo's own helpers.
    """

    _inherit = "account.move"

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
            if total_of(base_line) < -NOISE:
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
        total, line = total_of(base_line), base_line["record"]
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
        return bool(round(base_line["quantity"], 6)) and base_line["cfdi_gross"] > NOISE
