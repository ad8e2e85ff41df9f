"""What every loss asks of its tensors: shapes only, so that no check waits for the device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def check_shapes(embeddings: Tensor, targets: Tensor, class_embeddings: Tensor, *, min_classes: int = 1) -> None:
    """Raise ValueError unless embeddings are [B, D], targets [B] and class_embeddings [K >= min_classes, D]."""
    if embeddings.ndim != 2 or class_embeddings.ndim != 2:
        raise ValueError(
            "embeddings and class_embeddings must be matrices, "
            f"but got shapes {tuple(embeddings.shape)} and {tuple(class_embeddings.shape)}"
        )
    if embeddings.shape[1] != class_embeddings.shape[1]:
        raise ValueError(
            "embeddings and class_embeddings must have the same dimension, "
            f"but got {embeddings.shape[1]} and {class_embeddings.shape[1]}"
        )
    check_targets(targets, embeddings.shape[0])
    if class_embeddings.shape[0] < min_classes:
        raise ValueError(f"at least {min_classes} classes are needed, but got {class_embeddings.shape[0]}")


def check_targets(targets: Tensor, n_samples: int) -> None:
    """Raise ValueError unless targets holds one integer label a sample."""
    if targets.shape != (n_samples,) or targets.is_floating_point():
        raise ValueError(
            f"targets must be {n_samples} integer labels, but got {targets.dtype} of shape {tuple(targets.shape)}"
        )


def check_logits(logits: Tensor) -> None:
    """Raise ValueError unless logits are [B >= 1, K >= 2]."""
    if logits.ndim != 2 or logits.shape[0] < 1 or logits.shape[1] < 2:
        raise ValueError(f"logits must be a matrix of 2 classes or more, but got shape {tuple(logits.shape)}")


def check_class_counts(class_counts: Tensor, n_classes: int) -> None:
    """Raise ValueError unless class_counts holds one number a class."""
    if class_counts.shape != (n_classes,):
        raise ValueError(f"class_counts must be {n_classes} numbers, but got shape {tuple(class_counts.shape)}")


def check_weight(name: str, value: float) -> None:
    """Raise ValueError unless a weight is finite and not negative."""
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} must be finite and at least 0, but got {value}")
