"""What keeping everything costs: seconds inside ledger and checkpoint code over the wall time of the same run.

Two runs, Ray started before the clock: 60 no-op trials of ten results (those of overhead.py, where nothing is trained
and so nothing hides the cost), and the quickstart. Each process times the functions where it calls them: the driver
the ledger's, the trials' processes the checkpoints'. Seconds of processes side by side are added up, as if each had
waited for the other. Printed beside them, and not part of the share: seconds of threads that nothing waits for, which
write checkpoints while a trial reports and trains on, remove those that nobody needs, and flush the ledger before the
store hears of it.

    python benchmarks/reliability.py [--study noop] [--json]

Targets: at most 5% of the no-op run, at most 1% of the quickstart. Returns 1 if one is missed.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = "TUNER_BENCHMARK_TIMES"  # the environment variable that names where each process leaves its times
KINDS = ("ledger", "checkpoints", "beside")
TARGETS = {"noop": 0.05, "quickstart": 0.01}
TRIALS, EPOCHS = 60, 10
NOOP = (
    "name: noop\ntrainable: benchmarks.overhead:NoOp\nspace: {x: {uniform: [0, 1]}}\n"
    f"search: {{metric: metric_0, mode: max, trials: {TRIALS}, budget: {{max: {EPOCHS}}}, searcher: hyperopt,\n"
    f"  scheduler: {{asha: {{grace_period: {EPOCHS}, reduction_factor: 3}}}}}}\n"
)


class Stopwatch:
    """Seconds and calls by kind, in a file of this process after every call: a worker is killed, not asked to end."""

    def __init__(self, folder: Path) -> None:
        self._times: dict[str, list[float]] = {}
        self._lock = threading.Lock()
        self._inside = threading.local()  # a timed call within a timed one is not counted twice
        self._file = os.open(folder / str(os.getpid()), os.O_WRONLY | os.O_CREAT, 0o600)

    def wrap(self, owner: Any, name: str, kind: str) -> None:
        """Time every call of `owner.name`."""
        original: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(original)
        def timed(*arguments: Any, **options: Any) -> Any:
            if getattr(self._inside, "now", False):
                return original(*arguments, **options)
            self._inside.now = True
            begin_s = time.perf_counter()
            try:
                result = original(*arguments, **options)
                return iter(list(result)) if isinstance(result, Iterator) else result
            finally:
                self._add(kind, time.perf_counter() - begin_s)
                self._inside.now = False

        setattr(owner, name, timed)

    def _add(self, kind: str, seconds: float) -> None:
        with self._lock:
            entry = self._times.setdefault(kind, [0.0, 0])
            entry[0] += seconds
            entry[1] += 1
            os.pwrite(self._file, json.dumps(self._times).ljust(200).encode(), 0)


def watch(folder: Path) -> None:
    """Time the ledger and the checkpoints of this process."""
    from tuner import search_run
    from tuner.dispatch import finale
    from tuner.dispatch.checkpoints import Checkpoints
    from tuner.dispatch.ledger import Ledger

    stopwatch = Stopwatch(folder)
    for name in ("__init__", "append", "flush_now_and_then", "__iter__"):
        stopwatch.wrap(Ledger, name, "ledger")
    for name in ("write", "settle", "restore"):
        stopwatch.wrap(Checkpoints, name, "checkpoints")
    stopwatch.wrap(finale, "_bring_back", "checkpoints")
    stopwatch.wrap(search_run, "tidy_up", "checkpoints")
    stopwatch.wrap(Ledger, "flush", "beside")
    for name in ("_write", "keep_only"):
        stopwatch.wrap(Checkpoints, name, "beside")


def run_watched(study_name: str, folder: Path) -> dict[str, Any]:
    """Run one study in this process; its wall time, and seconds and calls by kind of all its processes."""
    from cluster.connect import ClusterSpec, start

    path = ROOT / "studies" / "quickstart.yaml"
    if study_name == "noop":
        path = folder / "noop.yaml"
        path.write_text(NOOP, encoding="utf-8")
    times = folder / "times"
    times.mkdir()
    os.environ[FOLDER] = str(times)
    # Every worker imports this file while it starts, and so times its checkpoints.
    preload = ("tuner.dispatch.trial", "benchmarks.reliability")
    with start(ClusterSpec(kind="local"), home=folder, n_cpus=2, preload=preload) as cluster:
        import hyperopt  # noqa: F401  (imported before the clock starts)
        import mlflow  # noqa: F401

        from tuner import load_study, run

        watch(times)
        begin_s = time.perf_counter()
        result = run(load_study(path), home=folder, cluster=cluster)
        wall_s = time.perf_counter() - begin_s
    if not result.ok:
        raise RuntimeError(f"{study_name} did not do its work: {result.undelivered or result.searches}")
    seconds, calls = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0)
    for file in times.iterdir():
        for kind, (spent_s, count) in json.loads(file.read_text() or "{}").items():
            seconds[kind] += spent_s
            calls[kind] += int(count)
    if not all(calls.values()):
        raise RuntimeError(f"nothing was timed in {study_name}: {calls}")
    share = (seconds["ledger"] + seconds["checkpoints"]) / wall_s
    return {"wall_s": wall_s, "seconds": seconds, "calls": calls, "share": share, "target": TARGETS[study_name]}


def measure(study_name: str) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--inside", study_name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  (this file)
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def main() -> int:
    """Measure both runs and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", choices=TARGETS, action="append", help="measure this one only")
    parser.add_argument("--inside", choices=TARGETS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    if options.inside:
        with tempfile.TemporaryDirectory(prefix="r") as folder:
            print(json.dumps(run_watched(options.inside, Path(folder))))
        return 0
    facts = {name: measure(name) for name in options.study or TARGETS}
    if options.json:
        print(json.dumps(facts))
    else:
        for name, fact in facts.items():
            parts = ", ".join(
                f"{kind} {fact['seconds'][kind]:.2f} s in {fact['calls'][kind]} calls" for kind in fact["seconds"]
            )
            target = f"target at most {fact['target']:.0%}"
            print(f"{name:10} {fact['share']:6.2%} of {fact['wall_s']:.1f} s  ({target}; {parts})")
    return 0 if all(fact["share"] <= fact["target"] for fact in facts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
if FOLDER in os.environ:  # a worker
    watch(Path(os.environ[FOLDER]))
