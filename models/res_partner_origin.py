import threading
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

CAPTURE_ORIGINS = [
    ("crm", "CRM"),
    ("tpv", "TPV"),
    ("store", "STORE"),
    ("sat", "SAT"),
    ("api", "API"),
]
# Marks what the conversion of a lead creates. A plain object: nobody can send it by RPC.
FROM_LEAD = object()
FROM_LEAD_KEY = "l10n_mx_customer_from_lead"
READONLY_FIELDS = ("capture_origin", "from_lead")

API_PATHS = ("/xmlrpc/", "/jsonrpc", "/json/")
POS_PATHS = ("/pos/", "/pos-self", "/pos_self", "/kiosk/")


class ResPartner(models.Model):
    """Where a customer comes from: found out when it is created, and never changed.

    In this order: the context key ``capture_origin`` (our own code, such as the registration from a SAT file, and the
    conversion of a lead); then the request that creates it: external API, point of sale, web shop or portal. Typed in
    the back office, imported there, or created without a request, it has none. Addresses and contacts of a customer
    have none, nor have suppliers.
    """

    _inherit = "res.partner"

    capture_origin = fields.Selection(
        selection=CAPTURE_ORIGINS,
        readonly=True,
        copy=False,
        help="Where the record comes from, set by itself when it is created: CRM, a converted lead; TPV, the point of "
        "sale; STORE, the web shop or a portal sign-up; SAT, a Constancia de Situación Fiscal or a CFDI; API, another "
        "system. Empty: somebody typed or imported it here.",
    )
    from_lead = fields.Boolean(
        string="Created from a Lead",
        readonly=True,
        copy=False,
        help="The customer was made by converting a lead. Its opportunities tell its story before it was a customer.",
    )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        origin = self._get_capture_origin()
        from_lead = self.env.context.get(FROM_LEAD_KEY) is FROM_LEAD
        return super().create([self._set_origin_vals(vals, origin, from_lead) for vals in vals_list])

    def write(self, vals):
        names = [name for name in READONLY_FIELDS if name in vals]
        if names:
            for partner in self:
                for name in names:
                    if (vals[name] or False) != partner[name]:
                        self._refuse_origin(name, vals[name], partner.display_name)
            vals = {name: value for name, value in vals.items() if name not in names}
        return super().write(vals)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _set_origin_vals(self, vals, origin, from_lead):
        """The values of a new partner, with its origin. Explicit, so that no ``default_`` of a context gets in."""
        own = {"capture_origin": False, "from_lead": False}
        if not vals.get("parent_id") and (vals.get("customer_rank") or not vals.get("supplier_rank")):
            own["capture_origin"] = origin
            own["from_lead"] = from_lead
            if from_lead:
                # Who converts a lead wants a customer, and the menu of customers lists those of a rank.
                own["customer_rank"] = vals.get("customer_rank") or 1
        for name in READONLY_FIELDS:
            if vals.get(name) and vals[name] != own[name]:
                self._refuse_origin(name, vals[name], vals.get("name") or "")
        return vals | own

    @api.model
    def _refuse_origin(self, name, value, partner_name):
        raise UserError(
            self.env._(
                "%(field)s: “%(value)s” cannot be set for %(name)s. It says where the record comes from: "
                "it is found out at creation, and nobody changes it.",
                field=self._card_label(name),
                value=value,
                name=partner_name,
            )
        )

    @api.model
    def _get_capture_origin(self):
        """The origin of what is created now: a key of ``CAPTURE_ORIGINS``, or False.

        :raise UserError: the context asks for an origin that does not exist
        """
        origin = self.env.context.get("capture_origin")
        if origin:
            if origin not in dict(CAPTURE_ORIGINS):
                raise UserError(
                    self.env._(
                        "Capture Origin: “%(value)s” is not valid; one of %(expected)s is expected.",
                        value=origin,
                        expected=", ".join(key for key, __ in CAPTURE_ORIGINS),
                    )
                )
            return origin
        if not request:
            # XML-RPC and JSON-RPC hide the request from what they call; their thread still knows its address.
            url = getattr(threading.current_thread(), "url", None)
            return "api" if url and urlsplit(url).path.startswith(API_PATHS) else False
        path = request.httprequest.path
        if path.startswith(API_PATHS):
            return "api"
        if path.startswith(POS_PATHS) or self._is_from_pos_page(path):
            return "tpv"
        # The request's user, not ours: shop and portal create partners with rights that their visitor does not have.
        if request.env is not None and request.env.uid and not request.env.user._is_internal():
            return "store"
        return False

    @api.model
    def _is_from_pos_page(self, path):
        """The point of sale works through the web client's routes: only the page that calls them tells it."""
        if not path.startswith("/web/dataset/"):
            return False
        if path.startswith("/web/dataset/call_kw/pos."):
            return True
        return urlsplit(request.httprequest.referrer or "").path.startswith(("/pos/ui", "/pos/web"))
