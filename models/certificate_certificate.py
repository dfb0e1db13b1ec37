from odoo import api, fields, models
from odoo.exceptions import UserError

from ..cfdi import CertificateError, read_certificate


class CertificateCertificate(models.Model):
    _inherit = "certificate.certificate"

    scope = fields.Selection(selection_add=[("cfdi", "CSD (seal of CFDI)")])

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
