"""Duplicar: what a new customer takes from the one it is made from. The one place where that is decided.

Every field of the card (fields.csv of the contract, and every field that this addon gives ``res.partner``) stands in
one of the four groups below; a test refuses a field that stands in none until somebody decides.
"""

from odoo import api, models

# The same for all companies: how the customer is taxed, classified, attended and served.
COPIED = frozenset(
    {
        "addenda_template_id",
        "allowed_carrier_ids",
        "category_id",
        "cfdi_payment_form",
        "cfdi_payment_method",
        "cfdi_tax_regime",
        "cfdi_use",
        "cfdi_zip",
        "channel_id",
        "company_id",
        "country_id",
        "customer_class",
        "industry_id",
        "lang",
        "no_email",
        "notify_owner",
        "user_id",
        "zone_id",
    }
)
# The same, but with a value in each company.
COPIED_PER_COMPANY = frozenset(
    {
        "credit_days",
        "credit_limit",
        "property_account_position_id",
        "property_delivery_carrier_id",
        "property_payment_term_id",
        # the price list is computed from country and groups unless it was chosen
        "specific_property_product_pricelist",
    }
)
# Who the new customer is: asked for. The legal name may be left out.
GIVEN = frozenset({"name", "vat", "email", "phone", "cfdi_legal_name", "marketing_opt_in"})
NOT_COPIED = {
    **dict.fromkeys(
        (
            *(
                f"{kind}_{part}"
                for kind in ("billing", "shipping")
                for part in (
                    "address_id",
                    "street_name",
                    "colony",
                    "city",
                    "state_id",
                    "zip",
                    "country_id",
                    "street_number",
                    "street_number2",
                )
            ),
            "address_ids",
            "delivery_blocked",
            "delivery_blocked_reason",
            "delivery_hours",
            "delivery_notes",
            *(
                f"delivery_{day}"
                for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
            ),
            "is_default_billing",
            "is_default_shipping",
            "map_url",
            "billing_zip_filled",
            "shipping_zip_filled",
            "zip_filled",
            "zip_warning",
        ),
        "the new customer has an address of its own",
    ),
    **dict.fromkeys(("firstname", "lastname", "person_type"), "part of who it is: from its name and RFC"),
    **dict.fromkeys(
        ("ref", "customer_number_key", "customer_rfc_key", "customer_email_key"), "its own number, RFC and e-mail"
    ),
    **dict.fromkeys(("comment", "campaign_notes", "campaign_id", "medium_id", "source_id"), "said about the original"),
    **dict.fromkeys(("customer_contact_ids", "contact_role_ids", "contact_initials"), "people of the original"),
    "exclusive_product_tmpl_ids": "made for the original alone",
    **dict.fromkeys(("stp_account_id", "points_card_code", "action_change_store_password"), "its own account"),
    **dict.fromkeys(
        ("affiliate_type_id", "referral_rate", "referred_by_id"), "an agreement with a person, and with its money"
    ),
    **dict.fromkeys(("default_cart_id",), "a quotation of the original"),
    **dict.fromkeys(("capture_origin", "from_lead", "create_date", "write_date"), "how the record came to be"),
    **dict.fromkeys(
        (
            "activity_done_count",
            "activity_not_started_count",
            "activity_total_count",
            "advance_balance",
            "average_sale",
            "collected",
            "commission_total",
            "credit_authorization_count",
            "credit_available",
            "credit_note_applied",
            "credit_note_balance",
            "credit_note_unstamped_count",
            "customer_activity_ids",
            "cfdi_pending_payment_count",
            "customer_case_ids",
            "customer_card_ids",
            "customer_cfdi_count",
            "customer_change_ids",
            "customer_commission_ids",
            "customer_file_ids",
            "customer_history_ids",
            "customer_invoice_count",
            "customer_line_ids",
            "customer_log_ids",
            "customer_opportunity_count",
            "customer_order_count",
            "customer_order_ids",
            "customer_policy_ids",
            "customer_ticket_ids",
            "document_activity_ids",
            "event_count",
            "event_held_count",
            "event_not_held_count",
            "event_planned_count",
            "file_count",
            "file_pending_count",
            "file_rejected_count",
            "file_valid_count",
            "first_activity_date",
            "first_event_date",
            "first_sale_date",
            "helpdesk_ticket_ids",
            "invoice_balance",
            "invoice_overdue",
            "invoiced_total",
            "last_activity_date",
            "last_event_date",
            "last_log_date",
            "last_sale_date",
            "next_log_date",
            "oldest_debt_date",
            "open_case_count",
            "overdue_balance",
            "pending_sale_count",
            "points_balance",
            "points_issued",
            "points_used",
            "policy_amount",
            "policy_available",
            "policy_consumed",
            "receivable_balance",
            "services_sold",
            "sold_authorized",
            "sold_reserved",
            "uninvoiced_balance",
            "uninvoiced_overdue",
            "unstamped_invoice_count",
        ),
        "what the original did, has and owes",
    ),
    **dict.fromkeys(
        (
            "credit_kind",
            "credit_light",
            "credit_light_reason",
            "duplicate_customer_ids",
            "duplicate_warning",
            "identity_warning",
            "invoice_missing",
            "missing_file_type_ids",
        ),
        "computed from the values of the new customer",
    ),
    "property_product_pricelist": "computed; what was chosen is copied (specific_property_product_pricelist)",
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _copy_customer(self, vals_list):
        """Create customers on the terms of this one.

        :param list vals_list: of each new customer, its own values and those that differ from the original's
        :return: the new customers
        """
        self.ensure_one()
        copied = {name: self._fields[name].convert_to_write(self[name], self) for name in COPIED}
        # The RFC tells a company from a natural person; one that says nothing (generic, foreign) leaves it at the
        # original's. Not company_type: its inverse writes record by record.
        kinds = [{} if self._person_of_rfc(vals.get("vat")) else {"is_company": self.is_company} for vals in vals_list]
        customers = self.create(
            [{**copied, "customer_rank": 1, **kind, **vals} for kind, vals in zip(kinds, vals_list, strict=True)]
        )
        customers._copy_company_terms(self, set().union(*vals_list))
        return customers

    @api.model
    def _copied_companies(self, source):
        """The companies of the user in which the copy has the terms of the original."""
        companies = self.env.user.company_ids
        return companies & source.company_id if source.company_id else companies

    def _copy_company_terms(self, source, given=()):
        """Give the customers in self the terms that ``source`` has in each company, but for the fields ``given``."""
        for company in self._copied_companies(source):
            # sudo: whoever may create customers need not see the credit that the rules above give them
            origin = source.sudo().with_company(company)
            values = {
                name: origin._fields[name].convert_to_write(origin[name], origin)
                for name in COPIED_PER_COMPANY
                if not (name in given and company == self.env.company)
            }
            self.sudo().with_company(company).write(values)
