"""The certificates of tests and demonstrations are as the SAT writes them, and made only when needed."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from devtools import csd

REPOSITORY = Path(__file__).resolve().parents[2]
RFC, NAME, PASSWORD = "EKU9003173C9", "EMPRESA DE PRUEBA", "12345678a"


@pytest.fixture
def made(tmp_path):
    return csd.ensure_csd(tmp_path, RFC, NAME, PASSWORD)


def test_command(tmp_path):
    command = [sys.executable, "-m", "devtools.csd", "--folder", str(tmp_path), "--rfc", RFC, "--name", NAME]
    done = subprocess.run(
        [*command, "--password", PASSWORD], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    paths = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert paths.keys() == {"authority", "certificate", "key", "sat"}
    assert all(Path(path).is_file() for path in paths.values())


def test_csd_is_as_the_sat_writes_it(made, tmp_path):
    certificate = x509.load_der_x509_certificate(made[0].read_bytes())
    subject = {attribute.oid.dotted_string: attribute.value for attribute in certificate.subject}
    assert subject["2.5.4.45"] == f"{RFC} / {csd.REPRESENTATIVE}"
    assert subject["2.5.4.3"] == NAME
    number = certificate.serial_number.to_bytes(20, "big").decode("ascii")
    assert len(number) == 20
    assert number.isdigit()
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.data_encipherment
    assert not usage.key_agreement
    assert certificate.public_key().key_size == 2048
    authority = x509.load_pem_x509_certificate((tmp_path / "authority.pem").read_bytes())
    certificate.verify_directly_issued_by(authority)


def test_key_is_encrypted_and_private(made, tmp_path):
    data = made[1].read_bytes()
    assert load_der_private_key(data, PASSWORD.encode()).key_size == 2048
    with pytest.raises((TypeError, ValueError)):
        load_der_private_key(data, None)
    for path in tmp_path.glob("*.key"):
        assert path.stat().st_mode & 0o077 == 0


def test_natural_person_has_the_rfc_alone(tmp_path):
    credential = csd.issue(csd.new_authority(), "CACX7605101P8", "XOCHILT")
    found = credential.certificate.subject.get_attributes_for_oid(x509.NameOID.X500_UNIQUE_IDENTIFIER)
    assert found[0].value == "CACX7605101P8"


def test_made_only_once(made, tmp_path):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert csd.ensure_csd(tmp_path, RFC, NAME, PASSWORD) == made
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def _expiring(folder):
    authority = csd.ensure_authority(folder)
    soon = datetime.now(timezone.utc) + timedelta(days=10)
    credential = csd.issue(authority, RFC, NAME, not_after=soon)
    (folder / f"csd_{RFC}.cer").write_bytes(credential.der)
    (folder / f"csd_{RFC}.key").write_bytes(credential.key_der(PASSWORD))


def _other_authority(folder):
    for name in ("authority.pem", "authority.key"):
        (folder / name).unlink()
    csd.ensure_authority(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        _expiring,
        _other_authority,
        lambda folder: (folder / f"csd_{RFC}.cer").unlink(),
        lambda folder: (folder / f"csd_{RFC}.key").write_bytes(b"half"),
        lambda folder: (folder / f"csd_{RFC}.cer").write_bytes(csd.issue(csd.ensure_authority(folder), RFC, NAME).der),
        lambda folder: (folder / "authority.key").unlink(),
        lambda folder: (folder / "authority.pem").write_bytes(b""),
    ],
    ids=[
        "expiring",
        "other authority",
        "no certificate",
        "broken key",
        "not a pair",
        "no authority",
        "empty authority",
    ],
)
def test_made_again_when_it_does_not_serve(made, tmp_path, spoil):
    spoil(tmp_path)
    credential = csd.load(*csd.ensure_csd(tmp_path, RFC, NAME, PASSWORD), PASSWORD)
    authority = csd.ensure_authority(tmp_path)
    credential.certificate.verify_directly_issued_by(authority.certificate)
    assert credential.certificate.not_valid_after_utc > datetime.now(timezone.utc) + csd.RENEW_BEFORE


@pytest.mark.parametrize(("name", "password"), [("OTRO NOMBRE", PASSWORD), (NAME, "otra")])
def test_made_again_for_another_name_or_password(made, tmp_path, name, password):
    before = made[0].read_bytes()
    csd.load(*csd.ensure_csd(tmp_path, RFC, name, password), password)
    assert made[0].read_bytes() != before


def test_two_at_once_make_one(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _n: csd.ensure_csd(tmp_path, RFC, NAME, PASSWORD), range(4)))
    assert len(set(results)) == 1
    assert csd.load(*results[0], PASSWORD)
    assert not [path for path in tmp_path.iterdir() if path.name.count(".") > 1 and path.name != ".csd.lock"]


def test_wrong_ones():
    authority, now = csd.new_authority(), datetime.now(timezone.utc)
    fiel = csd.issue(authority, RFC, NAME, csd.FIEL).certificate
    usage = fiel.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.data_encipherment
    assert usage.key_agreement
    assert csd.expired(authority, RFC, NAME).certificate.not_valid_after_utc < now
    with pytest.raises(InvalidSignature):
        fiel.verify_directly_issued_by(csd.new_authority().certificate)


def test_sign():
    credential = csd.issue(csd.new_authority(), RFC, NAME)
    import base64

    signature = credential.sign("||cadena ñ||".encode())
    assert "\n" not in signature
    credential.key.public_key().verify(base64.b64decode(signature), "||cadena ñ||".encode(), PKCS1v15(), SHA256())
