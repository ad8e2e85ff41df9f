"""The tables of a study that states none: best models, decision rules, hyperparameters. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from results.pivot.contents import CONFIG
from results.pivot.spec import TableSpec
from results.pivot.values import metrics_of
from results.records import SearchOutcome
from results.samples import tested_metric


def default_specs(outcomes: Sequence[SearchOutcome]) -> list[TableSpec]:
    """What the searches have to show.

    best_models: the winner's score, the same on the test split, the runs behind it, the gap between them (the
    winner's optimism), the step. by_rule: the test metric (else the searched one) by every decision rule, where
    metrics' names tell two or more. hyperparameters: those that the searches tried.
    """
    if not outcomes:
        return []
    factors = tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.search.cell))
    known = set().union(*(metrics_of(outcome) for outcome in outcomes))
    metric, tested = outcomes[0].search.metric, tested_metric(outcomes[0].search)
    cell = {metric: metric}
    if tested in known and tested != metric:
        cell |= {tested: tested, "n": "runs", "optimism": "optimism"}
    specs = [TableSpec(name="best_models", title="Best models", rows=factors, cell={**cell, "step": "step"})]
    if rules := _by_rule(known, metric, tested):
        name = "rule" if "rule" not in factors else "decision_rule"
        specs.append(
            TableSpec(
                name="by_rule",
                title="Best models by decision rule",
                rows=factors,
                columns=(name,),
                cell={rules: f"{rules}/{{{name}}}"},
            )
        )
    searched = dict.fromkeys(
        name
        for outcome in outcomes
        for trial in outcome.trials
        for name in trial.config
        if name not in outcome.search.cell
    )
    if searched:
        cell = {name: CONFIG + name for name in searched}
        specs.append(TableSpec(name="hyperparameters", title="Best hyperparameters", rows=factors, cell=cell))
    return specs


def _by_rule(known: set[str], metric: str, tested: str) -> str | None:
    """The metric below which rules are named: of `test/accuracy/tuned` it is `test/accuracy`."""
    for name in (tested, metric):
        for stem in (name, name.rpartition("/")[0]):
            below = [other for other in known if other.startswith(f"{stem}/") and "/" not in other[len(stem) + 1 :]]
            if "/" in stem and len(below) > 1:
                return stem
    return None
