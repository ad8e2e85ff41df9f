"""From Ray's files to our records. Oracle: a folder written by hand, whose trials end in every way there is."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from results.records import SearchOutcome, TrialState
from tests.tuner.importing.experiments import line, standard, trial, write
from tuner.errors import InputError
from tuner.importing.files import read_experiment
from tuner.importing.records import Reading, check, outcomes
from tuner.importing.space import tried_space

READING = Reading(metric="eval/acc", mode="max", budget_key="training_iteration")


def read(path: Path, reading: Reading = READING) -> list[SearchOutcome]:
    experiment = read_experiment(path)
    check(experiment, reading)
    return outcomes(experiment, reading, study_id="s")


def problems(path: Path, reading: Reading = READING) -> list[str]:
    with pytest.raises(InputError) as error:
        read(path, reading)
    return [problem.format() for problem in error.value.problems]


def test_trials_come_in_the_order_of_their_creation_with_their_ends(tmp_path: Path) -> None:
    (outcome,) = read(standard(tmp_path / "e"))
    assert outcome.search.key == "all"
    assert [str(found.state) for found in outcome.trials] == ["complete", "stopped", "complete", "crashed"]
    assert [found.stopped_by for found in outcome.trials] == [None, "ray tune", None, None]
    assert outcome.trials[3].error == "Failure # 1\nray::f()\nRuntimeError: boom"
    assert outcome.best_trial == outcome.trials[2]
    first = outcome.trials[0]
    assert (first.trial_id, first.started_at_ms, first.ended_at_ms) == ("s/all/0000", 1_000_250, 1_003_000)
    assert [(result.step, result.at_ms, dict(result.metrics)) for result in first.results] == [
        (step, 1_000_000 + 1_000 * step, {"eval/acc": value, "training_iteration": step})
        for step, value in ((1, 0.3), (2, 0.5), (3, 0.7))
    ]


def test_nested_keys_are_flat_and_what_never_varies_is_fixed(tmp_path: Path) -> None:
    """Oracle: `lr` was sampled, the model differs; the function and the width are the same everywhere."""
    (outcome,) = read(standard(tmp_path / "e"))
    assert [dict(found.config) for found in outcome.trials[:2]] == [
        {"opt/lr": 0.1, "model": "a"},
        {"opt/lr": 0.001, "model": "b"},
    ]
    params = outcome.search.params
    assert (params["opt/fn"], params["width"], params["budget"]) == ("<function f>", 8, "3 training_iteration")
    assert outcome.search.space == {"opt/lr": {"loguniform": [0.001, 0.1]}, "model": {"choice": ["a", "b"]}}


def test_a_factor_makes_a_search_of_each_value(tmp_path: Path) -> None:
    reading = Reading(metric="eval/acc", mode="max", budget_key="training_iteration", factors=("model", "width"))
    found = read(standard(tmp_path / "e"), reading)
    assert [(outcome.search.key, dict(outcome.search.cell)) for outcome in found] == [
        ("a-width_8", {"model": "a", "width": 8}),
        ("b-width_8", {"model": "b", "width": 8}),
    ]
    assert [[t.trial_id for t in outcome.trials] for outcome in found] == [
        ["s/a-width_8/0000", "s/a-width_8/0001"],
        ["s/b-width_8/0000", "s/b-width_8/0001"],
    ]
    assert dict(found[0].trials[0].config) == {"opt/lr": 0.1}


@pytest.mark.parametrize(
    ("change", "state", "error"),
    [
        ({"status": "RUNNING"}, TrialState.INTERRUPTED, None),
        ({"status": "PAUSED"}, TrialState.INTERRUPTED, None),
        ({"results": [line(1, eval={"acc": math.nan}, done=True)]}, TrialState.DIVERGED, "eval/acc is nan at step 1"),
        ({"results": [line(1, loss=1.0)]}, TrialState.CRASHED, "it ended without reporting eval/acc"),
        ({"stopping": {"training_iteration": 1}}, TrialState.COMPLETE, None),
        ({"status": "ERROR"}, TrialState.CRASHED, "it failed without a message"),
        ({"status": "ERROR", "error": "x\ntorch.OutOfMemoryError: CUDA"}, TrialState.OUT_OF_MEMORY, "x\ntorch.OutOf"),
    ],
)
def test_an_end_is_what_ray_s_files_tell(
    change: dict[str, Any], state: TrialState, error: str | None, tmp_path: Path
) -> None:
    """Oracle: beside a trial of three steps, one of a single step was cut unless `change` says otherwise."""
    cut = trial(0, {}, [line(1, eval={"acc": 0.5}, done=True)])
    longest = trial(1, {}, [line(step, eval={"acc": 0.1}) for step in (1, 2, 3)])
    (outcome,) = read(write(tmp_path / "e", [{**cut, **change}, longest]))
    found = outcome.trials[0]
    assert found.state is state
    assert (found.error or "").startswith(error or "")
    assert read(write(tmp_path / "f", [cut, longest]))[0].trials[0].state is TrialState.STOPPED


def test_steps_that_were_run_again_count_as_they_were_run_last(tmp_path: Path) -> None:
    lines = [line(1, eval={"acc": 0.1}), line(2, eval={"acc": 0.9}), line(2, eval={"acc": 0.2})]
    (outcome,) = read(write(tmp_path / "e", [trial(0, {}, lines)]))
    assert [result.metrics["eval/acc"] for result in outcome.trials[0].results] == [0.1, 0.2]


def test_a_torn_last_line_is_left_out_and_told(tmp_path: Path) -> None:
    root = standard(tmp_path / "e")
    path = root / "train_ab_00002" / "result.json"
    path.write_text(path.read_text() + '{"eval": {"acc": 0.9')
    experiment = read_experiment(root)
    assert experiment.torn == (path,)
    assert len(experiment.trials[2].results) == 2


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Oracle: two damaged files, with file and line; then a metric, a factor and a key that are not there."""
    root = standard(tmp_path / "e")
    for number in (0, 1):
        path = root / f"train_ab_{number:05d}" / "result.json"
        path.write_text("broken\n" + path.read_text())
    told = problems(root)
    assert [text.partition(": ")[0].rpartition("/")[2] for text in told] == ["result.json:1"] * 2
    assert told[0].endswith("must be a JSON object, but got 'broken'")
    reading = Reading(metric="acc", mode="max", budget_key="epoch", factors=("depth", "opt/lr"))
    metric, step, factor = problems(standard(tmp_path / "f"), reading)
    assert metric.startswith("--metric: must be a number that the trials reported")
    assert metric.endswith("choices: eval/acc")
    assert step.startswith("--budget-key: must be a whole number in every result, which trial ab_00000 lacks")
    assert "but got 'depth'" in factor
    assert factor.endswith("model, width, opt/lr, opt/fn")


@pytest.mark.parametrize("value", [0.5, None, True])
def test_steps_must_be_whole_numbers(value: Any, tmp_path: Path) -> None:
    root = write(tmp_path / "e", [trial(0, {}, [{**line(1, eval={"acc": 0.5}), "epoch": value}])])
    (told,) = problems(root, Reading(metric="eval/acc", mode="max", budget_key="epoch"))
    assert told.startswith("--budget-key")


def test_what_is_no_experiment_is_told_as_such(tmp_path: Path) -> None:
    standard(tmp_path / "mine")
    (told,) = problems(tmp_path)
    assert told.endswith("choices: mine")
    assert "must be the folder of a Ray Tune experiment" in problems(tmp_path / "none")[0]
    silent = write(tmp_path / "silent", [trial(0, {}, [])])
    assert "JSON logger" in problems(silent)[0]
    state = next((tmp_path / "mine").glob("experiment_state*"))
    state.write_text("{")
    assert "must be JSON" in problems(tmp_path / "mine")[0]
    state.write_text(json.dumps({"checkpoints": []}))
    assert "must hold trial_data" in problems(tmp_path / "mine")[0]
    state.write_text(json.dumps({"trial_data": [["{}", "{}"]]}))
    assert "two JSON texts each" in problems(tmp_path / "mine")[0]


def test_a_trial_s_folder_must_lie_in_the_experiment(tmp_path: Path) -> None:
    root = standard(tmp_path / "e")
    state = next(root.glob("experiment_state*"))
    state.write_text(state.read_text().replace("train_ab_00000", "../elsewhere").replace("train_ab_00001", "gone"))
    told = problems(root)
    assert any("trial ab_00000 must lie inside the experiment" in text for text in told)
    assert any("the folder of trial ab_00001 must be there" in text for text in told)


def test_without_params_json_the_state_s_config_is_taken_and_its_pickles_are_not_opened(tmp_path: Path) -> None:
    root = standard(tmp_path / "e")
    for path in root.glob("*/params.json"):
        path.unlink()
    config = read_experiment(root).trials[0].config
    assert (config["opt/lr"], config["storage"]) == (0.1, "(a Python object)")


def test_the_space_is_what_was_tried() -> None:
    """Oracle: a range of 100 and more is logarithmic; one value is a constant; text, booleans and lists are choices."""
    configs = [
        {"a": 1, "b": 0.5, "c": True, "d": 1e-4, "e": 4, "f": [1], "g": 1},
        {"a": 64, "b": 2, "d": 1e-2, "g": 100},
    ]
    assert tried_space(configs) == {
        "a": {"int": [1, 64]},
        "b": {"uniform": [0.5, 2]},
        "c": {"choice": [True]},
        "d": {"loguniform": [1e-4, 1e-2]},
        "e": {"constant": 4},
        "f": {"choice": [[1]]},
        "g": {"logint": [1, 100]},
    }
