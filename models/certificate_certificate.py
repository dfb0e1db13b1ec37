from odoo import api, fields, models
from odoo.exceptions import UserError

from ..cfdi import CertificateError, read_certificate


class CertificateCertificate(models.Model):
    _inherit = "certificate.certificate"

    scope = fields.Selection(selection_add=[("cfdi", "CSD (seal of CFDI)")])
    cfdi_rfc = fields.Char(
        string="RFC of the CSD",
        compute="_compute_cfdi_rfc",
        store=True,
        help="Whose CFDIs it seals; empty for what is no CSD, such as a FIEL.",
    )
    cfdi_warning = fields.Char(
        string="Warning of This CSD",
        compute="_compute_cfdi_warning",
        help="Why it seals nothing, or that it expires soon and no other one is loaded.",
    )
    cfdi_announced = fields.Selection(
        [("expiring", "Expires Soon"), ("expired", "Expired")],
        string="Expiry Announced",
        readonly=True,
        copy=False,
        help="What was told of it already: each is told once.",
    )

    @api.depends("pem_certificate")
    def _compute_cfdi_rfc(self):
        for certificate in self:
            found = certificate.pem_certificate and certificate._read_csd()
            certificate.cfdi_rfc = found.rfc if found and found.is_csd else False

    @api.depends("scope", "active", "date_end", "cfdi_rfc", "company_id.cfdi_csd_warning")
    @api.depends_context("lang")
    def _compute_cfdi_warning(self):
        for certificate in self:
            company = certificate.company_id
            warning = False
            if certificate.scope == "cfdi" and certificate.active and certificate.pem_certificate:
                if not certificate._is_csd_of(company.partner_id.vat):
                    warning = certificate._csd_problem(company.partner_id.vat)
                elif certificate == company._last_csd():
                    warning = company.cfdi_csd_warning
            certificate.cfdi_warning = warning

    @api.model
    def _get_csd(self, company):
        """The certificate that seals the CFDIs of a company today.

        :return: a valid CSD of the issuer's RFC, the one that lasts longest
        :raise UserError: when there is none, with the reason for each candidate
        """
        candidates = self.search([("company_id", "=", company.id), ("scope", "=", "cfdi")], order="date_end desc")
        reasons = []
        for certificate in candidates:
            reason = certificate._csd_problem(company.partner_id.vat)
            if not reason:
                return certificate
            reasons.append(f"{certificate.name or certificate.subject_common_name}: {reason}")
        raise UserError(
            "\n".join(
                [
                    self.env._(
                        "%(company)s has no certificate to seal CFDIs with. Load its CSD (.cer, .key and password) in "
                        "Settings / Certificates with the scope “CSD (seal of CFDI)”.",
                        company=company.display_name,
                    ),
                    *reasons,
                ]
            )
        )

    def _is_csd_of(self, rfc):
        """Whether it can seal CFDIs of the taxpayer ``rfc`` while it is valid."""
        self.ensure_one()
        key = self.private_key_id
        return bool(rfc and self.cfdi_rfc == rfc and key and not (self.loading_error or key.loading_error))

    def _read_csd(self):
        """:return: ``cfdi.Certificado``; None for what is no certificate of the SAT"""
        try:
            return read_certificate(self._get_der_certificate_bytes(formatting="bytes"))
        except CertificateError:
            return None

    def _sign_cadena(self, message):
        """The signature of a cadena original, in base64.

        :raise UserError: the certificate is not in force, or has no key
        """
        self.ensure_one()
        if self.is_valid and self.private_key_id:
            return self.private_key_id._sign_rsa(message)
        return self._sign(message, formatting="base64").decode()  # which says what is wrong

    def _csd_problem(self, rfc):
        """Why this certificate cannot seal CFDIs of the taxpayer ``rfc``; empty when it can."""
        self.ensure_one()
        if self.loading_error or self.private_key_id.loading_error:
            return self.loading_error or self.private_key_id.loading_error
        if not self.private_key_id:
            return self.env._("it has no private key.")
        if not self.is_valid:
            return self.env._("it is valid from %(start)s to %(end)s.", start=self.date_start, end=self.date_end)
        try:
            certificate = read_certificate(self._get_der_certificate_bytes(formatting="bytes"))
        except CertificateError as error:
            return str(error)
        if not certificate.is_csd:
            return self.env._("it is not a CSD; a FIEL cannot seal CFDIs.")
        if certificate.rfc != rfc:
            return self.env._("it belongs to %(owner)s, not to %(rfc)s.", owner=certificate.rfc, rfc=rfc)
        return ""
