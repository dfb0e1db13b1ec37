import io
import logging
from collections import OrderedDict

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.base.models.ir_actions_report import _wkhtml

_logger = logging.getLogger(__name__)
# They tell each step of each page.
for name in ("weasyprint", "fontTools"):
    logging.getLogger(name).setLevel(logging.ERROR)

CFDI_REPORT = "l10n_mx_customer.report_customer_cfdi_document"
PREVIEW_REPORT = "l10n_mx_customer.report_customer_stamp_line"
ENGINE_PARAMETER = "l10n_mx_customer.cfdi_pdf_engine"
UNPATCHED_ZOOM = 1.3
ENGINES = ("weasyprint", "wkhtmltopdf")


class IrActionsReport(models.Model):
    """Prints the CFDI without the network.

    Its HTML is a whole document: styles, logo and QR are in it. So it needs neither the assets, which wkhtmltopdf asks
    Odoo for over HTTP (it hangs where the address is wrong, or no worker is free), nor headers and footers, which
    wkhtmltopdf has with a patched Qt only. WeasyPrint prints it, which satcfdi brings: it numbers the pages; else
    wkhtmltopdf. The system parameter ``l10n_mx_customer.cfdi_pdf_engine`` names one of them.
    """

    _inherit = "ir.actions.report"

    @api.model
    def _is_cfdi_report(self, report_ref):
        return self._get_report(report_ref).report_name in (CFDI_REPORT, PREVIEW_REPORT)

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        if not res_ids or not self._is_cfdi_report(report_ref):
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        # One by one: each is a document with pages of its own.
        return OrderedDict(
            (res_id, {"stream": io.BytesIO(self._cfdi_pdf(report_ref, res_id)), "attachment": None})
            for res_id in res_ids
        )

    @api.model
    def _cfdi_pdf(self, report_ref, res_id):
        """The PDF of one CFDI.

        :rtype: bytes
        :raise UserError: there is no engine that can print it
        """
        engine = self.env["ir.config_parameter"].sudo().get_param(ENGINE_PARAMETER)
        if engine != "wkhtmltopdf":
            try:
                return _weasyprint(self._cfdi_html(report_ref, res_id))
            except (ImportError, OSError) as error:
                # OSError: Pango, which it draws with, is not on this machine.
                if engine == "weasyprint" or self.get_wkhtmltopdf_state() == "install":
                    raise UserError(
                        self.env._("WeasyPrint cannot print on this server: %(reason)s", reason=error)
                    ) from error
                _logger.info("no WeasyPrint (%s): wkhtmltopdf prints the CFDI", error)
        # Without its patched Qt it takes 96 points for an inch, and a smaller QR than the SAT asks for is not read.
        zoom = 1 if _wkhtml().is_patched_qt else UNPATCHED_ZOOM
        html = self._cfdi_html(report_ref, res_id, rows_apart=True, zoom=zoom)
        return self._run_wkhtmltopdf([html], report_ref=report_ref)

    @api.model
    def _cfdi_html(self, report_ref, res_id, **data):
        return f"<!DOCTYPE html>\n{self._render_qweb_html(report_ref, [res_id], data=data)[0].decode()}"


def _weasyprint(html):
    # It takes a quarter of a second to load: only where something is printed.
    from weasyprint import HTML

    return HTML(string=html, url_fetcher=_only_data).write_pdf()


def _only_data(url, *_args, **_options):
    """Nothing is fetched, neither of the network nor of the disk: what is printed came in an XML."""
    from weasyprint import urls

    if not url.startswith("data:"):
        raise ValueError(f"{url[:50]} is not part of the document")
    if hasattr(urls, "URLFetcher"):
        return urls.URLFetcher(allowed_protocols=["data"]).fetch(url)
    return urls.default_url_fetcher(url)
