"""The PAC itself: operations in, results out. No HTTP and no protocol here."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property

from cryptography import x509

from ..csd import Credential
from . import stamping
from .cancelling import Cancelling, Folio, Status
from .checks import Received, Refusal, check, read
from .faults import Faults
from .memory import Memory, Stamp

NOT_STAMPED = Refusal("603", "El CFDI no contiene un timbre previo")


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
    """authorities: who may have signed a CSD; None = whoever. sat: what seals the timbres."""

    account: Account
    authorities: list[x509.Certificate] | None
    sat: Credential
    memory: Memory
    faults: Faults
    _here: threading.local = field(default_factory=threading.local)

    @cached_property
    def cancelling(self) -> Cancelling:
        return Cancelling(self.memory, self.authorities, self.sat)

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(seconds=self.faults.clock_offset)

    @contextmanager
    def refusing(self, code: str) -> Iterator[None]:
        """What this thread is asked meanwhile is refused with `code`; '' for nothing."""
        self._here.code = code
        try:
            yield
        finally:
            self._here.code = ""

    def stamp(self, xml: bytes, name: str = "") -> tuple[Stamp, bool]:
        """The timbre of a comprobante, and whether it is new.

        :param name: the client's own for this comprobante, where the protocol has one.
        :raises Refusal: it gets none. CFDI3307: that name is of another comprobante.
        """
        received = read(xml)
        mark = stamping.fingerprint(received)
        self.memory.ask(mark)
        self._refuse()
        if name and not self.memory.name(name, mark):
            raise Refusal("CFDI3307", "Timbre duplicado. El customId proporcionado está duplicado.")
        # A comprobante that was stamped is answered whatever its date is now
        found = self.memory.by_fingerprint(mark)
        if found is not None:
            return found, False
        check(received, self.authorities, self.now())
        return self.memory.once(mark, lambda: self._make(received), received.related)

    def stamped(self, xml: bytes) -> Stamp:
        """The timbre that a comprobante has. :raises Refusal: 603, or it is no comprobante."""
        found = self.memory.by_fingerprint(stamping.fingerprint(read(xml)))
        self._refuse()
        if found is None:
            raise NOT_STAMPED
        return found

    def cancel(self, request: bytes, *, known: bool = True) -> tuple[str, list[Folio], bytes]:
        """See `Cancelling.request`."""
        code = getattr(self._here, "code", "")
        return self.cancelling.request(request, self.now(), known=known, refused=code)

    def status(self, uuid: str, issuer: str, receiver: str, total: str, seal: str = "") -> Status:
        """See `Cancelling.status`."""
        return self.cancelling.status(uuid, issuer, receiver, total, seal, self.now())

    def order(self, command: dict) -> dict:
        """One command of POST /control: see `faults` and `cancelling`. :raises ValueError: there is none such."""
        if "receiver" in command:
            if command.keys() - {"receiver", "uuid"}:
                raise ValueError("a command about the receiver has its uuid at most")
            self.cancelling.order(command["receiver"], str(command.get("uuid", "")))
        else:
            self.faults.order(command)
            if command.get("reset"):
                self.cancelling.order("rule")
        return self.state()

    def state(self) -> dict:
        state = {"counters": self.memory.counters(), "stamped": len(self.memory.stamps())}
        return {**self.faults.state(), **state, "receiver_waits_for": sorted(self.cancelling.waits_for)}

    def _refuse(self) -> None:
        if code := getattr(self._here, "code", ""):
            raise Refusal(code, "Rechazo por orden")

    def _make(self, received: Received) -> Stamp:
        return stamping.stamp(received, self.sat, self.now())


def spoilt(found: Stamp, fault: str) -> Stamp:
    """`found` with its XML as a fault on command wants it."""
    if fault in ("wrong_uuid", "wrong_seal"):
        return replace(found, xml=getattr(stamping, fault)(found.xml))
    return found
