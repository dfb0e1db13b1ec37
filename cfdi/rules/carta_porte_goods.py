"""Rules of the goods of a Carta Porte 3.1 (CP149-CP181)."""

from __future__ import annotations

from decimal import Decimal

from .base import Condition, Document, Node, Rule, has, is_, is_pedimento, none
from .carta_porte_nodes import (
    both,
    child_if,
    crosses,
    goes_by,
    has_child,
    modes_of,
    of_type,
    present_if,
)

ZERO = Decimal(0)
_PACKAGING = frozenset({"31181701", "24112700"})
"""Empty packaging and pallets, which go with the waybills of what was in or on them (CP177)."""
_MEDICINE = (
    "DenominacionGenericaProd",
    "DenominacionDistintivaProd",
    "Fabricante",
    "FechaCaducidad",
    "LoteMedicamento",
    "FormaFarmaceutica",
    "CondicionesEspTransp",
    "RegistroSanitarioFolioAutorizacion",
)
_SECTORS = {
    "01": ("CP159", _MEDICINE),
    "02": (
        "CP160",
        (
            "NombreIngredienteActivo",
            "NomQuimico",
            "Fabricante",
            "FechaCaducidad",
            "LoteMedicamento",
            "FormaFarmaceutica",
            "CondicionesEspTransp",
        ),
    ),
    "03": ("CP161", _MEDICINE),
    "04": ("CP162", ("NomQuimico", "NumCAS")),
    "05": (
        "CP163",
        (
            "NombreIngredienteActivo",
            "NumRegSanPlagCOFEPRIS",
            "DatosFabricante",
            "DatosFormulador",
            "DatosMaquilador",
            "UsoAutorizado",
        ),
    ),
}
"""SectorCOFEPRIS -> code, what such goods have to tell. That others do not tell it is not held: PACs stamp it."""
_IMPORTS = {
    "PermisoImportacion": ("CP164", ("01", "02", "03")),
    "FolioImpoVUCEM": ("CP165", ("01", "02", "04", "05")),
    "RazonSocialEmpImp": ("CP166", ("04",)),
}
"""What is told of imports of these sectors alone."""


def _international(_node: Node, document: Document) -> bool:
    return any(carta_porte["TranspInternac"] == "Sí" for carta_porte in document.nodes("CartaPorte"))


def _weighs_the_sum(node: Node, document: Document) -> bool:
    return node.number("PesoBrutoTotal") == sum(
        (goods.amount("PesoEnKg") for goods in document.nodes("Mercancia")), ZERO
    )


def _moves_packaging(_node: Node, document: Document) -> bool:
    return any(c["ClaveProdServ"] in _PACKAGING for c in document.nodes("Concepto"))


def _is_place(name: str, kind: str) -> Condition:
    def holds(node: Node, document: Document) -> bool:
        places = (place for place in document.nodes("Ubicacion") if place["TipoUbicacion"] == kind)
        return node[name] in {place["IDUbicacion"] for place in places}

    return holds


_HAS_PEDIMENTO = has("NumPedimento")

RULES = (
    Rule(
        "CP149",
        "Mercancias",
        "PesoBrutoTotal",
        "PesoBrutoTotal no es la suma de PesoEnKg de las mercancías.",
        applies=goes_by("Autotransporte", "TransporteAereo", "TransporteFerroviario"),
        holds=_weighs_the_sum,
    ),
    Rule(
        "CP153",
        "Mercancias",
        "LogisticaInversaRecoleccionDevolucion",
        "LogisticaInversaRecoleccionDevolucion se registra solo en el transporte por carretera.",
        applies=has("LogisticaInversaRecoleccionDevolucion"),
        holds=goes_by("Autotransporte"),
    ),
    Rule(
        "CP154",
        "Mercancias",
        "NumTotalMercancias",
        "NumTotalMercancias no es el número de mercancías.",
        lambda n, d: n.number("NumTotalMercancias") == len(d.nodes("Mercancia")),
    ),
    Rule(
        "CP156",
        "Mercancia",
        "CveMaterialPeligroso",
        "CveMaterialPeligroso se registra con MaterialPeligroso Sí, y solo con él.",
        present_if("CveMaterialPeligroso", is_("MaterialPeligroso", "Sí")),
    ),
    Rule(
        "CP157",
        "Mercancia",
        "Embalaje",
        "Embalaje se registra con CveMaterialPeligroso, y solo con él.",
        present_if("Embalaje", has("CveMaterialPeligroso")),
    ),
    *(
        Rule(
            code,
            "Mercancia",
            "SectorCOFEPRIS",
            f"Con SectorCOFEPRIS {sector} se registran {', '.join(names)}.",
            applies=is_("SectorCOFEPRIS", sector),
            holds=has(*names),
        )
        for sector, (code, names) in _SECTORS.items()
    ),
    *(
        Rule(
            code,
            "Mercancia",
            name,
            f"{name} se registra en importaciones con SectorCOFEPRIS {', '.join(sectors)}, y solo en ellas.",
            present_if(name, both(crosses("Entrada"), is_("SectorCOFEPRIS", *sectors))),
        )
        for name, (code, sectors) in _IMPORTS.items()
    ),
    Rule(
        "CP168",
        "Mercancia",
        "Moneda",
        "Falta la Moneda de ValorMercancia.",
        applies=has("ValorMercancia"),
        holds=has("Moneda"),
    ),
    Rule(
        "CP170",
        "Mercancia",
        "TipoMateria",
        "TipoMateria se registra en un transporte internacional, y solo en él.",
        present_if("TipoMateria", _international),
    ),
    Rule(
        "CP171",
        "Mercancia",
        "DescripcionMateria",
        "DescripcionMateria se registra con TipoMateria 05 (Otra), y solo con él.",
        present_if("DescripcionMateria", is_("TipoMateria", "05")),
    ),
    Rule(
        "CP172",
        "Mercancia",
        "",
        "Falta DocumentacionAduanera, obligatoria en importaciones.",
        applies=crosses("Entrada"),
        holds=has_child("DocumentacionAduanera"),
    ),
    Rule(
        "CP172",
        "DocumentacionAduanera",
        "",
        "DocumentacionAduanera se registra solo en un transporte internacional.",
        crosses("Entrada", "Salida"),
    ),
    Rule(
        "CP173",
        "DocumentacionAduanera",
        "TipoDocumento",
        "En exportaciones TipoDocumento no puede ser 01 (Pedimento).",
        applies=crosses("Salida"),
        holds=none(is_("TipoDocumento", "01")),
    ),
    Rule(
        "CP174",
        "DocumentacionAduanera",
        "NumPedimento",
        "NumPedimento se registra en importaciones con TipoDocumento 01 (Pedimento), y solo en ellas.",
        present_if("NumPedimento", both(crosses("Entrada"), is_("TipoDocumento", "01"))),
    ),
    Rule(
        "CP174",
        "DocumentacionAduanera",
        "NumPedimento",
        "El NumPedimento es de un año posterior al del comprobante, o no tiene número.",
        applies=_HAS_PEDIMENTO,
        holds=is_pedimento("NumPedimento"),
    ),
    Rule(
        "CP175",
        "DocumentacionAduanera",
        "IdentDocAduanero",
        "IdentDocAduanero se registra con un TipoDocumento distinto de 01 (Pedimento), y solo con él.",
        present_if("IdentDocAduanero", none(is_("TipoDocumento", "01"))),
    ),
    Rule(
        "CP176",
        "DocumentacionAduanera",
        "RFCImpo",
        "RFCImpo se registra con NumPedimento, y solo con él.",
        present_if("RFCImpo", _HAS_PEDIMENTO),
    ),
    Rule(
        "CP177",
        "Mercancias",
        "",
        "Faltan GuiasIdentificacion, obligatorias en el traslado de empaques o estibas.",
        when=of_type("T"),
        applies=_moves_packaging,
        holds=lambda n, d: bool(d.nodes("GuiasIdentificacion")),
    ),
    *(
        Rule(
            code,
            "CantidadTransporta",
            name,
            f"{name} no es el IDUbicacion de una Ubicacion de {kind}.",
            _is_place(name, kind),
        )
        for code, name, kind in (("CP178", "IDOrigen", "Origen"), ("CP179", "IDDestino", "Destino"))
    ),
    Rule(
        "CP180",
        "CantidadTransporta",
        "CvesTransporte",
        "CvesTransporte se registra con más de un medio de transporte, y solo con ellos.",
        present_if("CvesTransporte", lambda n, d: len(modes_of(d)) > 1),
    ),
    Rule(
        "CP181",
        "Mercancia",
        "",
        "DetalleMercancia se registra en el transporte marítimo, y solo en él.",
        child_if("DetalleMercancia", goes_by("TransporteMaritimo")),
    ),
)
