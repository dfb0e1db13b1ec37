from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column

from . import sat_catalogs
from .account_move_cfdi_terms import TERMS
from .res_partner_tax import GENERIC_RFCS, USE_GENERIC


class SaleOrder(models.Model):
    """What the invoices of a sale will say in their CFDI: from the customer, and the invoices take it from here."""

    _inherit = "sale.order"

    cfdi_use = fields.Selection(
        selection=sat_catalogs.CFDI_USES,
        string="CFDI Use",
        compute="_compute_cfdi_terms",
        store=True,
        readonly=False,
        precompute=True,
        help="What the customer uses the invoices of this sale for (UsoCFDI). Taken from the customer.",
    )
    cfdi_payment_method = fields.Selection(
        selection=sat_catalogs.PAYMENT_METHODS,
        string="Payment Method (SAT)",
        help="PUE or PPD (MetodoPago), when it is agreed for this sale. Empty, the invoice decides it by the company's "
        "rule.",
    )
    cfdi_payment_form = fields.Selection(
        selection=sat_catalogs.PAYMENT_FORMS,
        string="Payment Form (SAT)",
        compute="_compute_cfdi_terms",
        store=True,
        readonly=False,
        precompute=True,
        help="How the customer pays this sale (FormaPago). Taken from the customer.",
    )

    @api.depends("partner_id")
    def _compute_cfdi_terms(self):
        for order in self:
            customer = order.partner_id.commercial_partner_id
            generic = customer and customer._cfdi_rfc() in GENERIC_RFCS
            order.cfdi_use = USE_GENERIC if generic else customer.cfdi_use
            order.cfdi_payment_form = customer.cfdi_payment_form

    def _auto_init(self):
        # Of the sales that there are, the invoice asks the customer: nothing is computed for each when it is installed.
        for name in ("cfdi_use", "cfdi_payment_form"):
            if not column_exists(self.env.cr, self._table, name):
                create_column(self.env.cr, self._table, name, "varchar")
        return super()._auto_init()

    def _prepare_invoice(self):
        values = super()._prepare_invoice()
        # What the sale leaves open, the invoice decides.
        return values | {name: self[name] for name in TERMS if self[name]}
