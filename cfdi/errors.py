"""What can be wrong with a comprobante, in the words of the person who has to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    code: the SAT's (CFDI40105), or 301 when the structure itself is wrong.
    message: Spanish, for the user. path: where, as Comprobante/Conceptos/Concepto[2]/@ClaveUnidad.
    value: what was found there, empty when it is missing.
    """

    code: str
    message: str
    path: str = ""
    value: str = ""

    def __str__(self) -> str:
        where = f" ({self.path})" if self.path else ""
        return f"[{self.code}] {self.message}{where}"


class CfdiError(Exception):
    """Base of the errors of this package. The text is Spanish and can be shown."""


class ComprobanteError(CfdiError, ValueError):
    """The comprobante cannot be written: `problems` says why."""

    def __init__(self, problems: Sequence[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UnsafeXml(CfdiError, ValueError):
    """The XML is malformed, too big, too deep, or asks for entities."""


class CertificateError(CfdiError, ValueError):
    """The certificate cannot be used to seal."""


class SealError(CfdiError, ValueError):
    """The seal cannot be made or does not belong to the certificate."""
