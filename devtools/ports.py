"""Free ports on this machine."""

import socket

from .errors import DevError

PREFERRED = 8069


def is_free(port):
    with socket.socket() as probe:
        # as the server will do it: a port in TIME_WAIT is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def any_free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def choose(asked=None, preferred=PREFERRED):
    """The port to serve on: the one asked for or an error; without, the preferred one or the next that is free."""
    if asked:
        if not is_free(asked):
            raise DevError(f"port {asked} cannot be used (taken, or not allowed): choose another with --port")
        return asked
    for port in range(preferred, preferred + 100):
        if is_free(port):
            return port
    return any_free()
