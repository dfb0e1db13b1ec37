from odoo import api, models

from .customer_cfdi_delivery import DELIVERED_STATES, ISSUER_GROUP, MAIL_KEY, SENDABLE_STATES

EDI = "mx_cfdi"
PLACEHOLDER = "placeholder_mx_cfdi_"


class AccountMoveSend(models.AbstractModel):
    """Odoo's Send & Print: the CFDI is stamped first, and its XML and PDF go with the e-mail.

    What cannot be stamped stops the sending of that invoice and of no other. The customer gets one e-mail, this one:
    the delivery that follows a timbre makes the files and leaves the mail to whoever stamps here.
    """

    _inherit = "account.move.send"

    @api.model
    def _get_all_extra_edis(self):
        return {
            **super()._get_all_extra_edis(),
            EDI: {
                "label": self.env._("CFDI"),
                "is_applicable": self._is_mx_cfdi_applicable,
                "help": self.env._("Stamp the CFDI, and send its XML and PDF with the e-mail."),
            },
        }

    @api.model
    def _is_mx_cfdi_applicable(self, move):
        return bool(
            move._cfdi_type()
            and move.state == "posted"
            and move.cfdi_state not in DELIVERED_STATES
            and move.company_id.account_fiscal_country_id.code == "MX"
            and move.company_id.sudo().cfdi_pac_ids
            and self.env.user.has_group(ISSUER_GROUP)
        )

    # ------------------------------------------------------------------
    # Attachments
    # ------------------------------------------------------------------

    @api.model
    def _get_placeholder_mail_attachments_data(self, move, invoice_edi_format=None, extra_edis=None, pdf_report=None):
        """The files that stamping will make, so that the wizard shows them and lets go of them."""
        data = super()._get_placeholder_mail_attachments_data(
            move, invoice_edi_format=invoice_edi_format, extra_edis=extra_edis, pdf_report=pdf_report
        )
        if EDI not in (extra_edis or ()):
            return data
        name = (move.name or "").replace("/", "_")
        return data + [
            {
                "id": f"{PLACEHOLDER}{kind}",
                "name": f"CFDI_{name}.{kind}",
                "mimetype": f"application/{kind}",
                "placeholder": True,
            }
            for kind in ("xml", "pdf")
        ]

    @api.model
    def _get_invoice_extra_attachments(self, move):
        cfdi = self._sendable_cfdi(move)
        files = cfdi._files(move) if cfdi else self.env["ir.attachment"]
        return super()._get_invoice_extra_attachments(move) + files

    @api.model
    def _get_mail_params(self, move, move_data):
        """A file that was taken out in the wizard, before it had its name, does not go."""
        widget = move_data.get("mail_attachments_widget") or []
        left_out = [
            str(item["id"]).removeprefix(PLACEHOLDER)
            for item in widget
            if item.get("skip") and str(item.get("id")).startswith(PLACEHOLDER)
        ]
        if left_out:
            skipped = [
                {"id": file.id, "name": file.name, "skip": True}
                for file in self._get_invoice_extra_attachments(move)
                if file != move.invoice_pdf_report_id and file.name.rpartition(".")[2] in left_out
            ]
            move_data = {**move_data, "mail_attachments_widget": widget + skipped}
        return super()._get_mail_params(move, move_data)

    # ------------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------------

    @api.model
    def _call_web_service_before_invoice_pdf_render(self, invoices_data):
        result = super()._call_web_service_before_invoice_pdf_render(invoices_data)
        for move, data in invoices_data.items():
            error = self._stamp_before_sending(move) if EDI in data["extra_edis"] else None
            error = error or self._make_files_before_sending(move)
            if error:
                data["error"] = error
        return result

    @api.model
    def _stamp_before_sending(self, move):
        """Stamp one invoice.

        :return: the error in the form of Odoo's sending, or None
        """
        (result,) = move.with_context(**{MAIL_KEY: False}).cfdi_stamp()
        if result["state"] == "stamped":
            return None
        return {
            "error_title": self.env._("%(name)s could not be stamped:", name=move.name),
            "errors": (result["message"] or result["state"]).splitlines(),
            # No answer yet, or the PAC is down: the job that sends in the background comes back.
            "retry": result["state"] in ("sealed", "sent"),
        }

    @api.model
    def _make_files_before_sending(self, move):
        """Make the files of a stamped invoice that has none yet: an e-mail without them is not what was asked for.

        :return: the error in the form of Odoo's sending, or None
        """
        cfdi = self._sendable_cfdi(move)
        if not cfdi or len(cfdi._files(move)) == 2:
            return None
        cfdi._try_delivery(lambda: cfdi._store_files() and {})
        if len(cfdi._files(move)) == 2:
            return None
        return {
            "error_title": self.env._("%(name)s is stamped, and its files cannot be sent:", name=move.name),
            "errors": (cfdi.delivery_message or "").splitlines(),
        }

    @api.model
    def _sendable_cfdi(self, move):
        # Sudo: whoever sends the invoice sends its files, and nobody writes a CFDI.
        return move.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state in SENDABLE_STATES)[:1]

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        result = super()._hook_if_success(moves_data, from_cron=from_cron)
        for move, data in moves_data.items():
            cfdi = self._sendable_cfdi(move)
            if cfdi:
                cfdi._sent_by_odoo(data)
        return result
