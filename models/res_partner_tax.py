from odoo import api, fields, models
from odoo.exceptions import ValidationError
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.mx import rfc

from . import sat_catalogs

# Generic RFCs of the SAT (Anexo 20, guía de llenado): sales to the general public, and to foreign residents.
RFC_PUBLIC = "XAXX010101000"
RFC_FOREIGN = "XEXX010101000"
GENERIC_RFCS = frozenset({RFC_PUBLIC, RFC_FOREIGN})


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
            if value and not (len(value) == 5 and value.isascii() and value.isdigit()):
                raise ValidationError(
                    self.env._(
                        "RFC Postal Code: “%(value)s” of %(name)s is not valid; "
                        "five digits are expected, such as 06000.",
                        value=value,
                        name=partner.display_name,
                    )
                )
