"""Models logged, registered and loaded back without unpickling. Oracle: the eager module's own outputs."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
import yaml
from mlflow import MlflowClient
from torch import nn

from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState
from results.store import Store
from results.store.describe import version_note
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


def outcome(number: int, loss: float, **more) -> SearchOutcome:
    return SearchOutcome(search=SEARCH, trials=[trial(number, loss)], **more)


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
    return store.log_model(search_run, outcome(0, 0.5), name="s/a: the first", exported=exported)


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
        return store.log_model(search_run, outcome(number, loss), name="s/a: the first", exported=exported)

    client = MlflowClient(uri)
    assert log(0, 0.5) == first  # the same again
    assert log(1, 0.6) is None  # worse: val/loss is minimised
    assert log(2, 0.4).version == 2
    assert log(2, 0.4).version == 2
    assert log(0, 0.5) is None  # it was the champion
    assert client.get_model_version_by_alias(first.name, "champion").version == 2
    assert len(client.search_model_versions(f"name = '{first.name}'")) == 2
    experiment = client.get_experiment_by_name("s")
    assert len(client.search_logged_models([experiment.experiment_id])) == 2
    assert client.get_run(search_run).data.tags["tuner.model"] == "s-a-the-first/2"


def test_a_version_judged_by_another_metric_is_no_rival(first, store, search_run, exported):
    other = replace(SEARCH, metric="val/accuracy", mode="max")
    record = trial(5, 0.0)
    record = replace(record, results=(ResultRecord(step=1, at_ms=1, metrics={"val/accuracy": 0.1}),))
    assert (
        store.log_model(
            search_run, SearchOutcome(search=other, trials=[record]), name="s/a: the first", exported=exported
        ).version
        == 3
    )


def final(number: int, error: float) -> TrialRecord:
    last = ResultRecord(step=3, at_ms=1, metrics={"test/loss": error, "test/accuracy": 1 - error})
    return replace(
        trial(20, 0.2), trial_id=f"s/a/0020/final-{number}", number=number, seed=90 + number, results=(last,)
    )


def test_a_champion_s_description_tells_metrics_configuration_and_lineage(store, search_run, exported, uri):
    """Oracle: mean 0.3 of two runs, s = 0.1414, t = 12.706: half width 1.27; of three with another 0.4: 1/3 and 0.287.

    The runs that are recorded are linked; a third final run makes another interval of the same version.
    """
    client = MlflowClient(uri)
    finals = [final(0, 0.2), final(1, 0.4)]
    runs = [store.write_trial(search_run, SEARCH, trial(20, 0.2)), store.write_final(search_run, SEARCH, finals[0])]
    tested = {"test/loss": 0.3, "test/accuracy": 0.7}
    won = outcome(20, 0.2, test_metrics=tested, finals=finals)
    name = store.log_model(search_run, won, name="described", exported=exported, final=finals[0]).name
    lines = client.get_model_version(name, "1").description.splitlines()
    assert lines[0] == "val/loss 0.2, test/loss 0.3 ± 1.3"
    assert lines[4:7] == [
        "| val/loss | 0.2 | chosen on validation data: step 1 of the best of 1 trials |",
        "| test/loss | 0.3 ± 1.3 | mean and 95% interval over 2 final runs |",
        "| test/accuracy | 0.7 ± 1.3 | mean and 95% interval over 2 final runs |",
    ]
    assert "Configuration: loss=cosine, lr=0.1" in lines
    for identity, run in (("s/a/0020", runs[0]), ("s/a/0020/final-0", runs[1]), ("s/a", search_run)):
        assert re.search(rf"\[`{identity}`\]\(#/experiments/\d+/runs/{run}\?[^)]*\)", lines[-1])
    assert "trained anew with seed 90" in lines[-1]
    more = replace(won, finals=[*finals, final(2, 0.4)], test_metrics={"test/loss": 1 / 3})
    assert store.log_model(search_run, more, name="described", exported=exported, final=finals[0]).version == 1
    assert (
        "| test/loss | 0.333333 ± 0.29 | mean and 95% interval over 3"
        in client.get_model_version(name, "1").description
    )
    assert client.get_registered_model(name).description.endswith("Champion: version 1, val/loss 0.2.")


def test_a_description_fits_whatever_a_search_measured():
    """Oracle: a model version's description holds 5,000 characters in MLflow's tables."""
    tests = {f"test/recall/{'long' * 20}_{number}": 0.5 for number in range(40)}
    note = version_note(outcome(0, 0.5, test_metrics={**tests, "test/loss": 0.4}), None, {})
    assert len(note) <= 5_000
    assert note.index("| test/loss | 0.4 | measured once") < note.index("test/recall")
    assert "29 more test metrics are in the search's run." in note
    with pytest.raises(ValueError, match="none of s/a succeeded"):
        version_note(SearchOutcome(search=SEARCH, trials=[]), None, {})


def test_what_a_cut_call_had_logged_is_used(store, search_run, exported, uri, monkeypatch):
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("s").experiment_id
    before = len(client.search_logged_models([experiment]))
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_model_version", _cut)
        with pytest.raises(KeyboardInterrupt):
            store.log_model(search_run, outcome(7, 0.3), name="cut", exported=exported)
    assert store.log_model(search_run, outcome(7, 0.3), name="cut", exported=exported).version == 1
    assert len(client.search_logged_models([experiment])) == before + 1


def _cut(*_args, **_options):
    raise KeyboardInterrupt


def test_a_one_row_example_and_a_trial_without_a_value_are_refused(store, search_run, exported):
    with pytest.raises(ValueError, match="at least 2 rows, but got 1"):
        store.log_model(search_run, outcome(8, 0.1), name="x", exported=Exported(exported.module, exported.example[:1]))
    with pytest.raises(ValueError, match="must have a finite val/loss"):
        store.log_model(search_run, outcome(9, math.nan), name="x", exported=exported)


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
