from odoo import fields, models

from .customer_cfdi import LIVE_STATES

LEVELS = {"missing": "danger", "expired": "danger", "expiring": "warning"}


class AccountMove(models.Model):
    """What is to be stamped says in time that the company's CSD expires."""

    _inherit = "account.move"

    def _get_alerts(self):
        alerts = super()._get_alerts()
        company = self.company_id
        to_stamp = self.state != "cancel" and self.cfdi_state not in LIVE_STATES and self._cfdi_type() in ("I", "E")
        if to_stamp and company.cfdi_csd_warning and self.env.user.has_group("account.group_account_invoice"):
            alerts["customer_cfdi_csd"] = {
                "level": LEVELS[company.cfdi_csd_state],
                "message": company.cfdi_csd_warning,
                **self._csd_alert_action(),
            }
        return alerts

    def _csd_alert_action(self):
        if not self.env.user.has_group("base.group_system"):
            return {}
        return {
            "action_text": self.env._("Certificates"),
            "action": self.env["res.config.settings"]._csd_action(self.company_id),
        }


class AccountPayment(models.Model):
    _inherit = "account.payment"

    cfdi_csd_warning = fields.Char(related="company_id.cfdi_csd_warning")
