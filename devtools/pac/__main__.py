"""The PAC simulator as a command: it runs until it is told to stop, and remembers in its folder.

    python -m devtools.pac --port 8400 --folder DIR                     CSDs of `python -m devtools.csd --folder DIR`
    python -m devtools.pac --port 8400 --folder DIR --any-authority     any CSD: the sandbox of a company without PAC

What it stamps has no legal value, and says so in each timbre. Faults: see `faults`; cancelling: see `cancelling`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from cryptography import x509

from .. import csd
from .faults import Faults
from .finkok import PATH
from .memory import Memory
from .resources import schema
from .server import PacServer
from .service import Account, Service
from .stamping import LEGEND


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.pac", description="A PAC without legal value.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True, help="where it keeps its memory and its certificate")
    parser.add_argument(
        "--authority",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="who signs the CSDs that it accepts; by default the authority of the folder. May be repeated",
    )
    parser.add_argument(
        "--any-authority", action="store_true", help="accept CSDs whoever signed them: real ones of a company, to try"
    )
    parser.add_argument("--username", default="simulador")
    parser.add_argument("--password", default="simulador")
    options = parser.parse_args(arguments)

    sat = csd.ensure_sat(options.folder)
    paths = options.authority or [options.folder / "authority.pem"]
    try:
        authorities = (
            None if options.any_authority else [x509.load_pem_x509_certificate(path.read_bytes()) for path in paths]
        )
    except (OSError, ValueError) as error:
        print(f"cannot read the authority: {error}", file=sys.stderr)
        return 2
    memory = Memory(options.folder / "pac.sqlite")
    service = Service(Account(options.username, options.password), authorities, sat, memory, Faults())
    schema()  # a third of a second: better now than in the first request
    try:
        server = PacServer(options.port, service)
    except OSError as error:
        print(f"cannot listen on port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    ended = threading.Event()

    def end(*_arguments: object) -> None:
        ended.set()
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    print(f"listening on {server.address}{PATH}stamp.wsdl", flush=True)
    print(LEGEND, flush=True)
    while True:
        server.serve_forever(poll_interval=0.1)
        server.server_close()
        if not server.down_for or ended.wait(server.down_for):
            memory.close()
            return 0
        server = PacServer(server.server_address[1], service)


if __name__ == "__main__":
    raise SystemExit(main())
