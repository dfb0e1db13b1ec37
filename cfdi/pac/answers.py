"""What comes back from a PAC, checked before anybody believes it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import CfdiError
from ..secure_xml import parse_xml
from ..timbre import parse_timbre, same_comprobante
from .base import (
    ACCEPTED,
    CANCELADO,
    NO_ENCONTRADO,
    VIGENTE,
    CancelAnswer,
    PacInDoubt,
    PacRejected,
    PacUnavailable,
    SatStatus,
    Timbrado,
)

_CLEAR_NO = re.compile(r"30[1-689]|310|40[1-3]|(CACFDI|CFDI|CRP|CCP|CCE|NOM|CO|CC|CP)\d{2,6}")
"""307 is none: there is a timbre."""
NOT_YET = frozenset({"205"})
"""Not found by the SAT: right after stamping it means "not yet"."""


def check_timbrado(
    sent: bytes,
    received: bytes,
    *,
    uuid: object = None,
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
    if uuid and str(uuid).strip().upper() != timbre.UUID:
        raise PacInDoubt(f"El PAC dice que el UUID es {uuid}, y el timbre es {timbre.UUID}.")
    return Timbrado(received, timbre, previous, warnings)


def refusal(code: str, message: str, *, account: Iterable[str] = ()) -> PacRejected | PacUnavailable | PacInDoubt:
    """What an answer that says no means, by its code.

    Only a code of the SAT's, or one that is made like them, is a clear no: a PAC that failed has codes as well.

    :param account: codes of the PAC that are about the account, not about the comprobante.
    """
    if code in account:
        return PacUnavailable(message, code)
    return (PacRejected if _CLEAR_NO.fullmatch(code) else PacInDoubt)(message, code)


def check_request(request: bytes, uuid: str) -> None:
    """:raises ValueError: a request that cancels anything but the one folio `uuid`; it must not be sent"""
    folios = [node.get("UUID", "").upper() for node in parse_xml(request).iter("{*}Folio")]
    if folios != [uuid.upper()]:
        raise ValueError(f"La solicitud cancela {', '.join(folios) or 'nada'}, y no {uuid}.")


def cancel_answer(
    uuid: str,
    found: Iterable[tuple[str, str, str]],
    *,
    acuse: str | bytes | None,
    later: frozenset[str] = NOT_YET,
) -> CancelAnswer:
    """What the answer to a request for the one folio `uuid` means.

    :param found: UUID, code and text of each folio in the answer. :param later: codes that mean "not now".
    :raises PacError: see `Pac.cancel`.
    """
    ours = [(code.strip(), text) for folio, code, text in found if folio.strip().upper() == uuid.upper()]
    if len(ours) != 1 or not ours[0][0]:
        raise PacInDoubt(f"La respuesta del PAC no dice qué fue de la cancelación de {uuid}.")
    code, text = ours[0]
    if code in ACCEPTED:
        return CancelAnswer(code, text, _receipt(acuse))
    if code in later:
        raise PacUnavailable(text or "El SAT todavía no encuentra el CFDI.", code)
    raise PacRejected(text or "El SAT no aceptó la solicitud de cancelación.", code)


def sat_status(estado: object, es_cancelable: object, estatus_cancelacion: object, codigo_estatus: object) -> SatStatus:
    """A `SatStatus` of what a PAC or the SAT answered.

    :raises PacInDoubt: it is no answer, or one that contradicts itself: it must not decide anything.
    """
    texts = [str(value or "").strip() for value in (estado, es_cancelable, estatus_cancelacion, codigo_estatus)]
    status = SatStatus(*texts)
    if status.estado not in {VIGENTE, CANCELADO, NO_ENCONTRADO}:
        raise PacInDoubt(f"No se entiende el estado que dio el SAT: {status.estado or '(vacío)'}.")
    if status.found and not status.codigo_estatus.upper().startswith("S"):
        raise PacInDoubt(f"El SAT dice {status.estado}, y también: {status.codigo_estatus or '(nada)'}.")
    return status


def _receipt(acuse: str | bytes | None) -> bytes | None:
    """The acuse if it is XML: it is kept as evidence, and something else is none."""
    data = acuse.encode() if isinstance(acuse, str) else acuse
    if not data:
        return None
    try:
        parse_xml(data)
    except CfdiError:
        return None
    return data


def _compact(text: str) -> str:
    return "".join(text.split())
