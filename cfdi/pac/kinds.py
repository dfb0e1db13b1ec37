"""The PACs that can be chosen. Nothing here connects; what connects (zeep, requests) is imported by who sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import finkok, solucion_factible, sw
from .base import Capabilities, Pac
from .http import is_local
from .sat import SAT_URL, SatConsulta
from .satcfdi_bridge import BRIDGED, Bridged, SatcfdiBridge

ENVIRONMENTS = ("production", "test", "simulator")


@dataclass(frozen=True, slots=True)
class PacKind:
    """A PAC that can be chosen.

    production, test: its addresses, without path. adapter: makes the `Pac` of an address, a user and a password.
    account: in Spanish, what its user and its password are where they are not simply that. bridged: of satcfdi.
    """

    label: str
    capabilities: Capabilities
    production: str
    test: str
    adapter: Callable[..., Pac]
    account: str = ""
    bridged: Bridged | None = None

    def open(self, environment: str, username: str, password: str, *, url: str = "", **timeouts: float) -> Pac:
        """The PAC, ready to be asked; nothing is sent yet.

        :param environment: one of ENVIRONMENTS.
        :param url: of the simulator, without path, and for it alone: one that listens on this machine.
        :param timeouts: `connect_timeout` and `timeout` in seconds.
        :raises ValueError: another environment, or a simulator that is somewhere else.
        """
        address = self._address(environment, url)
        if self.bridged:
            return SatcfdiBridge(self.bridged, address, username, password, environment=environment, **timeouts)
        return self.adapter(address, username, password, **timeouts)

    def _address(self, environment: str, url: str) -> str:
        if environment == "simulator":
            return _simulator(url)
        if environment not in ENVIRONMENTS:
            raise ValueError(f"No es un ambiente de un PAC: {environment}")
        return getattr(self, environment)


def _simulator(url: str) -> str:
    """Only this machine: what goes to a simulator must never be stamped for real."""
    if not is_local(url):
        raise ValueError(f"El simulador de PAC está en esta máquina, no en {url or '(ninguna dirección)'}")
    return url


def open_sat(environment: str, *, url: str = "", **timeouts: float) -> SatConsulta:
    """What the SAT says, or the simulator for what it stamped; see `PacKind.open`.

    The SAT knows nothing of what a PAC's test environment stamps: it answers that it was not found.
    """
    return SatConsulta(_simulator(url) if environment == "simulator" else SAT_URL, **timeouts)


PACS: dict[str, PacKind] = {
    "finkok": PacKind("Finkok", finkok.Finkok.capabilities, finkok.PRODUCTION, finkok.TEST, finkok.Finkok),
    "solucion_factible": PacKind(
        "Solución Factible",
        solucion_factible.SolucionFactible.capabilities,
        solucion_factible.PRODUCTION,
        solucion_factible.TEST,
        solucion_factible.SolucionFactible,
    ),
    "sw": PacKind("SW Sapien", sw.Sw.capabilities, sw.PRODUCTION, sw.TEST, sw.Sw),
    **{
        f"satcfdi:{one.module}": PacKind(
            one.label, one.capabilities, one.production, one.test, SatcfdiBridge, one.account, one
        )
        for one in BRIDGED
    },
}
"""By the code that is stored with a document."""
