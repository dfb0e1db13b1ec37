from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.res_partner_duplicates import KEY_EXPRESSIONS, PHONE_DIGITS
from ..models.res_partner_tax import GENERIC_RFCS

GROUPS_LIMIT = 500
MERGED_AT_ONCE = 3  # Odoo's own limit
REASONS = [
    ("rfc", "Same RFC"),
    ("email", "Same e-mail"),
    ("phone", "Same phone"),
]


class CustomerDuplicateGroup(models.TransientModel):
    """Possible duplicates in bulk: customers that share an RFC, an e-mail or a phone.

    Transient and made when asked for: each user sees those among the customers he may read.
    """

    _name = "customer.duplicate.group"
    _description = "Group of Possible Duplicates"
    _order = "partner_count desc, id"

    reason = fields.Selection(REASONS, required=True, readonly=True)
    value = fields.Char(readonly=True, help="What the customers have in common.")
    partner_ids = fields.Many2many(
        "res.partner", string="Customers", readonly=True, context={"active_test": False}, domain=[]
    )
    partner_count = fields.Integer(string="How Many", readonly=True)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @api.model
    def action_find(self):
        """Look for possible duplicates and open the list of them.

        :return: the action that opens the list
        """
        groups = self.create(
            [
                {
                    "reason": group["reason"],
                    "value": group["value"],
                    "partner_ids": [fields.Command.set(group["ids"])],
                    "partner_count": len(group["ids"]),
                }
                for group in self.find_groups()
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_duplicate_groups")
        return {**action, "domain": [("id", "in", groups.ids)]}

    def action_merge(self):
        """Open Odoo's merge wizard with the customers of the group; it takes three at a time, the oldest first.

        :return: the action that opens it
        :raise UserError: fewer than two of them are left
        """
        self.ensure_one()
        partners = self.with_context(active_test=False).partner_ids.exists().sorted("id")
        if len(partners) < 2:
            raise UserError(
                self.env._("%(value)s: these customers have been merged already; search again.", value=self.value)
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge Customers"),
            "res_model": "base.partner.merge.automatic.wizard",
            "views": [(False, "form")],
            "target": "new",
            "context": {"active_model": "res.partner", "active_ids": partners[:MERGED_AT_ONCE].ids},
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def find_groups(self, limit=GROUPS_LIMIT):
        """Groups of customers that share an RFC, an e-mail or a phone, the largest first.

        Archived customers count; customers of companies that have nothing to do with each other do not make a group.

        :param int limit: how many groups at most
        :return: list of ``{'reason': 'rfc' | 'email' | 'phone', 'value': str, 'ids': [int]}``
        :raise AccessError: the user may not read customers
        """
        self.check_access("read")
        partners = self.env["res.partner"].with_context(active_test=False)
        partners.check_access("read")
        # The subquery has the record rules of the user.
        query = partners._search(partners._duplicates_domain())
        columns = {name: partners._field_to_sql(query.table, name, query) for name in ("id", "company_id")}
        keys = {
            reason: SQL(KEY_EXPRESSIONS[reason][1], SQL("%s::text", partners._field_to_sql(query.table, name, query)))
            for reason, name in ((reason, KEY_EXPRESSIONS[reason][0]) for reason, _label in REASONS)
        }
        customers = query.select(
            SQL("%s AS id", columns["id"]),
            SQL("%s AS company_id", columns["company_id"]),
            *(SQL("%s AS %s", key, SQL.identifier(f"{reason}_key")) for reason, key in keys.items()),
        )
        rows = self.env.execute_query(
            SQL(
                """
                WITH customer AS (%s)
                SELECT key.reason, key.value, array_agg(customer.id ORDER BY customer.id)
                FROM customer
                CROSS JOIN LATERAL (
                    VALUES ('rfc', rfc_key), ('email', email_key), ('phone', phone_key)
                ) AS key(reason, value)
                WHERE length(key.value) > 1
                    AND NOT (key.reason = 'rfc' AND key.value = ANY(%s))
                    AND (key.reason <> 'phone' OR length(key.value) = %s)
                GROUP BY key.reason, key.value
                -- customers of different companies only are no duplicates; who has no company is of all of them
                HAVING count(*) > 1 AND count(*) > count(DISTINCT customer.company_id)
                ORDER BY count(*) DESC, key.reason DESC, key.value
                LIMIT %s
                """,
                customers,
                sorted(GENERIC_RFCS),
                PHONE_DIGITS,
                limit,
            )
        )
        return [{"reason": reason, "value": value, "ids": ids} for reason, value, ids in rows]
