"""The arrays kept of a search's best trial, from which a report draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainables.confidence import SOFTMAX, confidence_arrays, probabilities_of_scores
from trainables.metrics.confusion_matrix import confusion_matrix
from trainables.metrics.precision_recall import precision_recall_curve
from trainables.metrics.roc_curve import roc_curve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from trainables.decision_rules.scoring import DecisionRule
    from trainables.evaluation import Features, References

MAX_SCORED = 10_000  # images with predictions and scores: 4 MB at 100 classes
MAX_EMBEDDED = 2_000  # images with embeddings: 16 MB at D = 2048
SEED = 0


@torch.inference_mode()
def arrays_of(
    features: Features,
    references: References,
    *,
    rules: Mapping[str, DecisionRule],
    main_rule: str,
    classes: Sequence[str],
    rows: NDArray[np.int64],
) -> dict[str, NDArray[Any]]:
    """Collect what a model makes of a split, bounded in size.

    rows: the images' positions [N] in the training split. Returns, for n <= 10,000 images drawn by a fixed seed:
      rows [n] int64, labels [n] int64, scores [n, K] float32 by the main rule,
      predictions_<rule> [n] int64 for every rule
    and for m <= 2,000 of them
      embeddings [m, D] float32, embedded [m] int64: their positions among the n
    and class_centres [K, D], class_embeddings [K, D] (absent for a pure model), classes [K] text, rule text: the main
    rule, and what `confidence_arrays` has of its scores.
    """
    generator = np.random.default_rng(SEED)
    chosen = _sample(len(rows), MAX_SCORED, generator)
    embedded = _sample(len(chosen), MAX_EMBEDDED, generator)
    kept = features[torch.from_numpy(chosen).to(features.labels.device)]
    scores = {
        name: torch.cat([references.scores(rule, part) for part in kept.chunks()]) for name, rule in rules.items()
    }
    arrays: dict[str, NDArray[Any]] = {
        "rows": rows[chosen],
        "labels": _numpy(kept.labels),
        "scores": _numpy(scores[main_rule]),
        **{f"predictions_{name}": _numpy(scored.argmax(1)) for name, scored in scores.items()},
        "embeddings": _numpy(kept.embeddings)[embedded],
        "embedded": embedded,
        "class_centres": _numpy(references.centres),
        "classes": np.array(classes),
        "rule": np.array(main_rule),
    }
    probabilities, kind = probabilities_of_scores(scores[main_rule], main_rule)
    arrays |= confidence_arrays(probabilities, kept.labels, kind)
    if references.class_embeddings is not None:
        arrays["class_embeddings"] = _numpy(references.class_embeddings)
    return arrays


@torch.inference_mode()
def class_arrays(logits: Tensor, labels: Tensor, classes: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Collect what a model with logits [N, K] does to each class of the labels [N].

    Returns labels [N] int64, scores [N, K] float32: the logits, predictions_argmax [N] int64, classes [K] text,
      confusion_matrix [K, K] int64, rows the true classes, what `confidence_arrays` has of the softmax probabilities,
    and for each class k that some but not all images are of, by its softmax probability against the others,
      roc_<k> [2, P]: false positive rate, true positive rate
      precision_recall_<k> [2, P]: precision, recall
    """
    predictions = logits.argmax(1)
    arrays = {
        "labels": _numpy(labels),
        "scores": _numpy(logits),
        "predictions_argmax": _numpy(predictions),
        "classes": np.array(classes),
        "confusion_matrix": _numpy(confusion_matrix(predictions, labels, len(classes))),
    }
    # In float64, for float32 rounds the likeliest ones to 1: they would be ties.
    probabilities = logits.cpu().double().softmax(1)
    arrays |= confidence_arrays(probabilities, labels, SOFTMAX)
    for k in range(len(classes)):
        positive = labels.cpu() == k
        if not 0 < int(positive.sum()) < len(labels):
            continue
        roc, pr = (curve(probabilities[:, k], positive) for curve in (roc_curve, precision_recall_curve))
        arrays[f"roc_{k}"] = _numpy(torch.stack(roc[:2])).astype(np.float32)
        arrays[f"precision_recall_{k}"] = _numpy(torch.stack(pr[:2])).astype(np.float32)
    return arrays


def _sample(n: int, most: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(generator.permutation(n)[:most])


def _numpy(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy()
