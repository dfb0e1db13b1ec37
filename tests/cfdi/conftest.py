"""Fixtures. The samples of third parties are tested where they are, and not collected where they are not."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1

import cfdi
from devtools import csd
from devtools.pac.process import running
from support import NAME, NOON, RFC, SHARED, comprobante

_folios = count(1)

collect_ignore = [] if SHARED.is_dir() else ["test_samples.py"]


def pytest_addoption(parser):
    parser.addoption("--write-golden", action="store_true", help="write golden/ again, to be read before committing")


@pytest.fixture(scope="session")
def authority():
    return csd.new_authority()


@pytest.fixture(scope="session")
def credential(authority):
    """The CSD of the issuer of the tests, in force at their NOON and long after."""
    return csd.issue(authority, RFC, NAME, not_before=NOON - timedelta(days=9), not_after=NOON + timedelta(days=1460))


@pytest.fixture(scope="session")
def other_key(authority):
    """A CSD of the same issuer with another key."""
    return csd.issue(authority, RFC, NAME, not_before=NOON - timedelta(days=9))


@pytest.fixture(scope="session")
def pac_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pac")


@pytest.fixture(scope="session")
def pac_credential(pac_folder):
    """The CSD of the issuer, from the authority that the simulator trusts."""
    return csd.issue(csd.ensure_authority(pac_folder), RFC, NAME)


@pytest.fixture
def new_document(pac_credential):
    """A sealed comprobante of this moment that no PAC has seen."""

    def make(credential=pac_credential, **changes):
        fecha = cfdi.catalogs.local_time(datetime.now(timezone.utc), "06000")
        doc = replace(comprobante(Fecha=fecha, Folio=str(next(_folios))), **changes)
        return cfdi.seal(cfdi.build_xml(doc), certificate_der=credential.der, sign=credential.sign)

    return make


@pytest.fixture
def document(new_document):
    return new_document()


@pytest.fixture
def new_request(pac_credential):
    """A signed request to cancel."""

    def make(uuid, reason="02", replacement="", credential=pac_credential):
        return cfdi.cancellation_request(
            [cfdi.Folio(uuid, reason, replacement)],
            Fecha=cfdi.catalogs.local_time(datetime.now(timezone.utc), "06000"),
            certificate_der=credential.der,
            sign_sha1=lambda data: base64.b64encode(credential.key.sign(data, PKCS1v15(), SHA1())).decode(),  # noqa: S303
        )

    return make


@pytest.fixture(scope="session")
def _simulator(pac_folder):
    with running(pac_folder) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator):
    """The PAC simulator, a process of its own, without faults waiting."""
    _simulator.control(reset=True)
    return _simulator
