"""What a study may set for dynamic targets. Torch-free: `tuner validate` checks every cell with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trainables import catalog
from trainables.base_options import TrainingOptions, idle
from trainables.complaints import Complaint
from trainables.options import option, parameters_of

WINNER_TAKES_ALL, NEAREST_TARGET = "winner_takes_all", "nearest_target"
RULES = (WINNER_TAKES_ALL, NEAREST_TARGET, "nearest_neuron")
SPLITS = ("train", "validation", "test")
_OBSERVED = {"class_means", "non_class_means", "sigma_sum"}
_SPACINGS = ("none", "remap", "sigma")
# Parameters of the catalogue's strategies and adjustments: above 0, at most this.
_HIGHEST = {"epsilon": 1, "scaling_factor": 100}
_PROBABILITIES = ("class_value", "non_class_value")


@dataclass(frozen=True, kw_only=True)
class DynamicTargetsOptions(TrainingOptions):
    """A network drawn to target values that are fixed, taken from its own outputs, or moved while it learns.

    Defaults are what the paper prints; where it prints nothing, the help says so.
    """

    lr: float = option(0.01, help="learning rate", low=0, low_open=True, high=100)
    momentum: float = option(0.5, help="of stochastic gradient descent", low=0, high=1)
    evaluation_batch_size: int = option(
        1000, help="images in a step of evaluation; changes speed alone", low=1, high=65536
    )
    reduction: str = option(
        "mean",
        help="a step follows the gradient of the batch's mean loss, or of its sum; not printed",
        choices=("mean", "sum"),
    )
    normalisation: str = option(
        "mnist",
        help="mnist: mean 0.1307, deviation 0.3081 on the 0-1 scale; dataset: the images' own; none: plain 0-1",
        choices=("mnist", "dataset", "none"),
    )
    backbone: str = option("two_conv", help="the network", kind="models")
    backbone_parameters: Mapping[str, Any] = parameters_of("backbone")

    strategy: str = option(help="how target values start", kind="strategies")
    strategy_parameters: Mapping[str, Any] = parameters_of("strategy")
    adjustment: str = option("keep", help="how they change after each epoch", kind="adjustments")
    adjustment_parameters: Mapping[str, Any] = parameters_of("adjustment")
    adjust: str | None = option(
        None,
        help="whether an epoch is measured with the values it was trained with (after_measuring, the default) or with "
        "those already adjusted (before_measuring); not printed",
        choices=("after_measuring", "before_measuring"),
    )
    values_per: str = option(
        "class",
        help="one class and one non-class value for each class, or for each output neuron (a next step)",
        choices=("class", "neuron"),
    )
    init_split: str | None = option(
        None, help="whose outputs the start is taken from; train if not given, test is Algorithm 1's", choices=SPLITS
    )
    late_epochs: int | None = option(
        None,
        help="train so many epochs on one-hot targets before the start is taken (a next step); 0 if not given",
        low=0,
        high=100000,
    )
    sigma_axes: str = option(
        "neurons",
        help="what has a standard deviation: each neuron over all samples, each class's own neuron over its samples, "
        "each neuron over each class's samples, all outputs together, each sample's outputs; not printed",
        choices=("neurons", "own_neurons", "class_neurons", "all", "samples"),
    )
    sigma_split: str | None = option(
        None, help="whose outputs sigma spacing measures; validation if not given; not printed", choices=SPLITS
    )
    decision_rule: str | None = option(
        None,
        help="whose accuracy is val/accuracy; by default winner_takes_all for one_hot and soft, else nearest_target",
        choices=RULES,
    )

    def check(self) -> Iterator[Complaint]:
        """Parameters in range, and no option that would do nothing."""
        yield from _check_parameters(self)
        observes = "strategy takes its values from the network's outputs"
        yield from idle(self, "init_split", unless=observes, active=self.observes_start)
        yield from idle(self, "late_epochs", unless=observes, active=self.observes_start)
        adjusts = "adjustment is sigma_spacing, or another that takes sigma_sum"
        yield from idle(self, "sigma_split", unless=adjusts, active=self.observes_sigma)
        yield from idle(self, "adjust", unless="adjustment is another than keep", active=self.adjustment != "keep")

    @property
    def observes_start(self) -> bool:
        """Whether the strategy takes anything from the network's outputs."""
        return bool(_OBSERVED & _inputs("strategies", self.strategy))

    @property
    def observes_sigma(self) -> bool:
        """Whether the adjustment takes the outputs' spread."""
        return "sigma_sum" in _inputs("adjustments", self.adjustment)

    @property
    def rule(self) -> str:
        """The decision rule with its default resolved. Source: section 4.5."""
        return self.decision_rule or (WINNER_TAKES_ALL if self.strategy in ("one_hot", "soft") else NEAREST_TARGET)


def _inputs(kind: str, name: str) -> frozenset[str]:
    signature = catalog.signature(kind, name)
    return frozenset(signature.input_names) if signature else frozenset()


def _check_parameters(options: DynamicTargetsOptions) -> Iterator[Complaint]:
    """The bounds that the catalogue's strategies, adjustments and network state, before anything starts."""
    given = {**options.strategy_parameters, **options.adjustment_parameters}
    for name, highest in _HIGHEST.items():
        if name in given and not 0 < given[name] <= highest:
            yield Complaint(name, f"must be above 0 and at most {highest}", given[name])
    for name in _PROBABILITIES:
        if name in given and not 0 <= given[name] <= 1:
            yield Complaint(name, "must be at least 0 and at most 1", given[name])
    if "spacing" in given and given["spacing"] not in _SPACINGS:
        yield Complaint("spacing", "must be one of the choices", given["spacing"], _SPACINGS)
    if options.backbone == "two_conv":
        activation = options.backbone_parameters.get("activation", "sigmoid")
        if activation not in ("sigmoid", "relu"):
            yield Complaint("activation", "must be one of the choices", activation, ("sigmoid", "relu"))
        dropout = options.backbone_parameters.get("dropout", 0.5)
        if not 0 <= dropout < 1:
            yield Complaint("dropout", "must be at least 0 and below 1", dropout)
