"""What a PAC looks at before it stamps, in the order in which it does, with Finkok's codes."""

from __future__ import annotations

import base64
import pickle
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from .resources import CFDI, PAGOS, TFD, comprobante_cadena, sat_path, schema

MAX_AGE = timedelta(hours=72)
AHEAD = timedelta(minutes=5)

_ZONES = {
    "Tiempo del Centro": "America/Mexico_City",
    "Tiempo del Centro en Frontera": "America/Matamoros",
    "Tiempo del Noroeste": "America/Tijuana",
    "Tiempo del Pacífico": "America/Hermosillo",
    "Tiempo del Sureste": "America/Cancun",
}


class Refusal(Exception):
    """The PAC's no: a code of Finkok's and a message in Spanish."""

    def __init__(self, code: str, message: str, extra: str = ""):
        self.code, self.message, self.extra = code, message, extra
        super().__init__(f"{code} {message} {extra}")


@dataclass(frozen=True)
class Received:
    """A comprobante that is well-formed, valid by the schema and rightly sealed."""

    tree: etree._ElementTree
    cadena: bytes
    certificate: x509.Certificate

    @property
    def root(self) -> etree._Element:
        return self.tree.getroot()

    @property
    def rfc(self) -> str:
        return self.root.find(f"{{{CFDI}}}Emisor").get("Rfc")

    @property
    def related(self) -> list[str]:
        """UUIDs that it refers to."""
        nodes = [*self.root.iter(f"{{{CFDI}}}CfdiRelacionado"), *self.root.iter(f"{{{PAGOS}}}DoctoRelacionado")]
        return [node.get("UUID") or node.get("IdDocumento") for node in nodes]


def read(data: bytes) -> Received:
    """The comprobante in `data`. :raises Refusal: 301, 302, 705 or 707."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.ElementTree(etree.fromstring(data, parser))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refusal("301", "XML mal formado", str(error)) from error
    if tree.docinfo.doctype:
        raise Refusal("301", "XML mal formado", "DOCTYPE no permitido")
    if tree.find(f".//{{{TFD}}}TimbreFiscalDigital") is not None:
        raise Refusal("707", "El CFDI ya contiene un TimbreFiscalDigital")
    _check_schema(tree)
    certificate = _certificate(tree.getroot())
    cadena = comprobante_cadena(tree)
    try:
        signature = base64.b64decode(tree.getroot().get("Sello"))
        certificate.public_key().verify(signature, cadena, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError) as error:
        raise Refusal("302", "Sello mal formado o inválido") from error
    return Received(tree, cadena, certificate)


def check(received: Received, authorities: list[x509.Certificate] | None, now: datetime) -> None:
    """Whether a new timbre may be given at `now` (aware). :raises Refusal: 303 to 308, 401."""
    certificate = received.certificate
    if owner(certificate) != received.rfc:
        raise Refusal("303", "Sello no corresponde a emisor", f"El certificado es de {owner(certificate)}")
    date, zone = _date(received.root)
    check_certificate(certificate, authorities, now, date)
    if not now - MAX_AGE <= date <= now + AHEAD:
        local = now.astimezone(zone).replace(tzinfo=None, microsecond=0)
        raise Refusal("401", "Fecha y hora de generación fuera de rango", f"Hora del lugar de expedición: {local}")


def check_certificate(
    certificate: x509.Certificate,
    authorities: list[x509.Certificate] | None,
    now: datetime,
    date: datetime | None = None,
) -> None:
    """Whether it may seal at `now` what is dated `date`. :raises Refusal: 304, 305, 306, 308"""
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Refusal("304", "Certificado revocado o caduco")
    if date and not certificate.not_valid_before_utc <= date <= certificate.not_valid_after_utc:
        raise Refusal("305", "La fecha de emisión no está dentro de la vigencia del CSD del Emisor")
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if usage.data_encipherment or usage.key_agreement or not usage.digital_signature:
        raise Refusal("306", "EL certificado no es de tipo CSD")
    if authorities is not None and not any(_signed_by(certificate, authority) for authority in authorities):
        raise Refusal("308", "Certificado no expedido por el SAT")


def _check_schema(tree: etree._ElementTree) -> None:
    compiled = schema()
    if not compiled.validate(tree):
        # the list of a whole catalogue is no help to anybody
        found = re.sub(r"\{'.*?'\}", "{...}", str(compiled.error_log.last_error.message), flags=re.S)[:500]
        raise Refusal("705", "Estructura del XML inválida", found)


def _certificate(root: etree._Element) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(root.get("Certificado")))
        number = certificate.serial_number.to_bytes(20, "big").decode("ascii")
    except (ValueError, OverflowError) as error:
        raise Refusal("302", "Sello mal formado o inválido", "Certificado ilegible") from error
    if number != root.get("NoCertificado"):
        raise Refusal("302", "Sello mal formado o inválido", "NoCertificado no corresponde al certificado")
    return certificate


def owner(certificate: x509.Certificate) -> str:
    """RFC of a certificate."""
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.X500_UNIQUE_IDENTIFIER)
    return str(found[0].value).split("/")[0].strip() if found else ""


def _signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _date(root: etree._Element) -> tuple[datetime, ZoneInfo]:
    """Fecha as a moment, and the time zone of LugarExpedicion."""
    zone = ZoneInfo(_ZONES[_time_zone_name(root.get("LugarExpedicion"))])
    try:
        return datetime.fromisoformat(root.get("Fecha")).replace(tzinfo=zone).astimezone(timezone.utc), zone
    except ValueError as error:
        raise Refusal("705", "Estructura del XML inválida", f"Fecha: {error}") from error


@lru_cache(maxsize=1024)
def _time_zone_name(postal_code: str) -> str:
    database = sat_path("").parents[4] / "catalogs" / "catalogs.db"
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        key = pickle.dumps(postal_code, protocol=4)
        row = connection.execute("SELECT value FROM C756_c_CodigoPostal WHERE key = ?", (key,)).fetchone()
    # The schema has accepted the code; a database a few codes behind it means the centre of the country.
    return pickle.loads(row[0])[4] if row else "Tiempo del Centro"  # noqa: S301 - an installed package's own file
