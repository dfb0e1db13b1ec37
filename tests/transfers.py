"""Transfers with Carta Porte: a lorry, a driver, and a way from the company's warehouse to a customer."""

import base64
from datetime import timedelta

from odoo import Command, fields

from ..cfdi import parse_xml, read_comprobante
from .pac import PacCommon

CARTA = {"cfdi": "http://www.sat.gob.mx/cfd/4", "c": "http://www.sat.gob.mx/CartaPorte31"}


class TransferCommon(PacCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who configures: vehicles and drivers are not the business of everybody who issues.
        cls.env.user.sudo().group_ids += cls.env.ref("l10n_mx_customer.group_customer_manager")
        cls.driver = cls.env["customer.cfdi.figure"].create(
            {"name": "JUAN PÉREZ GARCÍA", "rfc": "PEGJ800101AB1", "license_number": "LFD0102030"}
        )
        cls.vehicle = cls._create_vehicle()
        mexico = cls.env.ref("base.mx").id
        cls.warehouse_address = cls.env["res.partner"].create(
            {
                "name": "Almacén Pachuca",
                "type": "delivery",
                "parent_id": cls.company.partner_id.id,
                "street_name": "Calle Ocho",
                "street_number": "12",
                "zip": "42501",
                "country_id": mexico,
            }
        )
        cls.shop_address = cls._create_address("Sucursal Centro", "06000", street2="centro (area 1)")
        cls.product.write({"weight": 12.5, "uom_id": cls.env.ref("uom.product_uom_unit").id})
        cls.product.uom_id.cfdi_unit_code = "H87"
        cls.leaves = fields.Datetime.now().replace(microsecond=0) + timedelta(hours=2)

    @classmethod
    def _create_vehicle(cls, **values):
        return cls.env["customer.cfdi.vehicle"].create(
            {
                "name": "Torton 12",
                "plate": "92-AB-7C",
                "configuration": "C3",
                "year": "2021",
                "gross_weight": 17.5,
                "permit_type": "TPAF02",
                "permit_number": "NA-2020-4455",
                "liability_insurer": "Seguros Inventados",
                "liability_policy": "RC-1020",
                "driver_id": cls.driver.id,
                **values,
            }
        )

    @classmethod
    def _create_address(cls, name, postal_code, customer=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "type": "delivery",
                "parent_id": (customer or cls.customer).id,
                "street_name": "Avenida Juárez",
                "street_number": "7",
                "zip": postal_code,
                "country_id": cls.env.ref("base.mx").id,
                **values,
            }
        )

    @classmethod
    def _create_transfer(cls, *goods, **values):
        """Twenty chairs from Pachuca to Mexico City, unless the values say otherwise."""
        return cls.env["customer.cfdi.transfer"].create(
            {
                "vehicle_id": cls.vehicle.id,
                "stop_ids": [
                    Command.create({"kind": "Origen", "partner_id": cls.warehouse_address.id, "moment": cls.leaves}),
                    Command.create(
                        {
                            "kind": "Destino",
                            "partner_id": cls.shop_address.id,
                            "moment": cls.leaves + timedelta(hours=3),
                            "distance": 96.4,
                        }
                    ),
                ],
                "goods_ids": [
                    Command.create({"product_id": cls.product.id, **line}) for line in goods or ({"quantity": 20},)
                ],
                **values,
            }
        )

    def _stamped_root(self, transfer):
        """The stamped XML of a transfer."""
        (result,) = transfer.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        return parse_xml(self._xml_of(transfer))

    def _xml_of(self, transfer):
        return base64.b64decode(transfer.cfdi_ids[:1].with_context(bin_size=False).xml)

    def _carta_porte(self, transfer):
        return read_comprobante(self._stamped_root(transfer)).CartaPorte

    def _problems(self, transfer):
        """What is wrong with a transfer, one line each; nothing was sealed."""
        (result,) = transfer.cfdi_stamp()
        self.assertEqual((result["state"], result["cfdi_id"]), ("invalid", False))
        self.assertFalse(transfer.cfdi_ids)
        return result["message"].split("\n")
