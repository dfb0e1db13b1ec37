import base64
from datetime import datetime, timezone

from odoo import api, fields, models, modules
from odoo.exceptions import LockError, UserError

from ..cfdi import CfdiError, build_xml, seal, validate
from ..cfdi.pac import PacError, PacRejected, PacUnavailable
from .res_company import PAC_ENVIRONMENTS

STATES = [
    ("sealed", "Sealed"),
    ("sent", "Sent, in doubt"),
    ("stamped", "Stamped"),
    ("rejected", "Rejected"),
    ("discarded", "Discarded"),
]
LIVE_STATES = ("sealed", "sent", "stamped")
LIVING = f"state IN {LIVE_STATES}"


class CustomerCfdi(models.Model):
    """A legal document: one sealed comprobante, and what the PAC answered.

    It exists apart from the invoice because it outlives what happens to it. Its life, one commit a step:

    1. ``sealed``: built from the invoice, checked against the SAT's schema and rules, sealed, and stored. From here
       on its bytes, folio and date never change.
    2. ``sent``: committed before anything goes over the wire. A process that dies from here on leaves a document *in
       doubt*: the next run asks the PAC for its timbre before it sends the same bytes again, which the PAC answers
       with the previous timbre (307). So it can neither be stamped twice nor lost.
    3. ``stamped`` with UUID and XML, or ``rejected`` with the PAC's code and reason. After a rejection the invoice may
       be corrected and a new document made of it, with the same folio. A document that was never sent is
       ``discarded`` when its invoice goes back to draft.

    Nobody has write access, only the methods here: entry points are ``account.move.cfdi_stamp`` and ``retry``.
    """

    _name = "customer.cfdi"
    _description = "CFDI"
    _order = "id desc"
    _rec_name = "name"
    _check_company_auto = True

    move_id = fields.Many2one("account.move", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, index=True)
    name = fields.Char(compute="_compute_name")
    cfdi_type = fields.Selection(
        [("I", "Income (I)"), ("P", "Payment (P)")], string="Type", required=True, readonly=True
    )
    issuer_rfc = fields.Char(string="Issuer RFC", required=True, readonly=True)
    series = fields.Char(required=True, readonly=True)
    folio = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        index=True,
    )
    uuid = fields.Char(string="Fiscal Folio (UUID)", readonly=True)
    stamped_at = fields.Datetime(string="Stamped at", readonly=True, help="When the timbre was received.")
    environment = fields.Selection(PAC_ENVIRONMENTS, string="PAC", readonly=True, help="Where it was sent.")
    # In the row and not in the file store, so that one commit holds the state and the bytes.
    sealed_xml = fields.Binary(string="Sealed XML", attachment=False, readonly=True)
    xml = fields.Binary(string="Stamped XML", attachment=False, readonly=True)
    xml_name = fields.Char(compute="_compute_name")
    error_code = fields.Char(readonly=True, help="Code of the PAC or of the SAT.")
    message = fields.Text(readonly=True, help="What the PAC answered last, or why it could not be asked.")

    _folio_unique = models.UniqueIndex(
        f"(issuer_rfc, series, folio) WHERE {LIVING}",
        "There is already a CFDI with this series and folio of this issuer.",
    )
    _uuid_unique = models.UniqueIndex("(uuid) WHERE uuid IS NOT NULL", "There is already a CFDI with this UUID.")
    _move_unique = models.UniqueIndex(
        f"(move_id) WHERE {LIVING} AND cfdi_type IN ('I', 'E')",
        "This document has a living CFDI already.",
    )

    @api.depends("series", "folio", "uuid", "issuer_rfc")
    def _compute_name(self):
        for cfdi in self:
            cfdi.name = f"{cfdi.series}-{cfdi.folio}"
            cfdi.xml_name = f"{cfdi.issuer_rfc}_{cfdi.uuid or cfdi.name}.xml"

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A CFDI is a legal document and is never deleted."))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def retry(self):
        """Go on with documents that are sealed or in doubt; the others are answered as they are.

        :return: as ``account.move.cfdi_stamp``
        """
        return self.move_id.cfdi_stamp()

    def action_retry(self):
        """Button: ``retry``, and tell what happened."""
        return self.move_id.action_cfdi_stamp()

    @api.model
    def _stamp_move(self, move):
        """Take one invoice as far as it goes; see ``account.move.cfdi_stamp`` for the answer."""
        cfdi = self.search([("move_id", "=", move.id), ("state", "in", LIVE_STATES)], limit=1)
        try:
            if not cfdi:
                cfdi = self._seal_move(move)
                self._commit()
            if cfdi.state != "stamped":
                cfdi._send()
        except (CfdiError, UserError) as error:
            # Nothing was written for this invoice: it is told and the next one goes on.
            return self._result(move, cfdi, str(error))
        return self._result(move, cfdi, cfdi.message)

    @api.model
    def _result(self, move, cfdi, message):
        return {
            "move_id": move.id,
            "name": move.name,
            "cfdi_id": cfdi.id,
            "state": cfdi.state or "invalid",
            "uuid": cfdi.uuid,
            "message": message or cfdi.uuid or "",
        }

    @api.model
    def _seal_move(self, move):
        """Build, check and seal the comprobante of an invoice, and store it.

        :raise UserError: with every problem found, and nothing stored
        """
        # Two people stamping one invoice at once would build two documents: the second one waits for no one.
        self._lock_for_stamping(move)
        company = move.company_id
        self._pac(company)
        certificate = self.env["certificate.certificate"]._get_csd(company)
        comprobante = move._prepare_comprobante()
        xml = seal(
            build_xml(comprobante),
            certificate_der=certificate._get_der_certificate_bytes(formatting="bytes"),
            sign=lambda message: certificate._sign(message, formatting="base64").decode(),
        )
        problems = validate(xml, now=datetime.now(timezone.utc))
        if problems:
            raise UserError("\n".join(str(problem) for problem in problems))
        return self.create(
            {
                "move_id": move.id,
                "company_id": company.id,
                "partner_id": move.commercial_partner_id.id,
                "cfdi_type": comprobante.TipoDeComprobante,
                "issuer_rfc": comprobante.Emisor.Rfc,
                "series": comprobante.Serie,
                "folio": comprobante.Folio,
                "state": "sealed",
                "environment": company.cfdi_pac_environment,
                "sealed_xml": base64.b64encode(xml),
            }
        )

    def _send(self):
        """Send one sealed document, or find out what became of one in doubt. Commits before and after."""
        self.ensure_one()
        if self.environment != self.company_id.cfdi_pac_environment:
            raise UserError(
                self.env._(
                    "%(name)s was sealed for the PAC “%(made)s” and the company stamps with “%(now)s” now. "
                    "A document that may be stamped is never sent to another PAC.",
                    name=self.name,
                    made=self.environment,
                    now=self.company_id.cfdi_pac_environment,
                )
            )
        pac = self._pac(self.company_id)
        self._lock()
        if self.state not in ("sealed", "sent"):
            # Somebody else has just finished it.
            return
        in_doubt = self.state == "sent"
        self.state = "sent"
        self._commit()
        # The commit let go of the lock. Whoever comes in between sends the same bytes: the PAC answers both alike.
        self._lock()
        if self.state != "sent":
            return
        self.write(self._ask(pac, in_doubt))
        self._commit()

    def _ask(self, pac, in_doubt):
        """Ask the PAC for the timbre of this document.

        :param bool in_doubt: an earlier run may have sent it: look for its timbre before sending it again
        :return: the values to store; the state is kept where the answer decides nothing
        """
        xml = base64.b64decode(self.with_context(bin_size=False).sealed_xml)
        timbrado = None
        if in_doubt:
            try:
                timbrado = pac.recover(xml)
            except PacError as error:
                return {"error_code": error.code, "message": error.message}
        try:
            timbrado = timbrado or pac.stamp(xml)
        except PacRejected as error:
            return {"state": "rejected", "error_code": error.code, "message": error.message}
        except PacUnavailable as error:
            # Nothing was processed: had it been sent before, the PAC has just said that it was not stamped then.
            return {"state": "sealed", "error_code": error.code, "message": error.message}
        except PacError as error:
            return {"error_code": error.code, "message": error.message}
        return {
            "state": "stamped",
            "uuid": timbrado.uuid,
            "xml": base64.b64encode(timbrado.xml),
            "stamped_at": fields.Datetime.now(),
            "error_code": False,
            "message": "\n".join(timbrado.warnings) or False,
        }

    @api.model
    def _pac(self, company):
        """The PAC that stamps for a company.

        :raise UserError: when it is not configured
        """
        # zeep takes half a second to load: only where something is going to be sent.
        from ..cfdi.pac import finkok

        urls = {"production": finkok.PRODUCTION, "test": finkok.TEST, "simulator": company.cfdi_pac_url}
        url = urls.get(company.cfdi_pac_environment)
        if not url or not company.cfdi_pac_username or not company.cfdi_pac_password:
            raise UserError(
                self.env._(
                    "%(company)s has no PAC: choose it in Settings / Invoicing / CFDI, with its user and password.",
                    company=company.display_name,
                )
            )
        return finkok.Finkok(url, company.cfdi_pac_username, company.cfdi_pac_password)

    def _lock(self):
        """Hold the row until the next commit, and see what is committed of it."""
        self._lock_for_stamping(self)
        self.invalidate_recordset()

    @api.model
    def _lock_for_stamping(self, record):
        """:raise UserError: somebody else holds the invoice or the CFDI"""
        try:
            record.lock_for_update()
        except LockError as error:
            raise UserError(self.env._("%(name)s is being stamped by somebody else.", name=record.name)) from error

    @api.model
    def _commit(self):
        # A test's transaction must not be committed; what a crash leaves behind is tested on a real server.
        if not modules.module.current_test:
            self.env.cr.commit()  # pylint: disable=invalid-commit
