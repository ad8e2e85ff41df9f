"""`tuner show`: one trial in full."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from results.report.links import LOCAL_UI, ui_of
from results.tables import cell_text, duration_s
from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, print_json
from tuner.cli.stored import TrackingUriOption, open_store, plain, trial_facts
from tuner.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from results.records import ResultRecord, SearchRecord
    from results.store import Store
    from results.store.reading import TrialPage

_BAR = 40
_MAX_LINES = 40


def command(
    trial: Annotated[
        str,
        typer.Argument(
            help="A trial as the tables name it: study/search/number, and more parts if its search has them.",
            show_default=False,
        ),
    ],
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one trial: state, configuration, its metric step by step, its files, and the error of one that failed.

    Example: tuner show quickstart/cosine/0003
    """
    store = open_store(home, tracking_uri)
    page = store.trial(trial)
    if page is None:
        raise InputError([Problem((), "must be a trial of this store", trial, _nearby(store, trial), option="TRIAL")])
    if as_json:
        print_json(_facts(page, store))
        return
    for line in _lines(page, ui_of(store.uri)):
        typer.echo(line)


def _facts(page: TrialPage, store: Store) -> dict[str, Any]:
    from results.records import SearchOutcome

    facts = trial_facts(SearchOutcome(search=page.search, trials=()), page.trial)
    facts["results"] = [
        {"step": result.step, "at_ms": result.at_ms, "metrics": plain(result.metrics)} for result in page.trial.results
    ]
    return facts | {
        "metric": page.search.metric,
        "mode": page.search.mode,
        "fixed": dict(page.search.params),
        "run_id": page.run_id,
        "tracking_uri": store.uri,
        "files": list(page.files),
    }


def _lines(page: TrialPage, ui: str) -> list[str]:
    from results.store.view import run_link

    trial, search = page.trial, page.search
    seconds = duration_s(trial)
    state = str(trial.state).replace("_", " ")
    if trial.stopped_by is not None:
        state += f" by {trial.stopped_by}"
    if seconds is not None:
        state += f", {seconds:.1f} s"
    lines = [f"{trial.trial_id}: {state}", "", *_block("cell", search.cell), *_block("configuration", trial.config)]
    lines += ["", *curve(trial.results, search)]
    best = trial.best(search.metric, search.mode)
    if best is not None:
        lines += ["", *_block(f"metrics at step {best.step}", best.metrics)]
    if trial.error is not None:
        lines += ["", "error", *(f"  {line}" for line in trial.error.splitlines())]
    if page.files:
        lines += ["", "files", *(f"  {name}" for name in page.files)]
    served = ", while `tuner ui` serves" if ui == LOCAL_UI else ""
    return [*lines, "", f"in the browser{served}: {run_link(ui, page.experiment_id, page.run_id)}"]


def curve(results: Sequence[ResultRecord], search: SearchRecord) -> list[str]:
    """The study's metric step by step as bars from its lowest to its highest value; `*` marks the best step.

    Of more than 40 steps every n-th is shown, and the best and the last one.
    """
    metric = search.metric
    points = [(result.step, result.metrics[metric]) for result in results if metric in result.metrics]
    if not points:
        return [f"{metric} was never reported"]
    values = [value for _, value in points if math.isfinite(value)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    wanted = max if search.mode == "max" else min
    best = next((step for step, value in points if values and value == wanted(values)), None)
    every = math.ceil(len(points) / _MAX_LINES)
    lines = [f"{'step':>6}  {metric}" + (f"  (every {every}. step)" if every > 1 else "")]
    for index, (step, value) in enumerate(points):
        if index % every and step != best and index != len(points) - 1:
            continue
        share = (value - low) / (high - low) if math.isfinite(value) and high > low else 0.0
        bar = "━" * round(share * _BAR)
        lines.append(f"{step:>6}  {value:<12.6g}{bar}{' *' if step == best else ''}".rstrip())
    return lines


def _block(title: str, values: Any) -> list[str]:
    if not values:
        return []
    width = max(len(name) for name in values)
    return [title, *(f"  {name:<{width}}  {cell_text(value)}" for name, value in sorted(values.items()))]


def _nearby(store: Store, trial: str) -> tuple[str, ...]:
    """The trials of the search that was probably meant, else the first trial of each search."""
    searches = [search for study in store.studies() for search in store.searches(study.study_id)]
    folder = str(Path(trial).parent)
    for search in searches:
        if search.search_id == folder:
            return tuple(found.trial_id for found in store.trials(folder))
    return tuple(f"{search.search_id}/0000" for search in searches)
