import base64
import io
from datetime import timedelta
from decimal import Decimal

import pypdf
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, UniqueViolation

from ..cfdi import catalogs, read_comprobante, validate, verify_seal
from .transfers import CARTA, TransferCommon


@tagged("post_install", "-at_install")
class TestTransfer(TransferCommon):
    def test_stamp(self):
        transfer = self._create_transfer()
        (result,) = transfer.cfdi_stamp()
        cfdi = transfer.cfdi_ids
        self.assertEqual(
            result,
            {
                "transfer_id": transfer.id,
                "name": transfer.name,
                "cfdi_id": cfdi.id,
                "state": "stamped",
                "uuid": cfdi.uuid,
                "message": cfdi.uuid,
            },
        )
        self.assertEqual((transfer.cfdi_state, transfer.cfdi_uuid), ("stamped", cfdi.uuid))
        self.assertEqual((cfdi.cfdi_type, cfdi.series, cfdi.partner_id), ("T", "TCP", self.customer))
        xml = self._xml_of(transfer)
        self.assertEqual(validate(xml), [])
        self.assertTrue(verify_seal(xml))
        root = self._stamped_root(transfer)
        expected = {
            "TipoDeComprobante": "T",
            "Moneda": "XXX",
            "SubTotal": "0",
            "Total": "0",
            "LugarExpedicion": "42501",
            "Exportacion": "01",
        }
        self.assertEqual({name: root.get(name) for name in expected}, expected)
        receptor = root.find("cfdi:Receptor", CARTA)
        self.assertEqual(
            [receptor.get(name) for name in ("Rfc", "UsoCFDI", "DomicilioFiscalReceptor")],
            ["EKU9003173C9", "S01", "42501"],
        )
        carta = root.find("cfdi:Complemento/c:CartaPorte", CARTA)
        self.assertEqual((carta.get("TranspInternac"), carta.get("TotalDistRec")), ("No", "96.4"))
        self.assertRegex(carta.get("IdCCP"), "^CCC[0-9a-f]{5}-[0-9a-f]{4}-4")
        self.assertEqual(
            [
                (place.get("IDUbicacion"), place.get("RFCRemitenteDestinatario"), place.get("DistanciaRecorrida"))
                for place in carta.iterfind("c:Ubicaciones/c:Ubicacion", CARTA)
            ],
            [("OR000001", "EKU9003173C9", None), ("DE000001", "URE180429TM6", "96.4")],
        )
        departure = carta.find("c:Ubicaciones/c:Ubicacion", CARTA).get("FechaHoraSalidaLlegada")
        # Pachuca is six hours behind UTC all year.
        self.assertEqual(departure, (self.leaves - timedelta(hours=6)).isoformat())
        address = carta.findall("c:Ubicaciones/c:Ubicacion/c:Domicilio", CARTA)[1]
        self.assertEqual(
            dict(address.attrib),
            {
                "Calle": "Avenida Juárez",
                "NumeroExterior": "7",
                "Colonia": "0838",
                "Localidad": "06",
                "Municipio": "015",
                "Estado": "CMX",
                "Pais": "MEX",
                "CodigoPostal": "06000",
            },
        )
        goods = carta.find("c:Mercancias", CARTA)
        self.assertEqual((goods.get("PesoBrutoTotal"), goods.get("UnidadPeso")), ("250", "KGM"))
        piece = goods.find("c:Mercancia", CARTA)
        self.assertEqual(
            [piece.get(name) for name in ("BienesTransp", "Cantidad", "ClaveUnidad", "PesoEnKg", "MaterialPeligroso")],
            ["56112102", "20", "H87", "250", None],
        )
        vehicle = goods.find("c:Autotransporte/c:IdentificacionVehicular", CARTA)
        self.assertEqual((vehicle.get("PlacaVM"), vehicle.get("PesoBrutoVehicular")), ("92AB7C", "17.5"))
        figure = carta.find("c:FiguraTransporte/c:TiposFigura", CARTA)
        self.assertEqual((figure.get("TipoFigura"), figure.get("NumLicencia")), ("01", "LFD0102030"))

    def test_stamping_twice_is_stamping_once(self):
        transfer = self._create_transfer()
        before = self.stamps()
        self.assertEqual(transfer.cfdi_stamp(), transfer.cfdi_stamp())
        self.assertEqual(self.stamps(), before + 1)

    def test_in_doubt(self):
        """The answer is lost: the same bytes, IdCCP among them, get their timbre, and only one."""
        transfer = self._create_transfer()
        before = self.stamps()
        self.control(fault="cut_after", operation="stamp")
        self.assertEqual(transfer.cfdi_stamp()[0]["state"], "sent")
        sealed = transfer.cfdi_ids.sealed_xml
        with self.assertRaisesRegex(UserError, "sealed"):
            transfer.goods_ids.quantity = 5
        with self.assertRaisesRegex(UserError, "Cancel the CFDI first"):
            transfer.action_correct()
        (result,) = transfer.cfdi_ids.retry()
        self.assertEqual((result["state"], result["transfer_id"]), ("stamped", transfer.id))
        self.assertEqual(self.stamps(), before + 1)
        self.assertEqual(transfer.cfdi_ids.sealed_xml, sealed)

    def test_the_job_finishes_it(self):
        transfer = self._create_transfer()
        self.pac.url = "http://127.0.0.1:9"
        self.assertEqual(transfer.cfdi_stamp()[0]["state"], "sealed")
        self.pac.url = self.pac_url
        transfer.cfdi_ids.sudo().next_attempt = self.leaves - timedelta(hours=3)
        with self._job_transaction():
            self.env["customer.cfdi"].sudo()._cron_send()
        self.assertEqual(transfer.cfdi_state, "stamped")

    def test_sealed_and_corrected(self):
        self.pac.url = "http://127.0.0.1:9"
        transfer = self._create_transfer()
        self.assertEqual(transfer.cfdi_stamp()[0]["state"], "sealed")
        for change in (
            lambda: transfer.write({"vehicle_id": False}),
            lambda: transfer.goods_ids.write({"quantity": 1}),
            lambda: transfer.stop_ids[1].write({"distance": 1}),
            transfer.goods_ids.unlink,
            lambda: transfer.write({"goods_ids": [Command.create({"product_id": self.product.id})]}),
        ):
            with self.assertRaisesRegex(UserError, "sealed"):
                change()
        first = transfer.cfdi_ids
        transfer.action_correct()
        transfer.goods_ids.quantity = 4
        self.pac.url = self.pac_url
        carta = self._carta_porte(transfer)
        self.assertEqual(carta.Mercancias.Mercancia[0].Cantidad, 4)
        self.assertEqual(carta.Mercancias.Mercancia[0].PesoEnKg, 50)
        self.assertEqual(first.state, "discarded")
        self.assertEqual(transfer.cfdi_ids[:1].folio, first.folio)

    def test_folios_without_gaps(self):
        first, second, third = (self._create_transfer() for _number in range(3))
        first.cfdi_stamp()
        self.control(fault="refuse", code="CFDI40102", operation="stamp")
        self.assertEqual(second.cfdi_stamp()[0]["state"], "rejected")
        for transfer in (third, second):
            self.assertEqual(transfer.cfdi_stamp()[0]["state"], "stamped")
        start = int(first.cfdi_ids.folio)
        self.assertEqual([int(folio) for folio in third.cfdi_ids.mapped("folio")], [start + 1])
        self.assertEqual([int(folio) for folio in second.cfdi_ids.mapped("folio")], [start + 2, start + 1])

    def test_several_destinations(self):
        other = self._create_customer(name="Papelería del Norte", vat="XIA190128J61", cfdi_zip="76343")
        north = self._create_address("Tienda Querétaro", "76343", other)
        transfer = self._create_transfer({"quantity": 20}, {"quantity": 5, "product_id": self.product.id})
        transfer.stop_ids = [
            Command.create(
                {
                    "kind": "Destino",
                    "partner_id": north.id,
                    "moment": self.leaves + timedelta(hours=8),
                    "distance": 220,
                    "sequence": 20,
                }
            )
        ]
        problems = self._problems(transfer)
        self.assertEqual(len(problems), 2)
        self.assertRegex(problems[0], "Left at: that of Silla.* is missing")
        first, last = transfer.stop_ids.filtered(lambda stop: stop.kind == "Destino")
        transfer.goods_ids[0].destination_id = first
        transfer.goods_ids[1].destination_id = last
        carta = self._carta_porte(transfer)
        self.assertEqual(
            [
                (way.Cantidad, way.IDOrigen, way.IDDestino)
                for goods in carta.Mercancias.Mercancia
                for way in goods.CantidadTransporta
            ],
            [(20, "OR000001", "DE000001"), (5, "OR000001", "DE000002")],
        )
        self.assertEqual(transfer.distance, 316.4)
        copied = transfer.copy()
        self.assertEqual(copied.goods_ids.destination_id, copied.stop_ids.filtered(lambda stop: stop.kind == "Destino"))
        # The goods of two customers: the document is the company's.
        self.assertEqual(transfer.cfdi_ids.partner_id, self.company.partner_id)

    def test_units_and_weights(self):
        dozen, ton = self.env.ref("uom.product_uom_dozen"), self.env.ref("uom.product_uom_ton")
        dozen.cfdi_unit_code, ton.cfdi_unit_code = "DPC", "TNE"
        sand = self.env["product.product"].create({"name": "Arena", "uom_id": ton.id, "cfdi_product_code": "11111501"})
        transfer = self._create_transfer(
            {"quantity": 2, "uom_id": dozen.id},
            {"product_id": sand.id, "quantity": 1.5},
            {"quantity": 1, "weight": 13.2},
        )
        self.assertEqual(transfer.goods_ids.mapped("weight"), [300.0, 1500.0, 13.2])
        carta = self._carta_porte(transfer)
        self.assertEqual(
            [(goods.ClaveUnidad, goods.Cantidad, goods.PesoEnKg) for goods in carta.Mercancias.Mercancia],
            [("DPC", 2, 300), ("TNE", Decimal("1.5"), 1500), ("H87", 1, Decimal("13.2"))],
        )

    def test_weights_in_pounds(self):
        self.env["ir.config_parameter"].sudo().set_param("product.weight_in_lbs", "1")
        transfer = self._create_transfer({"quantity": 20})
        self.assertEqual(self._carta_porte(transfer).Mercancias.Mercancia[0].PesoEnKg, Decimal("113.398"))

    def test_dangerous_goods(self):
        self.product.write({"cfdi_product_code": "15101514", "cfdi_hazardous": "Sí"})
        transfer = self._create_transfer()
        self.assertEqual(
            [problem.split(":")[0] for problem in self._problems(transfer)],
            ["Dangerous Goods Code", "Packaging (SAT)", "Environment Insurer", "Environment Policy"],
        )
        transfer.goods_ids.write({"hazard_code": "1203", "packaging": "1A1"})
        self.vehicle.write({"environment_insurer": "Seguros Verdes", "environment_policy": "MA-77"})
        carta = self._carta_porte(transfer)
        goods = carta.Mercancias.Mercancia[0]
        self.assertEqual((goods.MaterialPeligroso, goods.CveMaterialPeligroso, goods.Embalaje), ("Sí", "1203", "1A1"))
        self.assertEqual(carta.Mercancias.Autotransporte.Seguros.AseguraMedAmbiente, "Seguros Verdes")
        # What is known not to be dangerous says so, and needs none of it.
        self.product.cfdi_hazardous = "No"
        carta = self._carta_porte(self._create_transfer())
        self.assertEqual(carta.Mercancias.Mercancia[0].MaterialPeligroso, "No")
        self.assertEqual(carta.Mercancias.Autotransporte.Seguros.AseguraMedAmbiente, "")

    def test_value_of_the_goods(self):
        carta = self._carta_porte(self._create_transfer({"quantity": 20, "value": 20000}))
        goods = carta.Mercancias.Mercancia[0]
        self.assertEqual((goods.ValorMercancia, goods.Moneda), (20000, "MXN"))

    def test_trailers_and_owner(self):
        trailer = self.env["customer.cfdi.trailer"].create({"plate": "4 5-TR-6B", "kind": "CTR007"})
        owner = self.env["customer.cfdi.figure"].create(
            {
                "name": "TRANSPORTES DEL CENTRO",
                "kind": "02",
                "rfc": "XIA190128J61",
                "part_ids": [Command.set(self.env.ref("l10n_mx_customer.vehicle_part_pt03").ids)],
            }
        )
        self.vehicle.write({"configuration": "T3S2", "owner_ids": [Command.set(owner.ids)]})
        transfer = self._create_transfer()
        self.assertIn("one or two are expected", self._problems(transfer)[0])
        transfer.trailer_ids = trailer
        carta = self._carta_porte(transfer)
        self.assertEqual([item.Placa for item in carta.Mercancias.Autotransporte.Remolques], ["45TR6B"])
        self.assertEqual(
            [(figure.TipoFigura, figure.PartesTransporte) for figure in carta.FiguraTransporte],
            [("01", ()), ("02", ("PT03",))],
        )
        self.vehicle.configuration = "C2"
        late = self._create_transfer(trailer_ids=[Command.set(trailer.ids)])
        self.assertRegex(self._problems(late)[0], "Trailers: 45TR6B with the configuration C2.*none is expected")

    def test_everything_that_is_missing_is_told_at_once(self):
        self.driver.license_number = False
        self.product.write({"weight": 0, "cfdi_product_code": False})
        self.product.uom_id.cfdi_unit_code = False
        self.warehouse_address.zip = False
        self.shop_address.write({"zip": "00001"})
        self.customer.vat = False
        transfer = self._create_transfer({"quantity": 0})
        transfer.stop_ids.write({"moment": False, "distance": 0})
        self.assertEqual(
            [problem.partition(":")[0] for problem in self._problems(transfer)],
            [
                "Departure or Arrival",
                "Postal Code",
                "Departure or Arrival",
                "Distance (km)",
                "RFC",
                self.shop_address.display_name,
                "Quantity",
                "Weight (kg)",
                "SAT Unit Code",
                "SAT Product Code",
                "License Number",
            ],
        )

    def test_nothing_at_all(self):
        empty = self.env["customer.cfdi.transfer"].create({})
        self.assertEqual(
            [problem.partition(":")[0] for problem in self._problems(empty)],
            ["Places", "Places", "Goods", "Vehicle", "Drivers"],
        )

    def test_the_order_of_the_way(self):
        transfer = self._create_transfer()
        transfer.stop_ids[1].moment = self.leaves
        (problem,) = self._problems(transfer)
        self.assertRegex(problem, "is not after that of the place before")

    def test_abroad(self):
        """What crosses the border is refused, and says why."""
        self.shop_address.write({"country_id": self.env.ref("base.us").id, "zip": "78040", "state_id": False})
        (problem,) = self._problems(self._create_transfer())
        self.assertRegex(problem, "Country: “(United States|Estados Unidos)” of .* is not Mexico")
        self.shop_address.write({"country_id": self.env.ref("base.mx").id, "zip": "06000"})
        self.customer.write(
            {
                "country_id": self.env.ref("base.us").id,
                "vat": "123456789",
                "cfdi_tax_regime": "616",
                "cfdi_use": "S01",
            }
        )
        self.assertIn("RFC: “123456789”", "\n".join(self._problems(self._create_transfer())))

    def test_local_time_of_each_place(self):
        """Tijuana has another hour than Pachuca."""
        west = self._create_address("Tijuana", "22000")
        transfer = self._create_transfer()
        transfer.stop_ids[1].write({"partner_id": west.id, "distance": 2800, "moment": self.leaves + timedelta(days=3)})
        origin, destination = self._carta_porte(transfer).Ubicaciones
        moment = catalogs.time_zone("22000").fromutc(
            (self.leaves + timedelta(days=3)).replace(tzinfo=catalogs.time_zone("22000"))
        )
        self.assertEqual(destination.FechaHoraSalidaLlegada, moment.replace(tzinfo=None))
        self.assertEqual(origin.FechaHoraSalidaLlegada, self.leaves - timedelta(hours=6))

    def test_cancel(self):
        transfer = self._create_transfer()
        transfer.cfdi_stamp()
        cfdi = transfer.cfdi_ids
        # A credit note of nothing must not stand in the way.
        note = self._create_customer_invoice(move_type="out_refund", post=True)
        self.assertFalse(note.reversed_entry_id)
        result = cfdi.cancel("03")
        self.assertEqual((result["state"], cfdi.cancel_motive), ("cancelled", "03"), result["message"])
        # Corrected and stamped again: another document of the same transfer.
        transfer.goods_ids.quantity = 3
        (result,) = transfer.cfdi_stamp()
        self.assertEqual(result["state"], "stamped")
        self.assertEqual(transfer.cfdi_ids.mapped("state"), ["stamped", "cancelled"])

    def test_replace(self):
        """The new one names the old one, which is cancelled once the new one is stamped."""
        wrong = self._create_transfer()
        wrong.cfdi_stamp()
        with self.assertRaisesRegex(UserError, "nothing to replace"):
            self._create_transfer().action_replace()
        right = wrong.browse(wrong.action_replace()["res_id"])
        self.assertEqual((len(right.stop_ids), len(right.goods_ids), right.cfdi_state), (2, 1, False))
        root = self._stamped_root(right)
        related = root.find("cfdi:CfdiRelacionados", CARTA)
        self.assertEqual((related.get("TipoRelacion"), related[0].get("UUID")), ("04", wrong.cfdi_uuid))
        self.assertEqual((wrong.cfdi_state, wrong.cfdi_ids.cancel_motive), ("cancelled", "01"))
        self.assertEqual(wrong.cfdi_ids.cancel_replacement_id, right.cfdi_ids)

    def test_delivery_is_for_the_driver(self):
        """The files are attached to the transfer; nobody gets a mail, whatever the company sends by itself."""
        self.company.cfdi_send_automatically = True
        self.customer.email = "compras@example.com"
        transfer = self._create_transfer()
        transfer.cfdi_stamp()
        cfdi = transfer.cfdi_ids
        self.assertEqual(cfdi.delivery_state, "not_wanted", cfdi.delivery_message)
        files = self.env["ir.attachment"].search([("res_model", "=", transfer._name), ("res_id", "=", transfer.id)])
        self.assertEqual(sorted(files.mapped("name")), sorted([cfdi.xml_name, cfdi.pdf_name]))
        self.assertEqual(cfdi.cfdi_send_email()[0]["state"], "not_wanted")
        self.assertFalse(self.env["mail.mail"].sudo().search([("model", "=", transfer._name)]))

    def test_pdf(self):
        self.product.write({"cfdi_product_code": "15101514", "cfdi_hazardous": "No"})
        transfer = self._create_transfer()
        with self.assertRaisesRegex(UserError, "nothing to print"):
            transfer.action_print()
        transfer.cfdi_stamp()
        self.assertEqual(transfer.action_print()["url"], f"/my/cfdi/{transfer.cfdi_ids.id}/pdf")
        (result,) = transfer.cfdi_ids.customer_pdf()
        pages = pypdf.PdfReader(io.BytesIO(base64.b64decode(result["pdf"]))).pages
        text = " ".join(" ".join(page.extract_text() for page in pages).split())
        carta = self._carta_porte(transfer)
        for said in (
            carta.IdCCP,
            "92AB7C",
            "NA-2020-4455",
            "RC-1020",
            "JUAN PÉREZ GARCÍA",
            "LFD0102030",
            "96.4 km",
            "250 kg",
            "Avenida Juárez 7, Centro (Área 1), Ciudad de México, Cuauhtémoc",
            "Material peligroso: No",
        ):
            self.assertIn(said, text)
        self.assertEqual(sum(len(page.images) for page in pages), 2 + bool(self.company.logo_web))

    def test_vehicle_values(self):
        for name, value in (
            ("plate", "A"),
            ("year", "21"),
            ("gross_weight", 0),
            ("liability_insurer", "AB"),
            ("permit_number", "a|b"),
        ):
            with self.subTest(name), self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
                self.vehicle[name] = value
            self.assertIn(
                f"“{self.vehicle._with_plain_plate({'plate': value})['plate']}”"
                if name == "plate"
                else f"“{value}”"
                if name != "gross_weight"
                else "“0.0”",
                str(caught.exception),
            )
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.driver.rfc = "PEGJ"

    @mute_logger("odoo.sql_db")
    def test_uniqueness(self):
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self._create_vehicle(plate="92ab7c")
        self.vehicle.active = False
        self.env.flush_all()
        self._create_vehicle(plate="92ab7c")
        # Another company may have it too, on its books.
        self.env["customer.cfdi.vehicle"].sudo().create(
            self._create_vehicle(plate="11-AA-22").copy_data()[0]
            | {"plate": "92ab7c", "company_id": self.company_2.id, "driver_id": False}
        )
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.driver.copy()
        transfer = self._create_transfer()
        transfer.cfdi_stamp()
        values = transfer.cfdi_ids.sudo().copy_data()[0] | {"uuid": False, "folio": "1000", "state": "sealed"}
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env["customer.cfdi"].sudo().create(values)
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.env["customer.cfdi"].sudo().create({**values, "transfer_id": False})
        invoice = self._create_customer_invoice()
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.env["customer.cfdi"].sudo().create({**values, "move_id": invoice.id})

    def test_archived_vehicle(self):
        """What is archived stays in the transfers that it is in."""
        transfer = self._create_transfer()
        self.vehicle.active = self.driver.active = False
        carta = self._carta_porte(transfer)
        self.assertEqual(carta.Mercancias.Autotransporte.IdentificacionVehicular.PlacaVM, "92AB7C")
        self.assertEqual(carta.FiguraTransporte[0].NombreFigura, "JUAN PÉREZ GARCÍA")
        self.assertFalse(self.env["customer.cfdi.vehicle"].name_search("92AB7C"))

    def test_second_company(self):
        transfer = self._create_transfer()
        transfer.cfdi_stamp()
        other = self._create_user(
            "otra",
            "l10n_mx_customer.group_cfdi_issuer",
            company_id=self.company_2.id,
            company_ids=[Command.set(self.company_2.ids)],
        )
        for record in (transfer, transfer.stop_ids[0], transfer.goods_ids, self.vehicle, self.driver):
            theirs = record.with_user(other).with_context(allowed_company_ids=self.company_2.ids)
            self.assertFalse(theirs.search([("id", "in", record.ids)]))
        theirs = transfer.with_user(other).with_context(allowed_company_ids=self.company_2.ids).create({})
        self.assertEqual(theirs.company_id, self.company_2)
        # A vehicle of the first company is not for the second one's transfers.
        with self.assertRaises(UserError):
            self._create_transfer(company_id=self.company_2.id)

    def test_access(self):
        transfer = self._create_transfer()
        issuer = self._create_user("emisora", "l10n_mx_customer.group_cfdi_issuer")
        seller = self._create_user("vendedor", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            transfer.with_user(seller).cfdi_stamp()
        with self.assertRaises(AccessError):
            self.vehicle.with_user(issuer).name = "Otro"
        self.assertEqual(transfer.with_user(issuer).cfdi_stamp()[0]["state"], "stamped")
        self.assertEqual(transfer.with_user(seller).cfdi_state, "stamped")
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            transfer.unlink()
        draft = transfer.copy()
        draft.with_user(issuer).unlink()
        self.assertFalse(draft.exists())

    def test_customers_do_not_see_it(self):
        transfer = self._create_transfer()
        transfer.cfdi_stamp()
        invoice = self._create_customer_invoice()
        invoice.cfdi_stamp()
        visitor = self.env["res.users"].create(
            {
                "name": "Compras",
                "login": "compras",
                "partner_id": self.env["res.partner"].create({"name": "Compras", "parent_id": self.customer.id}).id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        self.assertEqual(self.env["customer.cfdi"].with_user(visitor).search([]), invoice.cfdi_ids)
        with self.assertRaises(AccessError):
            transfer.cfdi_ids.with_user(visitor).read(["xml"])

    def test_query_count(self):
        """Ten times the goods are not ten times the queries."""
        small, large = (
            self._create_transfer(*({"quantity": number + 1} for number in range(count))) for count in (3, 30)
        )
        counts = []
        for transfer in (small, large):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            problems = []
            transfer._prepare_cfdi(problems)
            self.assertFalse(problems)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 3, counts)


@tagged("post_install", "-at_install")
class TestFreight(TransferCommon):
    """The invoice of who sells transport."""

    def _freight(self, transfer, **values):
        service = self.env["product.product"].create(
            {
                "name": "Flete",
                "type": "service",
                "cfdi_product_code": "78101802",
                "uom_id": self.product.uom_id.id,
                "taxes_id": [Command.set(self.iva_16.ids)],
            }
        )
        return self._create_customer_invoice(
            invoice_line_ids=[Command.create({"product_id": service.id, "quantity": 1, "price_unit": 18500})],
            cfdi_transfer_id=transfer.id,
            **values,
        )

    def test_stamp(self):
        # What travels is the customer's, from the customer's: no product of ours.
        north = self._create_address("Tienda Querétaro", "76343")
        transfer = self._create_transfer(
            {
                "product_id": False,
                "name": "Muebles armados",
                "quantity": 8,
                "uom_id": self.product.uom_id.id,
                "product_code": "56101500",
                "weight": 640,
            }
        )
        transfer.stop_ids[0].partner_id = north
        invoice = self._freight(transfer)
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        xml = base64.b64decode(invoice.cfdi_ids.with_context(bin_size=False).xml)
        self.assertEqual(validate(xml), [])
        comprobante = read_comprobante(xml)
        self.assertEqual((comprobante.TipoDeComprobante, comprobante.Total), ("I", 21460))
        self.assertEqual(comprobante.CartaPorte.Mercancias.Mercancia[0].PesoEnKg, 640)
        self.assertEqual(
            [place.RFCRemitenteDestinatario for place in comprobante.CartaPorte.Ubicaciones],
            ["URE180429TM6", "URE180429TM6"],
        )
        # What its CFDI says is sealed, and no other document says it.
        self.assertTrue(transfer.cfdi_is_sealed)
        with self.assertRaisesRegex(UserError, "sealed"):
            transfer.goods_ids.quantity = 9
        with self.assertRaisesRegex(ValidationError, "sealed"):
            invoice.cfdi_transfer_id = False
        self.assertRegex(transfer.cfdi_stamp()[0]["message"], f"in the CFDI of {invoice.name} already")
        (pdf,) = invoice.cfdi_ids.customer_pdf()
        text = pypdf.PdfReader(io.BytesIO(base64.b64decode(pdf["pdf"]))).pages[0].extract_text()
        self.assertIn(comprobante.CartaPorte.IdCCP, "".join(text.split()))

    def test_problems_of_both_at_once(self):
        transfer = self._create_transfer(vehicle_id=False)
        invoice = self._freight(transfer, cfdi_use=False)
        lines = invoice.cfdi_stamp()[0]["message"].split("\n")
        self.assertEqual(len(lines), 3, lines)
        self.assertRegex(lines[0], "is missing")
        self.assertEqual([line.partition(":")[0] for line in lines[1:]], ["Vehicle", "Drivers"])

    def test_what_is_sold_is_transport(self):
        invoice = self._create_customer_invoice(cfdi_transfer_id=self._create_transfer().id)
        (result,) = invoice.cfdi_stamp()
        self.assertEqual(result["state"], "invalid")
        self.assertIn("CP109", result["message"])
