"""CLABE: the 18 digits that identify a bank account in Mexico.

Three digits of the bank (its ABM code), three of the place, eleven of the account and one to check. The check digit is
that of the ABM's “Clave Bancaria Estandarizada”, which the Banco de México requires for SPEI: each digit by its weight
(3, 7, 1, 3, 7, 1...), modulo 10; the digit that takes their sum to a multiple of 10. python-stdnum does not have it.
"""

import re

LENGTH = 18
WEIGHTS = (3, 7, 1)


def compact(number):
    """The number without what people write between its groups of digits."""
    return re.sub(r"[\s.\-/]+", "", number or "")


def check_digit(number):
    """The eighteenth digit of the CLABE that begins with these seventeen."""
    total = sum(int(digit) * WEIGHTS[index % 3] % 10 for index, digit in enumerate(number[: LENGTH - 1]))
    return str(-total % 10)


def is_valid(number):
    return bool(
        number and len(number) == LENGTH and number.isascii() and number.isdigit() and number[-1] == check_digit(number)
    )


def bank_code(number):
    return number[:3]
