"""`tuner import`: an experiment that was run with Ray Tune alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuner.cli.common import DEFAULT_HOME, HomeOption, JsonOption, note, print_json, print_table
from tuner.cli.stored import search_facts
from tuner.errors import InputError, Problem
from tuner.study import STUDY_NAME

if TYPE_CHECKING:
    from results.records import Mode
    from tuner.importing.files import Experiment

MetricOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The reported number that says which trial is best; by default the one that Ray noted.",
        show_default=False,
    ),
]
ModeOption = Annotated[str | None, typer.Option(metavar="max|min", help="Which is better.", show_default=False)]
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="The study's; by default the folder's.", show_default=False)
]
FactorOption = Annotated[
    list[str] | None,
    typer.Option(
        "--factor", metavar="KEY", help="A key of the configuration that is compared: a search for each value."
    ),
]


def command(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="The experiment's folder, with experiment_state-*.json.")
    ],
    metric: MetricOption = None,
    mode: ModeOption = None,
    name: NameOption = None,
    budget_key: Annotated[
        str, typer.Option(metavar="NAME", help="The reported whole number that counts a trial's steps.")
    ] = "training_iteration",
    factors: FactorOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Record it anew beside what has the name already.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Record a finished Ray Tune experiment of anybody's, so that every verb that reads works on it.

    Only its JSON and text files are read: its pickles could run code.

    Example: tuner import ~/ray_results/train_mnist --metric eval/accuracy --mode max --factor model
    """
    from tuner.importing.files import read_experiment
    from tuner.importing.record import record_experiment
    from tuner.importing.records import Reading, check

    experiment = read_experiment(path)
    judged, better = _judged(experiment, metric, mode)
    called = _name(path, name)
    reading = Reading(metric=judged, mode=better, budget_key=budget_key, factors=tuple(dict.fromkeys(factors or ())))
    check(experiment, reading)
    store, study, found = record_experiment(experiment, reading, name=called, home=home, fresh=fresh)
    for torn in experiment.torn:
        note(f"{torn}: its last line is torn and was left out")
    if as_json:
        facts = [search_facts(outcome) for outcome in found]
        print_json({"study": study.study_id, "tracking_uri": store.uri, "searches": facts})
        return
    from results.summary import summary

    table = summary(found)
    print_table(table.columns, table.text_rows(), title=f"{study.study_id}: best by {study.metric} ({study.mode})")
    note(f"every trial: tuner trials {study.study_id} --home {home}")


def _judged(experiment: Experiment, metric: str | None, mode: str | None) -> tuple[str, Mode]:
    """The metric and its direction. Raises InputError for what neither the person nor Ray says."""
    problems = []
    metric = metric or experiment.metric
    if metric is None:
        problems.append(Problem((), "must be given: the experiment does not say it", option="--metric"))
    if mode is None:
        rule = "must be given: Ray notes it only in pickles, which are not read"
        problems.append(Problem((), rule, choices=("max", "min"), option="--mode"))
    elif mode not in ("max", "min"):
        problems.append(Problem((), "must be a direction", mode, ("max", "min"), option="--mode"))
    if problems or metric is None:
        raise InputError(problems)
    return metric, "min" if mode == "min" else "max"


def _name(path: Path, given: str | None) -> str:
    name = given if given is not None else re.sub(r"[^A-Za-z0-9_.-]", "_", path.resolve().name)[:64].lstrip("._-")
    if not STUDY_NAME.fullmatch(name):
        rule = 'must be at most 64 letters, digits, "_", "." and "-", a letter or digit first'
        raise InputError([Problem((), rule, name, option="--name")])
    return name
