"""Text of a PDF that somebody else wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .errors import CfdiError

MAX_BYTES = 5 * 1024 * 1024
"""A Constancia is some 200 KB."""
MAX_PAGES = 20
"""A Constancia has two to six pages, according to the obligations."""
MAX_CHARS = 300_000
MAX_MEMORY = 1024 * 1024 * 1024
SECONDS = 20

WORKER = Path(__file__).with_name("pdf_worker.py")
KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")


class PdfError(CfdiError, ValueError):
    """The PDF cannot be read. The text says why, in Spanish."""


_PROBLEMS = {
    "encrypted": "El PDF está protegido con contraseña; guárdelo sin ella.",
    "pages": f"El PDF tiene más de {MAX_PAGES} páginas; una Constancia tiene menos de diez.",
    "broken": "El PDF está dañado y no se puede leer.",
    "resources": "El PDF pide más memoria o tiempo de lo razonable y no se leyó.",
}


def pdf_text(
    data: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_pages: int = MAX_PAGES,
    memory: int = MAX_MEMORY,
    seconds: int = SECONDS,
) -> tuple[str, ...]:
    """The text of the untrusted PDF `data`, once for each way in which its pages can be read; never all blank.

    A process of its own reads it, with the limits of the operating system on memory and time and without the
    server's environment: a file made to exhaust the reader ends that process, not the server.

    :raises PdfError: with a message in Spanish that can be shown.
    """
    if len(data) > max_bytes:
        raise PdfError(f"El PDF mide {len(data):,} bytes; el límite es de {max_bytes:,}.")
    # readers allow rubbish before the header, and so do the programs that write it
    if b"%PDF-" not in data[:1024]:
        raise PdfError("El archivo no es un PDF.")
    options = {
        "path": [entry for entry in sys.path if entry],
        "memory": memory,
        "seconds": seconds,
        "max_pages": max_pages,
        "max_chars": MAX_CHARS,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(WORKER), json.dumps(options)],
            input=data,
            capture_output=True,
            timeout=seconds + 5,
            check=False,
            env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise PdfError(_PROBLEMS["resources"]) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        # ended by a limit, before it could say anything
        answer = {"problem": "resources"}
    if "problem" in answer:
        raise PdfError(_PROBLEMS[answer["problem"]])
    texts = tuple(text for text in answer["texts"] if text.strip())
    if not texts:
        raise PdfError(
            "El PDF no trae texto: parece una imagen escaneada. Descargue la Constancia en PDF del portal del SAT."
        )
    return texts
