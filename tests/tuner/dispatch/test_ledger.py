"""The ledger's file: torn lines, and when an event is on the disk."""

from __future__ import annotations

import errno
import os
import threading
from concurrent.futures import wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from disk import DiskFullError
from tuner.dispatch.ledger import Ledger, LedgerError


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "s" / "ledger.jsonl")
    ledger.append("suggest", {"trial": 0}, {"at_ms": 1})
    return ledger


@dataclass
class Disk:
    """A disk that takes as long as it is told to. flushes: the names of the threads that it let go."""

    asked: threading.Event = field(default_factory=threading.Event)
    ready: threading.Event = field(default_factory=threading.Event)
    flushes: list[str] = field(default_factory=list)

    def flush(self, *_: Any) -> None:
        self.asked.set()
        assert self.ready.wait(60)
        self.flushes.append(threading.current_thread().name.partition("_")[0])


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr("tuner.dispatch.ledger.flush", disk.flush)
    return disk


def test_a_line_that_was_torn_is_cut_off(ledger: Ledger) -> None:
    """Oracle: the events before it, and the next one after them."""
    with ledger.path.open("ab") as file:
        file.write(b'{"event": "res')
    again = Ledger(ledger.path)
    assert [event["event"] for event in again] == ["suggest"]
    again.append("start", {"trial": 0}, {"at_ms": 2})
    assert [event["event"] for event in Ledger(ledger.path)] == ["suggest", "start"]


def test_a_line_that_was_changed_is_named(ledger: Ledger) -> None:
    ledger.append("start", {"trial": 0}, {"at_ms": 2})
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"suggest"', b'"sugg'))
    with pytest.raises(LedgerError, match=r"ledger.jsonl:1: not a JSON event"):
        list(Ledger(ledger.path))


def test_an_error_that_names_a_file_with_bytes_that_are_no_text_is_written(ledger: Ledger) -> None:
    """Oracle: the escape that Python itself shows of such a name; the writer hears what a reader reads, as UTF-8."""
    error = os.fsdecode("no such file: caf\u00e9 ".encode() + b"\xff.png")
    written = ledger.append("end", {"trial": 0, "error": error}, {"at_ms": 2})
    assert list(ledger)[-1] == written
    assert written["error"] == "no such file: caf\u00e9 \\udcff.png"
    written["error"].encode()


def test_events_do_not_wait_for_the_disk(ledger: Ledger, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: 1,000 events, too fast for a second flush, are written while the first has not ended; no news, none."""
    monkeypatch.setattr("tuner.dispatch.ledger._FLUSH_EVERY_S", 600.0)
    for step in range(1000):
        ledger.append("result", {"trial": 0, "step": step}, {"at_ms": 2})
        ledger.flush_now_and_then()
    assert disk.asked.wait(60)
    assert disk.flushes == []
    ledger.append("result", {"trial": 0, "step": 1000}, {"at_ms": 2})
    disk.ready.set()
    ledger.flush()  # waits for the other
    ledger.flush()
    assert disk.flushes == ["flusher", "MainThread"]


def test_whoever_asks_meanwhile_waits_for_the_flush_that_is_under_way(ledger: Ledger, disk: Disk) -> None:
    """Oracle: before an event is on the disk the store must not hear of it, whoever flushes."""
    ledger.flush_now_and_then()
    assert disk.asked.wait(60)
    asking = threading.Thread(target=ledger.flush)
    asking.start()
    asking.join(0.2)
    assert asking.is_alive()
    disk.ready.set()
    asking.join(60)
    assert disk.flushes == ["flusher"]


def test_a_flush_that_failed_is_told_and_tried_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the error at the next look, and the flush itself once the disk has room."""
    full = DiskFullError(ledger.path, 1, 0)

    def refuse(*_: Any) -> None:
        raise full

    monkeypatch.setattr("tuner.dispatch.ledger._FLUSH_EVERY_S", 0.0)
    monkeypatch.setattr("tuner.dispatch.ledger.flush", refuse)
    ledger.flush_now_and_then()
    assert ledger._flush is not None
    wait([ledger._flush])
    with pytest.raises(DiskFullError) as caught:
        ledger.flush_now_and_then()
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(DiskFullError):
        ledger.close()
    monkeypatch.undo()
    ledger.close()
    ledger.close()
