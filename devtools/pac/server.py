"""HTTP on 127.0.0.1: the protocols' endpoints, and the control of faults."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import consulta, finkok, solucion_factible, sw
from .faults import Fault
from .service import Service
from .stamping import LEGEND
from .wire import JSON, BadRequest, Call, Request, Response

PROTOCOLS = (finkok, consulta, solucion_factible, sw)
MAX_BODY = 16 * 1024 * 1024
IDLE_SECONDS = 60
_PAGE = "text/html"


class PacServer(ThreadingHTTPServer):
    """Listens on this machine only. down_for: seconds that nobody shall listen, once it has been shut down."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, service: Service):
        self.service = service
        self.down_for = 0.0
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self, seconds: float = 0) -> None:
        """End `serve_forever`, from any thread. :param seconds: after which it shall listen again"""
        self.down_for = seconds
        # shutdown() waits for the loop that may be waiting for us
        threading.Thread(target=self.shutdown).start()

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is not news; anything else is printed by the base class."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "PacSimulator"
    sys_version = ""
    timeout = IDLE_SECONDS
    # one segment per answer: header and body are written apart, and would wait for each other's ACK
    wbufsize = -1
    server: PacServer

    def do_GET(self) -> None:
        service = self.server.service
        description = finkok.description(self.path, self.server.address)
        if description is not None:
            self._answer(Response(description))
        elif self.path == "/":
            self._answer(Response(f"{LEGEND}.\n".encode(), kind="text/plain; charset=utf-8"))
        elif self.path == "/control":
            self._json(200, service.state())
        elif self.path == "/control/stamps":
            self._json(200, service.memory.stamps())
        else:
            self._json(404, {"error": "not found"})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            self._json(413 if length > MAX_BODY else 411, {"error": "a body of known and sensible length is needed"})
            return
        body = self.rfile.read(length)
        if self.path == "/control":
            self._control(body)
            return
        request = Request(self.command, self.path, self.headers, body)
        try:
            call = next(filter(None, (protocol.call(self.server.service, request) for protocol in PROTOCOLS)), None)
        except BadRequest as error:
            self._answer(error.response)
            return
        if call is None:
            self._json(404, {"error": "not found"})
        else:
            self._serve(call)

    def _control(self, body: bytes) -> None:
        try:
            command = json.loads(body)
            down = float(command.pop("down", 0))
            state = self.server.service.order(command) if command or not down else self.server.service.state()
        except (ValueError, TypeError, AttributeError) as error:
            self._json(400, {"error": str(error)})
            return
        self.close_connection = bool(down)
        self._json(200, state)
        if down:
            self.server.stop(down)

    def _serve(self, call: Call) -> None:
        service = self.server.service
        service.memory.count(call.operation)
        fault = service.faults.next(call.operation, call.protocol)
        if fault.kind:
            service.memory.count(f"fault {fault.kind}")
        if self._before(call, fault):
            with service.refusing(fault.code):
                response = call.run(fault.kind)
            self._after(response, fault)

    def _before(self, call: Call, fault: Fault) -> bool:
        """Faults instead of the work. False when the request has been dealt with."""
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault.kind == "cut_before":
            self._cut()
            return False
        elif fault.kind in ("http_500", "http_503"):
            self._answer(Response(b"<html>fault on command</html>", int(fault.kind[-3:]), _PAGE))
            return False
        elif fault.kind == "soap_fault":
            self._answer(call.fault("fault on command"))
            return False
        return True

    def _after(self, response: Response, fault: Fault) -> None:
        """The answer, spoilt if it was so ordered. What was done stays done."""
        if fault.kind == "slow_answer":
            time.sleep(fault.seconds)
        elif fault.kind == "cut_after":
            self._cut()
            return
        elif fault.kind == "http_500_after":
            response = Response(b"<html>fault on command</html>", 500, _PAGE)
        elif fault.kind == "garbage":
            response = Response(b"<html><body>Mantenimiento &nbsp; programado", 200, _PAGE)
        elif fault.kind == "cut_inside":
            self.close_connection = True
            self._answer(response, promised=len(response.content) + 1000)
            self._cut()
            return
        self._answer(response)

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client may have been faster
            self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, status: int, content: object) -> None:
        self._answer(Response(json.dumps(content).encode(), status, JSON))

    def _answer(self, response: Response, promised: int | None = None) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(promised or len(response.content)))
        self.end_headers()
        self.wfile.write(response.content)
        self.wfile.flush()

    def log_message(self, *_arguments: object) -> None:
        """Quiet: requests carry credentials and documents; the counters tell how many there were."""
