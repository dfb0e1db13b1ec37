from odoo import api, fields, models
from odoo.tools import format_amount

LIGHTS = [
    ("available", "Credit available"),
    ("near", "Near the limit"),
    ("over", "Over the limit"),
    ("overdue", "Overdue"),
    ("cash", "Cash only"),
]
NEAR_LIMIT = 0.8  # part of the limit in use from which it is near
# What a CFDI says of its receiver (Anexo 20), and the card's field for it.
NEEDED_TO_INVOICE = ("vat", "cfdi_zip", "cfdi_tax_regime", "cfdi_use", "cfdi_payment_method", "cfdi_payment_form")


class ResPartner(models.Model):
    """What the head of the card says at a glance: may he buy on credit, can he be invoiced, and why not."""

    _inherit = "res.partner"

    credit_light = fields.Selection(
        selection=LIGHTS,
        compute="_compute_credit_light",
        groups="base.group_user",
        help="Green: there is credit (a limit of 0 is none or unlimited, as the company says). Yellow: 80 % of the "
        "limit is in use. Red: over the limit, or something overdue.",
    )
    credit_light_reason = fields.Char(
        string="Why",
        compute="_compute_credit_light",
        groups="base.group_user",
        help="The credit light in words, with the amounts.",
    )
    invoice_missing = fields.Text(
        string="Missing to Invoice",
        compute="_compute_invoice_missing",
        search="_search_invoice_missing",
        help="The data that a CFDI of this customer still needs, one a line; empty when it can be invoiced.",
    )
    identity_warning = fields.Text(
        string="Rules Turned Off",
        compute="_compute_identity_warning",
        groups="base.group_user",
        help="The rules of the company about repeated customers that are turned off in the settings.",
    )

    @api.depends("credit_days", "credit_limit", "overdue_balance", "receivable_balance")
    @api.depends_context("company", "lang")
    def _compute_credit_light(self):
        company = self.env.company
        currency = company.currency_id
        # As the credit gate: what a limit of 0 means the company says.
        unlimited = company.sudo().customer_zero_limit == "unlimited"
        for partner, sudo in zip(self, self.sudo(), strict=True):
            overdue, owed, limit = sudo.overdue_balance, sudo.receivable_balance, sudo.credit_limit
            amounts = {
                name: format_amount(self.env, value, currency)
                for name, value in {"overdue": overdue, "owed": owed, "limit": limit}.items()
            }
            if overdue > 0:
                light, reason = "overdue", self.env._("%(overdue)s are overdue: only cash sales.", **amounts)
            elif not sudo.credit_days or not (limit or unlimited):
                light, reason = "cash", self.env._("No credit is granted: credit days or limit are zero.")
            elif not limit:
                light, reason = "available", self.env._("Owes %(owed)s, without limit.", **amounts)
            elif owed > limit:
                light, reason = "over", self.env._("Owes %(owed)s of a limit of %(limit)s.", **amounts)
            elif owed >= NEAR_LIMIT * limit:
                light, reason = "near", self.env._("Uses %(owed)s of a limit of %(limit)s.", **amounts)
            else:
                light, reason = "available", self.env._("Uses %(owed)s of a limit of %(limit)s.", **amounts)
            partner.credit_light, partner.credit_light_reason = light, reason

    @api.depends("cfdi_legal_name", "name", *NEEDED_TO_INVOICE, "zip")
    @api.depends_context("lang")
    def _compute_invoice_missing(self):
        for partner in self:
            partner.invoice_missing = "\n".join(partner._missing_to_invoice())

    def _missing_to_invoice(self):
        """Labels of what a CFDI needs of the receiver and is not there, in the user's language."""
        self.ensure_one()
        generic = self.person_type in ("foreign", "public")
        skipped = {"cfdi_zip", "vat"} if self.person_type == "foreign" else set()
        skipped |= {"cfdi_zip"} if generic or self.zip else set()
        return [self._card_label(name) for name in NEEDED_TO_INVOICE if name not in skipped and not self[name]]

    @api.model
    def _search_invoice_missing(self, operator, value):
        """Only whether something is missing: ``invoice_missing != False``, ``invoice_missing = False``."""
        if operator not in ("in", "not in") or set(value) - {False, ""}:
            return NotImplemented
        domain = fields.Domain.FALSE
        for name in NEEDED_TO_INVOICE:
            empty = fields.Domain(name, "=", False)
            if name == "vat":
                empty &= fields.Domain("person_type", "!=", "foreign")
            if name == "cfdi_zip":
                empty &= fields.Domain("zip", "=", False) & fields.Domain(
                    "person_type", "not in", ("foreign", "public")
                )
            domain |= empty
        return ~domain if operator == "in" else domain

    @api.depends("customer_rank", "parent_id")
    @api.depends_context("company", "lang")
    def _compute_identity_warning(self):
        company = self.env.company.sudo()
        off = [] if company.customer_rfc_unique else [self.env._("Two customers may have the same RFC.")]
        off += [] if company.customer_email_unique else [self.env._("Two customers may have the same e-mail.")]
        for partner in self:
            partner.identity_warning = "\n".join(off) if partner._is_customer() else False
