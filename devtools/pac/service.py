"""The PAC itself: operations in, results out. No HTTP and no SOAP here."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509

from ..csd import Credential
from . import stamping
from .checks import Received, Refusal, check, read
from .faults import Faults
from .memory import Memory, Stamp

STAMPED = "Comprobante timbrado satisfactoriamente"
STAMPED_BEFORE = "Comprobante timbrado previamente"
_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.I)


class UnknownUuid(Exception):
    """query_pending of a UUID that is not ours: a SOAP fault at Finkok."""


@dataclass(frozen=True)
class Account:
    username: str
    password: str

    def check(self, username: str, password: str) -> None:
        same = hmac.compare_digest(username.encode(), self.username.encode())
        if not (same & hmac.compare_digest(password.encode(), self.password.encode())):
            raise Refusal("300", "El usuario o contraseña son inválidos")


@dataclass
class Service:
    """authorities: who may have signed a CSD. sat: what seals the timbres."""

    account: Account
    authorities: list[x509.Certificate]
    sat: Credential
    memory: Memory
    faults: Faults

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.faults.clock_offset)

    def stamp(self, xml: bytes, username: str, password: str, *, with_xml: bool = True) -> dict:
        """Result of `stamp`: a new timbre, the previous one with a 307, or why not."""
        try:
            self.account.check(username, password)
            received = read(xml)
            # A comprobante that was stamped is answered whatever its date is now
            mark = stamping.fingerprint(received)
            found, new = self.memory.by_fingerprint(mark), False
            if found is None:
                check(received, self.authorities, self.now())
                found, new = self.memory.once(mark, lambda: self._make(received))
        except Refusal as refusal:
            return self._refused(refusal)
        if new:
            return _result(found, STAMPED, self.sat)
        incident = self._incident("307", "El CFDI contiene un timbre previo", found)
        return {**_result(found if with_xml else None, STAMPED_BEFORE, self.sat), "Incidencias": [incident]}

    def quick_stamp(self, xml: bytes, username: str, password: str) -> dict:
        """As `stamp`, but a previous timbre is only told, never handed out."""
        return self.stamp(xml, username, password, with_xml=False)

    def stamped(self, xml: bytes, username: str, password: str) -> dict:
        """The timbre that `xml` has, or 603."""
        try:
            self.account.check(username, password)
            found = self.memory.by_fingerprint(stamping.fingerprint(read(xml)))
        except Refusal as refusal:
            return self._refused(refusal)
        return _result(found, STAMPED_BEFORE, self.sat) if found else self.not_found_yet()

    def not_found_yet(self) -> dict:
        """What `stamped` says of a comprobante that has no timbre, or whose timbre it does not find yet."""
        return self._refused(Refusal("603", "El CFDI no contiene un timbre previo"))

    def query_pending(self, username: str, password: str, uuid: str) -> dict:
        """Whether the SAT has it. :raises UnknownUuid:"""
        try:
            self.account.check(username, password)
        except Refusal as refusal:
            return {"error": refusal.message}
        if not _UUID.fullmatch(uuid):
            return {"error": "UUID con formato invalido"}
        found = self.memory.by_uuid(uuid)
        if found is None:
            raise UnknownUuid(uuid)
        return {
            "status": "F",
            "xml": found.xml.decode(),
            "uuid": found.uuid,
            "uuid_status": "Vigente",
            "attempts": "1",
            "date": found.date,
        }

    def _make(self, received: Received) -> Stamp:
        return stamping.stamp(received, self.sat, self.now())

    def _refused(self, refusal: Refusal) -> dict:
        return {"Incidencias": [self._incident(refusal.code, refusal.message, None, refusal.extra)]}

    def _incident(self, code: str, message: str, found: Stamp | None, extra: str = "") -> dict:
        return {
            "IdIncidencia": "1",
            "RfcEmisor": found.rfc if found else "",
            "Uuid": found.uuid if found else "",
            "CodigoError": code,
            "WorkProcessId": "simulador",
            "MensajeIncidencia": message,
            "ExtraInfo": extra,
            "NoCertificadoPac": self.sat.number,
            "FechaRegistro": self.now().replace(tzinfo=None, microsecond=0).isoformat(),
        }


def _result(found: Stamp | None, status: str, sat: Credential) -> dict:
    if found is None:
        return {"CodEstatus": status}
    return {
        "xml": found.xml.decode(),
        "UUID": found.uuid,
        "Fecha": found.date,
        "CodEstatus": status,
        "NoCertificadoSAT": sat.number,
    }
