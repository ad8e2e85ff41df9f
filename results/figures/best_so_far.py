"""The best value that a search had found against the epochs it had spent: of one, or of a study's side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from results.figures import cells
from results.figures.canvas import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, plot
from results.figures.search_trials import needs_log_scale
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source, StudySource
    from results.records import SearchOutcome

_LOOKS = tuple(zip((BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY), ("-", "--", "-.", ":", "-", "--"), strict=True))

_NAME_WIDTH = 34  # characters of a legend's line


class Progress(NamedTuple):
    """spent: epochs at which a better value came, and at the end; best: the best value from there on."""

    name: str
    spent: tuple[int, ...]
    best: tuple[float, ...]


class BestSoFarData(NamedTuple):
    """searches: the best first. others: those beyond the six that can be told apart."""

    metric: str
    step: str
    searches: tuple[Progress, ...]
    others: tuple[Progress, ...] = ()


def data(source: Source) -> BestSoFarData:
    """Of one search. Raises NotDrawnError if it found nothing."""
    return _data([source.outcome])


def study_data(source: StudySource) -> BestSoFarData:
    """Of every search that found something. Raises NotDrawnError if fewer than two did: one has its own figure."""
    found = _data([search.outcome for search in source.searches])
    if len(found.searches) < 2:
        raise NotDrawnError("needs two searches of which a trial reported the metric")
    return found


def draw(data: BestSoFarData) -> Figure:
    """A step wherever a search got better; the searches that ended worse in grey, under one name."""
    figure, axes = plot(x=f"{data.step}s spent on all trials", y=f"best {data.metric} so far")
    for number, search in enumerate(data.others):
        label = f"{len(data.others)} others" if number == 0 else None
        axes.step(search.spent, search.best, where="post", color=GREY, alpha=0.4, linewidth=0.8, label=label)
    for search, (colour, dashes) in zip(data.searches, _LOOKS, strict=False):
        name = textwrap.fill(search.name, _NAME_WIDTH, max_lines=3, placeholder=" …")
        axes.step(search.spent, search.best, where="post", color=colour, linestyle=dashes, linewidth=1.6, label=name)
        axes.plot(search.spent[-1], search.best[-1], color=colour, marker="o", markersize=3)
    if needs_log_scale([value for search in (*data.searches, *data.others) for value in search.best]):
        axes.set_yscale("log")
    if len(data.searches) > 1:
        handles, labels = axes.get_legend_handles_labels()
        first = 1 if data.others else 0  # the others come last
        order = [*range(first, len(labels)), *range(first)]
        handles, labels = [handles[i] for i in order], [labels[i] for i in order]
        axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
    return figure


def progress(outcome: SearchOutcome) -> Progress | None:
    """A search's results in the order of their coming; None if no trial reported a finite value of its metric.

    Results of trials that failed cost epochs, but never are the best: no table takes them either.
    """
    search, sign = outcome.search, 1.0 if outcome.search.mode == "max" else -1.0
    come = sorted(
        (result.at_ms, index, result.step, math.nan if trial.state.failed else result.metrics.get(search.metric))
        for index, trial in enumerate(outcome.trials)
        for result in trial.results
    )
    steps: dict[int, int] = {}
    spent, found = 0, list[tuple[int, float]]()
    for _, index, step, value in come:
        spent += step - steps.get(index, 0)
        steps[index] = step
        if value is not None and math.isfinite(value) and (not found or sign * value > sign * found[-1][1]):
            found.append((spent, value))
    if not found:
        return None
    if spent > found[-1][0]:
        found.append((spent, found[-1][1]))
    return Progress(search.key, tuple(at for at, _ in found), tuple(value for _, value in found))


def _data(outcomes: Iterable[SearchOutcome]) -> BestSoFarData:
    given = list(outcomes)
    found = [
        (outcome, made._replace(name=name))
        for outcome, name in zip(given, _names(given), strict=True)
        if (made := progress(outcome)) is not None
    ]
    if not found:
        raise NotDrawnError("no trial that did not fail reported the metric")
    search = found[0][0].search
    ranked = sorted((made for _, made in found), key=lambda made: made.best[-1], reverse=search.mode == "max")
    return BestSoFarData(search.metric, search.step_key, tuple(ranked[: len(_LOOKS)]), tuple(ranked[len(_LOOKS) :]))


def _names(outcomes: Sequence[SearchOutcome]) -> list[str]:
    """What sets each search apart; its key where its cell says nothing."""
    grid = [outcome.search.cell for outcome in outcomes]
    factors, bare = cells.differing(grid), cells.speaking(grid)
    return [cells.text_of(outcome.search.cell, factors, bare) or outcome.search.key for outcome in outcomes]
