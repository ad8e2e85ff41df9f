"""The checkpoints of one trial: one file a step, only the last two and the best kept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from disk.writing import PARTIAL
from trainables.training import BrokenCheckpointError, Snapshot, Training, load_checkpoint, snapshot

SPARES = "spares"  # beside the folders of a search's trials: its files are anybody's to write over
_MOST_SPARES = 4
_NAME = re.compile(r"step-(\d{6})\.pt")
_writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")  # starts with the first checkpoint


class Checkpoints:
    """A trial's folder of checkpoints. The last but one is kept because its epoch may be newer than the ledger's.

    The newest is written while the trial reports and trains on, and is there before the next one is begun: a trial
    that is killed repeats one epoch at most.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: list[int] | None = None  # steps, by the only one who writes while the trial runs
        self._writing: Future[None] | None = None

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies, or would lie."""
        return self.folder / f"step-{step:06d}.pt"

    def steps(self) -> list[int]:
        """Steps that have a checkpoint, ascending."""
        try:
            return sorted(step for path in self.folder.iterdir() if (step := self.step_of(path)) is not None)
        except FileNotFoundError:
            return []

    @staticmethod
    def step_of(path: Path) -> int | None:
        """The step whose checkpoint has this name; None for another file."""
        match = _NAME.fullmatch(path.name)
        return int(match.group(1)) if match else None

    def restore(self, training: Training, *, upto: int) -> int:
        """Load the newest whole checkpoint of a step that is not later; returns the epochs it has done, 0 if none."""
        for step in reversed([step for step in self.steps() if step <= upto]):
            try:
                return load_checkpoint(training, self.path(step))
            except (BrokenCheckpointError, FileNotFoundError):  # after a power cut: the one before it will do
                continue
        return 0

    def write(self, training: Training, step: int, *, done: int, best_step: int | None) -> None:
        """Begin to write the checkpoint of `step`, after `done` epochs; drop those neither recent nor the best.

        Raises what `settle` does, of the one before.
        """
        self.settle()
        taken = snapshot(training, done=done, of=self.path(step))
        self._writing = _writer.submit(self._write, taken, step, best_step)

    def settle(self) -> None:
        """Wait until the newest checkpoint is there. Raises DiskFullError if there is no room for it."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def keep_only(self, step: int | None) -> None:
        """Drop every checkpoint but that of `step`; the whole folder if there is nothing to keep.

        Where that one is missing, because its process was killed before it was written, the one before stays.
        """
        steps = self.steps()
        earlier = [other for other in steps if step is not None and other <= step]
        self._drop(self.path(other) for other in steps if other not in earlier[-1:])
        if step is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, taken: Snapshot, step: int, best_step: int | None) -> None:
        if self._written is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._written = self.steps()
        earlier = [before for before in self._written if before < step]
        old = [before for before in earlier[:-1] if before != best_step]
        taken.write(self.path(step), over=self.path(old[-1]) if old else self._spare())
        self._drop(self.path(before) for before in old[:-1])
        self._written = sorted({*self._written, step}.difference(old))

    @property
    def _spares(self) -> Path:
        return self.folder.with_name(SPARES)

    def _spare(self) -> Path | None:
        """A file that another trial needs no more, if there is one."""
        self._spares.mkdir(exist_ok=True)
        return next(self._spares.iterdir(), None)

    def _drop(self, paths: Iterable[Path]) -> None:
        """Put files by for trials to write over, as many as that is worth, and remove the others."""
        room = _MOST_SPARES - len(list(self._spares.iterdir())) if self._spares.is_dir() else 0
        for path in paths:
            with suppress(FileNotFoundError):
                if room > 0:
                    path.replace(self._spares / f".{self.folder.name}-{path.name}{PARTIAL}")
                    room -= 1
                else:
                    path.unlink()
