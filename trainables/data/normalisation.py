"""Which mean and standard deviation a data set is normalised with."""

from __future__ import annotations

from collections.abc import Sequence

from trainables.data.errors import DataError

NORMALISATIONS = ("auto", "table2", "table2_literal", "mnist", "dataset", "none")

# Moving targets, Table 2, as printed: (mean, standard deviation) per channel.
TABLE_2: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "MNIST": ((33.3149,), (78.5639,)),
    "FashionMNIST": ((33.3149,), (78.5639,)),
    "KMNIST": ((33.3149,), (78.5639,)),
    "CIFAR10": ((0.491, 0.482, 0.447), (0.202, 0.200, 0.201)),
    "CIFAR100": ((0.507, 0.487, 0.441), (0.201, 0.198, 0.202)),
}

MNIST = (0.1307, 0.3081)  # of its training images on the 0-1 scale, as most code for it has them


def constants(
    name: str, normalisation: str, *, mean: Sequence[float], std: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel, both on the 0-255 pixel scale: x = (pixel - mean) / std.

    mean, std: those of the prepared training images. normalisation:
      table2          Table 2's constants, each in its own unit: MNIST's (33.3, 78.6; indeed its statistics on that
                      scale) on 0-255, CIFAR's (0.49, 0.20) on 0-1
      table2_literal  the same numbers read on the 0-1 scale that torchvision's ToTensor gives: changes MNIST's alone
      mnist           0.1307 and 0.3081 on the 0-1 scale, for every channel of any data set
      dataset         the training images' own
      none            mean 0, std 255: plain 0-1
      auto            table2 where the table has the data set, else dataset
    Raises DataError for another choice, table2 on a set that the table lacks, or a channel that never varies.
    """
    if normalisation not in NORMALISATIONS:
        raise DataError(f"normalisation must be one of {', '.join(NORMALISATIONS)}, but got {normalisation!r}")
    if normalisation == "auto":
        normalisation = "table2" if name in TABLE_2 else "dataset"
    if normalisation == "none":
        return (0.0,) * len(mean), (255.0,) * len(mean)
    if normalisation == "mnist":
        return (255 * MNIST[0],) * len(mean), (255 * MNIST[1],) * len(mean)
    if normalisation == "dataset":
        if min(std) <= 0:
            raise DataError(f"{name}: normalisation: dataset needs channels that vary, but got std {tuple(std)}")
        return tuple(mean), tuple(std)
    if name not in TABLE_2:
        raise DataError(
            f"normalisation: {normalisation} has no constants for {name}, only for {', '.join(TABLE_2)}: "
            "choose auto, dataset or none"
        )
    table_mean, table_std = TABLE_2[name]
    on_unit_scale = normalisation == "table2_literal" or table_mean[0] < 1
    factor = 255.0 if on_unit_scale else 1.0
    return tuple(m * factor for m in table_mean), tuple(s * factor for s in table_std)
