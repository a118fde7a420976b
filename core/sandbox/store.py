"""One SQLite file of JSON records, written through, so that a killed sandbox goes on where it was."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from core.sandbox.records import Record


class Store:
    """Keeps records by kind and key.

    Changes collect until `flush`, which writes them in one transaction: a request is on disk as a whole before it is
    answered, or not at all. `synchronous=OFF` survives the death of the process, though not of the machine, which is
    what a practice service needs.
    """

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )
        self._changed: dict[tuple[str, str], Record | None] = {}

    def load(self, kind: str) -> Iterator[dict[str, Any]]:
        """All records of a kind, as they were written, oldest key first."""
        for (body,) in self._connection.execute("SELECT body FROM records WHERE kind = ? ORDER BY rowid", (kind,)):
            yield json.loads(body)

    def put(self, record: Record) -> None:
        self._changed[record.KIND, record.key] = record

    def remove(self, record: Record) -> None:
        self._changed[record.KIND, record.key] = None

    def flush(self) -> None:
        """Write what changed since the last call, in one transaction."""
        if not self._changed:
            return
        changed, self._changed = self._changed, {}
        self._connection.execute("BEGIN")
        for (kind, key), record in changed.items():
            if record is None:
                self._connection.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))
            else:
                self._connection.execute(
                    "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                    (kind, key, json.dumps(vars(record), default=vars)),
                )
        self._connection.execute("COMMIT")

    def clear(self) -> None:
        """Forget everything."""
        self._changed.clear()
        self._connection.execute("DELETE FROM records")

    def close(self) -> None:
        self.flush()
        self._connection.close()
