"""The ledger's file: torn lines, and when an event is on the disk."""

from __future__ import annotations

import errno
import threading
import time
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


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that waited for the disk, which takes 0.2 s."""
    names: list[str] = []

    def slow(*_: Any) -> None:
        time.sleep(0.2)
        names.append(threading.current_thread().name)

    monkeypatch.setattr("tuner.dispatch.ledger.flush", slow)
    return names


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


def test_events_do_not_wait_for_the_disk(ledger: Ledger, flushes: list[str]) -> None:
    """Oracle: 1,000 events within a second make one flush, in another thread; nothing new makes none."""
    began_s = time.monotonic()
    for step in range(1000):
        ledger.append("result", {"trial": 0, "step": step}, {"at_ms": 2})
        ledger.flush_now_and_then()
    assert time.monotonic() - began_s < 1.0
    time.sleep(0.4)
    assert [name.partition("_")[0] for name in flushes] == ["flusher"]
    ledger.flush()
    ledger.flush()
    assert flushes[1:] == ["MainThread"]


def test_whoever_asks_meanwhile_waits_for_the_flush_that_is_under_way(ledger: Ledger, flushes: list[str]) -> None:
    """Oracle: before an event is on the disk the store must not hear of it, whoever flushes."""
    ledger.flush_now_and_then()
    time.sleep(0.1)
    assert flushes == []
    ledger.flush()
    assert len(flushes) == 1


def test_a_flush_that_failed_is_told_and_tried_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the error at the next look, and the flush itself once the disk has room."""
    full = DiskFullError(ledger.path, 1, 0)

    def refuse(*_: Any) -> None:
        raise full

    monkeypatch.setattr("tuner.dispatch.ledger._FLUSH_EVERY_S", 0.0)
    monkeypatch.setattr("tuner.dispatch.ledger.flush", refuse)
    ledger.flush_now_and_then()
    with pytest.raises(DiskFullError) as caught:
        ledger.flush_now_and_then()
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(DiskFullError):
        ledger.close()
    monkeypatch.undo()
    ledger.close()
    ledger.close()
