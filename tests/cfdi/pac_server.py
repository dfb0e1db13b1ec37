"""Servers that are worse than the simulator, or that say what it does not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class BadServer:
    """url: without path. requests: what it has read, whole, in order."""

    def __init__(self, url: str):
        self.url = url
        self.requests: list[bytes] = []


@contextmanager
def bad_server(*answers: bytes) -> Iterator[BadServer]:
    """A server that reads a request, says the next of `answers` (the last one for ever), and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = BadServer(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve():
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                data = _request(connection)
                if data:
                    server.requests.append(data)
                    connection.sendall(answers[min(len(server.requests), len(answers)) - 1])

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        # accept() would go on in the thread after close() alone
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def http_answer(status: str, body: bytes = b"", headers: str = "") -> bytes:
    # it hangs up: a client that keeps the connection would find out too late now and then
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


def json_answer(content: Any, status: str = "200 OK", headers: str = "") -> bytes:
    return http_answer(status, json.dumps(content).encode(), f"Content-Type: application/json\r\n{headers}")


def _request(connection: socket.socket) -> bytes:
    """Headers and body: of a known length, or in chunks."""
    data = b""
    while not _whole(data) and (received := connection.recv(65536)):
        data += received
    return data


def _whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(headers.get(b"content-length", b"0"))
