"""Gives a decision rule what its parameters' names ask for."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from torch import Tensor

DecisionRule = Callable[..., Tensor]


def score(
    rule: DecisionRule,
    *,
    embeddings: Tensor | None = None,
    logits: Tensor | None = None,
    centres: Tensor | None = None,
    class_embeddings: Tensor | None = None,
) -> Tensor:
    """The rule's scores [N, K], called with those of the tensors that it names.

    Raises ValueError if it names one that this model does not have, or something that no model has.
    """
    offered = {
        "embeddings": embeddings,
        "logits": logits,
        "centres": centres,
        "class_embeddings": class_embeddings,
    }
    have = {name: tensor for name, tensor in offered.items() if tensor is not None}
    wanted = [p.name for p in inspect.signature(rule).parameters.values() if p.default is p.empty]
    if missing := [name for name in wanted if name not in have]:
        name = getattr(rule, "__name__", repr(rule))
        raise ValueError(f"decision rule {name} needs {', '.join(missing)}, but there is only {', '.join(have)}")
    return rule(**{name: have[name] for name in wanted})
