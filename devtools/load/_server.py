import http.client
import random
import signal
import time
from collections import Counter

import odoorpc
import psutil

from devtools import ports
from devtools.odoo import LOGIN, PASSWORD

WORKERS = 4


class Server:
    """The real Odoo in several processes, which can be killed."""

    def __init__(self, shop, database, folder, stack):
        self.database, self.port = database, ports.any_free()
        self._shop, self._folder, self._stack = shop, folder, stack
        self.start()

    def start(self):
        log = self._folder / f"odoo-{time.monotonic_ns()}.log"
        self._process = self._stack.enter_context(
            self._shop.odoo.serving(self.database, self.port, log, f"--workers={WORKERS}", "--max-cron-threads=1")
        )

    def rpc(self):
        odoo = odoorpc.ODOO("127.0.0.1", port=self.port, timeout=300)
        odoo.login(self.database, LOGIN, PASSWORD)
        return odoo

    def memory(self):
        """:return: {process id: bytes}, of the processes that answer"""
        return {child.pid: child.memory_info().rss for child in psutil.Process(self._process.pid).children()}

    def kill_one(self):
        workers = psutil.Process(self._process.pid).children()
        if workers:
            random.choice(workers).send_signal(signal.SIGKILL)

    def kill_all(self):
        """As when the machine loses its power: nothing is finished, nothing is told."""
        for process in [*psutil.Process(self._process.pid).children(recursive=True), self._process]:
            process.send_signal(signal.SIGKILL)
        self._process.wait(30)
        self.start()


class Integration:
    """Who works over RPC while the server's processes are killed: what has lost its connection is asked for again.

    counted: "refused" and "connection lost", and what its user counts.
    """

    def __init__(self, port, database):
        self.counted = Counter()
        self._port, self._database, self._odoo = port, database, None

    def ask(self, work, *args):
        """:return: the answer of ``work(odoo, *args)``; None where it was refused, which is printed"""
        while True:
            try:
                if self._odoo is None:
                    self._odoo = odoorpc.ODOO("127.0.0.1", port=self._port, timeout=300)
                    self._odoo.login(self._database, LOGIN, PASSWORD)
                return work(self._odoo, *args)
            except odoorpc.error.RPCError as error:  # noqa: PERF203 - it asks until there is an answer
                self.counted["refused"] += 1
                print(str(error)[:500], flush=True)
                return None
            except (OSError, http.client.HTTPException):
                # The process that answered was killed, or is not back yet.
                self.counted["connection lost"] += 1
                self._odoo = None
                time.sleep(0.5)
