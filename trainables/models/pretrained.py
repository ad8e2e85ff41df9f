"""ImageNet weights for the ResNets: from torchvision's download or from a file, checked before they are used."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

# As torchvision names its IMAGENET1K_V1 downloads; the digits are the beginning of the file's sha256.
FILES = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet101": "resnet101-63fe2227.pth",
}
ADVICE = "set `pretrained: false` to begin with random weights, or `weights: /absolute/path.pth` to a file of them"
SHOWN = 5  # mismatched tensors named in one message


class WeightsError(ValueError):
    """Weights that are not to be had, or do not fit the network. The message says what to set instead."""


def missing_weights(name: str, weights: str | None = None) -> str | None:
    """What `pretrained: true` lacks on this machine, in words; None if nothing. Needs neither network nor torch.

    name: of the network. weights: the study's own file, if it names one.
    """
    if weights is not None:
        return None if Path(weights).is_file() else f"weights file {weights} does not exist"
    if name not in FILES or cached_file(name).is_file():
        return None
    return f"{FILES[name]} is not in {cached_file(name).parent} and will be downloaded by torchvision"


def cached_file(name: str) -> Path:
    """Where torchvision keeps its download of a network's weights."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = Path(os.environ.get("TORCH_HOME", f"{cache}/torch")).expanduser()
    return home / "hub" / "checkpoints" / FILES[name]


def fetch_state(name: str) -> dict[str, Tensor]:
    """Torchvision's IMAGENET1K_V1 weights without `fc`, downloaded unless they are there, their hash checked.

    Raises WeightsError if they cannot be fetched.
    """
    from torchvision import models

    try:
        state: Mapping[str, Tensor] = models.get_weight(f"{_enum(name)}.IMAGENET1K_V1").get_state_dict(
            progress=False, check_hash=True
        )
    except (OSError, HTTPException, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"the ImageNet weights of {name} cannot be fetched ({type(error).__name__}: {error}): {ADVICE}"
        ) from error
    return _without_head(dict(state))


def read_state(path: str, *, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict in a file, without `fc`, its names and shapes those of `expected`. No code in it is run.

    Raises WeightsError if the file is missing, damaged, no state dict, or of another network.
    """
    import torch

    if not Path(path).is_absolute():
        raise WeightsError(f"weights must be an absolute path, but got {path}: trials run in directories of their own")
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"weights file {path} does not exist: {ADVICE}") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"weights file {path} cannot be read as a state dict saved by torch.save "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'empty'})"
        ) from error
    if not isinstance(state, Mapping) or not all(torch.is_tensor(value) for value in state.values()):
        raise WeightsError(f"weights file {path} must hold a state dict (names and tensors), but holds something else")
    body = _without_head(state)
    if problems := _mismatches(body, expected):
        more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise WeightsError(f"weights file {path} does not fit: {'; '.join(problems[:SHOWN])}{more}")
    return body


def _enum(name: str) -> str:
    return name.replace("resnet", "ResNet") + "_Weights"


def _without_head(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not key.startswith("fc.")}


def _mismatches(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    # Files from before 2018 lack the counters of batch norm; torch fills them in.
    missing = [k for k in expected if k not in state and not k.endswith("num_batches_tracked")]
    unknown = [k for k in state if k not in expected]
    shapes = [
        f"{k} must be {tuple(expected[k].shape)}, but is {tuple(state[k].shape)}"
        for k in expected
        if k in state and state[k].shape != expected[k].shape
    ]
    return shapes + [f"{k} is missing" for k in missing] + [f"{k} is unknown" for k in unknown]
