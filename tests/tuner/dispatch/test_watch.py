"""Which trials have hung. Oracle: a clock that is set by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuner.dispatch.watch import FileWatch, Watch


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def watch(clock: list[float]) -> Watch:
    return Watch(10.0, now=lambda: clock[0])


def _look(watch: Watch, clock: list[float], *, every_s: float, times: int, running: set[int]) -> list[list[int]]:
    found = []
    for _ in range(times):
        clock[0] += every_s
        found.append(watch.overdue(running))
    return found


def test_a_trial_is_overdue_once_its_silence_is_longer_than_the_limit(watch: Watch, clock: list[float]) -> None:
    """Oracle: 2 s a look: ten seconds are allowed, the sixth look is at 12."""
    watch.alive(0)
    assert _look(watch, clock, every_s=2, times=6, running={0}) == [[], [], [], [], [], [0]]


def test_a_result_starts_the_time_anew_for_its_trial_alone(watch: Watch, clock: list[float]) -> None:
    """Oracle: both silent for 8 s, then one reports: 4 s later the other is overdue."""
    _look(watch, clock, every_s=4, times=2, running={0, 1})
    watch.alive(0)
    assert _look(watch, clock, every_s=4, times=2, running={0, 1}) == [[1], [1]]


def test_time_in_which_nobody_looked_is_not_held_against_a_trial(watch: Watch, clock: list[float]) -> None:
    """Oracle: an hour of a stopped driver counts as five seconds."""
    assert _look(watch, clock, every_s=3600, times=3, running={0}) == [[], [], [0]]


def test_a_paused_trial_is_not_watched(watch: Watch, clock: list[float]) -> None:
    """Oracle: 8 s running, an hour paused, 8 s running: never longer than ten seconds at a time."""
    _look(watch, clock, every_s=4, times=2, running={0})
    _look(watch, clock, every_s=4, times=900, running=set())
    assert _look(watch, clock, every_s=4, times=2, running={0}) == [[], []]


def test_a_file_is_watched_once_it_was_written_in_this_session(tmp_path: Path, clock: list[float]) -> None:
    """Oracle: of three old files one is never written, one before the first look and no more, one before each.

    The time before the look that finds a file written counts as well: the third look is at 12 s.
    """
    files = {number: tmp_path / f"{number}" for number in range(3)}
    for path in files.values():
        path.touch()
    watch, found = FileWatch(files, 10.0, now=lambda: clock[0]), []
    for look in range(1, 9):
        clock[0] += 4
        for number in (1, 2) if look == 1 else (2,):
            os.utime(files[number], ns=(look, look))
        found.append(watch.overdue())
    assert found == [[], [], [1], [1], [1], [1], [1], [1]]


def test_what_starts_over_is_watched_once_another_process_has_written(tmp_path: Path, clock: list[float]) -> None:
    """Oracle: written at 4 s, and at 8 s as it is lost; waits until 40 s; written then, overdue from 48 s."""
    path = tmp_path / "0"
    path.touch()
    watch, found = FileWatch({0: path}, 10.0, now=lambda: clock[0]), []
    for look in range(1, 15):
        clock[0] += 4
        if look in (1, 2, 10):
            os.utime(path, ns=(look, look))
        if look == 2:
            watch.starts_over(0)
        found.append(watch.overdue())
    assert [look * 4 for look, overdue in enumerate(found, start=1) if overdue] == [48, 52, 56]
