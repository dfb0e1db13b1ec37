import re

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

from .res_partner_tax import GENERIC_RFCS

PHONE_DIGITS = 10  # of a Mexican number, without the country's code
SHOWN_DUPLICATES = 10
FOUND_DUPLICATES = 200  # a batch; a phone that a thousand customers share must not load them all
# What two customers are compared by: as SQL, for the indexes and the queries that use them. Data from before the
# addon has its RFCs written in every way.
RFC_KEY = "upper(regexp_replace(%s, '[^[:alnum:]&]', '', 'g'))"
PHONE_KEY = f"right(regexp_replace(%s, '[^0-9]', '', 'g'), {PHONE_DIGITS})"
NAME_KEY = "lower(%s)"
KEY_EXPRESSIONS = {
    "rfc": ("vat", RFC_KEY),
    "email": ("email_normalized", "%s"),
    "phone": ("phone", PHONE_KEY),
    "name": ("name", NAME_KEY),
}
# Never filled in from another record: where this one came from, its own consent (whoever said no to marketing is not
# subscribed because a duplicate was), and the terms of credit, which go together and are merged by company
# (``base_partner_merge``).
NOT_MERGED = (
    "capture_origin",
    "credit_days",
    "credit_limit",
    "from_lead",
    "marketing_opt_in",
    "property_payment_term_id",
)


class ResPartner(models.Model):
    """Customers that may be the same one: same RFC, e-mail or phone, archived ones included."""

    _inherit = "res.partner"

    duplicate_customer_ids = fields.Many2many(
        "res.partner",
        string="Possible Duplicates",
        compute="_compute_duplicate_customers",
        context={"active_test": False},
        groups="base.group_user",
        help="Other customers with the same RFC, e-mail or phone, archived ones included. Look at them before saving a "
        "customer twice; customers that turn out to be one are merged from Possible Duplicates.",
    )
    duplicate_warning = fields.Html(
        compute="_compute_duplicate_customers",
        groups="base.group_user",
        help="The possible duplicates with what each has in common, as a text with links.",
    )

    # The e-mail has its index already (res_partner_communication). None is on customer_rank: Odoo raises it with every
    # invoice, and an index that mentions it would be written each time.
    _duplicate_rfc_idx = models.Index(f"(({RFC_KEY % 'vat'})) WHERE parent_id IS NULL AND vat IS NOT NULL")
    _duplicate_phone_idx = models.Index(f"(({PHONE_KEY % 'phone'})) WHERE parent_id IS NULL AND phone IS NOT NULL")
    _duplicate_name_idx = models.Index(f"(({NAME_KEY % 'name'})) WHERE parent_id IS NULL AND name IS NOT NULL")

    @api.depends("vat", "email", "phone", "parent_id", "customer_rank", "company_id")
    @api.depends_context("allowed_company_ids", "lang", "uid")
    def _compute_duplicate_customers(self):
        keys = {
            partner: partner._duplicate_keys({"vat": partner.vat, "email": partner.email, "phone": partner.phone})
            for partner in self
            if partner.customer_rank > 0 and not partner.parent_id
        }
        found = self._search_duplicates(keys.values())
        for partner in self:
            reasons = {
                other: common
                for other in found
                if other != partner._origin
                and (not partner.company_id or not other.company_id or partner.company_id == other.company_id)
                and (common := self._common_keys(keys.get(partner, {}), other))
            }
            partner.duplicate_customer_ids = self.browse([other.id for other in reasons])
            partner.duplicate_warning = self._duplicate_links(reasons)

    @api.model
    def find_duplicates(self, values):
        """Customers that may be the one with these values, to look at before it is created.

        :param dict values: any of ``vat``, ``email``, ``phone`` and ``name``; written in any way: they are compared
            normalised, the phone by its last ten digits, the name without regard to capitals
        :return: list of ``{'id', 'name', 'ref', 'active', 'reasons'}``, the ones with most in common first; ``reasons``
            is a list of ``rfc``, ``email``, ``phone`` and ``name``. Archived customers are told, those that the
            user may not read (of another company, of another salesperson) are not. At most 200.
        :raise AccessError: the user is no employee, or may not read customers
        """
        if not (self.env.su or self.env.user._is_internal()):
            raise AccessError(self.env._("Only employees look for duplicate customers."))
        keys = self._duplicate_keys(values)
        found = [(partner, self._common_keys(keys, partner)) for partner in self._search_duplicates([keys])]
        return [
            {
                "id": partner.id,
                "name": partner.display_name,
                "ref": partner.ref or "",
                "active": partner.active,
                "reasons": reasons,
            }
            for partner, reasons in sorted(found, key=lambda pair: (-len(pair[1]), pair[0].id))
        ]

    @api.model
    def _duplicate_keys(self, values):
        """:return: {reason: what is compared} of the values that tell customers apart"""
        digits = re.sub(r"[^0-9]", "", values.get("phone") or "")[-PHONE_DIGITS:]
        rfc = "".join(sign for sign in (values.get("vat") or "").upper() if sign.isalnum() or sign == "&")
        keys = {
            # "/" says in Odoo that there is none
            "rfc": rfc if len(rfc) > 1 and rfc not in GENERIC_RFCS else "",
            "email": email_normalize(values.get("email") or "", strict=False),
            # extensions and the like are nobody's
            "phone": digits if len(digits) == PHONE_DIGITS else "",
            "name": " ".join((values.get("name") or "").split()).lower(),
        }
        return {reason: key for reason, key in keys.items() if key}

    @api.model
    def _common_keys(self, keys, partner):
        """:return: list of the reasons that ``partner`` shares"""
        own = self._duplicate_keys({name: partner[name] for name in ("vat", "email", "phone", "name")})
        return [reason for reason, key in keys.items() if own.get(reason) == key]

    @api.model
    def _search_duplicates(self, keys_list):
        """Customers that share a key with any of ``keys_list``, in one query, among those the user may read."""
        wanted = {}
        for keys in keys_list:
            for reason, key in keys.items():
                wanted.setdefault(reason, set()).add(key)
        if not wanted:
            return self.browse()
        matches = Domain.OR(self._key_domain(reason, sorted(keys)) for reason, keys in wanted.items())
        domain = self._duplicates_domain() & matches
        return self.with_context(active_test=False).search(domain, limit=FOUND_DUPLICATES, order="id")

    @api.model
    def _duplicates_domain(self):
        """The customers that are compared: of the companies at hand, whatever the record rules add."""
        return Domain(
            [
                ("customer_rank", ">", 0),
                ("parent_id", "=", False),
                ("company_id", "in", [False, *self.env.companies.ids]),
            ]
        )

    @api.model
    def _key_domain(self, reason, keys):
        name, expression = KEY_EXPRESSIONS[reason]

        def to_sql(model, alias, query):
            column = model._field_to_sql(alias, name, query)
            return SQL("%s = ANY(%s)", SQL(expression, column), keys)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _duplicate_links(self, reasons):
        """:param dict reasons: {customer: list of reasons}
        :return: a list with a link for each, which opens apart: what is being typed is not lost
        """
        if not reasons:
            return False
        labels = self._duplicate_reason_labels()
        items = [
            Markup('<li><a href="/odoo/mx-customers/%s" target="_blank">%s</a>%s%s: %s</li>')
            % (
                other.id,
                other.display_name,
                f" ({other.ref})" if other.ref else "",
                "" if other.active else self.env._(", archived"),
                ", ".join(labels[reason] for reason in common),
            )
            for other, common in list(reasons.items())[:SHOWN_DUPLICATES]
        ]
        return Markup('<ul class="mb-0">%s</ul>') % Markup("").join(items)

    @api.model
    def _duplicate_reason_labels(self):
        return {
            "rfc": self.env._("same RFC"),
            "email": self.env._("same e-mail"),
            "phone": self.env._("same phone"),
            "name": self.env._("same name"),
        }

    # ------------------------------------------------------------------
    # Merge
    # ------------------------------------------------------------------

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """As Odoo's. In a merge (``base.partner.merge.automatic.wizard`` goes through it for what to write), without
        what belongs to each record and is not filled in from another."""
        result = super().fields_get(allfields, attributes)
        if self.env.context.get("customer_merge"):
            for name in NOT_MERGED:
                result.pop(name, None)
        return result
