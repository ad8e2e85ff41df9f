"""Trainables whose learning curves are formulas, so that a test knows which trial must end where, and why."""

from __future__ import annotations

import errno
import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import torch
from ray import tune

from trainables.training import ExportedModel


class Curve:
    """Our Training protocol over `val/accuracy = x * (1 - 0.5 ** epoch)`; trains nothing, remembers its epoch."""

    def __init__(self, config: Mapping[str, Any], context: Any) -> None:
        self.config, self.context, self.epoch = dict(config), context, 0

    def train_epoch(self) -> dict[str, float]:
        self.epoch += 1
        time.sleep(self.config.get("epoch_s", 0.0))
        return {"train/loss": 1.0, "val/accuracy": self.config["x"] * (1 - 0.5**self.epoch), "process": os.getpid()}

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.epoch = state["epoch"]


class Troubled(Curve):
    """Fails in the way that `trouble` names, in its second epoch."""

    def train_epoch(self) -> dict[str, float]:
        metrics = super().train_epoch()
        if self.epoch == 2:
            match self.config["trouble"]:
                case "nan":
                    return {**metrics, "train/loss": math.nan}
                case "very_negative":
                    return {**metrics, "train/loss": -1e30}
                case "crash":
                    raise RuntimeError("the second epoch broke")
                case "memory":
                    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB")
                case "killed":
                    os._exit(9)
        return metrics


class Roomy(Curve):
    """Its second epoch has no room for batches of more than `room` images."""

    def train_epoch(self) -> dict[str, float]:
        if self.epoch == 1 and self.config["batch_size"] > self.config["room"]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB")
        return {**super().train_epoch(), "batch_size": self.config["batch_size"]}


class Plateau(Curve):
    """Rises until the epoch that `top` names, then stays."""

    def train_epoch(self) -> dict[str, float]:
        self.epoch += 1
        return {"val/accuracy": min(self.epoch, self.config["top"]) / 100}


class Survivor(Curve):
    """Reports what it finds in its process: anything an earlier trial could have left behind."""

    def train_epoch(self) -> dict[str, float]:
        self.epoch += 1
        layer = torch.nn.Linear(4, 4)
        return {
            "val/accuracy": 0.5,
            "process": os.getpid(),
            "draw": float(torch.rand(())),
            "weight": float(layer.weight.sum()),
            "grad_mode": float(torch.is_grad_enabled()),
            "dtype": float(torch.get_default_dtype() == torch.float32),
            "instance": float(len(self.__dict__)),
        }


class Population(Curve):
    """A weight that grows by its learning rate: with PBT the best weights are handed on, and it shows."""

    def __init__(self, config: Mapping[str, Any], context: Any) -> None:
        super().__init__(config, context)
        self.weight = torch.zeros(())

    def train_epoch(self) -> dict[str, float]:
        self.epoch += 1
        self.weight += self.config["lr"]
        return {"val/accuracy": float(self.weight)}

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "weight": self.weight}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.epoch, self.weight = state["epoch"], state["weight"].clone()


def silent(config: dict[str, Any]) -> None:
    """A Ray Tune function that reports neither the metric nor the budget key of the study."""
    for step in range(3):
        tune.report({"score": config["x"] * step})


def nested(config: dict[str, Any]) -> None:
    """A Ray Tune function with nested keys, its own budget key, no end, and a checkpoint with every report."""
    step = 0
    while True:
        step += 10
        folder = Path(f"checkpoint_{step}")
        folder.mkdir(exist_ok=True)
        (folder / "state.txt").write_text(str(step), encoding="utf-8")
        tune.report(
            {"eval": {"score": config["x"] * step, "name": "text is no metric"}, "steps": step},
            checkpoint=tune.Checkpoint.from_directory(folder),
        )


class Foreign(tune.Trainable):
    """A Ray Tune class without `reset_config`: every trial needs a process of its own."""

    def setup(self, config: dict[str, Any]) -> None:
        self.config_keys = sorted(config)
        self.total = 0.0

    def step(self) -> dict[str, Any]:
        self.total += self.config["x"]
        return {"total": self.total, "process": os.getpid(), "keys": len(self.config_keys)}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        Path(checkpoint_dir, "total.txt").write_text(str(self.total), encoding="utf-8")

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        self.total = float(Path(checkpoint_dir, "total.txt").read_text(encoding="utf-8"))


class Meeting(Curve):
    """Waits in its first epoch, up to a minute, until another process trains a trial of the same meeting as well."""

    def train_epoch(self) -> dict[str, float]:
        folder = self.context.cache_dir / self.config["meeting"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(os.getpid())).touch()
        deadline = time.monotonic() + 60
        while len(list(folder.iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        return super().train_epoch()


class Finalist(Curve):
    """Tells whether selection is over; a note beside the data counts how often the test split is opened."""

    def train_epoch(self) -> dict[str, float]:
        metrics = super().train_epoch()
        return {**metrics, "final": float(self.context.final), "seed": float(self.context.seed)}

    def test(self) -> dict[str, float]:
        with (self.context.cache_dir / "opened.txt").open("a", encoding="utf-8") as notes:
            notes.write(f"{self.context.seed} {self.context.final} {self.epoch}\n")
        if self.config.get("fails") and self.context.seed % 2:
            raise RuntimeError("an odd seed")
        return {"test/accuracy": self.config["x"] * (1 - 0.5**self.epoch), "test/seed": float(self.context.seed)}


class Keeper(Finalist):
    """A model that is kept: one linear layer whose weights are its epoch."""

    def export(self) -> ExportedModel:
        layer = torch.nn.Linear(4, 2)
        torch.nn.init.constant_(layer.weight, float(self.epoch))
        return ExportedModel(torch.nn.Sequential(torch.nn.Flatten(), layer), torch.ones(2, 1, 2, 2))


class Unwritable:
    """A value for which there is no room when it is written."""

    def __reduce__(self) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Crowded(Curve):
    """Finds no room for its second checkpoint as long as there is a file `full` beside the data."""

    def state_dict(self) -> dict[str, Any]:
        full = self.epoch == 2 and (self.context.cache_dir / "full").exists()
        return {**super().state_dict(), "unwritable": Unwritable() if full else None}


class Heavy(Curve):
    """Has 8 MB of weights, and so checkpoints of 8 MB."""

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "weights": torch.zeros(2_000_000)}


class Fated(Curve):
    """Does what `fate` says, in each epoch: waits for a file `go` beside the data, leaks 500 MB, hangs, or nothing.

    A trial may also hang while it is built, and a final run of an odd seed once selection is over.
    """

    def __init__(self, config: Mapping[str, Any], context: Any) -> None:
        super().__init__(config, context)
        if config["fate"] == "is_never_built" or (
            config["fate"] == "hangs_at_last" and context.final and context.seed % 2
        ):
            time.sleep(3600)

    def train_epoch(self) -> dict[str, float]:
        match self.config["fate"]:
            case "waits":
                while not (self.context.cache_dir / "go").exists():
                    time.sleep(0.05)
            case "leaks":
                # Not in this class or module: Ray sends them along with every result.
                leaked = vars(sys).setdefault("leaked", [])
                if psutil.virtual_memory().available > 0.15 * psutil.virtual_memory().total:  # else nobody stops it
                    leaked.append(b"x" * 500_000_000)
            case "waits_after_one" if self.epoch == 1:
                while not (self.context.cache_dir / "go").exists():
                    time.sleep(0.05)
            case "hangs" if self.epoch == 1:
                time.sleep(3600)
            case "slow":
                time.sleep(1)
        return super().train_epoch()

    def test(self) -> dict[str, float]:
        return {"test/accuracy": self.config["x"]}


class Patient(Curve):
    """Takes an hour to prepare its data, or to open its test split, unless a file `go` lies beside the data."""

    @classmethod
    def prepare(cls, config: Mapping[str, Any], context: Any) -> str:
        cls._take_an_hour("prepare", config, context)
        return "none"

    def test(self) -> dict[str, float]:
        self._take_an_hour("test", self.config, self.context)
        return {"test/accuracy": self.config["x"]}

    @staticmethod
    def _take_an_hour(part: str, config: Mapping[str, Any], context: Any) -> None:
        if config["long"] == part and not (context.cache_dir / "go").exists():
            context.cache_dir.mkdir(parents=True, exist_ok=True)
            (context.cache_dir / part).touch()
            time.sleep(3600)
