"""Invoices whose comprobante is built, sealed and validated, without a PAC."""

import uuid
from datetime import datetime, timezone
from decimal import Decimal

from odoo import Command

from ..cfdi import build_xml, seal, validate
from .pac import PacCommon

CFDI = {
    "cfdi": "http://www.sat.gob.mx/cfd/4",
    "implocal": "http://www.sat.gob.mx/implocal",
}


class MovesCommon(PacCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        template = cls.env["account.chart.template"].with_company(cls.company)
        names = {
            "iva_8": "tax17",
            "iva_0": "tax9",
            "exempt": "tax19",
            "ieps_8": "ieps_8_sale",
            "isr": "mx_wh_1_25_sale",
        }
        for name, xml_id in names.items():
            tax = template.ref(xml_id)
            tax.active = True
            setattr(cls, name, tax)
        cls.iva_withheld = cls._create_tax("Retención IVA", -10.6667, "iva", sequence=30)
        cls.quota = cls._create_tax(
            "IEPS por litro", 1.6451, "ieps", factor="Cuota", amount_type="fixed", include_base_amount=True, sequence=1
        )
        cls.local_added = cls._create_tax("ISH 3%", 3.0, "local")
        cls.local_withheld = cls._create_tax("5 al millar", -0.5, "local")

    @classmethod
    def _create_tax(cls, name, amount, kind, factor="Tasa", **values):
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "type_tax_use": "sale",
                "country_id": cls.env.ref("base.mx").id,
                "company_id": cls.company.id,
                "tax_group_id": cls.iva_16.tax_group_id.id,
                "l10n_mx_tax_type": kind,
                "l10n_mx_factor_type": factor,
                **values,
            }
        )

    def _move(self, *lines, post=True, product=None, **values):
        """An invoice of (quantity, price, discount, taxes) lines, or of dicts with what differs from these."""
        names = ("quantity", "price_unit", "discount", "tax_ids")
        given = [line if isinstance(line, dict) else dict(zip(names, line, strict=True)) for line in lines]
        return self._create_customer_invoice(
            invoice_line_ids=[
                Command.create(
                    {
                        "product_id": (product or self.product).id,
                        "quantity": 1.0,
                        **line,
                        **({"tax_ids": [Command.set(line["tax_ids"].ids)]} if "tax_ids" in line else {}),
                    }
                )
                for line in given
            ],
            post=post,
            **values,
        )

    def _stamped(self, move, state="stamped"):
        """A CFDI of a move as the PAC leaves it, without asking one."""
        return (
            self.env["customer.cfdi"]
            .sudo()
            .create(
                {
                    "move_id": move.id,
                    "company_id": move.company_id.id,
                    "partner_id": move.commercial_partner_id.id,
                    "cfdi_type": "I",
                    "issuer_rfc": "EKU9003173C9",
                    "series": "T",
                    "folio": str(move.id),
                    "state": state,
                    "uuid": str(uuid.uuid4()).upper(),
                    "environment": "simulator",
                }
            )
        )

    def _xml(self, move):
        """The sealed comprobante of a move: nothing is wrong with it, and its total is the invoice's."""
        comprobante = move._prepare_comprobante()
        xml = seal(
            build_xml(comprobante),
            certificate_der=self.certificate._get_der_certificate_bytes(formatting="bytes"),
            sign=lambda message: self.certificate._sign(message, formatting="base64").decode(),
        )
        problems = validate(xml, now=datetime.now(timezone.utc))
        self.assertFalse(problems, "\n".join(map(str, problems)))
        self.assertEqual(float(comprobante.Total), move.amount_total)
        return build_xml(comprobante)

    def _problems(self, move):
        """What is wrong with a move, one line each."""
        with self.assertRaises(Exception) as caught:
            move._prepare_comprobante()
        self.assertEqual(type(caught.exception).__name__, "UserError")
        return str(caught.exception).split("\n")

    def _conceptos(self, root):
        return root.findall("cfdi:Conceptos/cfdi:Concepto", CFDI)

    def _figures(self, root):
        """(Cantidad, ValorUnitario, Importe, Descuento, ObjetoImp) of each concepto."""
        names = ("Cantidad", "ValorUnitario", "Importe", "Descuento", "ObjetoImp")
        return [tuple(node.get(name) for name in names) for node in self._conceptos(root)]

    def _header_taxes(self, root):
        """(Impuesto, TipoFactor, TasaOCuota) -> (Base, Importe), and Impuesto -> Importe of what is withheld."""
        taxes = root.find("cfdi:Impuestos", CFDI)
        if taxes is None:
            return {}, {}
        return {
            tuple(node.get(name) for name in ("Impuesto", "TipoFactor", "TasaOCuota")): (
                node.get("Base"),
                node.get("Importe"),
            )
            for node in taxes.iterfind("cfdi:Traslados/cfdi:Traslado", CFDI)
        }, {
            node.get("Impuesto"): node.get("Importe")
            for node in taxes.iterfind("cfdi:Retenciones/cfdi:Retencion", CFDI)
        }

    def _relations(self, root):
        return {
            node.get("TipoRelacion"): [child.get("UUID") for child in node]
            for node in root.iterfind("cfdi:CfdiRelacionados", CFDI)
        }

    def _untaxed(self, root):
        return Decimal(root.get("SubTotal")) - Decimal(root.get("Descuento", "0"))
