"""`tuner validate --deep`: imports everything that a study names, and checks that it can be called as it will be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from trainables import catalog
from trainables.options import describe
from tuner.errors import Problem
from tuner.plan import plan_study
from tuner.study import Study


def check_imports(study: Study) -> Iterator[Problem]:
    """Problems that only an import can show: of the trainable, of a searcher, of every dotted name in the cells."""
    from tuner.dispatch.resolve import TrainableError, resolve

    try:
        resolved = resolve(study.trainable)
    except (TrainableError, catalog.CatalogError) as error:
        yield Problem(("trainable",), str(error))
    else:
        if resolved.own:
            yield from _check_call(resolved.target, ("trainable",), "Training(config, context)", 2)
        elif not inspect.isclass(resolved.target):
            yield from _check_call(resolved.target, ("trainable",), "trainable(config)", 1)
    yield from _check_names(study)
    if ":" in study.search.searcher.name:
        yield from _check_searcher(study.search.searcher.name)


def _check_call(target: Callable[..., Any], path: tuple[str, ...], shape: str, n_arguments: int) -> Iterator[Problem]:
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):
        return  # written in C, say: its signature cannot be read
    try:
        signature.bind(*([None] * n_arguments))
    except TypeError as error:
        yield Problem(path, f"must be callable as {shape} ({error})", f"{target.__name__}{signature}")


def _check_names(study: Study) -> Iterator[Problem]:
    options = catalog.options_class(study.trainable)
    kinds = {info.name: info.kind for info in (describe(options) if options else ()) if info.kind}
    seen: set[tuple[str, str]] = set()
    for search in plan_study(study).searches:
        branches = {p.name: [branch.domain.extremes() for branch in p.branches] for p in search.space.parameters}
        searched = [(name, value) for name, lists in branches.items() for values in lists for value in values]
        for name, value in [*search.fixed.items(), *search.cell.items(), *searched]:
            kind = kinds.get(name)
            if kind is None or not isinstance(value, str) or (name, value) in seen:
                continue
            seen.add((name, value))
            try:
                catalog.load(kind, value)
            except catalog.CatalogError as error:
                section = "grid" if name in study.grid else "fixed" if name in study.fixed else "space"
                yield Problem((section, name), error.rule, value, error.choices)


def _check_searcher(name: str) -> Iterator[Problem]:
    path = ("search", "searcher")
    try:
        target = catalog.load("trainables", name)
        inspect.signature(target).bind(None, {}, mode="max", seed=1, start_with=())
    except catalog.CatalogError as error:
        yield Problem(path, error.rule, name)
    except TypeError as error:
        yield Problem(path, f"must be callable as searcher(space, options, *, mode, seed, start_with) ({error})", name)
