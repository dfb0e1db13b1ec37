"""From an invoice or a credit note to the comprobante that its CFDI says: mapping only, no XML, no rounding of its own.

Lines are in ``account_move_conceptos``, relations in ``account_move_relations``, the global invoice in
``account_move_global``, and what the CFDI says of payment in ``account_move_cfdi_terms``.
"""

import re
from datetime import datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from odoo import models
from odoo.exceptions import UserError

from ..cfdi import Comprobante, ComprobanteError, Emisor, Receptor, catalogs, complete
from .account_move_conceptos import exact
from .res_partner_tax import GENERIC_RFCS, REGIME_GENERIC, RFC_PUBLIC

SIX_DECIMALS = Decimal("0.000001")
# A comprobante must reach the PAC within 72 hours of its Fecha (Anexo 20, PAC code 401).
STAMPING_HOURS = 72
PUBLIC_NAME = "PUBLICO EN GENERAL"
LONGEST_SERIES = 25


class AccountMove(models.Model):
    _inherit = "account.move"

    def _prepare_comprobante(self):
        """The Comprobante of a posted customer invoice or credit note.

        :return: a ``cfdi.Comprobante`` with its totals, equal to the invoice's
        :raise UserError: with everything that is missing or cannot be expressed, one line each
        """
        problems = []
        comprobante = self._draft_comprobante(problems)
        if problems:
            raise UserError("\n".join(problems))
        return self._with_checked_totals(comprobante)

    def _draft_comprobante(self, problems):
        """The Comprobante of an invoice or credit note, as far as it can be told.

        :param list problems: everything that is missing or cannot be expressed is added to it, one line each
        :return: a ``cfdi.Comprobante`` without totals; where there are problems, with gaps
        """
        self.ensure_one()
        conceptos = local_added = local_withheld = ()
        if catalogs.currency_exists(self.currency_id.name):
            conceptos, local_added, local_withheld = self._prepare_conceptos(problems)
        else:
            problems.append(
                self.env._(
                    "%(name)s: the currency “%(currency)s” is not in the SAT's catalogue c_Moneda.",
                    name=self.display_name,
                    currency=self.currency_id.name,
                )
            )
        issuer = self.company_id.partner_id
        expedition_zip = issuer.cfdi_zip or issuer.zip or ""
        series, folio = self._cfdi_series_and_folio()
        if len(series) > LONGEST_SERIES:
            problems.append(
                self.env._(
                    "%(name)s: the series of the CFDI would be “%(series)s”; %(count)s characters are the most. Change "
                    "the numbering of the journal.",
                    name=self.name,
                    series=series,
                    count=LONGEST_SERIES,
                )
            )
        self._check_issuer(problems)
        receptor = self._prepare_receptor(expedition_zip, problems)
        self._check_cfdi_terms(problems)
        relations = self._prepare_relations(problems)
        information = self._prepare_global_information(problems)
        return Comprobante(
            Serie=series,
            Folio=folio,
            Fecha=self._cfdi_date(expedition_zip, problems),
            FormaPago="99" if self.cfdi_payment_method == "PPD" else self.cfdi_payment_form,
            MetodoPago=self.cfdi_payment_method,
            Moneda=self.currency_id.name,
            TipoCambio=self._cfdi_exchange_rate(problems),
            TipoDeComprobante=self._cfdi_type(),
            Exportacion=self.cfdi_export,
            LugarExpedicion=expedition_zip,
            InformacionGlobal=information,
            CfdiRelacionados=relations,
            Emisor=Emisor(
                Rfc=issuer.vat,
                Nombre=(issuer.cfdi_legal_name or issuer.name or "").upper(),
                RegimenFiscal=issuer.cfdi_tax_regime,
            ),
            Receptor=receptor,
            Conceptos=conceptos,
            TrasladosLocales=local_added,
            RetencionesLocales=local_withheld,
        )

    def _cfdi_series_and_folio(self):
        """Serie and Folio: the two parts of the invoice's own number, so that nobody has to look for either."""
        return self.sequence_prefix.strip("/") or "A", str(self.sequence_number)

    def _with_checked_totals(self, comprobante):
        """Refuse to stamp anything but the invoice's own total: the customer owes what the journal says."""
        try:
            complete_comprobante = complete(comprobante)
        except ComprobanteError as error:
            raise UserError(str(error)) from error
        total = exact(self.amount_total).quantize(Decimal(1).scaleb(-self.currency_id.decimal_places))
        if complete_comprobante.Total != total:
            raise UserError(
                self.env._(
                    "%(name)s: the CFDI would say a total of %(cfdi)s and the invoice says %(invoice)s.",
                    name=self.name,
                    cfdi=complete_comprobante.Total,
                    invoice=total,
                )
            )
        return complete_comprobante

    # ------------------------------------------------------------------
    # Parties
    # ------------------------------------------------------------------

    def _check_issuer(self, problems):
        issuer = self.company_id.partner_id
        self._check_party(issuer, self.env._("issuer"), ["vat", "cfdi_tax_regime", "cfdi_zip"], problems)
        if issuer.vat in GENERIC_RFCS:
            problems.append(self.env._("The issuer cannot have a generic RFC."))

    def _prepare_receptor(self, expedition_zip, problems):
        """The Receptor: of the customer's company, whichever contact or address the invoice names."""
        receiver = self.commercial_partner_id
        rfc = receiver._cfdi_rfc()
        generic = rfc in GENERIC_RFCS
        names = ["vat"] if not rfc else []
        self._check_party(
            receiver,
            self.env._("customer"),
            names if generic else [*names, "cfdi_tax_regime", "cfdi_zip"],
            problems,
        )
        return Receptor(
            Rfc=rfc or "",
            Nombre=self._cfdi_receiver_name(rfc, problems),
            # CFDI40149: a generic receiver lives where the invoice is issued.
            DomicilioFiscalReceptor=expedition_zip if generic else receiver.cfdi_zip or receiver.zip or "",
            # CFDI40159. Where he is a tax resident is for the foreign trade complement alone (CFDI40153, CFDI40155).
            RegimenFiscalReceptor=REGIME_GENERIC if generic else receiver.cfdi_tax_regime or "",
            UsoCFDI=self.cfdi_use or "",
        )

    def _cfdi_receiver_name(self, rfc, problems):
        """Nombre: “PUBLICO EN GENERAL” is the name of the global invoice's receiver, and of no other's (CFDI40130)."""
        receiver = self.commercial_partner_id
        name = (receiver.cfdi_legal_name or receiver.name or "").upper()
        public = re.sub("[ÚU]", "U", " ".join(name.split())) == PUBLIC_NAME
        if self.cfdi_global_periodicity:
            if rfc != RFC_PUBLIC:
                problems.append(
                    self.env._(
                        "%(customer)s: a global invoice is for the general public, RFC %(expected)s, and this "
                        "customer's is %(rfc)s. Leave “Periodicity” empty, or change the customer of the invoice.",
                        customer=receiver.display_name,
                        expected=RFC_PUBLIC,
                        rfc=rfc or "-",
                    )
                )
            return PUBLIC_NAME
        if public and rfc == RFC_PUBLIC and self._cfdi_type() == "I":
            problems.append(
                self.env._(
                    "%(customer)s: an invoice to the general public without a name is a global invoice: “Periodicity”, "
                    "“Months” and “Year” are missing. For a customer who gave his name but no RFC, write it as the "
                    "“Legal Name” of a customer of his own.",
                    customer=receiver.display_name,
                )
            )
        return PUBLIC_NAME if public else name

    def _check_party(self, partner, role, names, problems):
        """Add what the tax data of a party lack to ``problems``."""
        for name in names:
            if not (partner[name] or (name == "cfdi_zip" and partner.zip)):
                problems.append(
                    self.env._(
                        "%(partner)s (%(role)s): “%(label)s” is missing.",
                        partner=partner.display_name,
                        role=role,
                        label=partner._fields[name]._description_string(self.env),
                    )
                )

    # ------------------------------------------------------------------
    # Date and currency
    # ------------------------------------------------------------------

    def _cfdi_exchange_rate(self, problems):
        """TipoCambio: pesos for one unit of the invoice's currency, by the invoice's own rate; None in pesos."""
        if self.currency_id.name == "MXN":
            return None
        if self.company_currency_id.name == "MXN":
            rate = 1 / self.invoice_currency_rate if self.invoice_currency_rate else 0.0
        else:
            pesos = self.env.ref("base.MXN")
            rate = self.env["res.currency"]._get_conversion_rate(
                self.currency_id, pesos, self.company_id, self.invoice_date
            )
        rate = exact(rate).quantize(SIX_DECIMALS, ROUND_HALF_UP)
        if rate <= 0:
            problems.append(
                self.env._(
                    "%(name)s: there is no exchange rate from %(currency)s to MXN. Write it in Invoicing / "
                    "Configuration / Currencies, for the date of the invoice.",
                    name=self.name,
                    currency=self.currency_id.name,
                )
            )
        return rate

    def _cfdi_now(self, expedition_zip, problems):
        """Now, in local time of the place of issue; of the company where ``problems`` say that it is unknown."""
        try:
            return catalogs.local_time(datetime.now(timezone.utc), expedition_zip)
        except KeyError:
            if expedition_zip:  # else it is missing, which was told
                problems.append(
                    self.env._(
                        "%(company)s: the postal code “%(zip)s” of the issuer is not in the SAT's catalogue.",
                        company=self.company_id.display_name,
                        zip=expedition_zip,
                    )
                )
            zone = self.company_id._business_time_zone()
            return datetime.now(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)

    def _cfdi_date(self, expedition_zip, problems):
        """Fecha: the invoice date in local time of the place of issue, now when it is today's.

        The SAT allows neither a date in the future nor one of more than 72 hours ago: ``problems`` say so.
        """
        now = self._cfdi_now(expedition_zip, problems)
        if self.invoice_date == now.date():
            return now
        end_of_day = datetime.combine(self.invoice_date, time(23, 59, 59))
        if self.invoice_date > now.date() or now - end_of_day > timedelta(hours=STAMPING_HOURS - 24):
            problems.append(
                self.env._(
                    "%(name)s is dated %(date)s: the SAT stamps invoices of the last 72 hours. "
                    "Set it to draft and change its date.",
                    name=self.name,
                    date=self.invoice_date,
                )
            )
        return end_of_day
