import base64
from dataclasses import replace
from datetime import datetime, timezone

from odoo import api, fields, models, modules
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.tools import SQL
from psycopg2.errors import UniqueViolation

from ..cfdi import CfdiError, build, seal, validate
from .customer_pac import ENVIRONMENTS

STATES = [
    ("sealed", "Sealed"),
    ("sent", "Sent, in doubt"),
    ("stamped", "Stamped"),
    ("cancel_requested", "To Be Cancelled"),
    ("cancelled", "Cancelled"),
    ("rejected", "Rejected"),
    ("discarded", "Discarded"),
]
# The document exists at the SAT, or may exist, or is about to.
LIVE_STATES = ("sealed", "sent", "stamped", "cancel_requested")
UNFINISHED_STATES = ("sealed", "sent")
# It is a legal document now.
VALID_STATES = ("stamped", "cancel_requested")
LIVING = f"state IN {LIVE_STATES}"
ISSUER_GROUP = "l10n_mx_customer.group_cfdi_issuer"
# Of types whose source has no number of its own that the SAT could take: their series.
OWN_SERIES = {"P": "CP", "T": "TCP"}
# Field that points at the source of a document -> its model.
SOURCES = {"move_id": "account.move", "transfer_id": "customer.cfdi.transfer"}
# Context key: many are stamped together.
MANY = "cfdi_many"


class CustomerCfdi(models.Model):
    """A legal document: one sealed comprobante, and what the PAC answered.

    It exists apart from its source (``_source``: an invoice, a credit note, the journal entry of a payment, a transfer)
    because it outlives what happens to it. A source is of one of the models of ``SOURCES``; it has ``company_id``,
    ``name``, ``cfdi_stamp``, ``_prepare_cfdi``, ``_needing_another_cfdi`` and ``_cfdi_sealed``, which are told in
    ``account.move``. Its life, one commit a step:

    1. ``sealed``: built from its source, checked against the SAT's schema and rules, sealed, and stored. From here on
       its bytes, folio and date never change.
    2. ``sent``: committed, with the PAC's name, before anything goes over the wire. A process that dies from here on
       leaves a document *in doubt*: the next run does what is safe at that PAC (``Capabilities.after_doubt``) and sends
       nothing anywhere else. So it can neither be stamped twice nor lost.
    3. ``stamped`` with UUID and XML, or ``rejected`` with the PAC's code and reason. After a rejection the source may
       be corrected and a new document made of it, with the same folio. A document that was never sent is
       ``discarded`` when its source goes back to draft.
    4. ``cancel_requested``, and ``cancelled`` when the SAT says so (``customer_cfdi_cancel``).

    This file makes the documents, ``customer_cfdi_check`` tells what is wrong before, ``customer_cfdi_sending`` sends
    them. Nobody has write access, only the methods: entry points are ``customer.stamp`` (the wizard and its queue),
    ``cfdi_stamp`` of the source, ``retry`` and ``cancel``.
    """

    _name = "customer.cfdi"
    _description = "CFDI"
    _order = "id desc"
    _rec_name = "name"
    _check_company_auto = True

    move_id = fields.Many2one("account.move", readonly=True, ondelete="restrict", index=True)
    transfer_id = fields.Many2one(
        "customer.cfdi.transfer", readonly=True, ondelete="restrict", index="btree_not_null", check_company=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, index=True)
    name = fields.Char(compute="_compute_name")
    cfdi_type = fields.Selection(
        [("I", "Income (I)"), ("E", "Credit Note (E)"), ("P", "Payment (P)"), ("T", "Transfer (T)")],
        string="Type",
        required=True,
        readonly=True,
    )
    issuer_rfc = fields.Char(string="Issuer RFC", required=True, readonly=True)
    receiver_rfc = fields.Char(string="Receiver RFC", readonly=True)
    series = fields.Char(required=True, readonly=True)
    folio = fields.Char(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True, help="Of the document; of a payment, of what is paid.")
    total = fields.Monetary(readonly=True, aggregator=None, help="As the document says it; of a payment, what is paid.")
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        index=True,
    )
    uuid = fields.Char(string="Fiscal Folio (UUID)", readonly=True)
    stamped_at = fields.Datetime(string="Stamped at", readonly=True, help="When the timbre was received.")
    pac_id = fields.Many2one(
        "customer.pac", string="PAC", readonly=True, groups="base.group_user", help="Where it was sent."
    )
    environment = fields.Selection(ENVIRONMENTS, readonly=True, help="Only what is stamped in production is legal.")
    # In the row and not in the file store, so that one commit holds the state and the bytes.
    sealed_xml = fields.Binary(string="Sealed XML", attachment=False, readonly=True, groups="base.group_user")
    xml = fields.Binary(string="Stamped XML", attachment=False, readonly=True)
    xml_name = fields.Char(compute="_compute_name")
    error_code = fields.Char(readonly=True, groups="base.group_user", help="Code of the PAC or of the SAT.")
    message = fields.Text(
        readonly=True, groups="base.group_user", help="What the PAC answered last, or why it could not be asked."
    )

    _one_source = models.Constraint("CHECK (num_nonnulls(move_id, transfer_id) = 1)", "A CFDI has one source.")
    _folio_unique = models.UniqueIndex(
        f"(issuer_rfc, series, folio) WHERE {LIVING}",
        "There is already a CFDI with this series and folio of this issuer.",
    )
    _uuid_unique = models.UniqueIndex("(uuid) WHERE uuid IS NOT NULL", "There is already a CFDI with this UUID.")
    _move_unique = models.UniqueIndex(
        f"(move_id) WHERE {LIVING} AND cfdi_type IN ('I', 'E')",
        "This document has a living CFDI already.",
    )
    _transfer_unique = models.UniqueIndex(
        f"(transfer_id) WHERE {LIVING} AND transfer_id IS NOT NULL",
        "This transfer has a living CFDI already.",
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

    def _source(self):
        """What the document was made of, a record of one of ``SOURCES``."""
        self.ensure_one()
        return self.transfer_id or self.move_id

    @api.model
    def _source_field(self, source):
        """The field of ``SOURCES`` that points at a source."""
        return next(name for name, model in SOURCES.items() if model == source._name)

    @api.model
    def _stamp_move(self, move):
        """Take one source as far as it goes; see ``account.move.cfdi_stamp`` for the answer."""
        cfdi = self.browse()
        try:
            cfdi = self._to_stamp(move)[move]
            if not cfdi:
                cfdi = self._seal_once(move)
                self._commit()
            if cfdi.state in UNFINISHED_STATES:
                cfdi._send()
        except (CfdiError, UserError) as error:
            # Nothing was written for this one: it is told and the next one goes on.
            return self._result(move, cfdi, str(error))
        return self._result(move, cfdi, cfdi.message)

    @api.model
    def _result(self, move, cfdi, message):
        return {
            self._source_field(move): move.id,
            "name": move.name,
            "cfdi_id": cfdi.id,
            "state": cfdi.state or "invalid",
            "uuid": cfdi.uuid,
            "message": message or cfdi.uuid or "",
        }

    @api.model
    def _seal_once(self, move):
        """``_seal_move``, where others may be sealing the same.

        :raise ConcurrencyError: somebody else has just sealed it, or taken its folio: Odoo calls again, and sees it
        """
        try:
            with self.env.cr.savepoint():
                return self._seal_move(move)
        except UniqueViolation as error:
            raise ConcurrencyError(str(error)) from error

    @api.model
    def _seal_move(self, move):
        """Build, check and seal the comprobante of a source, and store it.

        :raise UserError: with every problem found, and nothing stored
        """
        # Two people stamping one invoice at once would build two documents: the second one waits for no one.
        self._lock_for_stamping(move)
        comprobante, problems = self._draft(move)
        pac, certificate = self._seal_means(move.company_id, problems)
        if problems:
            raise UserError("\n".join(problems))
        if not comprobante.Folio:
            series, folio = self._next_folio(move.company_id, comprobante)
            comprobante = replace(comprobante, Serie=series, Folio=folio)
        for problem in self._folio_problems({move: comprobante}).values():
            raise UserError(problem)
        xml = seal(
            build(comprobante),
            certificate_der=certificate._get_der_certificate_bytes(formatting="bytes"),
            sign=certificate._sign_cadena,
        )
        problems = validate(xml, now=datetime.now(timezone.utc))
        if problems:
            raise UserError("\n".join(self._problem_lines(problems)))
        cfdi = self.create(self._sealed_values(move, comprobante, xml) | {"environment": pac.environment})
        move._cfdi_sealed(cfdi, comprobante)
        return cfdi

    @api.model
    def _sealed_values(self, move, comprobante, xml):
        currency, total = comprobante.Moneda, comprobante.Total
        if comprobante.TipoDeComprobante == "P":
            pago = comprobante.Pagos[0]
            currency, total = pago.MonedaP, pago.Monto
        return {
            self._source_field(move): move.id,
            "company_id": move.company_id.id,
            "partner_id": self._customer_of(move, comprobante).id,
            "cfdi_type": comprobante.TipoDeComprobante,
            "issuer_rfc": comprobante.Emisor.Rfc,
            "receiver_rfc": comprobante.Receptor.Rfc,
            "series": comprobante.Serie,
            "folio": comprobante.Folio,
            "currency_id": self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", currency)])
            .id,
            "total": total,
            "state": "sealed",
            "sealed_xml": base64.b64encode(xml),
        }

    @api.model
    def _customer_of(self, move, comprobante):
        """Whose document it is. Of a payment: the customer of the invoices that it pays, whoever paid."""
        if comprobante.TipoDeComprobante == "T":
            return move._cfdi_customer()
        if comprobante.TipoDeComprobante != "P":
            return move.commercial_partner_id
        uuid = comprobante.Pagos[0].DoctosRelacionados[0].IdDocumento
        return self.search([("uuid", "=", uuid)]).partner_id

    @api.model
    def _next_folio(self, company, comprobante):
        """Series and folio of a receipt of payment, whose journal entry may have several, or of a transfer.

        Those of documents that came to nothing are given again first: there are no gaps. Whoever asks at the same
        moment fails on the sequence's row, and Odoo tries the call again.
        """
        series = OWN_SERIES[comprobante.TipoDeComprobante]
        sequence = company._get_cfdi_sequence(comprobante.TipoDeComprobante)
        free = self.env.execute_query(
            SQL(
                "SELECT folio FROM customer_cfdi cfdi WHERE issuer_rfc = %s AND series = %s AND state = ANY(%s)"
                " AND NOT EXISTS (SELECT FROM customer_cfdi other WHERE other.issuer_rfc = cfdi.issuer_rfc"
                " AND other.series = cfdi.series AND other.folio = cfdi.folio AND other.state != ALL(%s))"
                " ORDER BY folio::int LIMIT 1",
                comprobante.Emisor.Rfc,
                series,
                ["rejected", "discarded"],
                ["rejected", "discarded"],
            )
        )
        return series, free[0][0] if free else sequence._next()

    def _lock(self):
        """Hold the row until the next commit, and see what is committed of it."""
        self._lock_for_stamping(self)
        self.invalidate_recordset()

    @api.model
    def _lock_for_stamping(self, record):
        """:raise UserError: somebody else holds the source or the CFDI"""
        try:
            record.lock_for_update()
        except LockError as error:
            raise UserError(self.env._("%(name)s is being stamped by somebody else.", name=record.name)) from error

    @api.model
    def _rollback(self):
        """Begin again after a failure, and see what is committed by now."""
        if modules.module.current_test:
            self.env.invalidate_all(flush=False)
        else:
            self.env.cr.rollback()

    @api.model
    def _commit(self):
        # A test's transaction must not be committed; what a crash leaves behind is tested on a real server.
        if not modules.module.current_test:
            self.env.cr.commit()  # pylint: disable=invalid-commit
