from odoo import api, fields, models
from odoo.exceptions import UserError

from .notification import notification

# CFDI states from which an invoice still has to be stamped; False: nothing was tried.
UNSTAMPED_STATES = (False, "sealed", "sent", "rejected", "discarded")
OF_CUSTOMER = "partner_id.commercial_partner_id"


class ResPartner(models.Model):
    """What one does for a customer from its card: new documents, its documents, its pending stamps.

    The ``action_new_*`` methods answer a window action with the customer filled in. An integration that makes the
    document itself calls ``create`` of the model with what the action's context has as ``default_*``.
    """

    _inherit = "res.partner"

    customer_order_count = fields.Integer(
        string="Number of Sales",
        compute="_compute_customer_order_count",
        groups="sales_team.group_sale_salesman",
        help="Quotations and sales of the customer and its contacts.",
    )
    customer_invoice_count = fields.Integer(
        string="Number of Invoices",
        compute="_compute_customer_invoice_count",
        groups="account.group_account_invoice,account.group_account_readonly",
        help="Invoices and credit notes of the customer and its contacts, drafts included.",
    )
    customer_opportunity_count = fields.Integer(
        string="Number of Opportunities",
        compute="_compute_customer_opportunity_count",
        groups="sales_team.group_sale_salesman",
        help="Deals of the customer and its contacts, won and lost ones included.",
    )
    customer_cfdi_count = fields.Integer(
        string="Number of CFDI",
        compute="_compute_customer_cfdi_count",
        groups="account.group_account_invoice,account.group_account_readonly",
        help="Legal documents of the customer.",
    )
    unstamped_invoice_count = fields.Integer(
        string="Documents to Stamp",
        compute="_compute_unstamped_invoice_count",
        groups="account.group_account_invoice",
        help="Posted invoices and credit notes of the customer, of Mexican companies, that have no stamped CFDI yet.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_order_count(self):
        self._set_document_count("customer_order_count", "sale.order")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_invoice_count(self):
        self._set_document_count("customer_invoice_count", "account.move")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_opportunity_count(self):
        self._set_document_count("customer_opportunity_count", "crm.lead")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_cfdi_count(self):
        self._set_document_count("customer_cfdi_count", "customer.cfdi")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_unstamped_invoice_count(self):
        self._set_document_count("unstamped_invoice_count", "account.move", self._unstamped_domain())

    # ------------------------------------------------------------------
    # Actions: new documents
    # ------------------------------------------------------------------

    def action_new_quotation(self):
        """A new quotation of the customer; confirmed, it is a sale.

        :return: a window action on ``sale.order``
        :raise AccessError: for who may not create one
        """
        return self._action_new("sale.order", self.env._("New Quotation"))

    def action_new_invoice(self):
        """A new invoice of the customer.

        :return: a window action on ``account.move``
        :raise AccessError: for who may not create one
        """
        return self._action_new("account.move", self.env._("New Invoice"), move_type="out_invoice")

    def action_new_credit_note(self):
        """A new credit note of the customer. One that reverses an invoice is made from the invoice.

        :return: a window action on ``account.move``
        :raise AccessError: for who may not create one
        """
        return self._action_new("account.move", self.env._("New Credit Note"), move_type="out_refund")

    def action_new_payment(self):
        """Money received from the customer.

        :return: a window action on ``account.payment``
        :raise AccessError: for who may not create one
        """
        return self._action_new(
            "account.payment", self.env._("New Payment"), payment_type="inbound", partner_type="customer"
        )

    def action_new_opportunity(self):
        """A new deal with the customer.

        :return: a window action on ``crm.lead``
        :raise AccessError: for who may not create one
        """
        return self._action_new("crm.lead", self.env._("New Opportunity"), type="opportunity")

    def action_new_log_entry(self):
        """A new entry of the customer's log (Bitácora).

        :return: a window action on ``customer.log``
        :raise AccessError: for who may not create one
        """
        return self._action_new("customer.log", self.env._("New Log Entry"), dialog=True)

    def action_new_activity(self):
        """An activity to do for the customer.

        :return: a window action on ``mail.activity.schedule``
        """
        self.ensure_one()
        action = self._action_new("mail.activity.schedule", self.env._("New Activity"), dialog=True, partner=False)
        return action | {"context": {"active_model": self._name, "active_ids": self.ids, "active_id": self.id}}

    def action_new_event(self):
        """A calendar event with the customer and the user.

        :return: a window action on ``calendar.event``
        :raise AccessError: for who may not create one
        """
        return self._action_new(
            "calendar.event",
            self.env._("New Event"),
            partner=False,
            partner_ids=(self + self.env.user.partner_id).ids,
            res_model=self._name,
            res_id=self.id,
        )

    def action_new_file(self):
        """A file of the customer: the same as those of its chatter.

        :return: a window action on ``ir.attachment``
        :raise AccessError: for who may not write the customer
        """
        self.check_access("write")
        return self._action_new(
            "ir.attachment", self.env._("New File"), dialog=True, partner=False, res_model=self._name, res_id=self.id
        )

    def action_new_message(self):
        """A message to the customer, kept in its chatter.

        :return: a window action on ``mail.compose.message``
        """
        return self._action_new(
            "mail.compose.message",
            self.env._("New Message"),
            dialog=True,
            partner=False,
            composition_mode="comment",
            model=self._name,
            res_ids=self.ids,
            partner_ids=self.ids,
        )

    def _action_new(self, model, name, /, *, dialog=False, partner=True, **defaults):
        """A window action that opens the form of a new document.

        :param bool dialog: over the card, instead of in its place
        :param bool partner: whether the document has the customer as ``partner_id``
        :param defaults: more values of the document
        :raise AccessError: for who may not read the customer, or not create the document
        """
        self.ensure_one()
        self.check_access("read")
        if model not in self.env:
            raise UserError(self.env._("%(name)s: its module is not installed.", name=name))
        self.env[model].browse().check_access("create")
        if partner:
            defaults["partner_id"] = self.id
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new" if dialog else "current",
            "context": {f"default_{field}": value for field, value in defaults.items()},
        }

    # ------------------------------------------------------------------
    # Actions: the documents that there are
    # ------------------------------------------------------------------

    def action_view_customer_orders(self):
        """The quotations and sales that ``customer_order_count`` counts.

        :return: a window action on ``sale.order``
        """
        return self._action_documents("sale.order", "sale.action_quotations")

    def action_view_customer_invoices(self):
        """The invoices and credit notes that ``customer_invoice_count`` counts.

        :return: a window action on ``account.move``
        """
        return self._action_documents("account.move", "account.action_move_out_invoice")

    def action_view_customer_opportunities(self):
        """The deals that ``customer_opportunity_count`` counts.

        :return: a window action on ``crm.lead``
        """
        return self._action_documents("crm.lead", "crm.crm_lead_opportunities", type="opportunity")

    def action_view_customer_cfdi(self):
        """The legal documents that ``customer_cfdi_count`` counts.

        :return: a window action on ``customer.cfdi``
        """
        return self._action_documents("customer.cfdi", "l10n_mx_customer.action_customer_cfdi")

    def _action_documents(self, model, xmlid, **defaults):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        customer = self.commercial_partner_id
        defaults = {"partner_id": customer.id, **defaults}
        return action | {
            # A list to look through, whatever the menu opens first.
            "views": sorted(action["views"], key=lambda view: view[1] != "list"),
            "domain": customer._document_domain(model),
            # No filter of the menu: the list has what the button counts.
            "context": {"active_test": False, **{f"default_{field}": value for field, value in defaults.items()}},
        }

    def _action_open_card(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("l10n_mx_customer.view_customer_form").id, "form")],
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def action_stamp_pending(self):
        """Button: the stamping wizard of what is pending of the customer: invoices, credit notes, receipts of payment.

        Of the companies at hand (``allowed_company_ids``) that are in Mexico. Over RPC:
        ``customer.stamp.create({"partner_id": customer})``.

        :return: a window action on ``customer.stamp``, or a notification when nothing is pending
        :raise AccessError: for who may not stamp
        """
        self.ensure_one()
        stamp = self.env["customer.stamp"].create({"partner_id": self.id})
        if stamp.line_ids:
            return stamp.action_open()
        return notification(self.env._("Nothing is pending."), "info")

    def _moves_to_stamp(self):
        """What ``action_stamp_pending`` stamps: ``account.move``."""
        customers = self.commercial_partner_id
        pending = self.env["customer.cfdi.pending"].search(
            [*customers._pending_payments_domain(), ("kind", "=", "pending")]
        )
        return self.env["account.move"].search(customers._unstamped_domain()) | pending.entry_id

    def _document_domain(self, model):
        """The documents of these customers and their contacts: what a button counts, and what it opens."""
        domain = [(OF_CUSTOMER, "in", self._origin.ids)]
        if model == "account.move":
            domain.append(("move_type", "in", ("out_invoice", "out_refund")))
        elif model == "crm.lead":
            domain.append(("type", "=", "opportunity"))
        return domain

    def _unstamped_domain(self):
        return [
            (OF_CUSTOMER, "in", self._origin.ids),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("state", "=", "posted"),
            ("cfdi_state", "in", UNSTAMPED_STATES),
            ("company_id", "in", self.env.companies.ids),
            ("company_id.account_fiscal_country_id.code", "=", "MX"),
        ]

    def _set_document_count(self, name, model, domain=None):
        counts = dict.fromkeys(self._origin.ids, 0)
        groups = (
            self.env[model]
            .with_context(active_test=False)
            ._read_group(domain or self._document_domain(model), ["partner_id"], ["__count"])
        )
        for partner, count in groups:
            counts[partner.sudo().commercial_partner_id.id] += count
        for partner in self:
            partner[name] = counts.get(partner._origin.id, 0)
