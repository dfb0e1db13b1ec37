"""Payments of stamped PPD invoices, and their receipts: built, sealed with the test certificate and validated."""

import base64
import uuid
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from unittest.mock import patch

from odoo import Command

from ..cfdi import build_xml, read_comprobante, seal, validate
from ..models import account_move_comprobante
from .pac import PacCommon


def d(text):
    return Decimal(text)


class PaymentCommon(PacCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.cfdi_payment_method = "PPD"
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.bank.cfdi_payment_form = "03"
        cls.folio = 0

    @classmethod
    def journal(cls, kind):
        """The first journal of a kind."""
        return cls.env["account.journal"].search([("type", "=", kind), ("company_id", "=", cls.company.id)], limit=1)

    def setUp(self):
        super().setUp()
        self.chart = self.env["account.chart.template"].with_company(self.company)

    # ------------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------------

    def invoice(self, *lines, days_ago=0, stamp=True, **values):
        """A stamped PPD invoice of (price, taxes) lines; of 1,000 + IVA without any."""
        commands = [
            Command.create(
                {"product_id": self.product.id, "quantity": 1, "price_unit": price, "tax_ids": [Command.set(taxes.ids)]}
            )
            for price, taxes in lines or [(1000, self.iva_16)]
        ]
        invoice = self._create_customer_invoice(days_ago=days_ago, invoice_line_ids=commands, **values)
        if stamp:
            self.stamp(invoice)
        return invoice

    def stamp(self, invoice):
        """As the PAC leaves it, without asking one: what is tested here begins after the timbre."""
        # Older than 72 hours is refused when it is stamped; here it was stamped when it was made.
        with patch.object(account_move_comprobante, "STAMPING_HOURS", 24 * 400):
            comprobante = invoice._prepare_comprobante()
        cfdi, _problems = self._document(invoice, comprobante)
        return self.stamped(cfdi)

    def credit_note(self, invoice, amount, days_ago=0):
        """A credit note of an amount with IVA, applied to the invoice."""
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": invoice.partner_id.id,
                "currency_id": invoice.currency_id.id,
                "invoice_date": self.day(days_ago),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": amount / 1.16,
                            "tax_ids": [Command.set(self.iva_16.ids)],
                        }
                    )
                ],
            }
        )
        note.action_post()
        self.assertAlmostEqual(note.amount_total, amount)
        self.match(note, invoice)
        return note

    def match(self, *moves):
        """Reconcile what is open of the receivables of these moves."""
        lines = self.env["account.move"].union(*moves).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable" and not line.reconciled).reconcile()

    def unmatch(self, entry, *invoices):
        """Undo the matchings of an entry with these invoices, as the button of the invoice does."""
        receivable = entry.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        for partial in receivable.matched_debit_ids:
            if partial.debit_move_id.move_id in invoices:
                partial.debit_move_id.move_id.js_remove_outstanding_partial(partial.id)

    def day(self, days_ago):
        return self.today.fromordinal(self.today.toordinal() - days_ago)

    def dollars(self, *rates):
        """The dollar, with the pesos for one of (days ago, rate) pairs."""
        dollar = self.env.ref("base.USD")
        dollar.sudo().active = True
        for days_ago, rate in rates:
            self.env["res.currency.rate"].sudo().create(
                {
                    "currency_id": dollar.id,
                    "company_id": self.company.id,
                    "name": self.day(days_ago),
                    "inverse_company_rate": rate,
                }
            )
        return dollar

    # ------------------------------------------------------------------
    # Payments
    # ------------------------------------------------------------------

    def pay(self, invoices, amount=None, days_ago=0, **values):
        """A payment of invoices, by the wizard; grouped into one.

        :return: its journal entry
        """
        values = {"payment_date": self.day(days_ago), "group_payment": True, **values}
        if amount is not None:
            values["amount"] = amount
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create(values)
        )
        return wizard._create_payments().move_id

    def statement_line(self, invoices, amount, **values):
        """A line of the bank's statement, matched with invoices in full; what is over stays open.

        :return: its journal entry
        """
        # Sudo: in Odoo Community nobody is given the right to enter them by hand.
        line = (
            self.env["account.bank.statement.line"]
            .sudo()
            .create(
                {
                    "journal_id": self.bank.id,
                    "date": self.today,
                    "payment_ref": "SPEI 0001",
                    "partner_id": self.customer.id,
                    "amount": amount,
                    **values,
                }
            )
        )
        suspense = line._seek_for_lines()[1]
        suspense.account_id = self.customer.property_account_receivable_id
        self.match(line.move_id, invoices)
        return line.move_id.with_env(self.env)

    # ------------------------------------------------------------------
    # Receipts
    # ------------------------------------------------------------------

    def seal(self, entry, state="stamped", replaced=None):
        """Seal the receipt of a payment, as stamping does up to the PAC: it must be valid.

        :return: (its ``customer.cfdi``, the Comprobante that its XML says)
        """
        type(self).folio += 1
        comprobante = replace(entry._prepare_payment_comprobante(replaced), Serie="P", Folio=str(self.folio))
        cfdi, problems = self._document(entry, comprobante)
        self.assertEqual([str(problem) for problem in problems], [])
        entry._cfdi_sealed(cfdi, comprobante)
        if state == "stamped":
            self.stamped(cfdi)
        self.env.flush_all()
        return cfdi, read_comprobante(base64.b64decode(cfdi.sealed_xml))

    def _document(self, move, comprobante):
        """Seal a comprobante with the test certificate and store it.

        :return: (``customer.cfdi``, what is wrong with it by the SAT's schema and rules)
        """
        certificate = self.env["certificate.certificate"].sudo()._get_csd(self.company)
        xml = seal(
            build_xml(comprobante),
            certificate_der=certificate._get_der_certificate_bytes(formatting="bytes"),
            sign=lambda message: certificate._sign(message, formatting="base64").decode(),
        )
        values = {
            "move_id": move.id,
            "company_id": move.company_id.id,
            "partner_id": self.env["res.partner"].search([("vat", "=", comprobante.Receptor.Rfc)], limit=1).id,
            "cfdi_type": comprobante.TipoDeComprobante,
            "issuer_rfc": comprobante.Emisor.Rfc,
            "series": comprobante.Serie,
            "folio": comprobante.Folio,
            "state": "sealed",
            "environment": "simulator",
            "sealed_xml": base64.b64encode(xml),
        }
        return self.env["customer.cfdi"].sudo().create(values), validate(xml, now=datetime.now(timezone.utc))

    def stamped(self, cfdi):
        cfdi.write({"state": "stamped", "uuid": str(uuid.uuid4()).upper(), "xml": cfdi.sealed_xml})
        return cfdi

    def doctos(self, comprobante):
        """{folio of the invoice: (NumParcialidad, ImpSaldoAnt, ImpPagado, ImpSaldoInsoluto)}"""
        return {
            docto.Folio: (docto.NumParcialidad, *map(str, (docto.ImpSaldoAnt, docto.ImpPagado, docto.ImpSaldoInsoluto)))
            for pago in comprobante.Pagos
            for docto in pago.DoctosRelacionados
        }

    def receipt(self, entry, **values):
        """The only payment of the receipt of an entry."""
        _cfdi, comprobante = self.seal(entry, **values)
        (pago,) = comprobante.Pagos
        return pago

    def pending(self, **domain):
        return self.env["customer.cfdi.pending"].search([(name, "=", value) for name, value in domain.items()])

    def taxes(self, taxes):
        """{(Impuesto, Tasa or None): (Base, Importe)} of a DoctoRelacionado."""
        return {(tax.ImpuestoDR, tax.TasaOCuotaDR): (tax.BaseDR, tax.ImporteDR) for tax in taxes}
