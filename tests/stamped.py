"""CFDIs of every type, stamped at the simulator, without Odoo's documents: for what happens after the timbre."""

import base64
import uuid
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

from odoo import fields

from ..cfdi import Comprobante, Concepto, Emisor, Receptor, Traslado, build_xml, catalogs, seal
from ..cfdi.pac.finkok import Finkok
from .pac import PacCommon


class StampedCommon(PacCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "compras@example.com"

    @classmethod
    def _comprobante(cls, **values):
        """One of a chair of 1,000 pesos and IVA, with other values."""
        concepto = Concepto(
            ClaveProdServ="56112102",
            Cantidad=Decimal(1),
            ClaveUnidad="H87",
            Unidad="Pieza",
            Descripcion="Silla de oficina",
            ValorUnitario=Decimal(1000),
            Importe=Decimal(1000),
            ObjetoImp="02",
            Traslados=(Traslado(Decimal(1000), "002", "Tasa", Decimal("0.16"), Decimal(160)),),
        )
        return Comprobante(
            **{
                "Emisor": Emisor(Rfc="EKU9003173C9", Nombre="ESCUELA KEMPER URGATE", RegimenFiscal="601"),
                "Receptor": cls._receptor(),
                "Conceptos": (concepto,),
                "Fecha": catalogs.local_time(datetime.now(timezone.utc), "42501"),
                "LugarExpedicion": "42501",
                "MetodoPago": "PUE",
                "FormaPago": "03",
                "Serie": "T",
                "Folio": uuid.uuid4().hex[:8].upper(),
                **values,
            }
        )

    @classmethod
    def _receptor(cls, **values):
        return replace(
            Receptor(
                Rfc="URE180429TM6",
                Nombre="UNIVERSIDAD ROBOTICA ESPAÑOLA",
                DomicilioFiscalReceptor="86991",
                RegimenFiscalReceptor="601",
                UsoCFDI="G03",
            ),
            **values,
        )

    @classmethod
    def _stamp(cls, comprobante, move=None, **values):
        """Seal and stamp a comprobante, and keep it as the CFDI of a move, an invoice of its own unless it is told.

        :return: the customer.cfdi, of the tests' user
        """
        sealed = seal(
            build_xml(comprobante),
            certificate_der=cls.certificate.sudo()._get_der_certificate_bytes(formatting="bytes"),
            sign=lambda message: cls.certificate.sudo()._sign(message, formatting="base64").decode(),
        )
        timbrado = Finkok(cls.pac_url, "simulador", "simulador").stamp(sealed)
        move = move or cls._create_customer_invoice()
        document = cls.env["customer.cfdi"].sudo()
        known = dict(document._fields["cfdi_type"].selection)
        cfdi = document.create(
            {
                "move_id": move.id,
                "company_id": move.company_id.id,
                "partner_id": move.commercial_partner_id.id,
                "cfdi_type": comprobante.TipoDeComprobante if comprobante.TipoDeComprobante in known else "I",
                "issuer_rfc": comprobante.Emisor.Rfc,
                "series": comprobante.Serie,
                "folio": comprobante.Folio,
                "state": "stamped",
                "environment": "simulator",
                "sealed_xml": base64.b64encode(sealed),
                "uuid": timbrado.uuid,
                "xml": base64.b64encode(timbrado.xml),
                "stamped_at": fields.Datetime.now(),
                **values,
            }
        )
        return cfdi.with_env(cls.env)

    def _xml(self, cfdi):
        return base64.b64decode(cfdi.with_context(bin_size=False).xml)
