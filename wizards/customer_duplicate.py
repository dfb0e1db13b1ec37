from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..models.res_partner_tax import GENERIC_RFCS

# What a duplicate takes from the original: how it is taxed, classified and attended. Who it is (name, RFC, legal
# name, e-mail, phone, address, number, bank accounts), what it did (history, balances, files) and its portal user
# are its own.
COPIED_FIELDS = (
    "category_id",
    "cfdi_payment_form",
    "cfdi_payment_method",
    "cfdi_tax_regime",
    "cfdi_use",
    "cfdi_zip",
    "company_id",
    "company_type",
    "country_id",
    "industry_id",
    "lang",
    "user_id",
)
# The same, but with a value in each company.
COPIED_COMPANY_FIELDS = (
    "credit_days",
    "credit_limit",
    "property_account_position_id",
    "property_payment_term_id",
)


class CustomerDuplicate(models.TransientModel):
    """Duplicar: a new customer on the terms of another.

    Over RPC in two calls: ``create({'source_id': 7, 'name': ..., 'vat': ..., 'email': ..., 'phone': ...})``, then
    ``action_duplicate([id])``, which creates the customer and answers the action that opens it (``res_id``).
    """

    _name = "customer.duplicate"
    _description = "Duplicate a Customer"

    source_id = fields.Many2one(
        "res.partner",
        string="Original",
        required=True,
        readonly=True,
        ondelete="cascade",
        default=lambda self: self.env.context.get("active_id"),
    )
    name = fields.Char(required=True)
    vat = fields.Char(string="RFC", required=True)
    email = fields.Char(string="E-mail", required=True)
    phone = fields.Char(required=True)
    cfdi_legal_name = fields.Char(string="Legal Name", help="As in the Constancia; empty, the name is used.")
    # For review only: a duplicate gives what the original has, it is not a way to change credit.
    user_id = fields.Many2one(related="source_id.user_id")
    category_id = fields.Many2many(related="source_id.category_id", string="Tags")
    cfdi_zip = fields.Char(related="source_id.cfdi_zip")
    cfdi_tax_regime = fields.Selection(related="source_id.cfdi_tax_regime")
    cfdi_use = fields.Selection(related="source_id.cfdi_use")
    cfdi_payment_method = fields.Selection(related="source_id.cfdi_payment_method")
    cfdi_payment_form = fields.Selection(related="source_id.cfdi_payment_form")
    property_product_pricelist = fields.Many2one(related="source_id.property_product_pricelist")
    property_payment_term_id = fields.Many2one(related="source_id.property_payment_term_id")
    credit_limit = fields.Float(related="source_id.credit_limit", groups="base.group_user")
    credit_days = fields.Integer(related="source_id.credit_days")
    currency_id = fields.Many2one(related="source_id.currency_id")

    def action_duplicate(self):
        """Create the customer; the original stays as it is.

        :return: the action that opens the new customer's form; its id is ``res_id``
        :raise UserError: the e-mail is not one, or the RFC is another customer's
        :raise ValidationError: the RFC is not valid
        """
        self.ensure_one()
        self._check_identity()
        source = self.source_id.commercial_partner_id
        customer = self.env["res.partner"].create(self._prepare_customer_vals(source))
        self._copy_company_fields(source, customer)
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": customer.id,
            "views": [(self.env.ref("l10n_mx_customer.view_customer_form").id, "form")],
        }

    def _check_identity(self):
        if not email_normalize(self.email):
            raise UserError(
                self.env._(
                    "E-mail: “%(value)s” is not valid; one address such as ventas@cliente.mx is expected.",
                    value=self.email,
                )
            )
        # Other people's customers count too: the message names the one that has the RFC.
        number = self.env["res.partner"]._normalize_tax_vals({"vat": self.vat})["vat"]
        if number in GENERIC_RFCS:
            return
        other = (
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [("vat", "=", number), ("parent_id", "=", False), ("company_id", "in", (False, self.env.company.id))],
                limit=1,
            )
        )
        if other:
            raise UserError(
                self.env._("RFC: “%(value)s” already belongs to %(name)s.", value=number, name=other.display_name)
            )

    def _prepare_customer_vals(self, source):
        return {
            **{
                name: self.env["res.partner"]._fields[name].convert_to_write(source[name], source)
                for name in COPIED_FIELDS
            },
            "customer_rank": 1,
            "name": self.name,
            "vat": self.vat,
            "email": self.email,
            "phone": self.phone,
            "cfdi_legal_name": self.cfdi_legal_name,
        }

    def _copy_company_fields(self, source, customer):
        # With sudo: whoever may create customers need not see the credit that the copy rules give them.
        for company in self.env.user.company_ids:
            origin = source.sudo().with_company(company)
            values = {
                name: origin._fields[name].convert_to_write(origin[name], origin) for name in COPIED_COMPANY_FIELDS
            }
            # The price list is computed from country and groups unless it was chosen.
            values["specific_property_product_pricelist"] = origin.specific_property_product_pricelist.id
            customer.sudo().with_company(company).write(values)
