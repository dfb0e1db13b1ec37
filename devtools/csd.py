"""Certificates for tests and demonstrations: an authority, CSDs as the SAT writes them, and wrong ones.

    python -m devtools.csd --folder DIR --rfc EKU9003173C9 --name "ESCUELA KEMPER URGATE" --password 12345678a

makes, only where missing or about to expire: authority.pem and authority.key; csd_RFC.cer (DER) and
csd_RFC.key (DER PKCS#8, encrypted), as the SAT hands them out; sat.cer and sat.key, with which the PAC
simulator seals its timbres. None has any legal value, and no key ever belongs in the repository.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = timedelta(days=4 * 365)
"""What the SAT gives."""
RENEW_BEFORE = timedelta(days=30)
ISSUED_BEFORE = timedelta(days=90)
"""A company's CSD is older than the invoices that it seals."""
REPRESENTATIVE = "PEGJ800101AB1"
"""Invented legal representative: a company's certificate names one beside its RFC."""
SAT_RFC = "SIM200101AB1"
SAT_NAME = "SIMULADOR DE PAC SIN VALIDEZ"

CSD, FIEL, SAT = "csd", "fiel", "sat"


@dataclass(frozen=True)
class Credential:
    """A certificate with its private key, in memory."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def number(self) -> str:
        """NoCertificado."""
        return self.certificate.serial_number.to_bytes(20, "big").decode("ascii")

    def key_der(self, password: str | None = None) -> bytes:
        """Private key in DER PKCS#8, encrypted when there is a password."""
        protection = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, protection)

    def sign(self, message: bytes) -> str:
        """Seal of `message`, in base64 without newlines."""
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), SHA256())).decode("ascii")


def new_authority(name: str = "AUTORIDAD DE PRUEBAS SIN VALIDEZ") -> Credential:
    """A self-signed authority, good for ten years."""
    key = _new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = _now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(_new_serial())
        .not_valid_before(now - ISSUED_BEFORE)
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(key, SHA256())
    )
    return Credential(certificate, key)


def issue(
    authority: Credential,
    rfc: str,
    name: str,
    kind: str = CSD,
    *,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> Credential:
    """A certificate of `kind` for `rfc`, signed by `authority`.

    A company's x500UniqueIdentifier is 'RFC / RFC of the representative'; a natural person's, the RFC alone.
    """
    key = _new_key()
    start = not_before or _now() - ISSUED_BEFORE
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(rfc, name))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(_new_serial())
        .not_valid_before(start)
        .not_valid_after(not_after or start + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(fiel=kind == FIEL), critical=False)
    )
    if kind == FIEL:
        purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return Credential(builder.sign(authority.key, SHA256()), key)


def expired(authority: Credential, rfc: str, name: str) -> Credential:
    """A CSD whose validity ended yesterday."""
    end = _now() - timedelta(days=1)
    return issue(authority, rfc, name, not_before=end - VALIDITY, not_after=end)


def ensure_authority(folder: Path) -> Credential:
    """The authority of `folder`, made if it is missing or about to expire."""
    folder = _ready(folder)
    with _locked(folder):
        return _authority(folder)


def ensure_csd(folder: Path, rfc: str, name: str, password: str) -> tuple[Path, Path]:
    """Paths of the .cer and the .key of a CSD for `rfc`, made if missing, expiring or unusable."""
    return _ensure(folder, f"csd_{rfc}", rfc, name, CSD, password)


def ensure_sat(folder: Path) -> Credential:
    """The certificate that seals timbres in `folder`, made if missing, expiring or unusable."""
    certificate, key = _ensure(folder, "sat", SAT_RFC, SAT_NAME, SAT, None)
    return load(certificate, key)


def load(certificate: Path, key: Path, password: str | None = None) -> Credential:
    """:raises ValueError: broken, wrong password, or the two files are not a pair."""
    loaded = load_der_private_key(key.read_bytes(), password.encode() if password else None)
    credential = Credential(x509.load_der_x509_certificate(certificate.read_bytes()), loaded)
    if credential.certificate.public_key() != loaded.public_key():
        raise ValueError(f"{key} is not the key of {certificate}")
    return credential


def _ensure(folder: Path, stem: str, rfc: str, name: str, kind: str, password: str | None) -> tuple[Path, Path]:
    folder = _ready(folder)
    certificate, key = folder / f"{stem}.cer", folder / f"{stem}.key"
    with _locked(folder):
        authority = _authority(folder)
        if not _usable(certificate, key, password, authority, rfc, name):
            credential = issue(authority, rfc, name, kind)
            _write(key, credential.key_der(password), private=True)
            _write(certificate, credential.der)
    return certificate, key


def _usable(certificate: Path, key: Path, password: str | None, authority: Credential, rfc: str, name: str) -> bool:
    try:
        credential = load(certificate, key, password)
        credential.certificate.verify_directly_issued_by(authority.certificate)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    same_owner = credential.certificate.subject == _subject(rfc, name)
    return same_owner and credential.certificate.not_valid_after_utc > _now() + RENEW_BEFORE


def _authority(folder: Path) -> Credential:
    certificate, key = folder / "authority.pem", folder / "authority.key"
    try:
        found = Credential(
            x509.load_pem_x509_certificate(certificate.read_bytes()),
            load_pem_private_key(key.read_bytes(), None),
        )
        if (
            found.certificate.public_key() == found.key.public_key()
            and found.certificate.not_valid_after_utc > _now() + VALIDITY
        ):
            return found
    except (OSError, ValueError):
        pass  # missing or broken: made again below
    made = new_authority()
    _write(key, made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), private=True)
    _write(certificate, made.certificate.public_bytes(Encoding.PEM))
    return made


def _subject(rfc: str, name: str) -> x509.Name:
    company = len(rfc) == 12
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
            x509.NameAttribute(x509.ObjectIdentifier("2.5.4.41"), name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
            x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, f"{rfc} / {REPRESENTATIVE}" if company else rfc),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f" / {REPRESENTATIVE}" if company else rfc),
        ]
    )


def _key_usage(*, fiel: bool = False, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=fiel,
        key_agreement=fiel,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _new_serial() -> int:
    """A number whose bytes are the ASCII of 20 digits, as the SAT numbers its test certificates."""
    digits = f"30001000{secrets.randbelow(10**12):012d}"
    return int.from_bytes(digits.encode("ascii"), "big")


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


def _ready(folder: Path) -> Path:
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _locked(folder: Path):
    """Two processes that start at once make one authority, not two halves."""
    with open(folder / ".csd.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes, *, private: bool = False) -> None:
    """Whole or not at all; a private key is never readable by others, not even for an instant."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.csd", description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rfc", required=True)
    parser.add_argument("--name", required=True, help="legal name, as registered at the SAT")
    parser.add_argument("--password", required=True, help="of the .key")
    options = parser.parse_args(arguments)
    certificate, key = ensure_csd(options.folder, options.rfc, options.name, options.password)
    ensure_sat(options.folder)
    print(f"authority {options.folder / 'authority.pem'}")
    print(f"certificate {certificate}")
    print(f"key {key}")
    print(f"sat {options.folder / 'sat.cer'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
