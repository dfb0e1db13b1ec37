from odoo import api, models


class MailingContact(models.Model):
    """A contact's address, lists and subscriptions decide whether a customer of that address is subscribed."""

    _inherit = "mailing.contact"

    _email_normalized_idx = models.Index("(email_normalized)")

    @api.model_create_multi
    def create(self, vals_list):
        contacts = super().create(vals_list)
        contacts._sync_customers()
        return contacts

    def write(self, vals):
        # list_ids is a many2many over the subscriptions' table: it writes there without a word to their model.
        if not vals.keys() & {"email", "list_ids", "subscription_ids"}:
            return super().write(vals)
        before = self.mapped("email_normalized")
        result = super().write(vals)
        self._sync_customers(before)
        return result

    def unlink(self):
        # The database deletes the subscriptions.
        before = self.mapped("email_normalized")
        result = super().unlink()
        self._sync_customers(before)
        return result

    def _sync_customers(self, emails=()):
        self.env["res.partner"]._sync_marketing({*emails, *self.exists().mapped("email_normalized")})
