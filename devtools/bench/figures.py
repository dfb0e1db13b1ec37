"""What the figures cost, each against the same without them, in one run.

- cycle: create, confirm, invoice, post and pay a sale, each step a transaction as a request is: Odoo with this addon,
  without it, and with OCA's account_financial_risk and sale_financial_risk instead. Then of customers on credit, for
  which the credit gates count what they owe. A process each, cycle by cycle in turns; medians.
- recompute: the figures of 100,000 customers with 1,000,000 documents (sales, invoices, receivable items) counted by
  the command `customer_figures` into empty columns, and again, against bare SQL aggregates of the same documents.
- reading: the whole card over RPC, of a customer with 10 documents and of one with 50,000, by turns.
- searching: the highest values of each figure, a page of them in order, against a plain indexed column of its type.

Printed, and written with the raw figures to docs/bench/figures.json; the table to docs/bench/figures.md.
"""

import argparse
import json
import runpy
import statistics
import tempfile
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import odoorpc

from devtools import ports
from devtools.bench._bare import bare, differences
from devtools.bench._cycle import STEPS, WARM_UP, order_cycle
from devtools.bench._reading import add_plain_columns, read_card, search_times
from devtools.bench._recompute import make_documents, recompute
from devtools.bench._shell import call
from devtools.bench._turns import take_turns
from devtools.home import REPOSITORY
from devtools.odoo import LOGIN, PASSWORD
from devtools.setup import workshop

CYCLES = 100
OCA = ("account_financial_risk", "sale_financial_risk")
CUSTOMERS, OPEN_ORDERS, INVOICES = 100_000, 100_000, 300_000
HOT_ORDERS, HOT_INVOICES = 10_000, 13_334  # an invoice has an order and a receivable item: 50,002 documents
BARE_TURNS = 3
READINGS, SEARCHES = 30, 9
GOALS = {"cycle": 1.10, "cycle against OCA": 1.00, "recompute": 2.0, "memory_mb": 600, "reading": 1.2, "searching": 1.5}
REPORT = REPOSITORY / "docs/bench"
CONTRACT = REPOSITORY / "tests/card_contract.py"  # the fields of the card


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db")
    parser.add_argument("--url")
    parser.add_argument("--only", choices=("cycle", "documents"))
    parser.add_argument("--cycles", type=int, default=CYCLES, help="of a sale: 5 to try it")
    parser.add_argument("--scale", type=float, default=1.0, help="of the documents: 0.01 to try it")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args()
    report = Report(options.report)
    with workshop() as shop:
        if options.only != "documents":
            report.add(cycle=cycle(shop, options.cycles))
        if options.only != "cycle":
            documents(shop, options.scale, report)
    print(report.table)
    return 0 if all(row[3] for row in verdicts(report.figures)) else 1


class Report:
    """What was measured, written as soon as it is."""

    def __init__(self, folder):
        self.file, self.table_file = folder / "figures.json", folder / "figures.md"
        self.figures = json.loads(self.file.read_text()) if self.file.exists() else {}

    @property
    def table(self):
        return "\n".join(lines(self.figures)) + "\n"

    def add(self, **figures):
        self.figures |= figures
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.figures, indent=2) + "\n")
        self.table_file.write_text(self.table)
        print(f"measured: {', '.join(figures)}", flush=True)


def cycle(shop, cycles):
    databases = shop.databases
    with (
        databases.throwaway(databases.deps(), "figures_without") as without,
        databases.throwaway(databases.addon(), "figures_with") as with_addon,
        databases.throwaway(databases.deps(), "figures_oca") as with_oca,
    ):
        databases.install(with_oca, "figures-oca", *OCA)
        names = {"without": without, "with": with_addon, "oca": with_oca}
        return {
            "plain": cycles_in_turns(shop, names, cycles, on_credit=False),
            "on_credit": cycles_in_turns(shop, names, cycles, on_credit=True),
        }


def cycles_in_turns(shop, databases, cycles, on_credit):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "turns")
        runs = [
            partial(call, shop, database, order_cycle, path=str(path), on_credit=on_credit)
            for database in databases.values()
        ]
        seconds = dict(zip(databases, take_turns(path, runs, WARM_UP + cycles), strict=True))
    medians = {
        name: {step: round(statistics.median(values) * 1000, 1) for step, values in steps.items()}
        for name, steps in seconds.items()
    }
    totals = {name: round(sum(steps.values()), 1) for name, steps in medians.items()}
    return {
        "medians_ms": medians,
        "totals_ms": totals,
        **{f"ratio_to_{name}": round(totals["with"] / total, 3) for name, total in totals.items() if name != "with"},
        "raw_ms": {
            name: {step: [round(value * 1000, 1) for value in values] for step, values in steps.items()}
            for name, steps in seconds.items()
        },
    }


def documents(shop, scale, report):
    databases = shop.databases
    sizes = {
        "customers": CUSTOMERS,
        "open_orders": OPEN_ORDERS,
        "invoices": INVOICES,
        "hot_orders": HOT_ORDERS,
        "hot_invoices": HOT_INVOICES,
    }
    sizes = {name: int(size * scale) for name, size in sizes.items()}
    with databases.throwaway(databases.addon(), "figures_documents") as database:
        ids = call(shop, database, make_documents, **sizes)
        report.add(sizes=sizes)
        runs = {"first": recompute(shop, database), "again": recompute(shop, database)}
        seconds = [sum(call(shop, database, bare).values()) for _turn in range(BARE_TURNS)]
        median = statistics.median(seconds)
        report.add(
            recompute={
                "bare_seconds": [round(value, 2) for value in seconds],
                "wrong_figures": call(shop, database, differences),
                **runs,
                **{f"ratio_{name}": round(run["seconds"] / median, 2) for name, run in runs.items()},
            }
        )
        report.add(reading=reading(shop, database, ids))
        call(shop, database, add_plain_columns)
        searching = call(shop, database, search_times, turns=SEARCHES)
        report.add(
            searching={
                name: {"ms": round(milliseconds, 2), "ratio": round(ratio, 2)}
                for name, (milliseconds, ratio) in searching.items()
            }
        )


def reading(shop, database, ids):
    port = ports.any_free()
    with shop.odoo.serving(database, port, shop.home.logs / "bench-figures-odoo.log") as _server:
        address = urlsplit(f"http://127.0.0.1:{port}")
        odoo = odoorpc.ODOO(address.hostname, port=address.port, timeout=300)
        odoo.login(database, LOGIN, PASSWORD)
        known = odoo.env["res.partner"].fields_get([], ["type"])
        names = [row[1] for row in runpy.run_path(CONTRACT)["CARD"] if row[1] in known]  # one is an action
        few, many = read_card(odoo, names, [ids["first"], ids["hot"]], READINGS).values()
    return {"fields": len(names), "few_ms": round(few, 1), "many_ms": round(many, 1), "ratio": round(many / few, 3)}


def verdicts(report):
    """:return: list of (what, measured, goal, whether it is met)"""
    rows = []

    def add(what, value, goal, unit=""):
        rows.append((what, f"{value}{unit}", f"{goal}{unit}", value <= goal))

    if "cycle" in report:
        for name, found in {"order cycle": "plain", "order cycle on credit": "on_credit"}.items():
            ratios = report["cycle"][found]
            add(f"{name}, with the addon / without it", ratios["ratio_to_without"], GOALS["cycle"])
            add(f"{name}, with the addon / with OCA's", ratios["ratio_to_oca"], GOALS["cycle against OCA"])
    if "recompute" in report:
        runs = report["recompute"]
        add("recompute all, into empty columns / bare SQL aggregates", runs["ratio_first"], GOALS["recompute"])
        add("recompute all, again / bare SQL aggregates", runs["ratio_again"], GOALS["recompute"])
        add("memory of the process", runs["first"]["memory_mb"], GOALS["memory_mb"], " MB")
        add("figures that differ from the bare aggregates", sum(runs["wrong_figures"].values()), 0)
    if "reading" in report:
        add("reading the card, 50,000 documents / 10", report["reading"]["ratio"], GOALS["reading"])
    if "searching" in report:
        ratios = {name: found["ratio"] for name, found in report["searching"].items()}
        worst = max(ratios, key=ratios.get)
        add(f"searching and sorting, slowest ({worst}) / plain indexed column", ratios[worst], GOALS["searching"])
    return rows


def lines(report):
    yield "# What the figures cost"
    yield ""
    yield "Written by `./dev bench figures`; how it is measured: devtools/bench/figures.py; raw: figures.json."
    yield ""
    yield "| what | measured | at most | |"
    yield "| --- | --- | --- | --- |"
    for what, value, goal, met in verdicts(report):
        yield f"| {what} | {value} | {goal} | {'met' if met else 'not met'} |"
    for name, title in {"plain": "step, ms", "on_credit": "step on credit, ms"}.items() if "cycle" in report else ():
        found = report["cycle"][name]
        yield ""
        yield f"| {title} | " + " | ".join(found["totals_ms"]) + " |"
        yield "| --- |" + " --- |" * len(found["totals_ms"])
        for step in STEPS:
            yield f"| {step} | " + " | ".join(str(steps[step]) for steps in found["medians_ms"].values()) + " |"
        yield "| together | " + " | ".join(str(total) for total in found["totals_ms"].values()) + " |"
    if "searching" in report:
        yield ""
        yield f"| searched and sorted, a page of 80 of {report['sizes']['customers']} | ms | / plain, same type |"
        yield "| --- | --- | --- |"
        for name, found in sorted(report["searching"].items(), key=lambda item: item[1]["ratio"]):
            yield f"| {name} | {found['ms']} | {found['ratio']} |"


if __name__ == "__main__":
    raise SystemExit(main())
