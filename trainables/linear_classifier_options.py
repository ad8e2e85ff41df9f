"""What a study may set for the linear classifier. Torch-free: `tuner validate` checks every cell with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trainables import catalog
from trainables.base_options import ScheduledOptions
from trainables.complaints import Complaint
from trainables.objective import WITH_LOGITS, takes_class_embeddings
from trainables.options import option, parameters_of


@dataclass(frozen=True, kw_only=True)
class LinearClassifierOptions(ScheduledOptions):
    """One linear layer on the pixels, trained by mini-batch gradient descent. Defaults are the paper's."""

    batch_size: int = option(100, help="images in a step; the last, smaller batch is trained on too", low=1, high=65536)
    validation_fraction: float = option(
        0.02,
        help="share of the training images that picks the best trial: 1,000 of CIFAR-10's 50,000",
        low=0,
        low_open=True,
        high=0.9,
    )
    evaluation_batch_size: int = option(
        500, help="images in a step of evaluation; changes speed alone", low=1, high=65536
    )

    loss: str = option("cross_entropy", help="what is minimised, a function of the logits", kind="losses")
    loss_parameters: Mapping[str, Any] = parameters_of("loss")
    l2: float = option(
        0.0,
        help="lambda of cost = mean loss + lambda * sum of squared weights (not biases): the gradient gets 2 lambda W",
        low=0,
        high=1000,
    )
    init_std: float = option(0.01, help="deviation of the normal distribution of first weights", low=0, high=10)
    standardisation: str = option(
        "pixel",
        help="subtract the mean and divide by the deviation over the training images: of each pixel, or each channel",
        choices=("pixel", "channel"),
    )
    flip: bool | Literal["once"] = option(
        False,
        help="mirror training images left to right with probability 1/2: true draws anew each epoch, once draws once "
        "and for all, by split_seed, and the images are then measured as they are trained on",
    )
    measure_train: bool = option(
        True,
        help="measure the training images after each epoch; false: report the mean cost of the epoch's steps instead",
    )
    refit_after: int | None = option(
        None,
        help="after this epoch also report, as <split>/accuracy/refitted, that of a copy which was trained for as many "
        "epochs again on the very images that it is then measured on: shows what that mistake is worth",
        low=1,
    )

    def check(self) -> Iterator[Complaint]:
        """A loss of logits, and a schedule that is whole."""
        if takes_class_embeddings(self.loss) is not False:
            yield Complaint("loss", f"must be a function of ({', '.join(WITH_LOGITS)})", self.loss, _fitting())
        yield from super().check()


def _fitting() -> tuple[str, ...]:
    return tuple(name for name in catalog.names("losses") if takes_class_embeddings(name) is False)
