"""Seconds from a recorded study to its report: reading, tables, all figures, and the same again unchanged.

    python benchmarks/report.py [--searches 50] [--trials 50] [--epochs 30] [--home DIR] [--json]

Records a made-up study as a real one is recorded, in MLflow on SQLite: learning curves of a noisy search over eight
parameters, a third of them cut, some failed, arrays of 2,000 images for every search. With --home it is recorded once
and read again by later calls. Targets, on a laptop: tables within 10 s, the first report within 5 minutes, an unchanged
one within 10 s; all of them with reading, after Python's and MLflow's own start.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from results.cost import cost
from results.figures.catalog import SEARCH_FIGURES, STUDY_FIGURES, TRIAL_FIGURES
from results.figures.gallery import Gallery, Job, draw_many
from results.figures.stored import stored_source, stored_study
from results.records import ResultRecord, SearchOutcome, SearchRecord, StudyRecord, TrialRecord, TrialState
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


def _arrays(draw: np.random.Generator, images: int = 2000, classes: int = 10) -> dict[str, Any]:
    """What a trainable of ours keeps of its best epoch."""
    labels = draw.integers(0, classes, images)
    logits = draw.normal(0, 1, (images, classes))
    logits[np.arange(images), labels] += 2
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    predicted = probabilities.argmax(1)
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (labels, predicted), 1)
    curve = np.sort(draw.random((2, 200)), axis=1).astype(np.float32)
    return {
        "classes": np.array([f"class {k}" for k in range(classes)]),
        "labels": labels,
        "split": np.array("validation"),
        "predictions_argmax": predicted,
        "probabilities": probabilities.astype(np.float32),
        "true_class_probability": probabilities[np.arange(images), labels],
        "confusion_matrix": counts,
        **{f"{kind}_{k}": curve for kind in ("roc", "precision_recall") for k in range(classes)},
    }


def report(uri: str, out: Path, seconds: dict[str, float], *, figures: bool = True) -> list[Gallery]:
    """Read, tabulate and draw as `tuner report` does; adds the seconds of each part."""
    with _timed(seconds, "open"):
        store = Store(uri)
        study = next(study for study in store.studies() if study.study_id == STUDY.study_id)
    with _timed(seconds, "read"):
        outcomes = store.outcomes(STUDY.study_id, results=True)
    with _timed(seconds, "tables"):
        for table in (best_models(outcomes), trials_table(outcomes), cost(outcomes).table):
            table.markdown()
            table.csv()
    if not figures:
        return []
    with _timed(seconds, "figures"):
        jobs = [
            Job(stored_source(store, outcome), out / outcome.search.key, {**TRIAL_FIGURES, **SEARCH_FIGURES})
            for outcome in outcomes
        ]
        return draw_many([*jobs, Job(stored_study(store, study, outcomes), out, STUDY_FIGURES)])


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - begin


def measure(home: Path, *, searches: int, trials: int, epochs: int) -> dict[str, Any]:
    """Record the study if it is not there yet, then time everything."""
    uri = f"sqlite:///{home / 'mlflow.db'}"
    seconds: dict[str, dict[str, float]] = {"record": {}, "tables": {}, "first": {}, "again": {}}
    if not (home / "recorded").is_file():
        with _timed(seconds["record"], "all"):
            record(Store(uri, artifact_root=home / "artifacts"), home, searches=searches, trials=trials, epochs=epochs)
        (home / "recorded").touch()
    with tempfile.TemporaryDirectory(dir=home) as out:
        report(uri, Path(out), seconds["tables"], figures=False)
        galleries = report(uri, Path(out), seconds["first"])
        report(uri, Path(out), seconds["again"])
        size = sum(file.stat().st_size for file in Path(out).rglob("*") if file.is_file())
    return {
        "seconds": seconds,
        "figures": sum(len(gallery.files) for gallery in galleries),
        "left_out": sorted({f"{name}: {why}" for gallery in galleries for name, why in gallery.left_out.items()}),
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
    for name, parts in facts["seconds"].items():
        told = ", ".join(f"{part} {value:.1f}" for part, value in parts.items())
        target = f" (target {TARGETS[name]:.0f})" if name in TARGETS else ""
        print(f"{name}: {sum(parts.values()):.1f} s{target}: {told}")
    print(f"{facts['figures']} figures, {facts['mebibytes']:.0f} MiB, {facts['cpus']} CPUs")
    for left_out in facts["left_out"]:
        print(f"left out: {left_out}")


if __name__ == "__main__":
    main()
