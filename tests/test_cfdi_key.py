import base64
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import certificate_key
from .common import CustomerCommon

MESSAGE = "||4.0|Ñandú|100.00||".encode()


@tagged("post_install", "-at_install")
class TestCfdiKey(CustomerCommon):
    """The key that seals is loaded once, and signs what Odoo's own signs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Key = cls.env["certificate.key"]
        cls.key = cls.Key._generate_rsa_private_key(cls.company, password="secreto")
        cls.plain = cls.Key._generate_rsa_private_key(cls.company)
        cls.env.registry.clear_cache()

    def _loads(self, key):
        """How often the key is loaded to sign."""
        self.assertFalse(key.loading_error)  # which loads it, after a change
        with patch.object(
            certificate_key.serialization, "load_pem_private_key", wraps=serialization.load_pem_private_key
        ) as load:
            self.assertTrue(key._sign_rsa(MESSAGE))
        return load.call_count

    def test_the_same_signature(self):
        for key in self.key, self.plain:
            for message in MESSAGE, b"", b"x" * 100_000:
                self.assertEqual(key._sign_rsa(message), key._sign(message, formatting="base64").decode())

    def test_loaded_once(self):
        self.assertEqual([self._loads(self.key), self._loads(self.key)], [1, 0])
        self.assertEqual([self._loads(self.plain), self._loads(self.plain)], [1, 0])
        self.assertNotEqual(self.key._sign_rsa(MESSAGE), self.plain._sign_rsa(MESSAGE))

    def test_what_was_replaced_does_not_stay(self):
        self._loads(self.key)
        before = self.key._sign_rsa(MESSAGE)
        self.key.write({"content": self.plain.content, "password": False})
        self.assertEqual(self._loads(self.key), 1)
        self.assertNotEqual(self.key._sign_rsa(MESSAGE), before)
        self.assertEqual(self.key._sign_rsa(MESSAGE), self.plain._sign_rsa(MESSAGE))
        self.key.unlink()
        self.assertEqual(self._loads(self.plain), 1)

    def test_a_wrong_password_signs_nothing(self):
        self._loads(self.key)
        self.key.password = "otra"
        with self.assertRaises(UserError):
            self.key._sign_rsa(MESSAGE)

    def test_other_keys_are_left_to_odoo(self):
        curve = self.Key._generate_ec_private_key(self.company)
        self.assertLess(len(base64.b64decode(curve._sign_rsa(MESSAGE))), 128)
        pem = base64.b64decode(self.plain._get_public_key_bytes(encoding="pem", formatting="base64"))
        public = self.Key.create({"name": "public", "content": base64.b64encode(pem), "company_id": self.company.id})
        self.assertTrue(public.public)
        with self.assertRaises(UserError):
            public._sign_rsa(MESSAGE)

    def _certificate(self, start, **values):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Prueba")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=9))
        content = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return self.env["certificate.certificate"].create({"content": base64.b64encode(content), **values})

    def test_a_certificate_that_cannot_sign(self):
        today = datetime.now(timezone.utc)
        with self.assertRaises(UserError):
            self._certificate(today - timedelta(days=1))._sign_cadena(MESSAGE)  # it has no key
        with self.assertRaises(UserError):
            self._certificate(today - timedelta(days=30))._sign_cadena(MESSAGE)  # it has expired
