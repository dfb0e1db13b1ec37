"""The PACs that can be chosen. Nothing here connects, nor imports what connects."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .base import Capabilities, Pac
from .http import is_local

ENVIRONMENTS = ("production", "test", "simulator")


@dataclass(frozen=True, slots=True)
class PacKind:
    """A PAC that can be chosen.

    production, test: its addresses, without path. adapter: module and class. account: in Spanish, what its user and
    its password are where they are not simply that.
    """

    label: str
    capabilities: Capabilities
    production: str
    test: str
    adapter: tuple[str, str]
    account: str = ""

    def open(self, environment: str, username: str, password: str, *, url: str = "", **timeouts: float) -> Pac:
        """The PAC, ready to be asked; nothing is sent yet.

        :param environment: one of ENVIRONMENTS.
        :param url: of the simulator, without path, and for it alone: one that listens on this machine.
        :param timeouts: `connect_timeout` and `timeout` in seconds.
        :raises ValueError: another environment, or a simulator that is somewhere else.
        """
        module, name = self.adapter
        adapter = getattr(import_module(module, __package__), name)
        return adapter(self._address(environment, url), username, password, **timeouts)

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


def open_sat(environment: str, *, url: str = "", **timeouts: float) -> Any:
    """A `sat.SatConsulta`: what the SAT says, or the simulator for what it stamped; see `PacKind.open`.

    The SAT knows nothing of what a PAC's test environment stamps: it answers that it was not found.
    """
    sat = import_module(".sat", __package__)
    return sat.SatConsulta(_simulator(url) if environment == "simulator" else sat.SAT_URL, **timeouts)


PACS: dict[str, PacKind] = {
    "finkok": PacKind(
        label="Finkok",
        capabilities=Capabilities(recover=True, cancel=True, status=True),
        production="https://facturacion.finkok.com",
        test="https://demo-facturacion.finkok.com",
        adapter=(".finkok", "Finkok"),
    ),
}
"""By the code that is stored with a document."""
