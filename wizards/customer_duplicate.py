from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..models import sat_catalogs
from ..models.res_partner_tax import GENERIC_RFCS

# Shown for review and open to change in the new customer; what is not here is copied as it is.
REVIEWED = (
    "allowed_carrier_ids",
    "category_id",
    "cfdi_payment_form",
    "cfdi_payment_method",
    "cfdi_tax_regime",
    "cfdi_use",
    "cfdi_zip",
    "no_email",
    "notify_owner",
    "property_delivery_carrier_id",
    "user_id",
)


class CustomerDuplicate(models.TransientModel):
    """Duplicar: a new customer on the terms of another. ``models/res_partner_copy.py`` says what is copied.

    Over RPC in two calls: ``create({'source_id': 7, 'name': ..., 'vat': ..., 'email': ..., 'phone': ...})``, then
    ``action_duplicate([id])``, which creates the customer and answers the action that opens it (``res_id``). Whatever
    else the first call gives (``cfdi_use``, ``user_id``...) is used instead of the original's.
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
        help="Customer whose terms the new one gets. It stays as it is.",
    )
    name = fields.Char(required=True, help="Trade name of the new customer.")
    vat = fields.Char(string="RFC", required=True, help="RFC of the new customer, which no other customer has.")
    email = fields.Char(string="E-mail", required=True, help="Main e-mail of the new customer.")
    phone = fields.Char(required=True, help="Main phone of the new customer, with its ten digits.")
    cfdi_legal_name = fields.Char(string="Legal Name", help="As in the Constancia; empty, the name is used.")
    marketing_opt_in = fields.Boolean(
        string="Subscribed to Marketing",
        help="Only if the new customer has agreed: the consent of the original is not its consent.",
    )
    # What the original has, open to change before the new customer is saved.
    cfdi_zip = fields.Char(string="RFC Postal Code", compute="_compute_reviewed", store=True, readonly=False)
    cfdi_tax_regime = fields.Selection(
        sat_catalogs.TAX_REGIMES, string="Tax Regime", compute="_compute_reviewed", store=True, readonly=False
    )
    cfdi_use = fields.Selection(
        sat_catalogs.CFDI_USES, string="CFDI Use", compute="_compute_reviewed", store=True, readonly=False
    )
    cfdi_payment_method = fields.Selection(
        sat_catalogs.PAYMENT_METHODS, string="Payment Method", compute="_compute_reviewed", store=True, readonly=False
    )
    cfdi_payment_form = fields.Selection(
        sat_catalogs.PAYMENT_FORMS, string="Payment Form", compute="_compute_reviewed", store=True, readonly=False
    )
    user_id = fields.Many2one(
        "res.users", string="Salesperson", compute="_compute_reviewed", store=True, readonly=False
    )
    category_id = fields.Many2many(
        "res.partner.category", string="Tags", compute="_compute_reviewed", store=True, readonly=False
    )
    no_email = fields.Boolean(string="Send No E-mail", compute="_compute_reviewed", store=True, readonly=False)
    notify_owner = fields.Boolean(string="Notify the Owner", compute="_compute_reviewed", store=True, readonly=False)
    allowed_carrier_ids = fields.Many2many(
        "delivery.carrier", string="Available Shipping", compute="_compute_reviewed", store=True, readonly=False
    )
    property_delivery_carrier_id = fields.Many2one(
        "delivery.carrier", string="Delivery Method", compute="_compute_reviewed", store=True, readonly=False
    )
    # For review only: a duplicate gets what the original has, it is not a way to change credit.
    property_product_pricelist = fields.Many2one(related="source_id.property_product_pricelist")
    property_payment_term_id = fields.Many2one(related="source_id.property_payment_term_id")
    credit_limit = fields.Float(
        related="source_id.credit_limit",
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    credit_days = fields.Integer(related="source_id.credit_days")
    currency_id = fields.Many2one(related="source_id.currency_id")

    @api.depends("source_id")
    def _compute_reviewed(self):
        for wizard in self:
            for name in REVIEWED:
                wizard[name] = wizard.source_id.commercial_partner_id[name]

    def action_duplicate(self):
        """Create the customer; the original stays as it is.

        :return: the action that opens the new customer's form; its id is ``res_id``
        :raise UserError: the e-mail or the phone is not one, or the RFC or the e-mail is another customer's
        :raise ValidationError: the RFC is not valid
        """
        self.ensure_one()
        source = self.source_id.commercial_partner_id
        problems = self._row_problems([self._identity()], source)[0]
        if problems:
            raise UserError("\n".join(problem["message"] for problem in problems))
        customer = source._copy_customer([self._prepare_customer_vals()])
        return customer._action_open_card()

    def _identity(self):
        return {name: self[name] for name in ("name", "vat", "email", "phone")}

    def _prepare_customer_vals(self):
        return {
            **self._identity(),
            "cfdi_legal_name": self.cfdi_legal_name,
            **{name: self._fields[name].convert_to_write(self[name], self) for name in ("marketing_opt_in", *REVIEWED)},
        }

    # ------------------------------------------------------------------
    # Business: what is wrong with new customers, before any is created
    # ------------------------------------------------------------------

    @api.model
    def _row_problems(self, rows, source, numbers=None):
        """What is wrong with the identity of each new customer, in a fixed number of queries.

        :param list rows: dictionaries of name, vat, email and phone
        :param source: the original, whose company and country the new ones get
        :param list numbers: how the rows are called in the messages; 1, 2... if not given
        :return: for each row a list of ``{'field', 'value', 'message'}``, empty when it is right
        """
        unique = source._unique_names()
        keys = [self._identity_keys(row, unique) for row in rows]
        holders = self._identity_holders(keys, source)
        seen = {}
        problems = []
        for number, row, row_keys in zip(numbers or range(1, len(rows) + 1), rows, keys, strict=True):
            messages = {name: message for name, message in self._value_problems(row, source) if message}
            for name, key in row_keys.items():
                if name in messages:
                    continue
                first = seen.setdefault((name, key), number)
                if first != number:
                    messages[name] = self._repeated_message(name, row[name], first)
                elif (name, key) in holders:
                    messages[name] = self._taken_message(name, row[name], holders[name, key])
            problems.append([{"field": name, "value": row[name], "message": text} for name, text in messages.items()])
        return problems

    @api.model
    def _value_problems(self, row, source):
        """Pairs of field and message; no message where the value is right."""
        labels = self._identity_labels()
        for name, label in labels.items():
            if not (row.get(name) or "").strip():
                yield name, self.env._("%(label)s: it is empty; a value is expected.", label=label)
            elif name == "vat":
                yield name, self._rfc_problem(row)
            elif name == "email" and not email_normalize(row[name]):
                yield (
                    name,
                    self.env._(
                        "E-mail: “%(value)s” is not valid; one address such as ventas@cliente.mx is expected.",
                        value=row[name],
                    ),
                )
            elif name == "phone" and not self.env["res.partner"]._phone_format(
                number=row[name], country=source.country_id or self.env.company.country_id
            ):
                yield (
                    name,
                    self.env._(
                        "Phone: “%(value)s” is not valid; ten digits are expected, such as 55 5555 0101.",
                        value=row[name],
                    ),
                )

    @api.model
    def _rfc_problem(self, row):
        partners = self.env["res.partner"]
        number = partners._normalize_tax_vals({"vat": row["vat"]})["vat"]
        try:
            partners._check_rfc(number, row.get("name") or "")
        except UserError as error:
            return str(error)
        return None

    @api.model
    def _identity_keys(self, row, unique):
        """:return: {field: normalised value} of what no other customer may have"""
        number = self.env["res.partner"]._normalize_tax_vals({"vat": row.get("vat") or ""})["vat"]
        keys = {
            "vat": "" if number in GENERIC_RFCS else number,
            "email": email_normalize(row.get("email") or "", strict=False) or "",
        }
        return {name: key for name, key in keys.items() if key and name in unique}

    @api.model
    def _identity_holders(self, keys, source):
        """:return: {(field, value): customer} of the values that customers of the original's companies have"""
        holders = {}
        # sudo: other people's customers count too, and the message names the one that has the value
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        for name, column in (("vat", "vat"), ("email", "email_normalized")):
            wanted = {row_keys[name] for row_keys in keys if name in row_keys}
            domain = [(column, "in", sorted(wanted)), ("parent_id", "=", False), ("customer_rank", ">", 0)]
            if source.company_id:
                domain.append(("company_id", "in", [False, source.company_id.id]))
            for partner in partners.search(domain, order="id") if wanted else ():
                holders.setdefault((name, partner[column]), partner)
        return holders

    @api.model
    def _identity_labels(self):
        return {
            "name": self.env._("Name"),
            "vat": self.env._("RFC"),
            "email": self.env._("E-mail"),
            "phone": self.env._("Phone"),
        }

    @api.model
    def _taken_message(self, name, value, holder):
        return self.env._(
            "%(label)s: “%(value)s” already belongs to %(name)s; one that no other customer has is expected.",
            label=self._identity_labels()[name],
            value=value,
            name=holder.display_name,
        )

    @api.model
    def _repeated_message(self, name, value, row):
        return self.env._(
            "%(label)s: “%(value)s” is in row %(row)s already; one that no other customer has is expected.",
            label=self._identity_labels()[name],
            value=value,
            row=row,
        )
