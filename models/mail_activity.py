from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Documents of a customer that have activities: the field that leads to it, and which of them are of customers.
# Those of modules that are not installed are left out.
SOURCES = {
    "res.partner": ("id", []),
    "crm.lead": ("partner_id", []),
    "sale.order": ("partner_id", []),
    "account.move": ("partner_id", [("move_type", "in", ("out_invoice", "out_refund", "out_receipt"))]),
    "account.payment": ("partner_id", [("partner_type", "=", "customer")]),
    "customer.log": ("partner_id", []),
    "helpdesk.ticket": ("partner_id", []),
    "project.task": ("partner_id", []),
}


class MailActivity(models.Model):
    """Activities of a customer: its own, and those of its contacts, deals, sales, invoices and payments.

    Nothing new is readable: an activity is found by who may read its document, as everywhere in Odoo.
    """

    _inherit = "mail.activity"

    customer_id = fields.Many2one(
        "res.partner",
        compute="_compute_customer_id",
        search="_search_customer_id",
        help="Customer of the document that the activity is about.",
    )
    deal_id = fields.Many2one(
        "crm.lead",
        compute="_compute_deal_id",
        help="Deal that the activity is about, or that led to the sale that it is about.",
    )
    priority = fields.Selection(
        [("0", "Normal"), ("1", "High"), ("2", "Urgent")],
        help="How pressing it is: of the activities due on one day, the most pressing ones come first.",
    )

    @api.depends("document_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_customer_id(self):
        # An assignee may read no document: whose it is, if he may read the customer.
        customers = {activity: activity.document_partner_id.commercial_partner_id.id for activity in self.sudo()}
        readable = set(self.env["res.partner"].browse(set(customers.values()) - {False})._filtered_access("read")._ids)
        for activity in self:
            activity.customer_id = customers[activity] in readable and customers[activity]

    def _search_customer_id(self, operator, value):
        if operator in ("any", "any!"):
            value = (
                value.get_result_ids()
                if hasattr(value, "get_result_ids")
                else (self.env["res.partner"].with_context(active_test=False)._search(value).get_result_ids())
            )
        elif operator != "in" or not all(isinstance(id_, int) and id_ for id_ in value):
            return NotImplemented
        return Domain("id", "in", SQL("(%s)", self._customers_query(value)))

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_deal_id(self):
        deal_ids = {
            ("crm.lead", activity.res_id): activity.res_id for activity in self if activity.res_model == "crm.lead"
        }
        # The deal of a sale comes with sale_crm, which installs itself beside crm and sale.
        if "opportunity_id" in self.env["sale.order"]._fields:
            order_ids = [activity.res_id for activity in self if activity.res_model == "sale.order"]
            for order in self.env["sale.order"].sudo().browse(order_ids).exists():
                deal_ids["sale.order", order.id] = order.opportunity_id.id
        deals = self.env["crm.lead"].browse(set(deal_ids.values()) - {False}).exists()
        readable = set(deals._filtered_access("read")._ids)
        for activity in self:
            deal_id = deal_ids.get((activity.res_model, activity.res_id))
            activity.deal_id = deal_id in readable and deal_id

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _customers_query(self, customer_ids, *columns):
        """SELECT of the activities of some customers, found from the customer by indexes.

        It knows no rights: ``_search`` and ``_filtered_access`` of this model check those of each document.

        :param columns: SQL of what is selected, the id by default; ``customer`` is the customer's contact or address
        """
        self.env["res.partner"]._flush_figures("activities")
        self.flush_model(["priority"])
        return SQL(
            "SELECT %s FROM mail_activity activity"
            " JOIN res_partner customer ON customer.id = activity.document_partner_id"
            " WHERE customer.commercial_partner_id = ANY(%s::int[])",
            SQL(", ").join(columns or [SQL("activity.id")]),
            list(customer_ids),
        )

    @api.model
    def _of_customers(self, customer_ids, limit):
        """The activities that matter most of many customers, in one query: the open ones by deadline, then the latest.

        :return: {customer id: ids of its activities}, of those that the user may read
        """
        if not customer_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT ranked.customer_id, ranked.id
                  FROM (
                      SELECT found.customer_id, activity.id,
                             row_number() OVER (
                                 PARTITION BY found.customer_id
                                 ORDER BY activity.active DESC,
                                          CASE WHEN activity.active THEN activity.date_deadline END,
                                          COALESCE(activity.priority, '0') DESC,
                                          activity.date_done DESC,
                                          activity.id DESC
                             ) AS position
                        FROM (%s) AS found
                        JOIN mail_activity AS activity ON activity.id = found.id
                  ) AS ranked
                 WHERE ranked.position <= %s
                 ORDER BY ranked.position
                """,
                self._customers_query(
                    customer_ids, SQL("customer.commercial_partner_id AS customer_id"), SQL("activity.id AS id")
                ),
                limit,
            )
        )
        readable = set(self.browse(id_ for _customer_id, id_ in rows)._filtered_access("read")._ids)
        found = {}
        for customer_id, id_ in rows:
            if id_ in readable:
                found.setdefault(customer_id, []).append(id_)
        return found
