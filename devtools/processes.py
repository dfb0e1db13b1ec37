"""Child processes: each has its own process group, ends with us, and its output is kept in a file."""

import contextlib
import ctypes
import errno
import os
import signal
import subprocess
import threading
import time

from .errors import DevError, disk_full

_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
_alive = set()
_stopping = threading.Event()


def die_with_parent():
    """In the child, before exec: ask the kernel to end it if this process dies without a chance to do it (Linux)."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process, grace=5):
    """End a process and every process of its group; SIGKILL after `grace` seconds."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # the rest of the group, or a process that would not listen
    process.wait()


@contextlib.contextmanager
def running(args, **options):
    """A background process for the length of a block."""
    if _stopping.is_set():
        raise DevError("interrupted")
    process = subprocess.Popen(
        [str(arg) for arg in args],
        start_new_session=True,
        preexec_fn=die_with_parent,
        stdin=subprocess.DEVNULL,
        **options,
    )
    _alive.add(process)
    try:
        yield process
    finally:
        _alive.discard(process)
        stop(process)


def stop_all():
    """End the children of every thread, and let no new one begin; each thread then sees that its child has ended."""
    _stopping.set()
    for process in list(_alive):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)


def run(args, log, *, env=None, cwd=None, append=False):
    """Run to the end with the output in the file `log`; return the exit status (negative: killed by a signal)."""
    with (
        open(log, "ab" if append else "wb") as output,
        running(args, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd) as process,
    ):
        return process.wait()


def check(args, log, what, **options):
    """Run to the end or raise one line that says what failed, why (the most telling line of the log), and where."""
    status = run(args, log, **options)
    if status:
        reason = last_words(log)
        if os.strerror(errno.ENOSPC) in reason:
            raise DevError(disk_full())
        raise DevError(f"{what} failed: {reason or f'exit status {status}'} (whole output: {log})")


def last_words(log):
    """The line of a log that most likely tells what went wrong, without apt's or Odoo's decorations."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for start in ("E: ", "ERROR: ", "FATAL", "OSError", "psycopg2"):
        for line in lines:  # the first one: the next ones tell what it led to
            if start in line[:60]:
                return line[:300]
    return lines[-1][:300] if lines else ""


def wait_for(condition, process, seconds, what, log):
    """Wait until `condition()` holds; a process that ends before, or the time over, is an error."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None:
            raise DevError(f"{what} ended at once: {last_words(log)} (whole output: {log})")
        if time.monotonic() > end:
            raise DevError(f"{what} did not answer in {seconds} s (its output: {log})")
        time.sleep(0.2)
