"""The checkpoints of one trial: one file a step, only the last two and the best kept."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from disk.writing import PARTIAL
from trainables.training import Training, save_checkpoint

SPARES = "spares"  # beside the folders of a search's trials: its files are anybody's to write over
_MOST_SPARES = 4
_NAME = re.compile(r"step-(\d{6})\.pt")


class Checkpoints:
    """A trial's folder of checkpoints. The last but one is kept because its epoch may be newer than the ledger's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: list[int] | None = None  # steps, by the only one who writes while the trial runs

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies, or would lie."""
        return self.folder / f"step-{step:06d}.pt"

    def steps(self) -> list[int]:
        """Steps that have a checkpoint, ascending."""
        if not self.folder.is_dir():
            return []
        matches = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(match.group(1)) for match in matches if match)

    @property
    def last_step(self) -> int:
        """The newest step that has a checkpoint, 0 if none has."""
        return max(self.steps(), default=0)

    def write(self, training: Training, step: int, *, done: int, best_step: int | None) -> None:
        """Write the checkpoint of `step`, after `done` epochs; drop those that are neither recent nor the best."""
        if self._written is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._written = self.steps()
        earlier = [before for before in self._written if before < step]
        old = [before for before in earlier[:-1] if before != best_step]
        over = self.path(old[-1]) if old else self._spare()
        save_checkpoint(training, self.path(step), done=done, over=over)
        self._drop(self.path(before) for before in old[:-1])
        self._written = sorted({*self._written, step}.difference(old))

    def keep_only(self, step: int | None) -> None:
        """Drop every checkpoint but that of `step`; the whole folder if there is nothing to keep."""
        self._drop(self.path(other) for other in self.steps() if other != step)
        if step is None:
            shutil.rmtree(self.folder, ignore_errors=True)

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
