"""What the figures cost: the order cycle with this addon against the same Odoo without it, by turns in one run.

A cycle is what a sale goes through, one commit a step: create, confirm, invoice, post, pay. Each turn does some cycles
on one database and then on the other, each in a process of its own; medians of all the turns count.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from devtools.setup import workshop

TURNS, CYCLES = 4, 25
STEPS = ("create", "confirm", "invoice", "post", "pay")
GOAL = 1.10

CYCLE = """
import json, time
from odoo import Command

company = env.company
if company.chart_template != "mx":
    company.country_id = env.ref("base.mx")
    env["account.chart.template"].try_loading("mx", company, install_demo=False)
product = env["product.product"].create({"name": "Silla", "list_price": 1000.0, "invoice_policy": "order"})
values = {"customer_rank": 1, "is_company": True, "zip": "06000", "country_id": env.ref("base.mx").id}
customers = env["res.partner"].create([{"name": f"Cliente {n}", **values} for n in range(5)])
env.cr.commit()
seconds = {step: [] for step in %(steps)r}

def timed(step, work):
    start = time.perf_counter()
    result = work()
    env.cr.commit()
    seconds[step].append(time.perf_counter() - start)
    env.invalidate_all()
    return result

def create(customer):
    lines = [Command.create({"product_id": product.id, "product_uom_qty": qty}) for qty in (1, 2, 3)]
    return env["sale.order"].create({"partner_id": customer.id, "order_line": lines})

def pay(invoice):
    return env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    ).create({})._create_payments()

for n in range(%(cycles)d + 2):
    if n == 2:  # what is loaded once is not what is measured
        seconds = {step: [] for step in seconds}
    order = timed("create", lambda: create(customers[n %% 5]))
    timed("confirm", order.action_confirm)
    invoice = timed("invoice", order._create_invoices)
    timed("post", invoice.action_post)
    timed("pay", lambda: pay(invoice))
    assert order.invoice_ids.payment_state in ("paid", "in_payment"), order.invoice_ids.payment_state
open(%(answer)r, "w").write(json.dumps(seconds))
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db")
    parser.add_argument("--url")
    parser.parse_args()
    seconds = {name: {step: [] for step in STEPS} for name in ("without", "with")}
    with workshop() as shop, tempfile.TemporaryDirectory() as folder:
        databases = shop.databases
        with (
            databases.throwaway(databases.deps(), "figures_without") as without,
            databases.throwaway(databases.addon(), "figures_with") as with_addon,
        ):
            for _turn in range(TURNS):
                for name, database in {"without": without, "with": with_addon}.items():
                    for step, values in cycle(shop, database, Path(folder)).items():
                        seconds[name][step] += values
    medians = {
        name: {step: statistics.median(values) * 1000 for step, values in steps.items()}
        for name, steps in seconds.items()
    }
    for step in STEPS:
        print(f"{step:8} {medians['without'][step]:6.1f} {medians['with'][step]:6.1f} ms")
    totals = {name: sum(steps.values()) for name, steps in medians.items()}
    ratio = totals["with"] / totals["without"]
    print(f"{'cycle':8} {totals['without']:6.1f} {totals['with']:6.1f} ms: {ratio:.3f} (goal: {GOAL})")
    return 0 if ratio <= GOAL else 1


def cycle(shop, database, folder):
    answer = folder / "seconds"
    log = folder / "log"
    if shop.odoo.shell(database, CYCLE % {"steps": STEPS, "cycles": CYCLES, "answer": str(answer)}, log):
        raise SystemExit(log.read_text(errors="replace"))
    return json.loads(answer.read_text())


if __name__ == "__main__":
    raise SystemExit(main())
