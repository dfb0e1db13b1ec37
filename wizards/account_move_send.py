from odoo import api, models

from ..models.account_move_send_cfdi import ODOO_PDF


class AccountMoveSendWizard(models.TransientModel):
    _inherit = "account.move.send.wizard"

    @api.depends("move_id")
    def _compute_extra_edi_checkboxes(self):
        # Odoo offers those that are on by default alone.
        result = super()._compute_extra_edi_checkboxes()
        choice = self._get_all_extra_edis()[ODOO_PDF]
        for wizard in self.filtered(lambda wizard: self._is_odoo_pdf_a_choice(wizard.move_id)):
            wizard.extra_edi_checkboxes = {
                **(wizard.extra_edi_checkboxes or {}),
                ODOO_PDF: {
                    "checked": wizard.company_id.cfdi_send_odoo_pdf,
                    "label": choice["label"],
                    "help": choice["help"],
                },
            }
        return result

    def _get_sending_settings(self):
        settings = super()._get_sending_settings()
        # An empty list is stored as False, which Odoo does not expect: there was always its own PDF.
        return {**settings, "mail_attachments_widget": settings.get("mail_attachments_widget") or []}


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    def _compute_summary_data(self):
        result = super()._compute_summary_data()
        for wizard in self:
            # It is no way of sending.
            wizard.summary_data = {key: data for key, data in wizard.summary_data.items() if key != ODOO_PDF}
        return result
