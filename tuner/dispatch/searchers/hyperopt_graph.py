"""A space as HyperOpt's expression graph, and HyperOpt's values as configurations; conditions are true ones.

Every branch of a parameter is one node with a label of its own. Real and integer domains are uniform on their latent
interval and decoded by the domain, which alone knows bounds and types. Choices, and integers that conditions refer
to, are an index. A conditional node stands inside `switch` expressions over its parents' index nodes; HyperOpt draws
and models it only in trials that reach it, and leaves its label empty in all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from hyperopt import hp
from hyperopt.pyll import Literal, scope

from search_spaces.conditions import Clause
from search_spaces.domains import Choice, Constant, Domain, Numeric
from search_spaces.parameters import Branch, Parameter
from search_spaces.space import Space
from search_spaces.values import same
from tuner.dispatch.searchers.base import label

Values = dict[str, list[float]]  # label -> one value if the branch is active, none if not


class SearchGraph:
    """The graph of one space. `expression` is what `hyperopt.base.Domain` takes; it is empty if nothing is searched."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._by_name = {parameter.name: parameter for parameter in space.parameters}
        self._nothing = Literal(None)
        self._nodes = {
            label(parameter.name, index): self._node(parameter.name, index, branch.domain)
            for parameter in space.parents_first
            for index, branch in enumerate(parameter.branches)
            if not _is_fixed(branch.domain)
        }
        conditional = {
            label(parameter.name, index): self._conditional(branch, node)
            for parameter in space.parents_first
            for index, branch in enumerate(parameter.branches)
            if (node := self._nodes.get(label(parameter.name, index))) is not None
        }
        # A branch that no values of its parents reach is no label of HyperOpt's either.
        self.expression = {name: node for name, node in conditional.items() if node is not self._nothing}

    def decode(self, values: Mapping[str, Sequence[float]]) -> dict[str, Any]:
        """The configuration that HyperOpt's values stand for."""

        def choose(name: str, index: int, domain: Domain) -> Any:
            if _is_fixed(domain):
                return domain.extremes()[0]
            (x,) = values[label(name, index)]
            if self._is_index(name, domain):
                return _listed(domain)[int(x)]
            return cast("Numeric", domain).decode(float(x))

        return self._space.walk(choose)

    def encode(self, config: Mapping[str, Any]) -> Values:
        """HyperOpt's values for a configuration: the labels of inactive branches are there, and empty."""
        values: Values = {name: [] for name in self.expression}

        def choose(name: str, index: int, domain: Domain) -> Any:
            value = config[name]
            if not _is_fixed(domain):
                if self._is_index(name, domain):
                    x: float = next(i for i, option in enumerate(_listed(domain)) if same(option, value))
                else:
                    x = cast("Numeric", domain).encode(value)
                values[label(name, index)] = [x]
            return value

        self._space.walk(choose)
        return values

    def _node(self, name: str, index: int, domain: Domain) -> Any:
        if self._is_index(name, domain):
            return scope.hyperopt_param(label(name, index), scope.randint(len(_listed(domain))))
        return hp.uniform(label(name, index), *cast("Numeric", domain).latent)

    def _conditional(self, branch: Branch, node: Any) -> Any:
        """The node inside switches over the index nodes of its ancestors, so that it is reached where it is active.

        Every expression tests ancestors in the same order, parents first, and each once on a path: HyperOpt turns the
        graph into one over which trials need which node, and a node that is tested below its own switch, or before
        its parent, makes a circle there.
        """
        ancestors = self._ancestors(branch)
        clauses = [*_clauses(branch), *(c for p in ancestors for b in p.branches for c in _clauses(b))]

        def below(position: int, decided: Mapping[str, Any]) -> Any:
            settled = {parameter.name for parameter in ancestors[:position]}
            if any(not clause.holds(decided) for clause in _clauses(branch) if clause.key in settled):
                return self._nothing
            if position == len(ancestors):
                return node
            parameter = ancestors[position]
            index = parameter.active_branch(decided)
            if index is None:
                return below(position + 1, decided)
            # Values that no clause tells apart share an arm; there may be hundreds of them.
            values = _listed(parameter.branches[index].domain)
            kinds = [tuple(c.accepts(value) for c in clauses if c.key == parameter.name) for value in values]
            distinct = list(dict.fromkeys(kinds))
            arms = [below(position + 1, {**decided, parameter.name: values[kinds.index(kind)]}) for kind in distinct]
            if all(arm is arms[0] for arm in arms):
                return arms[0]
            table = Literal([distinct.index(kind) for kind in kinds])
            return scope.switch(scope.getitem(table, self._nodes[label(parameter.name, index)]), *arms)

        return below(0, {})

    def _ancestors(self, branch: Branch) -> list[Parameter]:
        """The parameters that decide whether the branch holds, parents first."""
        names: set[str] = set()
        pending = list(branch.keys)
        while pending:
            name = pending.pop()
            if name not in names:
                names.add(name)
                pending += self._by_name[name].keys
        return [parameter for parameter in self._space.parents_first if parameter.name in names]

    def _is_index(self, name: str, domain: Domain) -> bool:
        return isinstance(domain, Choice) or name in self._space.condition_keys


def _clauses(branch: Branch) -> tuple[Clause, ...]:
    return () if branch.when is None else branch.when.clauses


def _is_fixed(domain: Domain) -> bool:
    """Whether there is nothing to search: a constant, or a single value."""
    return isinstance(domain, Constant) or len(domain.values() or (0, 0)) == 1


def _listed(domain: Domain) -> tuple[Any, ...]:
    values = domain.values()
    return () if values is None else values
