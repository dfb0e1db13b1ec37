"""10,000 customers imported with load(): Odoo with this addon against the same Odoo without it.

Both databases in one run, by turns, each time with other customers; the median of the turns counts. The addon checks,
numbers and computes what Odoo does not: at least 60 % of the speed is the goal (the ratio of the medians).
Printed, and written with the raw figures to docs/bench/import.json.
"""

import argparse
import json
import statistics
from pathlib import Path

from devtools.bench._load import load_customers
from devtools.bench._shell import call
from devtools.home import REPOSITORY
from devtools.setup import workshop

CUSTOMERS, TURNS, GOAL = 10_000, 3, 0.60
REPORT = REPOSITORY / "docs/bench/import.json"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db")
    parser.add_argument("--url")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args()
    seconds = {"without": [], "with": []}
    with workshop() as shop:
        databases = shop.databases
        with (
            databases.throwaway(databases.deps(), "import_without") as without,
            databases.throwaway(databases.addon(), "import_with") as with_addon,
        ):
            for turn in range(TURNS):
                for name, database in {"without": without, "with": with_addon}.items():
                    first, count = turn * options.customers, options.customers
                    taken = call(shop, database, load_customers, first=first, count=count)
                    seconds[name].append(round(taken, 1))
                    print(f"{name} the addon: {taken:.1f} s", flush=True)
    report = make_report(options.customers, seconds)
    options.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if report["speed"] >= GOAL else 1


def make_report(customers, seconds):
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "customers": customers,
        "seconds": seconds,
        "median_seconds": medians,
        "speed": round(medians["without"] / medians["with"], 2),
        "goal": GOAL,
    }


if __name__ == "__main__":
    raise SystemExit(main())
