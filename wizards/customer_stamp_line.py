import base64
import logging
from contextlib import contextmanager

from lxml import etree
from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..cfdi import ComprobanteError, build_xml
from ..models.account_move_relations import STAMPED_BEFORE
from ..models.customer_cfdi import MANY, STATES, UNFINISHED_STATES
from ..models.customer_cfdi_sending import AT_ONCE
from ..models.ir_actions_report_cfdi import PREVIEW_REPORT

_logger = logging.getLogger(__name__)

STEPS = [
    ("to_check", "To Be Checked"),
    ("ready", "Ready"),
    ("wrong", "Has Problems"),
    ("queued", "In the Queue"),
]
CRONS = ("ir_cron_cfdi_stamping", "ir_cron_cfdi_stamping_2")


class CustomerStampLine(models.Model):
    """A document of the stamping wizard, and a place in the queue of what is to be stamped.

    ``step`` is what the wizard does with it; once it is ``done``, its CFDI says what became of it, also when a job gets
    the PAC's answer days later.
    """

    _name = "customer.stamp.line"
    _description = "Document to Stamp"
    _order = "stamp_id, id"
    _rec_name = "name"

    stamp_id = fields.Many2one("customer.stamp", required=True, readonly=True, index=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", string="Document", readonly=True, index=True, ondelete="cascade")
    payment_id = fields.Many2one("account.payment", readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    name = fields.Char(string="Number", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    cfdi_type = fields.Selection(
        [("I", "Income (I)"), ("E", "Credit Note (E)"), ("P", "Payment (P)")], string="Type", readonly=True
    )
    folio = fields.Char(
        string="Series and Folio", readonly=True, help="A receipt of payment gets its folio when it is sealed."
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    total = fields.Monetary(readonly=True, aggregator=None, help="As the CFDI says it; of a payment, what is paid.")
    step = fields.Selection([*STEPS, ("done", "Done")], required=True, readonly=True, default="to_check")
    cfdi_id = fields.Many2one("customer.cfdi", string="CFDI", readonly=True, ondelete="set null")
    uuid = fields.Char(related="cfdi_id.uuid")
    state = fields.Selection([*STEPS, *STATES], compute="_compute_state")
    problems = fields.Text(readonly=True, help="What is wrong with it, a problem a line.")
    message = fields.Text(
        string="Problems and Result",
        compute="_compute_state",
        help="What has to be mended first, or what the PAC answered.",
    )
    # Shown one at a time: each is made when it is looked at.
    preview = fields.Html(
        string="What Will Be Sent",
        compute="_compute_preview",
        sanitize=False,
        help="The document as it will be printed: receiver, terms, lines, taxes and relations.",
    )
    preview_xml = fields.Binary(
        string="XML without Timbre",
        compute="_compute_preview_xml",
        help="The comprobante as it will be sent. Without a timbre it has no legal value.",
    )
    preview_xml_name = fields.Char(compute="_compute_preview_xml")

    _queue_idx = models.Index("(id) WHERE step = 'queued'")

    @api.depends("step", "problems", "cfdi_id.state", "cfdi_id.message")
    def _compute_state(self):
        for line in self:
            # Sudo: the document is its user's, who sees what became of it.
            cfdi = line.sudo().cfdi_id
            line.state = cfdi.state if cfdi and line.step in ("ready", "done") else line.step
            line.message = line.problems or (cfdi.message if line.step == "done" else False)

    @api.depends("step")
    def _compute_preview(self):
        for line in self:
            try:
                line.preview = self.env["ir.actions.report"]._cfdi_html(PREVIEW_REPORT, line.id)
            except UserError:  # noqa: PERF203  it has none
                line.preview = False

    @api.depends("step")
    def _compute_preview_xml(self):
        for line in self:
            line.preview_xml = base64.b64encode(line._preview_bytes())
            line.preview_xml_name = f"{(line.name or '').replace('/', '_')}.xml"

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_document(self):
        """Open the document, to mend what is wrong.

        :return: a window action on ``account.move`` or ``account.payment``
        """
        self.ensure_one()
        document = self.move_id.origin_payment_id or self.move_id or self.payment_id
        document.check_access("read")
        return document.get_formview_action() | {"context": {}}

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _values_of_move(self, move):
        kind = move._cfdi_type()
        series, folio = move._cfdi_series_and_folio() if kind in ("I", "E") and move.state == "posted" else ("", "")
        return {
            "move_id": move.id,
            "company_id": move.company_id.id,
            "name": move.origin_payment_id.name or move.display_name,
            "partner_id": move.commercial_partner_id.id,
            "cfdi_type": kind,
            "folio": f"{series}-{folio}" if folio else False,
            "currency_id": move.currency_id.id,
            "total": move.amount_total,
        }

    @api.model
    def _values_of_payment(self, payment):
        """Of one that has no journal entry, and so no receipt; checking it says what to do."""
        return {
            "payment_id": payment.id,
            "company_id": payment.company_id.id,
            "name": payment.display_name,
            "partner_id": payment.partner_id.commercial_partner_id.id,
            "cfdi_type": "P",
            "currency_id": payment.currency_id.id,
            "total": payment.amount,
        }

    def _result(self):
        """As ``account.move.cfdi_stamp`` answers."""
        self.ensure_one()
        state = self.state
        return {
            "move_id": self.move_id.id,
            "name": self.name,
            "cfdi_id": self.cfdi_id.id,
            "state": "invalid" if state == "wrong" else state,
            "uuid": self.uuid,
            "message": self.message or self.uuid or "",
        }

    def _check(self):
        """Find out what is wrong with documents, all of it, and store it. Nothing is sealed."""
        cfdis = self.env["customer.cfdi"].sudo()
        cannot = {}
        for line in self:
            try:
                line.move_id = line.move_id or line.payment_id._cfdi_entries()
                line.move_id._check_can_be_stamped()
            except UserError as error:  # noqa: PERF203  each tells its own
                cannot[line] = str(error)
        # Those that relate to others of the wizard come after them.
        notes = self.filtered(lambda line: line.cfdi_type == "E")
        for lines in (self - notes, notes):
            checked = cfdis._check_moves((lines - self.browse(line.id for line in cannot))._moves_to_check())
            for line in lines:
                if line in cannot:
                    line.write({"step": "wrong", "problems": cannot[line]})
                    continue
                found = checked[line.move_id]
                line.write(
                    {
                        "step": line._step_of(found),
                        "problems": "\n".join(found.problems) or False,
                        "cfdi_id": found.cfdi.id,
                        **line._values_of_comprobante(found),
                    }
                )
        self.flush_recordset()

    def _moves_to_check(self):
        """The documents of these lines, which know what of the wizard is stamped before them."""
        before = self.stamp_id.line_ids.filtered(lambda line: line.step in ("ready", "queued")).move_id
        return self.move_id.with_context(**{STAMPED_BEFORE: set(before.ids)})

    @api.model
    def _step_of(self, found):
        if found.cfdi:
            return "ready" if found.cfdi.state in UNFINISHED_STATES else "done"
        return "wrong" if found.problems else "ready"

    def _values_of_comprobante(self, found):
        """What a receipt of payment says, which its payment does not: it says what goes to stamped PPD invoices."""
        if found.cfdi:
            return {"folio": found.cfdi.name, "currency_id": found.cfdi.currency_id.id, "total": found.cfdi.total}
        if not found.comprobante or not found.comprobante.Pagos:
            return {}
        pago = found.comprobante.Pagos[0]
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", pago.MonedaP)])
        return {"currency_id": currency.id, "total": float(pago.Monto)}

    def _preview_bytes(self):
        """XML of what will be sent; empty where it cannot be told, or is stamped already."""
        self.ensure_one()
        self.check_access("read")
        # Sudo: whoever stamps sees what is sealed, and what it is made of.
        line = self.sudo()
        if line.cfdi_id.state in UNFINISHED_STATES:
            return line.cfdi_id._sealed_bytes()
        if line.step not in ("to_check", "ready", "wrong", "queued") or not line.move_id._cfdi_type():
            return b""
        comprobante, _problems = self.env["customer.cfdi"].sudo()._draft(line._moves_to_check())
        try:
            return etree.tostring(build_xml(comprobante), encoding="UTF-8") if comprobante else b""
        except ComprobanteError:
            return b""

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------

    def _trigger_job(self):
        """Have the jobs begin soon: both, where there is work for two."""
        for name in CRONS[: len(self)]:
            self.env.ref(f"l10n_mx_customer.{name}")._trigger()

    @contextmanager
    def _claimed(self):
        """Those of these lines that no other process is at, as they are committed; it is theirs until it lets go.

        The database's own locks of a session: a row's would end with the first commit, and these end with the process
        that dies.
        """
        sql = SQL(
            "SELECT id FROM unnest(%s::int[]) id WHERE pg_try_advisory_lock(hashtext(%s), id)", self.ids, self._table
        )
        claimed = self.browse(line_id for [line_id] in self.env.execute_query(sql))
        try:
            # What whoever had it before has committed is seen by a transaction that begins now.
            self.env["customer.cfdi"]._commit()
            claimed.invalidate_recordset()
            yield claimed
        finally:
            self.env.cr.execute(
                SQL("SELECT pg_advisory_unlock(hashtext(%s), id) FROM unnest(%s::int[]) id", self._table, claimed.ids)
            )

    def _stamp_queued(self):
        """Stamp one document of the queue, unless somebody else is at it, or has done it. Committed.

        :return: whether it was tried
        """
        self.ensure_one()
        with self._claimed() as claimed:
            if claimed.step != "queued":
                return False
            try:
                self.write(self._stamped_values())
                self.env["customer.cfdi"]._commit()
            except (ConcurrencyError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                # Somebody else changed the document meanwhile: it stays in the queue.
                self.env["customer.cfdi"]._rollback()
            except Exception:
                _logger.exception("%s could not be stamped", self.name)
                self.env["customer.cfdi"]._rollback()
                problem = self.env._(
                    "It failed for a reason that the server's log tells. Check it again, or tell your administrator."
                )
                self.write({"step": "wrong", "problems": problem})
                self.env["customer.cfdi"]._commit()
            return True

    def _stamped_values(self):
        """Stamp, as whoever asked for it and with the rights that he has by now. :return: the values to store"""
        user = self.create_uid
        lines = self.env["customer.stamp.line"].search([("stamp_id", "=", self.stamp_id.id)], limit=2)
        move = self.move_id.with_user(user).with_context(
            allowed_company_ids=self.company_id.ids, lang=user.lang, tz=user.tz, **{MANY: len(lines) > 1}
        )
        try:
            (result,) = move.cfdi_stamp()
        except UserError as error:
            return {"step": "wrong", "problems": str(error)}
        if not result["cfdi_id"]:
            return {"step": "wrong", "problems": result["message"]}
        cfdi = self.env["customer.cfdi"].browse(result["cfdi_id"])
        return {"step": "done", "problems": False, "cfdi_id": cfdi.id, "folio": cfdi.name}

    @api.model
    def _cron_stamp(self):
        """Stamp what is queued, whoever asked for it, each in its own transactions. Several jobs may run at once."""
        cron = self.env["ir.cron"]
        queued = [("step", "=", "queued")]
        lines = self.search(queued, order="id", limit=AT_ONCE)
        cron._commit_progress(remaining=len(lines))
        tried = False
        for line in lines:
            # What another process is at costs nothing, and is no reason to stop.
            if line.with_prefetch()._stamp_queued():
                tried = True
                if not cron._commit_progress(1):
                    break
        left = self.search(queued, order="id", limit=AT_ONCE)
        # Where there is nothing but what others are at, they go on with it.
        cron._commit_progress(remaining=len(left) if tried or left - lines else 0)
