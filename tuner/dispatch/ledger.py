"""The event log of one search: appended, fsynced, never rewritten. What a search remembers follows from it alone.

One JSON object a line: {"event": "suggest" | "start" | "result" | "end" | ..., fields ..., "clock": {...}}.
Everything measured by a clock stands under "clock", so that the rest of two runs can be compared byte for byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from disk import append_line
from tuner.errors import RunError


class LedgerError(RunError):
    """A ledger that is damaged anywhere but in its last, torn line."""


class Ledger:
    """An append-only file of events. A line that a kill tore in half is cut off when the file is opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.ftruncate(self._file, whole)
            os.fsync(self._file)

    def append(self, event: str, fields: Mapping[str, Any], clock: Mapping[str, Any]) -> dict[str, Any]:
        """Write one event and wait until it is on the disk; returns the event as a reader will see it.

        Raises DiskFullError if there is no room; the ledger then ends with the event before.
        """
        entry = {"event": event, **fields, "clock": dict(clock)}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        append_line(self._file, self.path, (line + "\n").encode())
        return entry

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
            os.close(self._file)
            self._file = -1
