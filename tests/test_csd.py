"""Until when a company can seal: certificates made here, at dates of a calendar that stands still."""

import base64
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import CustomerCommon

RFC = "EKU9003173C9"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBER = iter(range(1, 1000))


def certificate(rfc, start, end, fiel=False):
    """DER of a certificate as the SAT makes them: RFC and number where it puts them, and what it may be used for."""
    name = x509.Name([x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, f"{rfc} / PEGJ800101AB1")])
    usage = x509.KeyUsage(True, True, False, fiel, fiel, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(int.from_bytes(f"300010000005{next(NUMBER):08}".encode(), "big"))
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(usage, critical=False)
        .sign(KEY, SHA256())
        .public_bytes(Encoding.DER)
    )


def utc(*numbers):
    return datetime(*numbers, tzinfo=timezone.utc)


@tagged("post_install", "-at_install")
class TestCsd(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in ("customer.pac", "certificate.certificate"):
            cls.env[model].search([("company_id", "=", cls.company.id)]).active = False
        cls.manager = cls._create_user("administradora", "l10n_mx_customer.group_customer_manager", lang="en_US")
        # Others who look after it already are none of these tests'.
        cls.env.ref("l10n_mx_customer.group_customer_manager").user_ids = [Command.set(cls.manager.ids)]

    def load(self, end, start=None, rfc=RFC, company=None, fiel=False):
        company = company or self.company
        # The second company is not among those that the user works in.
        env = self.env(context={**self.env.context, "allowed_company_ids": (self.company + self.company_2).ids})
        key = env["certificate.key"].create(
            {
                "name": "CSD",
                "content": base64.b64encode(KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
                "company_id": company.id,
            }
        )
        loaded = env["certificate.certificate"].create(
            {
                "name": f"CSD {end:%Y-%m-%d}",
                "content": base64.b64encode(certificate(rfc, start or end - timedelta(days=1461), end, fiel)),
                "private_key_id": key.id,
                "scope": "cfdi",
                "company_id": company.id,
            }
        )
        return loaded.with_env(self.env)

    def status(self, moment, company=None):
        company = company or self.company
        with freeze_time(moment):
            self.env.invalidate_all()
            return company.cfdi_csd_state, company.cfdi_csd_days_left

    def run_job(self, moment):
        with freeze_time(moment):
            self.env.invalidate_all()
            self.env["res.company"].sudo()._cron_announce_csd()
            return self.activities()

    def activities(self, company=None):
        return self.env["mail.activity"].search(
            [
                ("activity_type_id", "=", self.env.ref("l10n_mx_customer.mail_activity_type_csd").id),
                ("res_id", "=", (company or self.company).partner_id.id),
                ("res_model", "=", "res.partner"),
            ]
        )

    # ------------------------------------------------------------------
    # What is in force
    # ------------------------------------------------------------------

    def test_states(self):
        self.assertEqual(self.status("2026-03-01"), (False, 0), "a company that issues no CFDI")
        self.load(utc(2026, 6, 15, 18))
        for moment, expected in (
            ("2026-05-15 18:00:00", ("valid", 31)),
            ("2026-05-16 18:00:00", ("expiring", 30)),
            ("2026-06-15 17:59:00", ("expiring", 0)),
            ("2026-06-15 18:01:00", ("expired", 0)),
            ("2026-07-01 12:00:00", ("expired", -16)),
        ):
            with self.subTest(moment):
                self.assertEqual(self.status(moment), expected)

    def test_days_are_those_of_the_company(self):
        """It ends on the 16th at 05:00 in Greenwich: on the 15th at 23:00 in Mexico City."""
        self.load(utc(2026, 6, 16, 5))
        self.assertEqual(self.status("2026-06-15 12:00:00"), ("expiring", 0))
        self.assertEqual(self.status("2026-06-16 04:00:00"), ("expiring", 0), "still the 15th there")
        self.company.partner_id.tz = "Europe/Madrid"
        self.assertEqual(self.status("2026-06-15 12:00:00"), ("expiring", 1))
        self.assertIn("07:00", self.warning("2026-06-15 12:00:00"))

    def warning(self, moment, **context):
        with freeze_time(moment):
            self.env.invalidate_all()
            return self.company.with_context(**context).cfdi_csd_warning

    def test_missing(self):
        self.env["customer.pac"].create(
            {"company_id": self.company.id, "kind": "finkok", "environment": "test", "username": "u", "password": "p"}
        )
        self.assertEqual(self.status("2026-03-01"), ("missing", 0))
        self.assertIn("has no CSD", self.warning("2026-03-01"))
        with self.subTest("one that has not begun seals nothing"):
            self.load(utc(2030, 1, 1), start=utc(2026, 4, 1))
            self.assertEqual(self.status("2026-03-01"), ("missing", 0))
            self.assertEqual(self.status("2026-04-02")[0], "valid")

    def test_which_one_counts(self):
        old = self.load(utc(2026, 6, 15, 18))
        moment = "2026-06-01 12:00:00"
        with self.subTest("not a FIEL, not of another RFC, not without its key, not of another scope, not archived"):
            others = [
                self.load(utc(2030, 1, 1), start=utc(2026, 1, 1), fiel=True),
                self.load(utc(2030, 1, 1), start=utc(2026, 1, 1), rfc="URE180429TM6"),
                self.load(utc(2030, 1, 1), start=utc(2026, 1, 1)),
                self.load(utc(2030, 1, 1), start=utc(2026, 1, 1)),
                self.load(utc(2030, 1, 1), start=utc(2026, 1, 1)),
            ]
            others[2].private_key_id = False
            others[3].scope = "general"
            others[4].active = False
            self.assertEqual([bool(other.cfdi_rfc) for other in others], [False, True, True, True, True])
            self.assertEqual(self.status(moment), ("expiring", 14))
            self.assertEqual(self.company._last_csd(), old)
        with self.subTest("one that begins when it is over leaves a gap"):
            late = self.load(utc(2030, 1, 1), start=utc(2026, 6, 20))
            self.assertEqual(self.status(moment), ("expiring", 14))
            late.active = False
        with self.subTest("one that begins before it is over does not"):
            self.load(utc(2030, 1, 1), start=utc(2026, 6, 10))
            self.assertEqual(self.status(moment)[0], "valid")

    def test_second_company(self):
        self.load(utc(2026, 6, 15, 18))
        self.company_2.partner_id.vat = "URE180429TM6"
        self.load(utc(2026, 12, 31), rfc="URE180429TM6", company=self.company_2)
        self.assertEqual(self.status("2026-06-01 12:00:00"), ("expiring", 14))
        self.assertEqual(self.status("2026-06-01 12:00:00", self.company_2)[0], "valid")

    # ------------------------------------------------------------------
    # Who is told
    # ------------------------------------------------------------------

    def test_told_once(self):
        self.load(utc(2026, 6, 15, 18))
        self.assertFalse(self.run_job("2026-05-15 12:00:00"))
        told = self.run_job("2026-05-17 12:00:00")
        self.assertEqual((told.user_id, told.automated, str(told.date_deadline)), (self.manager, True, "2026-05-17"))
        self.assertIn("days left: 29", told.summary)
        self.assertEqual(self.run_job("2026-05-18 12:00:00"), told)
        with self.subTest("done is done"):
            told.action_feedback()
            self.assertFalse(self.run_job("2026-05-19 12:00:00"))
        with self.subTest("told again once it has expired"):
            expired = self.run_job("2026-06-16 12:00:00")
            self.assertIn("expired on", expired.summary)
            self.assertEqual(self.run_job("2026-06-17 12:00:00"), expired)
        with self.subTest("a new one takes it back"):
            self.load(utc(2030, 6, 15), start=utc(2026, 6, 17))
            self.assertFalse(self.run_job("2026-06-18 12:00:00"))

    def test_not_told_of_what_is_renewed(self):
        self.load(utc(2026, 6, 15, 18))
        self.load(utc(2030, 6, 15, 18), start=utc(2026, 5, 1))
        self.assertFalse(self.run_job("2026-06-01 12:00:00"))
        self.assertFalse(self.run_job("2026-06-20 12:00:00"))

    def test_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("es_MX").sudo().date_format = "%d.%m.%Y"
        self.load(utc(2026, 6, 15, 18))
        self.manager.lang = "es_MX"
        self.assertIn("15.06.2026", self.run_job("2026-06-01 12:00:00").summary)

    def test_told_to_those_of_the_company(self):
        issuer = self._create_user("emisora", "l10n_mx_customer.group_cfdi_issuer")
        self.company_2.partner_id.vat = "URE180429TM6"
        self.load(utc(2026, 6, 15, 18))
        self.load(utc(2026, 6, 15, 18), rfc="URE180429TM6", company=self.company_2)
        self.run_job("2026-06-01 12:00:00")
        self.assertEqual(self.activities().user_id, self.manager)
        # Who administers the accounting issues, and nobody administers customers there.
        self.assertEqual(self.activities(self.company_2).user_id, self.env.user)
        with self.subTest("who issues, where nobody administers"):
            self.company.cfdi_csd_ids.cfdi_announced = False
            self.env.ref("l10n_mx_customer.group_customer_manager").user_ids = [Command.clear()]
            self.run_job("2026-06-01 12:00:00")
            self.assertIn(issuer, self.activities().user_id)
            self.assertNotIn(self.manager, self.activities().user_id)

    # ------------------------------------------------------------------
    # Where it is seen
    # ------------------------------------------------------------------

    def test_on_the_invoice(self):
        self.load(utc(2026, 6, 15, 18))
        invoice = self._create_customer_invoice(post=False)
        billing = self._create_user("facturista", "account.group_account_invoice")
        for user, action in ((billing, False), (self.env.user, True)):
            for moment, level in (("2026-05-01", None), ("2026-06-01", "warning"), ("2026-06-16", "danger")):
                with self.subTest(user.name, moment=moment), freeze_time(moment):
                    self.env.invalidate_all()
                    alert = (invoice.with_user(user).alerts or {}).get("customer_cfdi_csd", {})
                    self.assertEqual(alert.get("level"), level)
                    self.assertEqual("action" in alert, bool(level and action))
        with freeze_time("2026-06-01"):
            self.env.invalidate_all()
            bill = self.env["account.move"].create({"move_type": "in_invoice", "partner_id": self.customer.id})
            self.assertNotIn("customer_cfdi_csd", bill.alerts or {})

    def test_read_by_rpc(self):
        self.load(utc(2026, 6, 15, 18))
        issuer = self._create_user("emisora", "l10n_mx_customer.group_cfdi_issuer")
        with freeze_time("2026-06-01 12:00:00"):
            self.env.invalidate_all()
            (values,) = self.company.with_user(issuer).read(
                ["cfdi_csd_state", "cfdi_csd_until", "cfdi_csd_days_left", "cfdi_csd_warning"]
            )
            with self.assertRaises(AccessError):
                self.company.with_user(issuer).read(["cfdi_csd_ids"])
        self.assertEqual(str(values["cfdi_csd_until"]), "2026-06-15 18:00:00")
        self.assertEqual((values["cfdi_csd_state"], values["cfdi_csd_days_left"]), ("expiring", 14))

    def test_on_the_certificate(self):
        """Its scope can be chosen, and it says what is wrong with it."""
        old = self.load(utc(2026, 6, 15, 18))
        fiel = self.load(utc(2030, 1, 1), start=utc(2026, 1, 1), fiel=True)
        with freeze_time("2026-06-01 12:00:00"):
            self.env.invalidate_all()
            self.assertEqual(old.cfdi_warning, self.company.cfdi_csd_warning)
            self.assertIn("FIEL", fiel.cfdi_warning)
            new = self.load(utc(2030, 1, 1), start=utc(2026, 5, 30))
            self.assertFalse(old.cfdi_warning)
            self.assertFalse(new.cfdi_warning)
        with Form(new) as form:
            form.scope = "general"
            form.scope = "cfdi"

    def test_in_the_settings(self):
        self.load(utc(2026, 6, 15, 18))
        with freeze_time("2026-06-01 12:00:00"):
            self.env.invalidate_all()
            settings = self.env["res.config.settings"].create({})
            self.assertEqual(settings.cfdi_csd_warning, self.company.cfdi_csd_warning)
        action = settings.action_customer_csds()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.company.cfdi_csd_ids)
