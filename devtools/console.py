"""Progress on the screen: one line when a step starts, one when it ends with its seconds, one now and then between."""

import contextlib
import sys
import threading
import time

START = time.monotonic()
TICK = 15  # seconds between two signs of life of a long step
_lock = threading.Lock()


def say(text):
    """Write a line of progress on stderr (stdout belongs to the command's result)."""
    with _lock:
        print(f"[{time.monotonic() - START:6.1f} s] {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title, measure=None):
    """Announce a long step, show signs of life, and tell how long it took.

    :param measure: called for a short text (such as "40 of 122 MB") to add to the signs of life
    """
    started = time.monotonic()
    done = threading.Event()

    def tick():
        while not done.wait(TICK):
            extra = f", {measure()}" if measure else ""
            say(f"{title} ... {time.monotonic() - started:.0f} s{extra}")

    say(f"{title} ...")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        say(f"{title}: stopped after {time.monotonic() - started:.1f} s")
        raise
    else:
        extra = f", {measure()}" if measure else ""
        say(f"{title}: done in {time.monotonic() - started:.1f} s{extra}")
    finally:
        done.set()
        ticker.join()


def folder_megabytes(folder):
    """A text such as "122 MB": what the files of the folder weigh now."""
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += file.lstat().st_size
    return f"{total / 1e6:.0f} MB"
