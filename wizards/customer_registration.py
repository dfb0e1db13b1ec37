import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..cfdi import CfdiError, catalogs
from ..models import sat_catalogs
from ..models.res_partner_tax import GENERIC_RFCS, RFC_PUBLIC

ADDRESS = ("street_name", "street_number", "street_number2", "street2", "city", "state_id", "zip", "country_id")
# In the order of the preview.
FIELDS = (
    "name",
    "firstname",
    "lastname",
    "vat",
    "cfdi_legal_name",
    "cfdi_zip",
    "cfdi_tax_regime",
    "cfdi_use",
    *ADDRESS,
)
PARTIES = [("emisor", "Issuer"), ("receptor", "Receiver")]
FILE_TYPE = "l10n_mx_customer.file_type_csf"


class CustomerRegistration(models.TransientModel):
    """Register a customer from the SAT: from a Constancia de Situación Fiscal (PDF) or from a CFDI received (XML).

    Nothing is written before ``action_register``. Over RPC in two calls: ``create({'file': base64, 'filename': ...})``,
    which reads the file; its ``line_ids`` are the preview: what was read and what the customer has now; then
    ``action_register``, which answers the action that opens the customer (``res_id``). Of a CFDI whose issuer and
    receiver are both somebody else's, ``party`` says whose data are wanted.
    """

    _name = "customer.registration"
    _description = "Register a Customer from the SAT"

    file = fields.Binary(
        string="Constancia or CFDI",
        attachment=False,
        help="The Constancia de Situación Fiscal as the PDF that the SAT's portal gives (not a scan of it), "
        "or a CFDI 4.0 or 3.3 as XML. At most 5 MB.",
    )
    filename = fields.Char()
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer to Update",
        domain=[("parent_id", "=", False)],
        help="Empty, the customer with the RFC of the file is updated, and created when there is none.",
    )
    party = fields.Selection(
        PARTIES, help="Whose data of the CFDI are wanted. The company's own RFC is left aside by itself."
    )
    state = fields.Selection(
        [("upload", "File"), ("party", "Issuer or Receiver"), ("preview", "Preview")],
        default="upload",
        required=True,
        readonly=True,
    )
    kind = fields.Selection([("constancia", "Constancia"), ("cfdi", "CFDI")], readonly=True)
    emisor_name = fields.Char(string="Issuer", readonly=True)
    receptor_name = fields.Char(string="Receiver", readonly=True)
    vat = fields.Char(string="RFC", readonly=True)
    notes = fields.Text(readonly=True, help="What to look at before registering.")
    regime_codes = fields.Char(readonly=True, help="Codes of the régimens in force, separated by commas.")
    cfdi_tax_regime = fields.Selection(
        sat_catalogs.TAX_REGIMES,
        string="Tax Regime",
        help="The one that the customer invoices with, when the Constancia has several.",
    )
    line_ids = fields.One2many("customer.registration.line", "wizard_id", string="What Was Read")
    registered_id = fields.Many2one("res.partner", readonly=True, ondelete="set null")

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._read_file()
        return wizards

    def write(self, vals):
        result = super().write(vals)
        if {"file", "partner_id", "party"} & vals.keys() and not self.env.context.get("customer_registration_reading"):
            for wizard in self:
                wizard._read_file()
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_read(self):
        """Button: the file was read when it was saved; show the preview.

        :return: the action that opens this wizard again
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Register from the SAT"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def action_emisor(self):
        """Button: take the issuer's data.

        :return: the action that opens this wizard again
        """
        self.party = "emisor"
        return self.action_read()

    def action_receptor(self):
        """Button: take the receiver's data.

        :return: the action that opens this wizard again
        """
        self.party = "receptor"
        return self.action_read()

    def action_register(self):
        """Create or update the customer with the lines of the preview that are to be applied, and attach the file.

        A second call answers the same and does nothing.

        :return: the action that opens the customer's form; its id is ``res_id``
        :raise UserError: nothing was read, whose data are wanted is not said, or the customer was registered meanwhile
        :raise ValidationError: a value breaks a rule of customers, such as an RFC that is another's
        """
        self.ensure_one()
        if not self.registered_id:
            if self.state != "preview":
                raise UserError(self.env._("Issuer or Receiver: say whose data of the CFDI are wanted (party)."))
            self.registered_id = self._write_customer()
        return self.registered_id._action_open_card()

    # ------------------------------------------------------------------
    # Reading the file
    # ------------------------------------------------------------------

    def _read_file(self):
        """Fill in the preview from the file.

        :raise UserError: the file cannot be read
        """
        self.ensure_one()
        try:
            data = base64.b64decode(self.with_context(bin_size=False).file or b"", validate=True)
        except binascii.Error as error:
            raise UserError(self.env._("File: it is not in base64.")) from error
        try:
            facts = self._read_data(data)
        except CfdiError as error:
            raise UserError(
                self.env._("%(filename)s: %(problem)s", filename=self.filename or self.env._("File"), problem=error)
            ) from error
        self.with_context(customer_registration_reading=True).write(self._prepare_preview_vals(facts))

    # ------------------------------------------------------------------
    # The preview
    # ------------------------------------------------------------------

    def _prepare_preview_vals(self, facts):
        parties = facts["parties"]
        party = "holder" if facts["kind"] == "constancia" else self.party or self._guess_party(parties)
        names = {
            f"{key}_name": f"{parties[key]['values']['vat']} {parties[key]['values']['name']}" if key in parties else ""
            for key, _label in PARTIES
        }
        vals = {
            **names,
            "kind": facts["kind"],
            "state": "preview" if party else "party",
            "party": party if party != "holder" else False,
            "line_ids": [fields.Command.clear()],
            "vat": False,
            "notes": False,
            "regime_codes": False,
            "cfdi_tax_regime": False,
        }
        if not party:
            return vals
        holder = parties[party]
        number = holder["values"]["vat"]
        if number == RFC_PUBLIC:
            raise UserError(
                self.env._("RFC: “%(value)s” is the general public's; a customer is expected.", value=number)
            )
        self.env["res.partner"]._check_rfc(number, holder["values"]["name"])
        partner = self.partner_id or self._find_customer(number)
        regime = holder["values"].get("cfdi_tax_regime")
        if partner.cfdi_tax_regime in holder["regime_codes"]:
            regime = partner.cfdi_tax_regime
        holder["values"]["cfdi_tax_regime"] = regime
        return vals | {
            "partner_id": partner.id,
            "vat": number,
            "notes": "\n".join(holder["notes"] + self._partner_notes(partner, number)) or False,
            "regime_codes": ",".join(holder["regime_codes"]) or False,
            "cfdi_tax_regime": regime or False,
            "line_ids": [
                fields.Command.clear(),
                *(fields.Command.create(line) for line in self._prepare_line_vals(holder, partner)),
            ],
        }

    @api.model
    def _guess_party(self, parties):
        """The party that is not the company itself, when one of them is."""
        own = self.env.company.vat
        others = [party for party, facts in parties.items() if facts["values"]["vat"] != own]
        return others[0] if own and len(others) == 1 else False

    @api.model
    def _find_customer(self, number):
        """Who has the RFC already: a customer rather than a supplier, an active one rather than an archived one."""
        if number in GENERIC_RFCS:
            return self.env["res.partner"]
        partners = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(
                [
                    ("vat", "=", number),
                    ("parent_id", "=", False),
                    ("company_id", "in", [False, self.env.company.id]),
                    # the company is no customer of its own
                    ("ref_company_ids", "=", False),
                ]
            )
        )
        return partners.sorted(lambda partner: (not partner.customer_rank, not partner.active, partner.id))[:1]

    def _partner_notes(self, partner, number):
        notes = []
        if partner and partner.vat and partner.vat != number:
            notes.append(
                self.env._(
                    "%(name)s has the RFC %(own)s and the file says %(read)s: make sure that it is the same customer.",
                    name=partner.display_name,
                    own=partner.vat,
                    read=number,
                )
            )
        if partner and not partner.active:
            notes.append(self.env._("%(name)s is archived and stays so.", name=partner.display_name))
        if partner and not partner.customer_rank:
            notes.append(
                self.env._("%(name)s is a contact but no customer yet: it becomes one.", name=partner.display_name)
            )
        return notes

    def _prepare_line_vals(self, holder, partner):
        partner_fields = self.env["res.partner"]._fields
        # the address where a customer is attended need not be that of the SAT: it is only filled in
        has_address = bool(partner.street or partner.zip)
        for name in FIELDS:
            value = holder["values"].get(name)
            if not value:
                continue
            old = partner[name].id if partner_fields[name].type == "many2one" else partner[name]
            if old == value:
                continue
            keep = partner and ((name == "name" and partner.name) or (name in ADDRESS and has_address))
            yield {
                "field_name": name,
                "value": value,
                "old_value": self._shown(name, old),
                "new_value": self._shown(name, value),
                "apply": not keep,
            }

    @api.model
    def _shown(self, name, value):
        field = self.env["res.partner"]._fields[name]
        if not value:
            return False
        if field.type == "many2one":
            return self.env[field.comodel_name].browse(value).display_name
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        return value

    # ------------------------------------------------------------------
    # Writing the customer
    # ------------------------------------------------------------------

    def _write_customer(self):
        vals = {line.field_name: line.value for line in self.line_ids if line.apply and line.field_name in FIELDS}
        if "cfdi_tax_regime" in vals or self.cfdi_tax_regime not in (False, self.partner_id.cfdi_tax_regime):
            vals["cfdi_tax_regime"] = self._chosen_regime()
        partner = self.partner_id
        if partner:
            if not partner.customer_rank:
                vals["customer_rank"] = 1
            partner.write(vals)
        else:
            other = self._find_customer(self.vat)
            if other:
                raise UserError(
                    self.env._(
                        "RFC: “%(value)s” was registered meanwhile, as %(name)s; read the file again.",
                        value=self.vat,
                        name=other.display_name,
                    )
                )
            partner = partner.with_context(capture_origin="sat").create(
                {"customer_rank": 1, "is_company": self._is_company(), **vals}
            )
        self._attach_file(partner)
        return partner.with_env(self.env)

    def _is_company(self):
        # the generic RFC of foreign residents has the length of a natural person's and says nothing
        return self.vat in GENERIC_RFCS or catalogs.person_of(self.vat) == catalogs.MORAL

    def _chosen_regime(self):
        """:raise UserError: the régimen is none of those in force"""
        codes = (self.regime_codes or "").split(",")
        if self.cfdi_tax_regime not in codes:
            raise UserError(
                self.env._(
                    "Tax Regime: “%(value)s” is not in the file; one of these is expected: %(codes)s.",
                    value=self.cfdi_tax_regime or "",
                    codes=", ".join(codes),
                )
            )
        return self.cfdi_tax_regime

    def _attach_file(self, partner):
        attachments = self.env["ir.attachment"]
        extension = "pdf" if self.kind == "constancia" else "xml"
        vals = {
            "name": self.filename or f"{self.vat}.{extension}",
            "datas": self.with_context(bin_size=False).file,
            "res_model": "res.partner",
            "res_id": partner.id,
        }
        file_type = self.env.ref(FILE_TYPE, raise_if_not_found=False)
        if self.kind == "constancia" and file_type and "customer_file_type_id" in attachments._fields:
            vals["customer_file_type_id"] = file_type.id
        attachments.create(vals)


class CustomerRegistrationLine(models.TransientModel):
    """A value that was read, beside the one that the customer has."""

    _name = "customer.registration.line"
    _description = "Value Read from the SAT"
    _order = "id"

    wizard_id = fields.Many2one("customer.registration", required=True, readonly=True, ondelete="cascade")
    field_name = fields.Char(string="Technical Name", required=True, readonly=True)
    label = fields.Char(string="Field", compute="_compute_label")
    value = fields.Json(readonly=True)
    old_value = fields.Char(string="Now", readonly=True)
    new_value = fields.Char(string="Read", readonly=True)
    apply = fields.Boolean(help="Whether the value that was read is written.")

    @api.depends("field_name")
    @api.depends_context("lang")
    def _compute_label(self):
        partner_fields = self.env["res.partner"]._fields
        labels = self._address_labels()
        for line in self:
            field = partner_fields.get(line.field_name)
            line.label = labels.get(line.field_name) or (
                field._description_string(self.env) if field else line.field_name
            )

    @api.model
    def _address_labels(self):
        """What Odoo calls in its own way, as the Constancia says it."""
        return {
            "name": self.env._("Customer Name"),
            "vat": self.env._("RFC"),
            "street_name": self.env._("Street"),
            "street_number": self.env._("Exterior Number"),
            "street_number2": self.env._("Interior Number"),
            "street2": self.env._("Colonia"),
            "city": self.env._("Municipality"),
            "zip": self.env._("Postal Code"),
        }
