from odoo import api, models
from odoo.exceptions import ValidationError

# Tax data that customers keep themselves on their page of the portal and at the checkout of the shop, besides Odoo's
# own: name, e-mail, phone, address, RFC. The rest of the card is the company's.
PORTAL_TAX_FIELDS = ("cfdi_legal_name", "cfdi_zip", "cfdi_tax_regime", "cfdi_use")
# What is checked of a form before anything is written, in this order, whoever fills it in.
PORTAL_CHECKS = ("_check_customer_rfc", "_check_cfdi_zip", "_check_tax_regime_and_use")


class ResPartner(models.Model):
    """What a customer may change of its own card, from its pages."""

    _inherit = "res.partner"

    def _get_frontend_writable_fields(self):
        return super()._get_frontend_writable_fields() | set(PORTAL_TAX_FIELDS)

    def can_edit_vat(self):
        """Whether the customer itself may change its RFC: not once there are documents with it, a CFDI among them.

        Odoo asks for posted invoices and sent orders; a stamped CFDI may outlive them.

        :rtype: bool
        """
        return super().can_edit_vat() and not self._has_stamped_cfdi()

    def _has_stamped_cfdi(self):
        self.ensure_one()
        domain = [("partner_id", "child_of", self.commercial_partner_id.id), ("uuid", "!=", False)]
        # Sudo: customers do not read the legal documents' model, and a document of any company counts.
        return bool(self.env["customer.cfdi"].sudo().search_count(domain, limit=1))

    @api.model
    def _portal_wrong_codes(self, form_data):
        """:return: {field: message} for the SAT codes of a form that do not exist; the ORM has no message for users"""
        return {
            name: problem
            for name in PORTAL_TAX_FIELDS
            if self._fields[name].type == "selection"
            and name in form_data
            and (problem := self._value_problem(name, (form_data[name] or "").strip()))
        }

    def _portal_tax_problems(self, values):
        """What is wrong with the tax data of a form; what it leaves as it was is not looked at again.

        Not left to the constraints alone: who fills in the form may not be a customer yet, and its first invoice would
        meet the error.

        :param dict values: of the form; self is who is changed, empty for somebody new
        :return: {field: message}
        """
        changed = {
            name
            for name in (*PORTAL_TAX_FIELDS, "vat", "country_id")
            if name in values and (values[name] or False) != self._fields[name].convert_to_cache(self[name], self)
        }
        problems = {}
        if "cfdi_legal_name" in changed and self.cfdi_legal_name and not self.can_edit_vat():
            problems["cfdi_legal_name"] = self.env._(
                "%(label)s: it cannot be changed here once documents have been issued to you with it. "
                "Please contact us for this.",
                label=self._card_label("cfdi_legal_name"),
            )
        if not changed - {"cfdi_legal_name"}:
            return problems
        told = self._normalize_tax_vals({name: value for name, value in values.items() if name in self._fields})
        candidate = self.new({**told, "customer_rank": 1}, origin=self)
        for check in PORTAL_CHECKS:
            message = candidate._message_of_check(check)
            if message:
                name = self._field_of_message(message, (*PORTAL_TAX_FIELDS, "vat")) or "vat"
                problems.setdefault(name, message)
        return problems

    def _message_of_check(self, check):
        try:
            getattr(self, check)()
        except ValidationError as error:
            return error.args[0]
        return None

    @api.model
    def _field_of_message(self, message, names):
        """The field among these whose label a message begins with: errors of the card name their field first."""
        for name in names:
            for label in (self._card_label(name), self._fields[name]._description_string(self.env)):
                if message.startswith((f"{label}:", f"{label} (")):
                    return name
        return None
