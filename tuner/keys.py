"""Keys and seeds of searches: functions of one cell alone, so that picking or adding cells changes no other cell."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from tuner.study import Scalar

MAX_KEY = 80
_HASH_DIGITS = 8
_ILLEGAL = re.compile(r"[^A-Za-z0-9._]")


def cell_key(cell: Mapping[str, Scalar]) -> str:
    """A short legal file name made of a cell's values: "MNIST-resnet18-cosine"; "all" for the empty cell.

    Text stands as it is, other values with their factor ("pretrained_true", "embedding_dim_512"). Where that could
    be mistaken for another cell's key (an illegal character, a dash within a value, too long) a hash follows.
    """
    if not cell:
        return "all"
    parts = [value if isinstance(value, str) else f"{factor}_{json.dumps(value)}" for factor, value in cell.items()]
    exact = all(part and not _ILLEGAL.search(part) for part in parts)
    key = "-".join(_ILLEGAL.sub("_", part) for part in parts)
    if exact and len(key) <= MAX_KEY and key[0].isalnum() and key != "all":
        return key
    digest = hashlib.sha256(json.dumps(dict(cell), sort_keys=True).encode()).hexdigest()[:_HASH_DIGITS]
    stem = key.lstrip("._-")[: MAX_KEY - _HASH_DIGITS - 1]
    return f"{stem}-{digest}" if stem else f"cell-{digest}"


def derived_seed(seed: int, name: str | int) -> int:
    """A seed of 31 bits that follows from a parent's seed and a name or number, on any machine and Python."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def final_seed(study_seed: int, number: int) -> int:
    """The seed of final run `number`: the same in every search of a study, so that they can be compared in pairs."""
    return derived_seed(study_seed, f"final/{number}")


def trial_seed(search_seed: int, number: int) -> int:
    """The seed of trial `number` of a search: from its number, never from the order in which trials arrive."""
    return derived_seed(search_seed, number)
