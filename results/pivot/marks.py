"""The best of each group of values, and those that are not significantly worse. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from results.pivot.datum import Datum
from results.significance import LEVEL, compare_by_seed, holm


def mark(data: Sequence[Datum]) -> list[Datum]:
    """The same values in the same order, with the best of each group marked, and what is not significantly worse.

    Groups of one are not marked. The tests of one group are Holm's family.
    """
    groups: dict[object, list[int]] = {}
    for index, datum in enumerate(data):
        if datum.group is not None and datum.value.n:
            groups.setdefault(datum.group, []).append(index)
    marked = list(data)
    for indices in groups.values():
        if len(indices) > 1:
            for index, datum in zip(indices, _marked([data[i] for i in indices]), strict=True):
                marked[index] = datum
    return marked


def _marked(group: Sequence[Datum]) -> list[Datum]:
    sign = 1.0 if group[0].mode == "max" else -1.0
    top = max(group, key=lambda datum: sign * datum.value.value)
    equal = [abs(datum.value.value - top.value.value) <= 1e-12 * abs(top.value.value) for datum in group]
    if all(equal):
        return list(group)
    tests = [
        None if is_best else compare_by_seed(dict(top.value.seeds), dict(datum.value.seeds))
        for datum, is_best in zip(group, equal, strict=True)
    ]
    adjusted = holm([None if test is None else test.p for test in tests])
    return [
        replace(datum, best=is_best, tied=p is not None and p >= LEVEL, comparison=test)
        for datum, is_best, test, p in zip(group, equal, tests, adjusted, strict=True)
    ]
