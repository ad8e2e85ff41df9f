"""Final runs without a cluster: what is on the disk when one is over, or its process ended without its doing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.exceptions import LocalRayletDiedError, OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

from cluster.connect import Demand
from disk import DiskFullError
from results.records import TrialRecord, TrialState
from trainables.training import TrialContext
from tuner.dispatch.finals import FinalTask, run_finals, train_final
from tuner.dispatch.search import SearchJob
from tuner.dispatch.trial import Runtime
from tuner.dispatch.troubles import SearchError

from .directing import make_search
from .scripted_ray import NEVER_ENDS, RUNS, ScriptedRay, node_died


class Still:
    """A training that learns nothing."""

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self.value = float(context.seed)

    def train_epoch(self) -> dict[str, float]:
        return {"train/value": self.value}

    def test(self) -> dict[str, float]:
        return {"test/value": self.value}

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.value = state["value"]


def _runtime(folder: Path) -> Runtime:
    return Runtime(
        name="s/all",
        data_dir=folder,
        cache_dir=folder,
        trials_dir=folder / "trials",
        metric="val/accuracy",
        mode="max",
        last_epoch=2,
        device="cpu",
        precision="fp32",
        threads=1,
        test_every_epoch=False,
    )


def _task(folder: Path) -> FinalTask:
    record = TrialRecord(
        trial_id="s/all/0000@2/final-00", number=0, config={}, seed=3, state=TrialState.RUNNING, started_at_ms=0
    )
    return FinalTask(training=Still, config={}, runtime=_runtime(folder), record=record, last=2, folder=folder)


def test_the_weights_of_a_run_that_is_over_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the file system's own number of the file that was flushed last, which is the one that is there."""
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_ino))
    assert train_final(_task(tmp_path)).state is TrialState.COMPLETE
    assert flushed[-1] == (tmp_path / "last.pt").stat().st_ino


def _job(folder: Path, *, lost: str | None = None, finals: int = 1) -> SearchJob:
    return SearchJob(
        search=make_search(final_seeds=tuple(range(finals))),
        folder=folder,
        trainable=cast("Any", SimpleNamespace(target=Still)),
        runtime=_runtime(folder),
        demand=Demand(cpu=1, gpu=0, gpu_if_present=False),
        lost=lambda: lost,
    )


def _run(job: SearchJob, *, interrupted: bool = False) -> list[TrialRecord] | None:
    best = TrialRecord(trial_id="s/all/0000", number=0, config={}, seed=3, state=TrialState.COMPLETE, started_at_ms=0)
    return run_finals(job, best, last=2, interrupted=lambda: interrupted, ended=lambda _: None)


def _records(folder: Path) -> list[Path]:
    return list(folder.rglob("record.json"))


@pytest.mark.parametrize("error", [WorkerCrashedError(), LocalRayletDiedError(), node_died()])
def test_with_the_cluster_lost_no_final_run_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: RayError
) -> None:
    """Oracle: nothing is on the disk that says so; the other one is ended; later both are run."""
    scripted = ScriptedRay(monkeypatch, [error, NEVER_ENDS, RUNS, RUNS])
    with pytest.raises(SearchError, match="Ray's raylet has ended; the same command then goes on"):
        _run(_job(tmp_path, lost="Ray's raylet has ended", finals=2))
    assert (_records(tmp_path), scripted.cancelled) == ([], [1])
    finals = _run(_job(tmp_path, finals=2))
    assert finals is not None
    assert [final.state for final in finals] == [TrialState.COMPLETE] * 2


def test_with_the_drivers_own_raylet_lost_no_final_run_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: as above, on a cluster whose head still answers."""
    ScriptedRay(monkeypatch, [LocalRayletDiedError()])
    with pytest.raises(SearchError, match="local raylet died"):
        _run(_job(tmp_path))
    assert _records(tmp_path) == []


def test_a_process_that_dies_in_an_interrupted_run_has_not_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: nothing is on the disk that says so; one that was over is there."""
    ScriptedRay(monkeypatch, [WorkerCrashedError(), RUNS])
    assert _run(_job(tmp_path, finals=2), interrupted=True) is None
    assert [path.parent.name for path in _records(tmp_path)] == ["01"]


@pytest.mark.parametrize(
    ("losses", "state"), [(1, TrialState.COMPLETE), (3, TrialState.COMPLETE), (4, TrialState.CRASHED)]
)
def test_a_final_run_of_a_lost_node_goes_on_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, losses: int, state: TrialState
) -> None:
    """Oracle: three losses, as many as a trial's, are no fault of its own."""
    scripted = ScriptedRay(monkeypatch, [*[node_died()] * losses, RUNS])
    (final,) = _run(_job(tmp_path)) or []
    assert (final.state, len(scripted.begun)) == (state, min(losses + 1, 4))
    assert len(_records(tmp_path)) == 1


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (OutOfMemoryError("low on memory\n6 GB of 5\nAdvice"), TrialState.OUT_OF_MEMORY, "low on memory\n6 GB of 5"),
        (WorkerCrashedError(), TrialState.CRASHED, str(WorkerCrashedError())),
    ],
)
def test_a_final_run_whose_process_was_killed_is_told_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: RayError, state: TrialState, message: str
) -> None:
    """Oracle: what is said of a trial. Ray itself would begin again without end what it killed for its memory."""
    scripted = ScriptedRay(monkeypatch, [error])
    (final,) = _run(_job(tmp_path)) or []
    assert (final.state, final.error, len(scripted.begun)) == (state, message, 1)
    assert scripted.options["max_retries"] == 0


def test_a_full_disk_ends_the_other_final_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the error itself, and Ray is told to end the one that runs."""
    full = DiskFullError(tmp_path / "last.pt", 10, 1)
    scripted = ScriptedRay(monkeypatch, [RayTaskError("train_final", "Traceback ...", full), NEVER_ENDS])
    with pytest.raises(DiskFullError):
        _run(_job(tmp_path, finals=2))
    assert (_records(tmp_path), scripted.cancelled) == ([], [1])
