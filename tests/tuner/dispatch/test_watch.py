"""Which trials have hung. Oracle: a clock that is set by hand."""

from __future__ import annotations

import pytest

from tuner.dispatch.watch import Watch


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
