"""Rules of the receiver (CFDI40143-CFDI40161) that need no list of the SAT's."""

from __future__ import annotations

from ..catalogs import postal_code_exists, regimen_allowed, uso_allowed
from ..comprobante import RFC_EXTRANJERO, RFC_GENERICOS, RFC_PUBLICO_EN_GENERAL
from .base import Document, Node, Rule


def _generic(node: Node, _document: Document) -> bool:
    return node["Rfc"] in RFC_GENERICOS


def _named(node: Node, _document: Document) -> bool:
    return node["Rfc"] not in RFC_GENERICOS


def _national(node: Node, _document: Document) -> bool:
    return node["Rfc"] != RFC_EXTRANJERO


_USO_BY_TYPE = {"P": "CP01", "N": "CN01"}

RULES = (
    Rule(
        "CFDI40146",
        "Receptor",
        "Rfc",
        "El nombre PUBLICO EN GENERAL va con el RFC XAXX010101000.",
        applies=lambda n, d: n["Nombre"] == "PUBLICO EN GENERAL",
        holds=lambda n, d: n["Rfc"] == RFC_PUBLICO_EN_GENERAL,
    ),
    Rule(
        "CFDI40147",
        "Receptor",
        "DomicilioFiscalReceptor",
        "El código postal del receptor no está en el catálogo del SAT.",
        holds=lambda n, d: postal_code_exists(n["DomicilioFiscalReceptor"]),
    ),
    Rule(
        "CFDI40149",
        "Receptor",
        "DomicilioFiscalReceptor",
        "Con RFC genérico el código postal del receptor es el del lugar de expedición.",
        applies=_generic,
        holds=lambda n, d: n["DomicilioFiscalReceptor"] == d.head["LugarExpedicion"],
    ),
    Rule(
        "CFDI40151",
        "Receptor",
        "ResidenciaFiscal",
        "La residencia fiscal es solo para el RFC genérico extranjero.",
        applies=_national,
        holds=lambda n, d: not n.has("ResidenciaFiscal"),
    ),
    Rule(
        "CFDI40152",
        "Receptor",
        "ResidenciaFiscal",
        "La residencia fiscal no puede ser MEX.",
        holds=lambda n, d: n["ResidenciaFiscal"] != "MEX",
    ),
    Rule(
        "CFDI40153",
        "Receptor",
        "ResidenciaFiscal",
        "Con NumRegIdTrib se registra también la residencia fiscal.",
        applies=lambda n, d: n.has("NumRegIdTrib"),
        holds=lambda n, d: n.has("ResidenciaFiscal"),
    ),
    Rule(
        "CFDI40154",
        "Receptor",
        "NumRegIdTrib",
        "El número de identidad tributaria es solo para el RFC genérico extranjero.",
        applies=_national,
        holds=lambda n, d: not n.has("NumRegIdTrib"),
    ),
    Rule(
        "CFDI40158",
        "Receptor",
        "RegimenFiscalReceptor",
        "El régimen fiscal del receptor no corresponde a su tipo de persona (física o moral).",
        applies=_named,
        holds=lambda n, d: regimen_allowed(n["RegimenFiscalReceptor"], n["Rfc"]),
    ),
    Rule(
        "CFDI40159",
        "Receptor",
        "RegimenFiscalReceptor",
        "Con RFC genérico el régimen fiscal del receptor es 616.",
        applies=_generic,
        holds=lambda n, d: n["RegimenFiscalReceptor"] == "616",
    ),
    Rule(
        "CFDI40161",
        "Receptor",
        "UsoCFDI",
        "El uso del CFDI no es para el tipo de persona y el régimen del receptor.",
        holds=lambda n, d: uso_allowed(n["UsoCFDI"], n["RegimenFiscalReceptor"], n["Rfc"]),
    ),
    Rule(
        "CFDI40161",
        "Receptor",
        "UsoCFDI",
        "Un comprobante de pago lleva el uso CP01; uno de nómina, CN01.",
        when=lambda shape: shape.type in _USO_BY_TYPE,
        holds=lambda n, d: n["UsoCFDI"] == _USO_BY_TYPE[d.type],
    ),
)
