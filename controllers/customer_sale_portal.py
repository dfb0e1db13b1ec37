from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.sale.controllers.portal import CustomerPortal


class CustomerSalePortal(CustomerPortal):
    """A customer who signs a quotation that the credit gate refuses reads it in the dialogue in which he signs."""

    @http.route()
    def portal_quote_accept(self, order_id, access_token=None, name=None, signature=None):
        try:
            with request.env.cr.savepoint():
                return super().portal_quote_accept(order_id, access_token, name=name, signature=signature)
        except UserError as error:
            if not getattr(error, "is_credit_refusal", False):
                raise
        # Nothing is kept of the signature: he signs again when it can be confirmed. Sudo: Odoo's method has checked
        # that the quotation is his.
        order = request.env["sale.order"].sudo().browse(order_id)
        order._hold_for_credit(
            request.env._(
                "%(name)s signed it online, but the credit gate keeps it from being confirmed.", name=name or ""
            )
        )
        return {"error": order._credit_message_online()}
