"""Random generators that belong to one training and to nothing else in its process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Generator, Tensor


class Randomness:
    """PyTorch's global generators as this training left them, and a generator of its own for the data order.

    Weights and dropout draw from the global generators, which all trainings of a process share. Inside `active()`
    they stand where this training left them; outside they are as if it did not exist. `order` is never shared.
    The generators of `random` and numpy are not covered: draw from torch.
    """

    def __init__(self, seed: int, device: str) -> None:
        self._device = torch.device(device)
        self.order: Generator = torch.Generator().manual_seed(seed)
        with _preserved(self._device):
            torch.manual_seed(seed)
            self._state = _global_state(self._device)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Draw from this training's generators; put the others back at the end, error or not."""
        with _preserved(self._device):
            _set_global_state(self._state, self._device)
            try:
                yield
            finally:
                self._state = _global_state(self._device)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the states of all generators as uint8 tensors."""
        return {"order": self.order.get_state(), **self._state}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on drawing where `state` was taken; one from another kind of device keeps the present device's."""
        self.order.set_state(state["order"].cpu())
        self._state |= {name: state[name].cpu() for name in self._state if name in state}


@contextmanager
def _preserved(device: torch.device) -> Iterator[None]:
    before = _global_state(device)
    try:
        yield
    finally:
        _set_global_state(before, device)


def _global_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def _set_global_state(state: Mapping[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
    elif device.type == "mps":
        torch.mps.set_rng_state(state["mps"])
