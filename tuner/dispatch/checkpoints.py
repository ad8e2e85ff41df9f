"""The checkpoints of one trial: one file a step, only the last two and the best kept."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from trainables.training import Training, save_checkpoint

_NAME = re.compile(r"step-(\d{6})\.pt")


class Checkpoints:
    """A trial's folder of checkpoints. The last but one is kept because its epoch may be newer than the ledger's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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
        self.folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(training, self.path(step), done=done)
        steps = self.steps()
        self._drop(set(steps) - set(steps[-2:]) - {best_step})

    def keep_only(self, step: int | None) -> None:
        """Drop every checkpoint but that of `step`; the whole folder if there is nothing to keep."""
        if step is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self._drop(set(self.steps()) - {step})

    def _drop(self, steps: set[int]) -> None:
        for step in steps:
            self.path(step).unlink(missing_ok=True)
