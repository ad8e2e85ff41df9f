"""Study -> searches, seeds, resources, fingerprints. Pure: nothing is started, opened or imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from search_spaces.space import Space
from search_spaces.values import same
from tuner.checks import check
from tuner.checks.start import branches_of
from tuner.errors import InputError, Problem
from tuner.fingerprints import search_fingerprint, study_fingerprint
from tuner.keys import cell_key, derived_seed, final_seed
from tuner.keys import trial_seed as trial_seed
from tuner.options.plugin import Plugin as Plugin
from tuner.study import OutOfMemory, Scalar, Study


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one trial asks of a node. gpu: the share of a device, 0 for none.

    gpu_if_present: take the share where the cluster has a GPU, run on the CPU where it has none.
    """

    cpu: float = 1.0
    gpu: float = 0.0
    gpu_if_present: bool = False


@dataclass(frozen=True, kw_only=True)
class Search:
    """One cell of the grid: one optimisation with its own searcher, scheduler and stoppers.

    key: a short legal file name made of the cell's values, unique in the study ("MNIST-resnet18-cosine"; "all" when
    there is no grid). seed follows from the study's seed and the key, so that picking cells changes no other cell.
    space: projected on the cell, only conditions on searched parameters are left in it.
    """

    key: str
    cell: Mapping[str, Any]
    fixed: Mapping[str, Any]
    space: Space
    start_with: tuple[Mapping[str, Any], ...]
    seed: int
    trainable: str  # catalogue name, "package.module:attr" or "/absolute/file.py:attr"
    metric: str
    mode: Literal["min", "max"]
    trials: int
    budget_key: str
    budget_max: int
    max_concurrent: int
    searcher: Plugin
    scheduler: Plugin
    stoppers: tuple[Plugin, ...]
    resources: Resources
    final_seeds: tuple[int, ...] = ()  # of the runs that the best configuration is trained anew with
    epoch_timeout_s: float | None = None
    out_of_memory: OutOfMemory | None = None

    @property
    def max_steps(self) -> int:
        """The most steps (epochs) that its trials and final runs can take."""
        return (self.trials + len(self.final_seeds)) * self.budget_max

    @property
    def fingerprint(self) -> str:
        """Equal for two searches of which one may continue the other."""
        return search_fingerprint(self)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a study comes to: its searches in the order of the grid, as far as they were picked."""

    study: Study
    searches: tuple[Search, ...]

    @property
    def fingerprint(self) -> str:
        """Equal for two studies of which one may continue the other (see `tuner.fingerprints.identity`)."""
        return study_fingerprint(self.study)

    @property
    def max_steps(self) -> int:
        """The most steps (epochs) that all searches together can take."""
        return sum(search.max_steps for search in self.searches)


def plan_study(study: Study, *, only: Mapping[str, Sequence[Scalar]] | None = None) -> Plan:
    """The searches of a study.

    only: for some factors of the grid the values to keep, such as {"loss": ["cosine"]}. A search's key and
    seed are the same with and without it. Raises InputError with every problem of the study and of `only`.
    """
    wanted = only or {}
    problems = [*([] if study.judged else check(study)), *_check_only(study, wanted)]
    if problems:
        raise InputError(problems)
    space = Space.parse(study.space)
    picked = [
        cell
        for cell in study.cells()
        if all(any(same(cell[factor], value) for value in values) for factor, values in wanted.items())
    ]
    if not picked:
        raise InputError(
            [Problem((), "must keep a cell of the grid, but these values stand in no cell together", option="--only")]
        )
    return Plan(study=study, searches=tuple(_search(study, space, cell) for cell in picked))


def _search(study: Study, space: Space, cell: Mapping[str, Scalar]) -> Search:
    search, resources = study.search, study.resources
    key = cell_key(cell)
    projected = space.project({**study.fixed, **cell})
    return Search(
        key=key,
        cell=cell,
        fixed=study.fixed,
        space=projected,
        start_with=project_points(study.start_with, projected),
        seed=derived_seed(search.seed, key),
        trainable=study.trainable,
        metric=search.metric,
        mode=search.mode,
        trials=search.trials,
        budget_key=search.budget.key,
        budget_max=search.budget.max,
        max_concurrent=search.max_concurrent,
        epoch_timeout_s=search.epoch_timeout,
        out_of_memory=search.out_of_memory,
        searcher=search.searcher,
        scheduler=search.scheduler,
        stoppers=search.stoppers,
        resources=Resources(cpu=resources.cpu, gpu=resources.gpu.share, gpu_if_present=resources.gpu.if_present),
        final_seeds=tuple(final_seed(search.seed, number) for number in range(study.final.seeds if study.final else 0)),
    )


def project_points(points: Sequence[Mapping[str, Any]], space: Space) -> tuple[Mapping[str, Any], ...]:
    """Start points as far as they concern one cell: keys that are active there, with values that fit there.

    Points that become equal are tried once; one of which nothing is left is none.
    """
    projected: list[Mapping[str, Any]] = []
    for point in points:
        kept = {
            name: value
            for name, value in point.items()
            if any(branch.domain.check(value) is None for branch in branches_of(space, name, point))
        }
        if kept and kept not in projected:
            projected.append(kept)
    return tuple(projected)


def _check_only(study: Study, only: Mapping[str, Sequence[Scalar]]) -> list[Problem]:
    problems = []
    for factor, values in only.items():
        option = f"--only {factor}"
        if factor not in study.grid:
            rule = "is not a factor of the grid" if study.grid else "picks from a grid, and this study has none"
            problems.append(Problem((), rule, factor, tuple(study.grid), option=option))
            continue
        taken = study.grid[factor]
        problems += [
            Problem((), f"is not a value of {factor} in the grid", value, tuple(map(str, taken)), option=option)
            for value in values
            if not any(same(value, other) for other in taken)
        ]
        if not values:
            problems.append(Problem((), "must keep at least one value", option=option))
    return problems
