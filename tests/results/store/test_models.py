"""Models logged, registered and loaded back without unpickling. Oracle: the eager module's own outputs."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
import yaml
from mlflow import MlflowClient
from torch import nn

from results.records import ResultRecord, SearchRecord, StudyRecord, TrialRecord, TrialState
from results.store import Store
from results.store.models import Registered

STUDY = StudyRecord(study_id="s", name="s", metric="val/loss", mode="min", source="", fingerprint="f", started_at_ms=1)
SEARCH = SearchRecord(search_id="s/a", key="a", cell={"loss": "cosine"}, metric="val/loss", mode="min", started_at_ms=1)


@dataclass(frozen=True)
class Exported:
    module: nn.Module
    example: torch.Tensor


class Network(nn.Module):
    """Normalises uint8 images itself, as an exported model must."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(144, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.net(images.float() / 255)


def trial(number: int, loss: float) -> TrialRecord:
    return TrialRecord(
        trial_id=f"s/a/{number:04d}",
        number=number,
        config={"lr": 0.1},
        seed=number,
        state=TrialState.COMPLETE,
        started_at_ms=1,
        ended_at_ms=2,
        results=(ResultRecord(step=1, at_ms=1, metrics={"val/loss": loss}),),
    )


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('models')}/mlflow.db"


@pytest.fixture(scope="module")
def store(uri):
    return Store(uri)


@pytest.fixture(scope="module")
def search_run(store):
    return store.begin_search(store.begin_study(STUDY), SEARCH)


@pytest.fixture(scope="module")
def exported():
    torch.manual_seed(0)
    images = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8)
    return Exported(Network(), images)


@pytest.fixture(scope="module")
def first(store, search_run, exported):
    return store.log_model(search_run, SEARCH, trial(0, 0.5), name="s/a: the first", exported=exported)


def test_the_name_is_legal_and_the_best_is_champion(first, uri):
    assert first == Registered("s-a-the-first", 1, 0.5, "models:/s-a-the-first/1")
    version = MlflowClient(uri).get_model_version_by_alias("s-a-the-first", "champion")
    assert version.version == 1
    assert version.tags["tuner.trial_id"] == "s/a/0000"


def test_it_loads_without_unpickling_and_gives_equal_outputs_for_any_batch(first, uri, exported, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    module = mlflow.pytorch.load_model("models:/s-a-the-first@champion")
    served = mlflow.pyfunc.load_model(first.uri)
    for size in (1, 2, 7):
        batch = torch.randint(0, 256, (size, 1, 8, 8), dtype=torch.uint8)
        with torch.no_grad():
            expected = exported.module(batch)
        torch.testing.assert_close(module(batch), expected, rtol=0, atol=0)
        np.testing.assert_array_equal(served.predict(batch.numpy()), expected.numpy())


def test_a_version_is_added_only_for_a_better_model(first, store, search_run, exported, uri):
    def log(number: int, loss: float) -> Registered | None:
        return store.log_model(search_run, SEARCH, trial(number, loss), name="s/a: the first", exported=exported)

    client = MlflowClient(uri)
    assert log(0, 0.5) is None  # the same again
    assert log(1, 0.6) is None  # worse: val/loss is minimised
    assert log(2, 0.4).version == 2
    assert log(2, 0.4) is None
    assert client.get_model_version_by_alias(first.name, "champion").version == 2
    assert len(client.search_model_versions(f"name = '{first.name}'")) == 2
    experiment = client.get_experiment_by_name("s")
    assert len(client.search_logged_models([experiment.experiment_id])) == 2
    assert client.get_run(search_run).data.tags["tuner.model"] == "s-a-the-first/2"


def test_a_version_judged_by_another_metric_is_no_rival(first, store, search_run, exported):
    other = replace(SEARCH, metric="val/accuracy", mode="max")
    record = trial(5, 0.0)
    record = replace(record, results=(ResultRecord(step=1, at_ms=1, metrics={"val/accuracy": 0.1}),))
    assert store.log_model(search_run, other, record, name="s/a: the first", exported=exported).version == 3


def test_what_a_cut_call_had_logged_is_used(store, search_run, exported, uri, monkeypatch):
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("s").experiment_id
    before = len(client.search_logged_models([experiment]))
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_model_version", _cut)
        with pytest.raises(KeyboardInterrupt):
            store.log_model(search_run, SEARCH, trial(7, 0.3), name="cut", exported=exported)
    assert store.log_model(search_run, SEARCH, trial(7, 0.3), name="cut", exported=exported).version == 1
    assert len(client.search_logged_models([experiment])) == before + 1


def _cut(*_args, **_options):
    raise KeyboardInterrupt


def test_a_one_row_example_and_a_trial_without_a_value_are_refused(store, search_run, exported):
    with pytest.raises(ValueError, match="at least 2 rows, but got 1"):
        store.log_model(
            search_run, SEARCH, trial(8, 0.1), name="x", exported=Exported(exported.module, exported.example[:1])
        )
    with pytest.raises(ValueError, match="must have a finite val/loss"):
        store.log_model(search_run, SEARCH, trial(9, math.nan), name="x", exported=exported)


def test_signature_example_and_requirements_are_kept(first, uri):
    client = MlflowClient(uri)
    model = client.get_logged_model(client.get_model_version(first.name, "1").tags["tuner.model_id"])
    assert model.params == {"loss": "cosine", "lr": "0.1"}
    assert json.loads(model.tags["mlflow.modelVersions"]) == [{"name": first.name, "version": 1}]
    folder = Path(model.artifact_location.removeprefix("file://"))
    description = yaml.safe_load((folder / "MLmodel").read_text())
    (entry,) = json.loads(description["signature"]["inputs"])
    assert entry["tensor-spec"] == {"dtype": "uint8", "shape": [-1, 1, 8, 8]}
    assert description["flavors"]["pytorch"]["model_data"] == "data"
    assert (folder / "data" / "model.pt2").is_file()
    assert (folder / description["saved_input_example_info"]["artifact_path"]).is_file()
    requirements = (folder / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in requirements] == ["mlflow", "torch", "numpy"]
