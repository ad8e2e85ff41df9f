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
WITH_CLASS_COUNTS = ("logits", "targets", "class_counts")


def inputs_of(loss: str) -> tuple[str, ...]:
    """What a loss is a function of: the names of its required positional parameters, read from its source.

    Raises CatalogError if there is no such loss.
    """
    signature = catalog.signature("losses", loss)
    return tuple(p.name for p in signature.inputs if p.required) if signature else ()


def takes_class_embeddings(loss: str) -> bool | None:
    """Whether a loss is one of embeddings and class embeddings rather than of logits alone; None if it is neither.

    Raises CatalogError if there is no such loss.
    """
    return {WITH_CLASS_EMBEDDINGS: True, WITH_LOGITS: False}.get(inputs_of(loss))


class Objective:
    """What a training minimises: the loss of a batch, summed over its samples.

    loss: a catalogue name or "module:attr". parameters: its keyword-only ones. class_counts: training images of each
    class [K] on the trial's device, for losses that are a function of them.
    Raises CatalogError if there is no such loss, ValueError if its inputs are neither (embeddings, targets,
    class_embeddings) nor (logits, targets), nor, where class_counts is given, (logits, targets, class_counts).
    """

    def __init__(self, loss: str, parameters: Mapping[str, Any], *, class_counts: Tensor | None = None) -> None:
        function = catalog.load("losses", loss)
        named = inspect.signature(function).parameters.values()
        inputs = tuple(p.name for p in named if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty)
        forms = [WITH_CLASS_EMBEDDINGS, WITH_LOGITS] + ([] if class_counts is None else [WITH_CLASS_COUNTS])
        if inputs not in forms:
            choices = " or of ".join(f"({', '.join(form)})" for form in forms)
            raise ValueError(f"loss {loss} must be a function of {choices}, but takes ({', '.join(inputs)})")
        self.has_class_embeddings = inputs == WITH_CLASS_EMBEDDINGS
        given = {"class_counts": class_counts} if inputs == WITH_CLASS_COUNTS else {}
        self._function = partial(function, **parameters, **given)

    def __call__(self, output: Output, targets: Tensor, class_embeddings: Tensor | None) -> Tensor:
        """The loss of one batch: a scalar, in float32 or better."""
        loss: Tensor = (
            self._function(output.embeddings, targets, class_embeddings)
            if self.has_class_embeddings
            else self._function(output.logits, targets)
        )
        return loss
