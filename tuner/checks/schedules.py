"""A searcher and a scheduler fit the space, the budget and the concurrency they are used with."""

from __future__ import annotations

from collections.abc import Iterator

from search_spaces.domains import Constant
from search_spaces.parameters import Parameter
from search_spaces.violations import SpaceError
from trainables import catalog
from tuner.checks.view import StudyView
from tuner.errors import Problem
from tuner.options.schedulers import PAUSING


def check_searcher(view: StudyView) -> Iterator[Problem]:
    """A grid search needs domains that can be listed; a searcher of the user's own must exist."""
    name = view.study.search.searcher.name
    if ":" in name:
        try:
            catalog.signature("trainables", name)
        except catalog.CatalogError as error:
            yield Problem(("search", "searcher"), error.rule, name, error.choices)
    if view.study.search.searcher.name != "grid":
        return
    found: dict[Problem, None] = {}
    for cell in view.cells:
        try:
            cell.space.grid()
        except SpaceError as error:
            for violation in error.violations:
                path = ("space", *violation.path[:1])
                found[Problem(path, f"{violation.rule} (search.searcher is grid)", str(violation.given))] = None
    yield from found


def check_scheduler(view: StudyView) -> Iterator[Problem]:
    """First rungs within the budget; populations that exist and have something to perturb."""
    search = view.study.search
    name, options = search.scheduler.name, search.scheduler.options
    place = ("search", "scheduler", name)
    for key in ("grace_period", "perturbation_interval"):
        if options.get(key, 0) > search.budget.max:
            rule = f"must be at most search.budget.max ({search.budget.max})"
            yield Problem((*place, key), rule, options[key])
    if name in PAUSING and search.max_concurrent < 2:
        rule = f"must be at least 2 with {name}, which compares trials that run side by side"
        yield Problem(("search", "max_concurrent"), rule, search.max_concurrent)
    if name == "pbt":
        yield from _check_mutations(view)


def _check_mutations(view: StudyView) -> Iterator[Problem]:
    """What PBT perturbs must be searched in every trial: not constant, not conditional within a search."""
    place = ("search", "scheduler", "pbt")
    mutations = view.study.search.scheduler.options["mutations"]
    free = [
        {p.name for p in cell.space.parameters if p.branches[0].when is None and not _constant(p)}
        for cell in view.cells
    ]
    searched = [set(cell.space.names) for cell in view.cells]
    for index, name in enumerate(mutations or ()):
        conditional = any(name in names - can for names, can in zip(searched, free, strict=True))
        if name not in view.unsettled and (conditional or not any(name in can for can in free)):
            rule = "must be a searched parameter, neither constant nor conditional within a search"
            yield Problem((*place, "mutations", index), rule, name, tuple(sorted(set().union(*free))))
    if mutations is None and not view.unsettled and not all(free):
        yield Problem(place, "needs a searched parameter to perturb, neither constant nor conditional, in every cell")


def _constant(parameter: Parameter) -> bool:
    return isinstance(parameter.branches[0].domain, Constant)
