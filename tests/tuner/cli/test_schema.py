"""`tuner schema`: a JSON Schema that takes every study file and refuses what a study refuses. Oracle: jsonschema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from search_spaces.presets import load_preset, preset_names
from tuner.cli.main import app
from tuner.yaml_lines import parse_yaml

STUDIES = sorted((Path(__file__).parents[3] / "studies").glob("**/*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0
    schema = json.loads(done.stdout)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_every_study_file_fits(validator: Draft202012Validator, path: Path) -> None:
    assert [error.message for error in validator.iter_errors(parse_yaml(path.read_text()).data)] == []


def test_every_preset_fits_as_a_space(validator: Draft202012Validator, study_file: Callable[..., Path]) -> None:
    study = parse_yaml(study_file().read_text()).data
    for name in preset_names():
        assert list(validator.iter_errors({**study, "space": load_preset(name)})) == []
        assert list(validator.iter_errors({**study, "space": {"extends": name, "lr": None}})) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grace_period: 3", "grace_period: 0"),
        ("scheduler: {asha: {grace_period: 3}}", "scheduler: asha"),
        ("scheduler: {asha: {grace_period: 3}}", "scheduler: {asha: }"),
        ("searcher: hyperopt", "searcher: {my.module:Mine: {x: 1}}"),
        ("searcher: hyperopt", "searcher: my.module:Mine"),
        ("{trial_plateau: {patience: 4}}", "{target: 0.9}"),
        ("{trial_plateau: {patience: 4}}", "{failure_budget: 0.25}"),
        ("name: tiny", "name: tiny\nresources: {gpu: 0.5}"),
        ("name: tiny", "name: tiny\nresources: {gpu: {share: 0.5, if_present: true}}"),
        ("name: tiny", "name: a/b"),
        ("name: tiny", "name: tiny\nreport: {tables: [{name: a, rows: [loss], cell: [step, config/lr]}]}"),
        (
            "name: tiny",
            "name: tiny\nreport: {tables: [{name: a, cell: {rate: config/lr}, mode: null}], figures: [loss]}",
        ),
        ("name: tiny", "name: tiny\nreport: {tables: [{name: a/b, cell: step}]}"),
        ("name: tiny", "name: tiny\nreport: {tables: [{name: a}]}"),
        ("name: tiny", "name: tiny\nreport: {tables: [{name: a, cell: 3}]}"),
        ("trials: 4", "trials: 0"),
        ("trials: 4", "trails: 4"),
        ("mode: max", "mode: most"),
        ("lr: {loguniform", "lr: {logunifrom"),
        ("when: {loss: push_pull}", "when: {loss: {nott: x}}"),
        ("when: {loss: push_pull}", "when: {loss: {not: cosine}}"),
        ("[{trial_plateau: {patience: 4}}, {time_budget: 4h}]", "[plateau]"),
        ("searcher: hyperopt", "searcher: {hyperopt: {n_initials: 3}}"),
        ("name: tiny", "name: tiny\nfinal: {seeds: 5}"),
        ("name: tiny", "name: tiny\ndevice: tpu"),
    ],
)
def test_schema_and_reader_agree_on_shapes(
    validator: Draft202012Validator, study_file: Callable[..., Path], old: str, new: str
) -> None:
    """Oracle: the reader's own schema stage, the model, without the checks between keys."""
    from pydantic import ValidationError

    from search_spaces.space import Space
    from search_spaces.violations import SpaceError
    from tuner.study import Study

    data = parse_yaml(study_file(old, new).read_text()).data
    try:
        Space.parse(Study.model_validate(data).space)
    except (ValidationError, SpaceError):
        readable = False
    else:
        readable = True
    assert validator.is_valid(data) == readable
