"""Rules of the Carta Porte 3.1 (CP101-CP204): the comprobante around it, the way, the vehicle and who takes part.

`carta_porte_goods` has those of the goods, `schema` the codes of what the schema says. Ships, planes and trains are not
checked (`elsewhere`); what is said of all means of transport is. Of CP136, CP139 and CP140, which are about stations,
what road transport and the catalogues say of them is checked; of CP174 all but customs and patent, whose catalogues are
not at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from lxml import etree

from ..carta_porte_catalogs import (
    REGIMENES_ADUANEROS,
    REMOLQUES,
    colonia_exists,
    country_of_state,
    localidad_exists,
    municipio_exists,
    place_of,
)
from ..comprobante import RFC_EXTRANJERO
from ..namespaces import CARTA_PORTE, IMPLOCAL, NS, TFD, cfdi
from .base import Condition, Document, Node, Rule, Shape, has, is_, none
from .carta_porte_nodes import (
    MODES,
    both,
    child_if,
    goes_by,
    has_child,
    modes_of,
    of_type,
    present_if,
    with_carta_porte,
)

ZERO = Decimal(0)
_TRANSPORT = frozenset(
    "78101500 78101501 78101502 78101503 78101600 78101601 78101602 78101603 78101604 78101700 78101701 78101702 "
    "78101703 78101704 78101705 78101706 78101800 78101801 78101802 78101803 78101804 78101806 78101807 78101900 "
    "78101901 78101902 78101903 78101904 78101905 78102200 78102201 78102203 78102204 78102205 78121603 78141500 "
    "78141501 84121806 92121800 92121801 92121802".split()
)
"""Services of which a carrier's invoice has one (CP109)."""
_INTERMODAL = frozenset("78101900 78101901 78101902 78101903 78101904".split())
_COMPANIONS = frozenset(
    {
        CARTA_PORTE,
        TFD,
        IMPLOCAL,
        "http://www.sat.gob.mx/ComercioExterior20",
        "http://www.sat.gob.mx/pfic",
        "http://www.sat.gob.mx/leyendasFiscales",
    }
)
"""Complementos beside which a Carta Porte may stand (CP113)."""
_INTERNATIONAL = is_("TranspInternac", "Sí")
_MEXICO = is_("Pais", "MEX")
_ABROAD = {
    "EntradaSalidaMerc": ("CP119", "CP120"),
    "PaisOrigenDestino": ("CP121", "CP122"),
    "ViaEntradaSalida": ("CP123", "CP124"),
}


# ----------------------------------------------------------------------
# The comprobante
# ----------------------------------------------------------------------
def _sells_transport(_node: Node, document: Document) -> bool:
    return any(concept["ClaveProdServ"] in _TRANSPORT for concept in document.nodes("Concepto"))


def _only_companions(_node: Node, document: Document) -> bool:
    complements = document.element.findall(f"{cfdi('Complemento')}/*")
    return all(etree.QName(node).namespace in _COMPANIONS for node in complements)


# ----------------------------------------------------------------------
# The way
# ----------------------------------------------------------------------
def _is_whole_way(node: Node, document: Document) -> bool:
    destinations = (place for place in document.nodes("Ubicacion") if place["TipoUbicacion"] == "Destino")
    return node.number("TotalDistRec") == sum((place.amount("DistanciaRecorrida") for place in destinations), ZERO)


def _from_and_to(_node: Node, document: Document) -> bool:
    return {"Origen", "Destino"} <= {place["TipoUbicacion"] for place in document.nodes("Ubicacion")}


def _only_by_road(_node: Node, document: Document) -> bool:
    return modes_of(document) == ["Autotransporte"]


def _stops_on_rails(node: Node, document: Document) -> bool:
    return bool(document.nodes("TransporteFerroviario")) and node["TipoEstacion"] == "02"


# ----------------------------------------------------------------------
# Addresses
# ----------------------------------------------------------------------
def _is_postal_code(node: Node, _document: Document) -> bool:
    try:
        known = place_of(node["CodigoPostal"])
    except KeyError:
        return False
    # the catalogue tells no municipio or localidad of some postal codes
    told = (node["Estado"], node["Municipio"], node["Localidad"])
    return all(not mine or not its or mine == its for mine, its in zip(told, known, strict=True))


def _address_rules(kind: str, codes: tuple[str, str, str, str, str]) -> tuple[Rule, ...]:
    """The same five rules hold for the address of a place and of who takes part."""
    *parts, estado, postal_code = codes
    catalogs = (
        ("Colonia", "CodigoPostal", "el código postal", colonia_exists),
        ("Localidad", "Estado", "el estado", localidad_exists),
        ("Municipio", "Estado", "el estado", municipio_exists),
    )
    return (
        *(
            Rule(
                code,
                kind,
                name,
                f"{name}: la clave no está en el catálogo c_{name} con {whose} del domicilio.",
                applies=both(has(name), _MEXICO),
                holds=lambda n, d, name=name, within=within, exists=exists: exists(n[name], n[within]),
            )
            for code, (name, within, whose, exists) in zip(parts, catalogs, strict=True)
        ),
        Rule(
            estado,
            kind,
            "Estado",
            "El Estado no está en el catálogo c_Estado con el país del domicilio.",
            applies=is_("Pais", "MEX", "USA", "CAN"),
            holds=lambda n, d: country_of_state(n["Estado"]) == n["Pais"],
        ),
        Rule(
            postal_code,
            kind,
            "CodigoPostal",
            "El CodigoPostal no está en el catálogo c_CodigoPostal, o es de otro estado, municipio o localidad.",
            applies=_MEXICO,
            holds=_is_postal_code,
        ),
    )


# ----------------------------------------------------------------------
# The vehicle and who takes part
# ----------------------------------------------------------------------
def _dangerous(_node: Node, document: Document) -> bool:
    return any(goods["MaterialPeligroso"] == "Sí" for goods in document.nodes("Mercancia"))


def _trailers_fit(node: Node, _document: Document) -> bool:
    trailers = node.element.getparent().find("cartaporte31:Remolques", NS) is not None
    return trailers in REMOLQUES[node["ConfigVehicular"]]


def _has_driver(_node: Node, document: Document) -> bool:
    return any(figure["TipoFigura"] == "01" for figure in document.nodes("TiposFigura"))


def _residence_rule(code: str, kind: str, residence: str, identifier: str) -> Rule:
    return Rule(
        code,
        kind,
        residence,
        f"{residence} se registra solo con {identifier}, y no puede ser MEX.",
        lambda n, d: n.has(residence) == n.has(identifier) and n[residence] != "MEX",
    )


def _head(code: str, attribute: str, message: str, when: Callable[[Shape], bool], holds: Condition) -> Rule:
    return Rule(code, "Comprobante", attribute, message, holds, when=when)


RULES = (
    _head(
        "CP102",
        "SubTotal",
        "En un traslado con Carta Porte el SubTotal debe ser cero.",
        of_type("T"),
        lambda n, d: n.number("SubTotal") == 0,
    ),
    _head(
        "CP103", "Moneda", "En un traslado con Carta Porte la Moneda debe ser XXX.", of_type("T"), is_("Moneda", "XXX")
    ),
    _head(
        "CP104",
        "Moneda",
        "En un ingreso con Carta Porte la Moneda no puede ser XXX.",
        of_type("I"),
        none(is_("Moneda", "XXX")),
    ),
    _head(
        "CP105",
        "Total",
        "En un traslado con Carta Porte el Total debe ser cero.",
        of_type("T"),
        lambda n, d: n.number("Total") == 0,
    ),
    Rule(
        "CP107",
        "Receptor",
        "Rfc",
        "En un traslado con Carta Porte el receptor es el mismo emisor.",
        when=of_type("T"),
        holds=lambda n, d: all(n["Rfc"] == issuer["Rfc"] for issuer in d.nodes("Emisor")),
    ),
    _head(
        "CP109",
        "",
        "Un ingreso con Carta Porte tiene un concepto de servicio de transporte de carga.",
        of_type("I"),
        _sells_transport,
    ),
    Rule(
        "CP110",
        "Concepto",
        "ClaveProdServ",
        "Un servicio de transporte intermodal pide más de un medio de transporte en la Carta Porte.",
        when=of_type("I"),
        applies=lambda n, d: n["ClaveProdServ"] in _INTERMODAL,
        holds=lambda n, d: len(modes_of(d)) > 1,
    ),
    Rule(
        "CP111",
        "Receptor",
        "UsoCFDI",
        "En un traslado con Carta Porte el UsoCFDI debe ser S01.",
        when=of_type("T"),
        holds=is_("UsoCFDI", "S01"),
    ),
    _head(
        "CP112",
        "",
        "Hay más de un complemento Carta Porte.",
        with_carta_porte,
        lambda n, d: len(d.nodes("CartaPorte")) == 1,
    ),
    _head(
        "CP113",
        "",
        "Hay un complemento que no puede estar junto con la Carta Porte.",
        with_carta_porte,
        _only_companions,
    ),
    _head(
        "CP114",
        "TipoDeComprobante",
        "La Carta Porte va solo en comprobantes de tipo I o T.",
        with_carta_porte,
        is_("TipoDeComprobante", "I", "T"),
    ),
    Rule(
        "CP116",
        "CartaPorte",
        "",
        "RegimenesAduaneros se registra en un transporte internacional, y solo en él.",
        child_if("RegimenesAduaneros", _INTERNATIONAL),
    ),
    *(
        Rule(
            code,
            "RegimenAduaneroCCP",
            "RegimenAduanero",
            f"Este RegimenAduanero no es de {way}.",
            applies=lambda n, d, way=way: any(c["EntradaSalidaMerc"] == way for c in d.nodes("CartaPorte")),
            holds=lambda n, d, way=way: way in REGIMENES_ADUANEROS.get(n["RegimenAduanero"], {way}),
        )
        for code, way in (("CP118", "Entrada"), ("CP169", "Salida"))
    ),
    *(
        rule
        for name, (needed, refused) in _ABROAD.items()
        for rule in (
            Rule(
                needed,
                "CartaPorte",
                name,
                f"Falta {name}, obligatorio en un transporte internacional.",
                applies=_INTERNATIONAL,
                holds=has(name),
            ),
            Rule(
                refused,
                "CartaPorte",
                name,
                f"{name} se registra solo en un transporte internacional.",
                applies=none(_INTERNATIONAL),
                holds=none(has(name)),
            ),
        )
    ),
    Rule(
        "CP125",
        "CartaPorte",
        "TotalDistRec",
        "TotalDistRec se registra en el transporte por carretera o ferrocarril, y solo en él.",
        present_if("TotalDistRec", goes_by("Autotransporte", "TransporteFerroviario")),
    ),
    Rule(
        "CP126",
        "CartaPorte",
        "TotalDistRec",
        "TotalDistRec no es la suma de la DistanciaRecorrida de los destinos.",
        applies=has("TotalDistRec"),
        holds=_is_whole_way,
    ),
    *(
        Rule(
            "CP127",
            "CartaPorte",
            name,
            f"{name} se registra con RegistroISTMO, y solo con él.",
            present_if(name, has("RegistroISTMO")),
        )
        for name in ("UbicacionPoloOrigen", "UbicacionPoloDestino")
    ),
    Rule(
        "CP130",
        "CartaPorte",
        "",
        "La Carta Porte tiene al menos una Ubicacion de Origen y una de Destino.",
        applies=goes_by("Autotransporte", "TransporteMaritimo", "TransporteAereo"),
        holds=_from_and_to,
    ),
    Rule(
        "CP131",
        "Ubicacion",
        "IDUbicacion",
        "Falta IDUbicacion, obligatorio cuando una mercancía tiene CantidadTransporta.",
        applies=lambda n, d: bool(d.nodes("CantidadTransporta")),
        holds=has("IDUbicacion"),
    ),
    Rule(
        "CP133",
        "Ubicacion",
        "NumRegIdTrib",
        "NumRegIdTrib se registra con el RFC genérico extranjero, y solo con él.",
        present_if("NumRegIdTrib", is_("RFCRemitenteDestinatario", RFC_EXTRANJERO)),
    ),
    _residence_rule("CP134", "Ubicacion", "ResidenciaFiscal", "NumRegIdTrib"),
    Rule(
        "CP135",
        "Ubicacion",
        "NumEstacion",
        "En el transporte por carretera no se registra NumEstacion.",
        applies=_only_by_road,
        holds=none(has("NumEstacion")),
    ),
    Rule(
        "CP137",
        "Ubicacion",
        "NombreEstacion",
        "NombreEstacion se registra con NumEstacion, y solo con él.",
        present_if("NombreEstacion", has("NumEstacion")),
    ),
    Rule(
        "CP139",
        "Ubicacion",
        "NavegacionTrafico",
        "NavegacionTrafico se registra solo en el transporte marítimo.",
        applies=none(goes_by("TransporteMaritimo")),
        holds=none(has("NavegacionTrafico")),
    ),
    Rule(
        "CP141",
        "Ubicacion",
        "DistanciaRecorrida",
        "DistanciaRecorrida se registra en los destinos por carretera o ferrocarril, y solo en ellos.",
        present_if(
            "DistanciaRecorrida",
            both(is_("TipoUbicacion", "Destino"), goes_by("Autotransporte", "TransporteFerroviario")),
        ),
    ),
    Rule(
        "CP142",
        "Ubicacion",
        "",
        "La Ubicacion tiene su Domicilio, menos una estación intermedia de ferrocarril.",
        child_if("Domicilio", none(_stops_on_rails)),
    ),
    *_address_rules("UbicacionDomicilio", ("CP143", "CP144", "CP145", "CP146", "CP147")),
    Rule(
        "CP148",
        "Mercancias",
        "",
        "La Carta Porte tiene al menos un medio de transporte.",
        goes_by(*MODES),
    ),
    Rule(
        "CP182",
        "Seguros",
        "AseguraMedAmbiente",
        "AseguraMedAmbiente se registra con material peligroso, y solo con él.",
        present_if("AseguraMedAmbiente", _dangerous),
    ),
    Rule(
        "CP183",
        "Seguros",
        "PolizaMedAmbiente",
        "PolizaMedAmbiente se registra con AseguraMedAmbiente, y solo con él.",
        present_if("PolizaMedAmbiente", has("AseguraMedAmbiente")),
    ),
    Rule(
        "CP184",
        "IdentificacionVehicular",
        "ConfigVehicular",
        "Los Remolques no corresponden a la ConfigVehicular: faltan o sobran.",
        applies=lambda n, d: n["ConfigVehicular"] in REMOLQUES,
        holds=_trailers_fit,
    ),
    Rule(
        "CP193",
        "CartaPorte",
        "",
        "Falta FiguraTransporte, obligatorio en el transporte por carretera.",
        applies=goes_by("Autotransporte"),
        holds=has_child("FiguraTransporte"),
    ),
    Rule(
        "CP194",
        "CartaPorte",
        "",
        "Falta el Operador (TipoFigura 01), obligatorio en el transporte por carretera.",
        applies=goes_by("Autotransporte"),
        holds=_has_driver,
    ),
    Rule(
        "CP196",
        "TiposFigura",
        "NumLicencia",
        "NumLicencia se registra del Operador (TipoFigura 01), y solo de él.",
        present_if("NumLicencia", is_("TipoFigura", "01")),
    ),
    Rule(
        "CP197",
        "TiposFigura",
        "NumRegIdTribFigura",
        "Falta NumRegIdTribFigura, obligatorio sin RFCFigura.",
        applies=none(has("RFCFigura")),
        holds=has("NumRegIdTribFigura"),
    ),
    _residence_rule("CP198", "TiposFigura", "ResidenciaFiscalFigura", "NumRegIdTribFigura"),
    Rule(
        "CP199",
        "TiposFigura",
        "",
        "PartesTransporte se registra del Propietario (02) y del Arrendador (03), y solo de ellos.",
        child_if("PartesTransporte", is_("TipoFigura", "02", "03")),
    ),
    *_address_rules("FiguraDomicilio", ("CP200", "CP201", "CP202", "CP203", "CP204")),
)
