"""Many are stamped at once while everything fails: each gets one UUID, none two, and no folio is lost.

Four processes stamp 1,000 invoices over RPC, some of which they ask for at the same time, on a server of several
processes. The server's processes are killed at random, once all of them at the same moment, and the PAC (the simulator,
a process of its own) fails one request in ten in all the ways that it knows. Whoever lost his answer asks again, as an
integration would; at the end the job of the server finishes what is left. Then everything is counted, here and there.
"""

import argparse
import json
import multiprocessing
import random
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from devtools.demo_job import Job
from devtools.load._server import Integration, Server
from devtools.setup import workshop
from devtools.simulator import TEST_NAME, TEST_RFC, simulator

DOCUMENTS, PROCESSES, TOGETHER, BATCH = 1000, 4, 5, 50
# What a process stamps that is another one's too: both ask for it, and one of them gets it stamped.
SHARED = 0.2
KILL_EVERY = (2.0, 8.0)  # seconds
FAILING = 0.1
FAULTS = (
    "http_500", "http_500_after", "http_503", "soap_fault", "cut_before", "cut_after", "cut_inside", "garbage", "empty",
    "wrong_uuid", "wrong_seal", "without_xml", "not_found_yet",
)  # fmt: skip
ROUNDS = 20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--url")
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    random.seed(options.seed)
    print(f"seed {options.seed}", flush=True)
    with workshop() as shop, ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pac = stack.enter_context(simulator(shop, folder / "pac.log", TEST_RFC, TEST_NAME))
        server = Server(shop, options.db, folder, stack)
        invoices = prepare(server, pac, options.documents)
        address = urlsplit(pac.url)
        control = Control(f"{address.scheme}://{address.netloc}/control")
        control.order(rate=FAILING, among=FAULTS, seed=options.seed)
        answers, kills, seconds = stamp_all(server, invoices)
        under_fire = (
            server.rpc().env["account.move"].search_count([("id", "in", invoices), ("cfdi_state", "=", "stamped")])
        )
        rounds = finish(server, invoices)
        problems = compare(server, control, invoices)
        asked = control.state()["counters"].get("stamp", 0)
    print(
        f"{len(invoices)} invoices, {PROCESSES} processes, {seconds:.1f} s, {len(invoices) / seconds:.1f} a second;"
        f" answers {dict(answers)}; {kills} kills; the PAC was asked to stamp {asked} times;"
        f" stamped under fire: {under_fire}; rounds of the job until all were: {rounds}",
        flush=True,
    )
    for problem in problems:
        print(f"WRONG: {problem}", flush=True)
    if not problems:
        print(f"{len(invoices)} UUIDs, none twice at the PAC, none lost, folios whole", flush=True)
    return 1 if problems else 0


class Control:
    """The PAC's other door: what it suffers, and what it has stamped."""

    def __init__(self, address):
        self._address = address

    def order(self, **command):
        request = urllib.request.Request(self._address, json.dumps(command).encode())
        urllib.request.urlopen(request, timeout=10).close()

    def state(self):
        with urllib.request.urlopen(self._address, timeout=10) as answer:
            return json.load(answer)

    def stamps(self):
        with urllib.request.urlopen(f"{self._address}/stamps", timeout=60) as answer:
            return json.load(answer)


def prepare(server, pac, count):
    """An issuer, a customer, and posted invoices. :return: their ids"""
    job = Job(server.rpc())
    values = {"vat": TEST_RFC, "zip": "42501", "cfdi_legal_name": TEST_NAME, "cfdi_tax_regime": "601"}
    job.env["res.partner"].write([job.company.partner_id.id], values)
    job.configure_issuer(pac.url, pac.csd, pac.password)
    customer = job.create_customer()
    product = job.env["product.product"].create(
        {"name": "Silla de oficina", "type": "consu", "cfdi_product_code": "56112102", "list_price": 1000.0}
    )
    moves = job.env["account.move"]
    invoices = []
    while len(invoices) < count:
        batch = [
            {
                "move_type": "out_invoice",
                "partner_id": customer,
                "invoice_line_ids": [(0, 0, {"product_id": product, "quantity": 1 + (len(invoices) + n) % 7})],
            }
            for n in range(min(BATCH, count - len(invoices)))
        ]
        created = moves.create(batch)
        moves.action_post(created)
        invoices += created
    return invoices


def stamp_all(server, invoices):
    """:return: (answers counted, how many kills, seconds)"""
    answers = multiprocessing.Queue()
    shared = random.sample(invoices, int(len(invoices) * SHARED))
    start = time.perf_counter()
    workers = [
        multiprocessing.Process(
            target=stamp, args=(server.port, server.database, mixed(invoices[n::PROCESSES], shared), answers)
        )
        for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    kills = 0
    while any(worker.is_alive() for worker in workers):
        time.sleep(random.uniform(*KILL_EVERY))
        kills += 1
        if kills == 4:
            server.kill_all()
        else:
            server.kill_one()
    counted = Counter()
    for _worker in workers:
        counted.update(answers.get())
    for worker in workers:
        worker.join()
    return counted, kills, time.perf_counter() - start


def mixed(own, shared):
    together = list(dict.fromkeys([*own, *shared]))
    random.shuffle(together)
    return together


def stamp(port, database, invoices, answers):
    """Stamp a few at a time; what has another answer than a lost connection is left."""
    integration = Integration(port, database)
    for first in range(0, len(invoices), TOGETHER):
        ids = invoices[first : first + TOGETHER]
        results = integration.ask(lambda odoo, ids: odoo.env["account.move"].cfdi_stamp(ids), ids)
        integration.counted.update(result["state"] for result in results or ())
    answers.put(integration.counted)


def finish(server, invoices):
    """Have the job finish what is left, the PAC failing as before. :return: how many rounds that took"""
    for number in range(ROUNDS):
        odoo = server.rpc()
        left = odoo.env["account.move"].search([("id", "in", invoices), ("cfdi_state", "!=", "stamped")])
        if not left:
            return number
        # What never came to be sealed is asked for; what is sealed or in doubt is the job's, which is told to come now.
        odoo.env["account.move"].cfdi_stamp(left[:BATCH])
        job = odoo.env.ref("l10n_mx_customer.ir_cron_cfdi_sending")
        odoo.env["ir.cron"].method_direct_trigger([job.id])
    return ROUNDS


def compare(server, control, invoices):
    """:return: what is not as it should be, in words"""
    odoo = server.rpc()
    documents = odoo.env["customer.cfdi"].search_read(
        [("move_id", "in", invoices)], ["move_id", "state", "uuid", "series", "folio"]
    )
    stamped = [document for document in documents if document["state"] == "stamped"]
    uuids = Counter(document["uuid"] for document in stamped)
    there = Counter(stamp["uuid"] for stamp in control.stamps())
    prints = Counter(stamp["fingerprint"] for stamp in control.stamps())
    by_move = Counter(document["move_id"][0] for document in stamped)
    folios = sorted(int(document["folio"]) for document in stamped)
    expected = list(range(folios[0], folios[0] + len(invoices))) if folios else []
    checks = {
        f"{len(stamped)} of {len(invoices)} invoices are stamped": len(stamped) != len(invoices),
        f"invoices with two UUIDs: {sum(count > 1 for count in by_move.values())}": max(by_move.values(), default=0)
        > 1,
        f"UUIDs of two invoices: {sum(count > 1 for count in uuids.values())}": max(uuids.values(), default=0) > 1,
        f"stamped there and not here: {sorted(there.keys() - uuids.keys())[:5]}": there.keys() - uuids.keys(),
        f"stamped here and not there: {sorted(uuids.keys() - there.keys())[:5]}": uuids.keys() - there.keys(),
        "a comprobante has two timbres": max(prints.values(), default=0) > 1,
        f"the folios are not whole: {len(folios)} of {len(expected)}": folios != expected,
        f"series: { {document['series'] for document in stamped} }": len({d["series"] for d in stamped}) > 1,
    }
    return [text for text, wrong in checks.items() if wrong]


if __name__ == "__main__":
    raise SystemExit(main())
