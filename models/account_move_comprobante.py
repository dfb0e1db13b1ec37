"""From an invoice to the comprobante that its CFDI says: mapping only, no XML, no rounding of its own."""

from datetime import datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from odoo import models
from odoo.exceptions import UserError

from ..cfdi import Comprobante, Concepto, Emisor, Receptor, Retencion, Traslado, catalogs, complete
from .res_partner_tax import GENERIC_RFCS

TAX_CODES = {"isr": "001", "iva": "002", "ieps": "003"}
SIX_DECIMALS = Decimal("0.000001")
# A comprobante must reach the PAC within 72 hours of its Fecha (Anexo 20, PAC code 401).
STAMPING_HOURS = 72


def _decimal(value, step=SIX_DECIMALS):
    """A float of Odoo as the decimal that it stands for, at the decimals of a concepto (at most six)."""
    return Decimal(repr(value)).quantize(step, ROUND_HALF_UP)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _prepare_comprobante(self):
        """The Comprobante of a posted customer invoice.

        :return: a ``cfdi.Comprobante`` with its totals, equal to the invoice's
        :raise UserError: with everything that is missing or cannot be expressed, one line each
        """
        self.ensure_one()
        problems = []
        conceptos = self._prepare_conceptos(problems)
        issuer, receiver = self.company_id.partner_id, self.commercial_partner_id
        expedition_zip = issuer.cfdi_zip or issuer.zip or ""
        self._check_party(issuer, self.env._("issuer"), problems)
        self._check_party(receiver, self.env._("customer"), problems)
        if issuer.vat in GENERIC_RFCS:
            problems.append(self.env._("The issuer cannot have a generic RFC."))
        for name in ("cfdi_use", "cfdi_payment_method", "cfdi_payment_form"):
            if not self[name]:
                label = self._fields[name]._description_string(self.env)
                problems.append(self.env._("Invoice: “%(label)s” is missing.", label=label))
        if problems:
            raise UserError("\n".join(problems))
        generic = receiver.vat in GENERIC_RFCS
        foreign = self.currency_id.name != "MXN"
        comprobante = Comprobante(
            Serie=self.sequence_prefix.strip("/") or "A",
            Folio=str(self.sequence_number),
            Fecha=self._cfdi_date(expedition_zip),
            FormaPago="99" if self.cfdi_payment_method == "PPD" else self.cfdi_payment_form,
            MetodoPago=self.cfdi_payment_method,
            Moneda=self.currency_id.name,
            TipoCambio=_decimal(1 / self.invoice_currency_rate) if foreign else None,
            TipoDeComprobante="I",
            LugarExpedicion=expedition_zip,
            Emisor=Emisor(
                Rfc=issuer.vat,
                Nombre=(issuer.cfdi_legal_name or issuer.name).upper(),
                RegimenFiscal=issuer.cfdi_tax_regime,
            ),
            Receptor=Receptor(
                Rfc=receiver.vat,
                Nombre=(receiver.cfdi_legal_name or receiver.name).upper(),
                # CFDI40149: a generic receiver lives where the invoice is issued.
                DomicilioFiscalReceptor=expedition_zip if generic else receiver.cfdi_zip or receiver.zip,
                RegimenFiscalReceptor=receiver.cfdi_tax_regime,
                UsoCFDI=self.cfdi_use,
            ),
            Conceptos=conceptos,
        )
        return self._with_checked_totals(comprobante)

    def _with_checked_totals(self, comprobante):
        """Refuse to stamp anything but the invoice's own total: the customer owes what the journal says."""
        complete_comprobante = complete(comprobante)
        total = _decimal(self.amount_total, Decimal(1).scaleb(-self.currency_id.decimal_places))
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

    def _check_party(self, partner, role, problems):
        """Add what the tax data of a party lack to ``problems``."""
        names = ["vat", "cfdi_tax_regime"]
        if partner.vat not in GENERIC_RFCS and not (partner.cfdi_zip or partner.zip):
            names.append("cfdi_zip")
        for name in names:
            if not partner[name]:
                problems.append(
                    self.env._(
                        "%(partner)s (%(role)s): “%(label)s” is missing.",
                        partner=partner.display_name,
                        role=role,
                        label=partner._fields[name]._description_string(self.env),
                    )
                )

    def _cfdi_date(self, expedition_zip):
        """Fecha: the invoice date in local time of the place of issue, now when it is today's.

        :raise UserError: the invoice date is in the future or older than the 72 hours that the SAT allows
        """
        try:
            now = catalogs.local_time(datetime.now(timezone.utc), expedition_zip)
        except KeyError as error:
            raise UserError(
                self.env._(
                    "%(company)s: the postal code “%(zip)s” of the issuer is not in the SAT's catalogue.",
                    company=self.company_id.display_name,
                    zip=expedition_zip,
                )
            ) from error
        if self.invoice_date == now.date():
            return now
        end_of_day = datetime.combine(self.invoice_date, time(23, 59, 59))
        if self.invoice_date > now.date() or now - end_of_day > timedelta(hours=STAMPING_HOURS - 24):
            raise UserError(
                self.env._(
                    "%(name)s is dated %(date)s: the SAT stamps invoices of the last 72 hours. "
                    "Set it to draft and change its date.",
                    name=self.name,
                    date=self.invoice_date,
                )
            )
        return end_of_day

    def _prepare_conceptos(self, problems):
        """One Concepto for each product line, with Odoo's own tax computation at six decimals.

        Amounts without taxes are the rounded ones, so that they add up to the invoice's; the unit price follows from
        them. Taxes are unrounded: the header is the rounded sum (rule CFDI40215), which is how Odoo's Mexican
        localization totals them too.
        """
        base_lines, _tax_lines = self._get_rounded_base_and_tax_lines()
        conceptos = []
        for base_line in base_lines:
            line = base_line["record"]
            if not isinstance(line, models.BaseModel) or line.display_type != "product":
                problems.append(
                    self.env._("“%(name)s”: lines for rounding or early payment cannot be stamped yet.", name=line.name)
                )
                continue
            product = line.product_id
            code, unit = product.cfdi_product_code, line.product_uom_id
            label = line.name or product.display_name
            if not code:
                problems.append(self.env._("“%(name)s”: its product has no SAT code.", name=label))
            if not unit.cfdi_unit_code:
                problems.append(
                    self.env._("“%(name)s”: the unit “%(unit)s” has no SAT code.", name=label, unit=unit.name or "")
                )
            if line.quantity <= 0 or line.price_subtotal < 0:
                problems.append(self.env._("“%(name)s”: negative lines cannot be stamped.", name=label))
            if not problems:
                conceptos.append(self._prepare_concepto(line, base_line["tax_details"], problems))
        if not base_lines:
            problems.append(self.env._("The invoice has no lines."))
        return tuple(conceptos)

    def _prepare_concepto(self, line, tax_details, problems):
        step = Decimal(1).scaleb(-line.currency_id.decimal_places)
        # The delta is what Odoo adds to this line so that the lines add up to the rounded total of the invoice.
        net = _decimal(tax_details["total_excluded_currency"] + tax_details["delta_total_excluded_currency"], step)
        quantity = _decimal(line.quantity)
        rate = Decimal(repr(line.discount)) / 100
        gross = net
        if rate >= 1:
            # Given away: the price before the discount is all that there is to say what it is worth.
            gross = (quantity * _decimal(line.price_unit)).quantize(step, ROUND_HALF_UP)
        elif rate:
            gross = (_decimal(tax_details["raw_total_excluded_currency"]) / (1 - rate)).quantize(step, ROUND_HALF_UP)
        traslados, retenciones = self._prepare_taxes(line, tax_details["taxes_data"], problems)
        return Concepto(
            ClaveProdServ=line.product_id.cfdi_product_code,
            NoIdentificacion=line.product_id.default_code or "",
            Cantidad=quantity.normalize() if quantity % 1 else quantity.to_integral_value(),
            ClaveUnidad=line.product_uom_id.cfdi_unit_code,
            Unidad=line.product_uom_id.name,
            Descripcion=" ".join((line.name or line.product_id.display_name).split()),
            ValorUnitario=(gross / quantity).quantize(SIX_DECIMALS, ROUND_HALF_UP),
            Importe=gross,
            Descuento=gross - net if gross != net else None,
            ObjetoImp="02" if traslados or retenciones else "01",
            Traslados=tuple(traslados),
            Retenciones=tuple(retenciones),
        )

    def _prepare_taxes(self, line, taxes_data, problems):
        """Traslados and Retenciones of a line, from the tax type and factor type of Odoo's own Mexican fields."""
        traslados, retenciones = [], []
        for data in taxes_data:
            tax = data["tax"]
            code, factor = TAX_CODES.get(tax.l10n_mx_tax_type), tax.l10n_mx_factor_type or "Tasa"
            if not code:
                problems.append(
                    self.env._(
                        "The tax “%(tax)s” is neither IVA, IEPS nor ISR: it cannot be stamped yet.", tax=tax.name
                    )
                )
                continue
            base = _decimal(data["raw_base_amount_currency"])
            amount = _decimal(data["raw_tax_amount_currency"])
            if factor == "Exento":
                traslados.append(Traslado(Base=base, Impuesto=code, TipoFactor=factor))
                continue
            if factor == "Cuota":
                base, rate = _decimal(line.quantity), _decimal(tax.amount)
            else:
                rate = _decimal(tax.amount / 100)
            values = {"Base": base, "Impuesto": code, "TipoFactor": factor, "TasaOCuota": abs(rate)}
            if tax.amount < 0:
                retenciones.append(Retencion(Importe=-amount, **values))
            else:
                traslados.append(Traslado(Importe=amount, **values))
        return traslados, retenciones
