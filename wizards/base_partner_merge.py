import json

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# The terms of credit of a company go together: days and payment term say the same.
CREDIT_TERMS = ("credit_days", "credit_limit", "property_payment_term_id")


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Odoo's merge of contacts, for customers.

    It moves documents by SQL and writes what the destination lacks. For a customer that leaves figures of before the
    merge, values that nobody may write, and unique values which two records would have for a moment.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids).exists()
        owners = partners.sudo().commercial_partner_id
        result = super()._merge(partner_ids, dst_partner, extra_checks and not self._may_merge_customers(partners))
        merged = partners.exists()
        if len(merged) == 1 < len(partners):
            self._settle_customers(merged.sudo(), owners.exists() | merged.sudo().commercial_partner_id)
        return result

    @api.model
    def _may_merge_customers(self, partners):
        """Whether the user may merge customers whose e-mails differ.

        Odoo leaves that to the administrator, because a contact's e-mail may be a user's log-in. Customers with one
        RFC and without users are a mistake that whoever administers customers may mend.
        """
        customers = partners.sudo()
        return (
            self.env.user.has_group("l10n_mx_customer.group_customer_manager")
            and all(partner.customer_rank > 0 and not partner.parent_id for partner in customers)
            and not customers.with_context(active_test=False).user_ids
            and len(set(customers.mapped("vat"))) == 1
            and customers[:1].vat
        )

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        self._break_referral_cycles(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    @api.model
    def _update_reference_fields(self, src_partners, dst_partner):
        # Odoo fills each company-dependent column by itself: a customer with cash terms would get another's days.
        before = self._company_values(dst_partner)
        result = super()._update_reference_fields(src_partners, dst_partner)
        decided = {company for values in before.values() for company in values}
        for name, values in self._company_values(dst_partner).items():
            kept = {company: value for company, value in values.items() if company not in decided} | before[name]
            if kept != values:
                self._store_company_values(dst_partner, name, kept)
        dst_partner.invalidate_recordset(CREDIT_TERMS, flush=False)
        return result

    @api.model
    def _update_values(self, src_partners, dst_partner):
        # Number, RFC and e-mail go over to the destination while the sources still exist.
        src_partners.sudo()._release_identity_keys()
        return super()._update_values(src_partners, dst_partner.with_context(customer_merge=True))

    @api.model
    def _break_referral_cycles(self, src_partners, dst_partner):
        """Who was referred, through however many others, by a record that is about to be himself was by nobody."""
        merged = (src_partners | dst_partner).sudo()
        for partner in merged:
            referrer, seen = partner.referred_by_id, merged.browse()
            while referrer and referrer not in seen:
                if referrer in merged:
                    partner.referred_by_id = False
                    break
                seen |= referrer
                referrer = referrer.referred_by_id

    @api.model
    def _company_values(self, partner):
        """:return: {field of CREDIT_TERMS: {company id, as text: value}}"""
        partner.flush_recordset(CREDIT_TERMS)
        columns = SQL(", ").join(SQL.identifier(name) for name in CREDIT_TERMS)
        [row] = self.env.execute_query(SQL("SELECT %s FROM res_partner WHERE id = %s", columns, partner.id))
        return {name: value or {} for name, value in zip(CREDIT_TERMS, row, strict=True)}

    @api.model
    def _store_company_values(self, partner, name, values):
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET %s = %s::jsonb WHERE id = %s",
                SQL.identifier(name),
                json.dumps(values) if values else None,
                partner.id,
            )
        )

    @api.model
    def _settle_customers(self, merged, owners):
        """Bring in order what SQL moved: whose each order is, the terms of contacts, and the figures."""
        self.env.invalidate_all()
        orders = self.env["sale.order"].sudo()
        moved = orders.search(
            Domain("partner_id", "=", merged.id)
            & Domain("commercial_partner_id", "!=", merged.commercial_partner_id.id)
        )
        self.env.add_to_compute(orders._fields["commercial_partner_id"], moved)
        children = merged.with_context(active_test=False).child_ids
        self.env.add_to_compute(merged._fields["complete_name"], children)
        if merged.commercial_partner_id == merged:
            merged._commercial_sync_to_descendants()
        self.env["customer.figure.pending"].sudo()._mark(owners)
        self.env.flush_all()
