from odoo import models
from odoo.exceptions import UserError

from .res_partner_tax import RFC_PUBLIC

GLOBAL_CUSTOMER = "l10n_mx_customer.global_customer"


class SaleOrder(models.Model):
    """The global invoice of sales to the general public."""

    _inherit = "sale.order"

    def cfdi_make_global(self, periodicity, months=False, year=False, partner_id=False):
        """Make one draft invoice of confirmed sales to the general public: their global invoice.

        Its CFDI has one concepto for each sale. It is left as a draft, to be looked at, posted and stamped.

        :param str periodicity: of c_Periodicidad: 01 day, 02 week, 03 fortnight, 04 month, 05 two months
        :param str months: of c_Meses; that of today when empty
        :param int year: this year when empty
        :param int partner_id: whom to invoice; the customer of most of the sales when empty
        :return: a dict: ``move_id`` of the invoice, ``name``, and ``amount_total`` in its currency
        :raise AccessError: for who may not make invoices of these sales
        :raise UserError: a sale is not confirmed, is not to the general public, has nothing to invoice, or they are of
            several companies or currencies
        """
        self.check_access("write")
        self._check_global()
        customers = self.partner_invoice_id.commercial_partner_id
        partner = self.env["res.partner"].browse(partner_id) or max(
            customers, key=lambda customer: len(self.filtered(lambda order: order.commercial_partner_id == customer))
        )
        invoice = self.with_context(**{GLOBAL_CUSTOMER: partner.id})._create_invoices()
        date = self.company_id._business_today()
        values = {"cfdi_global_periodicity": periodicity, **invoice._global_period(periodicity, date)}
        if months:
            values["cfdi_global_months"] = months
        if year:
            values["cfdi_global_year"] = year
        invoice.write(values)
        return {"move_id": invoice.id, "name": invoice.display_name, "amount_total": invoice.amount_total}

    def _check_global(self):
        if not self:
            raise UserError(self.env._("Choose the sales of the global invoice."))
        named = self.filtered(lambda order: order.partner_invoice_id.commercial_partner_id._cfdi_rfc() != RFC_PUBLIC)
        if named:
            raise UserError(
                self.env._(
                    "These sales are not to the general public (RFC %(rfc)s) and have invoices of their own: "
                    "%(names)s.",
                    rfc=RFC_PUBLIC,
                    names=", ".join(named.mapped("name")),
                )
            )
        wrong = self.filtered(lambda order: order.state != "sale" or order.invoice_status != "to invoice")
        if wrong:
            raise UserError(
                self.env._(
                    "These sales are not confirmed, or have nothing to invoice: %(names)s.",
                    names=", ".join(wrong.mapped("name")),
                )
            )
        if len(self.company_id) > 1 or len(self.currency_id) > 1:
            raise UserError(self.env._("A global invoice is of one company and one currency."))

    def _prepare_invoice(self):
        values = super()._prepare_invoice()
        partner_id = self.env.context.get(GLOBAL_CUSTOMER)
        if partner_id:
            values |= {"partner_id": partner_id, "partner_shipping_id": partner_id, "invoice_payment_term_id": False}
        return values

    def _get_invoice_grouping_keys(self):
        if self.env.context.get(GLOBAL_CUSTOMER):
            return ["company_id", "currency_id"]
        return super()._get_invoice_grouping_keys()
