from odoo import api, fields, models
from odoo.tools import html2plaintext


class MailTrackingValue(models.Model):
    """Tracked changes of the customer's card: terms of one company, and notes in HTML, which Odoo does not track."""

    _inherit = "mail.tracking.value"

    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        ondelete="cascade",
        help="Company whose value changed, of a field that has one for each company (credit limit, price list...): "
        "only its users see the change.",
    )

    @api.model
    def _create_tracking_values(self, initial_value, new_value, col_name, col_info, record):
        if col_info["type"] == "html":
            col_info = col_info | {"type": "text"}
            initial_value = html2plaintext(initial_value or "")
            new_value = html2plaintext(new_value or "")
        values = super()._create_tracking_values(initial_value, new_value, col_name, col_info, record)
        if record._name == "res.partner" and record._is_company_term(col_name):
            values["company_id"] = record.env.company.id
        return values

    def _filter_has_field_access(self, env):
        return super()._filter_has_field_access(env)._filter_company(env)

    def _filter_free_field_access(self):
        # These go to any follower by e-mail: the terms of a company do not.
        return super()._filter_free_field_access().filtered(lambda value: not value.company_id)

    def _filter_company(self, env):
        if env.su:
            return self
        companies = env.user._get_company_ids()
        return self.filtered(lambda value: not value.company_id or value.company_id.id in companies)

    def _format_display_value(self, field_type, new=True):
        return super()._format_display_value("text" if field_type == "html" else field_type, new=new)
