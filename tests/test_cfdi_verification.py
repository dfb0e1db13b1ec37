import base64
import os
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .stamped import StampedCommon


@tagged("post_install", "-at_install")
class TestCfdiVerification(StampedCommon):
    """A CFDI that somebody handed over: its seals, and what the SAT (the simulator's) says of it."""

    def setUp(self):
        super().setUp()
        self.control(receiver="rule")
        self.invoice = self._create_customer_invoice()
        (result,) = self.invoice.cfdi_stamp()
        self.assertEqual(result["state"], "stamped", result["message"])
        self.cfdi = self.invoice.cfdi_ids
        self.xml = base64.b64decode(self.cfdi.with_context(bin_size=False).xml)
        folder = Path(os.environ["L10N_MX_CUSTOMER_CSD_FOLDER"])
        self.sat_certificate = base64.b64encode((folder / "sat.cer").read_bytes())

    def verify(self, xml, *args):
        return self.env["customer.cfdi.verification"].verify_cfdi(base64.b64encode(xml), *args)

    def test_what_holds(self):
        found = self.verify(self.xml, self.sat_certificate)
        self.assertEqual((found["seal"], found["certificate"], found["timbre_seal"]), (True, True, True))
        self.assertEqual((found["sat_state"], found["problems"]), ("Vigente", []))
        self.assertEqual(
            [found[name] for name in ("version", "type", "uuid", "issuer_rfc", "receiver_rfc", "total", "currency")],
            ["4.0", "I", self.cfdi.uuid, "EKU9003173C9", "URE180429TM6", "1160.00", "MXN"],
        )
        with self.subTest("without the SAT's certificate"):
            self.assertIsNone(self.verify(self.xml)["timbre_seal"])
        with self.subTest("without asking the SAT"):
            self.control(fault="http_500", operation="status")
            found = self.verify(self.xml, None, False)
            self.assertEqual((found["sat_state"], found["problems"]), (False, []))
        self.control(reset=True)
        self.control(receiver="rule")
        with self.subTest("once it is cancelled"):
            self.cfdi.cancel("02")
            found = self.verify(self.xml)
            self.assertEqual((found["seal"], found["sat_state"]), (True, "Cancelado"))

    def test_changed(self):
        found = self.verify(self.xml.replace(b'Total="1160.00"', b'Total="9160.00"'))
        self.assertEqual((found["seal"], found["certificate"]), (False, True))
        self.assertIn("CFDI40102", found["problems"][0])
        self.assertFalse(found["sat_state"], "the SAT has none of this total")

    def test_not_stamped(self):
        found = self.verify(self.cfdi.sudo()._sealed_bytes())
        self.assertEqual(
            (found["seal"], found["uuid"], found["timbre_seal"], found["sat_state"]), (True, False, None, False)
        )
        self.assertEqual(len(found["problems"]), 1)

    def test_the_sat_does_not_answer(self):
        for fault in ("http_500", "cut_before", "garbage", "not_found_yet"):
            with self.subTest(fault):
                self.control(fault=fault, operation="status")
                found = self.verify(self.xml)
                self.assertEqual((found["seal"], found["sat_state"], len(found["problems"])), (True, False, 1))

    def test_what_is_no_cfdi(self):
        for data in (b"", b"%PDF-1.4", b"<a/>", b"x" * (5 * 1024 * 1024 + 1)):
            with self.subTest(data[:10]), self.assertRaises(UserError):
                self.verify(data)
        with self.assertRaisesRegex(UserError, "base64"):
            self.env["customer.cfdi.verification"].verify_cfdi("no es base64 ñ")
        with self.assertRaises(UserError):
            self.verify(self.xml, base64.b64encode(b"no es un certificado"))

    def test_the_dialog(self):
        with Form(self.env["customer.cfdi.verification"]) as form:
            form.file = base64.b64encode(self.xml).decode()
            form.sat_certificate = self.sat_certificate.decode()
        wizard = form.record
        action = wizard.action_verify()
        self.assertEqual((action["res_model"], action["res_id"]), (wizard._name, wizard.id))
        self.assertEqual((wizard.seal, wizard.certificate, wizard.timbre_seal), ("holds", "holds", "holds"))
        self.assertEqual((wizard.uuid, wizard.sat_state, wizard.problems), (self.cfdi.uuid, "Vigente", ""))

    def test_who_may(self):
        employee = self._create_user("empleada", "l10n_mx_customer.group_customer_user")
        plain = self._create_user("almacenista", "base.group_user")
        verification = self.env["customer.cfdi.verification"]
        self.assertTrue(verification.with_user(employee).verify_cfdi(base64.b64encode(self.xml))["seal"])
        with self.assertRaises(AccessError):
            verification.with_user(plain).verify_cfdi(base64.b64encode(self.xml))
        mine = verification.create({"file": base64.b64encode(self.xml)})
        with self.assertRaises(AccessError):
            mine.with_user(employee).action_verify()
