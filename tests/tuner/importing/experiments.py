"""Ray Tune experiment folders as Ray 2.60 writes them, made by hand: what is read, and pickles that are not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PICKLE = {"_type": "CLOUDPICKLE_FALLBACK", "value": "80054e2e"}


def line(step: int, *, done: bool = False, **reported: Any) -> dict[str, Any]:
    """A line of result.json: what was reported, and what Ray adds."""
    return {
        **reported,
        "timestamp": 1_000 + step,
        "done": done,
        "training_iteration": step,
        "trial_id": "x",
        "time_total_s": 0.5 * step,
        "pid": 1,
        "hostname": "h",
        "config": {"lr": 0.1},
    }


def trial(
    number: int,
    config: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    *,
    status: str = "TERMINATED",
    error: str | None = None,
    stopping: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `write` makes a trial of."""
    return {
        "id": f"ab_{number:05d}",
        "number": number,
        "config": config,
        "results": results,
        "status": status,
        "error": error,
        "stopping": stopping or {},
    }


def write(root: Path, trials: Sequence[Mapping[str, Any]], *, metric: str | None = "eval/acc") -> Path:
    """Write the folder; the state names the trials in another order than that of their creation, as Ray's does."""
    root.mkdir(parents=True, exist_ok=True)
    entries = []
    for made in trials:
        folder = root / f"train_{made['id']}"
        folder.mkdir(exist_ok=True)
        (folder / "params.json").write_text(json.dumps(made["config"]))
        (folder / "params.pkl").write_bytes(b"never opened")
        (folder / "result.json").write_text("".join(json.dumps(result) + "\n" for result in made["results"]))
        if made["error"] is not None:
            (folder / "error.txt").write_text(made["error"])
        state = {
            "trial_id": made["id"],
            "trainable_name": "train",
            "status": made["status"],
            "config": {**made["config"], "storage": PICKLE},
            "evaluated_params": {"opt/lr": 0.1},
            "experiment_tag": f"{made['number']}_lr=0.1",
            "stopping_criterion": made["stopping"],
            "relative_logdir": folder.name,
            "storage": PICKLE,
        }
        went = {"start_time": 1_000.25 + made["number"]}
        entries.insert(0, [json.dumps(state), json.dumps(went)])
    runner = {"_metric": metric, "_stopper": PICKLE}
    state = {"trial_data": entries, "runner_data": runner, "stats": {"start_time": 999.5}}
    (root / "experiment_state-2026-01-01_00-00-00.json").write_text(json.dumps(state))
    return root


def standard(root: Path) -> Path:
    """Four trials of two models: one used its budget, one was cut, one returned early, one crashed."""

    def curve(*values: float, done: bool) -> list[dict[str, Any]]:
        return [
            line(step, eval={"acc": value, "name": "text"}, done=done and step == len(values))
            for step, value in enumerate(values, start=1)
        ]

    def config(lr: float, model: str) -> dict[str, Any]:
        return {"opt": {"lr": lr, "fn": "<function f>"}, "model": model, "width": 8}

    return write(
        root,
        [
            trial(0, config(0.1, "a"), curve(0.3, 0.5, 0.7, done=True)),
            trial(1, config(0.001, "b"), curve(0.2, 0.1, done=True)),
            trial(2, config(0.01, "a"), curve(0.8, 0.6, done=False)),
            trial(
                3,
                config(0.02, "b"),
                curve(0.4, done=False),
                status="ERROR",
                error="Failure # 1\n\x1b[36mray::f()\x1b[39m\nRuntimeError: boom",
            ),
        ],
    )
