from odoo import api, models

from .customer_cfdi import ISSUER_GROUP
from .customer_cfdi_delivery import DELIVERED_STATES, MAIL_KEY, SENDABLE_STATES

EDI = "mx_cfdi"
ODOO_PDF = "mx_cfdi_odoo_pdf"
PLACEHOLDER = "placeholder_mx_cfdi_"


class AccountMoveSend(models.AbstractModel):
    """Odoo's Send & Print: the CFDI is stamped first, and its XML and PDF go with the e-mail.

    What cannot be stamped stops the sending of that invoice and of no other. The customer gets one e-mail, this one:
    the delivery that follows a timbre makes the files and leaves the mail to whoever stamps here. Odoo's own PDF of a
    document with a CFDI goes with it where the company says so, or who sends it: of two papers of one invoice, the
    customer asks which one is the right one.
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
            ODOO_PDF: {
                "label": self.env._("Odoo's invoice too"),
                "is_applicable": self._is_odoo_pdf_a_choice,
                "help": self.env._("Besides the CFDI, send the PDF that Odoo prints of the invoice."),
            },
        }

    @api.model
    def _get_default_extra_edis(self, move):
        edis = super()._get_default_extra_edis(move)
        return edis if move.company_id.cfdi_send_odoo_pdf else edis - {ODOO_PDF}

    @api.model
    def _is_odoo_pdf_a_choice(self, move):
        return bool(self._is_mx_cfdi_applicable(move) or self._sendable_cfdi(move))

    @api.model
    def _is_odoo_pdf_wanted(self, move, extra_edis):
        """Whether Odoo's PDF goes with the e-mail: that of a document without a CFDI always does."""
        with_cfdi = EDI in extra_edis or self._sendable_cfdi(move)
        return ODOO_PDF in extra_edis or not with_cfdi

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
        cfdi = self._sendable_cfdi(move)
        if EDI not in (extra_edis or ()) and (not cfdi or cfdi._files(move)):
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
    def _get_default_mail_attachments_widget(
        self, move, mail_template, invoice_edi_format=None, extra_edis=None, pdf_report=None
    ):
        data = super()._get_default_mail_attachments_widget(
            move, mail_template, invoice_edi_format=invoice_edi_format, extra_edis=extra_edis, pdf_report=pdf_report
        )
        if self._is_odoo_pdf_wanted(move, extra_edis or ()):
            return data
        left_out = (
            move.invoice_pdf_report_id.id,
            f"placeholder_{move._get_invoice_report_filename(report=pdf_report)}",
        )
        return [item for item in data if item["id"] not in left_out]

    @api.model
    def _get_invoice_extra_attachments(self, move):
        cfdi = self._sendable_cfdi(move)
        files = cfdi._files(move) if cfdi else self.env["ir.attachment"]
        return super()._get_invoice_extra_attachments(move) + files

    @api.model
    def _get_mail_params(self, move, move_data):
        """What was taken out in the wizard, before it had its name, does not go; nor does what was not chosen."""
        widget = move_data.get("mail_attachments_widget") or []
        odoo_pdf = move.invoice_pdf_report_id
        if odoo_pdf and not self._is_odoo_pdf_wanted(move, move_data.get("extra_edis") or ()):
            widget = [*widget, {"id": odoo_pdf.id, "name": odoo_pdf.name, "skip": True}]
            move_data = {**move_data, "mail_attachments_widget": widget}
        left_out = [
            str(item["id"]).removeprefix(PLACEHOLDER)
            for item in widget
            if item.get("skip") and str(item.get("id")).startswith(PLACEHOLDER)
        ]
        if left_out:
            skipped = [
                {"id": file.id, "name": file.name, "skip": True}
                for file in self._get_invoice_extra_attachments(move)
                if file != odoo_pdf and file.name.rpartition(".")[2] in left_out
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
