"""Processes that take turns: a machine is not equally fast in two minutes, so what is compared runs alternately."""

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor

START_TIMEOUT = 600  # seconds


def take_turns(path, runs, turns):
    """Run functions side by side, of which one works at a time, round by round.

    :param path: of a socket, for them
    :param runs: functions without arguments, each of which calls ``turns_of(path)`` in some process
    :param int turns: how many each has
    :return: their answers
    """
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(len(runs)) as pool:
        server.bind(str(path))
        server.listen(len(runs))
        server.settimeout(START_TIMEOUT)
        answers = [pool.submit(run) for run in runs]
        with contextlib.ExitStack() as stack:
            lines = []
            for _run in runs:
                connection = stack.enter_context(server.accept()[0])
                connection.settimeout(None)
                lines.append(stack.enter_context(connection.makefile("rw")))
            _give_turns(lines, turns)
        return [answer.result() for answer in answers]


def _give_turns(lines, turns):
    for _turn in range(turns):
        for line in lines:
            line.write("go\n")
            line.flush()
            if not line.readline():
                return  # it has ended, and its answer says why


def turns_of(path):
    """In a process: an iterator that waits for each turn, and gives it back when the next one is asked for."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        with connection.makefile("rw") as lines:
            for number, _go in enumerate(lines):
                yield number
                lines.write("done\n")
                lines.flush()
