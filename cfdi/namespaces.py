"""Namespaces of the CFDI and the addresses of its schemas, written as the SAT publishes them."""

CFDI = "http://www.sat.gob.mx/cfd/4"
CFDI_33 = "http://www.sat.gob.mx/cfd/3"
VERSIONS = {CFDI: "4.0", CFDI_33: "3.3"}
TFD = "http://www.sat.gob.mx/TimbreFiscalDigital"
IMPLOCAL = "http://www.sat.gob.mx/implocal"
PAGOS = "http://www.sat.gob.mx/Pagos20"
CARTA_PORTE = "http://www.sat.gob.mx/CartaPorte31"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA_LOCATION = f"{CFDI} http://www.sat.gob.mx/sitio_internet/cfd/4/cfdv40.xsd"
IMPLOCAL_LOCATION = f"{IMPLOCAL} http://www.sat.gob.mx/sitio_internet/cfd/implocal/implocal.xsd"
PAGOS_LOCATION = f"{PAGOS} http://www.sat.gob.mx/sitio_internet/cfd/Pagos/Pagos20.xsd"
CARTA_PORTE_LOCATION = f"{CARTA_PORTE} http://www.sat.gob.mx/sitio_internet/cfd/CartaPorte/CartaPorte31.xsd"

NS = {"cfdi": CFDI, "tfd": TFD, "implocal": IMPLOCAL, "pago20": PAGOS, "cartaporte31": CARTA_PORTE}


def cfdi(name: str) -> str:
    """Qualified name in the comprobante's namespace."""
    return f"{{{CFDI}}}{name}"


def tfd(name: str) -> str:
    """Qualified name in the timbre's namespace."""
    return f"{{{TFD}}}{name}"
