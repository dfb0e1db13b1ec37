from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.sql import column_exists, create_column

from .customer_cfdi import LIVE_STATES
from .sat_catalogs import PAYMENT_FORMS

# To be defined (99) is for an invoice that is not paid yet: a payment was made somehow (CRP20212).
FORMS = [form for form in PAYMENT_FORMS if form[0] != "99"]
CASH = "01"
RECEIPT_STATES = [
    ("pending", "Receipt Pending"),
    ("excess", "Receipt Says Too Much"),
    ("sent", "Receipt Being Stamped"),
    ("done", "Receipt Stamped"),
]


class AccountJournal(models.Model):
    _inherit = "account.journal"

    cfdi_payment_form = fields.Selection(
        FORMS,
        string="Payment Form (SAT)",
        compute="_compute_cfdi_payment_form",
        store=True,
        readonly=False,
        help="How customers pay who pay into this journal (FormaDePagoP of the receipts of payment). Leave it empty "
        "for an account that receives all kinds of payments: the payment then takes the customer's.",
    )

    @api.depends("type")
    def _compute_cfdi_payment_form(self):
        for journal in self:
            journal.cfdi_payment_form = CASH if journal.type == "cash" else journal.cfdi_payment_form


class AccountPayment(models.Model):
    """Receipts (CFDI of type P) of a customer's payment: how it was paid, and what is to be stamped of it."""

    _inherit = "account.payment"

    cfdi_payment_form = fields.Selection(
        FORMS,
        string="Payment Form (SAT)",
        compute="_compute_cfdi_payment_form",
        store=True,
        readonly=False,
        precompute=True,
        help="How it was paid (FormaDePagoP of its receipt). Taken from the journal, else from the customer.",
    )
    cfdi_payer_account_id = fields.Many2one(
        "res.partner.bank",
        string="Paid From",
        check_company=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The customer's account that the payment came from, if its receipt is to tell it (CtaOrdenante). It is "
        "left out where the SAT does not admit it with this form of payment.",
    )
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    cfdi_ids = fields.One2many(related="move_id.cfdi_ids", string="CFDI")
    cfdi_state = fields.Selection(related="move_id.cfdi_state", string="CFDI State")
    cfdi_pending_payment_ids = fields.Many2many(related="move_id.cfdi_pending_payment_ids")
    cfdi_receipt_state = fields.Selection(
        RECEIPT_STATES,
        string="Receipt of Payment",
        compute="_compute_cfdi_receipt_state",
        help="Whether its receipt is stamped. Pending: of what it pays of stamped PPD invoices, something is in no "
        "receipt. Being stamped: sealed, and the PAC has not answered yet. Says too much: a receipt tells of an "
        "invoice to which the payment is not applied any more.",
    )

    def _auto_init(self):
        is_new = not column_exists(self.env.cr, self._table, "cfdi_payment_form")
        if is_new:
            # Of the payments that there are: no customer and no other journal says a form yet.
            create_column(self.env.cr, self._table, "cfdi_payment_form", "varchar")
            self._fill_cfdi_payment_form()
        return super()._auto_init()

    def _fill_cfdi_payment_form(self):
        self.env.cr.execute(
            """
            UPDATE account_payment payment
               SET cfdi_payment_form = %s
              FROM account_journal journal
             WHERE journal.id = payment.journal_id AND journal.type = 'cash'
               AND payment.payment_type = 'inbound' AND payment.partner_type = 'customer'
            """,
            [CASH],
        )

    @api.depends("journal_id", "partner_id", "partner_type", "payment_type")
    def _compute_cfdi_payment_form(self):
        for payment in self:
            received = payment.partner_type == "customer" and payment.payment_type == "inbound"
            customer = payment.partner_id.commercial_partner_id
            forms = (payment.journal_id.cfdi_payment_form, customer.cfdi_payment_form)
            payment.cfdi_payment_form = received and next((form for form in forms if form and form != "99"), False)

    @api.depends("cfdi_ids.state", "move_id.line_ids.matched_debit_ids")
    def _compute_cfdi_receipt_state(self):
        kinds = {}
        for line in self.env["customer.cfdi.pending"]._of_entries(self.move_id):
            kinds[line.entry_id.id] = "excess" if "excess" in (line.kind, kinds.get(line.entry_id.id)) else line.kind
        for payment in self:
            states = set(payment.sudo().cfdi_ids.mapped("state")) & set(LIVE_STATES)
            made = states and ("sent" if states & {"sealed", "sent"} else "done")
            payment.cfdi_receipt_state = kinds.get(payment.move_id.id) or made or False

    @api.constrains("cfdi_payment_form")
    def _check_cfdi_form_not_sealed(self):
        # What takes the place of a receipt may say another form, and the payment says it then too.
        self._refuse_sealed(lambda payment: payment._receipts_of_other_form(payment.cfdi_payment_form))

    @api.constrains("cfdi_payer_account_id")
    def _check_cfdi_account_not_sealed(self):
        self._refuse_sealed(lambda payment: payment.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state in LIVE_STATES))

    def _refuse_sealed(self, receipts):
        """:raise ValidationError: ``receipts`` finds some of a payment that say otherwise"""
        sealed = self.filtered(receipts)
        if sealed:
            raise ValidationError(
                self.env._(
                    "The form and the account of payment of %(names)s are sealed in its CFDI and cannot change.",
                    names=", ".join(sealed.mapped("display_name")),
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_cfdi_stamp(self):
        """Button: the stamping wizard of these payments.

        :return: a window action on ``customer.stamp``
        :raise AccessError: for who may not stamp them
        """
        return self.env["customer.stamp"].create({"payment_ids": self.ids}).action_open()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def cfdi_stamp(self):
        """Stamp the receipts of these payments; safe to repeat.

        :return: as ``account.move.cfdi_stamp``, of their journal entries
        :raise UserError: a payment has no journal entry, with what to do
        """
        return self._cfdi_entries().cfdi_stamp()

    def _cfdi_entries(self):
        """The journal entries of these payments.

        :raise UserError: a payment has none. Odoo makes none where the payment method has no outstanding account: what
            is applied to the invoices is then the line of the bank statement
        """
        without = self.filtered(lambda payment: not payment.move_id)
        if without:
            raise UserError(
                self.env._(
                    "%(names)s: a payment without journal entry has no receipt, because Odoo does not say yet which "
                    "invoices it pays. Match the line of the bank statement with the invoices and stamp its receipt; "
                    "or give the payment method an outstanding account in the journal (Incoming Payments) and register "
                    "the payment again.",
                    names=", ".join(without.mapped("display_name")),
                )
            )
        return self.move_id
