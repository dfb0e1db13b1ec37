"""Many sell at once: no request fails for a figure, and every figure is exact at the end.

Eight processes confirm 2,000 sales over RPC, on a server of several processes: all of one customer, then of fifty by
turns. Then the same while the server's processes are killed at random, once all of them at the same moment. What is
compared at the end is what is stored, found by searching, with the sums of the sales themselves; customers who are left
to the job (a process was killed, or who sells does not wait for a long history) are counted, and compared after it.
"""

import argparse
import multiprocessing
import random
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from devtools.load._server import Integration, Server
from devtools.setup import workshop

PROCESSES, CONFIRMATIONS, CUSTOMERS = 8, 2000, 50
PRICE = 100.0
KILL_EVERY = (0.5, 3.0)  # seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--url")
    parser.add_argument("--confirmations", type=int, default=CONFIRMATIONS)
    options = parser.parse_args()
    with workshop() as shop, ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        server = Server(shop, options.db, Path(folder), stack)
        right = [
            run(server, "one customer", 1, options.confirmations),
            run(server, f"{CUSTOMERS} customers", CUSTOMERS, options.confirmations),
            run(server, "one customer, processes killed", 1, options.confirmations // 4, kill=True),
            run(server, f"{CUSTOMERS} customers, processes killed", CUSTOMERS, options.confirmations // 4, kill=True),
        ]
    return 0 if all(right) else 1


def run(server, name, customer_count, confirmations, kill=False):
    odoo = server.rpc()
    customers = odoo.env["res.partner"].create(
        [{"name": f"{name} {n}", "customer_rank": 1} for n in range(customer_count)]
    )
    customers = customers if isinstance(customers, list) else [customers]
    product = odoo.env["product.product"].create({"name": "Servicio de carga", "type": "service"})
    line = {"product_id": product, "price_unit": PRICE, "tax_ids": [(5,)]}
    orders = []
    while len(orders) < confirmations:
        batch = [
            {"partner_id": customers[(len(orders) + n) % customer_count], "order_line": [(0, 0, line)]}
            for n in range(50)
        ]
        orders += odoo.env["sale.order"].create(batch)
    answers = multiprocessing.Queue()
    start = time.perf_counter()
    workers = [
        multiprocessing.Process(target=confirm, args=(server.port, server.database, orders[n::PROCESSES], answers))
        for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    kills = 0
    while kill and any(worker.is_alive() for worker in workers):
        time.sleep(random.uniform(*KILL_EVERY))
        kills += 1
        if kills == 4:
            server.kill_all()
        else:
            server.kill_one()
    results = Counter()
    for _worker in workers:
        results.update(answers.get())
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - start
    wrong, waiting = compare(server, customers)
    print(
        f"{name}: {len(orders)} sales, {PROCESSES} processes, {seconds:.1f} s, {len(orders) / seconds:.1f} a second;"
        f" answers {dict(results)}; {kills} kills; customers with a wrong figure: {wrong};"
        f" left to the job: {waiting}",
        flush=True,
    )
    return not wrong and not results["refused"]


def confirm(port, database, orders, answers):
    """Confirm sales; one whose connection broke is asked for again, as an integration would."""
    integration = Integration(port, database)
    for order in orders:
        integration.counted["confirmed"] += bool(integration.ask(confirm_once, order))
    answers.put(integration.counted)


def confirm_once(odoo, order):
    [state] = odoo.env["sale.order"].read([order], ["state"])
    if state["state"] == "draft":
        odoo.env["sale.order"].action_confirm([order])
    return True


def compare(server, customers):
    """:return: how many customers have a stored figure that is not the sum of their sales, and how many were waiting"""
    odoo = server.rpc()
    partners = odoo.env["res.partner"]
    waiting = 0
    sales = {}
    for order in odoo.env["sale.order"].search_read(
        [("partner_id", "in", customers), ("state", "=", "sale")], ["partner_id", "amount_total", "date_order"]
    ):
        sales.setdefault(order["partner_id"][0], []).append(order)
    wrong = 0
    for _turn in range(2):
        wrong = 0
        for customer in customers:
            total = sum(order["amount_total"] for order in sales.get(customer, []))
            dates = [order["date_order"] for order in sales.get(customer, [])]
            expected = [
                ("id", "=", customer),
                ("receivable_balance", "=", total),
                ("sold_authorized", "=", total),
                ("pending_sale_count", "=", len(dates)),
                ("last_sale_date", "=", max(dates, default=False)),
                ("first_sale_date", "=", min(dates, default=False)),
            ]
            wrong += not partners.search_count(expected)
            [card] = partners.read([customer], ["receivable_balance"])
            if card["receivable_balance"] != total:
                raise SystemExit(f"what is read is wrong: {card['receivable_balance']} and not {total}")
        if not wrong:
            break
        waiting = wrong
        cron = odoo.env.ref("l10n_mx_customer.ir_cron_refresh_figures")
        odoo.env["ir.cron"].method_direct_trigger([cron.id])
    return wrong, waiting


if __name__ == "__main__":
    raise SystemExit(main())
