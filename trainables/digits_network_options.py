"""What a study may set for the digits network. Torch-free: `tuner validate` checks every cell with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainables.base_options import ScheduledOptions, idle
from trainables.complaints import Complaint
from trainables.options import option

DEFAULT_DISTRIBUTION, DEFAULT_SCALE = "uniform", 0.5
DEFAULT_READING = "deviation"


@dataclass(frozen=True, kw_only=True)
class DigitsNetworkOptions(ScheduledOptions):
    """A network of fully connected layers on pixels / 255, by full-batch or mini-batch gradient descent."""

    lr: float = option(0.1, help="learning rate of the first epoch, of steps along the mean loss", low=0, low_open=True)
    batch_size: int = option(
        65536, help="images in a step; as many as are trained on, or more: full-batch descent", low=1, high=65536
    )
    passes_per_epoch: int = option(
        1, help="passes over the training images in an epoch; a full-batch pass is one step", low=1, high=100_000
    )
    validation_fraction: float = option(
        1 / 60,
        help="share of the training images that picks the best trial: 1,000 of MNIST's 60,000",
        low=0,
        low_open=True,
        high=0.9,
    )
    test_on: str = option(
        "test",
        help="test: the data set's own test split; rest: the training images that train_size leaves over",
        choices=("test", "rest"),
    )
    evaluation_batch_size: int = option(
        1000, help="images in a step of evaluation; changes speed alone", low=1, high=65536
    )

    hidden: int = option(200, help="units of the first hidden layer, leaky ReLU", low=1, high=65536)
    second_hidden: int | None = option(
        20, help="units of the second hidden layer, tanh; null: the two-layer network without it", low=1, high=65536
    )
    negative_slope: float = option(0.01, help="alpha of the leaky ReLU; 0 is plain ReLU", low=0, high=1)
    leaky_gradient: str = option(
        "leaky", help="what is sent back through the leaky ReLU: its own gradient, or relu's", choices=("leaky", "relu")
    )
    output_error: str = option(
        "difference",
        help="difference: t - a, equation (9), softmax with cross-entropy; times_derivative: times a (1 - a), "
        "equation (8), as if each output were a unit of its own",
        choices=("difference", "times_derivative"),
    )
    init: str = option(
        "random",
        help="first weights: random, of one spread in every layer, or kaiming, by the layer's inputs",
        choices=("random", "kaiming"),
    )
    init_distribution: str | None = option(
        None, help="of random alone; uniform in [-scale, scale] if not given", choices=("uniform", "normal")
    )
    init_scale: float | None = option(
        None, help="of random alone: half width of uniform, deviation of normal; 0.5 if not given", low=0, high=10
    )
    init_biases: bool | None = option(
        None, help="of random alone: biases are drawn as weights are (true if not given), not zero"
    )
    kaiming_reading: str | None = option(
        None,
        help="of kaiming alone: whether sqrt(2 / fan_in) is a deviation (if not given) or a variance",
        choices=("deviation", "variance"),
    )
    l2: float = option(
        0.0,
        help="lambda of mean loss + lambda / 2 * sum of squared weights (not biases): the gradient gets lambda W",
        low=0,
        high=100,
    )

    def check(self) -> Iterator[Complaint]:
        """Options of the other initialisation, and images that are not there to test on."""
        for key in ("init_distribution", "init_scale", "init_biases"):
            yield from idle(self, key, unless="init is random", active=self.init == "random")
        yield from idle(self, "kaiming_reading", unless="init is kaiming", active=self.init == "kaiming")
        if self.test_on == "rest" and self.train_size is None:
            yield Complaint("test_on", "must be test where train_size is not given: nothing is left over", self.test_on)
        if self.leaky_gradient == "relu" and self.negative_slope == 0:
            yield Complaint("leaky_gradient", "must be leaky where negative_slope is 0: both are the same", "relu")
        yield from super().check()
