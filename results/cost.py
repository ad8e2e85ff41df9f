"""What searches cost: trials and epochs run against the budget, device time, overhead, failures. Pure.

An epoch is a step of the budget, whatever its key is called. Times are those of the trials' own records.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from results.cost_warnings import cost_warnings
from results.records import SearchOutcome, TrialRecord, TrialState
from results.tables import Table

_EPOCH_S = "time/epoch_s"


@dataclass(frozen=True, kw_only=True)
class SearchCost:
    """One search.

    trials: that began, of so many planned; epochs: that they ran, failed ones with them. full: planned trials times
    the budget's most epochs; planned and full are None where the search does not tell. saved: epochs that the trials
    which a scheduler or stopper cut did not run. stopped: trials by who cut them. failures: trials by kind.
    compute_s: seconds that trials spent in epochs (`time/epoch_s`), or from its start to its end where a trial does
    not tell. device_s: compute_s times the share of the device that a trial holds, which is a GPU where trials asked
    for one (device "gpu"), else CPU cores ("cpu"); without a recorded demand one core is taken.
    wall_s: from the first trial's start to the last one's end; the pause of an interrupted search is in it.
    slots: the most trials that were under way at once. overhead: the share of `wall_s * slots` in which no epoch was
    computed: start-up, waiting for a suggestion, slots that stood empty, a pause. None before a trial ended.
    """

    key: str
    trials: int
    planned: int | None
    epochs: int
    full: int | None
    saved: int
    stopped: Mapping[str, int]
    failures: Mapping[str, int]
    device: str
    compute_s: float
    device_s: float
    wall_s: float
    slots: int
    finals: int
    final_epochs: int
    final_device_s: float

    @property
    def overhead(self) -> float | None:
        """See above."""
        return _overhead(self.compute_s, self.wall_s * self.slots)

    @property
    def saved_share(self) -> float | None:
        """`saved` against what the trials that began would have run without being cut; None if none began."""
        return self.saved / (self.epochs + self.saved) if self.epochs + self.saved else None


@dataclass(frozen=True)
class Cost:
    """What the searches of a study cost, in their order. warnings: why they may not be comparable."""

    searches: tuple[SearchCost, ...]
    warnings: tuple[str, ...]

    @cached_property
    def table(self) -> Table:
        """One row a search and, from two on, one of totals; seconds are rounded, shares are from 0 to 1."""
        rows = [_row(search) for search in self.searches]
        return Table(_COLUMNS, tuple(rows if len(rows) < 2 else [*rows, _total(self.searches)]))


_COLUMNS = (
    "search",
    "trials",
    "planned",
    "epochs",
    "full",
    "saved",
    "saved_share",
    "stopped",
    "failures",
    "device",
    "device_s",
    "wall_s",
    "slots",
    "overhead",
    "finals",
    "final_epochs",
    "final_device_s",
)


def cost(outcomes: Sequence[SearchOutcome]) -> Cost:
    """What these searches cost. outcomes: of one study, with every result of their trials."""
    return Cost(tuple(_search_cost(outcome) for outcome in outcomes), cost_warnings(outcomes))


def _steps_of(trial: TrialRecord) -> int:
    """The steps that a trial ran."""
    return trial.results[-1].step if trial.results else 0


def compute_s(trial: TrialRecord) -> float:
    """Seconds in epochs; from start to end if the trial does not tell; 0 for one that has reported nothing yet."""
    told = [result.metrics.get(_EPOCH_S, math.nan) for result in trial.results]
    if told and all(map(math.isfinite, told)):
        return math.fsum(told)
    return (_end_ms(trial) - trial.started_at_ms) / 1000


def _search_cost(outcome: SearchOutcome) -> SearchCost:
    search, trials = outcome.search, outcome.trials
    most = outcome.search.max_steps
    planned = search.params.get("trials")
    cut = [trial for trial in trials if trial.state is TrialState.STOPPED]
    device, share = _demand(str(search.params.get("resources", "")))
    computed_s = math.fsum(compute_s(trial) for trial in trials)
    began_ms = min((trial.started_at_ms for trial in trials), default=0)
    ended_ms = max((_end_ms(trial) for trial in trials), default=0)
    return SearchCost(
        key=search.key,
        trials=len(trials),
        planned=planned if isinstance(planned, int) else None,
        epochs=sum(map(_steps_of, trials)),
        full=planned * most if isinstance(planned, int) and most is not None else None,
        saved=sum(max(0, most - _steps_of(trial)) for trial in cut) if most is not None else 0,
        stopped=_counts(trial.stopped_by or "unknown" for trial in cut),
        failures=_counts(str(trial.state) for trial in trials if trial.state.failed),
        device=device,
        compute_s=computed_s,
        device_s=share * computed_s,
        wall_s=(ended_ms - began_ms) / 1000,
        slots=_most_at_once(trials),
        finals=len(outcome.finals),
        final_epochs=sum(map(_steps_of, outcome.finals)),
        final_device_s=share * math.fsum(compute_s(final) for final in outcome.finals),
    )


def _row(search: SearchCost) -> tuple[object, ...]:
    return tuple(_cell(getattr(search, "key" if column == "search" else column)) for column in _COLUMNS)


def _total(searches: Sequence[SearchCost]) -> tuple[object, ...]:
    """Sums; shares are of the sums. Searches may have run side by side, so their wall times have none."""
    saved, epochs = sum(search.saved for search in searches), sum(search.epochs for search in searches)
    sums: dict[str, object] = {
        "search": "total",
        "saved_share": _cell(saved / (saved + epochs)) if saved + epochs else None,
    }
    for column in ("trials", "planned", "epochs", "full", "saved", "finals", "final_epochs"):
        values = [getattr(search, column) for search in searches]
        sums[column] = None if None in values else sum(values)
    if len({search.device for search in searches}) == 1:
        sums["device"] = searches[0].device
        for column in ("device_s", "final_device_s"):
            sums[column] = _cell(math.fsum(getattr(search, column) for search in searches))
    for column in ("stopped", "failures"):
        sums[column] = dict(sum((Counter(getattr(search, column)) for search in searches), Counter()))
    slot_s = math.fsum(search.wall_s * search.slots for search in searches)
    sums["overhead"] = _cell(_overhead(math.fsum(search.compute_s for search in searches), slot_s))
    return tuple(sums.get(column) for column in _COLUMNS)


def _cell(value: object) -> object:
    """Seconds to a tenth and shares to a thousandth: what is behind that is the clock's noise."""
    return round(value, 1 if value >= 1 else 3) if isinstance(value, float) else value


def _overhead(computed_s: float, slot_s: float) -> float | None:
    return max(0.0, 1 - computed_s / slot_s) if slot_s > 0 else None


def _demand(resources: str) -> tuple[str, float]:
    """The device of a trial and its share, from "cpu=1, gpu=0.25"."""
    shares = {name: float(share) for name, _, share in (item.partition("=") for item in resources.split(", ")) if share}
    if shares.get("gpu"):
        return "gpu", shares["gpu"]
    return "cpu", shares.get("cpu", 1.0)


def _most_at_once(trials: Iterable[TrialRecord]) -> int:
    """The most trials that were under way at once; one does not meet another that ends as it begins."""
    moves = sorted(move for trial in trials for move in ((trial.started_at_ms, 1), (_end_ms(trial), -1)))
    now = most = 0
    for _, change in moves:
        now += change
        most = max(most, now)
    return most


def _end_ms(trial: TrialRecord) -> int:
    """A trial's end, or the last that is known of one that has not ended."""
    if trial.ended_at_ms is not None:
        return trial.ended_at_ms
    return trial.results[-1].at_ms if trial.results else trial.started_at_ms


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
