"""A trainable of milliseconds that shows when its state was lost: its value is a sum over all its epochs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class Walk:
    """Our Training protocol: each epoch adds a step that depends on the sum so far.

    gate: a file without which no epoch begins, so that a search waits for a slow killer.
    """

    def __init__(self, config: Mapping[str, Any], context: Any) -> None:
        self.config, self.epoch = dict(config), 0
        self.total = torch.zeros((), dtype=torch.float64)

    def train_epoch(self) -> dict[str, float]:
        while not Path(self.config["gate"]).exists():
            time.sleep(0.005)
        self.epoch += 1
        time.sleep(self.config["epoch_s"])
        self.total += (self.config["x"] - self.total) * self.config["rate"]
        return {"train/loss": 1.0 - float(self.total), "val/accuracy": float(self.total)}

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "total": self.total}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.epoch, self.total = state["epoch"], state["total"].clone()
