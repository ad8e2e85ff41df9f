"""Drawing in several processes at once.

Each is `python -m results.figures.worker`, spoken to over its pipes: unlike a pool of `multiprocessing` it does not
import the caller's main script, and when one dies it is known which figure it was at.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from results.figures.cache import Drawn, portable

if TYPE_CHECKING:
    from results.figures.catalog import Figure
    from results.figures.source import Source, StudySource

READY = "ready"
_MOST = 16  # processes: each holds matplotlib and Optuna, 300 MB
_DIED = (EOFError, BrokenPipeError, pickle.UnpicklingError)


class Task(NamedTuple):
    """Some figures of one source."""

    source: Source | StudySource
    folder: Path
    figures: Mapping[str, Figure]


class WorkerError(RuntimeError):
    """A process for drawing cannot be started; the message has its last words."""


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def draw_in_processes(tasks: Sequence[Task], processes: int) -> list[dict[str, Drawn]]:
    """Draw every task; what became of its figures, in the order of the tasks.

    A figure at which a process dies is left out with that reason, and the rest goes on in a new process.
    Raises WorkerError if no process can be started, OSError if files cannot be written.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(tasks)):
        waiting.put(number)
    drawn: list[dict[str, Drawn]] = [{} for _ in tasks]

    def work() -> None:
        with _Worker() as worker:
            while True:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    return
                drawn[number] = worker.draw(tasks[number])

    n = min(processes, len(tasks), _MOST)
    with ThreadPoolExecutor(n) as threads:
        for done in [threads.submit(work) for _ in range(n)]:
            done.result()
    return drawn


class _Worker:
    """One process, started anew when it dies."""

    def __init__(self) -> None:
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the worker)
        self._process = self._start()

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self._words.close()

    def draw(self, task: Task) -> dict[str, Drawn]:
        source, left, drawn = portable(task.source), dict(task.figures), dict[str, Drawn]()
        while left:
            at = next(iter(left))
            try:
                pickle.dump((source, task.folder, left), self._stdin, pickle.HIGHEST_PROTOCOL)
                self._stdin.flush()
                for at in list(left):
                    drawn[at] = self._answer()
                    del left[at]
            except _DIED:
                self._end()
                drawn[at] = Drawn(why=f"drawing it ended its process: {self._last_words()}", crashed=True)
                del left[at]
                self._process = self._start()
        return drawn

    @property
    def _stdin(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("a worker is started with pipes")
        return self._process.stdin

    def _answer(self) -> Any:
        if self._process.stdout is None:
            raise RuntimeError("a worker is started with pipes")
        answer = pickle.load(self._process.stdout)  # noqa: S301  (from a process of ours, over our own pipe)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._words.seek(0)
        self._words.truncate()
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "results.figures.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env={**os.environ, **one, "MPLBACKEND": "agg", "PYTHONPATH": path},
        )
        try:
            self._answer()
        except _DIED:
            self._end()
            raise WorkerError(f"no process for drawing can be started: {self._last_words()}") from None
        return self._process

    def _end(self) -> None:
        """Let it go: it ends when its input does; one that is busy is not waited for."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:
                pass
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"
