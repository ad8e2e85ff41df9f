"""A paper's printed numbers beside ours, entry by entry, each with a verdict. Pure: records in, verdicts out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean
from typing import Any

from results.records import SearchOutcome, TrialRecord, best_search, rank
from results.references import Entry, Reference
from results.samples import Sample, configured_like_best, matches, sample
from results.statistics import binomial_half_width, prediction_half_width

ONE_POINT = 0.01


class Outcome(StrEnum):
    """What a comparison comes to."""

    WITHIN = "within"  # the printed value is one that a new run of ours may well give
    ABOVE = "above"  # ours is higher
    BELOW = "below"  # ours is lower
    DIFFERS = "differs"  # another choice came out best here
    NOT_RUN = "not run"
    PROTOCOL_DIFFERS = "protocol differs"
    NOT_PRINTED = "not printed"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One entry compared. Numbers are in printed units; `theirs` and `ours` are text for choices.

    half_width: of the interval around ours that counts as within; None where there is none. runs: how many of ours.
    how: what the interval is made of, how the protocols differ, why nothing is compared.
    """

    entry: Entry
    outcome: Outcome
    theirs: Any = None
    ours: Any = None
    half_width: float | None = None
    difference: float | None = None
    runs: int = 0
    search: str | None = None
    run_id: str | None = None
    how: str = ""


def verify(
    reference: Reference, outcomes: Sequence[SearchOutcome], *, defaults: Mapping[str, Any] | None = None
) -> list[Verdict]:
    """A verdict for every entry, curves step by step, in the reference's order.

    outcomes: the searches with every result of their trials. defaults: options that searches leave at their default.

    A value is *within* if it lies in the 95% prediction interval for one new run, mean ± t s sqrt(1 + 1/k) over our k
    runs, widened (in quadrature) by the binomial error of the paper's test set and by the entry's tolerance; with one
    run by the binomial error alone. A bound is within if that interval reaches it. A hyperparameter is within if
    trials whose score is at most one point under the best reach to both sides of it.
    """
    searches = [_Search(outcome, _settings_of(outcome, defaults or {})) for outcome in outcomes]
    return [
        _judge(entry, {**reference.protocol, **entry.protocol}, searches)
        for given in reference.entries
        for entry in given.single()
    ]


def _settings_of(outcome: SearchOutcome, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a search by name: defaults, fixed options, the cell, its `trials`, `epochs` and `select_on`."""
    search = outcome.search
    select_on = "test" if search.selected_on_test else "validation"
    settings = {**defaults, **search.params, **search.cell, "select_on": select_on}
    return settings | ({"epochs": search.max_steps} if search.max_steps is not None else {})


@dataclass(frozen=True)
class _Search:
    outcome: SearchOutcome
    settings: Mapping[str, Any]


def _judge(entry: Entry, protocol: Mapping[str, Any], searches: Sequence[_Search]) -> Verdict:
    theirs = _theirs(entry)
    found = [search for search in searches if matches(entry.cell, search.settings)]
    ran = [search for search in found if search.outcome.best_trial is not None]
    if not ran:
        why = "no such search was run" if not found else "no trial of it succeeded"
        outcome = Outcome.NOT_PRINTED if entry.missing else Outcome.NOT_RUN
        return Verdict(entry=entry, outcome=outcome, theirs=theirs, how=entry.missing or why)
    # Where the entry leaves factors open, the best of the searches that remain is meant.
    by_factor = entry.factor is not None
    verdict = (
        _choice_of_factor(entry, ran)
        if by_factor
        else _of_search(entry, best_search([search.outcome for search in ran]))
    )
    differing = _differences(protocol, verdict, ran)
    if differing and verdict.outcome not in (Outcome.NOT_RUN, Outcome.NOT_PRINTED):
        return replace(verdict, outcome=Outcome.PROTOCOL_DIFFERS, how=differing)
    return verdict


def _of_search(entry: Entry, outcome: SearchOutcome) -> Verdict:
    blank = Verdict(
        entry=entry, outcome=Outcome.NOT_RUN, theirs=_theirs(entry), search=outcome.search.key, run_id=outcome.run_id
    )
    if entry.parameter is not None:
        return _parameter(entry, entry.parameter, outcome, blank)
    if entry.among:
        return _choice_among(entry, outcome, blank)
    if entry.metric is None:
        return replace(blank, outcome=Outcome.NOT_PRINTED, how=entry.missing)
    runs = sample(outcome, entry.metric, at=entry.at, config=entry.config, lower=_wants_lower(entry))
    if not runs.values:
        return replace(blank, how=runs.why)
    return _number(entry, runs, blank)


def _number(entry: Entry, runs: Sample, blank: Verdict) -> Verdict:
    values = [value / entry.scale for value in runs.values]
    ours = fmean(values)
    seeds = prediction_half_width(values)
    parts, halves = [], []
    if seeds is not None:
        parts.append(f"95% prediction interval over {len(values)} runs")
        halves.append(seeds)
    if entry.images is not None and 0 <= ours * entry.scale <= 1:
        parts.append(f"binomial error of {entry.images} images")
        halves.append(binomial_half_width(ours * entry.scale, entry.images) / entry.scale)
    how = " and ".join(parts) or "one run, no interval"
    if seeds is None and parts:
        how += " alone: one run"
    half = math.hypot(*halves) + entry.tolerance
    if entry.tolerance:
        how += f", tolerance {entry.tolerance:g}"
    if runs.why:
        how += f"; {runs.why}"
    measured = replace(
        blank, ours=ours, half_width=half if halves or entry.tolerance else None, runs=len(values), how=how
    )
    if entry.missing:
        return replace(measured, outcome=Outcome.NOT_PRINTED, how=entry.missing)
    low, high = _range(entry)
    if ours + half < low:
        return replace(measured, outcome=Outcome.BELOW, difference=ours - low)
    if ours - half > high:
        return replace(measured, outcome=Outcome.ABOVE, difference=ours - high)
    difference = ours - low if low == high else None
    return replace(measured, outcome=Outcome.WITHIN, difference=difference)


def _parameter(entry: Entry, name: str, outcome: SearchOutcome, blank: Verdict) -> Verdict:
    search = outcome.search
    best = outcome.best_trial
    result = outcome.best_result
    if best is None or result is None or name not in best.config:
        return replace(blank, how=f"{name} was not searched")
    score = result.metrics[search.metric]
    near = [
        trial.config[name]
        for trial in rank(outcome.trials, search.metric, search.mode)
        if name in trial.config and not trial.state.failed and _within_a_point(trial, outcome, score)
    ]
    measured = replace(blank, ours=best.config[name], runs=len(near))
    if entry.missing:
        return replace(measured, outcome=Outcome.NOT_PRINTED, how=entry.missing)
    theirs = entry.value
    numeric = [value for value in near if isinstance(value, int | float) and not isinstance(value, bool)]
    if not isinstance(theirs, int | float) or isinstance(theirs, bool) or len(numeric) < len(near):
        among = ", ".join(dict.fromkeys(map(str, near)))
        outcome_ = Outcome.WITHIN if theirs in near else Outcome.DIFFERS
        return replace(measured, outcome=outcome_, how=f"within one point of the best: {among}")
    low, high = min(numeric), max(numeric)
    how = f"{low:.4g} to {high:.4g} in the {len(near)} trials within one point of the best"
    measured = replace(measured, how=how, difference=measured.ours - theirs)
    if theirs < low:
        return replace(measured, outcome=Outcome.ABOVE)
    return replace(measured, outcome=Outcome.BELOW if theirs > high else Outcome.WITHIN)


def _within_a_point(trial: TrialRecord, outcome: SearchOutcome, score: float) -> bool:
    best = trial.best(outcome.search.metric, outcome.search.mode)
    return best is not None and abs(best.metrics[outcome.search.metric] - score) <= ONE_POINT


def _choice_among(entry: Entry, outcome: SearchOutcome, blank: Verdict) -> Verdict:
    runs = {
        name: sample(outcome, metric, at=entry.at, config=entry.config, lower=False)
        for name, metric in entry.among.items()
    }
    scores = {name: fmean(found.values) for name, found in runs.items() if found.values}
    if len(scores) < len(runs):
        lacking = ", ".join(name for name in runs if name not in scores)
        return replace(blank, how=f"not measured: {lacking}")
    return _chosen(entry, scores, replace(blank, runs=min(len(found.values) for found in runs.values())))


def _choice_of_factor(entry: Entry, searches: Sequence[_Search]) -> Verdict:
    scores: dict[str, float] = {}
    runs = []
    for search in searches:
        found = sample(search.outcome, entry.metric or "", at=entry.at, config=entry.config, lower=False)
        if found.values:
            scores[str(search.settings.get(entry.factor or ""))] = fmean(found.values)
            runs.append(len(found.values))
    blank = Verdict(entry=entry, outcome=Outcome.NOT_RUN, theirs=_theirs(entry))
    if len(scores) < 2:
        return replace(blank, how=f"needs two or more values of {entry.factor}")
    return _chosen(entry, scores, replace(blank, runs=min(runs)))


def _chosen(entry: Entry, scores: Mapping[str, float], blank: Verdict) -> Verdict:
    top = max(scores.values())
    best = [name for name, score in scores.items() if math.isclose(score, top, rel_tol=0, abs_tol=1e-12)]
    told = ", ".join(f"{name} {score:.4g}" for name, score in sorted(scores.items(), key=lambda item: -item[1]))
    within = any(str(choice) in best for choice in entry.choice)
    outcome = Outcome.WITHIN if within else Outcome.DIFFERS
    return replace(blank, outcome=outcome, ours=" or ".join(best), how=told)


def _differences(protocol: Mapping[str, Any], verdict: Verdict, searches: Sequence[_Search]) -> str:
    """How our settings differ from the paper's, in words; empty if they do not."""
    compared = [search for search in searches if verdict.search in (None, search.outcome.search.key)]
    told: dict[str, None] = {}
    for search in compared:
        trials = configured_like_best(search.outcome, verdict.entry.config)
        settings = {**search.settings, **(trials[0].config if trials else {})}
        for name, theirs in protocol.items():
            if name not in settings:
                told[f"{name} {_text(theirs)}, here not recorded"] = None
            elif not matches({name: theirs}, settings) and not _names_plugin(theirs, settings[name]):
                told[f"{name} {_text(theirs)}, here {_text(settings[name])}"] = None
    return "; ".join(told)


def _names_plugin(theirs: object, ours: object) -> bool:
    """Whether a searcher, scheduler or stopper is the printed one, of which the paper tells no options."""
    return isinstance(theirs, str) and isinstance(ours, str) and ours.partition("(")[0] == theirs


def _theirs(entry: Entry) -> Any:
    if entry.value is not None:
        return entry.value
    if entry.choice:
        return " or ".join(map(str, entry.choice))
    bounds = ((">=", entry.at_least), ("<=", entry.at_most))
    return " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None) or None


def _range(entry: Entry) -> tuple[float, float]:
    if isinstance(entry.value, int | float):
        return float(entry.value), float(entry.value)
    low = -math.inf if entry.at_least is None else entry.at_least
    return low, math.inf if entry.at_most is None else entry.at_most


def _wants_lower(entry: Entry) -> bool:
    return entry.at_most is not None and entry.at_least is None


def _text(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def verdict_counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many of each verdict, in the order of `Outcome`."""
    counts: Iterator[tuple[str, int]] = ((str(kind), sum(v.outcome is kind for v in verdicts)) for kind in Outcome)
    return {name: count for name, count in counts if count}
