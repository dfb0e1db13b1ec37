from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .res_partner_tax import RFC_FOREIGN, RFC_PUBLIC

# How long before it expires a file without a type is announced.
DEFAULT_NOTICE_DAYS = 15


class CustomerFileType(models.Model):
    """A kind of document that a customer hands in, who must have it and how long it is good for."""

    _name = "customer.file.type"
    _inherit = ["customer.catalogue"]
    _description = "Customer File Type"
    _order = "sequence, name, id"

    name = fields.Char(required=True)
    code = fields.Char(
        required=True,
        copy=False,
        help="Short name for integrations, such as CSF. Capitals, unique.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    requirement = fields.Selection(
        [
            ("optional", "Nobody"),
            ("always", "Every Customer"),
            ("credit", "Customers with Credit"),
        ],
        string="Required For",
        required=True,
        default="optional",
        help="Who must have a file of this type. Customers with credit are those with a credit limit or credit days in "
        "the company. What a customer lacks is shown on its card and can be searched.",
    )
    for_companies = fields.Boolean(
        string="Mexican Companies",
        default=True,
        help="The requirement is for Mexican companies (personas morales).",
    )
    for_persons = fields.Boolean(
        string="Mexican Natural Persons",
        default=True,
        help="The requirement is for Mexican natural persons (personas físicas).",
    )
    for_foreign = fields.Boolean(
        string="Foreign Customers",
        default=True,
        help="The requirement is for customers of other countries.",
    )
    validity_days = fields.Integer(
        help="How many days a file of this type is good for, such as 90 for a proof of address: it proposes the "
        "expiry date of a new file. 0: no date is proposed.",
    )
    notice_days = fields.Integer(
        default=DEFAULT_NOTICE_DAYS,
        help="How many days before a file expires its renewal is put among the salesperson's activities.",
    )

    _unique_code = models.UniqueIndex(
        "(code)", "Code: there is another file type with this code, perhaps archived; a code of its own is expected."
    )

    @api.constrains("notice_days", "validity_days")
    def _check_days(self):
        for name in ("notice_days", "validity_days"):
            for file_type in self:
                if file_type[name] < 0:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: “%(value)s” of %(name)s is not valid; zero or more days are expected.",
                            field=self._fields[name]._description_string(self.env),
                            value=file_type[name],
                            name=file_type.name,
                        )
                    )

    def _required_domain(self):
        """Domain of the customers that must have a file of this type: the one definition for a card and for a search.

        Público en general is nobody, who has no papers. Credit is that of the current company.
        """
        self.ensure_one()
        foreign = Domain("vat", "=", RFC_FOREIGN) | (
            Domain("country_id", "!=", False) & Domain("country_id.code", "!=", "MX")
        )
        kinds = Domain.OR(
            kind
            for wanted, kind in (
                (self.for_companies, ~foreign & Domain("is_company", "=", True)),
                (self.for_persons, ~foreign & Domain("is_company", "=", False)),
                (self.for_foreign, foreign),
            )
            if wanted
        )
        domain = (
            Domain("customer_rank", ">", 0) & Domain("parent_id", "=", False) & Domain("vat", "!=", RFC_PUBLIC) & kinds
        )
        if self.requirement == "optional":
            return Domain.FALSE
        if self.requirement == "credit":
            domain &= Domain("credit_limit", ">", 0) | Domain("credit_days", ">", 0)
        return domain

    def _proposed_expiry(self):
        """The last good day of a file of this type that is handed in today; False where the type knows none."""
        if not self.validity_days:
            return False
        return self.env.company._business_today() + timedelta(days=self.validity_days)
