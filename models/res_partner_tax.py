from odoo import api, fields, models
from odoo.exceptions import ValidationError
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.mx import rfc

from ..cfdi import catalogs
from . import sat_catalogs

# Generic RFCs of the SAT (Anexo 20, guía de llenado): sales to the general public, and to foreign residents.
RFC_PUBLIC = "XAXX010101000"
RFC_FOREIGN = "XEXX010101000"
GENERIC_RFCS = frozenset({RFC_PUBLIC, RFC_FOREIGN})
REGIME_GENERIC, USE_GENERIC = "616", "S01"  # what their CFDIs must say (CFDI40159, CFDI40161)
FORMS_PUE = [code for code, _label in sat_catalogs.PAYMENT_FORMS if code != "99"]


class ResPartner(models.Model):
    """Tax data of a customer, as its Constancia de Situación Fiscal and its CFDIs need them."""

    _inherit = "res.partner"

    cfdi_legal_name = fields.Char(
        string="Legal Name",
        help="Name of the taxpayer exactly as in the Constancia de Situación Fiscal, without the corporate form "
        "(S.A. de C.V. and the like). It goes into the CFDI; empty, the customer's name is used.",
    )
    cfdi_zip = fields.Char(
        string="RFC Postal Code",
        help="Postal code of the tax address in the Constancia de Situación Fiscal, five digits. "
        "Empty, the postal code of the address is used.",
    )
    cfdi_tax_regime = fields.Selection(
        selection=sat_catalogs.TAX_REGIMES,
        string="Tax Regime",
        help="Régimen fiscal of the receiver (SAT catalogue c_RegimenFiscal).",
    )
    cfdi_use = fields.Selection(
        selection=sat_catalogs.CFDI_USES,
        string="CFDI Use",
        help="What the customer uses the invoices for (SAT catalogue c_UsoCFDI). Default of new invoices.",
    )
    cfdi_payment_method = fields.Selection(
        selection=sat_catalogs.PAYMENT_METHODS,
        string="Payment Method",
        help="PUE: paid in one exhibition; PPD: in instalments or deferred (SAT catalogue c_MetodoPago). "
        "Default of new invoices.",
    )
    cfdi_payment_form = fields.Selection(
        selection=sat_catalogs.PAYMENT_FORMS,
        string="Payment Form",
        help="How the customer pays (SAT catalogue c_FormaPago). Default of new invoices; "
        "with PPD the CFDI always says 99.",
    )

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + [
            "cfdi_legal_name",
            "cfdi_payment_form",
            "cfdi_payment_method",
            "cfdi_tax_regime",
            "cfdi_use",
            "cfdi_zip",
        ]

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._normalize_tax_vals(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normalize_tax_vals(vals))

    @api.model
    def _normalize_tax_vals(self, vals):
        """Trim what people paste around a name or a code and write RFCs one way: equal values compare equal."""
        changed = {
            name: " ".join(vals[name].split())
            for name in ("cfdi_legal_name", "cfdi_zip")
            if isinstance(vals.get(name), str)
        }
        if isinstance(vals.get("vat"), str):
            number = rfc.compact(vals["vat"])
            if number in GENERIC_RFCS or rfc.is_valid(number):
                changed["vat"] = number
        return vals | changed if changed else vals

    @api.model
    def _run_vat_checks(self, country, vat, partner_name="", validation="error"):
        # The SAT's generic RFCs are for customers of any country, whose own tax authority does not know them.
        if vat in GENERIC_RFCS:
            return vat, "MX"
        return super()._run_vat_checks(country, vat, partner_name, validation)

    # Not on customer_rank: Odoo raises it when an invoice is posted, which must not fail because of an old RFC.
    @api.constrains("vat", "country_id")
    def _check_customer_rfc(self):
        for partner in self:
            if partner.customer_rank > 0 and partner.vat and partner._vat_is_rfc():
                partner._check_rfc(partner.vat, partner.display_name)

    def _vat_is_rfc(self):
        """Whether ``vat`` must be an RFC: the customer is Mexican, or says nothing of another country."""
        self.ensure_one()
        country = self.commercial_partner_id.country_id or self.country_id
        return not country or country.code == "MX" or self.vat in GENERIC_RFCS

    @api.model
    def _check_rfc(self, number, name):
        """Raise a ValidationError unless ``number`` is an RFC.

        Format, date and check digit by python-stdnum (rule: anexo 3 of the RMF); the SAT's generic RFCs, whose digit
        does not hold, are accepted.

        :param str number: the RFC to check
        :param str name: whose it is, for the message
        """
        if number in GENERIC_RFCS:
            return
        try:
            rfc.validate(number, validate_check_digits=True)
        except StdnumError as error:
            raise ValidationError(
                self.env._(
                    "RFC: “%(number)s” of %(name)s is not valid. An RFC has 12 (company) or 13 (natural person) "
                    "characters: letters, date of birth or incorporation as YYMMDD, homoclave and check digit, "
                    "such as EKU9003173C9.",
                    number=number,
                    name=name,
                )
            ) from error

    @api.constrains("cfdi_zip")
    def _check_cfdi_zip(self):
        for partner in self:
            value = partner.cfdi_zip
            if value and partner._is_customer() and not catalogs.postal_code_exists(value):
                raise ValidationError(
                    self.env._(
                        "RFC Postal Code: “%(value)s” of %(name)s is not valid; "
                        "five digits of the SAT's catalogue are expected, such as 06000.",
                        value=value,
                        name=partner.display_name,
                    )
                )

    @api.constrains("cfdi_tax_regime", "cfdi_use", "country_id", "vat")
    def _check_tax_regime_and_use(self):
        """The régimen is for the kind of person, the use for both (c_RegimenFiscal, c_UsoCFDI: CFDI40158, CFDI40161).

        What is missing is not wrong: a customer is completed little by little.
        """
        for partner in self:
            number = partner._cfdi_rfc()
            if not (number and partner._is_customer()):
                continue
            regime, use = partner.cfdi_tax_regime, partner.cfdi_use
            if number in GENERIC_RFCS:
                expected = {"cfdi_tax_regime": REGIME_GENERIC, "cfdi_use": USE_GENERIC}
                for name, code in expected.items():
                    if partner[name] and partner[name] != code:
                        raise ValidationError(partner._tax_message(name, number, [code]))
                continue
            if regime and not catalogs.regimen_allowed(regime, number):
                allowed = [code for code, _label in sat_catalogs.TAX_REGIMES if catalogs.regimen_allowed(code, number)]
                raise ValidationError(partner._tax_message("cfdi_tax_regime", number, allowed))
            if regime and use and not catalogs.uso_allowed(use, regime, number):
                allowed = catalogs.usos_for(regime, number)
                raise ValidationError(partner._tax_message("cfdi_use", f"{number}, {regime}", allowed))

    @api.constrains("cfdi_payment_form", "cfdi_payment_method")
    def _check_payment_form(self):
        """PUE says how it is paid: 99 (to be defined) is for PPD (Anexo 20, guía de llenado, FormaPago)."""
        for partner in self:
            if partner.cfdi_payment_method == "PUE" and partner.cfdi_payment_form == "99" and partner._is_customer():
                raise ValidationError(partner._tax_message("cfdi_payment_form", "PUE", FORMS_PUE))

    def _cfdi_rfc(self):
        """The RFC that the customer's CFDIs say: a foreign resident's is the SAT's generic one."""
        self.ensure_one()
        if self.person_type == "foreign":
            return RFC_FOREIGN
        return self.vat

    def _tax_message(self, name, for_whom, allowed):
        return self.env._(
            "%(label)s: “%(value)s” of %(name)s is not for %(whom)s; one of these is expected: %(allowed)s.",
            label=self._card_label(name),
            value=self[name],
            name=self.display_name,
            whom=for_whom,
            allowed=", ".join(allowed),
        )
