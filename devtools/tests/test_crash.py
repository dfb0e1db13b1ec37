"""What a stamping survives: the real server killed, the answer lost, several people at once."""

import json
import signal
import threading
import time
import urllib.request
from contextlib import ExitStack
from urllib.parse import urlsplit

import odoorpc
import pytest

from devtools import ports
from devtools.demo_job import Job
from devtools.odoo import LOGIN, PASSWORD
from devtools.setup import workshop
from devtools.simulator import TEST_NAME, TEST_RFC, simulator

pytestmark = pytest.mark.slow


class Company:
    """An Odoo server that can be killed and started again, and the PAC that it stamps with."""

    def __init__(self, stack, shop, database, pac, folder):
        self._stack, self._shop, self._database, self._folder = stack, shop, database, folder
        address = urlsplit(pac.url)
        self._control = f"{address.scheme}://{address.netloc}/control"
        self.start()
        self._configure(pac)

    def start(self):
        self._port = ports.any_free()
        log = self._folder / f"odoo-{self._port}.log"
        self._server = self._stack.enter_context(self._shop.odoo.serving(self._database, self._port, log))
        self._sessions = {}

    def kill(self):
        self._server.send_signal(signal.SIGKILL)
        self._server.wait(30)

    def rpc(self):
        """A session of the thread that asks, kept as long as the server: checking a password takes most of a second."""
        thread = threading.get_ident()
        if thread not in self._sessions:
            odoo = odoorpc.ODOO("127.0.0.1", port=self._port, timeout=120)
            odoo.login(self._database, LOGIN, PASSWORD)
            self._sessions[thread] = odoo
        return self._sessions[thread]

    def _configure(self, pac):
        job = Job(self.rpc())
        values = {"vat": TEST_RFC, "zip": "42501", "cfdi_legal_name": TEST_NAME, "cfdi_tax_regime": "601"}
        job.env["res.partner"].write([job.company.partner_id.id], values)
        job.configure_issuer(pac.url, pac.csd, pac.password)
        self._customer = job.create_customer()

    def sell(self):
        """A posted invoice, and how many comprobantes the PAC had stamped before it."""
        job = Job(self.rpc())
        order = job.create_order(self._customer)
        return Invoice(self, job.invoice_order(order)), self.pac_state()

    def order(self, **command):
        request = urllib.request.Request(self._control, json.dumps(command).encode())
        urllib.request.urlopen(request, timeout=10).close()

    def pac_state(self):
        """How many comprobantes the PAC has stamped, and how many requests to stamp have reached it."""
        with urllib.request.urlopen(self._control, timeout=10) as answer:
            state = json.load(answer)
        return state["stamped"], state["counters"].get("stamp", 0)


class Invoice:
    def __init__(self, company, identifier):
        self._company, self._identifier = company, identifier

    def stamp(self):
        (result,) = self._company.rpc().env["account.move"].cfdi_stamp([self._identifier])
        return result

    def documents(self):
        domain = [("move_id", "=", self._identifier)]
        return self._company.rpc().env["customer.cfdi"].search_read(domain, ["state", "uuid", "sealed_xml"])


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    with ExitStack() as stack:
        shop = stack.enter_context(workshop())
        database = stack.enter_context(shop.databases.throwaway(shop.databases.addon(), "crash"))
        pac = stack.enter_context(simulator(shop, folder / "pac.log", TEST_RFC, TEST_NAME))
        yield Company(stack, shop, database, pac, folder)


def in_background(function):
    """Call and let go: the server it asks is about to be killed."""

    def call():
        try:
            function()
        except (OSError, odoorpc.error.Error) as error:
            print(f"as expected: {type(error).__name__}")

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def wait_until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_killed_between_sending_and_answer(company):
    """Two documents are on their way when Odoo dies; whatever the PAC did with each, the next run finishes it."""
    # where the PAC is: it has not looked at the document yet, or has stamped it and is about to answer
    invoices = {}
    for fault in ("slow", "slow_answer"):
        invoices[fault], (stamped, asked) = company.sell()
    for number, (fault, invoice) in enumerate(invoices.items(), 1):
        company.order(fault=fault, seconds=10, operation="stamp")
        in_background(invoice.stamp)
        wait_until(lambda sent=asked + number: company.pac_state()[1] == sent, "it is never sent")
    company.kill()
    wait_until(lambda: company.pac_state()[0] == stamped + 2, "the PAC has not stamped them")
    company.start()
    for fault, invoice in invoices.items():
        (before,) = invoice.documents()
        assert (before["state"], before["uuid"]) == ("sent", False), fault
        result = invoice.stamp()
        assert result["state"] == "stamped", result["message"]
        (after,) = invoice.documents()
        assert after["sealed_xml"] == before["sealed_xml"]
        assert after["uuid"] == result["uuid"]
    assert company.pac_state()[0] == stamped + 2


def test_many_at_once_stamp_once(company):
    invoice, (stamped, _asked) = company.sell()
    results = []
    threads = [threading.Thread(target=lambda: results.append(invoice.stamp())) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(results) == len(threads)
    # Who finds the document taken is told so; nobody gets another UUID.
    (document,) = invoice.documents()
    assert document["state"] == "stamped"
    assert {result["uuid"] for result in results} <= {document["uuid"], False}
    assert invoice.stamp()["uuid"] == document["uuid"]
    assert company.pac_state()[0] == stamped + 1
