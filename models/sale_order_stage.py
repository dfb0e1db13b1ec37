from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date
from odoo.tools.float_utils import float_compare, float_is_zero
from odoo.tools.sql import column_exists, create_column

STAGES = [
    ("quotation", "Quotation"),
    ("reserved", "Set Aside"),
    ("authorized", "Authorized"),
    ("completed", "Completed"),
    ("cancelled", "Cancelled"),
]
# In these there is nothing left to collect of an invoice: paid, paid and not yet seen in the bank, credited in full.
SETTLED = ("in_payment", "invoicing_legacy", "paid", "reversed")
# Written by what the user does, never by a value that somebody sends.
PROTECTED = ("customer_stage", "reserved_on", "credit_authorization_id")

# The stages of the orders in %(orders)s, as _compute_customer_stage gives them: for installing on a database that has
# them by the million, and for the test that holds the two together.
STAGE_QUERY = """
    SELECT so.id,
           CASE
               WHEN so.state = 'cancel' THEN 'cancelled'
               WHEN so.state <> 'sale' AND so.reserved_on IS NOT NULL THEN 'reserved'
               WHEN so.state <> 'sale' THEN 'quotation'
               WHEN EXISTS (
                   SELECT
                     FROM sale_order_line sol
                LEFT JOIN product_product product ON product.id = sol.product_id
                LEFT JOIN product_template template ON template.id = product.product_tmpl_id
               CROSS JOIN LATERAL (
                          SELECT ROUND(COALESCE(sol.product_uom_qty, 0), %(digits)s) AS ordered,
                                 ROUND(COALESCE(sol.qty_delivered, 0)::numeric, %(digits)s) AS delivered,
                                 ROUND(COALESCE(sol.qty_to_invoice, 0)::numeric, %(digits)s) AS to_invoice
                          ) quantity
               CROSS JOIN LATERAL (
                          SELECT quantity.ordered = 0
                                 OR template.type = 'combo'
                                 OR quantity.delivered * SIGN(quantity.ordered)
                                    >= quantity.ordered * SIGN(quantity.ordered)
                                 OR quantity.delivered = 0
                                    AND sol.qty_delivered_method = 'manual'
                                    AND (
                                        company.customer_delivery_recorded IS NOT TRUE
                                        OR template.type = 'service' AND template.invoice_policy = 'order'
                                    )
                                 OR sol.qty_delivered_method = 'stock_move'
                                    AND %(delivery_status)s = 'full' AS delivered
                          ) line
                    WHERE sol.order_id = so.id
                      AND sol.display_type IS NULL
                      AND sol.is_downpayment IS NOT TRUE
                      AND NOT (
                          COALESCE(line.delivered, FALSE)
                          AND COALESCE(
                              sol.invoice_status IN ('invoiced', 'upselling')
                              OR quantity.ordered <> 0 AND ROUND(sol.price_total, 6) = 0
                              OR template.invoice_policy = 'delivery' AND quantity.to_invoice = 0,
                              FALSE
                          )
                      )
               ) THEN 'authorized'
               WHEN EXISTS (
                   SELECT
                     FROM sale_order_line sol
                     JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = sol.id
                     JOIN account_move_line aml ON aml.id = rel.invoice_line_id
                     JOIN account_move move ON move.id = aml.move_id
                    WHERE sol.order_id = so.id
                      AND move.move_type IN ('out_invoice', 'out_receipt')
                      AND move.state <> 'cancel'
                      AND NOT (move.state = 'posted' AND COALESCE(move.payment_state IN %(settled)s, FALSE))
               ) THEN 'authorized'
               ELSE 'completed'
           END AS stage
      FROM sale_order so
      JOIN res_company company ON company.id = so.company_id
     WHERE %(orders)s
"""


class SaleOrder(models.Model):
    """The stage of a sale as the customer's card counts it. Odoo's own state stays as it is.

    Set aside (Apartado): a quotation that the customer has reserved until a day; it uses credit like a sale.
    Authorized: confirmed, and something is still to be delivered, invoiced or collected. Completed: nothing is.
    """

    _inherit = "sale.order"

    customer_stage = fields.Selection(
        selection=STAGES,
        string="Sales Stage",
        compute="_compute_customer_stage",
        store=True,
        index=True,
        copy=False,
        group_expand=True,
        help="Quotation; set aside for the customer; authorized: confirmed, with something still to deliver, invoice "
        "or collect; completed; cancelled.",
    )
    reserved_on = fields.Datetime(
        string="Set Aside On",
        readonly=True,
        copy=False,
        help="When the quotation was set aside; empty when it is not.",
    )
    reserved_until = fields.Date(
        string="Set Aside Until",
        index="btree_not_null",
        copy=False,
        help="Last day that the quotation is set aside for the customer; a daily job releases it afterwards.",
    )

    # What the credit gate reads of a customer, however long its history.
    _open_by_customer_idx = models.Index(
        "(commercial_partner_id, company_id) WHERE customer_stage IN ('reserved', 'authorized')"
    )

    def _stage_depends(self):
        names = [
            "reserved_on",
            "state",
            "order_line.invoice_status",
            "order_line.is_downpayment",
            "order_line.price_total",
            "order_line.product_uom_qty",
            "order_line.qty_delivered",
            "order_line.qty_delivered_method",
            "order_line.qty_to_invoice",
            "order_line.invoice_lines.move_id.payment_state",
            "order_line.invoice_lines.move_id.state",
        ]
        return names + (["delivery_status"] if "delivery_status" in self._fields else [])

    @api.depends(lambda self: self._stage_depends())
    def _compute_customer_stage(self):
        for order in self:
            if order.state == "cancel":
                order.customer_stage = "cancelled"
            elif order.state != "sale":
                order.customer_stage = "reserved" if order.reserved_on else "quotation"
            elif order.order_line._is_closed() and order._is_collected():
                order.customer_stage = "completed"
            else:
                order.customer_stage = "authorized"

    def _is_collected(self):
        """Whether nothing is left to collect of the order's invoices; a draft one is to be collected."""
        invoices = self.order_line.invoice_lines.move_id.filtered(
            lambda move: move.move_type in ("out_invoice", "out_receipt") and move.state != "cancel"
        )
        return all(move.state == "posted" and move.payment_state in SETTLED for move in invoices)

    @api.constrains("reserved_until")
    def _check_reserved_until(self):
        for order in self:
            today = order.company_id._business_today()
            if order.reserved_on and not (order.reserved_until and order.reserved_until >= today):
                raise ValidationError(
                    self.env._(
                        "Set Aside Until: “%(value)s” of %(name)s is not valid; a day from %(today)s on is expected.",
                        value=(order.reserved_until and format_date(self.env, order.reserved_until)) or "",
                        name=order.name,
                        today=format_date(self.env, today),
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def _auto_init(self):
        is_new = not column_exists(self.env.cr, self._table, "customer_stage")
        if is_new:
            # Filled in below: the ORM would compute order by order.
            create_column(self.env.cr, self._table, "customer_stage", "varchar")
        result = super()._auto_init()
        if is_new:
            # When every table of the addon is there.
            self.pool.post_init(self._fill_customer_stage)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_protected(vals)
        # A column of a kanban view hands its stage on as a default.
        defaults = {f"default_{name}" for name in PROTECTED} & self.env.context.keys()
        context = {name: value for name, value in self.env.context.items() if name not in defaults}
        orders = self.with_env(self.env(context=context)) if defaults else self
        return super(SaleOrder, orders).create(vals_list)

    def write(self, vals):
        self._check_protected(vals)
        if vals.get("state") in ("sale", "cancel"):
            # A sale is not set aside any more; what was cancelled and drafted again is not either.
            vals = {**vals, "reserved_on": False, "reserved_until": False}
        return super().write(vals)

    @api.model
    def _check_protected(self, names):
        """What the gate relies on cannot be written, by RPC or import either; our own methods do it as superuser."""
        written = [name for name in PROTECTED if name in names]
        if written and not self.env.su:
            raise UserError(
                self.env._(
                    "%(labels)s: follows from what is done with the sale and cannot be written; "
                    "set it aside, release it, confirm it or ask for an authorization.",
                    labels=", ".join(self._fields[name]._description_string(self.env) for name in written),
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_reserve(self):
        """Set quotations aside (Apartar) until their date, or for the days that their company says.

        They use the customer's credit from now on, so they pass the credit gate.

        :return: True
        :raise UserError: one is not a quotation or is set aside already, or the gate refuses them
        :raise AccessError: the user may not write them
        """
        self.check_access("write")
        for order in self:
            if order.state not in ("draft", "sent") or order.reserved_on:
                raise UserError(
                    self.env._(
                        "%(name)s cannot be set aside: it is “%(stage)s”; a quotation is expected.",
                        name=order.name,
                        stage=self._stage_label(order.customer_stage),
                    )
                )
        self._check_credit_gate()
        for order in self.sudo():
            today = order.company_id._business_today()
            until = order.reserved_until
            if not until or until < today:
                until = today + timedelta(days=order.company_id.customer_reservation_days)
            order.write({"reserved_on": fields.Datetime.now(), "reserved_until": until})
            order._log_note(self.env._("Set aside until %(date)s.", date=format_date(self.env, until)))
        return True

    def action_release(self):
        """Release quotations that are set aside (Liberar): they use no credit any more.

        :return: True
        :raise UserError: one is not set aside
        :raise AccessError: the user may not write them
        """
        self.check_access("write")
        for order in self:
            if order.customer_stage != "reserved":
                raise UserError(
                    self.env._(
                        "%(name)s cannot be released: it is “%(stage)s”; one that is set aside is expected.",
                        name=order.name,
                        stage=self._stage_label(order.customer_stage),
                    )
                )
        self._release(self.env._("Released."))
        return True

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _release(self, message):
        # Sudo: nobody writes reserved_on; the callers have checked who may.
        orders = self.sudo()
        orders.write({"reserved_on": False, "reserved_until": False})
        for order in orders:
            order._log_note(message)

    def _log_note(self, message):
        self.message_post(
            body=message, author_id=self.env.user.partner_id.id, message_type="comment", subtype_xmlid="mail.mt_note"
        )

    @api.model
    def _stage_label(self, stage):
        return dict(self._fields["customer_stage"]._description_selection(self.env))[stage]

    @api.model
    def _fill_customer_stage(self):
        """Write the stage of every order in one statement."""
        query = self._customer_stage_query(SQL("TRUE"))
        self.env.cr.execute(
            SQL(
                "UPDATE sale_order SET customer_stage = found.stage FROM (%s) found WHERE found.id = sale_order.id",
                query,
            )
        )

    @api.model
    def _customer_stage_query(self, condition):
        """:return: SQL: id and stage of the orders (``so``) of a condition, as it is in the database"""
        has_deliveries = column_exists(self.env.cr, "sale_order", "delivery_status")
        return SQL(
            STAGE_QUERY,
            digits=self.env["decimal.precision"].precision_get("Product Unit"),
            delivery_status=SQL("so.delivery_status") if has_deliveries else SQL("NULL"),
            settled=SETTLED,
            orders=condition,
        )

    # ------------------------------------------------------------------
    # Jobs
    # ------------------------------------------------------------------

    @api.model
    def _cron_release_expired(self):
        """Release what was set aside until a day that is past in its company."""
        companies = self.env["res.company"].search([])  # pylint: disable=no-search-all
        expired = self.browse()
        for today, group in companies.grouped(lambda company: company._business_today()).items():
            expired += self.search(
                [
                    ("customer_stage", "=", "reserved"),
                    ("reserved_until", "<", today),
                    ("company_id", "in", group.ids),
                ]
            )
        expired._release(self.env._("Released: the days that it was set aside are over."))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _is_closed(self):
        """Whether nothing is left to deliver nor to invoice of these lines.

        Sections, notes and down payments (whose invoices count as any other's) have nothing of their own.
        """
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return all(
            line.display_type or line.is_downpayment or (line._is_delivered(digits) and line._is_invoiced(digits))
            for line in self
        )

    def _is_delivered(self, digits):
        """Whether nothing is left to deliver of the line.

        What nobody delivers is delivered with its invoice: services sold by what is ordered (freight, discounts), and
        goods where the company says that it records no deliveries. A quantity that somebody did write counts. What
        inventory has closed (returned, or no back order wanted) is delivered, whatever the quantity.
        """
        self.ensure_one()
        ordered, product = self.product_uom_qty, self.product_id
        if float_is_zero(ordered, precision_digits=digits) or product.type == "combo":
            return True
        sign = 1 if ordered > 0 else -1
        if float_compare(self.qty_delivered * sign, ordered * sign, precision_digits=digits) >= 0:
            return True
        if self.qty_delivered_method == "stock_move":
            return self.order_id.delivery_status == "full"
        by_invoice = product.type == "service" and product.invoice_policy == "order"
        return (
            self.qty_delivered_method == "manual"
            and float_is_zero(self.qty_delivered, precision_digits=digits)
            and (by_invoice or not self.company_id.customer_delivery_recorded)
        )

    def _is_invoiced(self, digits):
        """Whether nothing is left to invoice of the delivered line: what is free is not, nor what was not delivered
        of what is invoiced by what is delivered."""
        self.ensure_one()
        if self.invoice_status in ("invoiced", "upselling"):
            return True
        if not float_is_zero(self.product_uom_qty, precision_digits=digits) and float_is_zero(
            self.price_total, precision_digits=6
        ):
            return True
        return self.product_id.invoice_policy == "delivery" and float_is_zero(
            self.qty_to_invoice, precision_digits=digits
        )
