"""Few-shot accuracy on classes that training never saw."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from trainables.decision_rules.euclidean import euc
from trainables.metrics.accuracy import accuracy
from trainables.metrics.class_centres import class_centres


@torch.no_grad()
def few_shot_accuracy(
    embeddings: Tensor,
    labels: Tensor,
    *,
    shots: int,
    generator: Generator,
    episodes: int = 100,
    rule: Callable[[Tensor, Tensor], Tensor] = euc,
) -> float:
    """Accuracy of the nearest centre where a centre is the mean of only `shots` samples, averaged over episodes.

    Protocol: each episode draws `shots` samples a class without replacement, takes their mean as the class's centre,
    and classifies all other samples among all classes present (so the number of ways is theirs); an episode counts
    the share of right ones. The classes are those in `labels`: pass the held-out classes alone.
    Shapes: embeddings [N, D], labels [N] (any integers). generator: on the CPU, so that all devices draw alike.
    rule: scores of (embeddings, centres), Euclidean by default.
    Raises ValueError with fewer than two classes, shots or episodes below 1, or a class of at most `shots` samples.
    Source: the future work of moving targets (section VI-A); the classifier is equations (9) and (11).
    """
    classes, positions, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    if shots < 1 or episodes < 1:
        raise ValueError(f"shots and episodes must be at least 1, but got shots={shots}, episodes={episodes}")
    if len(classes) < 2:
        raise ValueError(f"few-shot accuracy needs at least two classes, but got {len(classes)}")
    if int(counts.min()) <= shots:
        least = int(classes[counts.argmin()])
        raise ValueError(f"each class needs more than {shots} samples, but class {least} has {int(counts.min())}")
    members = [(positions == k).nonzero().flatten() for k in range(len(classes))]
    total = 0.0
    for _ in range(episodes):
        drawn = [m[torch.randperm(len(m), generator=generator)[:shots].to(m.device)] for m in members]
        support = torch.cat(drawn)
        centres = class_centres(embeddings[support], positions[support], len(classes))
        is_query = torch.ones_like(positions, dtype=torch.bool)
        is_query[support] = False
        total += accuracy(rule(embeddings[is_query], centres), positions[is_query])
    return total / episodes
