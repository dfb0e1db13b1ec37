import base64
import io
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from pypdf import PdfReader

from ..cfdi import (
    CfdiRelacionados,
    Concepto,
    DoctoRelacionado,
    ImpuestoLocal,
    InformacionGlobal,
    Pago,
    Retencion,
    Traslado,
    TrasladoDR,
    parse_timbre,
    parse_xml,
    payment_receipt,
    qr_url,
)
from ..models import ir_actions_report_cfdi, report_customer_cfdi
from .stamped import StampedCommon

ENGINES = ir_actions_report_cfdi.ENGINES
LEGEND = "Este documento es una representación impresa de un CFDI"
INVOICE = "5FB2822E-396D-4725-8521-CDC4BDD20CCF"


def _squeezed(text):
    """Without blanks: where a long word is broken is the printer's."""
    return re.sub(r"\s+", "", text)


@tagged("post_install", "-at_install")
class TestCfdiPdf(StampedCommon):
    def _print(self, cfdi, engine="weasyprint"):
        """:return: the texts of the pages"""
        self.env["ir.config_parameter"].sudo().set_param(ir_actions_report_cfdi.ENGINE_PARAMETER, engine)
        content = cfdi._pdf()
        self.assertTrue(content.startswith(b"%PDF"))
        return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]

    def _assert_printed(self, cfdi, *expected, engine="weasyprint"):
        pages = self._print(cfdi, engine)
        squeezed = _squeezed("".join(pages))
        for text in expected:
            with self.subTest(engine=engine, text=text):
                self.assertIn(_squeezed(text), squeezed)
        return pages

    def _assert_stamp_printed(self, cfdi, *expected, engine="weasyprint"):
        """What every printed CFDI must say, whatever its type."""
        xml = self._xml(cfdi)
        root, timbre = parse_xml(xml), parse_timbre(xml)
        return self._assert_printed(
            cfdi,
            *(cfdi.uuid, timbre.SelloSAT, timbre.NoCertificadoSAT, timbre.RfcProvCertif, timbre.cadena),
            *(root.get("Sello"), root.get("NoCertificado"), root.get("Fecha"), root.get("LugarExpedicion")),
            timbre.FechaTimbrado.isoformat(),
            LEGEND,
            *expected,
            engine=engine,
        )

    def test_income_on_every_engine(self):
        conceptos = self._comprobante().Conceptos
        cfdi = self._stamp(
            self._comprobante(
                Conceptos=(
                    replace(
                        conceptos[0], NoIdentificacion="SKU-Ñ1", Descripcion="Silla de oficina «Ñandú» á é í ó ú ü"
                    ),
                    Concepto(
                        ClaveProdServ="01010101",
                        Cantidad=Decimal("2.5"),
                        ClaveUnidad="E48",
                        Descripcion="Asesoría",
                        ValorUnitario=Decimal("500.123456"),
                        Importe=Decimal("1250.31"),
                        Descuento=Decimal("50.31"),
                        ObjetoImp="02",
                        Traslados=(Traslado(Decimal(1200), "002", "Tasa", Decimal("0.16"), Decimal(192)),),
                        Retenciones=(
                            Retencion(Decimal(1200), "001", "Tasa", Decimal("0.1"), Decimal(120)),
                            Retencion(Decimal(1200), "002", "Tasa", Decimal("0.106667"), Decimal("128.0004")),
                        ),
                    ),
                ),
                CondicionesDePago="30 días",
            )
        )
        root = parse_xml(self._xml(cfdi))
        self.assertEqual(root.get("Total"), "2304.00")
        for engine in ENGINES:
            self._assert_stamp_printed(
                cfdi,
                *("ESCUELA KEMPER URGATE", "EKU9003173C9", "601 - General de Ley Personas Morales"),
                *("UNIVERSIDAD ROBOTICA ESPAÑOLA", "URE180429TM6", "86991", "G03 - Gastos en general"),
                *("03 - Transferencia electrónica de fondos", "PUE - Pago en una sola exhibición", "30 días"),
                *("01 - No aplica", "MXN - Peso Mexicano", "I - Ingreso", f"{cfdi.series} {cfdi.folio}"),
                *("SKU-Ñ1", "Silla de oficina «Ñandú» á é í ó ú ü", "56112102", "H87", "E48", "Unidad de servicio"),
                *("02 - Sí objeto de impuesto", "500.123456", "1,250.31", "-50.31", "2.5"),
                *(
                    "Subtotal 2,250.31",
                    "IVA 16% (base 2,200.00) 352.00",
                    "Retención ISR -120.00",
                    "Retención IVA -128.00",
                ),
                *("retención IVA 10.6667% de 1,200.00: 128.0004", "Total MXN 2,304.00"),
                "DOS MIL TRESCIENTOS CUATRO PESOS 00/100 M.N.",
                "NO TIENE VALIDEZ FISCAL",
                engine=engine,
            )

    def test_qr_holds_the_address_of_the_sat(self):
        cfdi = self._stamp(self._comprobante())
        address = qr_url(self._xml(cfdi))
        self.assertRegex(
            address,
            rf"^https://verificacfdi\.facturaelectronica\.sat\.gob\.mx/default\.aspx\?id={cfdi.uuid}"
            r"&re=EKU9003173C9&rr=URE180429TM6&tt=1160\.0&fe=.{8,}$",
        )
        drawn = []
        draw = report_customer_cfdi._qr_png
        with patch.object(report_customer_cfdi, "_qr_png", lambda text: drawn.append(text) or draw(text)):
            html = self.env["ir.actions.report"]._render_qweb_html(ir_actions_report_cfdi.CFDI_REPORT, cfdi.ids)[0]
        self.assertEqual(drawn, [address])
        (image,) = re.findall(r'<img class="qr"[^>]* src="data:image/png;base64,([^"]+)"', html.decode())
        self.assertTrue(base64.b64decode(image).startswith(b"\x89PNG"))

    def test_what_was_stamped_is_printed(self):
        """Not Odoo's data of today."""
        cfdi = self._stamp(self._comprobante())
        self.customer.write({"name": "Otro nombre", "cfdi_legal_name": "OTRA RAZON", "cfdi_zip": "06600"})
        self.company.partner_id.sudo().cfdi_legal_name = "OTRO EMISOR"
        (page,) = self._assert_stamp_printed(cfdi, "UNIVERSIDAD ROBOTICA ESPAÑOLA", "ESCUELA KEMPER URGATE", "86991")
        for text in ("Otro nombre", "OTRA RAZON", "06600", "OTRO EMISOR"):
            self.assertNotIn(text, page)

    def test_dollars(self):
        cfdi = self._stamp(self._comprobante(Moneda="USD", TipoCambio=Decimal("17.5123")))
        self._assert_printed(
            cfdi,
            *("USD - Dólar americano", "Tipo de cambio 17.5123", "Total USD 1,160.00"),
            "MIL CIENTO SESENTA DÓLARES 00/100 USD",
        )

    def test_credit_note_with_relations(self):
        cfdi = self._stamp(
            self._comprobante(
                TipoDeComprobante="E",
                Receptor=self._receptor(UsoCFDI="G02"),
                CfdiRelacionados=(
                    CfdiRelacionados(TipoRelacion="01", UUIDs=(INVOICE, INVOICE.replace("5F", "6F"))),
                    CfdiRelacionados(TipoRelacion="07", UUIDs=(INVOICE.replace("5F", "7F"),)),
                ),
            )
        )
        self._assert_stamp_printed(
            cfdi,
            *("E - Egreso", "G02 - Devoluciones, descuentos o bonificaciones"),
            *("01 - Nota de crédito de los documentos relacionados", INVOICE, INVOICE.replace("5F", "6F")),
            *("07 - CFDI por aplicación de anticipo", INVOICE.replace("5F", "7F")),
        )

    def test_global_and_local_taxes(self):
        cfdi = self._stamp(
            self._comprobante(
                Receptor=self._receptor(
                    Rfc="XAXX010101000",
                    Nombre="PUBLICO EN GENERAL",
                    DomicilioFiscalReceptor="42501",
                    RegimenFiscalReceptor="616",
                    UsoCFDI="S01",
                ),
                FormaPago="01",
                InformacionGlobal=InformacionGlobal(Periodicidad="04", Meses="11", Año=2026),
                TrasladosLocales=(ImpuestoLocal("ISH", Decimal("3.00"), Decimal("30.00")),),
                RetencionesLocales=(ImpuestoLocal("CEDULAR", Decimal("1.00"), Decimal("10.00")),),
            )
        )
        self._assert_printed(
            cfdi,
            *("Factura global 04 - Mensual, 11 - Noviembre de 2026", "PUBLICO EN GENERAL", "ISH 3% (local) 30.00"),
            *("Retención CEDULAR 1% (local) -10.00", "Total MXN 1,180.00", "MIL CIENTO OCHENTA PESOS 00/100 M.N."),
        )

    def _payment(self, **values):
        tax = TrasladoDR(Decimal("500.00"), "002", "Tasa", Decimal("0.16"), Decimal("80.00"))
        docto = DoctoRelacionado(
            IdDocumento=INVOICE,
            MonedaDR="MXN",
            EquivalenciaDR=Decimal(1),
            NumParcialidad=2,
            ImpSaldoAnt=Decimal("1160.00"),
            ImpPagado=Decimal("580.00"),
            ObjetoImpDR="02",
            Serie="INV",
            Folio="77",
            Traslados=(tax,),
        )
        comprobante = self._comprobante()
        return payment_receipt(
            [
                Pago(
                    FechaPago=datetime.fromisoformat("2026-03-05T12:00:00"),
                    FormaDePagoP="03",
                    Monto=Decimal("1160.00"),
                    NumOperacion="SPEI-000123",
                    DoctosRelacionados=(
                        docto,
                        replace(docto, IdDocumento=INVOICE.replace("5F", "8F"), Folio="78", NumParcialidad=1),
                    ),
                )
            ],
            Emisor=comprobante.Emisor,
            Receptor=self._receptor(UsoCFDI="CP01"),
            Fecha=comprobante.Fecha,
            LugarExpedicion="42501",
            Serie="P",
            Folio=comprobante.Folio,
        )

    def test_payment_with_its_documents(self):
        cfdi = self._stamp(self._payment())
        for engine in ENGINES:
            pages = self._assert_stamp_printed(
                cfdi,
                *("P - Pago", "CP01 - Pagos", "2026-03-05T12:00:00", "03 - Transferencia electrónica de fondos"),
                *("SPEI-000123", "Monto 1,160.00", "MIL CIENTO SESENTA PESOS 00/100 M.N.", "INV 77", INVOICE),
                *("INV 78", INVOICE.replace("5F", "8F"), "1,160.00 580.00 580.00"),
                *("IVA 16% de 500.00: 80.00", "Base de IVA 16% 1,000.00", "Monto total de los pagos 1,160.00"),
                engine=engine,
            )
            self.assertNotIn("Importe con letra", "".join(pages), "a payment's comprobante has no amount")

    def test_transfer(self):
        (concepto,) = self._comprobante().Conceptos
        cfdi = self._stamp(
            self._comprobante(
                TipoDeComprobante="T",
                Moneda="XXX",
                MetodoPago="",
                FormaPago="",
                Receptor=self._receptor(
                    Rfc="EKU9003173C9", Nombre="ESCUELA KEMPER URGATE", DomicilioFiscalReceptor="42501", UsoCFDI="S01"
                ),
                Conceptos=(
                    replace(concepto, ValorUnitario=Decimal(0), Importe=Decimal(0), ObjetoImp="01", Traslados=()),
                ),
            )
        )
        pages = self._assert_stamp_printed(cfdi, "T - Traslado", "S01 - Sin efectos fiscales", "Silla de oficina")
        self.assertNotIn("Total XXX", "".join(pages))

    def test_a_hundred_lines(self):
        (concepto,) = self._comprobante().Conceptos
        lines = tuple(
            replace(concepto, Descripcion=f"Renglón {number:03d} de la lista, con una descripción que ocupa dos líneas")
            for number in range(1, 101)
        )
        cfdi = self._stamp(self._comprobante(Conceptos=lines))
        for engine in ENGINES:
            pages = self._assert_stamp_printed(
                cfdi, *(f"Renglón {number:03d}" for number in range(1, 101)), "Total MXN 116,000.00", engine=engine
            )
            self.assertGreater(len(pages), 2)
            for page in map(_squeezed, pages):
                # No row is torn: the page with its text has its description of the SAT and its taxes.
                self.assertEqual(page.count("Renglón"), page.count("Sillasparagruposdetrabajo"))
                self.assertEqual(page.count("Renglón"), page.count("de1,000.00:160.00"))
        pages = self._print(cfdi)
        for number, page in enumerate(pages, 1):
            self.assertEqual(
                page.upper().count("NO TIENE VALIDEZ FISCAL"), 2 if number == len(pages) else 1, "cadena too"
            )
            self.assertIn(f"Página {number} de {len(pages)}", page)
            self.assertEqual("Valor unitario" in page, "Renglón" in page, "the heads of the columns are on each page")

    def test_cancelled(self):
        cfdi = self._stamp(self._comprobante())
        self.assertNotIn("CANCELADO", self._print(cfdi)[0].upper())
        self.env.cr.execute("UPDATE customer_cfdi SET state = 'cancelled' WHERE id = %s", [cfdi.id])
        cfdi.invalidate_recordset()
        for engine in ENGINES:
            self.assertIn("CANCELADO", self._print(cfdi, engine)[0].upper())

    def test_the_report_action(self):
        """The Print menu and RPC go the same way, several at once too."""
        documents = self._stamp(self._comprobante()) + self._stamp(self._payment())
        reports = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, kind = reports._render_qweb_pdf(ir_actions_report_cfdi.CFDI_REPORT, documents.ids)
        self.assertEqual(kind, "pdf")
        pages = [_squeezed(page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]
        self.assertEqual(len(pages), 2)
        for cfdi, page in zip(documents, pages, strict=True):
            self.assertIn(_squeezed(cfdi.uuid), page)
        self.assertEqual(documents[0].pdf_name, f"EKU9003173C9_{documents[0].uuid}.pdf")

    def test_nothing_to_print(self):
        cfdi = self._stamp(self._comprobante())
        cfdi.sudo().write({"state": "sealed", "uuid": False, "xml": False})
        with self.assertRaisesRegex(UserError, "not stamped"):
            cfdi._pdf()

    def test_without_weasyprint(self):
        """What draws for WeasyPrint is not on every machine: wkhtmltopdf prints then."""
        cfdi = self._stamp(self._comprobante())
        self.env["ir.config_parameter"].sudo().set_param(ir_actions_report_cfdi.ENGINE_PARAMETER, False)
        with patch.object(ir_actions_report_cfdi, "_weasyprint", side_effect=OSError("cannot load library 'pango'")):
            self.assertTrue(cfdi._pdf().startswith(b"%PDF"))
            self.env["ir.config_parameter"].sudo().set_param(ir_actions_report_cfdi.ENGINE_PARAMETER, "weasyprint")
            with self.assertRaisesRegex(UserError, "pango"):
                cfdi._pdf()

    def test_nothing_is_fetched(self):
        for address in ("http://127.0.0.1:9/x.png", "file:///etc/hostname"):
            with self.subTest(address), self.assertRaisesRegex(ValueError, "not part of the document"):
                ir_actions_report_cfdi._only_data(address)
