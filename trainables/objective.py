"""A loss by name with its hyperparameters, applied to whichever output it is a function of. Imports no torch."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from trainables import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from trainables.models.embedding_model import Output

WITH_CLASS_EMBEDDINGS = ("embeddings", "targets", "class_embeddings")
WITH_LOGITS = ("logits", "targets")


def takes_class_embeddings(loss: str) -> bool | None:
    """Whether a loss is one of embeddings and class embeddings rather than of logits; None if it is neither.

    Told by the names of its parameters, read from its source. Raises CatalogError if there is no such loss.
    """
    signature = catalog.signature("losses", loss)
    inputs = tuple(p.name for p in signature.inputs if p.required) if signature else ()
    return {WITH_CLASS_EMBEDDINGS: True, WITH_LOGITS: False}.get(inputs)


class Objective:
    """What a training minimises: the loss of a batch, summed over its samples.

    loss: a catalogue name or "module:attr". parameters: its keyword-only ones.
    Raises CatalogError if there is no such loss, ValueError if its inputs are neither (embeddings, targets,
    class_embeddings) nor (logits, targets).
    """

    def __init__(self, loss: str, parameters: Mapping[str, Any]) -> None:
        function = catalog.load("losses", loss)
        named = inspect.signature(function).parameters.values()
        inputs = tuple(p.name for p in named if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty)
        if inputs not in (WITH_CLASS_EMBEDDINGS, WITH_LOGITS):
            raise ValueError(
                f"loss {loss} must be a function of ({', '.join(WITH_CLASS_EMBEDDINGS)}) or of "
                f"({', '.join(WITH_LOGITS)}), but takes ({', '.join(inputs)})"
            )
        self.has_class_embeddings = inputs == WITH_CLASS_EMBEDDINGS
        self._function = partial(function, **parameters)

    def __call__(self, output: Output, targets: Tensor, class_embeddings: Tensor | None) -> Tensor:
        """The loss of one batch: a scalar, in float32 or better."""
        loss: Tensor = (
            self._function(output.embeddings, targets, class_embeddings)
            if self.has_class_embeddings
            else self._function(output.logits, targets)
        )
        return loss
