"""Class and non-class values of each class over the epochs, with the spread that the next adjustment goes by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from results.figures.canvas import BLUE, GREY, SKY, VERMILION, legend_below, legend_lines, name_axes, panels
from results.figures.cells import step_name
from results.figures.source import NotDrawnError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from results.figures.source import Source

MOST_PANELS = 12
_LINE: Any = {"marker": "o", "markersize": 2, "linewidth": 1.4, "clip_on": False}
_PREFIX = "targets/class_value/"
# What the adjustment goes by where it takes a spread, else the same of the validation images.
_SIGMAS = ("targets/sigma_sum", "val/sigma_sum")


class ClassValues(NamedTuple):
    """One class (or output neuron), a value a step."""

    name: str
    class_values: tuple[float, ...]
    non_class_values: tuple[float, ...]


class TargetValuesData(NamedTuple):
    """steps: those with all values. sigma_sum: at each of them, empty if not reported. left_out: further classes."""

    step: str
    steps: tuple[int, ...]
    classes: tuple[ClassValues, ...]
    sigma_sum: tuple[float, ...]
    best_step: int
    left_out: int


def data(source: Source) -> TargetValuesData:
    """The best trial's `targets/class_value/<k>` and `targets/non_class_value/<k>`, of the first twelve k.

    Source: dynamic targets, Figure 1, which shows class 0. Raises NotDrawnError if it reported none.
    """
    trial = source.trial
    numbers = sorted(
        {int(name.removeprefix(_PREFIX)) for r in trial.results for name in r.metrics if name.startswith(_PREFIX)}
    )
    shown = numbers[:MOST_PANELS]
    wanted = [f"targets/{kind}/{k}" for k in shown for kind in ("class_value", "non_class_value")]
    whole = [r for r in trial.results if all(math.isfinite(r.metrics.get(name, math.nan)) for name in wanted)]
    best = source.outcome.best_result
    if not numbers or not whole or best is None:
        raise NotDrawnError("the best trial reported no class and non-class values")
    sigmas: tuple[float, ...] = ()
    for name in _SIGMAS:
        if all(math.isfinite(result.metrics.get(name, math.nan)) for result in whole):
            sigmas = tuple(result.metrics[name] for result in whole)
            break
    classes = tuple(
        ClassValues(
            _name(source, k),
            tuple(result.metrics[f"targets/class_value/{k}"] for result in whole),
            tuple(result.metrics[f"targets/non_class_value/{k}"] for result in whole),
        )
        for k in shown
    )
    steps = tuple(result.step for result in whole)
    left_out = len(numbers) - len(shown)
    return TargetValuesData(step_name(source.search), steps, classes, sigmas, best.step, left_out)


def _name(source: Source, k: int) -> str:
    settings = {**source.search.params, **source.search.cell, **source.trial.config}
    if settings.get("values_per") == "neuron":
        return f"neuron {k}"
    names = source.arrays.get("classes")
    return f"class {k}" if names is None or k >= len(names) else str(names[k])


def draw(data: TargetValuesData) -> Figure:
    """A panel a class: the class value full, the non-class value dotted, the band within sigma_sum of the former."""
    names = ["class value", "non-class value", f"selected ({data.best_step})"]
    if data.sigma_sum:
        names.insert(2, "within sigma_sum of the class value")
    title = f"{data.left_out} further classes are left out" if data.left_out else None
    lines = legend_lines(names, title)
    figure, all_axes = panels(
        [values.name for values in data.classes],
        columns=5 if len(data.classes) % 5 == 0 else 4,
        legend_lines=lines,
        share_y=True,
    )
    handles: dict[str, Any] = {}
    for axes, values in zip(all_axes, data.classes, strict=True):
        if data.sigma_sum:
            pairs = list(zip(values.class_values, data.sigma_sum, strict=True))
            low, high = ([max(0.0, c - s) for c, s in pairs], [min(1.0, c + s) for c, s in pairs])
            handles[names[2]] = axes.fill_between(data.steps, low, high, color=SKY, alpha=0.3, linewidth=0)
        (handles[names[0]],) = axes.plot(data.steps, values.class_values, color=BLUE, **_LINE)
        (handles[names[1]],) = axes.plot(data.steps, values.non_class_values, color=VERMILION, linestyle=":", **_LINE)
        handles[names[-1]] = axes.axvline(data.best_step, color=GREY, linewidth=0.8, zorder=1)
        axes.set_ylim(0, 1)
        axes.locator_params(axis="x", integer=True)
    name_axes(figure, all_axes, x=data.step, y="target value (probability)", legend_lines=lines)
    legend_below(figure, {name: handles[name] for name in names}, title)
    return figure
