"""The arrays kept of a search's best trial, from which a report draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

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
    and class_centres [K, D], class_embeddings [K, D] (absent for a pure model), classes [K] text.
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
    }
    if references.class_embeddings is not None:
        arrays["class_embeddings"] = _numpy(references.class_embeddings)
    return arrays


def _sample(n: int, most: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(generator.permutation(n)[:most])


def _numpy(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy()
