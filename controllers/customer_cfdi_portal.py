from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.customer_cfdi_delivery import DELIVERED_STATES

KINDS = {"xml": "application/xml", "pdf": "application/pdf"}
SEARCH_LENGTH = 60
ADDRESS = "/my/cfdi"


class CustomerCfdiPortal(CustomerPortal):
    """The customer's legal documents on its own pages: found and downloaded by whoever works there.

    What a user sees is the record rule's business; a document that is not his is answered as one that does not exist.
    """

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "cfdi_count" in counters:
            documents = request.env["customer.cfdi"]
            values["cfdi_count"] = documents.search_count(self._cfdi_domain()) if documents.has_access("read") else 0
        return values

    def _cfdi_domain(self):
        """Employees too see here what their own company, as a customer, would."""
        customer = request.env.user.commercial_partner_id
        return Domain("partner_id", "child_of", customer.id) & Domain("state", "in", DELIVERED_STATES)

    @http.route([ADDRESS, f"{ADDRESS}/page/<int:page>"], type="http", auth="user", website=True, readonly=True)
    def portal_my_cfdi(self, page=1, search="", cfdi_type="", date_begin="", date_end="", **_options):
        documents = request.env["customer.cfdi"]
        types = dict(documents._fields["cfdi_type"]._description_selection(request.env))
        asked = {
            "search": (search or "").strip()[:SEARCH_LENGTH],
            "cfdi_type": cfdi_type if cfdi_type in types else "",
            "date_begin": _day(date_begin),
            "date_end": _day(date_end),
        }
        url_args = {name: str(value) for name, value in asked.items() if value}
        found, total = documents.browse(), 0
        pages = pager(url=ADDRESS, total=0)
        if documents.has_access("read"):
            domain = self._cfdi_domain() & self._cfdi_asked_domain(**asked)
            total = documents.search_count(domain)
            pages = pager(url=ADDRESS, url_args=url_args, total=total, page=page, step=self._items_per_page)
            found = documents.search(domain, order="id desc", limit=self._items_per_page, offset=pages["offset"])
        return request.render(
            "l10n_mx_customer.portal_my_cfdi",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "cfdi",
                "default_url": ADDRESS,
                "documents": found,
                "document_total": total,
                "types": types,
                "asked": asked,
                "pager": pages,
            },
        )

    def _cfdi_asked_domain(self, search, cfdi_type, date_begin, date_end):
        domain = Domain.TRUE
        if search:
            domain = Domain("uuid", "ilike", search) | Domain("folio", "ilike", search)
            series, dash, folio = search.rpartition("-")
            if dash:
                domain |= Domain("series", "=ilike", series) & Domain("folio", "=ilike", folio)
        if cfdi_type:
            domain &= Domain("cfdi_type", "=", cfdi_type)
        # Days begin in the company's time zone, which its contact says (sudo); what is stored is UTC.
        zone = ZoneInfo(request.env.company.sudo()._business_time_zone())
        if date_begin:
            domain &= Domain("stamped_at", ">=", _start(date_begin, zone))
        if date_end:
            domain &= Domain("stamped_at", "<", _start(date_end + timedelta(days=1), zone))
        return domain

    @http.route(
        f"{ADDRESS}/<int:cfdi_id>/<any(xml, pdf):kind>", type="http", auth="public", website=True, readonly=True
    )
    def portal_my_cfdi_file(self, cfdi_id, kind, access_token=None, **_options):
        cfdi = self._cfdi_of_visitor(cfdi_id, access_token)
        content = cfdi._portal_content(kind)
        name = cfdi.xml_name if kind == "xml" else cfdi.pdf_name
        return request.make_response(
            content,
            headers=[
                ("Content-Type", KINDS[kind]),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _cfdi_of_visitor(self, cfdi_id, access_token):
        """The document, in sudo, if the visitor may have it: by its rights, or with the link of its invoice.

        :raise NotFound: it is not there, or not the visitor's
        """
        cfdi = request.env["customer.cfdi"].browse(cfdi_id)
        cfdi_sudo = cfdi.sudo().exists()
        if cfdi_sudo.state not in DELIVERED_STATES:
            raise request.not_found()
        if not cfdi.has_access("read"):
            if not access_token:
                raise request.not_found()
            try:
                self._document_check_access("account.move", cfdi_sudo.move_id.id, access_token)
            except (AccessError, MissingError) as error:
                raise request.not_found() from error
        return cfdi_sudo


def _day(text):
    """The date that an address says; None for none, or for nonsense."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    # A day more is looked at: the last one of all has none.
    return day if date.min < day < date.max else None


def _start(day, zone):
    """When a day begins, in UTC as it is stored."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(timezone.utc).replace(tzinfo=None)
