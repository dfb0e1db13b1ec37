"""Customers imported with load(), as a spreadsheet is."""

import time

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
FIELDS = (
    *("name", "vat", "email", "phone", "street", "zip", "city", "state_id", "country_id", "is_company"),
    *("customer_rank", "credit_limit"),
)


def load_customers(env, first, count):
    """:return: seconds, the commit included"""
    rows = [
        [
            *(f"Cliente importado {n}", make_rfc(n), f"cliente{n}@importado.example.com"),
            *(f"55 {n // 10000:04d} {n % 10000:04d}", f"Avenida {n}", "44100", "Guadalajara", "Jalisco", "México"),
            *("True", "1", "1000.0"),
        ]
        for n in range(first, first + count)
    ]
    assert len({row[1] for row in rows}) == count, "the RFCs differ"
    partners = env["res.partner"].with_context(lang="es_MX")
    start = time.perf_counter()
    result = partners.load(list(FIELDS), rows)
    env.cr.commit()
    seconds = time.perf_counter() - start
    assert not result["messages"], result["messages"][:3]
    assert len(result["ids"]) == count
    return seconds


def make_rfc(index):
    from stdnum.mx import rfc  # which there is in an Odoo shell

    name = "".join(LETTERS[index // 20**place % 20] for place in range(3))
    serial = index // 8000
    base = f"{name}{70 + serial % 30}0101{LETTERS[serial // 30]}A"
    return base + rfc.calc_check_digit(base)
