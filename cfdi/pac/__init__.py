"""PACs: who certifies (stamps) a sealed comprobante. One contract, `base.Pac`; one module per PAC.

    pac = PACS["finkok"].open("test", username, password)
    timbrado = pac.stamp(xml)                             # raises PacError: three of them, three duties

Adapters are imported when one is opened, so that zeep is loaded only where something is going to be sent.
"""

from .answers import check_timbrado
from .base import (
    CancelAnswer,
    Capabilities,
    CfdiQuery,
    Pac,
    PacError,
    PacInDoubt,
    PacRejected,
    PacUnavailable,
    SatStatus,
    Timbrado,
)
from .kinds import PACS, PacKind, open_sat

__all__ = [
    "PACS",
    "CancelAnswer",
    "Capabilities",
    "CfdiQuery",
    "Pac",
    "PacError",
    "PacInDoubt",
    "PacKind",
    "PacRejected",
    "PacUnavailable",
    "SatStatus",
    "Timbrado",
    "check_timbrado",
    "open_sat",
]
