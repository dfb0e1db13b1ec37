from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import SQL
from psycopg2.errors import ExclusionViolation

from . import customer_cfdi  # noqa: F401  The class below extends it.
from .customer_cfdi import LIVE_STATES

NOTHING_SAID = (0, 0, None, None, 0)  # of ``_sums``
SUBSTITUTION = "04"  # c_TipoRelacion: the comprobante takes the place of those that it names


class CustomerCfdiPayment(models.Model):
    """What a receipt of payment (CFDI of type P) says of one invoice: a DoctoRelacionado.

    Written when the receipt is sealed and by nobody else. What a payment still owes a receipt is what is applied of it
    to an invoice less what its living lines say (``customer.cfdi.pending``): of a payment and an invoice, not of one
    matching, so that undoing a matching and making it again asks for no second receipt.
    """

    _name = "customer.cfdi.payment"
    _description = "Invoice of a Receipt of Payment"
    _order = "id desc"
    _rec_name = "uuid"

    cfdi_id = fields.Many2one(
        "customer.cfdi", string="Receipt", required=True, readonly=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(related="cfdi_id.state", string="CFDI State")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, index=True)
    entry_id = fields.Many2one(
        "account.move",
        string="Payment Entry",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="Journal entry of the payment, or of the line of the bank statement.",
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, readonly=True, ondelete="restrict", index=True
    )
    partial_id = fields.Many2one(
        "account.partial.reconcile",
        string="Matching",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The matching of the payment with the invoice when the receipt was made; empty once it was undone.",
    )
    uuid = fields.Char(string="Invoice UUID", required=True, readonly=True, help="IdDocumento of the receipt.")
    date = fields.Date(string="Payment Date", required=True, readonly=True, help="FechaPago of the receipt.")
    number = fields.Integer(
        string="Partiality",
        required=True,
        readonly=True,
        aggregator=None,
        help="NumParcialidad: which payment of the invoice it is.",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, help="Currency of the invoice.")
    balance_before = fields.Monetary(
        string="Previous Balance", readonly=True, aggregator=None, help="ImpSaldoAnt: what was owed before the payment."
    )
    amount = fields.Monetary(
        string="Amount Paid", readonly=True, help="ImpPagado: what the payment pays of the invoice, in its currency."
    )
    balance_after = fields.Monetary(
        string="Outstanding Balance",
        readonly=True,
        aggregator=None,
        help="ImpSaldoInsoluto: what is owed after the payment.",
    )
    equivalence = fields.Float(
        digits=(20, 10),
        readonly=True,
        aggregator=None,
        help="EquivalenciaDR: units of the invoice's currency for one of the payment's.",
    )
    superseded_by_id = fields.Many2one(
        "customer.cfdi",
        string="Substituted By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The receipt that was sealed to take the place of this one, before this one may be cancelled.",
    )
    living = fields.Boolean(
        compute="_compute_living",
        store=True,
        precompute=True,
        help="Whether it counts: the receipt is not rejected, discarded or cancelled, and none takes its place.",
    )

    # Two receipts of one invoice that are sealed at the same moment cannot both be its first payment. At the end of a
    # statement and not row by row: a substitute that is rejected gives its numbers back in one UPDATE.
    _number_unique = models.Constraint(
        "EXCLUDE (move_id WITH =, number WITH =) WHERE (living) DEFERRABLE INITIALLY IMMEDIATE",
        "Another receipt of payment of this invoice has this partiality number.",
    )
    _entry_idx = models.Index("(entry_id, move_id) WHERE living")
    # What an undone matching left behind: few, and looked for in each list of pending receipts.
    _unmatched_idx = models.Index("(entry_id) WHERE living AND partial_id IS NULL")

    @api.depends("cfdi_id.state", "superseded_by_id.state")
    def _compute_living(self):
        for line in self:
            line.living = line.cfdi_id.state in LIVE_STATES and line.superseded_by_id.state not in LIVE_STATES

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What a CFDI says is never deleted."))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _store(self, cfdi, comprobante):
        """Keep what a receipt that has just been sealed says of its invoices.

        :param cfdi: its ``customer.cfdi``
        :param comprobante: what was sealed
        :raise ConcurrencyError: another receipt of one of the invoices is being sealed; the call is to be repeated
        """
        doctos = {docto.IdDocumento: (pago, docto) for pago in comprobante.Pagos for docto in pago.DoctosRelacionados}
        replaced = {
            uuid
            for relation in comprobante.CfdiRelacionados
            if relation.TipoRelacion == SUBSTITUTION
            for uuid in relation.UUIDs
        }
        if replaced:
            self.search([("cfdi_id.uuid", "in", list(replaced)), ("entry_id", "=", cfdi.move_id.id)]).write(
                {"superseded_by_id": cfdi.id}
            )
            self.flush_model()
        invoices = self.env["customer.cfdi"].search([("uuid", "in", list(doctos)), ("cfdi_type", "=", "I")])
        partials = self._partials(cfdi.move_id, invoices.move_id)
        currencies = {currency.name: currency.id for currency in self.env["res.currency"].search([])}
        vals_list = [
            {
                "cfdi_id": cfdi.id,
                "company_id": cfdi.company_id.id,
                "partner_id": cfdi.partner_id.id,
                "entry_id": cfdi.move_id.id,
                "move_id": invoice.move_id.id,
                "partial_id": partials.get(invoice.move_id.id),
                "uuid": invoice.uuid,
                "date": pago.FechaPago.date(),
                "number": docto.NumParcialidad,
                "currency_id": currencies[docto.MonedaDR],
                "balance_before": float(docto.ImpSaldoAnt),
                "amount": float(docto.ImpPagado),
                "balance_after": float(docto.ImpSaldoInsoluto),
                "equivalence": float(docto.EquivalenciaDR),
            }
            for invoice in invoices
            for pago, docto in [doctos[invoice.uuid]]
        ]
        try:
            with self.env.cr.savepoint():
                lines = self.create(vals_list)
                lines.flush_recordset()
        except ExclusionViolation as error:
            # The other one is not seen by this transaction: Odoo repeats the call, which then counts it.
            raise ConcurrencyError("another receipt of payment of the same invoice is being sealed") from error
        return lines

    @api.model
    def _partials(self, entry, invoices):
        """One matching of an entry with each invoice: {invoice id: partial id}."""
        matched = entry.line_ids.matched_debit_ids.sorted("id", reverse=True)
        return {
            partial.debit_move_id.move_id.id: partial.id
            for partial in matched
            if partial.debit_move_id.move_id in invoices
        }

    @api.model
    def _sums(self, invoices, entry, replaced):
        """What the living receipts of invoices say, in one query.

        :param invoices: ``account.move``
        :param entry: ``account.move`` of the payment whose receipt is being made
        :param replaced: ``customer.cfdi`` whose place the new receipt takes: they do not count
        :return: {invoice id: (sum of ImpPagado, highest NumParcialidad, date of the latest payment before,
            NumParcialidad of this entry in what is replaced, sum of ImpPagado with a higher number than that)}, without
            the invoices that have none
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.move_id,
                       COALESCE(SUM(line.amount) FILTER (WHERE NOT line.is_replaced), 0),
                       COALESCE(MAX(line.number) FILTER (WHERE NOT line.is_replaced), 0),
                       MAX(line.date) FILTER (
                           WHERE NOT line.is_replaced AND (line.place IS NULL OR line.number < line.place)
                       ),
                       MIN(line.place),
                       COALESCE(SUM(line.amount) FILTER (WHERE NOT line.is_replaced AND line.number > line.place), 0)
                  FROM (SELECT said.*,
                               said.cfdi_id = ANY(%(replaced)s) AS is_replaced,
                               MIN(said.number) FILTER (
                                   WHERE said.cfdi_id = ANY(%(replaced)s) AND said.entry_id = %(entry_id)s
                               ) OVER (PARTITION BY said.move_id) AS place
                          FROM customer_cfdi_payment said
                         WHERE said.living AND said.move_id = ANY(%(invoice_ids)s)) line
              GROUP BY line.move_id
                """,
                entry_id=entry.id,
                replaced=replaced.ids,
                invoice_ids=invoices.ids,
            )
        )
        return {invoice_id: sums for invoice_id, *sums in rows}


class CustomerCfdi(models.Model):
    """The invoices of a receipt of payment."""

    _inherit = "customer.cfdi"

    payment_line_ids = fields.One2many("customer.cfdi.payment", "cfdi_id", string="Paid Invoices", readonly=True)
