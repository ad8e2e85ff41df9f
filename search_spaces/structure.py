"""How parameters hang together: parents before children, no cycles, no two branches of one parameter at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Any

from search_spaces.domains import Choice
from search_spaces.effort import spend
from search_spaces.parameters import Branch, Parameter
from search_spaces.values import identity
from search_spaces.violations import SpaceError, Violation

MAX_WITNESSES = 4096  # configurations of the parents that are tried in the search for two overlapping branches


def parents_first(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The parameters, each after those its conditions refer to, else in the given order.

    Raises SpaceError if conditions refer to each other in a circle.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    done: dict[str, Parameter] = {}

    def visit(parameter: Parameter, trail: tuple[str, ...]) -> None:
        if parameter.name in done:
            return
        if parameter.name in trail:
            circle = (*trail[trail.index(parameter.name) :], parameter.name)
            raise SpaceError([Violation((parameter.name,), "conditions must not form a circle", " -> ".join(circle))])
        for key in parameter.keys:
            if key in by_name:
                visit(by_name[key], (*trail, parameter.name))
        done[parameter.name] = parameter

    for parameter in parameters:
        visit(parameter, ())
    return tuple(done.values())


def configurations(ordered: Sequence[Parameter]) -> Iterator[dict[str, Any]]:
    """Every configuration of parameters that stand parents first and can all be listed; the last varies fastest."""

    def extend(position: int, config: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if position == len(ordered):
            yield config
            return
        parameter = ordered[position]
        index = parameter.active_branch(config)
        if index is None:
            yield from extend(position + 1, config)
            return
        for value in parameter.branches[index].domain.values() or ():
            yield from extend(position + 1, config | {parameter.name: value})

    return extend(0, {})


def structure_violations(ordered: Sequence[Parameter]) -> list[Violation]:
    """What keeps parameters (parents first) from being a space: unlistable parents and overlapping branches."""
    by_name = {parameter.name: parameter for parameter in ordered}
    violations = [
        Violation(
            (*parameter.branch_path(index), "when", key),
            "must refer to a parameter whose values can be listed (choice, constant, or int with at most 1000 values)",
            by_name[key].to_spec(),
        )
        for parameter in ordered
        for index, branch in enumerate(parameter.branches)
        for key in branch.keys
        if key in by_name and by_name[key].values() is None
    ]
    if violations:
        return violations
    for parameter in ordered:
        for (i, left), (j, right) in combinations(enumerate(parameter.branches), 2):
            spend()
            witness = None if _exclude(left, right) else _witness(left, right, by_name)
            if witness is not None:
                rule = f"branches {i} and {j} must not hold at once"
                violations.append(Violation((parameter.name,), rule, witness))
    return violations


def clause_violations(ordered: Sequence[Parameter]) -> list[Violation]:
    """Conditions on values that the parameter they refer to can never have."""
    by_name = {parameter.name: parameter for parameter in ordered}
    violations: list[Violation] = []
    for parameter in ordered:
        for index, branch in enumerate(parameter.branches):
            for clause in branch.when.clauses if branch.when is not None else ():
                possible = by_name[clause.key].values() if clause.key in by_name else None
                if possible is None:
                    continue
                path = (*parameter.branch_path(index), "when", clause.key)
                spend(len(possible))
                known, choices = set(map(identity, possible)), tuple(map(str, possible))
                violations += [
                    Violation(path, f"must be a value that `{clause.key}` can have", value, choices)
                    for value in clause.values
                    if identity(value) not in known
                ]
    return violations


def _exclude(left: Branch, right: Branch) -> bool:
    """Whether one key alone shows that the branches never hold at once: the usual case, and a cheap one."""
    clauses = {clause.key: clause for clause in right.when.clauses} if right.when is not None else {}
    own = left.when.clauses if left.when is not None else ()
    return any(clause.key in clauses and clause.excludes(clauses[clause.key]) for clause in own)


def _witness(left: Branch, right: Branch, by_name: Mapping[str, Parameter]) -> dict[str, Any] | None:
    """A configuration of the parents at which both branches hold; None if none was found among MAX_WITNESSES.

    A name that is no parameter (a factor of a grid, say) is taken to have any value that a condition asks it to
    have. What else it may have is not known here: projection on a cell asks again.
    """
    family: dict[str, Parameter] = {}
    pending = [*left.keys, *right.keys]
    wanted: dict[str, list[Any]] = {}
    branches = [left, right]
    while pending:
        key = pending.pop()
        if key in by_name and key not in family:
            family[key] = by_name[key]
            branches += by_name[key].branches
            pending += by_name[key].keys
    for branch in branches:
        for clause in branch.when.clauses if branch.when is not None else ():
            if clause.key not in by_name:
                values = wanted.setdefault(clause.key, [])
                values += () if clause.negated else clause.values
    different = {key: tuple({identity(value): value for value in values}.values()) for key, values in wanted.items()}
    outside = [Parameter(key, (Branch(Choice(values)),)) for key, values in different.items() if values]
    ordered = parents_first([*outside, *family.values()])
    for config in islice(configurations(ordered), MAX_WITNESSES):
        spend(1 + len(ordered))
        if left.holds(config) and right.holds(config):
            return config
    return None
