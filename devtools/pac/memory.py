"""What the PAC has stamped, on disk before it answers anybody."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS stamps (
    fingerprint TEXT PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    rfc TEXT NOT NULL,
    date TEXT NOT NULL,
    xml BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Stamp:
    """fingerprint: SHA-256 of the cadena original, which is what makes two comprobantes the same."""

    fingerprint: str
    uuid: str
    rfc: str
    date: str
    xml: bytes


class Memory:
    """One writer at a time, in this process and in any other that opens the same file."""

    def __init__(self, path: Path):
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # a machine that loses power forgets nothing that was answered
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_TABLES)

    def once(self, fingerprint: str, make: Callable[[], Stamp]) -> tuple[Stamp, bool]:
        """The stamp of `fingerprint` and whether it is new; `make` runs only if there is none, and alone."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                found = self._find("fingerprint", fingerprint)
                if found is None:
                    made = make()
                    row = (made.fingerprint, made.uuid, made.rfc, made.date, made.xml)
                    self._connection.execute("INSERT INTO stamps VALUES (?, ?, ?, ?, ?)", row)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
        return (made, True) if found is None else (found, False)

    def by_fingerprint(self, fingerprint: str) -> Stamp | None:
        with self._lock:
            return self._find("fingerprint", fingerprint)

    def by_uuid(self, uuid: str) -> Stamp | None:
        with self._lock:
            return self._find("uuid", uuid.upper())

    def stamps(self) -> list[dict[str, str]]:
        """Every timbre given, without its XML."""
        with self._lock:
            rows = self._connection.execute("SELECT fingerprint, uuid, rfc, date FROM stamps ORDER BY date, uuid")
            return [dict(zip(("fingerprint", "uuid", "rfc", "date"), row, strict=True)) for row in rows]

    def count(self, name: str) -> None:
        """One more `name`."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1", (name,)
            )

    def counters(self) -> dict[str, int]:
        with self._lock:
            return dict(self._connection.execute("SELECT name, value FROM counters"))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _find(self, column: str, value: str) -> Stamp | None:
        row = self._connection.execute(
            f"SELECT fingerprint, uuid, rfc, date, xml FROM stamps WHERE {column} = ?",
            (value,),
        ).fetchone()
        return Stamp(*row) if row else None
