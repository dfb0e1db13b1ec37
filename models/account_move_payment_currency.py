"""Currencies of a payment: in which it was made, at what rate, and how much of it went to each invoice."""

from decimal import ROUND_HALF_UP, Decimal

from odoo import models

RATE_STEP = Decimal("0.000001")  # TipoCambioP
MXN = "MXN"


def decimal_amount(value, currency):
    """A float of Odoo as the decimal that it stands for, at the decimals of its currency."""
    return Decimal(repr(currency.round(float(value)))).quantize(
        Decimal(1).scaleb(-currency.decimal_places), ROUND_HALF_UP
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _payment_currency(self):
        """MonedaP: what the customer paid with, whatever the currency of the account that received it."""
        self.ensure_one()
        line = self.statement_line_id
        return self.origin_payment_id.currency_id or line.foreign_currency_id or line.currency_id

    def _payment_rate(self, currency):
        """TipoCambioP: pesos for one unit of the payment's currency, as the entry was booked.

        The day's rate where it is what the entry says: the quotient of two rounded amounts has fewer digits.
        """
        if currency.name == MXN:
            return Decimal(1)
        company_currency = self.company_id.currency_id
        amount, balance = self._payment_amounts()
        date = self.origin_payment_id.date or self.date
        rate = currency._get_conversion_rate(currency, company_currency, self.company_id, date)
        if company_currency.compare_amounts(amount * rate, balance):
            rate = balance / amount
        return Decimal(repr(rate)).quantize(RATE_STEP, ROUND_HALF_UP)

    def _payment_amounts(self):
        """What was received: (in the payment's currency, in the company's)."""
        line, payment = self.statement_line_id, self.origin_payment_id
        liquidity = (payment or line)._seek_for_lines()[0]
        amount = payment.amount or abs(line.amount_currency if line.foreign_currency_id else line.amount)
        return amount, abs(sum(liquidity.mapped("balance")))

    def _received_amounts(self, pending, currency):
        """How much of the payment went to each invoice, in the payment's currency.

        :param pending: ``customer.cfdi.pending`` of this entry
        :return: {line id: Decimal}; what is paid of the invoice, where that is the same currency
        """
        others = pending.filtered(lambda line: line.currency_id != currency)
        received = {line.id: decimal_amount(line.amount, currency) for line in pending - others}
        whole = self._matched_amounts(others.invoice_id, currency) if others else {}
        running, least = 0.0, Decimal(1).scaleb(-currency.decimal_places)
        for line in others:
            # Of what the matching took, the part that is money and that no receipt says yet. The running sum makes the
            # rounded parts add up to the rounded whole.
            before, running = running, running + whole[line.invoice_id.id] * line.amount / line.matched
            part = decimal_amount(running, currency) - decimal_amount(before, currency)
            received[line.id] = max(part, least)
        return received

    def _matched_amounts(self, invoices, currency):
        """What the matchings of invoices in other currencies took from the payment, in its currency.

        Odoo matches a payment in pesos with an invoice in dollars at the lower of the two balances in pesos, and the
        rest of the payment with an exchange difference: both were paid for the invoice. Which exchange difference is of
        which matching Odoo does not say for sure, so they are shared out by what each invoice is worth on the day.

        :return: {invoice id: amount, not rounded}
        """
        matched = dict.fromkeys(invoices.ids, 0.0)
        for credit in self.line_ids.filtered(lambda line: line.matched_debit_ids and line.balance < 0):
            partials = credit.matched_debit_ids
            exchange_moves = partials.exchange_move_id
            exchange = partials.filtered(lambda partial, moves=exchange_moves: partial.debit_move_id.move_id in moves)
            foreign = (partials - exchange).filtered(
                lambda partial, line=credit: partial.debit_currency_id != line.currency_id
            )
            of_exchange = sum(exchange.mapped("amount"))
            if credit.currency_id != credit.company_currency_id:
                taken = {partial: partial.credit_amount_currency for partial in partials - exchange}
            else:
                taken = {partial: partial.amount for partial in partials - exchange}
                taken |= self._shared_out(foreign, sum(foreign.mapped("amount")) + of_exchange)
            for partial, amount in taken.items():
                invoice = partial.debit_move_id.move_id
                if invoice.id in matched:
                    matched[invoice.id] += self._in_payment_currency(credit, amount, currency)
        return matched

    def _shared_out(self, partials, total):
        """:return: {partial: part of ``total``} by what each partial is worth, at the rates of the entry's day"""
        worth = {
            partial: partial.debit_currency_id._convert(
                partial.debit_amount_currency, self.company_id.currency_id, self.company_id, self.date, round=False
            )
            for partial in partials
        }
        whole = sum(worth.values())
        return {partial: total * part / whole for partial, part in worth.items()} if whole else {}

    def _in_payment_currency(self, credit, amount, currency):
        """An amount in the currency of a line of the entry, in the payment's."""
        if credit.currency_id == currency:
            return amount
        balance = amount
        if credit.currency_id != credit.company_currency_id:
            balance = amount * credit.balance / credit.amount_currency
        if currency == credit.company_currency_id:
            return balance
        paid, booked = self._payment_amounts()
        return balance * paid / booked
