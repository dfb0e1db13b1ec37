"""Making the timbre: the Timbre Fiscal Digital 1.1, sealed, inside the comprobante."""

from __future__ import annotations

import hashlib
import uuid
from copy import deepcopy
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from ..csd import SAT_RFC, Credential
from .checks import Received
from .memory import Stamp
from .resources import CFDI, TFD, XSI, schema, timbre_cadena

LEGEND = "Simulador de PAC: este timbre no tiene validez fiscal"
_LOCATION = "http://www.sat.gob.mx/sitio_internet/cfd/TimbreFiscalDigital/TimbreFiscalDigitalv11.xsd"
_CENTRE = ZoneInfo("America/Mexico_City")


def fingerprint(received: Received) -> str:
    return hashlib.sha256(received.cadena).hexdigest()


def stamp(received: Received, sat: Credential, now: datetime) -> Stamp:
    """A new timbre for `received`, dated `now` (aware) in the centre of the country as the PACs do.

    :raises ValueError: the result is not valid by the SAT's schema; a mistake of the simulator.
    """
    identifier = str(uuid.uuid4()).upper()
    date = now.astimezone(_CENTRE).replace(tzinfo=None, microsecond=0).isoformat()
    timbre = etree.Element(f"{{{TFD}}}TimbreFiscalDigital", nsmap={"tfd": TFD, "xsi": XSI})
    timbre.set(f"{{{XSI}}}schemaLocation", f"{TFD} {_LOCATION}")
    for name, value in (
        ("Version", "1.1"),
        ("UUID", identifier),
        ("FechaTimbrado", date),
        ("RfcProvCertif", SAT_RFC),
        ("Leyenda", LEGEND),
        ("SelloCFD", received.root.get("Sello")),
        ("NoCertificadoSAT", sat.number),
    ):
        timbre.set(name, value)
    # The stylesheet does not read SelloSAT, so it can be made from the node without it.
    timbre.set("SelloSAT", sat.sign(timbre_cadena(timbre)))
    root = deepcopy(received.root)
    complement = root.find(f"{{{CFDI}}}Complemento")
    if complement is None:
        complement = etree.Element(f"{{{CFDI}}}Complemento")
        root.insert(_complement_position(root), complement)
    complement.append(timbre)
    if not schema().validate(root):
        raise ValueError(f"the simulator made a bad timbre: {schema().error_log.last_error}")
    xml = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return Stamp(fingerprint(received), identifier, received.rfc, date, xml)


def wrong_uuid(xml: bytes) -> bytes:
    """`xml` with another UUID in its timbre: a fault on command."""
    root = etree.fromstring(xml)
    root.find(f".//{{{TFD}}}TimbreFiscalDigital").set("UUID", str(uuid.uuid4()).upper())
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def wrong_seal(xml: bytes) -> bytes:
    """`xml` with the SelloCFD of another comprobante: a fault on command."""
    root = etree.fromstring(xml)
    timbre = root.find(f".//{{{TFD}}}TimbreFiscalDigital")
    timbre.set("SelloCFD", timbre.get("SelloSAT"))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _complement_position(root: etree._Element) -> int:
    """Before the Addenda, which comes last."""
    addenda = root.find(f"{{{CFDI}}}Addenda")
    return len(root) if addenda is None else root.index(addenda)
