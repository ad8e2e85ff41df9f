"""Figures of all trials of a search, by name: each takes a `Source`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from results.figures import (
    best_so_far,
    importance,
    intermediate_values,
    optimization_history,
    parameters,
    timeline,
)
from results.figures.figure import Figure

SEARCH_FIGURES: Mapping[str, Figure] = {
    "optimization_history": Figure(
        "value of each trial, and the best so far", optimization_history.data, optimization_history.draw
    ),
    "intermediate_values": Figure(
        "each trial's metric step by step, and what ended it", intermediate_values.data, intermediate_values.draw
    ),
    "slice": Figure("value by each parameter", partial(parameters.data, kind="slice"), parameters.draw),
    "contour": Figure("value by pairs of parameters", partial(parameters.data, kind="contour"), parameters.draw),
    "parallel_coordinate": Figure(
        "configurations as lines", partial(parameters.data, kind="parallel_coordinate"), parameters.draw
    ),
    "importance_ped_anova": Figure(
        "which parameters made a trial one of the best", partial(importance.data, method="ped_anova"), importance.draw
    ),
    "importance_fanova": Figure(
        "which parameters explain how trials differ", partial(importance.data, method="fanova"), importance.draw
    ),
    "best_so_far": Figure("best value against the epochs spent", best_so_far.data, best_so_far.draw),
    "timeline": Figure("when each trial ran, and how it ended", timeline.data, timeline.draw),
}
