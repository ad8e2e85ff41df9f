"""What a reader of a table must know, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from results.pivot.datum import Datum
from results.pivot.spec import CELL, TableSpec
from results.pivot.texts import runs_of
from results.records import SearchOutcome
from results.significance import LEVEL, MIN_PAIRS

_MAX_NAMED = 6


def notes_of(
    spec: TableSpec,
    data: Sequence[Datum],
    outcomes: Sequence[SearchOutcome],
    *,
    kept: Sequence[SearchOutcome],
    passed: Sequence[SearchOutcome],
    shown: Sequence[str],
) -> Iterator[str]:
    """Selection on test data, what is shown and of how many runs, what was passed over, marks, what is missing."""
    on_test = [outcome for outcome in outcomes if outcome.search.selected_on_test]
    if on_test:
        yield f"Selected on test data (by {on_test[0].search.metric}), as the protocol says: the numbers flatter."
    if not outcomes:
        yield "No search of this table has been run."
        return
    yield from _shown(spec, data)
    if passed:
        left = [name for name in dict.fromkeys(n for o in outcomes for n in o.search.cell) if name not in shown]
        yield (
            f"Of the searches that differ in {_listed(left)} the best by {kept[0].search.metric} is shown; "
            f"{len(passed)} others are not."
        )
    yield from _marks(spec, data)
    yield from _missing(kept, data)


def _shown(spec: TableSpec, data: Sequence[Datum]) -> Iterator[str]:
    alike: dict[tuple[int, int], list[str]] = {}
    runs = runs_of(data)
    for content in spec.contents():
        if content.kind == "metric" and content.label in runs:
            alike.setdefault(runs[content.label], []).append(content.shown)
    which = " at the last step" if spec.at == "last" else ""
    unit = ", in percent" if spec.percent else ""
    for (fewest, most), metrics in alike.items():
        if most == 1:
            yield f"{_listed(metrics)}{which}{unit}: n=1, one run each."
        else:
            n = f"n={most} runs" if fewest == most else f"n={fewest} to {most} runs, as given"
            yield f"{_listed(metrics)}{which}{unit}: mean ± half its 95% interval over {n}."
    failed: dict[str, list[str]] = {}
    for datum in data:
        if datum.value.failed:
            failed.setdefault(datum.value.failed, []).append(datum.outcome.search.key)
    for why, keys in failed.items():
        yield f"{_listed(dict.fromkeys(keys))}: {why}."


def _marks(spec: TableSpec, data: Sequence[Datum]) -> Iterator[str]:
    best = [datum for datum in data if datum.best]
    if not best:
        return
    modes = {datum.content.shown: datum.mode for datum in best}
    names = [content.shown for content in spec.contents() if content.shown in modes]
    ways = [
        f"the {way} {_listed(name for name in names if modes[name] == mode)}"
        for mode, way in (("max", "highest"), ("min", "lowest"))
        if mode in modes.values()
    ]
    apart = [name for name in (*spec.rows, *spec.columns) if name not in (*spec.compared, CELL)]
    whole = set(spec.compared) == set(spec.rows) - {CELL}
    where = "of each column" if whole else f"over {_listed(spec.compared)}"
    yield f"Bold: {' and '.join(ways)} {where}{f', for each {_listed(apart)}' if apart and not whole else ''}."
    yield from _tests(data)


def _tests(data: Sequence[Datum]) -> Iterator[str]:
    compared = [(datum.value.n, datum.comparison) for datum in data if datum.comparison is not None]
    tested = [test for _, test in compared if test.test]
    if tested:
        how = _listed(dict.fromkeys(test.test for test in tested))
        counts = sorted({test.n[0] for test in tested})
        n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        yield (
            f"†: not significantly worse than the best at {LEVEL:.0%} ({how} over n={n} shared seeds, "
            "corrected after Holm for the comparisons with one best)."
        )
    whys = [test.why if n > 1 else "one run" for n, test in compared if not test.test]
    if whys:
        some = f"{len(whys)} values were not" if tested else "Nothing was"
        why = "; ".join(dict.fromkeys(whys))
        yield f"{some} tested against the best ({why}): a paired test needs {MIN_PAIRS} shared seeds."


def _missing(kept: Sequence[SearchOutcome], data: Sequence[Datum]) -> Iterator[str]:
    missing: dict[str, list[str]] = {}
    for outcome in kept:
        of_search = [datum for datum in data if datum.outcome is outcome]
        if outcome.best_trial is None:
            missing.setdefault("no trial succeeded", []).append(outcome.search.key)
            continue
        if not of_search:
            missing.setdefault("has none of these metrics", []).append(outcome.search.key)
        for datum in of_search:
            if datum.value.why:
                missing.setdefault(datum.value.why, []).append(outcome.search.key)
    for why, keys in missing.items():
        yield f"Empty: {_listed(dict.fromkeys(keys))}: {why}."


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _MAX_NAMED
    text = ", ".join(listed[:_MAX_NAMED])
    return f"{text} and {more} more" if more > 0 else text
