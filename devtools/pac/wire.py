"""What the server and the protocols hand each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

XML = "text/xml; charset=utf-8"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    content: bytes
    status: int = 200
    kind: str = XML


@dataclass(frozen=True)
class Call:
    """A request that was understood.

    operation: in the words of `faults`, the same in every protocol. run: does the work and answers; it is told the
    fault that the answer must suffer, '' for none. fault: how this protocol says that the server failed.
    """

    protocol: str
    operation: str
    run: Callable[[str], Response]
    fault: Callable[[str], Response]


class BadRequest(Exception):
    """Not a request of this protocol; the answer says so as the protocol does."""

    def __init__(self, response: Response):
        self.response = response
        super().__init__()
