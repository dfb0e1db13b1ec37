import base64
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..cfdi import CfdiError, read_comprobante
from ..cfdi.pac import PacError, PacRejected, PacUnavailable, check_timbrado
from .customer_cfdi import MANY, SOURCES, UNFINISHED_STATES
from .customer_cfdi_delivery import MAIL_KEY
from .notification import stamping_notification

_logger = logging.getLogger(__name__)

# Minutes until the job tries again, from the first failure on; the last one is repeated.
PAUSES = (1, 5, 15, 60, 180, 360)
# The job leaves alone what whoever stamps is about to send.
GRACE = timedelta(minutes=2)
AT_ONCE = 100
# The SAT knows a CFDI some minutes after its timbre.
SAT_KNOWS = timedelta(minutes=10)


class CustomerCfdi(models.Model):
    """How a sealed document gets its timbre, and what is done when the answer is lost."""

    _inherit = "customer.cfdi"

    bound_to_pac = fields.Boolean(
        string="Bound to Its PAC",
        readonly=True,
        groups="base.group_user",
        help="Its PAC did not answer clearly once, so that it may have stamped it: it is never sent to another one.",
    )
    attempts = fields.Integer(
        readonly=True,
        groups="base.group_user",
        aggregator=None,
        help="How often it was tried in vain, whatever number of PACs was asked each time.",
    )
    next_attempt = fields.Datetime(
        readonly=True,
        groups="base.group_user",
        help="When the job tries again. Whoever stamps need not wait for it.",
    )
    needs_person = fields.Boolean(
        string="Somebody Has to Look",
        readonly=True,
        groups="base.group_user",
        help="Its PAC cannot be asked whether it has stamped it: somebody has to look it up there, and give its XML "
        "here or say that there is none.",
    )

    _attempt_idx = models.Index(f"(next_attempt) WHERE state IN {UNFINISHED_STATES} AND needs_person IS NOT TRUE")

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------
    def retry(self):
        """Go on with documents that are sealed or in doubt; the others are answered as they are.

        :return: as ``cfdi_stamp`` of their sources
        """
        return [result for source in self._sources() for result in source.cfdi_stamp()]

    def action_retry(self):
        """Button: ask the PAC again, and show what became of it; its bytes are sealed, and there is nothing to check.

        :return: as ``customer.stamp.action_stamp``; of transfers, a notification
        :raise AccessError: for who may not stamp it
        """
        if self.move_id:
            return self.env["customer.stamp"].create({"move_ids": self.move_id.ids}).action_stamp()
        return stamping_notification(self.retry())

    def _sources(self):
        """Recordsets of what the documents were made of, one of each model that there is."""
        return [self[name] for name in SOURCES if self[name]]

    def resolve(self, stamped_xml=None):
        """Say what became of a document in doubt that only a person could look up at its PAC.

        :param stamped_xml: base64 of the XML with its timbre, as the PAC has it; without it, the PAC has not stamped
            it: it is sealed again, and may be sent
        :raise AccessError: for who is no CFDI administrator
        :raise UserError: it is not in doubt, or the XML is not of this document
        """
        if not self.env.user.has_group("l10n_mx_customer.group_customer_manager"):
            raise AccessError(self.env._("Only an administrator of customers says what became of a CFDI in doubt."))
        self.ensure_one()
        self.check_access("read")
        cfdi = self.sudo()
        cfdi._lock()
        if cfdi.state != "sent":
            raise UserError(self.env._("%(name)s is not in doubt.", name=cfdi.name))
        if not stamped_xml:
            cfdi.write(
                {
                    "state": "sealed",
                    "needs_person": False,
                    "next_attempt": fields.Datetime.now(),
                    "message": self.env._("%(user)s found that it is not stamped.", user=self.env.user.name),
                }
            )
            return
        try:
            timbrado = check_timbrado(cfdi._sealed_bytes(), base64.b64decode(stamped_xml))
        except (CfdiError, ValueError) as error:
            raise UserError(str(error)) from error
        cfdi.write(cfdi._stamped_values(timbrado))

    def _send(self):
        """Send one sealed document, or find out what became of one in doubt. Commits before and after.

        While a PAC is down for certain, the next one of the company is tried.
        """
        self.ensure_one()
        pacs = self.env["customer.pac"]._of_company(self.company_id)
        if set(pacs.mapped("environment")) != {self.environment}:
            raise UserError(
                self.env._(
                    "%(name)s was sealed for the PACs of “%(made)s” and those of the company are of “%(now)s” now. "
                    "A document that may be stamped is never sent to another one.",
                    name=self.name,
                    made=self.environment,
                    now=pacs[0].environment,
                )
            )
        if self.bound_to_pac or self.state == "sent":
            pacs = self.pac_id
        tries = self.attempts
        for pac in pacs:
            if self._send_to(pac, tries) != "sealed" or self.bound_to_pac:
                break
        if self.state == "stamped":
            self._after_stamp()

    def _send_to(self, pac, tries):
        """Ask one PAC.

        :param int tries: how often it was tried in vain before; to ask the next PAC is the same try
        :return: the state of the document then
        """
        with pac._opened() as adapter:
            self._lock()
            if self.state not in UNFINISHED_STATES:
                # Somebody else has just finished it.
                return self.state
            in_doubt = self.state == "sent"
            bound = self.bound_to_pac or in_doubt
            self.write({"state": "sent", "pac_id": pac.id, "bound_to_pac": bound, "attempts": tries})
            self._commit()
            # The commit let go of the lock, and somebody may have come in between.
            self._lock()
            if self.state == "sent":
                self.write(self._ask(adapter, in_doubt))
                self._commit()
            return self.state

    def _ask(self, adapter, in_doubt):
        """Ask a PAC for the timbre of this document.

        :param adapter: ``cfdi.pac.Pac``
        :param bool in_doubt: an earlier run may have sent it
        :return: the values to store; the state is kept where the answer decides nothing
        """
        xml = self._sealed_bytes()
        after_doubt = adapter.capabilities.after_doubt if in_doubt else ""
        if after_doubt == "person":
            return self._failed_values(
                needs_person=True,
                message=self.env._(
                    "%(pac)s may have stamped it and cannot be asked. Look it up there, and give its XML here or say "
                    "that there is none.",
                    pac=self.pac_id.name,
                ),
            )
        try:
            timbrado = adapter.recover(xml) if after_doubt == "recover" else None
        except PacError as error:
            return self._failed_values(error)
        try:
            timbrado = timbrado or adapter.stamp(xml)
        except PacRejected as error:
            if after_doubt == "resend":
                # It says nothing of the first time: by now the date may be too old, or the certificate revoked.
                return self._failed_values(error, needs_person=True)
            return {"state": "rejected", "error_code": error.code, "message": error.message, "next_attempt": False}
        except PacUnavailable as error:
            if after_doubt == "resend":
                return self._failed_values(error)
            # Nothing was processed; had it been sent before, the PAC has just said that it was not stamped then.
            return self._failed_values(error, state="sealed")
        except PacError as error:
            return self._failed_values(error, bound_to_pac=True)
        return self._stamped_values(timbrado)

    def _sealed_bytes(self):
        return base64.b64decode(self.with_context(bin_size=False).sealed_xml)

    def _sealed_comprobante(self):
        """What it says: ``cfdi.Comprobante``."""
        return read_comprobante(self._sealed_bytes())

    def _failed_values(self, error=None, **values):
        """What is stored when a PAC was asked in vain: why, and when the job tries again."""
        if error is not None:
            values |= {"error_code": error.code, "message": error.message}
        pause = PAUSES[min(self.attempts, len(PAUSES) - 1)]
        next_attempt = fields.Datetime.now() + timedelta(minutes=pause)
        if not values.get("needs_person"):
            self.env.ref("l10n_mx_customer.ir_cron_cfdi_sending")._trigger(next_attempt)
        return {"attempts": self.attempts + 1, "next_attempt": next_attempt, **values}

    def _stamped_values(self, timbrado):
        return {
            "state": "stamped",
            "uuid": timbrado.uuid,
            "xml": base64.b64encode(timbrado.xml),
            "stamped_at": fields.Datetime.now(),
            "error_code": False,
            "message": "\n".join(timbrado.warnings) or False,
            "next_attempt": False,
            "needs_person": False,
            "sat_next_check": fields.Datetime.now() + SAT_KNOWS,
        }

    def _after_stamp(self):
        """What follows the timbre. Whatever happens there, the document is stamped and committed."""
        try:
            with self.env.cr.savepoint():
                # Send & Print mails them itself.
                if self.env.context.get(MANY) and self.env.context.get(MAIL_KEY, True):
                    self._deliver_later()
                else:
                    self._deliver()
            self._commit()
        except Exception:
            _logger.exception("CFDI %s is stamped, and is delivered by the job", self.uuid)
            self._rollback()
        self._cancel_replaced()

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------
    @api.model
    def _cron_send(self):
        """Finish what a process that ended, or a PAC that was down, has left: each document in its own transactions."""
        now = fields.Datetime.now()
        domain = [
            ("state", "in", UNFINISHED_STATES),
            ("needs_person", "=", False),
            "|",
            ("next_attempt", "<=", now),
            "&",
            ("next_attempt", "=", False),
            ("write_date", "<=", now - GRACE),
        ]
        cfdis = self.search(domain, order="next_attempt NULLS FIRST, id", limit=AT_ONCE)
        cfdis.with_context(**{MANY: True})._run_each(
            lambda cfdi: cfdi._stamp_move(cfdi.with_prefetch()._source()), lambda cfdi: cfdi._failed_values()
        )

    def _run_each(self, work, values_of_failure):
        """In a job: one document after the other, committed each. One that fails does not keep back the others.

        :param work: function of a document
        :param values_of_failure: function of a document: what is stored of one that fails unexpectedly
        """
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(self))
        for cfdi in self:
            try:
                work(cfdi)
            except Exception:
                _logger.exception("CFDI %s is left for another time", cfdi.id)
                self._rollback()
                cfdi.write(values_of_failure(cfdi))
            if not cron._commit_progress(1):
                break
