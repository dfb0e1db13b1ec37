import base64
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from odoo import models, tools


class CertificateKey(models.Model):
    """The key of a CSD, loaded once.

    Odoo's ``_sign`` loads the key at each signature. Checking its primes takes 50 ms, of a signature of less than one.
    Here the key that was checked stays in the memory of the process, where Odoo keeps what it has read of its registry:
    under the hash of its content and password, which who asks for it has read before. It is in no field, and in no log.
    """

    _inherit = "certificate.key"

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()  # what was replaced does not stay
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _sign_rsa(self, message):
        """:return: what ``_sign`` answers for an RSA key and SHA-256, as text in base64

        :raise UserError: see ``_sign``
        """
        self.ensure_one()
        if not self.public and not self.loading_error:
            pem = base64.b64decode(self.with_context(bin_size=False).pem_key)
            password = (self.password or "").encode()
            fingerprint = hashlib.sha256(len(pem).to_bytes(4, "big") + pem + password).hexdigest()
            key = self._load_key(fingerprint, pem, password)
            if isinstance(key, rsa.RSAPrivateKey):
                return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
        return self._sign(message, formatting="base64").decode()

    @tools.ormcache("_fingerprint")
    def _load_key(self, _fingerprint, pem, password):
        return serialization.load_pem_private_key(pem, password or None)
