from odoo import api, models
from odoo.exceptions import UserError


class MailingList(models.Model):
    """The list of customers: whoever fills or merges it changes who is subscribed to marketing."""

    _inherit = "mailing.list"

    def write(self, vals):
        result = super().write(vals)
        # Many2many: written without a word to mailing.subscription.
        if "contact_ids" in vals and self._has_customers():
            self._sync_customers()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_customers(self):
        if self._has_customers():
            raise UserError(
                self.env._("The mailing list of customers cannot be deleted: the customers' cards subscribe to it.")
            )

    def action_merge(self, src_lists, archive):
        # Inserts subscriptions by SQL.
        result = super().action_merge(src_lists, archive)
        if self._has_customers():
            self._sync_customers()
        return result

    def _has_customers(self):
        return self.env["res.partner"]._marketing_list() in self.sudo()

    def _sync_customers(self):
        """After a change of the whole list: those on it, and those who say they are."""
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        contacts = partners._marketing_list().subscription_ids.contact_id
        opted_in = partners.search([("marketing_opt_in", "=", True)])
        partners._sync_marketing(contacts.mapped("email_normalized") + opted_in.mapped("email_normalized"))
