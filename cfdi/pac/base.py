"""What every PAC adapter promises.

The three errors are three different duties of the caller, and an adapter never raises anything else for
what happens on the wire:

PacRejected     the PAC read the comprobante and said no. It is not stamped. Mend it, with a new seal.
PacUnavailable  nothing was processed, for certain. Send the same bytes again later, here or at another PAC.
PacInDoubt      it was sent and there is no usable answer. It may be stamped. Ask (`recover`), or send the
                same bytes to the SAME PAC, which answers the previous timbre; never to another one.

What a PAC cannot do is told by its `Capabilities`, and `after_doubt` there says what is left to be done. Asking twice
to cancel does no harm: a `cancel` in doubt is repeated, or its outcome read with `status`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from ..errors import CfdiError
from ..timbre import TimbreFiscalDigital

VIGENTE, CANCELADO, NO_ENCONTRADO = "Vigente", "Cancelado", "No Encontrado"
EN_PROCESO = "En proceso"
ACCEPTED = frozenset({"201", "202"})


class PacError(CfdiError):
    """Base. code: the PAC's, '' when there is none. message: Spanish, can be shown."""

    def __init__(self, message: str, code: str = ""):
        self.code, self.message = code, message
        super().__init__(f"[{code}] {message}" if code else message)


class PacRejected(PacError):
    """The PAC answered no: not stamped."""


class PacUnavailable(PacError):
    """Not sent or not processed, for certain: no connection, or the PAC refused the account."""


class PacInDoubt(PacError):
    """Sent, and no usable answer: time-out, cut, HTTP 5xx, garbage, or a timbre that is not of what was sent."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a PAC does. Where it does not, the method raises PacUnavailable: nothing was processed.

    recover: it answers whether a comprobante has a timbre, and never stamps for that. cancel, status: as in `Pac`.
    resend: the same bytes, sent again, get the previous timbre and never a second one.
    """

    recover: bool
    cancel: bool
    status: bool
    resend: bool = True

    @property
    def after_doubt(self) -> str:
        """What to do about a comprobante in doubt: "recover", "resend" or "person".

        recover  `recover`; if it says that there is no timbre, `stamp` with the same bytes.
        resend   `stamp` with the same bytes. A PacRejected then says nothing about the first time (the date may be
                 too old by now, the certificate revoked): the comprobante stays in doubt, for a person.
        person   never send it again by itself: somebody looks it up at the PAC, and hands in the XML or says that
                 there is none.
        """
        if self.recover:
            return "recover"
        return "resend" if self.resend else "person"


@dataclass(frozen=True, slots=True)
class Timbrado:
    """A stamped comprobante.

    xml: as the PAC returned it, never rewritten. previous: it had been stamped before (307).
    warnings: what the PAC said besides, in its words.
    """

    xml: bytes
    timbre: TimbreFiscalDigital
    previous: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def uuid(self) -> str:
        return self.timbre.UUID


@dataclass(frozen=True, slots=True)
class CancelAnswer:
    """The PAC took a request to cancel; whether the CFDI is cancelled by that, only `status` says.

    code: 201, or 202 when it had been asked before. acuse: the SAT's receipt as XML, None when the PAC gives none.
    """

    code: str
    message: str = ""
    acuse: bytes | None = None

    @property
    def accepted(self) -> bool:
        return self.code in ACCEPTED


@dataclass(frozen=True, slots=True)
class CfdiQuery:
    """What the SAT is asked about a CFDI. seal: the whole Sello, or its end."""

    issuer_rfc: str
    receiver_rfc: str
    total: Decimal
    uuid: str
    seal: str


@dataclass(frozen=True, slots=True)
class SatStatus:
    """The SAT's answer, in its own words: see `sat`. Everything but `estado` may be empty."""

    estado: str
    es_cancelable: str = ""
    estatus_cancelacion: str = ""
    codigo_estatus: str = ""

    @property
    def found(self) -> bool:
        """The SAT has it. While False nothing at all is known of it: it is not to be taken for cancelled."""
        return self.estado in {VIGENTE, CANCELADO}

    @property
    def cancelled(self) -> bool:
        return self.estado == CANCELADO

    @property
    def in_process(self) -> bool:
        """Somebody asked to cancel it and the receiver has not answered."""
        return self.estado == VIGENTE and self.estatus_cancelacion == EN_PROCESO


@runtime_checkable
class Pac(Protocol):
    """A PAC. `xml` is what `seal` gave, always the same bytes for the same document."""

    name: str
    capabilities: Capabilities

    def stamp(self, xml: bytes) -> Timbrado:
        """Stamp, or get the timbre that it already has. :raises PacRejected, PacUnavailable, PacInDoubt:"""
        ...

    def recover(self, xml: bytes) -> Timbrado | None:
        """The timbre that `xml` already has at this PAC, None if the PAC says that it has none.

        Never stamps. :raises PacRejected, PacUnavailable, PacInDoubt:
        """
        ...

    def cancel(self, request: bytes, *, uuid: str) -> CancelAnswer:
        """Ask to cancel one CFDI.

        :param request: from `cancellation_request`, with the folio `uuid` alone.
        :raises ValueError: with another one. It was not sent.
        :raises PacRejected: no, with the code as it came: PACs do not number their reasons alike.
        :raises PacUnavailable: not now; 205 among them, since the SAT does not know a CFDI in its first minutes.
        :raises PacInDoubt: it may have been asked for. To repeat it does no harm.
        """
        ...

    def status(self, query: CfdiQuery) -> SatStatus:
        """What the SAT says about a CFDI. :raises PacUnavailable, PacInDoubt: nothing is known"""
        ...

    def check(self) -> None:
        """Try address, user and password, and stamp nothing. :raises PacError: what is wrong"""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...
