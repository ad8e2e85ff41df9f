"""Cells, keys, seeds, start points and fingerprints; oracles are hand values and other interpreters."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.space import Space
from tuner.errors import InputError
from tuner.fingerprints import identity
from tuner.keys import MAX_KEY, cell_key, derived_seed, trial_seed
from tuner.load import load_study
from tuner.only import parse_only
from tuner.plan import Plan, plan_study, project_points
from tuner.study import Study

Write = Callable[..., Path]


def planned(path: Path, *overrides: str) -> Plan:
    return plan_study(load_study(path, overrides=overrides))


def test_searches_are_the_product_of_the_grid_in_its_order(study_file: Write) -> None:
    path = study_file("grid:\n", "grid:\n  train_size: [100, 200]\n")
    searches = planned(path).searches
    losses = ("euclidean", "cosine", "push_pull")
    assert [search.key for search in searches] == [
        f"train_size_{size}-{loss}" for size, loss in itertools.product((100, 200), losses)
    ]
    assert [search.space.names for search in searches[:3]] == [("lr",), ("lr",), ("lr", "r")]
    assert searches[0].cell == {"train_size": 100, "loss": "euclidean"}
    assert searches[0].fixed == {"dataset": "digits", "backbone": "mlp", "embedding_dim": 16}
    assert (searches[0].budget_key, searches[0].budget_max, searches[0].trials) == ("epoch", 9, 4)
    assert planned(path).max_steps == 6 * 4 * 9


def test_a_study_without_a_grid_is_one_search(study_file: Write) -> None:
    path = study_file("grid:\n  loss: [euclidean, cosine, push_pull]\n", "", "fixed:\n", "fixed:\n  loss: push_pull\n")
    assert [search.key for search in planned(path).searches] == ["all"]


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ({}, "all"),
        ({"dataset": "MNIST", "backbone": "resnet18", "loss": "cosine"}, "MNIST-resnet18-cosine"),
        ({"pretrained": True, "d": 512, "lr": 0.001, "w": None}, "pretrained_true-d_512-lr_0.001-w_null"),
    ],
)
def test_keys_of_plain_cells_are_readable(cell: dict[str, Any], key: str) -> None:
    assert cell_key(cell) == key


@pytest.mark.parametrize(
    "cell",
    [
        {"a": "x-y", "b": "z"},
        {"loss": "my.module:Loss"},
        {"path": "../../etc"},
        {"a": ""},
        {"a": "all"},
        {"a": ".hidden"},
        {"a": "é"},
        {"a": "x" * 200},
        {"a": "x" * 199 + "y"},
        {"d": -1},
    ],
)
def test_keys_of_other_cells_end_in_a_hash(cell: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*-[0-9a-f]{8}", cell_key(cell))


values = st.one_of(st.text(max_size=100), st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
cells = st.tuples(values, values)


@given(cells, cells)
def test_keys_are_legal_short_and_tell_cells_apart(left: tuple[Any, Any], right: tuple[Any, Any]) -> None:
    keys = [cell_key({"a": first, "b": second}) for first, second in (left, right)]
    for key in keys:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", key)
        assert len(key) <= MAX_KEY
    if [(type(v), v) for v in left] != [(type(v), v) for v in right]:
        assert keys[0] != keys[1]


def test_seeds_are_those_of_the_first_release() -> None:
    """Oracle: `printf 1/cosine | sha256sum`, its first 31 bits. A changed seed would change every study's results."""
    assert derived_seed(1, "cosine") == int("5edd96ea", 16) >> 1
    assert trial_seed(7, 0) == derived_seed(7, 0)
    assert len({trial_seed(7, number) for number in range(1000)}) == 1000


def test_another_process_plans_the_same(study_file: Write) -> None:
    """Oracle: another interpreter with another hash seed."""
    path = study_file()
    plan = planned(path)
    here = f"{plan.fingerprint} {[(s.key, s.seed, s.fingerprint) for s in plan.searches]}\n"
    code = (
        "import sys; from tuner import load_study, plan_study; p = plan_study(load_study(sys.argv[1])); "
        "print(p.fingerprint, [(s.key, s.seed, s.fingerprint) for s in p.searches])"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert there.stdout == here


def test_picking_or_adding_cells_changes_no_other_cell(study_file: Write) -> None:
    study = load_study(study_file())
    whole = {search.key: search for search in plan_study(study).searches}
    part = plan_study(study, only={"loss": ["cosine"]})
    assert [search.key for search in part.searches] == ["cosine"]
    assert part.searches[0] == whole["cosine"]
    more = planned(study_file("[euclidean, cosine, push_pull]", "[cosine, push_pull, comparison]"))
    assert more.searches[0] == whole["cosine"]
    assert more.fingerprint == part.fingerprint


@pytest.mark.parametrize(
    "override",
    [
        "name=other",
        "search.trials=40",
        "search.parallel_searches=2",
        "search.epoch_timeout=10m",
        "search.stoppers.1.time_budget=8h",
        "search.stoppers.1={failure_budget: 3}",
        "resources.cpu=2",
        "tracking.register=false",
        "grid.loss=[euclidean, push_pull]",
        "search.scheduler.asha.brackets=1",  # its default, written out
    ],
)
def test_what_does_not_change_results_keeps_the_fingerprint(study_file: Write, override: str) -> None:
    assert planned(study_file(), override).fingerprint == planned(study_file()).fingerprint


@pytest.mark.parametrize(
    "override",
    [
        "search.seed=2",
        "search.budget.max=10",
        "search.metric=val/loss",
        "search.max_concurrent=2",
        "search.searcher=random",
        "search.scheduler.asha.grace_period=2",
        "search.stoppers.0.trial_plateau.patience=3",
        "fixed.embedding_dim=8",
        "space.lr={loguniform: [1e-5, 1e-2]}",
        "start_with=[]",
        "device=cpu",
        "precision=bf16",
        "grid.flip=[false]",
    ],
)
def test_what_changes_results_changes_the_fingerprint(study_file: Write, override: str) -> None:
    assert planned(study_file(), override).fingerprint != planned(study_file()).fingerprint


def test_an_identity_names_what_differs(study_file: Write) -> None:
    before = identity(load_study(study_file()))
    after = identity(load_study(study_file(), overrides=["search.seed=2", "fixed.embedding_dim=8"]))
    assert {key for key in before if before[key] != after[key]} == {"search.seed", "fixed.embedding_dim"}


def test_a_moved_file_is_the_same_study(study_file: Write, tmp_path: Path) -> None:
    prints = []
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text("def train(config): ...")
        path = study_file("trainable: moving_targets", "trainable: mine.py:train", name=f"{folder}/study.yaml")
        prints.append(planned(path).fingerprint)
    assert prints[0] == prints[1]


def test_start_points_are_projected_on_each_cell() -> None:
    """Hand values: an inactive key vanishes, a value that does not fit is drawn anew, equal points are tried once."""
    space = Space.parse(
        {
            "lr": {"uniform": [0, 1]},
            "d": {"int": [2, 8], "when": {"loss": "a"}},
            "r": [{"uniform": [0, 1], "when": {"loss": "a"}}, {"uniform": [10, 20], "when": {"loss": "b"}}],
        }
    )
    points: list[dict[str, Any]] = [{"lr": 0.5, "d": 4, "r": 15}, {"lr": 0.5, "d": 5, "r": 12}, {"d": 3}]
    assert project_points(points, space.project({"loss": "a"})) == ({"lr": 0.5, "d": 4}, {"lr": 0.5, "d": 5}, {"d": 3})
    assert project_points(points, space.project({"loss": "b"})) == ({"lr": 0.5, "r": 15}, {"lr": 0.5, "r": 12})
    assert project_points(points, space.project({"loss": "c"})) == ({"lr": 0.5},)


def test_projected_points_can_always_be_completed(study_file: Write) -> None:
    """A searcher completes them with `Space.complete`, which raises on a value outside its domain."""
    import random

    for search in planned(study_file()).searches:
        for point in search.start_with:
            assert search.space.complete(point, random.Random(0))["lr"] == 1e-3  # noqa: S311  (a draw, not a secret)


def test_only_picks_by_value_or_text(study_file: Write) -> None:
    study = load_study(study_file("grid:\n", "grid:\n  flip: [true, false]\n  random_crop: [1, 2]\n"))
    picked = parse_only(study, ["loss=cosine,push_pull", "loss=cosine", "flip=true", "random_crop=0x2"])
    assert picked == {"loss": ["cosine", "push_pull"], "flip": [True], "random_crop": [2]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss", "--only: must be written factor=value or factor=value,value, but got 'loss'"),
        ("loss=", "--only: must be written"),
        ("los=cosine", "--only los: is not a factor of the grid, but got 'los'; did you mean loss?"),
        ("loss=cosin", "--only loss: is not a value of loss in the grid, but got 'cosin'; did you mean cosine?"),
    ],
)
def test_a_wrong_only_is_told_with_its_choices(study_file: Write, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_only(load_study(study_file()), [text])
    assert str(caught.value).startswith(message)


def test_the_api_judges_only_as_the_command_line_does(study_file: Write) -> None:
    study = load_study(study_file())
    with pytest.raises(InputError, match="--only los: is not a factor"):
        plan_study(study, only={"los": ["cosine"]})
    with pytest.raises(InputError, match="is not a value of loss in the grid, but got 'x'"):
        plan_study(study, only={"loss": ["x"]})
    with pytest.raises(InputError, match="must keep at least one value"):
        plan_study(study, only={"loss": []})


def test_a_study_made_in_python_is_judged_when_it_is_planned() -> None:
    study = Study.model_validate(
        {
            "name": "x",
            "trainable": "moving_targets",
            "fixed": {"dataset": "digits", "backbone": "mlp", "loss": "cosine", "embeding_dim": 3},
            "search": {"metric": "val/accuracy", "mode": "max", "trials": 3, "budget": {"max": 2}},
        }
    )
    with pytest.raises(InputError, match=r"fixed.embeding_dim: must be a known option"):
        plan_study(study)
