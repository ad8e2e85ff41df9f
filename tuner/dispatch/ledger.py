"""The event log of one search: appended, flushed, never rewritten. What a search remembers follows from it alone.

One JSON object a line: {"event": "suggest" | "start" | "result" | "end" | ..., fields ..., "clock": {...}}.
Everything measured by a clock stands under "clock", so that the rest of two runs can be compared byte for byte.
"""

from __future__ import annotations

import json
import math
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from disk import append_line, flush
from tuner.errors import RunError

_FLUSH_EVERY_S = 1.0
# What Python makes of bytes that are no UTF-8, as in a file's name that an error tells. Neither a file nor the store
# can hold it: it becomes the six characters that a person would see of it.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_flusher = ThreadPoolExecutor(1, thread_name_prefix="flusher")


class LedgerError(RunError):
    """A ledger that is damaged anywhere but in its last, torn line."""


class Ledger:
    """An append-only file of events. A line that a kill tore in half is cut off when the file is opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.path = path
        self._file = -1  # opened by the first event: many ledgers are only read
        self._unflushed = False
        self._flushing = threading.Lock()
        self._flush: Future[None] | None = None
        self._flush_at_s = -math.inf
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            with self.path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())

    def append(self, event: str, fields: Mapping[str, Any], clock: Mapping[str, Any]) -> dict[str, Any]:
        """Write one event, which from then on no kill can lose; returns it as a reader will see it.

        It is on the disk, and so survives a power cut as well, after `flush`. Raises DiskFullError if there is no
        room; the ledger then ends with the event before.
        """
        entry = {"event": event, **fields, "clock": dict(clock)}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        if _HALF_CHARACTER.search(line):
            line = _HALF_CHARACTER.sub(lambda half: f"\\\\u{ord(half[0]):04x}", line)
            entry = json.loads(line)
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND)
        append_line(self._file, self.path, (line + "\n").encode())
        self._unflushed = True
        return entry

    def flush_now_and_then(self) -> None:
        """Once a second let a thread flush what is not; raises what went wrong the last time."""
        if self._unflushed and time.monotonic() - self._flush_at_s > _FLUSH_EVERY_S:
            before, self._flush = self._flush, _flusher.submit(self.flush)
            self._flush_at_s = time.monotonic()
            if before is not None:
                before.result()

    def flush(self) -> None:
        """Wait until every event is on the disk. Safe from any thread. Raises DiskFullError if there is no room."""
        with self._flushing:
            if not self._unflushed or self._file < 0:
                return
            self._unflushed = False  # before: an event that comes meanwhile asks for another
            try:
                flush(self._file, self.path)
            except OSError:
                self._unflushed = True
                raise

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
        """Flush and release the file; closing twice is harmless."""
        self.flush()
        with self._flushing:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
