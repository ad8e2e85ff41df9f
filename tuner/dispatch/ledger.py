"""The event log of one search: appended, flushed, never rewritten. What a search remembers follows from it alone.

One JSON object a line: {"event": "suggest" | "start" | "result" | "end" | ..., fields ..., "clock": {...}}.
Everything measured by a clock stands under "clock", so that the rest of two runs can be compared byte for byte.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from disk import append_line, flush
from tuner.errors import RunError

_FLUSH_EVERY_S = 1.0


class LedgerError(RunError):
    """A ledger that is damaged anywhere but in its last, torn line."""


class Ledger:
    """An append-only file of events. A line that a kill tore in half is cut off when the file is opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._flushed, self._flushed_at_s = True, -math.inf
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.ftruncate(self._file, whole)
            os.fsync(self._file)

    def append(self, event: str, fields: Mapping[str, Any], clock: Mapping[str, Any]) -> dict[str, Any]:
        """Write one event, which from then on no kill can lose; returns it as a reader will see it.

        It is on the disk, and so survives a power cut as well, after `flush`. Raises DiskFullError if there is no
        room; the ledger then ends with the event before.
        """
        entry = {"event": event, **fields, "clock": dict(clock)}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        append_line(self._file, self.path, (line + "\n").encode())
        self._flushed = False
        return entry

    def flush_if_due(self) -> None:
        """As `flush`, but at most once a second: an event need not wait for the disk, only the store's image of it."""
        if time.monotonic() - self._flushed_at_s > _FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Wait until every event is on the disk: before the store hears of it. Safe from any thread."""
        if not self._flushed and self._file >= 0:
            self._flushed = True  # before: an event that comes meanwhile asks for another
            flush(self._file, self.path)
            self._flushed_at_s = time.monotonic()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise LedgerError(
                        f"{self.path}:{number}: not a JSON event ({error.msg}). The file was changed by hand or by "
                        "the disk; `--fresh` starts the study anew and keeps it."
                    ) from error

    def close(self) -> None:
        """Release the file; closing twice is harmless."""
        if self._file >= 0:
            self.flush()
            os.close(self._file)
            self._file = -1
