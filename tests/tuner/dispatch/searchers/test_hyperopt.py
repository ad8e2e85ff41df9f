"""HyperOpt's TPE: true conditions in its graph, integers, starting points, failures, and that it learns."""

import itertools
import random

import pytest
from hyperopt import Trials, hp, rand, tpe
from hyperopt.base import JOB_STATE_DONE, Domain
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.space import Space
from tuner.dispatch.searchers.base import build_searcher, label, number_seed
from tuner.dispatch.searchers.hyperopt_graph import SearchGraph
from tuner.plan import Plugin


def build(space, *, mode="min", seed=0, start_with=(), **options):
    plugin = Plugin("hyperopt", {"n_initial": 5, **options})
    return build_searcher(plugin, Space.parse(space), mode=mode, seed=seed, start_with=start_with)


@st.composite
def spaces(draw):
    """Up to seven parameters, each with up to two conditions on earlier ones, some with a second branch."""
    mapping, parents = {}, []
    for position in range(draw(st.integers(1, 7))):
        name = f"p{position}"
        domain = draw(
            st.sampled_from(
                [{"choice": ["x", "y", "z"]}, {"int": [1, 3]}, {"uniform": [0, 1]}, {"logint": [1, 3]}, {"constant": 1}]
            )
        )
        entry = dict(domain)
        keys = draw(st.lists(st.sampled_from(parents), max_size=2, unique=True)) if parents else []
        if keys:
            entry["when"] = {}
            for key in keys:
                chosen = draw(st.lists(st.sampled_from(OPTIONS[kind_of(mapping[key])]), min_size=1, unique=True))
                entry["when"][key] = {"not": chosen} if draw(st.booleans()) else chosen
            first = entry["when"][keys[0]]
            if draw(st.booleans()):
                # The complement of one clause excludes the branch, whatever the other clause says.
                other = first["not"] if isinstance(first, dict) else {"not": first}
                entry = [entry, {"uniform": [5, 6], "when": {keys[0]: other}}]
        mapping[name] = entry
        if isinstance(entry, dict) and "uniform" not in entry:
            parents.append(name)
    return mapping


OPTIONS = {"choice": ["x", "y", "z"], "int": [1, 2, 3], "logint": [1, 2, 3], "constant": [1]}


def kind_of(entry):
    return next(key for key in entry if key != "when")


@settings(deadline=None, max_examples=40)
@given(spaces(), st.integers(0, 1000))
def test_the_graph_reaches_exactly_the_active_branches(mapping, seed):
    """Oracle: Space.walk, which knows nothing of HyperOpt."""
    space = Space.parse(dict(reversed(mapping.items())))
    graph = SearchGraph(space)
    if not graph.expression:
        return
    domain = Domain(lambda config: 0.0, graph.expression)
    for document in rand.suggest(list(range(5)), domain, Trials(), seed):
        values = document["misc"]["vals"]
        config = graph.decode(values)
        assert space.check(config) == []
        reached = set()
        space.walk(lambda name, index, domain: (reached.add(label(name, index)), config[name])[1])  # noqa: B023
        assert {key for key, value in values.items() if len(value)} == reached & set(values)
        assert {key: len(value) for key, value in graph.encode(config).items()} == {
            key: len(value) for key, value in values.items()
        }
        assert graph.decode(graph.encode(config)) == pytest.approx(config)


def test_tpe_keeps_the_conditions_over_a_long_search():
    space = {
        "loss": {"choice": ["cosine", "class_proximity", "push_pull", "cross_entropy"]},
        "dim": {"int": [2, 2048], "when": {"loss": {"not": "cross_entropy"}}},
        "r": [
            {"when": {"loss": "class_proximity"}, "loguniform": [1e3, 1e6]},
            {"when": {"loss": "push_pull"}, "uniform": [0.5, 1.0]},
        ],
    }
    parsed = Space.parse(space)
    searcher = build(space)
    ranges = {"class_proximity": [], "push_pull": []}
    for number in range(120):
        config = searcher.suggest(number)
        assert parsed.check(config) == []
        ranges.get(config["loss"], []).append(config.get("r"))
        searcher.observe(number, len(config["loss"]) * 0.01 + abs(config.get("r", 0) - 0.7))
    assert all(1e3 <= r <= 1e6 for r in ranges["class_proximity"])
    assert all(0.5 <= r <= 1.0 for r in ranges["push_pull"])
    assert len(ranges["push_pull"]) > len(ranges["class_proximity"]) > 0


def test_integers_are_integers_in_their_bounds_over_a_thousand_suggestions():
    space = {"dim": {"int": [2, 5]}, "width": {"logint": [1, 64]}}
    parsed = Space.parse(space)
    seen = {name: set() for name in space}
    for seed in range(25):
        searcher = build(space, seed=seed)
        for number in range(40):
            config = searcher.suggest(number)
            assert parsed.check(config) == []
            for name, value in config.items():
                assert type(value) is int
                seen[name].add(value)
            searcher.observe(number, -config["dim"] + (config["width"] if seed % 2 else -config["width"]))
    assert seen["dim"] == {2, 3, 4, 5}
    assert {min(seen["width"]), max(seen["width"])} == {1, 64}


@pytest.mark.parametrize(("mode", "sign"), [("min", 1), ("max", -1)])
def test_starting_points_teach_it(mode, sign):
    """Two known points and no random trials: TPE stays near the good one, in either mode."""
    points = [{"x": 0.1}, {"x": 0.9}]
    near = []
    for seed in range(20):
        searcher = build({"x": {"uniform": [0, 1]}}, mode=mode, seed=seed, start_with=points, n_initial=2)
        for number, value in ((0, sign * 1.0), (1, 0.0)):
            searcher.observe(number, value) if searcher.suggest(number) else None
        near.append(searcher.suggest(2)["x"] > 0.5)
    assert sum(near) >= 15


def ranked(space, fails, bad):
    """Suggestions of a search in which every trial with `fails(config)` ends with the value `bad`."""
    searcher = build(space, mode="max")
    configs = []
    for number in range(30):
        configs.append(searcher.suggest(number))
        searcher.observe(number, bad if fails(configs[-1]) else configs[-1]["x"] - 2)
    return configs


@pytest.mark.parametrize("failure", [None, float("nan"), float("inf"), float("-inf")])
def test_a_failed_trial_counts_as_one_that_is_worse_than_all_others(failure):
    """Oracle: the same search with a finite value below all others in place of the failure."""
    space = {"x": {"uniform": [0, 1]}, "m": {"choice": ["a", "b"]}}
    for fails in (lambda config: config["x"] > 0.5, lambda config: config["m"] == "b"):
        assert ranked(space, fails, failure) == ranked(space, fails, -10.0)


def test_trials_that_still_run_count_as_bad_so_that_suggestions_differ():
    searcher = build({"x": {"choice": list("abcdef")}}, n_initial=1)
    config = searcher.suggest(0)
    searcher.observe(0, 1.0)
    outstanding = [searcher.suggest(number)["x"] for number in range(1, 16)]
    assert len(set(outstanding)) >= 4
    assert config["x"] in "abcdef"


@pytest.mark.parametrize("mode", ["min", "max"])
def test_it_is_hyperopts_own_tpe(mode):
    """Oracle: `tpe.suggest` in a plain loop over a flat space, with the seeds that the searcher derives."""
    searcher = build({"x": {"uniform": [-5, 5]}, "y": {"uniform": [0, 1]}}, mode=mode, seed=3, gamma=0.5)
    domain = Domain(lambda config: 0.0, {"x@0": hp.uniform("x@0", -5, 5), "y@0": hp.uniform("y@0", 0, 1)})
    trials = Trials()
    for number in range(30):
        seed = number_seed(3, number)
        (document,) = tpe.suggest([number], domain, trials, seed, n_startup_jobs=5, gamma=0.5, verbose=False)
        ((x,), (y,)) = (document["misc"]["vals"][name] for name in ("x@0", "y@0"))
        assert searcher.suggest(number) == {"x": x, "y": y}
        loss = (x - 1) ** 2 + y
        document["state"], document["result"] = JOB_STATE_DONE, {"status": "ok", "loss": loss}
        trials.insert_trial_docs([document])
        trials.refresh()
        searcher.observe(number, loss if mode == "min" else -loss)


def test_the_order_in_which_trials_end_is_part_of_the_history():
    """Whatever order: the suggestions are those of the same history again."""
    space = {"x": {"uniform": [0, 1]}, "m": {"choice": ["a", "b"]}}
    for order in itertools.islice(itertools.permutations(range(6)), 0, 720, 240):
        runs = []
        for _ in range(2):
            searcher = build(space, seed=random.Random(0).randrange(100))  # noqa: S311  (a draw, not a secret)
            configs = [searcher.suggest(number) for number in range(6)]
            for number in order:
                searcher.observe(number, configs[number]["x"])
            runs.append([searcher.suggest(number) for number in range(6, 9)])
        assert runs[0] == runs[1]
