"""When two values are the same, pair by pair and by their identities; when two clauses exclude each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search_spaces.conditions import Clause
from search_spaces.values import identity, same

LEAVES = st.sampled_from([0, 1, 2, 0.0, 1.0, -0.0, 2**53, float(2**53), True, False, None, "", "1", "a"])
VALUES = st.recursive(LEAVES, lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("ab"), below))


@given(VALUES, VALUES)
def test_values_share_an_identity_exactly_if_they_are_the_same(left, right):
    """Oracle: `same`, which compares pair by pair."""
    assert (identity(left) == identity(right)) == same(left, right)
    assert identity(left) == identity(left if not isinstance(left, list) else tuple(left))


clauses = st.builds(
    lambda values, negated: Clause("k", tuple(values), negated),
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.booleans(),
)


@given(clauses, clauses)
def test_clauses_exclude_each_other_if_no_value_pleases_both(left, right):
    """Oracle: every value that either lists, and one that neither does, tried one by one."""
    both = [value for value in (0, 1, 2, 3, 4) if left.accepts(value) and right.accepts(value)]
    assert left.excludes(right) == right.excludes(left) == (not both)
