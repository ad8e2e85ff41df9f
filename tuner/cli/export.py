"""`tuner export`: a study's trials for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json
from tuner.cli.stored import StoredStudyArgument, TrackingUriOption, find_study, whole_outcomes
from tuner.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from results.records import SearchOutcome

OptunaOption = Annotated[
    str | None,
    typer.Option(
        "--optuna",
        metavar="URL",
        help="An Optuna storage, sqlite:///studies.db: one study a search, for optuna-dashboard.",
        show_default=False,
    ),
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="One row a trial.", show_default=False, dir_okay=False)
]
ParquetOption = Annotated[
    Path | None,
    typer.Option(
        "--parquet", metavar="FILE", help="One row for each metric of each step.", show_default=False, dir_okay=False
    ),
]


def command(
    study: StoredStudyArgument,
    optuna: OptunaOption = None,
    csv: CsvOption = None,
    parquet: ParquetOption = None,
    home: HomeOption = DEFAULT_HOME,
    tracking_uri: TrackingUriOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a study's trials for other tools: an Optuna storage, CSV, parquet. What was exported before is replaced.

    Example: tuner export quickstart --optuna sqlite:///studies.db
    """
    if optuna is None and csv is None and parquet is None:
        raise InputError([Problem((), "say what to write: --optuna, --csv or --parquet", option="tuner export")])
    _check_folders({"--csv": csv, "--parquet": parquet})
    store, record = find_study(study, home, tracking_uri)
    outcomes = whole_outcomes(store, record)
    facts: dict[str, Any] = {"study": record.study_id, "searches": len(outcomes)}
    if optuna is not None:
        facts["optuna"] = {"storage": optuna, "studies": _to_optuna(outcomes, optuna)}
    if csv is not None:
        from results.export import write_trials_csv

        facts["csv"] = {"file": str(csv), "trials": write_trials_csv(csv, outcomes)}
    if parquet is not None:
        from results.export import write_history_parquet

        facts["parquet"] = {"file": str(parquet), "rows": write_history_parquet(parquet, outcomes)}
    if as_json:
        print_json(facts)
        return
    if optuna is not None:
        note(f"{len(outcomes)} studies in {optuna}: `optuna-dashboard {optuna}` shows them")
    for name, unit in (("csv", "trials"), ("parquet", "rows")):
        if name in facts:
            note(f"{facts[name][unit]} {unit} in {facts[name]['file']}")


def _check_folders(files: dict[str, Path | None]) -> None:
    problems = [
        Problem((), "must be a file in a folder that is there", str(file), option=option)
        for option, file in files.items()
        if file is not None and not file.absolute().parent.is_dir()
    ]
    if problems:
        raise InputError(problems)


def _to_optuna(outcomes: Sequence[SearchOutcome], storage: str) -> list[str]:
    import optuna
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    from results.optuna_study import ForeignStudyError, add_to_optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return [add_to_optuna(outcome, storage).study_name for outcome in outcomes]
    except ArgumentError:
        raise InputError(
            [Problem((), "must be a storage such as sqlite:///studies.db", storage, option="--optuna")]
        ) from None
    except (ForeignStudyError, SQLAlchemyError) as error:
        raise InputError([Problem((), str(error).splitlines()[0], option="--optuna")]) from None
