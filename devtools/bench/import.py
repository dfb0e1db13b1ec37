"""10,000 customers imported with load(): Odoo with this addon against the same Odoo without it.

Both databases in one run, by turns, each time with other customers; the median of the turns counts. The addon checks,
numbers and computes what Odoo does not: at least 60 % of the speed is the goal (the ratio of the medians).
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from devtools.setup import workshop

CUSTOMERS, TURNS, GOAL = 10_000, 3, 0.60

LOAD = """
import json, time
from stdnum.mx import rfc

def number(index):
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    name = "".join(letters[index // 20**place %% 20] for place in range(3))
    serial = index // 8000
    base = f"{name}{70 + serial %% 30}0101{letters[serial // 30]}A"
    return base + rfc.calc_check_digit(base)

fields = ["name", "vat", "email", "phone", "street", "zip", "city", "state_id", "country_id", "is_company",
          "customer_rank", "credit_limit"]
first, count = %(first)d, %(count)d
rows = [
    [f"Cliente importado {n}", number(n), f"cliente{n}@importado.example.com", f"55 {n // 10000:04d} {n %% 10000:04d}",
     f"Avenida {n}", "44100", "Guadalajara", "Jalisco", "México", "True", "1", "1000.0"]
    for n in range(first, first + count)
]
assert len({row[1] for row in rows}) == count, "the RFCs differ"
partners = env["res.partner"].with_context(lang="es_MX")
start = time.perf_counter()
result = partners.load(fields, rows)
env.cr.commit()
seconds = time.perf_counter() - start
assert not result["messages"], result["messages"][:3]
assert len(result["ids"]) == count
open(%(answer)r, "w").write(json.dumps(seconds))
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db")
    parser.add_argument("--url")
    parser.parse_args()
    seconds = {"without": [], "with": []}
    with workshop() as shop, tempfile.TemporaryDirectory() as folder:
        databases = shop.databases
        with (
            databases.throwaway(databases.deps(), "import_without") as without,
            databases.throwaway(databases.addon(), "import_with") as with_addon,
        ):
            for turn in range(TURNS):
                for name, database in {"without": without, "with": with_addon}.items():
                    seconds[name].append(load(shop, database, turn, Path(folder)))
                    print(f"{name} the addon: {seconds[name][-1]:.1f} s", flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = medians["without"] / medians["with"]
    print(
        f"{CUSTOMERS} customers, medians of {TURNS}: without {medians['without']:.1f} s, with {medians['with']:.1f} s"
    )
    print(f"speed with the addon: {ratio:.0%} of Odoo's (goal: {GOAL:.0%})")
    return 0 if ratio >= GOAL else 1


def load(shop, database, turn, folder):
    answer = folder / "seconds"
    script = LOAD % {"first": turn * CUSTOMERS, "count": CUSTOMERS, "answer": str(answer)}
    log = folder / "log"
    if shop.odoo.shell(database, script, log):
        raise SystemExit(log.read_text(errors="replace"))
    return json.loads(answer.read_text())


if __name__ == "__main__":
    raise SystemExit(main())
