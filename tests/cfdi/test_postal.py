"""Postal codes: against the whole catalogue where the catalogue can tell, against known places elsewhere."""

from __future__ import annotations

import io
import pickle
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest

from cfdi import postal
from cfdi.catalogs import _PlainUnpickler
from cfdi.resources import catalogs_file


@pytest.fixture(scope="module")
def tables():
    """c_CodigoPostal, c_Colonia and c_Estado, read row by row and without the index under test."""

    def load(blob):
        return _PlainUnpickler(io.BytesIO(blob)).load()

    uri = f"{catalogs_file().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        return {
            name: {
                load(key): load(value)
                for key, value in connection.execute(f"SELECT key, value FROM C756_{name}")  # noqa: S608
            }
            for name in ("c_CodigoPostal", "c_Colonia", "c_Estado")
        }


@pytest.mark.parametrize(
    ("code", "estado", "municipio", "colonia"),
    [
        ("06700", "CMX", "Cuauhtémoc", "Roma Norte"),
        ("01000", "CMX", "Álvaro Obregón", "San Ángel"),
        ("20000", "AGU", "Aguascalientes", "Zona Centro"),
        ("22000", "BCN", "Tijuana", "Zona Centro"),
        ("44100", "JAL", "Guadalajara", "Guadalajara Centro"),
        ("64000", "NLE", "Monterrey", "Monterrey Centro"),
        ("77500", "ROO", "Benito Juárez", "Cancún Centro"),
        ("97000", "YUC", "Mérida", "Mérida Centro"),
    ],
)
def test_known_places(code, estado, municipio, colonia):
    assert postal.place(code) == postal.Place(estado, municipio)
    assert colonia in postal.colonias(code)


def test_code_without_municipality():
    assert postal.place("42501") == postal.Place("HID", "")
    assert postal.colonias("42501") == ()


@pytest.mark.parametrize("code", ["00000", "00001", "6700", "067000", "", "abcde", "٠٦٧٠٠"])
def test_unknown_code(code):
    for look_up in (postal.place, postal.colonias):
        with pytest.raises(KeyError):
            look_up(code)


def test_many_at_once():
    codes = ["06700", "42501", "00000", "00001", "06700"]
    assert postal.places(codes) == {"06700": postal.Place("CMX", "Cuauhtémoc"), "42501": postal.Place("HID", "")}
    assert postal.places([]) == {}


def test_every_colonia_is_found_once(tables):
    wanted = Counter(code for _number, code in tables["c_Colonia"])
    index = postal._colonia_index()
    assert len(index) == len(tables["c_Colonia"])
    assert Counter(f"{row // 10_000:05d}" for row in index) == wanted
    for code in list(wanted)[::500]:
        names = sorted(name for (_number, other), name in tables["c_Colonia"].items() if other == code)
        assert sorted(postal.colonias(code)) == names


def test_states_are_those_of_the_catalogue(tables):
    used = {row[0] for row in tables["c_CodigoPostal"].values()}
    assert used == set(postal.ESTADOS)
    assert len(postal.ESTADOS) == 32
    assert {code for code, (country, _name) in tables["c_Estado"].items() if country == "MEX"} == used | {"DIF"}


def test_colonias_are_sorted_as_people_read():
    assert sorted(["Zona", "Ñuño", "Álamos", "Buenos Aires"], key=postal._collation) == [
        "Álamos",
        "Buenos Aires",
        "Ñuño",
        "Zona",
    ]


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_key_of_any_pickle(protocol):
    assert postal._packed(pickle.dumps(("0947", "06700"), protocol=protocol)) == 67000947


def test_look_up_is_cheap():
    """The rows are not read each time: a hundred new codes cost less than building the index ten times."""
    index = postal._colonia_index()
    assert index.itemsize * len(index) < 1_000_000
    postal.colonias.cache_clear()
    codes = [f"{row // 10_000:05d}" for row in index[:: len(index) // 100]]
    start = time.process_time()
    for code in codes:
        postal.colonias(code)
    assert (time.process_time() - start) / len(codes) < 0.05
