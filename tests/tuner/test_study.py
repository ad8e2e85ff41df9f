"""The schema alone: types, unknown keys, and options held against the signatures of Ray's own classes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from pydantic import ValidationError

from tuner.options.plugin import PLUGINS, Plugin, parse_plugin
from tuner.options.problems import Problems, problems_of
from tuner.options.stoppers import parse_duration
from tuner.study import Study

MINIMAL: dict[str, Any] = {
    "name": "x",
    "trainable": "moving_targets",
    "search": {"metric": "val/accuracy", "mode": "max", "trials": 3, "budget": {"max": 2}},
}


def problems(**changes: Any) -> dict[str, str]:
    """Every problem of the minimal study with some keys changed: place -> message."""
    with pytest.raises(ValidationError) as caught:
        Study.model_validate({**MINIMAL, **changes})
    return {problem.place: problem.message() for problem in problems_of(caught.value, Study)}


def search(**changes: Any) -> dict[str, Any]:
    return {**MINIMAL["search"], **changes}


def test_a_minimal_study_has_the_documented_defaults() -> None:
    study = Study.model_validate(MINIMAL)
    assert (study.search.searcher, study.search.scheduler) == (Plugin("random"), Plugin("fifo"))
    assert (study.search.max_concurrent, study.search.parallel_searches, study.search.seed) == (1, 1, 1)
    assert study.search.budget.key == "epoch"
    assert (study.device, study.precision, study.cluster) == ("auto", "fp32", "local")
    assert (study.resources.cpu, study.resources.gpu.share) == (1, 0)
    assert (study.tracking.uri, study.tracking.register_models) == (None, True)
    assert study.cells() == [{}]


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../x", "a:b", "x" * 65, "a b", "é"])
def test_names_that_are_no_file_names_are_refused(name: str) -> None:
    assert "name" in problems(name=name)


def test_unknown_keys_are_refused_at_every_level_with_the_nearest_key() -> None:
    found = problems(serch={}, search=search(trails=3, budget={"max": 2, "maximum": 3}), tracking={"url": "x"})
    assert found["serch"].startswith("is not a key here, but got 'serch'; did you mean search?")
    assert "did you mean trials?" in found["search.trails"]
    assert "did you mean max?" in found["search.budget.maximum"]
    assert found["tracking.url"] == "is not a key here, but got 'url'; did you mean uri? Choices: uri, register"


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        ({"search": search(trials="8")}, "search.trials", "must be an integer, but got '8'"),
        ({"search": search(trials=True)}, "search.trials", "must be an integer, but got True"),
        ({"search": search(trials=2.0)}, "search.trials", "must be an integer, but got 2.0"),
        ({"search": search(trials=0)}, "search.trials", "must be at least 1, but got 0"),
        ({"search": search(epoch_timeout="soon")}, "search.epoch_timeout", "must be a duration such as"),
        ({"search": search(epoch_timeout=0)}, "search.epoch_timeout", "must be greater than 0, but got 0"),
        ({"search": search(mode="biggest")}, "search.mode", "must be one of the choices, but got 'biggest'"),
        ({"search": 3}, "search", "must be a mapping, but got 3"),
        ({"grid": {"loss": "cosine"}}, "grid.loss", "must be a list of the values to compare, but got 'cosine'"),
        ({"grid": {"loss": []}}, "grid.loss", "must hold at least one value, but got []"),
        ({"grid": {"loss": ["a", "a"]}}, "grid.loss.1", "stands twice in this factor, but got 'a'"),
        ({"grid": {"loss": [["a"]]}}, "grid.loss.0", "must be text, a number, true, false or null, but got ['a']"),
        ({"fixed": {"2x": 1}}, "fixed.2x", "is not a legal name"),
        ({"fixed": [1]}, "fixed", "must be a mapping of names, but got [1]"),
        ({"resources": {"cpu": 0}}, "resources.cpu", "must be greater than 0, but got 0"),
        ({"resources": {"gpu": {"share": 0.5, "maybe": True}}}, "resources.gpu.maybe", "is not a key here"),
        ({"resources": {"gpu": 1.5}}, "resources.gpu.share", "must be a share of one GPU"),
        ({"device": "tpu"}, "device", "must be one of the choices, but got 'tpu'"),
        ({"tracking": {"uri": "file:///tmp/x"}}, "tracking.uri", "must be"),
    ],
)
def test_a_wrong_value_is_told_with_its_rule(changes: dict[str, Any], place: str, message: str) -> None:
    assert problems(**changes)[place].startswith(message)


@pytest.mark.parametrize(("given", "seconds"), [("10m", 600.0), ("1h 30m", 5400.0), (90, 90.0), (None, None)])
def test_the_time_limit_of_an_epoch_is_a_duration_or_none(given: Any, seconds: float | None) -> None:
    assert Study.model_validate({**MINIMAL, "search": search(epoch_timeout=given)}).search.epoch_timeout == seconds


def test_true_and_one_are_different_values_of_a_factor() -> None:
    assert Study.model_validate({**MINIMAL, "grid": {"x": [True, 1, "1"]}}).grid["x"] == (True, 1, "1")


def test_a_gpu_may_be_a_number_or_a_mapping() -> None:
    for gpu, expected in ((0.25, (0.25, False)), (2, (2, False)), ({"share": 0.5, "if_present": True}, (0.5, True))):
        read = Study.model_validate({**MINIMAL, "resources": {"gpu": gpu}}).resources.gpu
        assert (read.share, read.if_present) == expected


def test_a_study_is_what_its_own_yaml_says() -> None:
    import yaml

    study = Study.model_validate({**MINIMAL, "search": search(stoppers=[{"time_budget": "4h"}], scheduler="asha")})
    assert Study.model_validate(yaml.safe_load(study.source)) == study


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("scheduler", "asha", Plugin("asha", {"grace_period": 1, "reduction_factor": 4, "brackets": 1})),
        ("scheduler", {"fifo": None}, Plugin("fifo")),
        ("searcher", {"my.module:Mine": {"x": 1}}, Plugin("my.module:Mine", {"x": 1})),
        ("stopper", {"target": 0.99}, Plugin("target", {"value": 0.99})),
        ("stopper", {"time_budget": "1h 30m"}, Plugin("time_budget", {"seconds": 5400.0})),
        ("stopper", {"time_budget": {"seconds": 90}}, Plugin("time_budget", {"seconds": 90.0})),
        ("stopper", {"failure_budget": 0.25}, Plugin("failure_budget", {"max": 0.25})),
        ("stopper", {"failure_budget": 3}, Plugin("failure_budget", {"max": 3})),
    ],
)
def test_plugins_are_written_as_a_name_or_with_options(kind: Any, value: Any, expected: Plugin) -> None:
    assert parse_plugin(value, kind) == expected


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("scheduler", "ahsa", "is not a scheduler, but got 'ahsa'; did you mean asha?"),
        ("scheduler", "my.module:Mine", "is not a scheduler, but got 'my.module:Mine'"),
        ("scheduler", 3, "must be the name of a scheduler, or {name: options}, but got 3"),
        ("scheduler", {}, "must name a scheduler"),
        ("scheduler", {"asha": {}, "fifo": {}}, "fifo: must be one scheduler, and 'asha' stands here already"),
        ("scheduler", {"asha": 3}, "asha: must be a mapping of options, but got 3"),
        ("scheduler", {"asha": {"grace": 3}}, "asha.grace: is not a key here, but got 'grace'"),
        ("scheduler", {"asha": {"grace_period": 1.5}}, "asha.grace_period: must be an integer, but got 1.5"),
        ("scheduler", {"asha": {"reduction_factor": float("inf")}}, "asha.reduction_factor: must be a finite number"),
        ("scheduler", {"pbt": {"quantile_fraction": 0.6}}, "pbt.quantile_fraction: must be at most 0.5, but got 0.6"),
        ("stopper", "trial_plateau", "trial_plateau.patience: is required"),
        ("stopper", {"time_budget": "4 fortnights"}, "time_budget: must be a duration such as"),
        ("stopper", {"time_budget": -3}, "time_budget: must be greater than 0, but got -3"),
        ("stopper", {"failure_budget": 1.5}, "failure_budget: must be a number of trials"),
        ("stopper", {"failure_budget": True}, "failure_budget: must be a number of trials"),
    ],
)
def test_a_wrong_plugin_is_told_with_its_place(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(Problems) as caught:
        parse_plugin(value, kind)
    assert caught.value.problems[0].format().startswith(message)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("15 min", 900), ("4h", 14400), ("1.5d", 129600), ("1h30m", 5400)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "4", "h", "4h x", "-4h"])
def test_texts_that_are_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(text)


def test_scheduler_options_are_those_of_rays_classes() -> None:
    """Oracle: the signatures of ray 2.60. What we set ourselves, or cannot pass, is named here."""
    from ray.tune import schedulers

    ours = {"time_attr", "metric", "mode", "max_t", "stop_last_trials"}
    left_out = {
        "asha": ours,
        "hyperband": ours,
        "median": {*ours, "hard_stop"},
        "pbt": {
            *ours,
            "burn_in_period",
            "hyperparam_mutations",
            "perturbation_factors",
            "custom_explore_fn",
            "log_config",
            "require_attrs",
        },
    }
    classes = {
        "asha": schedulers.AsyncHyperBandScheduler,
        "hyperband": schedulers.HyperBandScheduler,
        "median": schedulers.MedianStoppingRule,
        "pbt": schedulers.PopulationBasedTraining,
    }
    assert {*classes, "fifo"} == {*PLUGINS["scheduler"]}
    for name, scheduler in classes.items():
        arguments = set(inspect.signature(scheduler.__init__).parameters) - {"self"}
        options = set(PLUGINS["scheduler"][name].model_fields) - {"mutations"}  # becomes hyperparam_mutations
        assert options == arguments - left_out[name], name
    defaults = inspect.signature(schedulers.AsyncHyperBandScheduler.__init__).parameters
    for option, info in PLUGINS["scheduler"]["asha"].model_fields.items():
        assert info.default == defaults[option].default, option


def test_the_plateau_by_deviation_has_rays_options_and_defaults() -> None:
    """Oracle: the signature of ray's TrialPlateauStopper; its metric threshold is not offered."""
    from ray.tune.stopper import TrialPlateauStopper

    theirs = inspect.signature(TrialPlateauStopper.__init__).parameters
    fields = PLUGINS["stopper"]["trial_plateau_std"].model_fields
    assert {*fields} == {*theirs} - {"self", "metric", "mode", "metric_threshold"}
    assert {name: info.default for name, info in fields.items()} == {name: theirs[name].default for name in fields}
