from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tools import SQL, email_normalize
from psycopg2.errors import ExclusionViolation

from .res_partner_tax import GENERIC_RFCS

# What must be a customer's own: field of the card -> column with its unique key, switch of the company.
KEYS = {"ref": "customer_number_key", "vat": "customer_rfc_key", "email": "customer_email_key"}
SWITCHES = {"vat": "customer_rfc_unique", "email": "customer_email_unique"}
CLAIMED_BY = frozenset({*KEYS, "company_id", "customer_rank", "is_company", "parent_id"})


def one_holder(column):
    """Definition of a constraint: one customer a value and company; who has no company is of all of them.

    The ranges are of PostgreSQL's own types, so that no extension is needed: of a text, its hash of 64 bits.
    """
    value = f"int8range(hashtextextended({column}, 0), hashtextextended({column}, 0), '[]')"
    company = "int4range(company_id, company_id, '[]')"
    return f"EXCLUDE USING gist ({value} WITH &&, {company} WITH &&) WHERE ({column} IS NOT NULL)"


def _field_of(error):
    """The field whose key a constraint of ours refused."""
    return next(name for name, column in KEYS.items() if column in error.diag.message_detail)


class ResPartner(models.Model):
    """Number, RFC and e-mail of a customer: nobody else's, archived customers included.

    Each customer claims a key for each of them, and the database lets no two customers of a company hold the same,
    whoever writes at the same moment. A customer that had its value before the rule (installed on existing data, or
    turned into a customer by an invoice) and comes second holds no key: its card works, the value cannot be given to
    a third one.
    """

    _inherit = "res.partner"

    customer_number_key = fields.Char(copy=False, groups=fields.NO_ACCESS)
    customer_rfc_key = fields.Char(copy=False, groups=fields.NO_ACCESS)
    customer_email_key = fields.Char(copy=False, groups=fields.NO_ACCESS)

    _customer_number_one_holder = models.Constraint(
        one_holder("customer_number_key"), "Customer No.: another customer of the company has it."
    )
    _customer_rfc_one_holder = models.Constraint(
        one_holder("customer_rfc_key"), "RFC: another customer of the company has it."
    )
    _customer_email_one_holder = models.Constraint(
        one_holder("customer_email_key"), "Main E-mail: another customer of the company has it."
    )

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._without_keys(vals) for vals in vals_list]
        unnumbered = [vals for vals in vals_list if not vals.get("ref") and self._makes_a_customer(vals)]
        for vals, number in zip(unnumbered, self._next_customer_numbers(len(unnumbered)), strict=True):
            vals["ref"] = number
        partners = super().create(vals_list)
        partners._claim_identity(KEYS)
        return partners

    def write(self, vals):
        vals = self._without_keys(vals)
        if not CLAIMED_BY & vals.keys():
            return super().write(vals)
        # The rank of who is a customer already goes up with each invoice: that changes nothing here.
        new = self.filtered(lambda partner: not partner.customer_rank) if vals.get("customer_rank") else self.browse()
        if "company_id" in vals:
            # claimed again in the new company, with an error in words; the database would refuse the move itself
            self.filtered("customer_rank")._release_identity_keys()
        result = super().write(vals)
        tolerant = bool(self.env.context.get("customer_by_document"))
        for partner in new.filtered(lambda partner: not partner.ref and partner._is_customer()):
            (partner.ref,) = self._next_customer_numbers(1)
        if {"company_id", "is_company", "parent_id"} & vals.keys():
            self._claim_identity(KEYS)
        else:
            self._claim_identity(KEYS.keys() & vals.keys())
            new._claim_identity(KEYS, tolerant=tolerant)
        return result

    def _increase_rank(self, field, n=1):
        # Of who has a rank Odoo counts the documents: nothing that is tracked changes, and it would be read field by
        # field before and after.
        ranked = self.filtered(lambda partner: partner.sudo()[field])
        super(ResPartner, ranked.with_context(mail_notrack=True))._increase_rank(field, n)
        # Posting an invoice must not fail because the partner, not a customer until now, shares an old RFC.
        unranked = (self - ranked).with_context(customer_by_document=True)
        return super(ResPartner, unranked)._increase_rank(field, n)

    @api.model
    def _without_keys(self, vals):
        """Keys are claimed, not written; a merge of customers would copy them."""
        return {name: value for name, value in vals.items() if name not in KEYS.values()}

    @api.model
    def _makes_a_customer(self, vals):
        """Whether a record created from these values is a customer, as the account module decides its rank."""
        context = self.env.context
        by_mode = 1 if context.get("res_partner_search_mode") == "customer" else 0
        rank = vals.get("customer_rank", by_mode or context.get("default_customer_rank"))
        is_company = vals.get("is_company", context.get("default_is_company")) or vals.get("company_type") == "company"
        return bool(rank) and (is_company or not vals.get("parent_id", context.get("default_parent_id")))

    def _is_customer(self):
        """Whether the record is a customer: a commercial partner with a rank."""
        self.ensure_one()
        return self.customer_rank > 0 and self.commercial_partner_id == self

    @api.model
    def _next_customer_numbers(self, count):
        """Numbers of the sequence that no customer was given by hand.

        :return: list of str, empty ones if there is no sequence
        """
        numbers = []
        while len(numbers) < count:
            drawn = self.env["ir.sequence"].draw("customer.number", count - len(numbers))
            self.env.cr.execute(
                "SELECT customer_number_key FROM res_partner WHERE customer_number_key = ANY(%s)", (drawn,)
            )
            taken = {row[0] for row in self.env.cr.fetchall()}
            numbers += [number for number in drawn if number not in taken]
        return numbers

    def _claim_identity(self, names, *, tolerant=False):
        """Claim the keys of the customers in self, and give up those of what is no customer any more.

        :param names: fields whose keys are claimed; the others stay, so that a value that was there before the rule
            does not stop a change of something else
        :param bool tolerant: leave without a key who would take another customer's, instead of raising
        :raise ValidationError: a value is another customer's
        """
        ranked = self.sudo().filtered("customer_rank") if names else self.browse()
        if not ranked:
            return
        ranked.flush_recordset(["company_id"])
        rules = self._identity_rules()
        rows = []
        for partner in ranked:
            unique = partner._unique_names(rules)
            keys = (
                partner._identity_key(name, unique) if name in names else partner[column] or None
                for name, column in KEYS.items()
            )
            rows.append((partner, *keys))
        try:
            with self.env.cr.savepoint(flush=False):
                self._store_keys(rows)
        except ExclusionViolation as error:
            if not tolerant:
                ranked._raise_identity_taken(_field_of(error), rows)
            if len(ranked) == 1:
                # the one that is taken is left out, and the next may be taken too
                ranked._claim_identity(set(names) - {_field_of(error)}, tolerant=True)
            else:
                for partner in ranked:
                    partner._claim_identity(names, tolerant=True)

    def _store_keys(self, rows):
        values = SQL(", ").join(SQL("(%s, %s::text, %s::text, %s::text)", partner.id, *keys) for partner, *keys in rows)
        columns = SQL(", ").join(SQL.identifier("partner", column) for column in KEYS.values())
        assignments = SQL(", ").join(
            SQL("%s = %s", SQL.identifier(column), SQL.identifier("new", column)) for column in KEYS.values()
        )
        names = SQL(", ").join(SQL.identifier(column) for column in KEYS.values())
        new_columns = SQL(", ").join(SQL.identifier("new", column) for column in KEYS.values())
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner partner SET %s FROM (VALUES %s) AS new(id, %s)"
                " WHERE partner.id = new.id AND (%s) IS DISTINCT FROM (%s)",
                assignments,
                values,
                names,
                columns,
                new_columns,
            ),
            log_exceptions=False,
        )
        self.browse(partner.id for partner, *_keys in rows).invalidate_recordset(list(KEYS.values()), flush=False)

    @api.model
    def _identity_rules(self):
        """:return: {field: ids of the companies that want its value to be one customer's alone}"""
        companies = self.env["res.company"].sudo().search_fetch([], list(SWITCHES.values()))
        return {
            "ref": set(companies.ids),
            **{name: set(companies.filtered(switch).ids) for name, switch in SWITCHES.items()},
        }

    def _unique_names(self, rules=None):
        """The fields whose values must be this customer's alone: its company wants it, or any for one of no company.

        :param dict rules: of ``_identity_rules``, for who asks for many customers
        """
        self.ensure_one()
        rules = self._identity_rules() if rules is None else rules
        return {
            name
            for name, companies in rules.items()
            if (self.company_id.id in companies if self.company_id else companies)
        }

    def _identity_key(self, name, unique):
        """The key that the customer claims for a field, None if it needs none."""
        if name not in unique or not self._is_customer():
            return None
        value = self[name]
        if name == "email":
            return email_normalize(value, strict=False) or None
        if name == "vat" and value in GENERIC_RFCS:
            return None
        return (value or "").strip() or None

    def _raise_identity_taken(self, name, rows):
        """Say whose the value is. Who cannot be seen yet is being saved by somebody else: the call is tried again."""
        position = 1 + list(KEYS).index(name)
        seen = {}
        for row in rows:
            partner, key = row[0], row[position]
            if not key:
                continue
            other = seen.setdefault(key, partner)
            if other == partner:
                other = partner._holder_of(KEYS[name], key)
            if other:
                raise ValidationError(self._identity_taken_message(name, partner, other))
        raise ConcurrencyError(f"customers with the same {name} are being saved at the same time")

    def _holder_of(self, column, key):
        """The other customer, of a company of this one's, that holds a key."""
        domain = [(column, "=", key), ("id", "!=", self.id)]
        if self.company_id:
            domain.append(("company_id", "in", (self.company_id.id, False)))
        return self.sudo().with_context(active_test=False).search(domain, limit=1)

    @api.model
    def _identity_taken_message(self, name, partner, other):
        user = self.env.user
        if user.share or (other.company_id and other.company_id not in user.company_ids):
            # A visitor of the portal or the shop is not told who our customers are, nor is another company's employee.
            return self.env._(
                "%(label)s: “%(value)s” of %(name)s already belongs to another customer; one of its own is expected.",
                label=self._card_label(name),
                value=partner[name],
                name=partner.name,
            )
        return self.env._(
            "%(label)s: “%(value)s” of %(name)s already belongs to %(other)s (customer number %(number)s%(archived)s); "
            "one that no other customer has is expected.",
            label=self._card_label(name),
            value=partner[name],
            name=partner.name,
            other=other.name,
            number=other.ref or "-",
            archived="" if other.active else self.env._(", archived"),
        )

    @api.model
    def _card_label(self, name):
        """Label of a field as the card has it: Odoo's own fields are named otherwise elsewhere."""
        labels = {
            "comment": self.env._("Description"),
            "credit_limit": self.env._("Credit Limit"),
            "email": self.env._("Main E-mail"),
            "name": self.env._("Customer Name"),
            "phone": self.env._("Main Phone"),
            "property_product_pricelist": self.env._("Price List"),
            "ref": self.env._("Customer No."),
            "vat": self.env._("RFC"),
        }
        return labels.get(name) or self._fields[name]._description_string(self.env)

    def _release_identity_keys(self):
        """Give up the keys of customers that are about to be merged into another one, or to change company."""
        if not self:
            return
        self._store_keys([(partner, None, None, None) for partner in self])

    @api.model
    def _claim_first_come(self, name):
        """Give the key of a field to every customer whose company wants it and who comes first with its value.

        For existing data: when the addon is installed, and when a company turns the rule on.

        :return: list of (id, id of the customer that has the same value and came first) that hold no key
        """
        column = SQL.identifier(KEYS[name])
        companies = list(self._identity_rules()[name])
        self.env["res.partner"].flush_model()
        value = SQL.identifier("partner", "email_normalized" if name == "email" else name)
        other_value = SQL.identifier("other", "email_normalized" if name == "email" else name)
        same_company = SQL(
            "(partner.company_id IS NULL OR other.company_id IS NULL OR partner.company_id = other.company_id)"
        )
        wanted = SQL(
            "customer_rank > 0 AND partner.commercial_partner_id = partner.id AND %s <> '' AND %s <> ALL(%s)"
            " AND CASE WHEN partner.company_id IS NULL THEN %s ELSE partner.company_id = ANY(%s) END",
            value,
            value,
            list(GENERIC_RFCS),
            bool(companies),
            companies,
        )
        first = SQL(
            "SELECT min(other.id) FROM res_partner other WHERE %s = %s AND other.customer_rank > 0"
            " AND other.commercial_partner_id = other.id AND other.id < partner.id AND %s",
            other_value,
            value,
            same_company,
        )
        self.env.cr.execute(SQL("UPDATE res_partner SET %s = NULL WHERE %s IS NOT NULL", column, column))
        self.env.cr.execute(
            SQL("UPDATE res_partner partner SET %s = %s WHERE %s AND (%s) IS NULL", column, value, wanted, first)
        )
        self.env.cr.execute(
            SQL("SELECT id, (%s) FROM res_partner partner WHERE %s AND %s IS NULL ORDER BY id", first, wanted, column)
        )
        self.invalidate_model([KEYS[name]], flush=False)
        return self.env.cr.fetchall()
