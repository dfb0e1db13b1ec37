"""Faults on command: what the next requests must suffer, told by POST /control.

{"fault": "cut_after", "count": 2}            the next two requests
{"fault": "slow_answer", "seconds": 3, "operation": "stamp", "protocol": "sw"}
{"rate": 0.1, "seed": 7, "among": ["http_500", "cut_after"]}   one in ten from now on, at random
{"clock_offset": 3600}                        seconds that the PAC's clock is ahead
{"fault": "refuse", "code": "703"}            says no with that code: of a comprobante, of a folio to cancel
{"down": 5}                                   nobody listens for five seconds: connections are refused
{"reset": true}

operation: stamp, quick_stamp, stamped, query_pending, cancel, status, login.
protocol: finkok, sat, solucion_factible, sw.
About the receiver of a cancellation: see `cancelling`.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "slow": "waits `seconds` before it does anything",
    "slow_answer": "does its work, waits `seconds`, answers",
    "http_500": "does nothing, answers HTTP 500",
    "http_500_after": "does its work, answers HTTP 500",
    "http_503": "does nothing, answers HTTP 503",
    "soap_fault": "does nothing, answers as the protocol says that the server failed (SOAP: a fault)",
    "cut_before": "does nothing, closes the connection",
    "cut_after": "does its work, closes the connection",
    "cut_inside": "does its work, closes the connection in the middle of the answer",
    "garbage": "does its work, answers HTTP 200 with something that is not of the protocol",
    "empty": "does its work, answers without result",
    "wrong_uuid": "does its work, answers a timbre with another UUID; the folio of another one to a `cancel`",
    "wrong_seal": "does its work, answers a timbre of another seal",
    "without_xml": "answers 307 without the XML, as Finkok may",
    "not_found_yet": "though there is a timbre, answers 603 to `stamped`, 205 to `cancel`, 602 to `status`",
    "invalid_expression": "answers 601 to `status`, as the SAT does now and then",
    "wrong_status": "answers to `status` a state that there is not",
    "refuse": "does nothing, says no with the `code`",
}


_WORDS = frozenset("fault count seconds code operation protocol rate seed among clock_offset reset".split())


@dataclass
class Fault:
    kind: str
    seconds: float = 0
    operation: str = ""
    protocol: str = ""
    code: str = ""
    count: int = 1


@dataclass
class Faults:
    """The queue of faults; safe to use from every thread of the server."""

    clock_offset: float = 0
    _queue: list[Fault] = field(default_factory=list)
    _rate: float = 0
    _among: list[str] = field(default_factory=list)
    _random: random.Random = field(default_factory=random.Random)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, command: dict[str, Any]) -> None:
        """Take one command. :raises ValueError: it is not one of those above."""
        unknown = command.keys() - _WORDS
        if unknown or not command:
            raise ValueError(f"unknown command: {', '.join(sorted(unknown)) or 'empty'}")
        kinds = [command["fault"]] if "fault" in command else list(command.get("among", ()))
        if wrong := [kind for kind in kinds if kind not in KINDS]:
            raise ValueError(f"unknown fault {wrong[0]!r}; there are: {', '.join(KINDS)}")
        if "refuse" in kinds and not command.get("code"):
            raise ValueError("to refuse, a code is needed")
        if "rate" in command and not kinds:
            raise ValueError("a rate needs the faults to choose among")
        with self._lock:
            if command.get("reset"):
                self._queue.clear()
                self._rate, self.clock_offset = 0, 0
            if "clock_offset" in command:
                self.clock_offset = float(command["clock_offset"])
            if "fault" in command:
                count, seconds = int(command.get("count", 1)), float(command.get("seconds", 0))
                where = (str(command.get(word, "")) for word in ("operation", "protocol", "code"))
                self._queue.append(Fault(command["fault"], seconds, *where, count))
            if "rate" in command:
                self._rate, self._among = float(command["rate"]), kinds
                self._random = random.Random(command.get("seed"))  # noqa: S311 - it must be repeatable

    def next(self, operation: str, protocol: str = "") -> Fault:
        """What this request suffers; kind '' when nothing."""
        with self._lock:
            for fault in self._queue:
                if fault.operation in ("", operation) and fault.protocol in ("", protocol):
                    fault.count -= 1
                    if fault.count <= 0:
                        self._queue.remove(fault)
                    return fault
            if self._rate and self._random.random() < self._rate:
                return Fault(self._random.choice(self._among))
        return Fault("")

    def state(self) -> dict[str, Any]:
        with self._lock:
            waiting = [
                {
                    "fault": fault.kind,
                    "count": fault.count,
                    "seconds": fault.seconds,
                    "operation": fault.operation,
                    "protocol": fault.protocol,
                    "code": fault.code,
                }
                for fault in self._queue
            ]
            return {"waiting": waiting, "rate": self._rate, "clock_offset": self.clock_offset}
