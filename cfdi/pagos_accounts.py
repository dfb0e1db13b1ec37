"""Accounts of a payment: which of them its FormaDePagoP lets it name, and how they have to look.

The patterns are those of the catalogue c_FormaPago (columns "Patrón para cuenta ordenante" and "Patrón para cuenta
beneficiaria"), which the SAT and the PACs check (CRP20225, CRP20226). All of it may be left out: what does not fit is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .comprobante import RFC_EXTRANJERO

_ANY = r"[0-9]{10,11}|[0-9]{15,16}|[0-9]{18}|[A-Z0-9_]{10,50}"
_PAYER = {
    "02": r"[0-9]{11}|[0-9]{18}",
    "03": r"[0-9]{10}|[0-9]{16}|[0-9]{18}",
    "04": r"[0-9]{16}",
    "05": _ANY,
    "06": r"[0-9]{10}",
    "28": r"[0-9]{16}",
    "29": r"[0-9]{15,16}",
}
_PAYEE = {"02": _ANY, "03": r"[0-9]{10}|[0-9]{18}", "04": _ANY, "05": _ANY, "28": _ANY, "29": _ANY}
_RFC_OF_COMPANY = re.compile(r"[A-Z&Ñ]{3}[0-9]{2}(0[1-9]|1[012])(0[1-9]|[12][0-9]|3[01])[A-Z0-9]{2}[0-9A]")


class Account(NamedTuple):
    """An account as it is known. numbers: all that it may be called by (its number, its CLABE), the best first.

    foreign: at a bank abroad, which has no RFC; bank: name of the bank.
    """

    numbers: tuple[str, ...] = ()
    bank_rfc: str = ""
    bank: str = ""
    foreign: bool = False


def account_fields(form: str, payer: Account, payee: Account) -> dict[str, str]:
    """Attributes of a Pago about its accounts, without those that this form does not admit or that do not fit.

    :param form: FormaDePagoP
    """
    fields = {}
    if form in _PAYER:
        if payer.foreign and payer.bank:
            # CRP20223: of a bank abroad, its name.
            fields |= {"RfcEmisorCtaOrd": RFC_EXTRANJERO, "NomBancoOrdExt": payer.bank.replace("|", " ")[:300]}
        elif _RFC_OF_COMPANY.fullmatch(payer.bank_rfc):
            fields["RfcEmisorCtaOrd"] = payer.bank_rfc
        fields["CtaOrdenante"] = _fitting(payer.numbers, _PAYER[form])
    if form in _PAYEE:
        if _RFC_OF_COMPANY.fullmatch(payee.bank_rfc):
            fields["RfcEmisorCtaBen"] = payee.bank_rfc
        fields["CtaBeneficiario"] = _fitting(payee.numbers, _PAYEE[form])
    return {name: value for name, value in fields.items() if value}


def _fitting(numbers: tuple[str, ...], pattern: str) -> str:
    return next((number for number in numbers if re.fullmatch(pattern, number)), "")
