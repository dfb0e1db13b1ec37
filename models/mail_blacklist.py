from odoo import api, models


class MailBlacklist(models.Model):
    """A blacklisted customer is not subscribed to marketing; off the blacklist, its subscription counts again."""

    _inherit = "mail.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries._sync_customers(entries.mapped("email"))
        return entries

    def write(self, vals):
        if not vals.keys() & {"active", "email"}:
            return super().write(vals)
        before = self.mapped("email")
        result = super().write(vals)
        self._sync_customers(before + self.mapped("email"))
        return result

    def unlink(self):
        before = self.mapped("email")
        result = super().unlink()
        self._sync_customers(before)
        return result

    @api.model
    def _sync_customers(self, emails):
        self.env["res.partner"]._sync_marketing(emails)
