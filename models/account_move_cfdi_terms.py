from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.sql import column_exists

from ..cfdi.catalogs import uso_allowed
from . import sat_catalogs
from .account_move_relations import DOWN_PAYMENT
from .customer_cfdi import LIVE_STATES
from .res_partner_tax import GENERIC_RFCS, USE_GENERIC

RETURNS_USE = "G02"
TO_BE_DEFINED, REMISSION, DOWN_PAYMENT_FORM = "99", "15", "30"
METHOD = ("cfdi_payment_method", "cfdi_payment_method_rule")
STILL_STAMPED = timedelta(days=7)  # 72 hours, and who comes late
# As ``_default_cfdi_method`` says it.
OLD_TERMS = """
    UPDATE account_move move
       SET cfdi_payment_method = terms.method, cfdi_payment_method_rule = terms.method
      FROM (
        SELECT old.id,
               CASE WHEN old.move_type = 'out_invoice'
                     AND CASE WHEN company.cfdi_ppd_rule = 'due' THEN due.day > old.invoice_date
                              ELSE date_trunc('month', due.day) > date_trunc('month', old.invoice_date) END
                     AND NOT COALESCE((
                         SELECT BOOL_AND(line.is_downpayment AND line.quantity > 0)
                           FROM account_move_line line
                          WHERE line.move_id = old.id AND line.display_type = 'product'
                     ), FALSE)
                    THEN 'PPD' ELSE 'PUE' END AS method
          FROM account_move old
          JOIN res_company company ON company.id = old.company_id
    CROSS JOIN LATERAL (SELECT COALESCE(old.invoice_date_due, old.invoice_date) AS day) due
         WHERE old.move_type IN ('out_invoice', 'out_refund')
           AND old.state != 'draft'
           AND old.invoice_date < CURRENT_DATE - %(days)s
      ) terms
     WHERE move.id = terms.id
"""
OLD_CREDIT_NOTES = """
    UPDATE account_move note
       SET cfdi_relation_type = '01',
           cfdi_payment_form = (
               SELECT %(form)s FROM account_move invoice
                WHERE invoice.id = note.reversed_entry_id AND invoice.cfdi_payment_method = 'PPD'
           )
     WHERE note.move_type = 'out_refund'
"""
TERMS = ("cfdi_use", "cfdi_payment_method", "cfdi_payment_form")
# What its CFDI says stays as long as that CFDI lives.
SEALED = {
    *TERMS,
    "cfdi_export",
    "cfdi_global_months",
    "cfdi_global_periodicity",
    "cfdi_global_year",
    "cfdi_related_move_ids",
    "cfdi_related_uuids",
    "cfdi_relation_type",
    "cfdi_replaces_id",
    "cfdi_transfer_id",
}


class AccountMove(models.Model):
    """How an invoice or credit note is paid and what it is for, as its CFDI says it.

    By default what the customer, the sale and the due date say; whoever makes the invoice may change it until its CFDI
    is sealed.
    """

    _inherit = "account.move"

    cfdi_export = fields.Selection(
        selection=sat_catalogs.EXPORTS,
        string="Export (SAT)",
        default="01",
        required=True,
        help="Whether the goods leave the country (Exportacion): 01 for what is sold in Mexico and for services. 02 "
        "asks for the foreign trade complement.",
    )

    cfdi_is_sealed = fields.Boolean(
        string="Sealed in a CFDI",
        compute="_compute_cfdi_is_sealed",
        help="What a living CFDI says does not change.",
    )
    # Each by itself: a change of the due date must not undo a use that somebody has chosen.
    cfdi_use = fields.Selection(
        selection=sat_catalogs.CFDI_USES,
        string="CFDI Use",
        compute="_compute_cfdi_use",
        store=True,
        readonly=False,
        precompute=True,
        help="What the customer uses the invoice for (UsoCFDI). Taken from the customer; a credit note says G02 where "
        "his régimen allows it.",
    )
    cfdi_payment_method = fields.Selection(
        selection=sat_catalogs.PAYMENT_METHODS,
        string="Payment Method (SAT)",
        compute="_compute_cfdi_payment_method",
        store=True,
        readonly=False,
        copy=False,
        help="PUE or PPD (MetodoPago). By the rule of the company: from the due date, or taken from the customer.",
    )
    cfdi_payment_method_rule = fields.Selection(
        selection=sat_catalogs.PAYMENT_METHODS,
        string="Payment Method by the Rule",
        compute="_compute_cfdi_payment_method",
        store=True,
        readonly=False,
        copy=False,
        help="What the rule of the company said last. While it says the same, the payment method that somebody has "
        "chosen stays, whatever happens to the lines and dates.",
    )
    cfdi_payment_form = fields.Selection(
        selection=sat_catalogs.PAYMENT_FORMS,
        string="Payment Form (SAT)",
        compute="_compute_cfdi_payment_form",
        store=True,
        readonly=False,
        precompute=True,
        help="How it is paid (FormaPago). Taken from the customer; with PPD the CFDI says 99.",
    )

    @api.depends("cfdi_state")
    def _compute_cfdi_is_sealed(self):
        for move in self:
            move.cfdi_is_sealed = move.cfdi_state in LIVE_STATES

    @api.depends("partner_id", "move_type")
    def _compute_cfdi_use(self):
        for move in self._without_sealed_terms(["cfdi_use"]):
            customer = move._cfdi_customer()
            rfc = customer and customer._cfdi_rfc()
            use = customer.cfdi_use
            if rfc in GENERIC_RFCS:
                use = USE_GENERIC
            elif rfc and move.move_type == "out_refund":
                use = RETURNS_USE if uso_allowed(RETURNS_USE, customer.cfdi_tax_regime or "", rfc) else USE_GENERIC
            move.cfdi_use = use

    # invoice_date_due is read and is no dependency: it is computed from amounts, and the ORM would go through this
    # whenever one of a journal item changes. What moves it is here, in write and in the onchange.
    @api.depends(
        "partner_id",
        "move_type",
        "company_id",
        "invoice_date",
        "invoice_payment_term_id",
        "invoice_line_ids",
        "cfdi_global_periodicity",
    )
    def _compute_cfdi_payment_method(self):
        for move in self._without_sealed_terms(METHOD):
            said, method = move.cfdi_payment_method_rule, move.cfdi_payment_method
            rule = move._cfdi_type() and move._default_cfdi_method()
            # An invoice that was made with a method has no rule yet: what it was made with was chosen.
            kept = rule and method and said in (rule, False)
            move.cfdi_payment_method_rule = rule
            move.cfdi_payment_method = method if kept else rule

    @api.depends("partner_id", "move_type", "reversed_entry_id", "cfdi_relation_type")
    def _compute_cfdi_payment_form(self):
        for move in self._without_sealed_terms(["cfdi_payment_form"]):
            form = move._cfdi_customer().cfdi_payment_form
            if move.move_type == "out_refund":
                form = move._credit_note_form(form)
            elif form == TO_BE_DEFINED and move.cfdi_payment_method == "PUE":
                form = False  # somebody has to say how it was paid
            move.cfdi_payment_form = form

    @api.onchange("invoice_date_due")
    def _onchange_invoice_date_due(self):
        self._compute_cfdi_payment_method()

    def _without_sealed_terms(self, names):
        """The moves whose CFDI is not sealed; of the others nothing of ``names`` changes."""
        sealed = self.filtered(lambda move: move.cfdi_state in LIVE_STATES)
        for move in sealed:
            for name in names:
                move[name] = move[name]
        return self - sealed

    def _auto_init(self):
        # Odoo would compute these for every journal entry that there is, one by one, when it is installed.
        is_new = not column_exists(self.env.cr, self._table, "cfdi_export")
        if is_new:
            self.env.cr.execute(
                """
                ALTER TABLE account_move
                    ADD COLUMN cfdi_export varchar DEFAULT '01',
                    ADD COLUMN cfdi_payment_form varchar,
                    ADD COLUMN cfdi_payment_method varchar,
                    ADD COLUMN cfdi_payment_method_rule varchar,
                    ADD COLUMN cfdi_relation_type varchar,
                    ADD COLUMN cfdi_state varchar,
                    ADD COLUMN cfdi_use varchar,
                    ADD COLUMN cfdi_uuid varchar;
                ALTER TABLE account_move ALTER COLUMN cfdi_export DROP DEFAULT;
                """
            )
        result = super()._auto_init()
        if is_new:
            # When every table of the addon is there.
            self.pool.post_init(self._fill_cfdi_terms)
        return result

    def _fill_cfdi_terms(self):
        """The terms of the documents that were there before: of those that may still be stamped as ever, of the others
        what their credit notes ask for, in SQL. No customer has terms of its own yet.
        """
        self.env.cr.execute(OLD_TERMS, {"days": STILL_STAMPED.days})
        self.env.cr.execute(OLD_CREDIT_NOTES, {"form": REMISSION})
        recent = self.search(
            [
                ("move_type", "in", ("out_invoice", "out_refund")),
                "|",
                ("state", "=", "draft"),
                ("invoice_date", ">=", fields.Date.today() - STILL_STAMPED),
            ]
        )
        for name in (*TERMS, "cfdi_payment_method_rule"):
            self.env.add_to_compute(self._fields[name], recent)

    def write(self, vals):
        names = SEALED & vals.keys()
        if names:
            self._check_cfdi_not_sealed({name: vals[name] for name in names})
        result = super().write(vals)
        if "invoice_date_due" in vals:
            self.modified(METHOD)
            for name in METHOD:
                self.env.add_to_compute(self._fields[name], self)
        return result

    def _cfdi_customer(self):
        """Whose terms are the default; nobody's where there is no CFDI."""
        return self.partner_id.commercial_partner_id if self._cfdi_type() else self.env["res.partner"]

    def _default_cfdi_method(self):
        """PUE or PPD, by the rule of the company."""
        self.ensure_one()
        if self.move_type == "out_refund" or self.cfdi_global_periodicity or self._is_cfdi_down_payment():
            return "PUE"  # guide of the Anexo 20, appendices 5 and 6
        company = self.company_id
        customer_method = self.partner_id.commercial_partner_id.cfdi_payment_method
        if company.cfdi_ppd_rule == "customer" and (customer_method or not self.partner_id):
            return customer_method
        date = self.invoice_date or company._business_today()
        due = self.invoice_date_due or date
        late = due > date if company.cfdi_ppd_rule == "due" else (due.year, due.month) > (date.year, date.month)
        return "PPD" if late else "PUE"

    def _credit_note_form(self, form):
        """Guide of the Anexo 20, FormaPago and appendix 5: as the invoice was paid, 15 when it was not paid yet."""
        invoice = self.reversed_entry_id
        if self.cfdi_relation_type == DOWN_PAYMENT:
            return DOWN_PAYMENT_FORM
        if invoice.cfdi_payment_method == "PPD" or (invoice.cfdi_payment_form or form) == TO_BE_DEFINED:
            return REMISSION
        return invoice.cfdi_payment_form or form

    def _check_cfdi_not_sealed(self, vals):
        """:raise ValidationError: a value is written that a living CFDI says otherwise"""
        for move in self.sudo().filtered(lambda move: move.cfdi_state in LIVE_STATES):
            for name, value in vals.items():
                field = move._fields[name]
                if field.type == "many2many" or field.convert_to_write(move[name], move) != (value or False):
                    raise ValidationError(
                        self.env._(
                            "%(label)s: what the CFDI of %(name)s says is sealed and cannot change. Cancel the CFDI "
                            "first.",
                            label=field._description_string(self.env),
                            name=move.display_name,
                        )
                    )

    def _reverse_moves(self, default_values_list=None, cancel=False):
        defaults = default_values_list or [{} for _move in self]
        for move, values in zip(self, defaults, strict=False):
            if move.move_type == "out_invoice" and move.country_code == "MX":
                # A credit note has terms of its own: none is copied.
                note = self.new(
                    {
                        "move_type": "out_refund",
                        "company_id": move.company_id.id,
                        "partner_id": move.partner_id.id,
                        "reversed_entry_id": move.id,
                        **{name: values[name] for name in ("cfdi_relation_type",) if name in values},
                    }
                )
                for name in TERMS:
                    values.setdefault(name, note[name])
        return super()._reverse_moves(defaults, cancel)

    def _check_cfdi_terms(self, problems):
        """Add what the invoice lacks to say how it is paid and what it is for to ``problems``."""
        for name in TERMS:
            if not self[name] and not (name == "cfdi_payment_form" and self.cfdi_payment_method == "PPD"):
                label = self._fields[name]._description_string(self.env)
                problems.append(self.env._("Invoice: “%(label)s” is missing.", label=label))
        if self.cfdi_payment_method == "PUE" and self.cfdi_payment_form == TO_BE_DEFINED:
            problems.append(
                self.env._(
                    "Invoice: with PUE it is known how it was paid; “Payment Form (SAT)” cannot be 99. Choose the "
                    "form, or PPD when it will be paid later.",
                )
            )
