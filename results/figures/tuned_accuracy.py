"""What tuned decision thresholds gain over the default, search by search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from results.figures import cells
from results.figures.canvas import BLUE, GREY, ORANGE, decorate, legend_below, new_figure, wrapped
from results.figures.over_epochs import runs_of
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source, StudySource


class Gain(NamedTuple):
    """One search: accuracies of its runs at their last step, in pairs."""

    label: str
    default: tuple[float, ...]
    tuned: tuple[float, ...]


class TunedAccuracyData(NamedTuple):
    """panels: (what its searches have in common, searches). split: which images."""

    panels: tuple[tuple[str, tuple[Gain, ...]], ...]
    split: str


def data(source: StudySource) -> TunedAccuracyData:
    """`test/accuracy/default` and `test/accuracy/tuned` (`val/` where no test) of each search's runs at their end.

    Runs that are configured as the search's best trial is. Raises NotDrawnError if no run has both.
    Source: the imbalance paper's three tables, "Tuned Accuracy" beside "Default".
    """
    for split in ("test", "val"):
        gains = {n: gain for n, search in enumerate(source.searches) if (gain := _gain(search, split))}
        if gains:
            break
    else:
        raise NotDrawnError("no run reported val/accuracy/default together with val/accuracy/tuned")
    positions = list(gains)
    drawn = tuple(
        (panel.title, tuple(gains[positions[member]]._replace(label=label) for member, label in panel.members))
        for panel in cells.panels([source.searches[position].search.cell for position in positions])
    )
    return TunedAccuracyData(drawn, cells.SPLITS[split])


def _gain(source: Source, split: str) -> Gain | None:
    names = (f"{split}/accuracy/default", f"{split}/accuracy/tuned")
    ends = [run.results[-1].metrics for run in runs_of(source) if run.results]
    pairs = [[metrics.get(name, math.nan) for name in names] for metrics in ends]
    finite = [pair for pair in pairs if all(map(math.isfinite, pair))]
    if not finite:
        return None
    default, tuned = zip(*finite, strict=True)
    return Gain("", default, tuned)


def draw(data: TunedAccuracyData) -> Figure:
    """A row a search, from its default to its tuned accuracy: the mean over runs, and a small mark a run.

    Not bars: they would have to start at 0, and what tuning changes is a hundredth of that.
    """
    sizes = [len(gains) for _, gains in data.panels]
    figure = new_figure((5.2, 0.6 + 0.17 * sum(sizes) + 0.42 * len(sizes)))
    grid = figure.subplots(len(sizes), 1, squeeze=False, gridspec_kw={"height_ratios": sizes})[:, 0]
    handles = {}
    for axes, (title, gains) in zip(grid, data.panels, strict=True):
        decorate(axes, wrapped(title, 70)).title.set_fontsize("small")
        for row, gain in enumerate(gains):
            several = len(gain.tuned) > 1
            means = [math.fsum(values) / len(values) for values in (gain.default, gain.tuned)]
            axes.plot(means, (row, row), color=GREY, linewidth=1.2, zorder=1)
            for name, values, mean, colour, marker in (
                ("default (likeliest class)", gain.default, means[0], ORANGE, "s"),
                ("tuned on validation images", gain.tuned, means[1], BLUE, "o"),
            ):
                (handles[name],) = axes.plot(mean, row, color=colour, marker=marker, linestyle="none", markersize=5)
                if several:
                    axes.plot(values, [row] * len(values), color=colour, marker="|", linestyle="none", markersize=7)
        axes.set_yticks(range(len(gains)), [gain.label for gain in gains], fontsize="small")
        axes.set_ylim(len(gains) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="x", labelsize="small")
    axes.set_xlabel(f"accuracy (share of {data.split} images)")
    legend_below(figure, handles)
    return figure
