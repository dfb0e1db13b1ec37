from datetime import date

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError

# A term's longest delay is counted from the first day of a long month, as generously as the term can be.
REFERENCE_DAY = date(2026, 1, 1)


class ResPartner(models.Model):
    """Credit that the company grants to a customer: limit (Odoo's own field), days, and the payment term that says
    the same days on its documents."""

    _inherit = "res.partner"

    credit_days = fields.Integer(
        company_dependent=True,
        groups="base.group_user",
        help="Days that the customer has to pay a sale in this company; 0 is cash only. The payment term of its "
        "orders and invoices follows, and the other way round.",
    )

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ["credit_days"]

    @api.constrains("credit_days")
    def _check_credit_days(self):
        for partner in self:
            if partner.credit_days < 0:
                raise ValidationError(
                    self.env._(
                        "Credit Days: “%(value)s” of %(name)s is not valid; zero or more days are expected.",
                        value=partner.credit_days,
                        name=partner.display_name,
                    )
                )

    @api.constrains("credit_limit")
    def _check_credit_limit(self):
        for partner in self.sudo():
            if partner.credit_limit < 0:
                raise ValidationError(
                    self.env._(
                        "Credit Limit: “%(value)s” of %(name)s is not valid; zero or more is expected.",
                        value=partner.credit_limit,
                        name=partner.display_name,
                    )
                )

    @api.onchange("credit_days")
    def _onchange_credit_days(self):
        if self._term_days(self.property_payment_term_id) != self.credit_days:
            self.property_payment_term_id = self._find_term(self.credit_days)

    @api.onchange("property_payment_term_id")
    def _onchange_credit_term(self):
        self.credit_days = self._term_days(self.property_payment_term_id)

    @api.model_create_multi
    def create(self, vals_list):
        terms = {}
        vals_list = [
            self._align_credit_vals(vals, terms) if self._makes_a_customer(vals) else vals for vals in vals_list
        ]
        for vals in vals_list:
            if vals.get("credit_days") or vals.get("credit_limit"):
                self._check_may_grant_credit()
        return super().create(vals_list)

    def write(self, vals):
        if not {"credit_days", "credit_limit", "property_payment_term_id"} & vals.keys():
            return super().write(vals)
        if any(partner._is_customer() for partner in self):
            vals = self._align_credit_vals(vals, {})
            granted = [name for name in ("credit_days", "credit_limit") if name in vals]
            if any(partner[name] != (vals[name] or 0) for partner in self.sudo() for name in granted):
                self._check_may_grant_credit()
        return super().write(vals)

    @api.model
    def _check_may_grant_credit(self):
        if not (self.env.su or self.env.user.has_group("l10n_mx_customer.group_credit_manager")):
            raise AccessError(
                self.env._(
                    "Credit Limit and Credit Days: only who has the group “%(group)s” grants credit; %(user)s has not.",
                    group=self.env.ref("l10n_mx_customer.group_credit_manager").sudo().display_name,
                    user=self.env.user.name,
                )
            )

    @api.model
    def _align_credit_vals(self, vals, terms):
        """Values in which credit days and payment term say the same.

        :param dict terms: {days: payment term} found so far, filled in: an import has thousands with the same days
        :raise ValidationError: both are given and they do not
        """
        days, term_id = vals.get("credit_days"), vals.get("property_payment_term_id")
        if days is None and "property_payment_term_id" in vals:
            term = self.env["account.payment.term"].browse(term_id)
            return {**vals, "credit_days": self._term_days(term)}
        if days is None or days is False or days < 0:
            return vals
        if not term_id:
            if days not in terms:
                terms[days] = self._find_term(days)
            return {**vals, "property_payment_term_id": terms[days].id}
        term = self.env["account.payment.term"].browse(term_id)
        if self._term_days(term) != days:
            raise ValidationError(
                self.env._(
                    "Credit Days: “%(value)s” is not valid with the payment term “%(term)s”; %(days)s is expected, "
                    "or another term.",
                    value=days,
                    term=term.display_name,
                    days=self._term_days(term),
                )
            )
        return vals

    @api.model
    def _term_days(self, term):
        """The longest delay of a payment term, in days."""
        return max([(line._get_due_date(REFERENCE_DAY) - REFERENCE_DAY).days for line in term.sudo().line_ids] or [0])

    @api.model
    def _find_term(self, days):
        """The payment term of the company with one payment after so many days; made if there is none."""
        terms = self.env["account.payment.term"].sudo()
        found = terms.search(
            [
                ("company_id", "in", (self.env.company.id, False)),
                ("early_discount", "=", False),
                ("line_ids.nb_days", "=", days),
                ("line_ids.delay_type", "=", "days_after"),
            ],
            order="company_id, sequence, id",
        ).filtered(lambda term: len(term.line_ids) == 1)
        if found:
            return found[0].sudo(False)
        line = Command.create({"value": "percent", "value_amount": 100.0, "nb_days": days})
        name = self.env._("%(days)s days", days=days)
        return terms.create({"name": name, "line_ids": [Command.clear(), line]}).sudo(False)
