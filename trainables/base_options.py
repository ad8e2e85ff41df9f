"""The options that every trainable of the catalogue shares. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainables.complaints import Complaint
from trainables.options import option


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Which images, how they are split, how big a step is. A trainable's own options inherit these."""

    dataset: str = option(help="which images", kind="datasets")
    lr: float = option(1e-3, help="learning rate of the first epoch", low=0, low_open=True, high=100)
    batch_size: int = option(64, help="images in a step; the last, smaller batch is trained on too", low=1, high=65536)
    train_size: int | None = option(None, help="train on this many images only, stratified", low=1)
    validation_fraction: float = option(
        0.1, help="share of the training images that picks the best trial", low=0, low_open=True, high=0.9
    )
    split_seed: int = option(0, help="which images validate; not the trial's seed, so all trials agree", low=0)
    evaluation_batch_size: int = option(
        256, help="images in a step of evaluation; changes speed alone", low=1, high=65536
    )


@dataclass(frozen=True, kw_only=True)
class ScheduledOptions(TrainingOptions):
    """How the learning rate changes from epoch to epoch."""

    lr_schedule: str = option(
        "constant",
        help="cosine: down to a hundredth over lr_epochs; step: a tenth after every lr_epochs",
        choices=("constant", "cosine", "step"),
    )
    lr_epochs: int | None = option(None, help="epochs of the schedule; required by cosine and step", low=1)

    def check(self) -> Iterator[Complaint]:
        """A schedule needs its length, and nothing else does."""
        scheduled = self.lr_schedule != "constant"
        if scheduled and self.lr_epochs is None:
            yield Complaint("lr_epochs", f"must be given (needed by lr_schedule: {self.lr_schedule})", None)
        yield from idle(self, "lr_epochs", unless="lr_schedule is cosine or step", active=scheduled)


def idle(options: object, key: str, *, unless: str, active: bool) -> Iterator[Complaint]:
    """A key that is given and would be ignored is refused. active: whether it does something."""
    value = getattr(options, key)
    if value is not None and not active:
        yield Complaint(key, f"does nothing unless {unless}: leave it out", value)
