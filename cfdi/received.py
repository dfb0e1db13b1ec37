"""A CFDI received from somebody else, read for who its parties are: versions 4.0 and 3.3."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from .errors import CfdiError
from .namespaces import VERSIONS
from .secure_xml import parse_xml

MAX_BYTES = 4 * 1024 * 1024
"""PACs refuse above 5 MB; who registers a customer has an invoice at hand, not a catalogue."""


class ReceivedError(CfdiError, ValueError):
    """The XML is no CFDI that can be read. The text says why, in Spanish."""


@dataclass(frozen=True, slots=True)
class Party:
    """An Emisor or Receptor, as the CFDI writes it; empty is what it does not say.

    The postal code of the receiver is of version 4.0 alone, the use and the tax id of the receiver alone. Version
    3.3 writes names with their régimen de capital and not as the SAT has them.
    """

    rfc: str
    nombre: str = ""
    regimen: str = ""
    codigo_postal: str = ""
    uso: str = ""
    residencia: str = ""
    num_reg_id_trib: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """seal_holds: None where it could not be checked (version 3.3 has another cadena original)."""

    version: str
    emisor: Party
    receptor: Party
    uuid: str = ""
    seal_holds: bool | None = None


def read_received(data: bytes) -> Received:
    """The parties of the untrusted CFDI `data`.

    :raises UnsafeXml: it is not XML, too big, or asks for entities.
    :raises ReceivedError: it is no CFDI 4.0 or 3.3.
    """
    root = parse_xml(data, max_bytes=MAX_BYTES)
    name = etree.QName(root)
    version = VERSIONS.get(name.namespace or "")
    if name.localname != "Comprobante" or not version:
        raise ReceivedError("El XML no es un CFDI 4.0 ni 3.3.")
    if root.get("Version") != version:
        raise ReceivedError(
            f"El CFDI es versión {root.get('Version') or root.get('version') or '(ninguna)'}; se espera 4.0 o 3.3."
        )
    emisor, receptor = (_child(root, local) for local in ("Emisor", "Receptor"))
    return Received(
        version=version,
        emisor=Party(
            rfc=_text(emisor, "Rfc").upper(), nombre=_text(emisor, "Nombre"), regimen=_text(emisor, "RegimenFiscal")
        ),
        receptor=Party(
            rfc=_text(receptor, "Rfc").upper(),
            nombre=_text(receptor, "Nombre"),
            regimen=_text(receptor, "RegimenFiscalReceptor"),
            codigo_postal=_text(receptor, "DomicilioFiscalReceptor"),
            uso=_text(receptor, "UsoCFDI"),
            residencia=_text(receptor, "ResidenciaFiscal"),
            num_reg_id_trib=_text(receptor, "NumRegIdTrib"),
        ),
        uuid=_uuid(root),
        seal_holds=_seal_holds(root) if version == "4.0" and root.get("Sello") else None,
    )


def _child(root: etree._Element, local: str) -> etree._Element:
    element = root.find(f"{{{etree.QName(root).namespace}}}{local}")
    if element is None or not element.get("Rfc"):
        raise ReceivedError(f"El CFDI no trae el RFC del {local}.")
    return element


def _text(element: etree._Element, attribute: str) -> str:
    return " ".join(element.get(attribute, "").split())


def _uuid(root: etree._Element) -> str:
    timbre = next(root.iter("{http://www.sat.gob.mx/TimbreFiscalDigital}TimbreFiscalDigital"), None)
    return "" if timbre is None else timbre.get("UUID", "").upper()


def _seal_holds(root: etree._Element) -> bool | None:
    # heavy: the stylesheet of the cadena original is compiled once a process
    from .sello import verify_seal

    try:
        return verify_seal(root)
    except CfdiError:
        # a complemento whose cadena original is not known here: nothing can be said
        return None
