from odoo import api, fields, models

from ..models import sat_catalogs


class CustomerGlobalInvoice(models.TransientModel):
    """The global invoice of the sales that somebody has chosen; see ``sale.order.cfdi_make_global``."""

    _name = "customer.global.invoice"
    _description = "Global Invoice"

    order_ids = fields.Many2many("sale.order", string="Sales", default=lambda self: self._default_orders())
    periodicity = fields.Selection(
        selection=sat_catalogs.PERIODICITIES,
        required=True,
        default="01",
        help="The period that the sales are of, as the company makes its global invoices.",
    )
    months = fields.Selection(
        selection=sat_catalogs.MONTHS,
        required=True,
        compute="_compute_period",
        store=True,
        readonly=False,
        precompute=True,
        help="Month of the sales; with the periodicity of two months, both.",
    )
    year = fields.Integer(
        required=True,
        compute="_compute_period",
        store=True,
        readonly=False,
        precompute=True,
        help="Year of the sales.",
    )

    @api.model
    def _default_orders(self):
        if self.env.context.get("active_model") != "sale.order":
            return False
        return self.env["sale.order"].browse(self.env.context.get("active_ids", ()))

    @api.depends("periodicity")
    def _compute_period(self):
        for wizard in self:
            period = self.env["account.move"]._global_period(wizard.periodicity, self.env.company._business_today())
            wizard.months, wizard.year = period["cfdi_global_months"], period["cfdi_global_year"]

    def action_make(self):
        """Button: make the invoice, and show it to be looked at, posted and stamped."""
        result = self.order_ids.cfdi_make_global(self.periodicity, self.months, self.year)
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": result["move_id"],
            "views": [(False, "form")],
        }
