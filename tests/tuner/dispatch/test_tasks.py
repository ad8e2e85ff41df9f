"""Tasks beside a search's trials: what is done about an end, or an interruption, that is not their doing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.exceptions import RayTaskError, WorkerCrashedError

from cluster.connect import Demand
from tuner.dispatch.search import SearchJob
from tuner.dispatch.tasks import TaskInterruptedError, run_task
from tuner.dispatch.troubles import SearchError

from .scripted_ray import NEVER_ENDS, RUNS, ScriptedRay, node_died


def _job(lost: str | None = None) -> SearchJob:
    return cast("SearchJob", SimpleNamespace(demand=Demand(cpu=1, gpu=0, gpu_if_present=False), lost=lambda: lost))


def _doubled(value: int) -> int:
    return 2 * value


def _run(job: SearchJob, *, interrupted: bool = False) -> Any:
    return run_task(job, lambda: interrupted, _doubled, 4)


def test_a_task_that_is_over_is_fetched_and_one_that_runs_is_ended_by_an_interruption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Oracle: twice four; Ray is told to end the second."""
    scripted = ScriptedRay(monkeypatch, [RUNS, NEVER_ENDS])
    assert _run(_job(), interrupted=True) == 8
    with pytest.raises(TaskInterruptedError):
        _run(_job(), interrupted=True)
    assert scripted.cancelled == [1]


def test_a_task_of_a_lost_node_is_begun_again_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = ScriptedRay(monkeypatch, [*[node_died()] * 3, RUNS, *[node_died()] * 4])
    assert _run(_job()) == 8
    with pytest.raises(type(node_died())):
        _run(_job())
    assert len(scripted.begun) == 8


def test_other_ends_are_told_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: a process that was killed would most likely be killed again; an error of the function is its own."""
    scripted = ScriptedRay(
        monkeypatch, [WorkerCrashedError(), RayTaskError("f", "Traceback ...", ValueError("its node has died"))]
    )
    with pytest.raises(WorkerCrashedError):
        _run(_job())
    with pytest.raises(RayTaskError):
        _run(_job("Ray's raylet has ended"))
    assert (len(scripted.begun), scripted.options["max_retries"]) == (2, 0)


def test_a_process_that_goes_with_its_cluster_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ScriptedRay(monkeypatch, [WorkerCrashedError()] * 2)
    with pytest.raises(SearchError, match="Ray's gcs_server has ended; the same command then goes on"):
        _run(_job("Ray's gcs_server has ended"))
    with pytest.raises(TaskInterruptedError):
        _run(_job("Ray's gcs_server has ended"), interrupted=True)
