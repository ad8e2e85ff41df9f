"""What the reading verbs share: finding a home's store, a study in it, and its facts as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from results.finding import find_study as find_by_name
from results.homes import STORE_FILE
from results.tables import count_states, duration_s
from tuner.cli.common import read_study
from tuner.errors import InputError, Problem
from tuner.home import Home
from tuner.names import folder_name, is_file

if TYPE_CHECKING:
    from results.records import SearchOutcome, StudyRecord, TrialRecord
    from results.report.section import ReportSection
    from results.store import Store

StoredStudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A study file, or the name of a study that was run; name#2 is what it became with --fresh.",
        show_default=False,
    ),
]
TrackingUriOption = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        metavar="URI",
        help="The MLflow store to read, of this machine or another; by default the study's own, else the home's.",
        show_default=False,
    ),
]


def stored_home(home: Path) -> Home:
    """A home that has a store. Raises InputError if nothing was run there yet."""
    place = Home(home.absolute())
    if not (place.root / STORE_FILE).is_file():
        rule = f"must be a home where something was run: it holds no {STORE_FILE}"
        raise InputError([Problem((), rule, str(place.root), option="--home")])
    return place


def open_store(home: Path, tracking_uri: str | None = None, *, given_as: str = "--tracking-uri") -> Store:
    """The store at an address, else that of a home. Raises InputError if there is none, or it does not answer.

    given_as: what the address stands in, for the message.
    """
    if tracking_uri is None:
        tracking_uri, given_as = stored_home(home).tracking_uri, "--home"
    from results.opening import StoreError, open_to_read

    try:
        return open_to_read(tracking_uri)
    except StoreError as error:
        raise InputError([Problem((), str(error), tracking_uri, option=given_as)]) from None


def find_study(given: str, home: Path, tracking_uri: str | None = None) -> tuple[Store, StudyRecord]:
    """The store and the study that a person means by a file or a name.

    A bare name is the study as it was last begun; `name#1` is the first one, `name#2` that after one --fresh.
    tracking_uri: the store, whatever a file says. Raises InputError with the studies that there are.
    """
    name, uri, given_as = given, tracking_uri, "--tracking-uri"
    if _is_file(given):
        study = read_study(Path(given))
        name = study.name
        if uri is None:
            uri, given_as = study.tracking.uri, f"{given}: tracking.uri"
    store = open_store(home, uri, given_as=given_as)
    studies = store.studies()
    found = find_by_name(studies, name)
    if found is None:
        ids = tuple(dict.fromkeys(study.study_id for study in studies))
        raise InputError([Problem((), "must be a study that was run", name, ids, option="STUDY")])
    folder_name(found.study_id)
    return store, found


def _is_file(given: str) -> bool:
    return given.endswith((".yaml", ".yml")) or is_file(given)


def report_section(given: str, record: StudyRecord) -> tuple[ReportSection, str]:
    """What the study says of its report, and what is wrong with that, empty if nothing.

    A study file that was passed counts as it is now; else the text that the record keeps of it. Raises InputError.
    """
    if _is_file(given):
        return read_study(Path(given)).report, ""
    from tuner.stored_report import read_report

    return read_report(record.source)


def whole_outcomes(store: Store, record: StudyRecord) -> list[SearchOutcome]:
    """The study's searches with every result of every trial. Raises RunError if a folder could not be called as one."""
    outcomes = store.outcomes(record.study_id, results=True)
    for outcome in outcomes:
        folder_name(outcome.search.key)
    return outcomes


def search_facts(outcome: SearchOutcome) -> dict[str, Any]:
    """One search for --json: its cell, its best trial, its test metrics, its model, its trials by state."""
    return {
        "search": outcome.search.key,
        "cell": dict(outcome.search.cell),
        "trials": len(outcome.trials),
        "states": count_states(outcome.trials),
        "best": _best_facts(outcome),
        "test": plain(outcome.test_metrics),
        "finals": _final_facts(outcome),
        "model": outcome.model,
    }


def _final_facts(outcome: SearchOutcome) -> list[dict[str, Any]]:
    """The final runs of a search for --json: the last result of each, which has its test metrics."""
    return [
        {
            "run": final.trial_id,
            "seed": final.seed,
            "state": str(final.state),
            "error": final.error,
            "metrics": plain(final.results[-1].metrics) if final.results else {},
        }
        for final in outcome.finals
    ]


def _best_facts(outcome: SearchOutcome) -> dict[str, Any] | None:
    """A search's best trial at its best step for --json; None if it has none."""
    trial, best = outcome.best_trial, outcome.best_result
    if trial is None or best is None:
        return None
    return {"trial": trial.trial_id, "step": best.step, "config": dict(trial.config), "metrics": plain(best.metrics)}


def trial_facts(outcome: SearchOutcome, trial: TrialRecord) -> dict[str, Any]:
    """One trial for --json."""
    best = trial.best(outcome.search.metric, outcome.search.mode)
    return {
        "trial": trial.trial_id,
        "search": outcome.search.key,
        "number": trial.number,
        "state": str(trial.state),
        "stopped_by": trial.stopped_by,
        "error": trial.error,
        "seed": trial.seed,
        "cell": dict(outcome.search.cell),
        "config": dict(trial.config),
        "best": None if best is None else {"step": best.step, "metrics": plain(best.metrics)},
        "started_at_ms": trial.started_at_ms,
        "ended_at_ms": trial.ended_at_ms,
        "duration_s": duration_s(trial),
    }


def plain(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """Metrics that JSON can hold: what is not finite as `nan`, `inf` or `-inf`."""
    return {name: plain_number(value) for name, value in metrics.items()}


def plain_number(value: Any) -> Any:
    """A value that JSON can hold: a float that is not finite as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
