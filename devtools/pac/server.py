"""HTTP on 127.0.0.1: the SOAP endpoint, its WSDL, and the control of faults."""

from __future__ import annotations

import json
import socket
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import soap, stamping
from .faults import Fault
from .service import Service, UnknownUuid

PATH = "/servicios/soap/stamp"
MAX_BODY = 16 * 1024 * 1024
IDLE_SECONDS = 60


class PacServer(ThreadingHTTPServer):
    """Listens on this machine only."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, service: Service):
        self.service = service
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

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
        if self.path == f"{PATH}.wsdl":
            self._answer(200, soap.wsdl(self.server.address + PATH))
        elif self.path == "/control":
            state = {"counters": service.memory.counters(), "stamped": len(service.memory.stamps())}
            self._json(200, {**service.faults.state(), **state})
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
        elif self.path in (PATH, f"{PATH}.wsdl"):
            self._soap(body)
        else:
            self._json(404, {"error": "not found"})

    def _control(self, body: bytes) -> None:
        try:
            self.server.service.faults.order(json.loads(body))
        except (ValueError, TypeError, AttributeError) as error:
            self._json(400, {"error": str(error)})
        else:
            self._json(200, self.server.service.faults.state())

    def _soap(self, body: bytes) -> None:
        service = self.server.service
        try:
            operation, arguments = soap.read_request(body)
        except soap.BadRequest as error:
            self._answer(500, soap.fault("Client", str(error)))
            return
        service.memory.count(operation)
        fault = service.faults.next(operation)
        if fault.kind:
            service.memory.count(f"fault {fault.kind}")
        if not self._before(fault):
            return
        try:
            result = self._run(operation, arguments, fault)
        except UnknownUuid:
            self._answer(500, soap.fault("Server", "UUID not found"))
        except TypeError as error:
            self._answer(500, soap.fault("Client", f"wrong arguments: {error}"))
        else:
            self._after(operation, result, fault)

    def _run(self, operation: str, arguments: dict, fault: Fault) -> dict:
        service = self.server.service
        if operation == "stamped" and fault.kind == "not_found_yet":
            return service.not_found_yet()
        if operation == "stamp" and fault.kind == "without_xml":
            return service.stamp(**arguments, with_xml=False)
        return getattr(service, operation)(**arguments)

    def _before(self, fault: Fault) -> bool:
        """Faults instead of the work. False when the request has been dealt with."""
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault.kind == "cut_before":
            self._cut()
            return False
        elif fault.kind in ("http_500", "http_503"):
            self._answer(int(fault.kind[-3:]), b"<html>fault on command</html>", "text/html")
            return False
        elif fault.kind == "soap_fault":
            self._answer(500, soap.fault("Server", "fault on command"))
            return False
        return True

    def _after(self, operation: str, result: dict, fault: Fault) -> None:
        """The answer, spoilt if it was so ordered. What was stamped stays stamped."""
        if fault.kind == "slow_answer":
            time.sleep(fault.seconds)
        elif fault.kind == "cut_after":
            self._cut()
            return
        elif fault.kind == "http_500_after":
            self._answer(500, b"<html>fault on command</html>", "text/html")
            return
        elif fault.kind == "garbage":
            self._answer(200, b"<html><body>Mantenimiento &nbsp; programado", "text/html")
            return
        elif fault.kind == "empty":
            self._answer(200, soap.answer(operation, None))
            return
        elif fault.kind in ("wrong_uuid", "wrong_seal") and result.get("xml"):
            spoil = getattr(stamping, fault.kind)
            result = {**result, "xml": spoil(result["xml"].encode()).decode()}
        self._answer(200, soap.answer(operation, result))

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):  # the client may have been faster
            self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, status: int, content: object) -> None:
        self._answer(status, json.dumps(content).encode(), "application/json")

    def _answer(self, status: int, content: bytes, kind: str = "text/xml; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, *_arguments: object) -> None:
        """Quiet: requests carry credentials and documents; the counters tell how many there were."""
