"""What a network puts out before it is drawn to anything: the means that target values start from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from trainables.targets.sigma import sigma_sum

if TYPE_CHECKING:
    from trainables.targets.values import TargetValues


@dataclass(frozen=True, eq=False)
class Outputs:
    """A network's outputs on a split. logits: [N, K] float32. labels: [N], 0..K-1."""

    logits: Tensor
    labels: Tensor

    @cached_property
    def probabilities(self) -> Tensor:
        """Softmax of the logits [N, K]: the space of target values and distances."""
        return self.logits.softmax(1)


def output_means(outputs: Outputs, *, per: str = "class") -> tuple[Tensor, Tensor]:
    """Mean class and non-class activations, float64 [K] each, on the CPU.

    per "class" (Algorithm 1): of class i, the mean of neuron i over its samples, and the mean of all other neurons over
    the same samples. per "neuron": of neuron j, its mean over the samples of class j, and over all other samples.
    Raises ValueError if a class has no sample.
    """
    n_classes = outputs.probabilities.shape[1]
    counts = torch.bincount(outputs.labels, minlength=n_classes).double()
    if empty := (counts == 0).nonzero().flatten().tolist():
        raise ValueError(f"means need samples of every class, but there are none of {empty}")
    sums = outputs.probabilities.new_zeros((n_classes, n_classes), dtype=torch.float64)
    sums.index_add_(0, outputs.labels, outputs.probabilities.double())  # [class, neuron]
    own = sums.diagonal()
    others = (sums.sum(1) - own) / (counts * (n_classes - 1))
    if per == "neuron":
        others = (sums.sum(0) - own) / (counts.sum() - counts)
    return (own / counts).cpu(), others.cpu()


def initial_values(
    strategy: Callable[..., TargetValues],
    parameters: Mapping[str, Any],
    *,
    n_classes: int,
    generator: torch.Generator,
    observe: Callable[[], Outputs],
    per: str = "class",
    axes: str = "neurons",
) -> TargetValues:
    """The values that a strategy sets, given what it names. observe: called only if it names something of the outputs.

    Raises ValueError if it names something else, or does not accept what it is given.
    """
    wanted = [p.name for p in inspect.signature(strategy).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    offered: dict[str, Any] = {"n_classes": n_classes, "generator": generator}
    if any(name in OBSERVED for name in wanted):
        outputs = observe()
        means = output_means(outputs, per=per)
        offered |= dict(
            zip(OBSERVED, (*means, sigma_sum(outputs.probabilities, outputs.labels, axes=axes)), strict=True)
        )
    if unknown := [name for name in wanted if name not in offered]:
        raise ValueError(f"a strategy must be a function of {', '.join(offered)}, but names {', '.join(unknown)}")
    return strategy(**{name: offered[name] for name in wanted}, **parameters)


OBSERVED = ("class_means", "non_class_means", "sigma_sum")
