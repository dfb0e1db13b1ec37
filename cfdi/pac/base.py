"""What every PAC adapter promises.

The three errors are three different duties of the caller, and an adapter never raises anything else for
what happens on the wire:

PacRejected     the PAC read the comprobante and said no. It is not stamped. Mend it, with a new seal.
PacUnavailable  nothing was processed, for certain. Send the same bytes again later, here or at another PAC.
PacInDoubt      it was sent and there is no usable answer. It may be stamped. Ask (`recover`), or send the
                same bytes to the SAME PAC, which answers the previous timbre; never to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..errors import CfdiError
from ..secure_xml import parse_xml
from ..timbre import TimbreFiscalDigital, parse_timbre, same_comprobante


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


@runtime_checkable
class Pac(Protocol):
    """A PAC. `xml` is what `seal` gave, always the same bytes for the same document."""

    def stamp(self, xml: bytes) -> Timbrado:
        """Stamp, or get the timbre that it already has. :raises PacRejected, PacUnavailable, PacInDoubt:"""
        ...

    def recover(self, xml: bytes) -> Timbrado | None:
        """The timbre that `xml` already has at this PAC, None if the PAC says that it has none.

        Never stamps. :raises PacRejected, PacUnavailable, PacInDoubt:
        """
        ...


def check_timbrado(
    sent: bytes,
    received: bytes,
    *,
    uuid: str | None = None,
    previous: bool = False,
    warnings: tuple[str, ...] = (),
) -> Timbrado:
    """A `Timbrado` only if `received` is the comprobante that was `sent`, with its timbre.

    :param uuid: what the PAC says beside the XML, if it does.
    :raises PacInDoubt: it is another document, another seal, another UUID, or not a CFDI at all.
    """
    try:
        timbre = parse_timbre(received)
        seal = parse_xml(sent).get("Sello", "")
        same = same_comprobante(sent, received)
    except CfdiError as error:
        raise PacInDoubt(f"El PAC devolvió un XML que no se puede usar: {error}") from error
    if not seal or _compact(timbre.SelloCFD) != _compact(seal):
        raise PacInDoubt("El timbre que devolvió el PAC es de otro sello.")
    if not same:
        raise PacInDoubt("El PAC devolvió un comprobante distinto del que se le envió.")
    if uuid and uuid.strip().upper() != timbre.UUID:
        raise PacInDoubt(f"El PAC dice que el UUID es {uuid}, y el timbre es {timbre.UUID}.")
    return Timbrado(received, timbre, previous, warnings)


def _compact(text: str) -> str:
    return "".join(text.split())
