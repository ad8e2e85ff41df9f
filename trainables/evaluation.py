"""One pass over a split in evaluation mode, and what it says of a model: loss, accuracy by every rule, geometry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.decision_rules.scoring import DecisionRule, score
from trainables.metrics.accuracy import n_correct
from trainables.metrics.class_centres import ClassCentres
from trainables.metrics.embedding_store import EmbeddingStore
from trainables.models.embedding_model import Output

Forward = Callable[[Tensor], Output]
BatchLoss = Callable[[Output, Tensor], Tensor]

CHUNK = 4096  # samples that are scored at once: 32 MiB at D = 2048


@dataclass(frozen=True, eq=False)
class Features:
    """What a model makes of a split. embeddings [N, D] float32, labels [N], logits [N, K] for a pure model."""

    embeddings: Tensor
    labels: Tensor
    logits: Tensor | None

    def chunks(self) -> Iterator[Features]:
        """The same, a few thousand samples at a time."""
        for start in range(0, len(self.labels), CHUNK):
            yield self[slice(start, start + CHUNK)]

    def __getitem__(self, rows: slice | Tensor) -> Features:
        logits = None if self.logits is None else self.logits[rows]
        return Features(self.embeddings[rows], self.labels[rows], logits)


@dataclass(frozen=True, eq=False)
class References:
    """The points that nearest-neighbour rules compare with: [K, D] each, class embeddings None for a pure model."""

    centres: Tensor
    class_embeddings: Tensor | None

    def scores(self, rule: DecisionRule, features: Features) -> Tensor:
        """The rule's scores of all samples: [N, K]."""
        return score(
            rule,
            embeddings=features.embeddings,
            logits=features.logits,
            centres=self.centres,
            class_embeddings=self.class_embeddings,
        )


@torch.inference_mode()
def features_of(forward: Forward, batches: Iterable[tuple[Tensor, Tensor]], n_samples: int) -> Features:
    """Embed a split. The model must be in evaluation mode already."""
    store = EmbeddingStore(n_samples)
    has_logits = False
    for images, labels in batches:
        output = forward(images)
        has_logits = output.logits is not None
        logits = {} if output.logits is None else {"logits": output.logits}
        store.add(embeddings=output.embeddings, labels=labels, **logits)
    return Features(store["embeddings"], store["labels"], store["logits"] if has_logits else None)


@torch.inference_mode()
def logits_of(forward: Forward, batches: Iterable[tuple[Tensor, Tensor]], n_samples: int) -> tuple[Tensor, Tensor]:
    """Logits [N, K] and labels [N] of a split, without keeping its embeddings.

    The model must be in evaluation mode already. Raises ValueError if it has no logits.
    """
    store = EmbeddingStore(n_samples)
    for images, labels in batches:
        output = forward(images)
        if output.logits is None:
            raise ValueError("the model must have a linear classifier, but it has no logits")
        store.add(logits=output.logits, labels=labels)
    return store["logits"], store["labels"]


@torch.inference_mode()
def centres_of(forward: Forward, batches: Iterable[tuple[Tensor, Tensor]], n_classes: int) -> Tensor:
    """Class centres [K, D] of a split, without keeping its embeddings; NaN for classes that it lacks.

    The model must be in evaluation mode already. Raises ValueError without batches.
    """
    total: ClassCentres | None = None
    for images, labels in batches:
        embeddings = forward(images).embeddings
        if total is None:
            total = ClassCentres(n_classes, embeddings.shape[1], device=embeddings.device)
        total.add(embeddings, labels)
    if total is None:
        raise ValueError("class centres need at least one batch")
    return total.centres()


@torch.inference_mode()
def measure(
    features: Features, references: References, *, rules: Mapping[str, DecisionRule], loss: BatchLoss
) -> tuple[float, dict[str, float]]:
    """Mean loss over the samples, and the accuracy by each rule.

    loss: the sum over a batch's samples, of the output and the labels. Waits for the device once, at the end.
    """
    sums: list[Tensor] = []
    for part in features.chunks():
        total = loss(Output(part.embeddings, part.logits), part.labels)
        correct = [n_correct(references.scores(rule, part), part.labels) for rule in rules.values()]
        sums.append(torch.stack([total.double() if total.device.type != "mps" else total, *correct]))
    mean_loss, *accuracies = (torch.stack(sums).sum(0) / len(features.labels)).tolist()
    return mean_loss, dict(zip(rules, accuracies, strict=True))
