"""The second QR of a printed CFDI, which a Carta Porte has."""

from __future__ import annotations

from lxml import etree

from .errors import CfdiError
from .namespaces import CARTA_PORTE, cfdi
from .secure_xml import as_element
from .timbre import parse_timbre

_SERVICE = "https://verificacfdi.facturaelectronica.sat.gob.mx/verificaccp/default.aspx"


def carta_porte_qr_url(source: bytes | etree._Element) -> str:
    """Address that the QR holds: the complemento's identifier, when the goods leave and when it was stamped.

    :raises CfdiError: it has no timbre, no Carta Porte 3.1 or no place where goods are taken.
    """
    element = as_element(source)
    node = element.find(f"{cfdi('Complemento')}/{{{CARTA_PORTE}}}CartaPorte")
    origin = None if node is None else node.find(f"{{{CARTA_PORTE}}}Ubicaciones/*[@TipoUbicacion='Origen']")
    if origin is None:
        raise CfdiError("El CFDI no trae Carta Porte 3.1 con un Origen.")
    fields = {
        "IdCCP": node.get("IdCCP", ""),
        "FechaOrig": origin.get("FechaHoraSalidaLlegada", ""),
        "FechaTimb": parse_timbre(element).FechaTimbrado.isoformat(),
    }
    return _SERVICE + "?" + "&".join(f"{key}={value}" for key, value in fields.items())
