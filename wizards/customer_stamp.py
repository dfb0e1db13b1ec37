import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..models.customer_cfdi import UNFINISHED_STATES, VALID_STATES
from ..models.notification import notification

# Whoever asks over RPC waits: what is not done by then is left to the job.
CHECK_SECONDS, STAMP_SECONDS = 40, 40
# Of somebody in front of a screen: it moves on in steps.
STEP_SECONDS = 3
# Checked together: what they have in common is read once.
CHECKED_TOGETHER = 50
KEPT, KEPT_UNUSED = timedelta(days=30), timedelta(days=1)
FINISHED = ("stamped", "cancel_requested", "cancelled")
COUNTS = ("to_check", "ready", "wrong", "queued", "waiting", "stamped")


class CustomerStamp(models.Model):
    """The stamping wizard: what is wrong with documents, what will be sent, and what became of each.

    Over RPC in two calls: ``create({"move_ids": ids})`` (or ``payment_ids``, ``partner_id``, or ``active_model`` and
    ``active_ids`` in the context), whose ``line_ids`` say every problem of every document; then ``stamp()``. Documents
    with problems are left out and keep nobody back.

    Its rows are the queue of what is to be stamped, so it is no transient model: what takes longer than a request, or
    what a server that was killed has left, is stamped by a job, and the wizard can be closed and opened again. How a
    document is stamped is not its business: that is ``account.move.cfdi_stamp``, whose locks hold whoever else stamps.
    Nobody has write access, only the methods; each is its user's alone.
    """

    _name = "customer.stamp"
    _description = "Stamping of CFDI"
    _order = "id desc"
    _rec_name = "create_date"

    line_ids = fields.One2many("customer.stamp.line", "stamp_id", string="Documents", readonly=True)
    move_ids = fields.Many2many(
        "account.move",
        string="Documents to Stamp",
        compute="_compute_move_ids",
        inverse="_inverse_documents",
        default=lambda self: self._moves_of_context(),
        help="Invoices, credit notes and journal entries of payments.",
    )
    payment_ids = fields.Many2many(
        "account.payment",
        string="Payments to Stamp",
        compute="_compute_payment_ids",
        inverse="_inverse_documents",
        default=lambda self: self._records_of_context("account.payment"),
        help="Payments whose receipts (CFDI of type P) are to be stamped.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        inverse="_inverse_documents",
        index="btree_not_null",
        ondelete="cascade",
        help="Customer all of whose pending documents are to be stamped: invoices, credit notes and payments.",
    )
    started_at = fields.Datetime(string="Stamped since", readonly=True, help="When somebody said to stamp them.")
    stage = fields.Selection(
        [("checking", "Being Checked"), ("review", "To Review"), ("stamping", "Being Stamped"), ("done", "Done")],
        compute="_compute_counts",
        help="Being stamped: a job goes on with it, also when this window is closed or the server stops.",
    )
    count = fields.Integer(string="Number of Documents", compute="_compute_counts")
    to_check_count = fields.Integer(string="To Be Checked", compute="_compute_counts")
    ready_count = fields.Integer(string="Ready", compute="_compute_counts")
    wrong_count = fields.Integer(string="With Problems", compute="_compute_counts")
    queued_count = fields.Integer(string="In the Queue", compute="_compute_counts")
    waiting_count = fields.Integer(
        string="Waiting for the PAC",
        compute="_compute_counts",
        help="Sealed, or sent and in doubt: a job goes on until the PAC answers.",
    )
    stamped_count = fields.Integer(string="Stamped", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="How far it is, in percent.")
    preview = fields.Html(
        string="What Will Be Sent",
        compute="_compute_preview",
        sanitize=False,
        help="Of a wizard of one document: as it will be printed.",
    )

    @api.depends("line_ids.move_id")
    def _compute_move_ids(self):
        for stamp in self:
            stamp.move_ids = stamp.line_ids.move_id

    @api.depends("line_ids.payment_id")
    def _compute_payment_ids(self):
        for stamp in self:
            stamp.payment_ids = stamp.line_ids.payment_id

    @api.depends("line_ids.step")
    def _compute_preview(self):
        for stamp in self:
            stamp.preview = len(stamp.line_ids) == 1 and stamp.line_ids.preview

    @api.depends("line_ids.step", "line_ids.cfdi_id")
    def _compute_counts(self):
        counts = self._count_lines()
        for stamp in self:
            found = counts.get(stamp.id, {})
            for name in COUNTS:
                stamp[f"{name}_count"] = found.get(name, 0)
            stamp.count = sum(found.values())
            stamp.stage = stamp._stage_of(found)
            left = found.get("queued", 0) + found.get("to_check", 0)
            total = stamp.count
            if stamp.stage == "stamping":
                # What had problems from the beginning is no part of the work.
                total -= found.get("wrong", 0)
            stamp.progress = 100 * (total - left) / total if total else 100

    def _stage_of(self, counts):
        if counts.get("queued"):
            return "stamping"
        if counts.get("to_check"):
            return "checking"
        return "review" if counts.get("ready") or not self.started_at else "done"

    def _count_lines(self):
        """{id: {name of COUNTS: number of lines}}, in one query."""
        self.env["customer.stamp.line"].flush_model()
        self.env["customer.cfdi"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.stamp_id,
                       CASE WHEN line.step <> 'done' THEN line.step
                            WHEN cfdi.state = ANY(%s) THEN 'stamped'
                            WHEN cfdi.state = ANY(%s) THEN 'waiting'
                            ELSE 'wrong' END,
                       COUNT(*)
                  FROM customer_stamp_line line
             LEFT JOIN customer_cfdi cfdi ON cfdi.id = line.cfdi_id
                 WHERE line.stamp_id = ANY(%s)
              GROUP BY 1, 2
                """,
                list(FINISHED),
                list(UNFINISHED_STATES),
                self.ids,
            )
        )
        counts = {}
        for stamp_id, name, number in rows:
            counts.setdefault(stamp_id, {})[name] = number
        return counts

    @api.depends("create_date")
    def _compute_display_name(self):
        for stamp in self:
            moment = fields.Datetime.context_timestamp(stamp, stamp.create_date or fields.Datetime.now())
            stamp.display_name = self.env._("Stamping of %(moment)s", moment=f"{moment:%Y-%m-%d %H:%M}")

    def _inverse_documents(self):
        for stamp in self:
            moves, payments = stamp.move_ids, stamp.payment_ids
            if stamp.partner_id:
                moves |= stamp.partner_id._moves_to_stamp()
            stamp._add_documents(moves | payments.move_id, payments.filtered(lambda payment: not payment.move_id))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self.env["account.move"]._check_may_stamp()
        stamps = super().create(vals_list)
        until = time.monotonic() + self.env.context.get("stamp_check_seconds", CHECK_SECONDS)
        for stamp in stamps:
            stamp._check_until(until)
        return stamps

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open(self):
        """Open the wizard.

        :return: a window action on ``customer.stamp``, as a dialog
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Stamp CFDI"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def action_stamp(self):
        """Button: begin to stamp what is ready, and show how far it is; of one document, what became of it.

        :return: a window action on this wizard; of one that was stamped, a notification that closes it
        :raise AccessError: for who may not stamp
        """
        self.ensure_one()
        self._queue()
        self._stamp_until(time.monotonic() + STEP_SECONDS)
        if self.count == self.stamped_count == 1:
            line = self.line_ids
            action = notification(self.env._("%(name)s is stamped: %(uuid)s", name=line.name, uuid=line.uuid))
            action["params"]["next"] = {"type": "ir.actions.act_window_close"}
            return action
        return self.action_open()

    def action_check(self):
        """Button: look again at what is not stamped.

        :return: a window action on this wizard
        """
        self.ensure_one()
        self._begin_check()
        self._check_until(time.monotonic() + STEP_SECONDS)
        return self.action_open()

    def action_stop(self):
        """Button: ``stop``.

        :return: a window action on this wizard
        """
        self.stop()
        return self.action_open()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def stamp(self):
        """Stamp what is ready, for at most 40 seconds; what is left by then is stamped by a job. Safe to repeat.

        What was not checked yet is checked as it is sealed. What has problems is left out: ``check`` looks again at it
        once they are mended, and at what the PAC rejected. What waits for a PAC is asked for at once. The work is
        committed document by document.

        :return: a list with a dict for each document, as ``account.move.cfdi_stamp`` answers; ``state`` is ``queued``
            for what the job goes on with, ``invalid`` for what has problems, which ``message`` lists
        :raise AccessError: for who does not issue CFDIs; a document that its user may no longer write has a result
        """
        self.ensure_one()
        self._queue()
        self._stamp_until(time.monotonic() + STAMP_SECONDS)
        return self.results()

    def check(self):
        """Look again at everything that is neither stamped nor in the queue, for at most 40 seconds.

        :return: as ``stamp``; ``state`` is ``ready`` for what can be stamped, ``to_check`` for what there was no time
            for, which ``advance`` goes on with
        :raise AccessError: for who does not issue CFDIs
        """
        self.ensure_one()
        self._begin_check()
        self._check_until(time.monotonic() + CHECK_SECONDS)
        return self.results()

    def advance(self, seconds=STEP_SECONDS):
        """Go on for some seconds with what is to be checked, or with what is queued; the job does so meanwhile.

        :param seconds: 40 at the most
        :return: a dict: ``stage`` (``checking``, ``review``, ``stamping``, ``done``), ``progress`` in percent, and the
            number of documents: ``count``, ``to_check``, ``ready``, ``wrong``, ``queued``, ``waiting``, ``stamped``
        :raise AccessError: for who does not issue CFDIs
        """
        self.ensure_one()
        self._check_rights()
        until = time.monotonic() + min(seconds, STAMP_SECONDS)
        self._check_until(until)
        self._stamp_until(until)
        counts = {name: self[f"{name}_count"] for name in COUNTS}
        return {"stage": self.stage, "progress": self.progress, "count": self.count, **counts}

    def stop(self):
        """Take out of the queue what was not begun; it stays ready to be stamped.

        :return: how many documents
        :raise AccessError: for who does not issue CFDIs
        """
        self.ensure_one()
        self._check_rights()
        lines = self.sudo().line_ids.filtered(lambda line: line.step == "queued")
        # What another process is at is its own.
        with lines._claimed() as claimed:
            stopped = claimed.filtered(lambda line: line.step == "queued")
            stopped.step = "ready"
            self.env["customer.cfdi"]._commit()
        return len(stopped)

    def results(self):
        """What is known of each document, without doing anything.

        :return: as ``stamp``
        """
        self.ensure_one()
        self.check_access("read")
        return [line._result() for line in self.line_ids]

    def _check_rights(self):
        self.check_access("read")
        self.env["account.move"]._check_may_stamp()

    @api.model
    def _records_of_context(self, model):
        context = self.env.context
        ids = context.get("active_ids") if context.get("active_model") == model else None
        return self.env[model].browse(ids or [])

    @api.model
    def _moves_of_context(self):
        pending = self._records_of_context("customer.cfdi.pending").filtered(lambda line: line.kind == "pending")
        return (
            self._records_of_context("account.move")
            | self._records_of_context("customer.cfdi").move_id
            | pending.entry_id
            | self._records_of_context("res.partner")._moves_to_stamp()
        )

    def _add_documents(self, moves, payments):
        """Lines for documents that have none yet; who may not write one of them is refused.

        :param moves: ``account.move``
        :param payments: ``account.payment`` without journal entry, which say what to do about it
        """
        moves -= self.line_ids.move_id
        payments -= self.line_ids.payment_id
        moves.check_access("write")
        payments.check_access("write")
        # A credit note relates to an invoice, and a receipt to both: in this order none waits for another.
        order = {"I": 0, "E": 1}
        moves = moves.sorted(lambda move: (order.get(move._cfdi_type(), 2), move.date, move.id))
        # Sudo: nobody writes results.
        lines = self.env["customer.stamp.line"].sudo()
        lines.create(
            [{"stamp_id": self.id, **lines._values_of_move(move)} for move in moves]
            + [{"stamp_id": self.id, **lines._values_of_payment(payment)} for payment in payments]
        )

    def _begin_check(self):
        self._check_rights()
        lines = self.sudo().line_ids.filtered(
            lambda line: line.step != "queued" and not (line.step == "done" and line.cfdi_id.state in VALID_STATES)
        )
        lines.step = "to_check"

    def _check_until(self, until):
        """Check what is to be checked, for some time."""
        lines = self.sudo().line_ids.filtered(lambda line: line.step == "to_check")
        while lines and time.monotonic() < until:
            lines[:CHECKED_TOGETHER]._check()
            lines = lines[CHECKED_TOGETHER:]

    def _queue(self):
        """Put into the queue what can be stamped. Committed: the job has it, whatever becomes of this process."""
        self._check_rights()
        lines = self.sudo().line_ids.filtered(
            lambda line: (
                line.step in ("ready", "to_check") or (line.step == "done" and line.cfdi_id.state in UNFINISHED_STATES)
            )
        )
        lines.step = "queued"
        self.sudo().started_at = fields.Datetime.now()
        self._trigger_job()
        self.env["customer.cfdi"]._commit()

    def _stamp_until(self, until):
        """Stamp what is queued, for some time."""
        for line in self.sudo().line_ids.filtered(lambda line: line.step == "queued"):
            # Each commit empties the cache: what belongs to the others is not read again.
            line.with_prefetch()._stamp_queued()
            if time.monotonic() >= until:
                break
        # A job that found nothing but what this process was at has ended meanwhile.
        self._trigger_job()

    def _trigger_job(self):
        self.sudo().line_ids.filtered(lambda line: line.step == "queued")._trigger_job()

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------

    @api.autovacuum
    def _gc_stamps(self):
        """What was stamped is kept for a month, what was only looked at for a day. The CFDIs stay."""
        now = fields.Datetime.now()
        domain = [
            "|",
            ("create_date", "<", now - KEPT),
            "&",
            ("create_date", "<", now - KEPT_UNUSED),
            ("started_at", "=", False),
        ]
        self.search(domain).filtered(lambda stamp: not stamp.queued_count).unlink()
