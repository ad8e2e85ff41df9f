"""The options that every trainable of the catalogue shares. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

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
