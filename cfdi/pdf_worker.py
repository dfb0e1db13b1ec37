"""Text of a PDF, read in a process of its own: PDF in on standard input, JSON out on standard output.

Run by `pdf_text` and by nobody else. A PDF can be made so that reading it takes all the memory or never ends
(streams that inflate a thousandfold, objects that refer to each other): here that ends a process that nobody misses.
"""

from __future__ import annotations

import io
import json
import sys


def limit_resources(memory: int, seconds: int) -> None:
    """The operating system's own limits; where there are none (Windows), the caller's time-out is what is left."""
    try:
        import resource
    except ImportError:
        return
    for kind, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)  # noqa: PLW2901 - never above what the server has
        resource.setrlimit(kind, (value, value))


def read(data: bytes, max_pages: int, max_chars: int) -> dict:
    """`{"texts": [...]}`, one text for each way of reading the pages, or `{"problem": reason}`."""
    try:
        from pypdf import PdfReader
    except ImportError:
        from PyPDF2 import PdfReader
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"problem": "encrypted"}
    count = len(reader.pages)
    if count > max_pages:
        return {"problem": "pages"}
    texts = []
    for mode in ("plain", "layout"):
        try:
            parts = [reader.pages[number].extract_text(extraction_mode=mode) or "" for number in range(count)]
        except TypeError:
            # an older library, with one way of reading only
            parts = [reader.pages[number].extract_text() or "" for number in range(count)]
        except (KeyError, ValueError, IndexError, AttributeError):
            if mode == "plain":
                raise
            continue
        texts.append("\n".join(parts)[:max_chars])
    return {"texts": texts}


def main() -> None:
    options = json.loads(sys.argv[1])
    sys.path[:] = options["path"]
    limit_resources(options["memory"], options["seconds"])
    try:
        answer = read(sys.stdin.buffer.read(), options["max_pages"], options["max_chars"])
    except (MemoryError, RecursionError):
        answer = {"problem": "resources"}
    except Exception:  # noqa: BLE001 - whatever a library says of a broken file, it is a broken file
        answer = {"problem": "broken"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
