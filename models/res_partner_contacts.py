from odoo import api, fields, models

# A contact typed on a customer's card is a person of that customer, whatever the defaults of the list that the card
# was opened from: those are for customers.
CONTACT_CONTEXT = {"default_type": "contact", "default_is_company": False, "default_customer_rank": 0}
INITIALS = 3


class ResPartner(models.Model):
    """The persons of a customer, with what each of them does there, and its log."""

    _inherit = "res.partner"

    customer_contact_ids = fields.One2many(
        comodel_name="res.partner",
        inverse_name="parent_id",
        string="Contacts",
        domain=[("type", "=", "contact"), ("active", "=", True)],
        context=CONTACT_CONTEXT,
        help="Persons of the customer: who orders, who pays, who receives. Its addresses are not among them.",
    )
    contact_role_ids = fields.Many2many(
        comodel_name="customer.contact.role",
        relation="customer_contact_role_rel",
        column1="partner_id",
        column2="role_id",
        string="Roles",
        help="What this contact does at the customer, such as purchases or payments. One can have several roles.",
    )
    contact_initials = fields.Char(
        string="Initials",
        compute="_compute_contact_initials",
        help="First letters of the name.",
    )
    customer_log_ids = fields.One2many(
        comodel_name="customer.log",
        inverse_name="partner_id",
        string="Log",
        groups="l10n_mx_customer.group_customer_user",
        help="What was said and done with the customer, the latest first.",
    )

    @api.depends("name")
    def _compute_contact_initials(self):
        for partner in self:
            words = [word for word in (partner.name or "").split() if word[0].isalnum()]
            partner.contact_initials = "".join(word[0].upper() for word in words[:INITIALS])

    @api.model_create_multi
    def create(self, vals_list):
        """Entries given with a new customer come after it: Odoo subscribes whoever creates a customer without a look at
        its followers, and an entry with a follow-up has an activity, whose assignee follows it already."""
        entries = [vals.get("customer_log_ids") for vals in vals_list]
        if not any(entries):
            return super().create(vals_list)
        partners = super().create(
            [{name: value for name, value in vals.items() if name != "customer_log_ids"} for vals in vals_list]
        )
        for partner, commands in zip(partners, entries, strict=True):
            if commands:
                partner.customer_log_ids = commands
        return partners

    def action_customer_contacts(self):
        """List the contacts of this customer, with filters by role and tag.

        :return: the action of the list
        :raise AccessError: for who may not read the customer
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_contacts")
        return {
            **action,
            "domain": [("parent_id", "=", self.id), ("type", "=", "contact")],
            "context": {**CONTACT_CONTEXT, "default_parent_id": self.id},
        }

    def action_customer_log(self):
        """List the log of this customer, with filters; new entries are of this customer.

        :return: the action of the list
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_log")
        return {
            **action,
            "domain": [("partner_id", "=", self.commercial_partner_id.id)],
            "context": {"default_partner_id": self.commercial_partner_id.id},
        }
