"""PACs: who certifies (stamps) a sealed comprobante. One contract, `base.Pac`; one module per PAC.

Adapters are imported by name (`.finkok`), so that zeep is loaded only where something is going to be sent.
"""

from .base import Pac, PacError, PacInDoubt, PacRejected, PacUnavailable, Timbrado, check_timbrado

__all__ = ["Pac", "PacError", "PacInDoubt", "PacRejected", "PacUnavailable", "Timbrado", "check_timbrado"]
