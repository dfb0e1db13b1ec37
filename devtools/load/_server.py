import random
import signal
import time

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
