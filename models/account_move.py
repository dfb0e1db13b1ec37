from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .customer_cfdi import ISSUER_GROUP, MANY, STATES, VALID_STATES

CFDI_TYPES = {"out_invoice": "I", "out_refund": "E"}


class AccountMove(models.Model):
    """CFDI of an invoice: what it will say, and the legal documents made of it."""

    _inherit = "account.move"

    cfdi_ids = fields.One2many("customer.cfdi", "move_id", string="CFDI", readonly=True)
    cfdi_state = fields.Selection(
        selection=STATES,
        string="CFDI State",
        compute="_compute_cfdi_state",
        store=True,
        index="btree_not_null",
        help="State of the latest CFDI of this document.",
    )
    cfdi_uuid = fields.Char(
        string="Fiscal Folio (UUID)",
        compute="_compute_cfdi_state",
        store=True,
        index="btree_not_null",
    )

    @api.depends("cfdi_ids.state", "cfdi_ids.uuid")
    def _compute_cfdi_state(self):
        for move in self:
            latest = move.sudo().cfdi_ids.sorted("id")[-1:]
            move.cfdi_state = latest.state
            move.cfdi_uuid = latest.uuid

    def _post(self, soft=True):
        # An invoice without a date gets today's, which Odoo takes from the user's time zone: UTC for one without any,
        # as integrations are. In the evening of Mexico that is tomorrow, which the SAT refuses.
        for move in self:
            company = move.company_id
            if (
                move.move_type in CFDI_TYPES
                and not move.invoice_date
                and company.account_fiscal_country_id.code == "MX"
            ):
                move.invoice_date = fields.Date.context_today(self.with_context(tz=company._business_time_zone()))
        return super()._post(soft)

    def button_draft(self):
        self._release_cfdi()
        return super().button_draft()

    def button_cancel(self):
        self._release_cfdi()
        return super().button_cancel()

    def _release_cfdi(self):
        """Give up the CFDIs that were sealed and never sent, so that a changed invoice gets a new one.

        :raise UserError: there is a legal document, or (in doubt) there may be one: the invoice must say the same
        """
        living = self.sudo().filtered(lambda move: move.cfdi_state in ("sent", *VALID_STATES))
        if living:
            raise UserError(
                self.env._(
                    "These invoices have a CFDI and cannot be changed: %(names)s. Cancel the CFDI first.",
                    names=", ".join(f"{move.name} ({move.cfdi_uuid or move.cfdi_ids[:1].name})" for move in living),
                )
            )
        self.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state == "sealed").state = "discarded"

    def _cfdi_type(self):
        """TipoDeComprobante of the CFDI that is made of this document; False, if none is."""
        self.ensure_one()
        return CFDI_TYPES.get(self.move_type, False)

    def _needing_another_cfdi(self):
        """Those of these documents with a living CFDI that are to have one more: payments, applied bit by bit."""
        return self.browse()

    def _prepare_cfdi(self, problems):
        """The comprobante of the document, of whatever type it is.

        :param list problems: everything that is missing or cannot be expressed is added to it, one line each
        :return: ``cfdi.Comprobante``; without Folio if it has a number of its own, which it gets when it is sealed;
            where there are problems, with gaps, or None
        :raise UserError: there is no more to tell about it than this
        """
        found = []
        comprobante = self._draft_comprobante(found)
        problems += found
        return comprobante if found else self._with_checked_totals(comprobante)

    def _cfdi_sealed(self, cfdi, comprobante):
        """Called right after a CFDI of this document was sealed, in the same transaction."""

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_cfdi_stamp(self):
        """Button: the stamping wizard of these documents.

        :return: a window action on ``customer.stamp``
        :raise AccessError: for who may not stamp them
        """
        return self.env["customer.stamp"].create({"move_ids": self.ids}).action_open()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def cfdi_stamp(self):
        """Stamp the CFDI of posted invoices, credit notes and payments of customers; safe to repeat.

        What is already stamped is answered as it is. Of a document in doubt (sent, no answer seen) its PAC is asked
        before the same bytes are sent again. One document with something wrong does not stop the others.
        The work is committed document by document: after the seal, before it is sent and after the answer. Of many,
        ``customer.stamp`` shows what is wrong first, and leaves to a job what takes too long.

        :return: a list with a dict for each document: ``move_id``, ``name``, ``cfdi_id`` (False when nothing could be
            sealed), ``state`` (of ``customer.cfdi``, or ``invalid``), ``uuid`` (False if not stamped) and ``message``
        :raise AccessError: for who does not issue CFDIs, or may not write the documents
        :raise UserError: when a document is not posted, or none of a customer's
        """
        self._check_may_stamp()
        self._check_can_be_stamped()
        cfdis = self.env["customer.cfdi"].sudo()
        if MANY not in self.env.context:
            cfdis = cfdis.with_context(**{MANY: len(self) > 1})
        # Each commit empties the cache: without the others they are not read again for every document.
        return [cfdis._stamp_move(move.with_prefetch()) for move in self]

    def _check_may_stamp(self):
        """:raise AccessError: for who does not issue CFDIs, or may not write the documents"""
        if not self.env.su and not self.env.user.has_group(ISSUER_GROUP):
            raise AccessError(
                self.env._("Only CFDI issuers stamp: an administrator gives users the group “Customers: CFDI Issuer”.")
            )
        self.check_access("write")

    def _check_can_be_stamped(self):
        """:raise UserError: a document is not posted, or none of a customer's"""
        wrong = self.filtered(lambda move: not move._cfdi_type() or move.state != "posted")
        if wrong:
            raise UserError(
                self.env._(
                    "Only posted invoices, credit notes and payments of customers can be stamped; these are not: "
                    "%(names)s.",
                    names=", ".join(wrong.mapped("display_name")),
                )
            )
