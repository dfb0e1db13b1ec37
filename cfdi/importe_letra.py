"""An amount in Spanish words, as it is printed on a CFDI: DOS MIL TRESCIENTOS VEINTE PESOS 00/100 M.N."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from .catalogs import currency_decimals

_UNITS = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
).split()
_TENS = ("", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS = (
    *("", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos"),
    *("seiscientos", "setecientos", "ochocientos", "novecientos"),
)
_MILLIONS = ("", "millón", "billón", "trillón")
_PLURAL = str.maketrans({"ó": "o"})
_LIMIT = 10 ** (6 * len(_MILLIONS))

# Code -> one, many, what follows the cents, feminine. Others are said by their code alone.
_CURRENCIES = MappingProxyType(
    {
        "MXN": ("peso", "pesos", "M.N.", False),
        "MXV": ("unidad de inversión", "unidades de inversión", "UDI", True),
        "USD": ("dólar", "dólares", "USD", False),
        "EUR": ("euro", "euros", "EUR", False),
        "CAD": ("dólar canadiense", "dólares canadienses", "CAD", False),
        "AUD": ("dólar australiano", "dólares australianos", "AUD", False),
        "GBP": ("libra esterlina", "libras esterlinas", "GBP", True),
        "JPY": ("yen", "yenes", "JPY", False),
        "CNY": ("yuan", "yuanes", "CNY", False),
        "KRW": ("won", "wones", "KRW", False),
        "CHF": ("franco suizo", "francos suizos", "CHF", False),
        "BRL": ("real", "reales", "BRL", False),
        "ARS": ("peso argentino", "pesos argentinos", "ARS", False),
        "CLP": ("peso chileno", "pesos chilenos", "CLP", False),
        "COP": ("peso colombiano", "pesos colombianos", "COP", False),
        "DOP": ("peso dominicano", "pesos dominicanos", "DOP", False),
        "PEN": ("sol", "soles", "PEN", False),
        "GTQ": ("quetzal", "quetzales", "GTQ", False),
        "CRC": ("colón", "colones", "CRC", False),
    }
)


def amount_in_words(amount: Decimal, moneda: str) -> str:
    """The amount in capitals, with the fraction in figures and M.N. or the currency's code.

    :param amount: not negative, below 10^24; rounded to the decimals of the currency.
    :param moneda: code of c_Moneda.
    :raises KeyError: not in c_Moneda.
    :raises ValueError: the amount cannot be said.
    """
    decimals = currency_decimals(moneda)
    rounded = amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole = int(rounded)
    if rounded < 0 or whole >= _LIMIT:
        raise ValueError(f"{amount} cannot be said in words")
    one, many, suffix, feminine = _CURRENCIES.get(moneda, ("", "", moneda, False))
    words = [_cardinal(whole, before_noun=bool(one), feminine=feminine)]
    if one:
        # un millón de pesos, and un millón cien pesos
        words += ["de"] if whole and whole % 1_000_000 == 0 else []
        words.append(one if whole == 1 else many)
    # Currencies without decimals are written with hundredths too: nobody can add some afterwards.
    digits = max(decimals, 2)
    fraction = int((rounded - whole) * 10**digits)
    return f"{' '.join(words)} {fraction:0{digits}d}/{10**digits} {suffix}".upper()


def _cardinal(number: int, *, before_noun: bool, feminine: bool) -> str:
    """In the long scale: a billón is a million of millions.

    :param before_noun: un, veintiún; else uno, veintiuno
    """
    if number == 0:
        return _UNITS[0]
    groups = []
    scale = 0
    while number:
        number, rest = divmod(number, 1_000_000)
        if rest:
            groups.append((scale, rest))
        scale += 1
    words = []
    for power, value in reversed(groups):
        if power:
            name = _MILLIONS[power]
            words.append(_below_million(value, before_noun=True, feminine=False))
            words.append(name if value == 1 else f"{name.translate(_PLURAL)}es")
        else:
            words.append(_below_million(value, before_noun=before_noun, feminine=feminine))
    return " ".join(words)


def _below_million(number: int, *, before_noun: bool, feminine: bool) -> str:
    thousands, rest = divmod(number, 1000)
    words = []
    if thousands > 1:
        # veintiún mil libras: one shortens before mil, hundreds agree with what is counted
        words.append(_below_thousand(thousands, before_noun=True, feminine=feminine, thousands=True))
    if thousands:
        words.append("mil")
    if rest:
        words.append(_below_thousand(rest, before_noun=before_noun, feminine=feminine))
    return " ".join(words)


def _below_thousand(number: int, *, before_noun: bool, feminine: bool, thousands: bool = False) -> str:
    if number == 100:
        return "cien"
    hundreds, rest = divmod(number, 100)
    words = []
    if hundreds:
        name = _HUNDREDS[hundreds]
        words.append(name.replace("cientos", "cientas").replace("nientos", "nientas") if feminine else name)
    if rest >= 30:
        tens, unit = divmod(rest, 10)
        words.append(_TENS[tens])
        if unit:
            words += ["y", _UNITS[unit]]
    elif rest:
        words.append(_UNITS[rest])
    return _agree(" ".join(words), before_noun=before_noun, feminine=feminine and not thousands)


def _agree(words: str, *, before_noun: bool, feminine: bool) -> str:
    if not words.endswith("uno"):
        return words
    if feminine:
        return f"{words[:-1]}a"
    if before_noun:
        return f"{words[:-4]}iún" if words.endswith("veintiuno") else words[:-1]
    return words
