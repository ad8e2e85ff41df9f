"""State dictionaries that belong to nobody else."""

from __future__ import annotations

from typing import Any

import torch


def copied(state: Any) -> Any:
    """The same nested dictionaries and lists, their tensors copied to the CPU.

    PyTorch's own state dictionaries share memory with the model: the next step would change a state that was
    kept, and loading one would tie two trainings together.
    """
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {key: copied(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(copied(value) for value in state)
    return state
