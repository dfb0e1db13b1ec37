"""The credit gate over RPC: can many pass one limit at the same instant, and what does a passage cost?

Eight processes confirm a sale each of the same customer at the same instant; the limit holds two of them. Two must
pass in every round, never three: 200 rounds. Then the time of a confirmation with the gate and without it, by turns.
The figures are printed and written to docs/bench/gate.json.
"""

import argparse
import json
import multiprocessing
import statistics
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import odoorpc

from devtools.home import REPOSITORY
from devtools.odoo import LOGIN, PASSWORD

PROCESSES, ROUNDS, TURNS = 8, 200, 100
AMOUNT, FIT = 400.0, 2
LIMIT = AMOUNT * FIT + AMOUNT / 2
REPORT = REPOSITORY / "docs/bench/gate.json"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args()
    odoo = connect(options)
    figures = race(odoo, options) | times(odoo)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    exact = figures["passed_a_round"] == {str(FIT): options.rounds}
    return 0 if exact and not figures["failed"] else 1


def connect(options):
    address = urlsplit(options.url)
    odoo = odoorpc.ODOO(address.hostname, port=address.port, timeout=300)
    odoo.login(options.db, LOGIN, PASSWORD)
    return odoo


def race(odoo, options):
    set_gate(odoo, True)
    product = make_product(odoo)
    barrier = multiprocessing.Barrier(PROCESSES + 1)
    rounds, answers = multiprocessing.Queue(), multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=confirm_in_turns, args=(options, rounds, barrier, answers), daemon=True)
        for _number in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    customers = make_customers(odoo, options.rounds, "Carrera")
    passed, results, seconds = Counter(), Counter(), []
    for number, customer in enumerate(customers, 1):
        orders = make_orders(odoo, customer, product, PROCESSES)
        for order in orders:
            rounds.put(order)
        barrier.wait()
        found = [answers.get() for _worker in workers]
        seconds += [taken for _result, taken in found]
        results.update(result for result, _taken in found)
        states = odoo.env["sale.order"].read(orders, ["state"])
        passed[str(sum(order["state"] == "sale" for order in states))] += 1
        if number % 20 == 0:
            print(f"{number} rounds: sales passed a round {dict(passed)}, answers {dict(results)}", flush=True)
    for _worker in workers:
        rounds.put(None)
    barrier.wait()
    for worker in workers:
        worker.join()
    return {
        "processes": PROCESSES,
        "rounds": options.rounds,
        "fit_in_the_limit": FIT,
        "passed_a_round": dict(passed),
        "confirmed": results["confirmed"],
        "refused": results["refused"],
        "failed": results["failed"],
        "median_answer_in_the_race_ms": round(statistics.median(seconds) * 1000),
    }


def confirm_in_turns(options, rounds, barrier, answers):
    odoo = connect(options)
    while True:
        barrier.wait()
        order = rounds.get()
        if order is None:
            return
        start = time.perf_counter()
        try:
            odoo.env["sale.order"].action_confirm([order])
            result = "confirmed"
        except odoorpc.error.RPCError as error:
            refused = error.info.get("data", {}).get("name") == "odoo.exceptions.UserError"
            result = "refused" if refused else "failed"
        answers.put((result, time.perf_counter() - start))


def times(odoo):
    """Medians of a confirmation, of a customer with a limit and with a term, gate on and off by turns."""
    product = make_product(odoo)
    (customer,) = make_customers(odoo, 1, "Medida", limit=AMOUNT * TURNS * 10)
    orders = make_orders(odoo, customer, product, TURNS * 2 + 2)
    seconds = {True: [], False: []}
    for index, order in enumerate(orders):
        gate = index % 2 == 0
        set_gate(odoo, gate)
        start = time.perf_counter()
        odoo.env["sale.order"].action_confirm([order])
        if index > 1:  # the first ones warm up
            seconds[gate].append(time.perf_counter() - start)
    set_gate(odoo, True)
    medians = {gate: statistics.median(values) for gate, values in seconds.items()}
    return {
        "median_confirmation_with_gate_ms": round(medians[True] * 1000, 1),
        "median_confirmation_without_gate_ms": round(medians[False] * 1000, 1),
        "ratio": round(medians[True] / medians[False], 3),
    }


def set_gate(odoo, on):
    company = odoo.env["res.users"].read([odoo.env.uid], ["company_id"])[0]["company_id"][0]
    odoo.env["res.company"].write([company], {"customer_credit_gate": on})


def make_product(odoo):
    return odoo.env["product.product"].create({"name": "Servicio de la medida", "type": "service"})


def make_customers(odoo, count, name, limit=LIMIT):
    values = {"customer_rank": 1, "credit_limit": limit, "credit_days": 30}
    return odoo.env["res.partner"].create([{**values, "name": f"{name} {number}"} for number in range(count)])


def make_orders(odoo, customer, product, count):
    line = {"product_id": product, "price_unit": AMOUNT, "tax_ids": [(5,)]}
    values = {"partner_id": customer, "order_line": [(0, 0, line)]}
    return odoo.env["sale.order"].create([values] * count)


if __name__ == "__main__":
    raise SystemExit(main())
