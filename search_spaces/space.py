"""Named domains with conditions between them: what a search may try, as one value that checks, draws and lists."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from search_spaces.conditions import Clause, Condition
from search_spaces.domains import Constant, Domain
from search_spaces.effort import spend
from search_spaces.parameters import Branch, Parameter, parse_parameter
from search_spaces.presets import extend_preset, load_preset
from search_spaces.structure import clause_violations, configurations, parents_first, structure_violations
from search_spaces.violations import SpaceError, Violation

MAX_PARAMETERS = 200  # conditions may hang them all in one chain, which is walked by recursion
MAX_GRID = 100_000  # configurations; more is a mistake rather than a grid search


@dataclass(frozen=True)
class Space:
    """Parameters, of which a configuration holds those that are active: one of their branches holds.

    A condition refers to other parameters, or to names that are none (factors of a grid, fixed values). The latter
    are settled by `project`; until then only `project`, `clauses` and `to_spec` work, all else raises SpaceError.
    Raises SpaceError if names repeat, conditions form a circle or refer to a parameter whose values cannot be
    listed, or two branches of one parameter can be shown to hold at once.
    """

    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        if len(self.parameters) > MAX_PARAMETERS:
            rule = f"must have at most {MAX_PARAMETERS} parameters"
            raise SpaceError([Violation((), rule, len(self.parameters))])
        counts = Counter(parameter.name for parameter in self.parameters)
        violations = [
            Violation((name,), "must not stand twice", name) for name, count in counts.items() if count > 1
        ] or structure_violations(self.parents_first)
        if violations:
            raise SpaceError(violations)

    @classmethod
    def parse(cls, mapping: object) -> Space:
        """The space that a study's `space:` describes; `extends: <preset>` adds a preset's entries first.

        Raises SpaceError with every violation found.
        """
        if not isinstance(mapping, Mapping):
            raise SpaceError([Violation((), "must map names to domains", mapping)])
        parameters: list[Parameter] = []
        violations: list[Violation] = []
        entries = {name: entry for name, entry in mapping.items() if name != "extends"}
        if "extends" in mapping:
            try:
                entries = extend_preset(load_preset(mapping["extends"]), entries)
            except SpaceError as error:
                violations += error.violations
        for name, entry in entries.items():
            try:
                parameters.append(parse_parameter(name, entry))
            except SpaceError as error:
                violations += error.violations
        if not violations:
            violations = clause_violations(parameters)
        if violations:
            raise SpaceError(violations)
        return cls(tuple(parameters))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, each once, as they are given."""
        return tuple(dict.fromkeys(parameter.name for parameter in self.parameters))

    @cached_property
    def parents_first(self) -> tuple[Parameter, ...]:
        """The parameters, each after those its conditions refer to."""
        return parents_first(self.parameters)

    @cached_property
    def condition_keys(self) -> frozenset[str]:
        """The names that conditions refer to."""
        return frozenset(key for parameter in self.parameters for key in parameter.keys)

    @cached_property
    def external_keys(self) -> frozenset[str]:
        """The names that conditions refer to and that are no parameters: `project` must be given their values."""
        return self.condition_keys - frozenset(self.names)

    def clauses(self) -> Iterator[tuple[tuple[str | int, ...], Clause]]:
        """Every clause of every condition, with its path in the space's mapping."""
        for parameter in self.parameters:
            for index, branch in enumerate(parameter.branches):
                for clause in branch.when.clauses if branch.when is not None else ():
                    yield (*parameter.branch_path(index), "when", clause.key), clause

    def to_spec(self) -> dict[str, Any]:
        """The YAML form, presets written out."""
        return {parameter.name: parameter.to_spec() for parameter in self.parameters}

    def project(self, assignment: Mapping[str, Any]) -> Space:
        """The space that is left once these names have these values: false branches and true clauses vanish.

        Raises SpaceError if a parameter that stays searched is assigned as well.
        """
        spend(sum(len(parameter.branches) for parameter in self.parameters))
        kept: dict[str, Parameter] = {}
        for parameter in self.parents_first:
            projected = (self._project_branch(branch, assignment, kept) for branch in parameter.branches)
            branches = tuple(branch for branch in projected if branch is not None)
            if branches:
                kept[parameter.name] = Parameter(parameter.name, branches)
        violations = [
            Violation((name,), "must not be both searched and set", assignment[name])
            for name in kept
            if name in assignment
        ]
        if violations:
            raise SpaceError(violations)
        return Space(tuple(kept[name] for name in self.names if name in kept))

    def walk(self, choose: Callable[[str, int, Domain], Any]) -> dict[str, Any]:
        """The configuration that arises when `choose(name, branch, domain)` sets each active parameter, parents first.

        branch: the index of the parameter's branch that holds.
        """
        self.require_projected()
        spend(len(self.parameters))
        config: dict[str, Any] = {}
        for parameter in self.parents_first:
            index = parameter.active_branch(config)
            if index is not None:
                config[parameter.name] = choose(parameter.name, index, parameter.branches[index].domain)
        return config

    def active(self, config: Mapping[str, Any]) -> dict[str, Domain]:
        """The domains of the parameters that are active in a configuration, parents first."""
        self.require_projected()
        domains: dict[str, Domain] = {}
        for parameter in self.parents_first:
            index = parameter.active_branch({name: config[name] for name in domains if name in config})
            if index is not None:
                domains[parameter.name] = parameter.branches[index].domain
        return domains

    def check(self, config: Mapping[str, Any]) -> list[Violation]:
        """Everything wrong with a configuration: unknown, inactive, missing and out of its domain."""
        try:
            domains = self.active(config)
        except SpaceError as error:
            return list(error.violations)
        violations: list[Violation] = []
        for name, value in config.items():
            if name not in self.names:
                violations.append(Violation((name,), "is no parameter of the space", value, self.names))
            elif name not in domains:
                violations.append(Violation((name,), f"is inactive: {self._needs(name)}", value))
            elif rule := domains[name].check(value):
                violations.append(Violation((name,), rule, value))
        violations += [Violation((name,), "must be set", None) for name in domains if name not in config]
        return violations

    def sample(self, rng: random.Random) -> dict[str, Any]:
        """A configuration drawn from the space."""
        return self.complete({}, rng)

    def complete(self, point: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
        """The point projected on the space: inactive keys and values of constants dropped, missing ones drawn.

        What is drawn for one parameter depends on the generator alone, not on which others the point gives.
        Raises SpaceError if a value lies outside its domain.
        """
        seed = rng.getrandbits(64)
        violations: list[Violation] = []

        def choose(name: str, branch: int, domain: Domain) -> Any:
            if name not in point or isinstance(domain, Constant):
                return domain.sample(random.Random(f"{seed}:{name}:{branch}"))  # noqa: S311 - not a secret
            if rule := domain.check(point[name]):
                violations.append(Violation((name,), rule, point[name]))
                return point[name]
            return domain.cast(point[name])

        config = self.walk(choose)
        if violations:
            raise SpaceError(violations)
        return config

    def grid(self) -> list[dict[str, Any]]:
        """Every configuration, the last parameter varying fastest.

        Raises SpaceError if a domain cannot be listed or there are more than MAX_GRID configurations.
        """
        self.require_projected()
        rule = "must be a choice, a constant or an int with at most 1000 values to be listed in a grid"
        violations = [
            Violation(parameter.branch_path(index), rule, branch.domain.to_spec())
            for parameter in self.parameters
            for index, branch in enumerate(parameter.branches)
            if branch.domain.values() is None
        ]
        if violations:
            raise SpaceError(violations)
        configs = list(islice(configurations(self.parents_first), MAX_GRID + 1))
        if len(configs) > MAX_GRID:
            rule = f"must have at most {MAX_GRID} configurations to be searched as a grid"
            raise SpaceError([Violation((), rule, f"more than {MAX_GRID}")])
        return configs

    def _project_branch(
        self, branch: Branch, assignment: Mapping[str, Any], kept: Mapping[str, Parameter]
    ) -> Branch | None:
        clauses: list[Clause] = []
        for clause in branch.when.clauses if branch.when is not None else ():
            if clause.key in assignment:
                if not clause.accepts(assignment[clause.key]):
                    return None
            elif clause.key in self.names:
                values = kept[clause.key].values() if clause.key in kept else ()
                if not any(clause.accepts(value) for value in values or ()):
                    return None
                clauses.append(clause)
            else:
                clauses.append(clause)
        return Branch(branch.domain, Condition(tuple(clauses)) if clauses else None)

    def _needs(self, name: str) -> str:
        parameter = next(parameter for parameter in self.parameters if parameter.name == name)
        return "it needs " + ", or ".join(str(branch.when) for branch in parameter.branches)

    def require_projected(self) -> None:
        """Raise SpaceError if conditions refer to names that are no parameters."""
        if self.external_keys:
            raise SpaceError(
                [
                    Violation(path, "must refer to a parameter, a factor of the grid or a fixed value", clause.key)
                    for path, clause in self.clauses()
                    if clause.key in self.external_keys
                ]
            )
