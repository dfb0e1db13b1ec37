from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.res_partner_portal import PORTAL_TAX_FIELDS


class CustomerCardPortal(CustomerPortal):
    """The customer's own pages, /my/account and /my/addresses, and the shop's, which are made of the same methods.

    Customers keep their tax data themselves, under the rules of the card; what is wrong is said beside the form, where
    Odoo's own pages know only their own checks and would show the error of a broken page.
    """

    def _prepare_address_form_values(self, partner_sudo, *args, **kwargs):
        values = super()._prepare_address_form_values(partner_sudo, *args, **kwargs)
        if request.env.company.country_code != "MX":
            return values
        partners = request.env["res.partner"]
        customer = values["commercial_partner"]
        values.update(
            {
                # the shop hides RFC and company name unless it is told; who wants an invoice needs them
                "display_b2b_fields": True,
                "vat_label": partners._card_label("vat"),
                # tax data are the customer's: its contacts see them on their own page, and change nothing
                "show_tax_data": values["is_used_as_billing"] and values["is_main_address"],
                "tax_data_editable": values["is_commercial_address"],
                "legal_name_editable": values["is_commercial_address"]
                and (not customer.cfdi_legal_name or customer.can_edit_vat()),
                "tax_labels": {name: partners._card_label(name) for name in PORTAL_TAX_FIELDS},
                "cfdi_tax_regimes": partners._fields["cfdi_tax_regime"].selection,
                "cfdi_uses": partners._fields["cfdi_use"].selection,
            }
        )
        return values

    def _create_or_update_address(self, partner_sudo, **form_data):
        """Odoo's, with the answer that its pages expect for whatever the card refuses.

        :return: the partner and the feedback, as Odoo's: ``invalid_fields`` and ``messages``, or ``redirectUrl``
        """
        # a message names the customer, not its whole address
        partner_sudo = partner_sudo.with_context(show_address=False)
        invalid = request.env["res.partner"]._portal_wrong_codes(form_data)
        if invalid:
            return partner_sudo, {"invalid_fields": list(invalid), "messages": list(invalid.values())}
        try:
            # What was written before the refusal goes: the answer is an ordinary page, which would be committed.
            with request.env.cr.savepoint():
                return super()._create_or_update_address(partner_sudo, **form_data)
        except (AccessError, MissingError):
            raise
        except UserError as error:
            message = str(error.args[0])
            partners = request.env["res.partner"]
            names = [name for name in form_data if name in partners._fields]
            # never no field at all: the shop would take the answer for a success
            named = partners._field_of_message(message, names) or "name"
            return partner_sudo, {"invalid_fields": [named], "messages": message.splitlines()}

    def _validate_address_values(self, address_values, partner_sudo, *args, **kwargs):
        invalid, missing, messages = super()._validate_address_values(address_values, partner_sudo, *args, **kwargs)
        if not partner_sudo or partner_sudo == partner_sudo.commercial_partner_id:
            for name, message in partner_sudo._portal_tax_problems(address_values).items():
                if name not in invalid:
                    invalid.add(name)
                    messages.append(message)
        elif (company := partner_sudo.commercial_partner_id).is_company and address_values.pop(
            "company_name", company.name
        ) not in (company.name, "", False):
            # Odoo renames the company of a contact that writes another one; the card is not the contact's.
            invalid.add("company_name")
            messages.append(
                request.env._(
                    "The %(field_name)s is managed on your company account.",
                    field_name=request.env._("Company Name"),
                )
            )
        return invalid, missing, messages
