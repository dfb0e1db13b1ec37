"""From the journal entry of a payment to the comprobante that its receipt says (Pagos 2.0)."""

import base64
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.base.models.res_bank import sanitize_account_number

from ..cfdi import (
    Account,
    CfdiRelacionados,
    DoctoRelacionado,
    Emisor,
    Pago,
    account_fields,
    equivalence,
    payment_receipt,
    read_comprobante,
    taxes_of_share,
)
from .account_move_payment_currency import decimal_amount
from .customer_cfdi import VALID_STATES
from .customer_cfdi_payment import NOTHING_SAID, SUBSTITUTION

NOON = time(12)
NUMBER_LENGTH = 100  # NumOperacion


class AccountMove(models.Model):
    _inherit = "account.move"

    def _prepare_payment_comprobante(self, replaced=None, form=""):
        """The Comprobante of type P of what this payment pays of stamped PPD invoices and no living receipt says yet.

        Of the customer of the oldest invoice, where the payment is for several: what is left is for the next receipt.
        Serie and Folio are empty.

        :param replaced: ``customer.cfdi`` of this entry whose place the new one takes: what they say is said again,
            with their partiality numbers, and they are named (TipoRelacion 04)
        :param form: FormaDePagoP; by default as the payment says it
        :return: a ``cfdi.Comprobante``
        :raise UserError: with everything that is missing or cannot be expressed, one line each
        """
        self.ensure_one()
        replaced = replaced if replaced is not None else self.env["customer.cfdi"]
        pending = self._pending_parts(replaced)
        problems = []
        issuer = self.company_id.partner_id
        expedition_zip = issuer.cfdi_zip or issuer.zip or ""
        self._check_issuer(problems)
        # As its invoices say it, whoever the payment's own customer is.
        receptor = pending.invoice_id[:1]._prepare_receptor(expedition_zip, problems)
        form = form or self._payment_form(pending.partner_id)
        if not form:
            problems.append(
                self.env._(
                    "%(name)s: “Payment Form (SAT)” is missing: how it was paid, such as 03 for a transfer.",
                    name=self.display_name,
                )
            )
        now = self._cfdi_now(expedition_zip, problems)  # what a receipt tells may be older
        date = self.origin_payment_id.date or self.date
        if date > now.date():
            problems.append(
                self.env._(
                    "%(name)s is dated %(date)s: a receipt says that a payment was received, so its date cannot be in "
                    "the future.",
                    name=self.display_name,
                    date=date,
                )
            )
        pago = self._prepare_pago(pending, replaced, form, min(datetime.combine(date, NOON), now), problems)
        if problems:
            raise UserError("\n".join(problems))
        uuids = tuple(replaced.mapped("uuid"))
        return payment_receipt(
            [pago],
            Fecha=now,
            LugarExpedicion=expedition_zip,
            CfdiRelacionados=(CfdiRelacionados(TipoRelacion=SUBSTITUTION, UUIDs=uuids),) if uuids else (),
            Emisor=Emisor(
                Rfc=issuer.vat,
                Nombre=(issuer.cfdi_legal_name or issuer.name).upper(),
                RegimenFiscal=issuer.cfdi_tax_regime,
            ),
            Receptor=replace(receptor, UsoCFDI="CP01"),
        )

    def _pending_parts(self, replaced):
        """The lines of ``customer.cfdi.pending`` that the next receipt says, of one customer.

        :raise UserError: there are none, or a receipt of this payment says more than is applied
        """
        lines = self.env["customer.cfdi.pending"]._of_entries(self, replaced)
        excess = lines.filtered(lambda line: line.kind == "excess")
        if excess:
            raise UserError(
                self.env._(
                    "The receipts of %(name)s say more than is applied of it to %(invoices)s. Apply the payment again, "
                    "or cancel or replace those receipts first: two receipts cannot say the same money.",
                    name=self.display_name,
                    invoices=", ".join(excess.invoice_id.mapped("name")),
                )
            )
        if not lines and replaced:
            raise UserError(
                self.env._(
                    "Nothing of %(name)s is applied to stamped invoices with payment method PPD: there is nothing that "
                    "a new receipt could say. Cancel %(receipt)s without replacing it (motive 02 or 03).",
                    name=self.display_name,
                    receipt=", ".join(replaced.mapped("name")),
                )
            )
        if not lines:
            raise UserError(
                self.env._(
                    "%(name)s needs no receipt of payment: it is applied to no stamped invoice with payment method "
                    "PPD, or its receipts say it already.",
                    name=self.display_name,
                )
            )
        # What is replaced is of a customer: so is what takes its place, where something is left of it.
        lines = lines.filtered(lambda line: line.partner_id in replaced.partner_id) or lines
        oldest = min(lines, key=lambda line: (line.invoice_id.invoice_date, line.invoice_id.id))
        return lines.filtered(lambda line: line.partner_id == oldest.partner_id).sorted("invoice_id")

    def _payment_form(self, customer):
        """FormaDePagoP: the payment's own; of a line of a bank statement, also its journal's or the customer's.

        It is never 99 (CRP20212).
        """
        if self.origin_payment_id:
            return self.origin_payment_id.cfdi_payment_form
        forms = (self.cfdi_payment_form, self.journal_id.cfdi_payment_form, customer.cfdi_payment_form)
        return next((form for form in forms if form and form != "99"), False)

    def _prepare_pago(self, pending, replaced, form, received_at, problems):
        """The payment, in its own currency: what of it goes to these invoices, no more.

        :param list problems: of each invoice that its receipt cannot say, a line is added to it
        """
        currency = self._payment_currency()
        doctos, total = [], Decimal(0)
        received = self._received_amounts(pending, currency)
        sums = self.env["customer.cfdi.payment"].sudo()._sums(pending.invoice_id, self, replaced)
        credited = self._credited_amounts(pending.invoice_id, received_at.date(), sums)
        for line in pending:
            said, taken_off = sums.get(line.invoice_id.id), credited.get(line.invoice_id.id, 0)
            try:
                doctos.append(self._prepare_docto(line, currency, received[line.id], said, taken_off))
            except UserError as error:
                problems.append(str(error))
            total += received[line.id]
        payment, statement_line = self.origin_payment_id, self.statement_line_id
        reference = payment.payment_reference or payment.memo or statement_line.payment_ref or ""
        return Pago(
            FechaPago=received_at,
            FormaDePagoP=form,
            MonedaP=currency.name,
            TipoCambioP=self._payment_rate(currency),
            Monto=total,
            NumOperacion=" ".join(reference.replace("|", " ").split())[:NUMBER_LENGTH],
            DoctosRelacionados=tuple(doctos),
            **account_fields(form, self._payer_account(), self._bank_account(self.journal_id.bank_account_id)),
        )

    def _prepare_docto(self, line, currency, received, sums, credited):
        """One invoice of the payment.

        :param line: ``customer.cfdi.pending``
        :param received: what is paid of it, in the payment's currency
        :param sums: what its living receipts say, of ``customer.cfdi.payment``
        :param credited: what credit notes had taken off it by then, in its currency
        """
        invoice = line.invoice_id
        cfdi = invoice.cfdi_ids.filtered(lambda cfdi: cfdi.cfdi_type == "I" and cfdi.state in VALID_STATES)
        stamped = read_comprobante(base64.b64decode(cfdi.with_context(bin_size=False).xml))
        if stamped.Emisor.Rfc != self.company_id.partner_id.vat:
            raise UserError(
                self.env._(
                    "%(invoice)s was issued by %(issuer)s and the payment is of %(company)s: who issued the invoice "
                    "issues its receipts.",
                    invoice=invoice.name,
                    issuer=stamped.Emisor.Rfc,
                    company=self.company_id.partner_id.vat,
                )
            )
        declared, number, _date, replaced_number, later = sums or NOTHING_SAID
        paid = decimal_amount(line.amount, invoice.currency_id)
        balance = (
            stamped.Total
            - decimal_amount(declared, invoice.currency_id)
            - decimal_amount(credited, invoice.currency_id)
        )
        if paid > balance:
            raise UserError(
                self.env._(
                    "%(invoice)s: its receipts and credit notes leave %(balance)s to be paid, and this payment says "
                    "%(paid)s. A receipt of another payment says what is not applied any more: see the pending "
                    "receipts, and cancel it.",
                    invoice=invoice.name,
                    balance=balance,
                    paid=paid,
                )
            )
        objeto, traslados, retenciones = taxes_of_share(stamped, paid)
        same = currency == invoice.currency_id
        return DoctoRelacionado(
            IdDocumento=cfdi.uuid,
            Serie=stamped.Serie,
            Folio=stamped.Folio,
            MonedaDR=stamped.Moneda,
            EquivalenciaDR=Decimal(1) if same else equivalence(paid, received),
            NumParcialidad=replaced_number or number + 1,
            # As of its number: what later payments say comes off afterwards (guide: that of the first is the total).
            ImpSaldoAnt=balance + decimal_amount(later, invoice.currency_id),
            ImpPagado=paid,
            ObjetoImpDR=objeto,
            Traslados=traslados,
            Retenciones=retenciones,
        )

    def _credited_amounts(self, invoices, date, sums):
        """What credit notes take off invoices, in their currency: {invoice id: amount}, in one query.

        Those applied by the day of this payment, or of the latest that a living receipt says: a balance is a chain.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT debit.move_id, partial.max_date, SUM(partial.debit_amount_currency)
                  FROM account_partial_reconcile partial
                  JOIN account_move_line debit ON debit.id = partial.debit_move_id
                  JOIN account_move_line credit ON credit.id = partial.credit_move_id
                  JOIN account_move note ON note.id = credit.move_id AND note.move_type = 'out_refund'
                 WHERE debit.move_id = ANY(%s)
              GROUP BY debit.move_id, partial.max_date
                """,
                invoices.ids,
            )
        )
        credited = {}
        for invoice_id, applied_on, amount in rows:
            _declared, _number, latest, *_replaced = sums.get(invoice_id, NOTHING_SAID)
            if applied_on <= max(date, latest or date):
                credited[invoice_id] = credited.get(invoice_id, 0) + amount
        return credited

    def _payer_account(self):
        """The account that paid, where somebody or the bank said it: which one it may have been is not guessed."""
        if self.origin_payment_id:
            return self._bank_account(self.origin_payment_id.cfdi_payer_account_id)
        number = sanitize_account_number(self.statement_line_id.account_number) or ""
        known = self.partner_id.commercial_partner_id.sudo().bank_ids.filtered(
            lambda account: number and number in (account.sanitized_acc_number, account.l10n_mx_edi_clabe)
        )
        return self._bank_account(known[:1]) if known else Account(numbers=(number,) if number else ())

    def _bank_account(self, account):
        """An account of a bank, as ``cfdi`` knows it."""
        # Sudo: whoever stamps need not see the bank accounts.
        account = account.sudo()
        return Account(
            numbers=tuple(filter(None, (account.l10n_mx_edi_clabe, account.sanitized_acc_number))),
            bank_rfc=account.bank_rfc or "",
            bank=account.bank_id.name or "",
            foreign=bool(account.bank_id.country) and account.bank_id.country.code != "MX",
        )
