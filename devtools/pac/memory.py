"""What the PAC has stamped and what it was asked to cancel, on disk before it answers anybody."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS stamps (
    fingerprint TEXT PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    rfc TEXT NOT NULL,
    date TEXT NOT NULL,
    xml BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (fingerprint TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS relations (uuid TEXT, related_by TEXT, PRIMARY KEY (uuid, related_by)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancellations (
    uuid TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    replacement TEXT NOT NULL,
    asked_at REAL NOT NULL,
    needs_acceptance INTEGER NOT NULL,
    answer TEXT NOT NULL,
    requests INTEGER NOT NULL
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


@dataclass(frozen=True)
class Cancellation:
    """asked_at: seconds since the epoch. answer: of the receiver, '' while there is none."""

    uuid: str
    reason: str
    replacement: str
    asked_at: float
    needs_acceptance: bool
    answer: str = ""
    requests: int = 1


class Memory:
    """One writer at a time, in this process and in any other that opens the same file."""

    def __init__(self, path: Path):
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # a machine that loses power forgets nothing that was answered
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_TABLES)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """All or nothing, and nobody else writes meanwhile."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    def once(self, fingerprint: str, make: Callable[[], Stamp], related: list[str]) -> tuple[Stamp, bool]:
        """The stamp of `fingerprint` and whether it is new; `make` runs only if there is none, and alone.

        :param related: UUIDs that the comprobante refers to.
        """
        with self.alone():
            found = self._find("fingerprint", fingerprint)
            if found is not None:
                return found, False
            made = make()
            self._connection.execute("INSERT INTO stamps VALUES (?, ?, ?, ?, ?)", astuple(made))
            rows = [(uuid.upper(), made.uuid) for uuid in related]
            self._connection.executemany("INSERT OR IGNORE INTO relations VALUES (?, ?)", rows)
        return made, True

    def ask(self, fingerprint: str) -> None:
        """Somebody asks for the stamp of this comprobante."""
        self._execute(
            "INSERT INTO asked VALUES (?, 1) ON CONFLICT (fingerprint) DO UPDATE SET times = times + 1", fingerprint
        )

    def name(self, name: str, fingerprint: str) -> bool:
        """Whether a client's own name for a comprobante is free, or is of this same one; it is from now on."""
        with self.alone():
            self._connection.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (name, fingerprint))
            query = "SELECT fingerprint FROM names WHERE name = ?"
            return self._connection.execute(query, (name,)).fetchone()[0] == fingerprint

    def by_fingerprint(self, fingerprint: str) -> Stamp | None:
        with self._lock:
            return self._find("fingerprint", fingerprint)

    def by_uuid(self, uuid: str) -> Stamp | None:
        with self._lock:
            return self._find("uuid", uuid.upper())

    def related_by(self, uuid: str) -> list[str]:
        """UUIDs of the comprobantes that refer to this one."""
        return [row[0] for row in self._execute("SELECT related_by FROM relations WHERE uuid = ?", uuid.upper())]

    def cancellation(self, uuid: str) -> Cancellation | None:
        """The last request to cancel this one."""
        rows = self._execute("SELECT * FROM cancellations WHERE uuid = ?", uuid.upper())
        return Cancellation(*rows[0]) if rows else None

    def cancellations(self) -> list[Cancellation]:
        return [Cancellation(*row) for row in self._execute("SELECT * FROM cancellations ORDER BY asked_at, uuid")]

    def keep(self, cancellation: Cancellation) -> None:
        self._execute("INSERT OR REPLACE INTO cancellations VALUES (?, ?, ?, ?, ?, ?, ?)", *astuple(cancellation))

    def stamps(self) -> list[dict[str, str]]:
        """Every timbre given, without its XML; asked: how many times it was asked for."""
        rows = self._execute(
            "SELECT s.fingerprint, s.uuid, s.rfc, s.date, COALESCE(a.times, 0)"
            " FROM stamps s LEFT JOIN asked a ON a.fingerprint = s.fingerprint ORDER BY s.date, s.uuid"
        )
        return [dict(zip(("fingerprint", "uuid", "rfc", "date", "asked"), row, strict=True)) for row in rows]

    def count(self, name: str) -> None:
        """One more `name`."""
        self._execute("INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1", name)

    def counters(self) -> dict[str, int]:
        return dict(self._execute("SELECT name, value FROM counters"))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _execute(self, query: str, *values: object) -> list[tuple]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _find(self, column: str, value: str) -> Stamp | None:
        row = self._connection.execute(
            f"SELECT fingerprint, uuid, rfc, date, xml FROM stamps WHERE {column} = ?",
            (value,),
        ).fetchone()
        return Stamp(*row) if row else None
