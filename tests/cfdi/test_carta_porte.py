"""Carta Porte: identifiers, sums, what is read, what the catalogues and the rules say."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

import cartas_porte
import cfdi
from cartas_porte import CASES, camion, carta_porte, destino, flete, mercancia, origen, traslado
from cartas_porte_breaks import OTHER_WAY
from cfdi import schema
from cfdi.carta_porte import CantidadTransporta, CartaPorte, Remolque
from cfdi.carta_porte_catalogs import REGIMENES_ADUANEROS, REMOLQUES
from cfdi.carta_porte_modes import DetalleMercancia
from cfdi.carta_porte_nodes import attributes
from cfdi.carta_porte_totals import totals_of
from cfdi.carta_porte_xml import add_carta_porte, read_carta_porte
from cfdi.namespaces import CARTA_PORTE, NS
from cfdi.nodes import Node
from cfdi.resources import sat_file
from cfdi.rules import carta_porte as rules
from cfdi.rules import carta_porte_goods as rules_of_goods
from cfdi.rules.base import Document, rules_of
from cfdi.validation import _prepared
from devtools import csd
from devtools.pac import checks, stamping
from devtools.pac.resources import schema as whole_schema
from support import NOON, changed, codes, d

_XS = "{http://www.w3.org/2001/XMLSchema}"
_CARTA = "Complemento/cartaporte31:CartaPorte"
_GOODS = f"{_CARTA}/cartaporte31:Mercancias"
_MERCANCIA = f"{_GOODS}/cartaporte31:Mercancia"


# ----------------------------------------------------------------------
# Identifier
# ----------------------------------------------------------------------
@given(st.binary(min_size=16, max_size=16))
def test_identifier(random):
    """36 characters: a version 4 UUID whose first three are CCC."""
    made = cfdi.id_ccp(random)
    assert made == cfdi.id_ccp(random)
    assert made[:3] == "CCC"
    assert (len(made), made[14], made[19] in "89ab") == (36, "4", True)
    node = etree.Element(f"{{{CARTA_PORTE}}}CartaPorte", IdCCP=made)
    assert etree.tostring(node)


def test_identifiers_differ_by_what_is_random():
    assert cfdi.id_ccp(bytes(16)) != cfdi.id_ccp(bytes(15) + b"\x01")


@pytest.mark.parametrize("random", [b"", bytes(15), bytes(17)])
def test_identifier_wants_sixteen_bytes(random):
    with pytest.raises(ValueError, match="16"):
        cfdi.id_ccp(random)


# ----------------------------------------------------------------------
# Sums
# ----------------------------------------------------------------------
_weights = st.decimals(min_value="0.001", max_value=10**6, places=3)
_distances = st.decimals(min_value="0.01", max_value=9999, places=2)


@settings(max_examples=100, deadline=None)
@given(st.lists(_weights, min_size=1, max_size=6), st.lists(_distances, min_size=1, max_size=5))
def test_whatever_is_carried_adds_up_and_is_valid(weights, distances):
    places = [origen(), *(destino(str(km), IDUbicacion=f"DE{n:06}") for n, km in enumerate(distances))]
    carta = carta_porte(*(mercancia(str(weight)) for weight in weights), Ubicaciones=tuple(places))
    element = cfdi.build_xml(flete(carta))
    assert [str(problem) for problem in cfdi.validate(element, sealed=False, now=NOON)] == []
    node, goods = (element.find(f"cfdi:{path}", NS) for path in (_CARTA, _GOODS))
    assert Fraction(node.get("TotalDistRec")) == sum(map(Fraction, distances))
    assert Fraction(goods.get("PesoBrutoTotal")) == sum(map(Fraction, weights))
    assert goods.get("NumTotalMercancias") == str(len(weights))
    assert cfdi.read_comprobante(element).CartaPorte == carta


def _sums(case):
    node, goods = (cfdi.build_xml(CASES[case]).find(f"cfdi:{path}", NS) for path in (_CARTA, _GOODS))
    return node.get("TotalDistRec"), goods.get("PesoBrutoTotal"), goods.get("PesoNetoTotal")


@pytest.mark.parametrize(
    ("case", "sums"),
    [
        ("carta_porte_traslado", ("1329.35", "250.625", None)),
        ("carta_porte_ingreso", ("912.5", "350.499", "340")),
        # by sea it is what DetalleMercancia says, by rail the net weight is the cars'
        ("carta_porte_barco", (None, "260", "250.5")),
        ("carta_porte_avion", (None, "250.5", None)),
        ("carta_porte_intermodal", ("912.5", "250.5", "0.251")),
    ],
)
def test_sums_of_each_means_of_transport(case, sums):
    assert _sums(case) == sums


@pytest.mark.parametrize(
    "goods",
    [
        mercancia("0.0001"),
        mercancia("NaN"),
        mercancia(Cantidad=d("0.0000001")),
        mercancia(ValorMercancia=d("1.0000001"), Moneda="MXN"),
        mercancia(
            DetalleMercancia=DetalleMercancia(UnidadPesoMerc="KGM", PesoBruto=d("1.0001"), PesoNeto=d(1), PesoTara=d(1))
        ),
    ],
)
def test_a_number_that_cannot_be_written(goods):
    with pytest.raises(cfdi.ComprobanteError, match="no se puede escribir") as refused:
        cfdi.build_xml(flete(carta_porte(mercancia(), goods)))
    (problem,) = refused.value.problems
    assert problem.path.startswith("Comprobante/Complemento/CartaPorte/Mercancias/Mercancia[2]/")
    assert problem.message.startswith(problem.path.rpartition("@")[2])


# ----------------------------------------------------------------------
# Dataclasses and schema
# ----------------------------------------------------------------------
def _schema_nodes():
    """Nodes of the schema: path of names -> (attributes with whether they are required, children)."""
    root = etree.parse(str(sat_file("CartaPorte/CartaPorte31.xsd"))).getroot()

    def walk(element, path):
        owned = [n for n in element.iter(f"{_XS}*") if next(n.iterancestors(f"{_XS}element"), None) is element]
        found = {n.get("name"): n.get("use") == "required" for n in owned if n.tag == f"{_XS}attribute"}
        children = [n for n in owned if n.tag == f"{_XS}element"]
        yield path, found, [child.get("name") for child in children]
        for child in children:
            yield from walk(child, (*path, child.get("name")))

    (top,) = root.findall(f"{_XS}element")
    return {path: (found, children) for path, found, children in walk(top, (top.get("name"),))}


_COMPUTED = {"TotalDistRec", "PesoBrutoTotal", "NumTotalMercancias"}


def _our_nodes(kind, path):
    own, children, below = set(), [], []
    for attribute in attributes(kind):
        name, form = attribute.name, attribute.form
        if not (attribute.several or attribute.is_node):
            own.add(name)
            continue
        children.append(name)
        inner = (*path, name)
        if form.inside:
            yield inner, set(), [form.inside]
            inner = (*inner, form.inside)
        if form.code:
            yield inner, {form.code}, []
        else:
            below.append((attribute.type, inner))
    yield path, own, children
    for inner_kind, inner in below:
        yield from _our_nodes(inner_kind, inner)


def test_the_dataclasses_have_what_the_schema_has():
    """Each attribute and each node of CartaPorte31.xsd, nodes in the schema's order."""
    expected = {path: (set(found) - _COMPUTED, children) for path, (found, children) in _schema_nodes().items()}
    found = {path: (own, children) for path, own, children in _our_nodes(cfdi.CartaPorte, ("CartaPorte",))}
    assert found == expected


def test_what_the_schema_requires_has_no_default():
    required = {
        path: {name for name, needed in found.items() if needed} for path, (found, _c) in _schema_nodes().items()
    }
    assert {"IdCCP", "TranspInternac"} <= required["CartaPorte",]
    with pytest.raises(TypeError, match="IDOrigen"):
        CantidadTransporta(Cantidad=d(1), IDDestino="DE000001")


@pytest.mark.parametrize("name", CASES)
def test_what_was_said_is_read(name):
    read = cfdi.read_comprobante(cfdi.build_xml(CASES[name]))
    assert read.CartaPorte is not None
    # blanks are read as the cadena original reads them; PesoNetoTotal is a sum by sea and rail
    expected = cfdi.complete(CASES[name])
    if name not in {"carta_porte_traslado", "carta_porte_barco", "carta_porte_intermodal"}:
        assert read == expected
    assert read.CartaPorte.FiguraTransporte == expected.CartaPorte.FiguraTransporte


def test_blanks_of_a_pedimento_are_kept(credential):
    data = cfdi.seal(
        cfdi.build_xml(CASES["carta_porte_importacion"]), certificate_der=credential.der, sign=credential.sign
    )
    goods = cfdi.read_comprobante(data).CartaPorte.Mercancias.Mercancia
    assert goods[0].DocumentacionAduanera[0].NumPedimento == "26  24  3009  6001234"
    assert "|26 24 3009 6001234|" in cfdi.cadena_original(data)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (f"{_MERCANCIA}/@PesoEnKg", None, "falta PesoEnKg"),
        (f"{_MERCANCIA}/@PesoEnKg", "mucho", "PesoEnKg no es un número"),
        (f"{_CARTA}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion/@FechaHoraSalidaLlegada", None, "falta Fecha"),
        (
            f"{_CARTA}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion/@FechaHoraSalidaLlegada",
            "ayer",
            "no es una fecha",
        ),
        (
            f"{_GOODS}/cartaporte31:Autotransporte/cartaporte31:IdentificacionVehicular/@AnioModeloVM",
            "2020.5",
            "no es un número entero",
        ),
    ],
)
def test_what_cannot_be_read(where, value, told):
    element = changed(cfdi.build_xml(traslado()), {where: value})
    with pytest.raises(cfdi.ReadError, match=told):
        cfdi.read_comprobante(element)


def test_the_conceptos_of_a_transfer_are_the_goods():
    doc = traslado(carta_porte(mercancia(Unidad="Caja"), mercancia(Cantidad=d("1.5"), Descripcion="Hielo")))
    assert [(c.ClaveProdServ, c.Cantidad, c.ClaveUnidad, c.Unidad, c.Descripcion) for c in doc.Conceptos] == [
        ("50202201", d(20), "XBX", "Caja", "Cerveza en botella"),
        ("50202201", d("1.5"), "XBX", "", "Hielo"),
    ]
    totals = cfdi.compute(doc)
    assert (totals.SubTotal, totals.Total, doc.Moneda, doc.Receptor.UsoCFDI) == (0, 0, "XXX", "S01")


def test_a_node_without_which_there_is_none():
    element = cfdi.build_xml(traslado())
    goods = element.find(f"cfdi:{_GOODS}", NS)
    goods.getparent().remove(goods)
    with pytest.raises(cfdi.ReadError, match="falta Mercancias"):
        cfdi.read_comprobante(element)


_text = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), max_size=12)
_plain_values = {
    str: _text,
    int: st.integers(0, 9999),
    date: st.dates(),
    datetime: st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
}


def _any_value(attribute):
    """Whatever a field may hold, of a schema's sense or none."""
    if attribute.is_node:
        value = st.deferred(lambda: _any_node(attribute.type))
    elif attribute.type is Decimal:
        value = st.decimals(0, 10**9, places=attribute.form.most)
    else:
        value = _plain_values[attribute.type]
    if attribute.several:
        return st.lists(value, max_size=2).map(tuple)
    return st.none() | value if attribute.optional else value


def _any_node(kind):
    return st.builds(kind, **{attribute.name: _any_value(attribute) for attribute in attributes(kind)})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_any_node(CartaPorte))
def test_whatever_is_written_is_read(carta):
    root = etree.Element("root")
    add_carta_porte(root, carta)
    read = read_carta_porte(etree.fromstring(etree.tostring(root))[0])
    assert read == replace(carta, Mercancias=replace(carta.Mercancias, PesoNetoTotal=totals_of(carta).PesoNetoTotal))


# ----------------------------------------------------------------------
# Schema
# ----------------------------------------------------------------------
_WRONG = {
    (f"{_CARTA}/@Version", "3.0"): "CP115",
    (f"{_CARTA}/@PaisOrigenDestino", "QQQ"): "CP121",
    (f"{_CARTA}/@ViaEntradaSalida", "09"): "CP123",
    (f"{_CARTA}/cartaporte31:RegimenesAduaneros/cartaporte31:RegimenAduaneroCCP/@RegimenAduanero", "XXX"): "CP117",
    (f"{_CARTA}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion[2]/@ResidenciaFiscal", "QQQ"): "CP134",
    (f"{_CARTA}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion/@NumEstacion", "XX999"): "CP136",
    (f"{_CARTA}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion/@TipoEstacion", "09"): "CP140",
    (f"{_MERCANCIA}/@CveMaterialPeligroso", "XXXX"): "CP156",
    (f"{_MERCANCIA}/@Embalaje", "XX"): "CP157",
    (f"{_MERCANCIA}/@SectorCOFEPRIS", "09"): "CP158",
    (f"{_MERCANCIA}/@TipoMateria", "09"): "CP170",
    (f"{_MERCANCIA}/cartaporte31:DocumentacionAduanera/@TipoDocumento", "99"): "CP173",
    (f"{_CARTA}/cartaporte31:FiguraTransporte/cartaporte31:TiposFigura/@ResidenciaFiscalFigura", "QQQ"): "CP198",
    (f"{_CARTA}/@IdCCP", "11111111-2222-4333-8444-555555555555"): "301",
    (f"{_MERCANCIA}/@FraccionArancelaria", "0000000000"): "301",
    (f"{_MERCANCIA}/@ClaveUnidad", "99999"): "301",
    (f"{_MERCANCIA}/cartaporte31:DocumentacionAduanera/@NumPedimento", "26 24 3009 6001234"): "301",
    (f"{_GOODS}/@UnidadPeso", "QQQ"): "301",
    (f"{_GOODS}/@PesoBrutoTotal", "0"): "301",
    (f"{_GOODS}/cartaporte31:Autotransporte/@PermSCT", "TPAF99"): "301",
    (f"{_GOODS}/cartaporte31:Autotransporte/cartaporte31:IdentificacionVehicular/@PlacaVM", "AB-12-34"): "301",
}


@pytest.mark.parametrize(("where", "value"), _WRONG)
def test_both_schemas_refuse_mistakes(where, value):
    element = changed(_prepared(cfdi.build_xml(CASES["carta_porte_exportacion"]), sealed=False), {where: value})
    assert not whole_schema().validate(element)
    problems = schema.check_schema(element)
    assert codes(problems) == {_WRONG[where, value]}
    assert all(problem.value == value and len(problem.message) < 120 for problem in problems)


def test_both_schemas_refuse_goods_that_are_in_no_catalogue():
    """Once: libxml2 lists the whole catalogue in its complaint."""
    element = changed(_prepared(cfdi.build_xml(traslado()), sealed=False), {f"{_MERCANCIA}/@BienesTransp": "99999999"})
    assert not whole_schema().validate(element)
    (problem,) = schema.check_schema(element)
    assert (problem.code, problem.value) == ("301", "99999999")
    assert problem.message == "BienesTransp: el valor no está en el catálogo del SAT."


@pytest.mark.parametrize("name", CASES)
def test_both_schemas_say_the_same_of_what_is_missing(name):
    """Each attribute of the complemento by itself, left out."""
    element = _prepared(cfdi.build_xml(CASES[name]), sealed=False)
    verdicts = set()
    for node in element.find(f"cfdi:{_CARTA}", NS).iter():
        for attribute, value in list(node.attrib.items()):
            del node.attrib[attribute]
            problems = schema.check_schema(element)
            assert whole_schema().validate(element) == (problems == [])
            assert {problem.path.rpartition("@")[2] for problem in problems} <= {attribute}
            verdicts.add(bool(problems))
            node.set(attribute, value)
    assert verdicts == {True, False}


def test_large_catalogues_are_looked_up():
    large = schema._load(frozenset({CARTA_PORTE, schema.TFD})).large
    apart = {(etree.QName(tag).localname, attribute) for tag, attributes in large.items() for attribute in attributes}
    assert {("Mercancia", "BienesTransp"), ("Mercancia", "FraccionArancelaria"), ("Ubicacion", "NumEstacion")} <= apart
    assert ("Concepto", "ClaveProdServ") in apart


# ----------------------------------------------------------------------
# Catalogues that stand here as data, against the ones of the schema
# ----------------------------------------------------------------------
def _codes_of(name):
    root = etree.parse(str(sat_file("catalogos/CartaPorte/catCartaPorte.xsd"))).getroot()
    [found] = root.findall(f"{_XS}simpleType[@name='{name}']")
    return {node.get("value") for node in found.iter(f"{_XS}enumeration")}


def test_every_vehicle_says_whether_it_has_trailers():
    # the schema still has two of the version 2.0, which the catalogue of the 3.1 has not
    assert REMOLQUES.keys() == _codes_of("c_ConfigAutotransporte") - {"OTROEV", "OTROEGP"}
    # the name says it: a second part is a semitrailer (S) or a trailer (R)
    assert {code for code, trailers in REMOLQUES.items() if trailers == {True}} == {
        code for code in REMOLQUES if code[0] in "CT" and len(code) > 2
    }


def test_every_customs_regime_says_its_way():
    assert REGIMENES_ADUANEROS.keys() == _codes_of("c_RegimenAduanero")
    assert all(ways and ways <= {"Entrada", "Salida"} for ways in REGIMENES_ADUANEROS.values())


# ----------------------------------------------------------------------
# Rules
# ----------------------------------------------------------------------
@pytest.mark.parametrize(("code", "attribute", "case", "changes"), OTHER_WAY)
def test_the_other_way_round_breaks_it_too(code, attribute, case, changes):
    element = cfdi.build_xml(CASES[case])
    assert cfdi.validate(element, sealed=False, now=NOON) == []
    problems = cfdi.validate(changed(element, changes), sealed=False, now=NOON)
    assert (code, attribute) in {(p.code, p.path.partition("@")[2]) for p in problems}


@pytest.mark.parametrize(
    "rule", [*rules.RULES, *rules_of_goods.RULES], ids=lambda rule: f"{rule.code}-{rule.attribute}"
)
def test_a_case_passes_it(rule):
    """Some document is asked, and is right: not that nobody was asked."""
    documents = [Document(Node(cfdi.build_xml(case)), NOON) for case in CASES.values()]
    of_it = [doc for doc in documents if rule in rules_of(doc.shape)]
    asked = [rule.holds(node, doc) for doc in of_it for node in doc.nodes(rule.kind) if rule.applies(node, doc)]
    assert asked
    assert all(asked)


def test_a_carriers_invoice_may_have_other_concepts():
    lines = (cartas_porte.servicio(), cartas_porte.concepto("500", ClaveProdServ="78121601", Descripcion="Maniobras"))
    assert cfdi.validate(cfdi.build_xml(flete(Conceptos=lines)), sealed=False, now=NOON) == []
    assert "CP109" in codes(cfdi.validate(cfdi.build_xml(flete(Conceptos=lines[1:])), sealed=False, now=NOON))


def test_a_transfer_without_carta_porte_is_asked_nothing_of_it():
    doc = replace(traslado(), CartaPorte=None, Receptor=cartas_porte.RECEPTOR)
    assert not {code for code in codes(cfdi.validate(cfdi.build_xml(doc), sealed=False)) if code.startswith("CP")}


def test_every_trailer_fits_its_vehicle():
    trailer = Remolque(SubTipoRem="CTR004", Placa="44UB7Z")
    for config, allowed in REMOLQUES.items():
        for trailers in ((), (trailer,)):
            element = cfdi.build_xml(traslado(carta_porte(Autotransporte=camion(config, Remolques=trailers))))
            told = codes(cfdi.validate(element, sealed=False, now=NOON))
            assert told == (set() if bool(trailers) in allowed else {"CP184"})


def test_messages_are_for_who_has_to_mend_it():
    doc = traslado(carta_porte(Ubicaciones=(origen(), destino(IDUbicacion="DE000001", Domicilio=cartas_porte.LAREDO))))
    doc = replace(doc, CartaPorte=replace(doc.CartaPorte, FiguraTransporte=()))
    problems = cfdi.validate(cfdi.build_xml(doc), sealed=False, now=NOON)
    assert [(problem.code, problem.message) for problem in problems] == [
        ("CP193", "Falta FiguraTransporte, obligatorio en el transporte por carretera."),
        ("CP194", "Falta el Operador (TipoFigura 01), obligatorio en el transporte por carretera."),
    ]
    assert {problem.path for problem in problems} == {"Comprobante/Complemento/CartaPorte"}


# ----------------------------------------------------------------------
# The printed document
# ----------------------------------------------------------------------
@pytest.fixture(scope="module")
def sat(authority):
    return csd.issue(authority, csd.SAT_RFC, csd.SAT_NAME, csd.SAT)


def _stamped(doc, credential, sat):
    """As the simulator stamps it, which checks the whole schema and the seal by code of its own."""
    sealed = cfdi.seal(cfdi.build_xml(doc), certificate_der=credential.der, sign=credential.sign)
    return stamping.stamp(checks.read(sealed), sat, NOON).xml


def test_address_of_the_second_qr(credential, sat):
    stamped = _stamped(traslado(), credential, sat)
    assert cfdi.carta_porte_qr_url(stamped) == (
        "https://verificacfdi.facturaelectronica.sat.gob.mx/verificaccp/default.aspx"
        f"?IdCCP={cfdi.id_ccp(bytes(range(16)))}&FechaOrig=2026-03-04T06:00:00&FechaTimb=2026-03-04T12:00:00"
    )


def test_no_second_qr_without_carta_porte(credential, sat):
    stamped = _stamped(replace(traslado(), CartaPorte=None), credential, sat)
    with pytest.raises(cfdi.CfdiError, match="Carta Porte"):
        cfdi.carta_porte_qr_url(stamped)
