from odoo import api, models


class MailingSubscription(models.Model):
    """Subscriptions to the list of customers: the customers' cards follow."""

    _inherit = "mailing.subscription"

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions._sync_customers(subscriptions._get_customer_emails())
        return subscriptions

    def write(self, vals):
        # super().write may add opt_out.
        if not vals.keys() & {"contact_id", "list_id", "opt_out", "opt_out_datetime", "opt_out_reason_id"}:
            return super().write(vals)
        before = self._get_customer_emails()
        result = super().write(vals)
        self._sync_customers(before + self._get_customer_emails())
        return result

    def unlink(self):
        before = self._get_customer_emails()
        result = super().unlink()
        self._sync_customers(before)
        return result

    def _get_customer_emails(self):
        mailing_list = self.env["res.partner"]._marketing_list()
        return (
            self.sudo()
            .filtered(lambda subscription: subscription.list_id == mailing_list)
            .contact_id.mapped("email_normalized")
        )

    @api.model
    def _sync_customers(self, emails):
        self.env["res.partner"]._sync_marketing(emails)
