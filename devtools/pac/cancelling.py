"""Cancelling CFDIs: what the SAT decides about a request, and what it says about a CFDI afterwards.

Whether the receiver has to accept is a rule of thumb here, in the spirit of rule 2.7.1.35 of the RMF: not for a total
of up to 1,000, for E, N, P and T, for a generic RFC, nor within a day of the timbre. By POST /control:

{"receiver": "waits"}     from now on every request needs the receiver, who does not answer
{"receiver": "accepts"}   he accepts whatever waits for him; "rejects" is the opposite
{"receiver": "rule"}      the rule of thumb again, as after {"reset": true}

each with "uuid" for one CFDI alone. Who does not answer a first request within 72 hours (`clock_offset`) accepts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from cryptography import x509
from lxml import etree

from ..csd import Credential
from . import signature
from .checks import Refusal, check_certificate, owner
from .memory import Cancellation, Memory, Stamp
from .resources import CFDI

CANCELA = "http://cancelacfd.sat.gob.mx"
LEGEND = "Simulador: esta cancelación no tiene validez fiscal"
TERM = timedelta(hours=72)
_A_DAY = timedelta(days=1)
_FREE_TOTAL = Decimal(1000)
_CENTRE = ZoneInfo("America/Mexico_City")
_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.I)
_TEXTS = {
    "201": "Solicitud de cancelación recibida",
    "202": "Folio fiscal con solicitud de cancelación previa",
    "203": "El folio no corresponde al RFC del emisor",
    "205": "El folio fiscal no existe",
    "207": "No se especificó el motivo de cancelación o el motivo no es válido",
    "208": "El folio de sustitución no es válido",
    "209": "El folio de sustitución no es requerido",
    "no_cancelable": "El CFDI tiene CFDI relacionados vigentes",
}


@dataclass(frozen=True)
class Folio:
    uuid: str
    code: str

    @property
    def text(self) -> str:
        return _TEXTS.get(self.code, "Rechazo por orden")


@dataclass(frozen=True)
class Status:
    """What ConsultaCFDIService answers."""

    codigo: str = "N - 602: Comprobante no encontrado."
    estado: str = "No Encontrado"
    cancelable: str = ""
    cancelacion: str = ""


INVALID_EXPRESSION = Status("N - 601: La expresión impresa proporcionada no es válida.")


@dataclass
class Cancelling:
    """authorities: who may have signed the CSD of a request. waits_for: UUIDs whose receiver decides; '' = all."""

    memory: Memory
    authorities: list[x509.Certificate] | None
    sat: Credential
    waits_for: set[str] = field(default_factory=set)

    def order(self, what: str, uuid: str = "") -> None:
        """A command about the receiver. :raises ValueError: there is none such."""
        if what == "waits":
            self.waits_for.add(uuid.upper())
        elif what == "rule":
            self.waits_for.clear()
        elif what in ("accepts", "rejects"):
            for found in self.memory.cancellations():
                if found.needs_acceptance and not found.answer and uuid.upper() in ("", found.uuid):
                    self.memory.keep(replace(found, answer=what))
        else:
            raise ValueError(f"the receiver waits, accepts, rejects or follows the rule, not {what!r}")

    def request(
        self, data: bytes, now: datetime, *, known: bool = True, refused: str = ""
    ) -> tuple[str, list[Folio], bytes]:
        """RFC, what became of each folio, and the acuse.

        :param known: False: the SAT does not find yet what was stamped. :param refused: with this code, on command.
        :raises Refusal: the request as a whole.
        """
        root = self._read(data)
        certificate = signature.signer(root)
        if certificate is None:
            raise Refusal("302", "Sello mal formado o inválido")
        rfc = root.get("RfcEmisor", "")
        if owner(certificate) != rfc:
            raise Refusal("303", "Sello no corresponde a emisor")
        check_certificate(certificate, self.authorities, now)
        nodes = list(root.iter(f"{{{CANCELA}}}Folio"))
        with self.memory.alone():
            folios = [
                Folio(node.get("UUID", ""), refused) if refused else self._cancel(node, rfc, now, known)
                for node in nodes
            ]
        return rfc, folios, self._acuse(rfc, folios, now)

    def status(self, uuid: str, issuer: str, receiver: str, total: str, seal: str, now: datetime) -> Status:
        """The SAT's answer. :param seal: the last eight letters, '' where the service does not ask for them."""
        found = self.memory.by_uuid(uuid)
        if found is None:
            return Status()
        root = etree.fromstring(found.xml)
        try:
            same = Decimal(total) == Decimal(root.get("Total"))
        except InvalidOperation:
            return INVALID_EXPRESSION
        rfc = root.find(f"{{{CFDI}}}Receptor").get("Rfc")
        if not same or (issuer, receiver) != (found.rfc, rfc) or seal not in ("", root.get("Sello")[-8:]):
            return Status()
        cancelled, text = self._outcome(self.memory.cancellation(found.uuid), now)
        if self._referring(found.uuid, "", now):
            cancelable = "No cancelable"
        else:
            cancelable = f"Cancelable {'con' if self._needs_acceptance(found, root, now) else 'sin'} aceptación"
        estado = "Cancelado" if cancelled else "Vigente"
        return Status("S - Comprobante obtenido satisfactoriamente.", estado, cancelable, text)

    def _read(self, data: bytes) -> etree._Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise Refusal("301", "XML mal formado", str(error)) from error
        if root.tag != f"{{{CANCELA}}}Cancelacion" or root.getroottree().docinfo.doctype:
            raise Refusal("301", "XML mal formado", "No es una solicitud de cancelación")
        return root

    def _cancel(self, node: etree._Element, rfc: str, now: datetime, known: bool) -> Folio:
        uuid, reason, replacement = (node.get(name, "") for name in ("UUID", "Motivo", "FolioSustitucion"))
        found = self.memory.by_uuid(uuid) if known else None
        code = self._refusal(found, rfc, reason, replacement) or "201"
        if code != "201":
            return Folio(uuid.upper(), code)
        before = self.memory.cancellation(found.uuid)
        cancelled, text = self._outcome(before, now)
        if cancelled or text == "En proceso":
            return Folio(found.uuid, "202")
        if self._referring(found.uuid, replacement, now):
            return Folio(found.uuid, "no_cancelable")
        needs = self._needs_acceptance(found, etree.fromstring(found.xml), now)
        requests = before.requests + 1 if before else 1
        self.memory.keep(
            Cancellation(found.uuid, reason, replacement.upper(), now.timestamp(), needs, requests=requests)
        )
        return Folio(found.uuid, "201")

    def _refusal(self, found: Stamp | None, rfc: str, reason: str, replacement: str) -> str:
        if found is None:
            return "205"
        if found.rfc != rfc:
            return "203"
        if reason not in ("01", "02", "03", "04"):
            return "207"
        if reason != "01" and replacement:
            return "209"
        if reason == "01":
            other = self.memory.by_uuid(replacement) if _UUID.fullmatch(replacement) else None
            if other is None or other.rfc != rfc or other.uuid == found.uuid:
                return "208"
        return ""

    def _referring(self, uuid: str, replacement: str, now: datetime) -> bool:
        """Whether a CFDI in force refers to this one, besides its replacement."""
        return any(
            not self._outcome(self.memory.cancellation(other), now)[0]
            for other in self.memory.related_by(uuid)
            if other != replacement.upper()
        )

    def _needs_acceptance(self, found: Stamp, root: etree._Element, now: datetime) -> bool:
        if self.waits_for & {"", found.uuid}:
            return True
        stamped = datetime.fromisoformat(found.date).replace(tzinfo=_CENTRE)
        return not (
            Decimal(root.get("Total")) <= _FREE_TOTAL
            or root.get("TipoDeComprobante") != "I"
            or root.find(f"{{{CFDI}}}Receptor").get("Rfc") in ("XAXX010101000", "XEXX010101000")
            or now - stamped <= _A_DAY
        )

    def _outcome(self, cancellation: Cancellation | None, now: datetime) -> tuple[bool, str]:
        """Whether it is cancelled, and EstatusCancelacion."""
        if cancellation is None:
            return False, ""
        if not cancellation.needs_acceptance:
            return True, "Cancelado sin aceptación"
        if cancellation.answer:
            accepted = cancellation.answer == "accepts"
            return accepted, "Cancelado con aceptación" if accepted else "Solicitud rechazada"
        if cancellation.requests == 1 and now.timestamp() - cancellation.asked_at > TERM.total_seconds():
            return True, "Plazo vencido"
        return False, "En proceso"

    def _acuse(self, rfc: str, folios: list[Folio], now: datetime) -> bytes:
        response = etree.Element(f"{{{CANCELA}}}CancelaCFDResponse", nsmap={None: CANCELA})
        response.append(etree.Comment(LEGEND))
        result = etree.SubElement(response, f"{{{CANCELA}}}CancelaCFDResult", RfcEmisor=rfc)
        result.set("Fecha", now.astimezone(_CENTRE).replace(tzinfo=None, microsecond=0).isoformat())
        for folio in folios:
            node = etree.SubElement(result, f"{{{CANCELA}}}Folios")
            etree.SubElement(node, f"{{{CANCELA}}}UUID").text = folio.uuid
            etree.SubElement(node, f"{{{CANCELA}}}EstatusUUID").text = folio.code
        signature.sign(result, self.sat)
        return etree.tostring(response, encoding="UTF-8", xml_declaration=False)
