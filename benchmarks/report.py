"""Seconds that a person waits for a study's tables, its first report, and the same report again, unchanged.

    python benchmarks/report.py [--searches 50] [--trials 50] [--epochs 30] [--home DIR] [--json]

Records a made-up study as a real one is recorded, in MLflow on SQLite: learning curves of a noisy search over eight
parameters, a third of them cut, some failed, and for every search the metrics and arrays that `moving_targets` keeps.
With --home it is recorded once and read again by later calls. Targets, on a laptop: tables within 10 s (reading, and
all three formats), the first report within 5 minutes, an unchanged one within 10 s: the whole command `tuner report`,
from its start to its end, with what it keeps in MLflow.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from results.cost import cost
from results.homes import store_uri
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState
from results.report.section import ReportSection
from results.report.tables import report_tables
from results.store import Store
from results.tables import best_models, trials_table

TARGETS = {"tables": 10.0, "first": 300.0, "again": 10.0}
METRIC = "val/accuracy"
STUDY = StudyRecord(
    study_id="bench",
    name="bench",
    metric=METRIC,
    mode="max",
    source="name: bench\n",
    fingerprint="bench",
    started_at_ms=1_700_000_000_000,
)
SPACE: dict[str, Any] = {
    "lr": {"loguniform": [1e-4, 1e-1]},
    "weight_decay": {"loguniform": [1e-6, 1e-2]},
    "embedding_dim": {"int": [2, 512]},
    "dropout": {"uniform": [0, 0.5]},
    "batch_size": {"choice": [32, 64, 128, 256]},
    "optimizer": {"choice": ["adam", "sgd"]},
    "momentum": {"uniform": [0.5, 0.99], "when": {"optimizer": "sgd"}},
    "smoothing": {"uniform": [0, 0.2]},
}
GEOMETRY = ("centre_distance", "class_distance", "cluster_size", "median_cosine", "reference_distance")


def record(store: Store, folder: Path, *, searches: int, trials: int, epochs: int) -> None:
    """Write the study as the recorder does."""
    run = store.begin_study(STUDY)
    for number in range(searches):
        draw = np.random.default_rng(number)
        outcome = _search(number, draw, trials=trials, epochs=epochs)
        search = outcome.search
        search_run = store.begin_search(run, search, new=True)
        for trial in outcome.trials:
            store.write_trial(search_run, search, trial, new=True)
        np.savez_compressed(folder / "best.npz", **_arrays(draw))
        store.log_file(search_run, folder / "best.npz", "best")
        store.end_search(search_run, search, outcome.trials, test_metrics={"test/accuracy": float(draw.random())})
    store.end_study(run, STUDY, best_models(store.outcomes(STUDY.study_id)))


def _search(number: int, draw: np.random.Generator, *, trials: int, epochs: int) -> SearchOutcome:
    cell = {"dataset": f"set{number % 5}", "loss": f"loss{number // 5 % 5}", "backbone": f"net{number // 25}"}
    key = "-".join(cell.values()) if number < 50 else f"{'-'.join(cell.values())}-{number}"
    search = SearchRecord(
        search_id=f"bench/{key}",
        key=key,
        cell=cell,
        metric=METRIC,
        mode="max",
        started_at_ms=STUDY.started_at_ms + number,
        params={"trials": trials, "budget": f"{epochs} epoch", "scheduler": "asha(grace_period=3)", "seed": number},
        space=SPACE,
    )
    return SearchOutcome(search=search, trials=[_trial(search, n, draw, epochs) for n in range(trials)])


def _trial(search: SearchRecord, number: int, draw: np.random.Generator, epochs: int) -> TrialRecord:
    config: dict[str, Any] = {
        "lr": float(10 ** draw.uniform(-4, -1)),
        "weight_decay": float(10 ** draw.uniform(-6, -2)),
        "embedding_dim": int(draw.integers(2, 513)),
        "dropout": float(draw.uniform(0, 0.5)),
        "batch_size": int(draw.choice([32, 64, 128, 256])),
        "optimizer": ("adam", "sgd")[int(draw.integers(2))],
        "smoothing": float(draw.uniform(0, 0.2)),
    }
    if config["optimizer"] == "sgd":
        config["momentum"] = float(draw.uniform(0.5, 0.99))
    best = 0.95 - 0.1 * abs(math.log10(config["lr"]) + 2.5) - 0.2 * config["dropout"]
    state, by, steps = TrialState.COMPLETE, None, epochs
    if number % 3 == 1 and epochs >= 9:
        state, by, steps = TrialState.STOPPED, ("asha", "trial_plateau")[number % 2], (3, 9)[number % 2]
    elif number % 25 == 24:
        state = TrialState.DIVERGED
    start_ms = search.started_at_ms + 60_000 * number
    results = []
    for step in range(1, steps + 1):
        accuracy = best * (1 - math.exp(-step / 4)) + float(draw.normal(0, 0.005))
        noise = draw.random(6)
        metrics = {
            "train/loss": 2 * math.exp(-step / 5) + 0.1 * float(noise[0]),
            "train/accuracy": min(1.0, accuracy + 0.03),
            "val/loss": 2.2 * math.exp(-step / 6) + 0.1 * float(noise[1]),
            METRIC: accuracy,
            "val/macro_f1": accuracy - 0.02 * float(noise[2]),
            **{f"val/geometry/{name}": 1 + accuracy * float(noise[2]) for name in GEOMETRY},
            "time/train_s": 1 + float(noise[3]),
            "time/eval_s": 0.1 + 0.1 * float(noise[4]),
            "time/epoch_s": 1.5 + 0.1 * float(noise[5]),
        }
        results.append(ResultRecord(step=step, at_ms=start_ms + 1600 * step, metrics=metrics))
    return TrialRecord(
        trial_id=f"{search.search_id}/{number:04d}",
        number=number,
        config=config,
        seed=number,
        state=state,
        started_at_ms=start_ms,
        ended_at_ms=start_ms + 1600 * steps + 500,
        stopped_by=by,
        error="the loss is nan at epoch 30" if state is TrialState.DIVERGED else None,
        results=tuple(results),
    )


def _arrays(draw: np.random.Generator, images: int = 2000, classes: int = 10, size: int = 64) -> dict[str, Any]:
    """What `moving_targets` keeps of its best epoch."""
    labels = draw.integers(0, classes, images)
    centres = draw.normal(0, 1, (classes, size)).astype(np.float32)
    embeddings = (centres[labels] + draw.normal(0, 0.8, (images, size))).astype(np.float32)
    scores = -np.linalg.norm(embeddings[:, None] - centres, axis=2).astype(np.float32)
    predicted, grid = scores.argmax(1), np.linspace(-2, 2, 41, dtype=np.float32)
    steps = ("original", "resized", "cropped", "augmented", "normalised")
    return {
        "classes": np.array([f"class {k}" for k in range(classes)]),
        "rows": np.arange(images),
        "labels": labels,
        "scores": scores,
        **{f"predictions_{rule}": predicted for rule in ("euc", "cos", "euc_ce", "cos_ce")},
        "embeddings": embeddings,
        "embedded": np.arange(images),
        "class_centres": centres,
        "class_embeddings": centres,
        "rule": np.array("euc_ce"),
        "confidence": draw.random(images, dtype=np.float32),
        "correct": predicted == labels,
        "confidence_kind": np.array("softmax of the rule's scores"),
        "surface_classes": np.arange(3),
        "surface_x": grid,
        "surface_y": grid,
        **{f"surface_of_{what}": np.hypot(*np.meshgrid(grid, grid)) for what in ("class_embedding", "embedding")},
        "surface_points": draw.random((3, 2), dtype=np.float32),
        "surface_e": np.zeros(2, dtype=np.float32),
        "example_rows": np.arange(4),
        "example_labels": labels[:4],
        **{f"example_{k}_{step}": draw.integers(0, 256, (1, 28, 28), np.uint8) for k in range(4) for step in steps},
    }


def tables(uri: str) -> None:
    """Read the study and write every table in every format, as `tuner report` does."""
    outcomes = Store(uri).outcomes(STUDY.study_id, results=True)
    for table in report_tables(outcomes, ReportSection()):
        _ = table.markdown(), table.csv(), table.latex()
    for plain in (trials_table(outcomes), cost(outcomes).table):
        _ = plain.markdown(), plain.csv()


def report(home: Path, out: Path) -> dict[str, Any]:
    """Run the command, in a process of its own; the facts that it prints."""
    command = [sys.executable, "-m", "tuner", "report", STUDY.name, "--home", str(home), "--out", str(out), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  (our own command)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - begin


def measure(home: Path, *, searches: int, trials: int, epochs: int) -> dict[str, Any]:
    """Record the study if it is not there yet, then time everything."""
    uri, seconds = store_uri(home), dict[str, float]()
    if not (home / "recorded").is_file():
        with _timed(seconds, "record"):
            record(Store(uri, artifact_root=home / "artifacts"), home, searches=searches, trials=trials, epochs=epochs)
        (home / "recorded").touch()
    with tempfile.TemporaryDirectory(dir=home) as out:
        with _timed(seconds, "tables"):
            tables(uri)
        with _timed(seconds, "first"):
            facts = report(home, Path(out))
        with _timed(seconds, "again"):
            report(home, Path(out))
        size = sum(file.stat().st_size for file in Path(out).rglob("*") if file.is_file())
    return {
        "seconds": seconds,
        "figures": facts["figures"],
        "left_out": sorted({f"{entry['figure']}: {entry['why']}" for entry in facts["left_out"]}),
        "mebibytes": size / 2**20,
        "cpus": len(os.sched_getaffinity(0)),
        "targets": TARGETS,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=50)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--home", type=Path, help="where the study is recorded, and found again")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    size = {"searches": options.searches, "trials": options.trials, "epochs": options.epochs}
    if options.home is not None:
        options.home.mkdir(parents=True, exist_ok=True)
        facts = measure(options.home.absolute(), **size)
    else:
        with tempfile.TemporaryDirectory(prefix="report") as home:
            facts = measure(Path(home), **size)
    if options.json:
        print(json.dumps(facts))
        return
    for name, value in facts["seconds"].items():
        print(f"{name}: {value:.1f} s" + (f" (target {TARGETS[name]:.0f})" if name in TARGETS else ""))
    print(f"{facts['figures']} figures, {facts['mebibytes']:.0f} MiB, {facts['cpus']} CPUs")
    for left_out in facts["left_out"]:
        print(f"left out: {left_out}")


if __name__ == "__main__":
    main()
