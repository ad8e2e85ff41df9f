"""`--set`: values of a study replaced from the command line, and what is wrong with one told with its option."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.load import inspect, load_study

Write = Callable[..., Path]


def messages(path: Path, *overrides: str) -> list[str]:
    """Every problem as a person reads it, the folder cut off."""
    return [problem.format().replace(f"{path.parent}/", "") for problem in inspect(path, overrides=overrides)[1]]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("search.trials=0", "--set search.trials: must be at least 1, but got 0"),
        ("search.trials", "--set: must be written path=value, such as search.trials=8, but got 'search.trials'"),
        ("search..trials=3", "--set: must be written path=value"),
        ("search.trails=3", "--set search.trails: is not a key here, but got 'trails'; did you mean trials?"),
        ("search.stoppers.7=x", "--set search.stoppers.7: search.stoppers: is a list, which is entered by an index"),
        ("search.stoppers.last.x=1", "--set search.stoppers.last.x: search.stoppers: is a list"),
        ("name.x=1", "--set name.x: name: is 'tiny', below which nothing can be set"),
        ("search.trials=[1", "--set search.trials: is not YAML"),
        ("fixed.embedding_dim=x", "--set fixed.embedding_dim: must be an int or null, but got 'x'"),
        ("search.scheduler.hyperband.reduction_factor=2", "--set search.scheduler.hyperband.reduction_factor: search"),
        ("search.searcher.hyperopt.n_initial=-1", "--set search.searcher.hyperopt.n_initial: must be at least 1"),
        ("report.tables=[x]", "--set report.tables: stands in the study file alone"),
    ],
)
def test_a_wrong_override_is_told_with_the_option(study_file: Write, override: str, expected: str) -> None:
    found = messages(study_file(), override)
    assert any(message.startswith(expected) for message in found), found


def test_overrides_reach_plugins_lists_and_parameters(study_file: Write) -> None:
    study = load_study(
        study_file("{trial_plateau: {patience: 4}}", "{trial_plateau: {patience: 4}}, {target: 0.9}"),
        overrides=[
            "search.searcher.hyperopt.n_initial=5",  # below a bare name
            "search.scheduler.asha.brackets=2",
            "search.stoppers.0.trial_plateau.patience=2",
            "search.stoppers.1={target: 0.5}",
            "search.max_concurrent=2",  # absent so far
            "resources.gpu={share: 0.5, if_present: true}",
            "grid.loss=[cosine, push_pull]",
            "fixed.lr=1e-3",
            "space.lr=null",  # taken out
            "start_with=[]",
        ],
    )
    assert study.search.searcher.options["n_initial"] == 5
    assert study.search.scheduler.options["brackets"] == 2
    assert study.search.scheduler.options["grace_period"] == 3
    assert [stopper.options.get("patience") for stopper in study.search.stoppers] == [2, None, None]
    assert study.search.stoppers[1].options == {"value": 0.5}
    assert (study.search.max_concurrent, study.resources.gpu.if_present) == (2, True)
    assert (study.grid["loss"], study.fixed["lr"]) == (("cosine", "push_pull"), 1e-3)
    assert "lr" not in study.space
