# ruff: noqa: DTZ001 - Fecha is naive by definition
"""Look-ups in the SAT's catalogues."""

import pickle
import subprocess
import sys
from datetime import datetime, timezone

import pytest

from cfdi import catalogs
from support import REPOSITORY

SUMMER = datetime(2026, 7, 1, 12, 0, 0, 999, tzinfo=timezone.utc)
WINTER = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("postal_code", "winter", "summer"),
    [
        ("06000", 6, 6),  # Mexico City: no summer time since 2022
        ("64000", 6, 6),  # Monterrey
        ("83000", 5, 5),  # Hermosillo
        ("22000", 4, 5),  # Tijuana: the border keeps it
        ("88000", 6, 7),  # Nuevo Laredo: the border keeps it
        ("77500", 7, 7),  # Cancún
        ("80000", 5, 5),  # Culiacán
    ],
)
def test_local_time(postal_code, winter, summer):
    assert catalogs.local_time(WINTER, postal_code) == datetime(2026, 1, 15, winter)
    assert catalogs.local_time(SUMMER, postal_code) == datetime(2026, 7, 1, summer)


def test_local_time_wants_a_time_zone_and_a_postal_code():
    with pytest.raises(ValueError, match="time zone"):
        catalogs.local_time(datetime(2026, 1, 1), "06000")
    with pytest.raises(KeyError):
        catalogs.local_time(WINTER, "00001")


@pytest.mark.parametrize(("code", "decimals"), [("MXN", 2), ("USD", 2), ("JPY", 0), ("XXX", 0), ("BHD", 3)])
def test_currency(code, decimals):
    assert catalogs.currency_decimals(code) == decimals


def test_names():
    assert catalogs.forma_pago_name("03").startswith("Transferencia")
    assert catalogs.regimen_name("616").startswith("Sin obligaciones")
    assert catalogs.uso_name("G03") == "Gastos en general"
    with pytest.raises(KeyError):
        catalogs.forma_pago_name("77")


def test_our_tables_are_of_codes_that_exist():
    for uso in catalogs.USO_REGIMENES:
        assert catalogs.uso_name(uso)
    for regimen in {
        r for allowed in catalogs.USO_REGIMENES.values() for r in allowed
    } | catalogs.REGIMEN_PERSONAS.keys():
        assert catalogs.regimen_name(regimen)


def test_a_moral_person_never_has_a_regime_of_natural_ones():
    assert catalogs.regimen_allowed("601", "XYZ010203AB9")
    assert not catalogs.regimen_allowed("612", "XYZ010203AB9")
    assert not catalogs.regimen_allowed("601", "PEGJ800101AB1")
    assert catalogs.regimen_allowed("626", "PEGJ800101AB1")
    assert catalogs.regimen_allowed("626", "XYZ010203AB9")
    assert not catalogs.regimen_allowed("601", "")


def test_rows_that_are_more_than_data_are_refused():
    with pytest.raises(pickle.UnpicklingError):
        catalogs._PlainUnpickler(__import__("io").BytesIO(pickle.dumps(datetime.now))).load()


def test_import_is_light():
    """Neither zeep nor satcfdi are loaded by the package, only by who sends."""
    code = "import cfdi, sys; print(sorted({'zeep', 'satcfdi', 'requests', 'odoo'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
