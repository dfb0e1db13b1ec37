from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import clabe
from .sat_catalogs import PAYMENT_FORMS


class ResPartnerBank(models.Model):
    """Bank accounts of customers. A CLABE is checked and tells the bank; foreign accounts are let alone."""

    _inherit = "res.partner.bank"

    l10n_mx_edi_clabe = fields.Char(
        help="CLABE, the 18 digits by which the account receives transfers in Mexico. The last digit is checked for "
        "customers, the first three tell the bank.",
    )
    cfdi_payment_form = fields.Selection(
        selection=PAYMENT_FORMS,
        string="Payment Form",
        help="How the customer pays from this account (SAT catalogue c_FormaPago), such as 03 for transfers.",
    )
    bank_rfc = fields.Char(
        related="bank_id.bank_rfc",
        help="RFC of the bank, kept with the bank.",
    )

    @api.constrains("acc_number", "bank_id", "l10n_mx_edi_clabe", "partner_id")
    def _check_clabe(self):
        # As the system, which sees the accounts' holders: the rule holds for whoever writes.
        for account in self.sudo():
            if not account._is_of_customer():
                continue
            number = account.l10n_mx_edi_clabe
            if number and not clabe.is_valid(number):
                raise self._clabe_error(number, account)
            if account._is_clabe_length():
                if not clabe.is_valid(account.sanitized_acc_number):
                    raise self._clabe_error(account.acc_number, account)
                if number and number != account.sanitized_acc_number:
                    raise ValidationError(
                        self.env._(
                            "CLABE: “%(value)s” of %(name)s is not the account number “%(account)s”, which is a CLABE "
                            "too; one CLABE is expected.",
                            value=number,
                            name=account.partner_id.display_name,
                            account=account.acc_number,
                        )
                    )

    @api.model
    def _clabe_error(self, number, account):
        return ValidationError(
            self.env._(
                "CLABE: “%(value)s” of %(name)s is not valid; 18 digits are expected, the last of which checks the "
                "others, such as 032180000118359719.",
                value=number,
                name=account.partner_id.display_name,
            )
        )

    @api.constrains("acc_number", "active", "l10n_mx_edi_clabe", "partner_id")
    def _check_stp_account(self):
        """What the STP account of a customer must be, it stays."""
        customers = self.env["res.partner"].sudo().with_context(active_test=False)
        customers.search([("stp_account_id", "in", self.ids)])._check_stp_account_id()

    @api.onchange("l10n_mx_edi_clabe")
    def _onchange_clabe(self):
        number = clabe.compact(self.l10n_mx_edi_clabe)
        if clabe.is_valid(number):
            self.l10n_mx_edi_clabe = number
            self.acc_number = self.acc_number or number
            self.bank_id = self.bank_id or self._banks_of_clabes([number]).get(clabe.bank_code(number))

    @api.onchange("acc_number")
    def _onchange_acc_number_clabe(self):
        number = clabe.compact(self.acc_number)
        if clabe.is_valid(number) and self._is_mexican():
            self.l10n_mx_edi_clabe = self.l10n_mx_edi_clabe or number
            self.bank_id = self.bank_id or self._banks_of_clabes([number]).get(clabe.bank_code(number))

    # ------------------------------------------------------
    # CRUD
    # ------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create([self._normalize_clabe(vals, new=True) for vals in vals_list])
        accounts._complete_from_clabe()
        return accounts

    def write(self, vals):
        result = super().write(self._normalize_clabe(vals))
        if "acc_number" in vals or "l10n_mx_edi_clabe" in vals:
            self._complete_from_clabe()
        return result

    @api.model
    def _normalize_clabe(self, vals, new=False):
        """Write a CLABE without blanks; an account that is given by its CLABE alone has it as its number."""
        if not isinstance(vals.get("l10n_mx_edi_clabe"), str):
            return vals
        number = clabe.compact(vals["l10n_mx_edi_clabe"])
        vals = {**vals, "l10n_mx_edi_clabe": number}
        if new and number and not (vals.get("acc_number") or vals.get("sanitized_acc_number")):
            vals["acc_number"] = number
        return vals

    def _complete_from_clabe(self):
        """Fill in the CLABE of the customers' accounts whose number is one, and the bank of those that have none."""
        accounts = self.filtered(lambda account: account._is_of_customer())
        for account in accounts:
            number = account.sanitized_acc_number
            if not account.l10n_mx_edi_clabe and clabe.is_valid(number) and account._is_mexican():
                account.l10n_mx_edi_clabe = number
        without_bank = accounts.filtered(
            lambda account: not account.bank_id and clabe.is_valid(account.l10n_mx_edi_clabe)
        )
        banks = self._banks_of_clabes(without_bank.mapped("l10n_mx_edi_clabe")) if without_bank else {}
        for account in without_bank:
            if bank := banks.get(clabe.bank_code(account.l10n_mx_edi_clabe)):
                account.bank_id = bank

    @api.model
    def _banks_of_clabes(self, numbers):
        """Banks by the first three digits of these CLABEs.

        :return: {ABM code: res.bank}
        """
        codes = list({clabe.bank_code(number) for number in numbers})
        banks = self.env["res.bank"].search([("l10n_mx_edi_code", "in", codes)], order="id desc")
        return {bank.l10n_mx_edi_code: bank for bank in banks}

    def _is_of_customer(self):
        """Suppliers' accounts, and the company's own, are none of this module's business."""
        self.ensure_one()
        return self.partner_id.sudo().commercial_partner_id.customer_rank > 0

    def _is_mexican(self):
        """Whether the account is at a Mexican bank, as far as its bank, its holder or else the company tell."""
        self.ensure_one()
        country = self.bank_id.country or self.partner_id.commercial_partner_id.country_id
        country = country or self.env.company.account_fiscal_country_id
        return country.code == "MX"

    def _is_clabe_length(self):
        """A Mexican account number of 18 digits can only be a CLABE: the banks' own numbers are shorter."""
        number = self.sanitized_acc_number or ""
        return len(number) == clabe.LENGTH and number.isdigit() and self._is_mexican()

    def _valid_clabe(self):
        """The CLABE of this account, if it has one whose check digit holds."""
        self.ensure_one()
        number = self.l10n_mx_edi_clabe or (self.sanitized_acc_number if self._is_clabe_length() else False)
        return number if clabe.is_valid(number) else False
