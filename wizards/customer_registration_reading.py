from odoo import api, models
from odoo.exceptions import UserError

from ..cfdi.constancia import ConstanciaError, read_constancia, state_key
from ..cfdi.pdf_text import pdf_text
from ..cfdi.received import read_received
from ..models import sat_catalogs
from ..models.res_partner_tax import GENERIC_RFCS, RFC_FOREIGN
from .customer_registration import PARTIES

MAX_BYTES = 5 * 1024 * 1024
REGIMES = dict(sat_catalogs.TAX_REGIMES)
USES = dict(sat_catalogs.CFDI_USES)
PLAIN_STREETS = {"", "CALLE", "OTRO", "OTRA", "NO APLICA"}


class CustomerRegistration(models.TransientModel):
    """From the bytes of a file to the values of a customer; nothing here writes.

    The facts about a person are ``{'notes', 'regime_codes', 'values': {field of res.partner: value}}``.
    """

    _inherit = "customer.registration"

    @api.model
    def _read_data(self, data):
        """:return: ``{'kind', 'parties': {party: facts}}``; the party of a Constancia is ``holder``"""
        if not data or len(data) > MAX_BYTES:
            raise UserError(
                self.env._("File: it has %(size)s bytes; one of at most 5 MB is expected.", size=f"{len(data):,}")
            )
        if b"%PDF-" in data[:1024]:
            return {"kind": "constancia", "parties": {"holder": self._constancia_facts(data)}}
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            received = read_received(data)
            return {
                "kind": "cfdi",
                "parties": {party: self._party_facts(received, party) for party, _label in PARTIES},
            }
        raise UserError(
            self.env._("File: it is neither a PDF nor an XML; the Constancia in PDF or a CFDI in XML is expected.")
        )

    @api.model
    def _constancia_facts(self, data):
        plain, *others = pdf_text(data)
        try:
            constancia = read_constancia(plain)
        except ConstanciaError:
            if not others:
                raise
            constancia = read_constancia(others[0])
        return self._facts_of_constancia(constancia)

    @api.model
    def _facts_of_constancia(self, constancia):
        notes = []
        if constancia.estatus and constancia.estatus.upper() != "ACTIVO":
            notes.append(self.env._("The SAT's register says of this taxpayer: %(status)s.", status=constancia.estatus))
        codes = [code for code in dict.fromkeys(constancia.regimen_codes) if code in REGIMES]
        if len(codes) > 1:
            notes.append(self.env._("The Constancia has several tax regimes: choose the one it invoices with."))
        elif not codes:
            notes.append(self.env._("No tax regime in force was found in the Constancia: give it by hand."))
        full_name = " ".join(filter(None, (constancia.legal_name, constancia.regimen_capital)))
        kind = constancia.tipo_vialidad.split("(")[0].strip()
        street = constancia.vialidad
        if kind.upper() not in PLAIN_STREETS and not street.upper().startswith(kind.upper()):
            street = f"{kind} {street}".strip()
        state = self._find_state(constancia.entidad)
        if constancia.entidad and not state:
            notes.append(self.env._("State: “%(value)s” was not recognised.", value=constancia.entidad))
        return {
            "notes": notes,
            "regime_codes": codes,
            "values": {
                "name": constancia.nombre_comercial or full_name,
                "firstname": constancia.nombre if constancia.is_fisica else "",
                "lastname": constancia.apellidos if constancia.is_fisica else "",
                "vat": constancia.rfc,
                "cfdi_legal_name": constancia.legal_name,
                "cfdi_zip": constancia.codigo_postal,
                "cfdi_tax_regime": codes[0] if codes else "",
                "street_name": street,
                "street_number": constancia.numero_exterior,
                "street_number2": constancia.numero_interior,
                "street2": constancia.colonia,
                "city": constancia.municipio or constancia.localidad,
                "state_id": state.id,
                "zip": constancia.codigo_postal,
                "country_id": self.env.ref("base.mx").id,
            },
        }

    @api.model
    def _party_facts(self, received, party):
        data = getattr(received, party)
        notes = []
        if received.seal_holds is False:
            notes.append(self.env._("The seal of this CFDI does not hold: somebody may have changed it."))
        if received.version == "3.3":
            notes.append(
                self.env._("A CFDI 3.3 does not write the legal name as the SAT has it: take it from the Constancia.")
            )
        if data.rfc == RFC_FOREIGN:
            notes.append(
                self.env._(
                    "A foreign resident: give its country (%(country)s) and its tax id (%(number)s) by hand.",
                    country=data.residencia or "-",
                    number=data.num_reg_id_trib or "-",
                )
            )
        return {
            "notes": notes,
            "regime_codes": [data.regimen] if data.regimen in REGIMES else [],
            "values": {
                "name": data.nombre,
                "vat": data.rfc,
                "cfdi_legal_name": data.nombre if received.version == "4.0" else "",
                # where a foreign resident or the public is concerned, it is the issuer's own
                "cfdi_zip": "" if data.rfc in GENERIC_RFCS else data.codigo_postal,
                "cfdi_tax_regime": data.regimen if data.regimen in REGIMES else "",
                "cfdi_use": data.uso if data.uso in USES else "",
                "country_id": False if data.rfc in GENERIC_RFCS else self.env.ref("base.mx").id,
            },
        }

    @api.model
    def _find_state(self, name):
        states = self.env["res.country.state"].search([("country_id", "=", self.env.ref("base.mx").id)])
        key = state_key(name)
        return states.filtered(lambda state: state_key(state.name) == key)[:1] if key else states[:0]
