"""Properties of spaces with any conditions. Oracle: a brute-force resolver over the mapping, and projection itself."""

# ruff: noqa: S311  (draws, not secrets)

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.space import Space


@st.composite
def spaces(draw):
    """Up to six parameters; each may have conditions on earlier ones, in two branches that exclude each other."""
    mapping = {}
    parents = []
    for position in range(draw(st.integers(1, 6))):
        domain = draw(st.sampled_from([{"choice": ["x", "y", "z"]}, {"int": [1, 3]}, {"uniform": [0, 1]}]))
        entry = dict(domain)
        if parents and draw(st.booleans()):
            key = draw(st.sampled_from(parents))
            options = ["x", "y", "z"] if "choice" in mapping[key] else [1, 2, 3]
            chosen = draw(st.lists(st.sampled_from(options), min_size=1, max_size=2, unique=True))
            entry["when"] = {key: {"not": chosen} if draw(st.booleans()) else chosen}
            other = draw(st.sampled_from(parents))
            if other != key and draw(st.booleans()):
                entry["when"][other] = {"not": ["x"] if "choice" in mapping[other] else [1]}
        mapping[f"p{position}"] = entry
        if "uniform" not in domain:
            parents.append(f"p{position}")
    return mapping


def resolve(mapping, config):
    """The names that are active, by going through the mapping in order (parents come first in it)."""
    active = []
    for name, entry in mapping.items():
        holds = True
        for key, wanted in entry.get("when", {}).items():
            negated = isinstance(wanted, dict)
            listed = wanted["not"] if negated else wanted
            holds = holds and key in active and ((config[key] in listed) != negated)
        if holds:
            active.append(name)
    return active


@settings(deadline=None)
@given(spaces(), st.integers(0, 1000))
def test_samples_hold_exactly_the_active_parameters(mapping, seed):
    space = Space.parse(dict(reversed(mapping.items())))
    config = space.sample(random.Random(seed))
    assert set(config) == set(resolve(mapping, config))
    assert space.check(config) == []
    assert space.complete(config, random.Random(seed + 1)) == config


@settings(deadline=None)
@given(spaces(), st.data())
def test_projection_on_a_root_is_restriction_to_its_value(mapping, data):
    """Oracle: the unprojected space with the root held at the same value."""
    roots = [name for name, entry in mapping.items() if "when" not in entry and "uniform" not in entry]
    if not roots:
        return
    root = data.draw(st.sampled_from(roots))
    value = data.draw(st.sampled_from(mapping[root].get("choice", [1, 2, 3])))
    full = Space.parse(mapping)
    rest = Space.parse({name: entry for name, entry in mapping.items() if name != root}).project({root: value})
    for seed in range(5):
        config = rest.sample(random.Random(seed))
        assert full.check({root: value, **config}) == []
        whole = full.complete({root: value}, random.Random(seed))
        assert rest.check({name: v for name, v in whole.items() if name != root}) == []
