"""Which classes, and how many images of each: imbalanced splits as data. Imports nothing heavy.

A mixture is written as proportions of the whole, as shares of each class that are kept, or as a ratio between the
largest and the smallest class; the splits of the imbalance paper have names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainables.data.errors import DataError

SUM_TOLERANCE = 1e-6  # of proportions: 1/3 written with seven digits is fine, 0.33 is not


@dataclass(frozen=True)
class Mixture:
    """Classes, by name or label, in the order of their new labels 0..K-1, and one of two ways to say how many of each.

    proportions: of the whole, adding up to 1. retained: the share of each class's images that is kept, in (0, 1].
    """

    classes: tuple[str | int, ...]
    proportions: tuple[float, ...] = ()
    retained: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.classes)


_PAIR = ("T-shirt/top", "Trouser")
_THREE = (*_PAIR, "Pullover")
_TEN = (*_THREE, "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

# Imbalance paper, "Data Preparation": the classes are Fashion-MNIST's, the ten-class split keeps 90% of class 0, 80% of
# class 1 ... 10% of class 8 and 5% of class 9.
SPLITS: dict[str, Mixture] = {
    "tops_trousers_90_10": Mixture(_PAIR, (0.9, 0.1)),
    "tops_trousers_80_20": Mixture(_PAIR, (0.8, 0.2)),
    "tops_trousers_70_30": Mixture(_PAIR, (0.7, 0.3)),
    "tops_trousers_60_40": Mixture(_PAIR, (0.6, 0.4)),
    "tops_trousers_pullovers_90_7_3": Mixture(_THREE, (0.9, 0.07, 0.03)),
    "tops_trousers_pullovers_80_15_5": Mixture(_THREE, (0.8, 0.15, 0.05)),
    "tops_trousers_pullovers_70_20_10": Mixture(_THREE, (0.7, 0.2, 0.1)),
    "tops_trousers_pullovers_60_30_10": Mixture(_THREE, (0.6, 0.3, 0.1)),
    "ten_classes_90_to_5": Mixture(_TEN, retained=(0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)),
}


def parse_shares(text: str) -> tuple[float, ...]:
    """Shares from percentages as the paper writes them: "90 / 7 / 3" is (0.9, 0.07, 0.03). Raises ValueError."""
    try:
        return tuple(float(part) / 100 for part in text.split("/"))
    except ValueError:
        raise ValueError("must be a list of numbers, or percentages such as 90/10") from None


def parse_classes(text: str) -> tuple[str | int, ...]:
    """Names or labels separated by commas: "Bag, 9" is ("Bag", 9)."""
    parts = (part.strip() for part in text.split(","))
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def geometric(n_classes: int, ratio: float) -> tuple[float, ...]:
    """Shares kept of each class that fall geometrically from 1 to 1 / ratio.

    Source: Cao et al., "Learning imbalanced datasets with label-distribution-aware margin loss" (2019), the
    long-tailed imbalance; it gives every number of classes a split of the same ratio.
    """
    return tuple(float(ratio ** (-k / (n_classes - 1))) for k in range(n_classes))


def labels_of(classes: Sequence[str | int], names: Sequence[str]) -> tuple[int, ...]:
    """The labels of classes given by name or label, in a data set whose class names are `names`.

    Raises DataError for an unknown class, or one that is given twice.
    """
    labels = []
    for given in classes:
        if isinstance(given, str) and given in names:
            labels.append(names.index(given))
        elif not isinstance(given, str) and 0 <= given < len(names):
            labels.append(int(given))
        else:
            known = ", ".join(f"{label}: {name}" for label, name in enumerate(names))
            raise DataError(f"classes must be of the data set ({known}), but got {given!r}")
    if len(set(labels)) < len(labels):
        raise DataError(f"classes must be different, but got {', '.join(map(str, classes))}")
    return tuple(labels)
