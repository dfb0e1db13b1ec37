from odoo import api, fields, models
from odoo.exceptions import UserError

from . import customer_figures

FIGURE_COMPUTES = {"_compute_order_figures", "_compute_receivable_figures", "_compute_credit_figures"}
REFRESH_DATE_PARAMETER = "l10n_mx_customer.figures_date"


class Figure:
    """How the stored figures are declared: computed, one value a company, for employees only.

    Company-dependent fields cannot be Monetary: amounts are Float, rounded by the company's currency and shown with
    the monetary widget. A jsonb column gains nothing from a plain index.
    """

    common = {
        "company_dependent": True,
        "store": True,
        "index": False,
        "copy": False,
        "groups": "base.group_user",
    }

    @classmethod
    def amount(cls, compute, **kwargs):
        return fields.Float(compute=compute, aggregator="sum", **cls.common, **kwargs)

    @classmethod
    def datetime(cls, compute, **kwargs):
        return fields.Datetime(compute=compute, **cls.common, **kwargs)


class ResPartner(models.Model):
    """Figures of a customer, stored a company: what was sold, invoiced, collected and is owed.

    They live on the commercial partner; its contacts own none. ``customer_figures`` says where each comes from.
    """

    _inherit = "res.partner"

    # The documents that the figures depend on: they give the ORM its triggers. Nobody reads them: whoever reads all
    # the fields of a customer must neither wait for its thousands of rows nor need rights on them.
    customer_order_ids = fields.One2many("sale.order", "commercial_partner_id", groups=fields.NO_ACCESS)
    customer_line_ids = fields.One2many("account.move.line", "partner_id", groups=fields.NO_ACCESS)

    last_sale_date = Figure.datetime(
        "_compute_order_figures",
        string="Last Sale Date",
        help="Confirmation date of the customer's latest sale.",
    )
    first_sale_date = Figure.datetime(
        "_compute_order_figures",
        string="First Sale Date",
        help="Confirmation date of the customer's first sale.",
    )
    uninvoiced_balance = Figure.amount(
        "_compute_order_figures",
        string="Uninvoiced Balance",
        help="Part of the confirmed sales that no posted invoice covers yet, taxes included.",
    )
    uninvoiced_overdue = Figure.amount(
        "_compute_order_figures",
        string="Uninvoiced Overdue",
        help="Part of the uninvoiced balance whose sale is older than the customer's credit days.",
    )
    invoiced_total = Figure.amount(
        "_compute_receivable_figures",
        string="Invoiced",
        help="Total of the posted customer invoices, taxes included.",
    )
    invoice_balance = Figure.amount(
        "_compute_receivable_figures",
        string="Invoice Balance",
        help="What is left to collect of the posted customer invoices.",
    )
    invoice_overdue = Figure.amount(
        "_compute_receivable_figures",
        string="Invoice Overdue",
        help="What is left to collect of receivables past their due date.",
    )
    collected = Figure.amount(
        "_compute_receivable_figures",
        string="Collected",
        help="What was received from the customer, less what was paid back.",
    )
    receivable_balance = Figure.amount(
        "_compute_credit_figures",
        string="Receivable",
        help="Everything that the customer owes: the invoice balance and the uninvoiced part of the sales.",
    )
    overdue_balance = Figure.amount(
        "_compute_credit_figures",
        string="Overdue Receivable",
        help="What the customer should have paid by now, invoiced or not.",
    )
    credit_available = Figure.amount(
        "_compute_credit_figures",
        string="Available Credit",
        help="Credit limit less what the customer owes; negative when the limit is exceeded.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_figures_not_written(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_figures_not_written(vals)
        return super().write(vals)

    @api.model
    def _check_figures_not_written(self, vals):
        """Figures come from documents: Odoo would let a call write them like any stored field."""
        written = [name for name in vals if name in self._fields and self._fields[name].compute in FIGURE_COMPUTES]
        if written:
            labels = ", ".join(self._fields[name]._description_string(self.env) for name in written)
            raise UserError(
                self.env._("%(labels)s: computed from the customer's documents, cannot be written.", labels=labels)
            )

    @api.depends(
        "credit_days",
        "customer_order_ids.commercial_partner_id",
        "customer_order_ids.company_id",
        "customer_order_ids.currency_rate",
        "customer_order_ids.date_order",
        "customer_order_ids.order_line.invoice_lines.parent_state",
        "customer_order_ids.order_line.invoice_lines.price_total",
        "customer_order_ids.order_line.invoice_lines.quantity",
        "customer_order_ids.order_line.price_total",
        "customer_order_ids.order_line.product_uom_qty",
        "customer_order_ids.state",
    )
    def _compute_order_figures(self):
        self._set_figures(
            self._fetch_figures(customer_figures.ORDERS),
            {
                "last_sale_date": False,
                "first_sale_date": False,
                "uninvoiced_balance": 0.0,
                "uninvoiced_overdue": 0.0,
            },
        )

    @api.depends(
        "customer_line_ids.account_id",
        "customer_line_ids.amount_residual",
        "customer_line_ids.balance",
        "customer_line_ids.date_maturity",
        "customer_line_ids.parent_state",
        "customer_line_ids.partner_id",
    )
    def _compute_receivable_figures(self):
        self._set_figures(
            self._fetch_figures(customer_figures.RECEIVABLES),
            {
                "invoiced_total": 0.0,
                "invoice_balance": 0.0,
                "invoice_overdue": 0.0,
                "collected": 0.0,
            },
        )

    @api.depends(
        "credit_limit",
        "invoice_balance",
        "invoice_overdue",
        "parent_id",
        "uninvoiced_balance",
        "uninvoiced_overdue",
    )
    def _compute_credit_figures(self):
        rows = {}
        for company in self._figure_companies():
            for partner in self.with_company(company):
                if partner.commercial_partner_id != partner:
                    continue
                receivable = partner.invoice_balance + partner.uninvoiced_balance
                rows[partner._origin.id, company.id] = {
                    "receivable_balance": receivable,
                    "overdue_balance": partner.invoice_overdue + partner.uninvoiced_overdue,
                    "credit_available": partner.credit_limit - receivable,
                }
        self._set_figures(rows, {"receivable_balance": 0.0, "overdue_balance": 0.0, "credit_available": 0.0})

    @api.model
    def _figure_companies(self):
        """Every company, archived ones included: a figure is kept for each of them."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        return companies.search([], order="id")  # pylint: disable=no-search-all

    def _fetch_figures(self, source):
        """Run a query of ``customer_figures`` for the customers in self.

        :return: {(partner id, company id): {figure: value}}
        """
        partner_ids = self._origin.ids
        if not partner_ids:
            return {}
        cr = self._execute_source(source, {"partner_ids": partner_ids, **self._figure_parameters()})
        names = [column.name for column in cr.description][2:]
        return {row[:2]: dict(zip(names, row[2:], strict=True)) for row in cr.fetchall()}

    @api.model
    def _execute_source(self, source, parameters):
        for model, names in source.reads.items():
            self.env[model].flush_model(names)
        self.env.cr.execute(source.query, parameters)
        return self.env.cr

    @api.model
    def _figure_parameters(self):
        return {
            "today": self._figure_today(),
            "time_zone": self.env.company._business_time_zone(),
            "credit_days_defaults": self.env["ir.default"]._get_field_column_fallbacks("res.partner", "credit_days"),
        }

    @api.model
    def _figure_today(self):
        """The date that decides what is overdue: of the company, not of the user whose action computes it."""
        return fields.Date.context_today(self.with_context(tz=self.env.company._business_time_zone()))

    def _set_figures(self, rows, defaults):
        """Assign figures for every company, and only where the value changes.

        :param dict rows: {(partner id, company id): {figure: value}}
        :param dict defaults: {figure: value} for a customer without documents in a company
        """
        for company in self._figure_companies():
            currency = company.currency_id
            for partner in self.with_company(company):
                values = rows.get((partner._origin.id, company.id), defaults)
                for name, default in defaults.items():
                    value = values[name]
                    if isinstance(default, float):
                        value = currency.round(float(value))
                    if partner[name] != value:
                        partner[name] = value

    @api.model
    def _cron_refresh_dated_figures(self):
        """Recompute the customers whose overdue figures change because a day has passed."""
        parameters = self.env["ir.config_parameter"].sudo()
        values = self._figure_parameters()
        values["since"] = fields.Date.to_date(parameters.get_param(REFRESH_DATE_PARAMETER)) or fields.Date.to_date(
            "1900-01-01"
        )
        cr = self._execute_source(customer_figures.BECAME_OVERDUE, values)
        partners = self.browse(row[0] for row in cr.fetchall())
        for name in ("invoice_overdue", "uninvoiced_overdue", "overdue_balance"):
            self.env.add_to_compute(self._fields[name], partners)
        self.env.flush_all()
        parameters.set_param(REFRESH_DATE_PARAMETER, fields.Date.to_string(values["today"]))
