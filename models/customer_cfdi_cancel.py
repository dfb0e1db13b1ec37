import base64
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..cfdi import CfdiError, Folio, cancellation_request, catalogs, parse_xml, read_comprobante
from ..cfdi.pac import PACS, CfdiQuery, PacError, PacRejected, SatStatus
from .customer_cfdi import VALID_STATES
from .notification import notification

MOTIVES = [
    ("01", "01 Comprobante emitido con errores con relación"),
    ("02", "02 Comprobante emitido con errores sin relación"),
    ("03", "03 No se llevó a cabo la operación"),
    ("04", "04 Operación nominativa relacionada en una factura global"),
]
REPLACED = "01"
SUBSTITUTION = "04"  # c_TipoRelacion of the comprobante that replaces another one
SAT_STATES = [("Vigente", "Vigente"), ("Cancelado", "Cancelado")]
REFUSED_BY_RECEIVER = "Solicitud rechazada"
# Until the SAT is asked again: it knows a CFDI some minutes after its timbre, a receiver has three days to answer.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(days=1),
)
AT_ONCE = 200


class CustomerCfdi(models.Model):
    """Cancelling a legal document, and what the SAT says of it.

    A request is stored before it is sent; to repeat it does no harm, so one whose answer was lost is sent again. That
    the PAC takes it does not mean that the document is cancelled: its receiver may have to agree, within three days.
    Only the SAT's own answer makes it ``cancelled``. ``sat_state`` is what the SAT said last, and is written only where
    it said something: that it does not find a document says nothing.
    """

    _inherit = "customer.cfdi"

    cancel_motive = fields.Selection(MOTIVES, string="Motive of Cancellation", readonly=True)
    cancel_replacement_id = fields.Many2one(
        "customer.cfdi", string="Replaced By", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    cancel_requested_at = fields.Datetime(string="Cancellation Requested at", readonly=True)
    cancel_sent = fields.Boolean(string="Request Received", readonly=True, help="The PAC has taken the request.")
    cancelled_at = fields.Datetime(
        string="Cancelled at", readonly=True, help="When the SAT was first seen to say that it is cancelled."
    )
    cancel_receipt = fields.Binary(
        string="Receipt of the Cancellation", attachment=False, readonly=True, help="The SAT's acuse, an XML."
    )
    cancel_receipt_name = fields.Char(compute="_compute_cancel_receipt_name")
    sat_state = fields.Selection(
        SAT_STATES, string="State at the SAT", readonly=True, help="What the SAT said last; empty until it knows of it."
    )
    sat_cancellable = fields.Char(
        string="Cancellable", readonly=True, help="In the SAT's words: with or without the receiver's consent, or not."
    )
    sat_cancellation = fields.Char(string="Cancellation at the SAT", readonly=True, help="In the SAT's words.")
    sat_checked_at = fields.Datetime(string="Asked at the SAT", readonly=True, help="When it last said something.")
    sat_checks = fields.Integer(readonly=True, groups="base.group_user", aggregator=None)
    sat_next_check = fields.Datetime(readonly=True, groups="base.group_user", help="When the job asks the SAT again.")

    _sat_check_idx = models.Index(f"(sat_next_check) WHERE state IN {VALID_STATES}")

    @api.depends("name", "issuer_rfc", "uuid")
    def _compute_cancel_receipt_name(self):
        for cfdi in self:
            cfdi.cancel_receipt_name = f"{cfdi.issuer_rfc}_{cfdi.uuid or cfdi.name}_acuse.xml"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------
    def cancel(self, motive, replacement_uuid=None):
        """Ask to cancel a stamped document; safe to repeat.

        :param motive: of the SAT's: 01 with errors and replaced, 02 with errors, 03 the operation did not take place,
            04 a named invoice that a global one has
        :param replacement_uuid: of the CFDI that takes its place, with 01 and only with it; it has to be stamped, and
            to name this one with the relation 04
        :return: a dict: ``cfdi_id``, ``name``, ``state``, ``sat_state`` and ``message``
        :raise AccessError: for who does not issue CFDIs
        :raise UserError: it cannot be asked for, with the reason
        """
        self.ensure_one()
        self._check_canceller()
        cfdi = self.sudo()
        cfdi._lock()
        if cfdi.state == "stamped":
            replacement = cfdi._find_replacement(replacement_uuid)
            cfdi._check_cancellable(motive, replacement)
            cfdi.write(
                {
                    "state": "cancel_requested",
                    "cancel_motive": motive,
                    "cancel_replacement_id": replacement.id,
                    "cancel_requested_at": fields.Datetime.now(),
                    "cancel_sent": False,
                    "sat_checks": 0,
                    "sat_next_check": fields.Datetime.now(),
                    "error_code": False,
                    "message": False,
                }
            )
            cfdi._commit()
        elif cfdi.state not in ("cancel_requested", "cancelled"):
            raise UserError(
                self.env._("%(name)s is not stamped: there is nothing to cancel at the SAT.", name=cfdi.name)
            )
        cfdi._follow_up()
        return cfdi._cancel_result()

    def check_sat(self):
        """Ask the SAT about documents, and send again the requests to cancel that no PAC has taken yet.

        :return: a list with a dict for each, as ``cancel``
        :raise AccessError: for who does not issue CFDIs
        """
        self._check_canceller()
        for cfdi in self.sudo().filtered(lambda cfdi: cfdi.state in (*VALID_STATES, "cancelled")):
            cfdi._lock()
            cfdi._follow_up()
        return [cfdi._cancel_result() for cfdi in self.sudo()]

    def action_check_sat(self):
        """Button: ``check_sat``, and tell what the SAT said."""
        lines = [f"{result['name']}: {result['sat_state'] or ''} {result['message']}" for result in self.check_sat()]
        return notification("\n".join(lines), "info")

    def _check_canceller(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("l10n_mx_customer.group_cfdi_issuer"):
            raise AccessError(self.env._("Only who issues CFDIs may cancel them or ask the SAT about them."))

    def _cancel_result(self):
        return {
            "cfdi_id": self.id,
            "name": self.name,
            "state": self.state,
            "sat_state": self.sat_state,
            "message": self.message or self.sat_cancellation or "",
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------
    def _find_replacement(self, uuid):
        if not uuid:
            return self.browse()
        found = self.search([("uuid", "=", uuid.strip().upper()), ("state", "in", VALID_STATES)])
        if not found:
            raise UserError(
                self.env._("Replaced By: there is no stamped CFDI with the UUID “%(uuid)s” here.", uuid=uuid)
            )
        return found

    def _check_cancellable(self, motive, replacement):
        """:raise UserError: the SAT would refuse the request, or should"""
        if motive not in dict(MOTIVES):
            raise UserError(
                self.env._(
                    "Motive of Cancellation: “%(value)s” is not one of the SAT's: 01, 02, 03 or 04.", value=motive or ""
                )
            )
        if (motive == REPLACED) != bool(replacement):
            raise UserError(
                self.env._("Replaced By: the CFDI that takes its place is given with the motive 01, and only with it.")
            )
        if replacement and self.uuid not in replacement._related_uuids(SUBSTITUTION):
            raise UserError(
                self.env._(
                    "%(replacement)s does not name %(name)s as the CFDI that it replaces (relation 04).",
                    replacement=replacement.name,
                    name=self.name,
                )
            )
        dependent = self._dependent_cfdis() - replacement
        if dependent:
            raise UserError(
                self.env._(
                    "%(name)s is named by living CFDIs, which have to be cancelled first: %(others)s.",
                    name=self.name,
                    others=", ".join(dependent.mapped("name")),
                )
            )

    def _dependent_cfdis(self):
        """Valid documents that name this one, receipts and credit notes: with them the SAT does not cancel it."""
        receipts = self.env["customer.cfdi.payment"].search([("uuid", "=", self.uuid), ("living", "=", True)]).cfdi_id
        notes = self.browse()
        if self.move_id:
            notes = self.search([("move_id.reversed_entry_id", "=", self.move_id.id), ("state", "in", VALID_STATES)])
        return receipts.filtered(lambda cfdi: cfdi.state in VALID_STATES) | notes

    def _cancel_replaced(self):
        """Ask to cancel the documents whose place this one takes: first the new one, then the old one (SAT's guide)."""
        uuids = self._related_uuids(SUBSTITUTION) if self.state == "stamped" else ()
        for replaced in self.search([("uuid", "in", list(uuids)), ("state", "=", "stamped")]) if uuids else ():
            try:
                replaced.cancel(REPLACED, self.uuid)
            except UserError as error:  # noqa: PERF203
                # It stays as it is, and says why: somebody has to look.
                replaced.message = str(error)
                self._commit()

    def _related_uuids(self, relation):
        related = read_comprobante(base64.b64decode(self.with_context(bin_size=False).xml)).CfdiRelacionados
        return {uuid.upper() for node in related if node.TipoRelacion == relation for uuid in node.UUIDs}

    def _follow_up(self):
        """Send a request to cancel that no PAC has taken yet, and ask the SAT. The row is locked; it is committed."""
        self.ensure_one()
        if self.state == "cancel_requested" and not self.cancel_sent:
            self.write(self._ask_to_cancel())
            self._commit()
            self._lock()
        if self.state != "cancel_requested" or self.cancel_sent:
            self.write(self._ask_sat())
        self._commit()
        self._cancel_replaced()

    def _follow_up_again(self):
        self._lock()
        if self.state in VALID_STATES:
            self._follow_up()

    def _ask_to_cancel(self):
        """Send the request. :return: the values to store"""
        try:
            request = self._cancellation_request()
            with self._canceller()._opened() as adapter:
                answer = adapter.cancel(request, uuid=self.uuid)
        except PacRejected as error:
            return {"state": "stamped", "error_code": error.code, "message": error.message, **self._no_more_checks()}
        except PacError as error:
            return {"error_code": error.code, "message": error.message, **self._next_check()}
        except (CfdiError, UserError) as error:
            return {"message": str(error), **self._next_check()}
        return {
            "cancel_sent": True,
            "cancel_receipt": answer.acuse and base64.b64encode(answer.acuse),
            "error_code": answer.code,
            "message": answer.message or False,
            "sat_checks": 0,
        }

    def _canceller(self):
        """The PAC that stamped it; another one of the company where that one does not cancel."""
        pacs = self.pac_id | self.env["customer.pac"]._of_company(self.company_id)
        able = pacs.filtered(lambda pac: pac.environment == self.environment and PACS[pac.kind].capabilities.cancel)
        if not able:
            raise UserError(
                self.env._("%(name)s: none of the PACs in use cancels. Cancel it at the SAT.", name=self.name)
            )
        return able[0]

    def _cancellation_request(self):
        certificate = self.env["certificate.certificate"]._get_csd(self.company_id)
        comprobante = self._sealed_comprobante()
        return cancellation_request(
            [Folio(self.uuid, self.cancel_motive, self.cancel_replacement_id.uuid or "")],
            Fecha=catalogs.local_time(datetime.now(timezone.utc), comprobante.LugarExpedicion),
            certificate_der=certificate._get_der_certificate_bytes(formatting="bytes"),
            sign_sha1=lambda message: certificate._sign(
                message, hashing_algorithm="sha1", formatting="base64"
            ).decode(),
        )

    def _ask_sat(self):
        """Ask the SAT what it knows. :return: the values to store; none of its state where it says nothing"""
        sealed = parse_xml(self._sealed_bytes())
        comprobante = read_comprobante(sealed)
        query = CfdiQuery(
            comprobante.Emisor.Rfc, comprobante.Receptor.Rfc, comprobante.Total, self.uuid, sealed.get("Sello")
        )
        try:
            status = self.pac_id._ask_sat(query)
        except PacError as error:
            return {"message": error.message, **self._next_check()}
        return self._values_of_status(status)

    def _values_of_status(self, status: SatStatus):
        if not status.found:
            return self._next_check()
        values = {
            "sat_state": status.estado,
            "sat_cancellable": status.es_cancelable,
            "sat_cancellation": status.estatus_cancelacion,
            "sat_checked_at": fields.Datetime.now(),
        }
        if status.cancelled:
            cancelled_at = self.cancelled_at or fields.Datetime.now()
            values |= {"state": "cancelled", "cancelled_at": cancelled_at, "error_code": False, "message": False}
            return values | self._no_more_checks()
        if self.state != "cancel_requested":
            return values | self._no_more_checks()
        if status.estatus_cancelacion == REFUSED_BY_RECEIVER:
            return {
                **values,
                "state": "stamped",
                "message": self.env._("Its receiver refused that it be cancelled."),
                **self._no_more_checks(),
            }
        return values | self._next_check()

    def _next_check(self):
        at = fields.Datetime.now() + PAUSES[min(self.sat_checks, len(PAUSES) - 1)]
        self.env.ref("l10n_mx_customer.ir_cron_cfdi_sat")._trigger(at)
        return {"sat_checks": self.sat_checks + 1, "sat_next_check": at}

    def _no_more_checks(self):
        return {"sat_checks": 0, "sat_next_check": False}

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------
    @api.model
    def _cron_sat(self):
        """Follow what is being cancelled, and see that the SAT knows what was stamped."""
        domain = [("state", "in", VALID_STATES), ("sat_next_check", "<=", fields.Datetime.now())]
        cfdis = self.search(domain, order="sat_next_check, id", limit=AT_ONCE)
        cfdis._run_each(lambda cfdi: cfdi._follow_up_again(), lambda cfdi: cfdi._next_check())
