import base64
import binascii
from contextlib import closing

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..cfdi import CfdiError, verify
from ..cfdi.pac import CfdiQuery, PacError, open_sat

MAX_BYTES = 5 * 1024 * 1024  # as the registration from a CFDI
RESULTS = [("holds", "Holds"), ("fails", "Does Not Hold"), ("unknown", "Not Checked")]


class CustomerCfdiVerification(models.TransientModel):
    """Whether a CFDI that somebody handed over is what it says: its seals, and what the SAT knows of it.

    Of any CFDI 4.0 or 3.3, whoever issued it. Nothing is stored but this dialog. Over RPC in one call: ``verify_cfdi``.
    """

    _name = "customer.cfdi.verification"
    _description = "Verify a CFDI"

    file = fields.Binary(string="XML of the CFDI", required=True, attachment=False, help="A CFDI 4.0 or 3.3.")
    filename = fields.Char()
    sat_certificate = fields.Binary(
        string="Certificate of the SAT",
        attachment=False,
        help="The .cer that the timbre was sealed with (NoCertificadoSAT), from the SAT's site. Without it the SAT's "
        "seal is not checked.",
    )
    sat_certificate_name = fields.Char()
    ask_sat = fields.Boolean(string="Ask the SAT", default=True, help="Whether it is in force or cancelled.")
    checked = fields.Boolean(readonly=True)
    uuid = fields.Char(string="Fiscal Folio (UUID)", readonly=True)
    issuer = fields.Char(readonly=True)
    receiver = fields.Char(readonly=True)
    date = fields.Datetime(readonly=True, help="Fecha, as the CFDI says it: of the place where it was issued.")
    total = fields.Char(readonly=True)
    seal = fields.Selection(RESULTS, string="Seal of the Issuer", readonly=True)
    certificate = fields.Selection(RESULTS, string="Certificate of the Issuer", readonly=True)
    timbre_seal = fields.Selection(RESULTS, string="Seal of the SAT", readonly=True)
    sat_state = fields.Char(string="State at the SAT", readonly=True)
    problems = fields.Text(string="What Does Not Hold", readonly=True)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_verify(self):
        """Button: verify the file, and show what was found.

        :return: the action that shows the dialog again
        :raise UserError: the file cannot be read, or is no CFDI
        """
        self.ensure_one()
        wizard = self.with_context(bin_size=False)
        found = self.verify_cfdi(wizard.file, wizard.sat_certificate or None, self.ask_sat)
        results = {True: "holds", False: "fails", None: "unknown"}
        self.write(
            {
                "checked": True,
                "uuid": found["uuid"],
                "issuer": f"{found['issuer_rfc']} {found['issuer_name']}",
                "receiver": f"{found['receiver_rfc']} {found['receiver_name']}",
                "date": found["date"],
                "total": f"{found['total']} {found['currency']}",
                **{name: results[found[name]] for name in ("seal", "certificate", "timbre_seal")},
                "sat_state": " · ".join(filter(None, (found["sat_state"], found["sat_cancellation"]))),
                "problems": "\n".join(found["problems"]),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verify a CFDI"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def verify_cfdi(self, xml, sat_certificate=None, ask_sat=True):
        """Verify any CFDI 4.0 or 3.3.

        :param xml: base64 of its XML
        :param sat_certificate: base64 of the .cer that its timbre was sealed with, to check that seal too
        :param bool ask_sat: ask the SAT (its public service) whether it is in force
        :return: a dict. ``seal``: the issuer's seal holds; ``certificate``: it is of a CSD of the issuer, in force on
            the date; ``timbre_seal``: the SAT's seal holds; True, False, or None where that was not checked.
            ``sat_state`` (``Vigente``, ``Cancelado``; False where the SAT did not say), ``sat_cancellable`` and
            ``sat_cancellation``, in the SAT's words. ``problems``: a list of texts. What it says: ``version``,
            ``type``, ``uuid`` (False without timbre), ``series``, ``folio``, ``date``, ``issuer_rfc``,
            ``issuer_name``, ``receiver_rfc``, ``receiver_name``, ``total``, ``currency``
        :raise AccessError: for who does not keep customers
        :raise UserError: the file cannot be read, or is no CFDI
        """
        self.check_access("create")
        try:
            certificate = self._decoded(sat_certificate) if sat_certificate else None
            verification = verify(self._decoded(xml), sat_certificate_der=certificate)
        except CfdiError as error:
            raise UserError(str(error)) from error
        problems = [str(problem).removeprefix("[] ") for problem in verification.problems]
        comprobante, timbre = verification.comprobante, verification.timbre
        return {
            "seal": verification.seal,
            "certificate": verification.certificate,
            "timbre_seal": verification.timbre_seal,
            **self._sat_says(verification, ask_sat, problems),
            "problems": problems,
            "version": verification.version,
            "type": comprobante.TipoDeComprobante,
            "uuid": timbre.UUID if timbre else False,
            "series": comprobante.Serie or False,
            "folio": comprobante.Folio or False,
            "date": comprobante.Fecha,
            "issuer_rfc": comprobante.Emisor.Rfc,
            "issuer_name": comprobante.Emisor.Nombre,
            "receiver_rfc": comprobante.Receptor.Rfc,
            "receiver_name": comprobante.Receptor.Nombre,
            "total": str(comprobante.Total),
            "currency": comprobante.Moneda,
        }

    @api.model
    def _decoded(self, content):
        """:raise UserError: it is no base64, or too much"""
        try:
            data = base64.b64decode(content or b"")
        except (binascii.Error, ValueError) as error:
            raise UserError(self.env._("File: it is not in base64.")) from error
        if not data or len(data) > MAX_BYTES:
            raise UserError(
                self.env._("File: it has %(size)s bytes; one of at most 5 MB is expected.", size=f"{len(data):,}")
            )
        return data

    @api.model
    def _sat_says(self, verification, ask, problems):
        """What the SAT answers; why it does not is added to ``problems``."""
        said = {"sat_state": False, "sat_cancellable": False, "sat_cancellation": False}
        if not ask or not verification.timbre:
            return said
        comprobante = verification.comprobante
        query = CfdiQuery(
            comprobante.Emisor.Rfc,
            comprobante.Receptor.Rfc,
            comprobante.Total,
            verification.timbre.UUID,
            verification.sello,
        )
        try:
            with closing(self._open_sat()) as sat:
                status = sat.status(query)
        except PacError as error:
            problems.append(error.message)
            return said
        if not status.found:
            problems.append(
                self.env._("The SAT does not find it; it knows a CFDI some minutes after its timbre, at times later.")
            )
            return said
        return {
            "sat_state": status.estado,
            "sat_cancellable": status.es_cancelable or False,
            "sat_cancellation": status.estatus_cancelacion or False,
        }

    @api.model
    def _open_sat(self):
        """The SAT's service; that of the simulator for a company whose documents are the simulator's."""
        # Sudo: where the simulator is, is the administrators' business, and nothing of it is told.
        pac = self.env["customer.pac"].sudo().search([("company_id", "=", self.env.company.id)], limit=1)
        if pac.environment == "simulator":
            return open_sat("simulator", url=pac.url)
        return open_sat("production")
