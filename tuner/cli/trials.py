"""`tuner trials`: one row a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from results.tables import Table, cell_text, duration_s, trials_table
from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, print_json, print_table
from tuner.cli.stored import StoredStudyArgument, TrackingUriOption, find_study, trial_facts
from tuner.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from results.records import SearchOutcome, StudyRecord


def command(
    study: StoredStudyArgument,
    search: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only the trials of this search.", show_default=False)
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values with every metric.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the trials of a study: state, who stopped them, configuration, best step and its metrics.

    Example: tuner trials quickstart --search cosine --csv > trials.csv
    """
    if as_csv and as_json:
        raise InputError([Problem((), "cannot be given together with --csv", option="--json")])
    store, record = find_study(study, home, tracking_uri)
    outcomes = _picked(store.outcomes(record.study_id), search)
    if as_json:
        trials = [trial_facts(outcome, trial) for outcome in outcomes for trial in outcome.trials]
        print_json({"study": record.study_id, "metric": record.metric, "mode": record.mode, "trials": trials})
    elif as_csv:
        typer.echo(trials_table(outcomes).csv(), nl=False)
    else:
        table = _short(outcomes, record)
        print_table(table.columns, table.text_rows())


def _picked(outcomes: Sequence[SearchOutcome], key: str | None) -> list[SearchOutcome]:
    picked = [outcome for outcome in outcomes if key in (None, outcome.search.key)]
    if not picked and key is not None:
        keys = tuple(outcome.search.key for outcome in outcomes)
        raise InputError([Problem((), "must be a search of the study", key, keys, option="--search")])
    return picked


def _short(outcomes: Sequence[SearchOutcome], study: StudyRecord) -> Table:
    """What fits a terminal; --csv has every parameter and metric in a column of its own."""
    rows = []
    for outcome in outcomes:
        for trial in outcome.trials:
            best = trial.best(study.metric, study.mode)
            seconds = duration_s(trial)
            state = str(trial.state) if trial.stopped_by is None else f"{trial.state} by {trial.stopped_by}"
            rows.append(
                (
                    trial.trial_id,
                    state.replace("_", " "),
                    None if best is None else round(best.metrics[study.metric], 4),
                    None if best is None else best.step,
                    None if seconds is None else round(seconds, 1),
                    cell_text(trial.config),
                )
            )
    return Table(("trial", "state", study.metric, "step", "seconds", "configuration"), tuple(rows))
