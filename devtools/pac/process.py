"""Running the simulator from a program: tests, demonstrations, load. Standard library only."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 60
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Whatever proxy the environment names, this machine is reached without it."""


class Simulator:
    """A simulator that runs, and its control.

    url: without path, as `Finkok` takes it. wsdl: address of its description.
    """

    def __init__(self, process: subprocess.Popen, wsdl: str):
        self.process, self.wsdl = process, wsdl
        self.url = wsdl.partition("/servicios")[0]

    def fault(self, kind: str, **details: Any) -> None:
        """Order a fault for the next request: see `faults`."""
        self.control(fault=kind, **details)

    def control(self, **command: Any) -> dict[str, Any]:
        """POST /control. :raises urllib.error.HTTPError: it does not know that command."""
        request = urllib.request.Request(f"{self.url}/control", json.dumps(command).encode(), method="POST")
        with _DIRECT.open(request, timeout=10) as answer:
            return json.load(answer)

    def state(self) -> dict[str, Any]:
        return self._get("/control")

    def stamps(self) -> list[dict[str, str]]:
        """Every timbre that it has given."""
        return self._get("/control/stamps")

    def receiver(self, what: str, uuid: str = "") -> None:
        """The receiver of a CFDI "waits", "accepts", "rejects", or follows the "rule": see `cancelling`."""
        self.control(receiver=what, **({"uuid": uuid} if uuid else {}))

    def wait_until_down(self, seconds: float = 5) -> None:
        """:raises TimeoutError: it still takes connections, though it was told to be down."""
        self._wait(False, seconds)

    def wait_until_up(self, seconds: float = 15) -> None:
        """:raises TimeoutError: it does not take connections again."""
        self._wait(True, seconds)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self.process.kill()
        self.process.wait(10)

    def _wait(self, up: bool, seconds: float) -> None:
        host, port = self.url.rpartition("/")[2].split(":")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with socket.socket() as client:
                if (client.connect_ex((host, int(port))) == 0) is up:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"the simulator is not {'up' if up else 'down'} after {seconds} s")

    def _get(self, path: str) -> Any:
        with _DIRECT.open(self.url + path, timeout=10) as answer:
            return json.load(answer)


@contextmanager
def running(folder: Path, *options: str, python: str = sys.executable, port: int = 0) -> Iterator[Simulator]:
    """A simulator with its memory in `folder`, ended when the block ends.

    :raises RuntimeError: it did not start; the message has what it said.
    """
    command = [python, "-m", "devtools.pac", "--port", str(port), "--folder", str(folder), *options]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    errors: list[str] = []
    first: queue.Queue[str] = queue.Queue()
    # both pipes are read to the end, or a talkative process would stop when one is full
    readers = [
        threading.Thread(target=lambda: errors.extend(process.stderr), daemon=True),
        threading.Thread(target=_first_line, args=(process, first), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        try:
            line = first.get(timeout=START_SECONDS)
        except queue.Empty:
            line = ""
        if not line.startswith("listening on "):
            process.kill()
            process.wait(10)
            readers[0].join(5)
            raise RuntimeError(f"the PAC simulator did not start: {''.join(errors).strip() or line or 'no answer'}")
        yield Simulator(process, line.split()[-1])
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        for reader in readers:
            reader.join(5)
        process.stdout.close()
        process.stderr.close()


def _first_line(process: subprocess.Popen, first: queue.Queue[str]) -> None:
    first.put(process.stdout.readline())
    for _line in process.stdout:
        pass
