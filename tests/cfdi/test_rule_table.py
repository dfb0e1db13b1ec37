"""docs/sat-rules.md: every rule of the SAT's matrices, checked here or not."""

from cfdi import schema
from cfdi.rules.base import all_rules
from cfdi.rules.elsewhere import NOT_CHECKED
from support import REPOSITORY

_TABLE = REPOSITORY / "docs/sat-rules.md"
_HEAD = """# Rules of the SAT

Written by `pytest tests/cfdi/test_rule_table.py --write-golden`. What is checked before a CFDI is sealed: by its rule
(`cfdi/rules/`; `tests/cfdi/test_rules.py` has a document that breaks each), by the schema (`cfdi/schema.py`), or with
the seal (`cfdi/validation.py`). The codes are those of the SAT's matrices of errors (CFDI 4.0; payments 2.0; Carta
Porte 3.1); 3xx and 401 are those that PACs answer.
"""
_SCHEMA_CODES = schema._CATALOG_CODES | schema._PATTERN_CODES | schema._MINIMUM_CODES | schema._FIXED_CODES
_WITH_THE_SEAL = {
    "303": "Comprobante/@NoCertificado: the certificate is the issuer's",
    "304": "Comprobante/@NoCertificado: the certificate is in force",
    "305": "Comprobante/@Fecha: within the validity of the certificate",
    "306": "Comprobante/@NoCertificado: the certificate is a CSD",
    "CFDI40102": "Comprobante/@Sello: the seal holds",
    "CFDI40106": "Comprobante/@Certificado: it can be read",
}


def _by_the_schema():
    codes = {}
    for (node, attribute), code in _SCHEMA_CODES.items():
        codes[code] = f"{node}/@{attribute}"
    for (node, attribute), (in_a_line, in_the_header) in schema._TAX_CODES.items():
        codes.setdefault(in_a_line, f"{node}/@{attribute} of a concepto")
        codes.setdefault(in_the_header, f"{node}/@{attribute}")
    codes.pop(schema.STRUCTURE)
    return {schema.STRUCTURE: "whatever else the schema says", **codes}


def rows():
    rows = [
        (rule.code, f"{rule.kind}{f'/@{rule.attribute}' if rule.attribute else ''}: {rule.message}", "rule")
        for rule in all_rules()
    ]
    rows += [(code, where, "schema") for code, where in _by_the_schema().items()]
    rows += [(code, what, "seal") for code, what in _WITH_THE_SEAL.items()]
    return sorted(rows)


def _table():
    yield _HEAD
    yield "| code | what | checked by |"
    yield "| --- | --- | --- |"
    for row in rows():
        yield f"| {' | '.join(row)} |"
    yield ""
    yield "## Not checked here"
    yield ""
    yield "| code | why |"
    yield "| --- | --- |"
    for code, why in sorted(NOT_CHECKED.items()):
        yield f"| {code} | {why} |"


def test_the_table_is_up_to_date(request):
    written = "\n".join(_table()) + "\n"
    if request.config.getoption("--write-golden"):
        _TABLE.write_text(written, encoding="utf-8")
    assert _TABLE.read_text(encoding="utf-8") == written


def test_no_rule_is_checked_and_not_checked():
    assert not NOT_CHECKED.keys() & {code for code, _what, _by in rows()}


def test_every_rule_of_the_carta_porte_is_told():
    """CP101 to CP204 without a gap, as the matrix of the 3.1 has them."""
    told = NOT_CHECKED.keys() | {code for code, _what, _by in rows()}
    assert {code for code in told if code.startswith("CP")} == {f"CP{n}" for n in (*range(101, 205), 999)}
