from odoo import api, models

# What orders, invoices and payments read of every partner that they name.
ON_DOCUMENTS = {
    *("billing_address_id", "cfdi_payment_form", "cfdi_payment_method", "cfdi_use", "notify_owner", "person_type"),
    *("referred_by_id", "shipping_address_id"),
}
# What some of them read together.
GROUPS = ("cfdi", "delivery")


class ResPartner(models.Model):
    """Who reads one field of a partner gets from the ORM all that are prefetched with it.

    An order cycle reads partners fifteen times, and the forty columns of the card made each time twice as long. They
    are a group of their own, which is read when one of them is.
    """

    _inherit = "res.partner"

    @api.model
    def _post_model_setup__(self):
        result = super()._post_model_setup__()
        for name, field in self._fields.items():
            if field.prefetch is True and field._modules[:1] == ("l10n_mx_customer",) and name not in ON_DOCUMENTS:
                group = name.split("_")[0]
                field.prefetch = f"customer_{group if group in GROUPS else 'card'}"
        return result
