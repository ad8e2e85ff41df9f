"""The bound on the work of judging a space: counted, not timed, and only where it is asked for."""

from __future__ import annotations

import pytest

from search_spaces.effort import TooMuchWorkError, limited, spend
from search_spaces.space import Space


def test_steps_are_counted():
    """Oracle: by hand; the inner block has its own, and none is needed outside."""
    spend(10**9)
    with limited(3):
        spend(2)
        with limited(10):
            spend(10)
        spend()
        with pytest.raises(TooMuchWorkError):
            spend()
    spend()


def test_the_same_space_takes_the_same_steps_again():
    """40 choices of 9 values: of 9^40 configurations at most 4,096 are tried for two branches that may meet."""
    mapping = {f"b{n}": {"choice": list(range(9))} for n in range(40)}
    hard = {f"b{n}": {"not": [7, 8]} for n in range(1, 40)}
    mapping["x"] = [{"constant": 0, "when": {**hard, "b0": 8}}, {"constant": 1, "when": {"b0": [7, 8]}}]
    with limited(4096 * 41 + 1000):
        Space.parse(mapping)
    with limited(4000 * 41), pytest.raises(TooMuchWorkError):
        Space.parse(mapping)
