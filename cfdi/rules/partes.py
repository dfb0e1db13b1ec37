"""Rules of what a line may have besides its taxes: third parties, customs and parts (CFDI40188-CFDI40200)."""

from __future__ import annotations

from ..comprobante import NOMBRE_TERCERO_EXTRANJERO, RFC_TERCERO_EXTRANJERO
from .base import Document, Node, Rule, has, is_pedimento
from .comprobante import COMERCIO_EXTERIOR
from .conceptos import amount_in_limits


def _is_foreign(node: Node, _document: Document) -> bool:
    return node["RfcACuentaTerceros"] == RFC_TERCERO_EXTRANJERO


def _is_third(node: Node, document: Document) -> bool:
    parties = (*document.nodes("Emisor"), *document.nodes("Receptor"))
    return node["RfcACuentaTerceros"] not in {party["Rfc"] for party in parties}


RULES = (
    Rule(
        "CFDI40188",
        "ACuentaTerceros",
        "RfcACuentaTerceros",
        "El tercero no puede ser el emisor ni el receptor.",
        _is_third,
    ),
    Rule(
        "CFDI40189",
        "ACuentaTerceros",
        "NombreACuentaTerceros",
        "Con el RFC EXT990101NI1 el nombre es el texto que fija el SAT para oferentes residentes en el extranjero.",
        applies=_is_foreign,
        holds=lambda n, d: n["NombreACuentaTerceros"] == NOMBRE_TERCERO_EXTRANJERO,
    ),
    Rule(
        "CFDI40193",
        "ACuentaTerceros",
        "DomicilioFiscalACuentaTerceros",
        "Con el RFC EXT990101NI1 el domicilio es el LugarExpedicion.",
        applies=_is_foreign,
        holds=lambda n, d: n["DomicilioFiscalACuentaTerceros"] == d.head["LugarExpedicion"],
    ),
    *(
        rule
        for kind, wrong, refused in (
            ("InformacionAduanera", "CFDI40194", "CFDI40195"),
            ("ParteInformacionAduanera", "CFDI40199", "CFDI40200"),
        )
        for rule in (
            Rule(
                wrong,
                kind,
                "NumeroPedimento",
                "El NumeroPedimento es de un año posterior al del comprobante, o no tiene número.",
                is_pedimento("NumeroPedimento"),
            ),
            Rule(
                refused,
                kind,
                "NumeroPedimento",
                "Con el complemento de Comercio Exterior no se registra NumeroPedimento.",
                lambda n, d: not d.has_complement(COMERCIO_EXTERIOR),
            ),
        )
    ),
    Rule(
        "CFDI40197",
        "Parte",
        "ValorUnitario",
        "El ValorUnitario de la parte debe ser mayor que cero.",
        applies=has("ValorUnitario"),
        holds=lambda n, d: n.amount("ValorUnitario") > 0,
    ),
    Rule(
        "CFDI40198",
        "Parte",
        "Importe",
        "El Importe de la parte no corresponde a Cantidad por ValorUnitario.",
        applies=has("Cantidad", "ValorUnitario", "Importe"),
        holds=amount_in_limits,
    ),
)
