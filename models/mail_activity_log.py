from odoo import fields, models


class MailActivity(models.Model):
    """The follow-up of a log entry: what happens to the activity happens to the entry."""

    _inherit = "mail.activity"

    def write(self, vals):
        result = super().write(vals)
        # A done activity is an archived one: Odoo 19 keeps no other mark.
        if "active" in vals or "date_deadline" in vals:
            entries = self._log_entries()
            if "active" in vals:
                entries.filtered(lambda entry: entry.done == bool(vals["active"])).done = not vals["active"]
            if vals.get("date_deadline"):
                date = fields.Date.to_date(vals["date_deadline"])
                entries.filtered(lambda entry: not entry.done and entry.next_date != date).next_date = date
        return result

    def unlink(self):
        # A cancelled activity is a follow-up that nobody waits for any more.
        entries = self._log_entries().filtered(lambda entry: not entry.done and entry.next_date)
        result = super().unlink()
        entries.exists().next_date = False
        return result

    def _log_entries(self):
        """Entries whose follow-up these are. As the system: the activity can be marked by whom it was given to."""
        return self.env["customer.log"].sudo().search([("activity_id", "in", self.ids)])
