from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """The files of a customer, which are its attachments, and those that it still has to hand in."""

    _inherit = "res.partner"

    customer_file_ids = fields.One2many(
        comodel_name="ir.attachment",
        inverse_name="res_id",
        string="Files",
        domain=[("res_field", "=", False)],
        context={"default_res_model": "res.partner"},
        groups="base.group_user",
        help="Documents of the customer: the same files as in the chatter, with their type, review and expiry date.",
    )
    missing_file_type_ids = fields.Many2many(
        comodel_name="customer.file.type",
        string="Missing Files",
        compute="_compute_missing_file_type_ids",
        compute_sudo=True,
        search="_search_missing_file_type_ids",
        groups="base.group_user",
        help="Types of file that this customer must have and has not: not handed in, rejected or expired.",
    )

    # Not on the files: a dependency on attachments would cost every attachment of Odoo. They invalidate this field.
    @api.depends("country_id", "credit_days", "credit_limit", "customer_rank", "is_company", "parent_id", "vat")
    @api.depends_context("company")
    def _compute_missing_file_type_ids(self):
        types = self.env["customer.file.type"].search([("requirement", "!=", "optional")])
        missing = defaultdict(types.browse)
        present = self._present_file_types(types)
        for file_type in types:
            for partner in self.filtered_domain(file_type._required_domain()):
                if (partner._origin.id, file_type.id) not in present:
                    missing[partner] += file_type
        for partner in self:
            partner.missing_file_type_ids = missing[partner]

    @api.model
    def _search_missing_file_type_ids(self, operator, value):
        """Customers that lack a file of these types; with False, those that lack none."""
        types = self.env["customer.file.type"].search([("requirement", "!=", "optional")])
        if operator == "any":
            return self._missing_files_domain(types.filtered_domain(value))
        if operator != "in":
            return NotImplemented
        domain = self._missing_files_domain(types.filtered(lambda file_type: file_type.id in value))
        if False in value:
            domain |= ~self._missing_files_domain(types)
        return domain

    @api.model
    def _missing_files_domain(self, types):
        """Domain of the customers that lack a file of one of these types.

        Found as the system, whose credit and files not everybody may read; what is searched with it keeps its rules.
        """
        customers = self.sudo().with_context(active_test=False)
        files = self.env["ir.attachment"].sudo()
        domain = Domain.OR(
            file_type._required_domain()
            & Domain("id", "not in", files._search(self._present_file_domain(file_type)).subselect("res_id"))
            for file_type in types.sudo()
        )
        if domain.is_false():
            return domain
        return Domain("id", "in", customers._search(domain))

    @api.model
    def _present_file_domain(self, types):
        """Domain of the files that count: handed in, not rejected and not expired."""
        return (
            self.env["ir.attachment"]._customer_file_domain()
            & Domain("res_id", "!=", False)
            & Domain("customer_file_type_id", "in", types.ids)
            & Domain("customer_file_state", "in", ("pending", "valid"))
            & (
                Domain("customer_file_expires_on", "=", False)
                | Domain("customer_file_expires_on", ">=", self.env.company._business_today())
            )
        )

    def _present_file_types(self, types):
        """Which of these types the customers in self have.

        :return: {(partner id, type id)}
        """
        ids = self._origin.ids
        if not types or not ids:
            return set()
        rows = (
            self.env["ir.attachment"]
            .sudo()
            ._read_group(
                self._present_file_domain(types) & Domain("res_id", "in", ids), ["res_id", "customer_file_type_id"]
            )
        )
        return {(partner_id, file_type.id) for partner_id, file_type in rows}

    def action_customer_files(self):
        """List the files of this customer and its contacts, with filters; new ones can be added there.

        :return: the action of the list
        :raise AccessError: for who may not read the customer
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("l10n_mx_customer.action_customer_files")
        domain = self.env["ir.attachment"]._customer_file_domain() & Domain("res_id", "in", self._members().ids)
        return {
            **action,
            "domain": list(domain),
            "context": {"default_res_model": "res.partner", "default_res_id": self.id},
        }
