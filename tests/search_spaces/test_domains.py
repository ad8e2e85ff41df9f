"""Every domain against hand values, and against the properties that searchers rely on."""

# ruff: noqa: S311  (draws, not secrets)

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.domains import Choice, Constant, Int, LogInt, LogUniform, Normal, Uniform, parse_domain
from search_spaces.violations import SpaceError

FINITE = {"allow_nan": False, "allow_infinity": False}


@st.composite
def uniforms(draw):
    low, high = sorted(draw(st.tuples(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12)).filter(lambda b: b[0] != b[1])))
    return Uniform(low, high)


@st.composite
def log_uniforms(draw):
    low = draw(st.floats(1e-12, 1e12))
    return LogUniform(low, low * draw(st.floats(1.001, 1e9)))


@st.composite
def normals(draw):
    mean, std = draw(st.floats(-1e3, 1e3)), draw(st.floats(1e-3, 1e3))
    left, right = draw(st.floats(-5, 2)), draw(st.floats(0.1, 4))  # further out there is too little mass to draw from
    return Normal(mean=mean, std=std, low=mean + left * std, high=mean + (left + right) * std)


@st.composite
def ints(draw, kind=Int, least=-(10**9)):
    low = draw(st.integers(least, 10**9))
    return kind(low, low + draw(st.integers(0, 10**9)))


numerics = st.one_of(uniforms(), log_uniforms(), normals(), ints(), ints(LogInt, 1))
plain = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(**FINITE), st.sampled_from(["a", "b", ""]))


@given(numerics, st.floats(allow_nan=False))
def test_decode_is_typed_and_in_bounds_wherever_the_searcher_stands(domain, x):
    value = domain.decode(x)
    assert domain.check(value) is None
    assert type(value) is (int if isinstance(domain, Int | LogInt) else float)


@given(numerics, st.floats(0, 1))
def test_decode_undoes_encode(domain, share):
    low, high = domain.latent
    value = domain.decode(low + share * (high - low))
    again = domain.decode(domain.encode(value))
    if isinstance(domain, Int | LogInt):
        assert again == value
    else:
        # A quantile near 1 keeps fewer digits than the value it stands for.
        tolerance = 1e-5 * domain.std if isinstance(domain, Normal) else 1e-9 * max(abs(value), 1e-12)
        assert math.isclose(again, value, abs_tol=tolerance)


@given(numerics, st.integers(0, 2**32))
def test_samples_lie_in_the_domain_and_follow_the_seed(domain, seed):
    value = domain.sample(random.Random(seed))
    assert domain.check(value) is None
    assert value == domain.sample(random.Random(seed))


@given(numerics)
def test_bounds_encode_into_the_latent_interval(domain):
    low, high = domain.latent
    assert low < high
    for value in domain.extremes():
        assert domain.check(value) is None
        assert low <= domain.encode(value) <= high


@given(st.one_of(numerics, plain.map(Constant)))
def test_the_yaml_form_leads_back(domain):
    assert parse_domain(domain.to_spec()) == domain


@pytest.mark.parametrize(
    ("domain", "x", "value"),
    [
        (Uniform(-1, 3), 2.5, 2.5),
        (Uniform(-1, 3), 99.0, 3.0),
        (LogUniform(1e-4, 1e-2), math.log(1e-3), 1e-3),
        (LogUniform(1e-4, 1e-2), -math.inf, 1e-4),
        (Int(2, 2048), 2.4, 2),
        (Int(2, 2048), 1.5, 2),  # round(1.5) is 2
        (Int(2, 2048), 2048.5, 2048),
        (Int(3, 5), 2.5, 3),  # round(2.5) is 2, which is out of bounds
        (LogInt(1, 512), math.log(512.5), 512),
        (LogInt(1, 512), math.log(0.5), 1),
        (LogInt(1, 512), math.log(16.4), 16),
        (Normal(mean=0, std=1, low=-3, high=3), 0.5, 0.0),
        (Normal(mean=0, std=2, low=-8, high=8), 0.975, 2 * 1.959963984540054),
        (Normal(mean=0, std=1, low=-40, high=0), 0.0, -40.0),  # the quantile of -40 is 0 after rounding
        (Normal(mean=0, std=1, low=0, high=40), 1.0, 40.0),
    ],
)
def test_decode_hand_values(domain, x, value):
    assert domain.decode(x) == pytest.approx(value, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("domain", "latent"),
    [
        (Uniform(-1, 3), (-1, 3)),
        (LogUniform(1, math.e), (0, 1)),
        (Int(2, 7), (1.5, 7.5)),
        (LogInt(1, 2), (math.log(0.5), math.log(2.5))),
        (Normal(mean=1, std=2, low=-1, high=3), (0.15865525393145707, 0.8413447460685429)),
    ],
)
def test_latent_hand_values(domain, latent):
    assert domain.latent == pytest.approx(latent)


def test_log_int_weighs_each_value_by_its_room_on_the_logarithmic_scale():
    """Oracle: the closed form log((k + 0.5) / (k - 0.5)) / log((high + 0.5) / (low - 0.5))."""
    rng = random.Random(0)
    draws = [LogInt(1, 4).sample(rng) for _ in range(20_000)]
    for k in range(1, 5):
        expected = math.log((k + 0.5) / (k - 0.5)) / math.log(4.5 / 0.5)
        assert draws.count(k) / len(draws) == pytest.approx(expected, abs=0.012)


def test_normal_is_the_truncated_normal_and_not_one_clipped_to_its_bounds():
    """Oracle: the truncated distribution's mean, by hand from the normal's density and distribution function."""
    standard = NormalDist()
    low, high = -0.5, 2.0
    mass = standard.cdf(high) - standard.cdf(low)
    mean = (standard.pdf(low) - standard.pdf(high)) / mass
    rng = random.Random(0)
    domain = Normal(mean=10, std=3, low=10 + 3 * low, high=10 + 3 * high)
    draws = [domain.sample(rng) for _ in range(20_000)]
    assert sum(draws) / len(draws) == pytest.approx(10 + 3 * mean, abs=0.05)
    assert sum(value in domain.extremes() for value in draws) == 0


def test_every_int_is_drawn_equally_often():
    rng = random.Random(0)
    draws = [Int(-1, 2).sample(rng) for _ in range(8_000)]
    assert all(draws.count(k) == pytest.approx(2_000, abs=150) for k in range(-1, 3))


@pytest.mark.parametrize(
    ("domain", "good", "bad"),
    [
        (Uniform(0, 1), [0, 1, 0.5], [-0.1, 1.1, math.nan, math.inf, True, "0.5", None, [0.5]]),
        (LogUniform(1e-4, 1e-2), [1e-4, 1e-2], [0, 1e-5, 0.011, "1e-3", False]),
        (Normal(mean=0, std=1, low=-2, high=2), [0, -2.0], [2.1, None]),
        (Int(2, 8), [2, 8], [1, 9, 3.0, 3.5, True, "3", None]),
        (LogInt(1, 8), [1, 8], [0, 9, 2.0, True]),
        (Choice(("a", 1, None, [1, 2])), ["a", 1, 1.0, None, [1, 2], (1, 2)], ["b", True, 2, [1], [2, 1], "None"]),
        (Constant(True), [True], [1, 1.0, False, "true"]),
    ],
)
def test_check_is_strict_about_types(domain, good, bad):
    assert [value for value in good if domain.check(value) is not None] == []
    assert [value for value in bad if domain.check(value) is None] == []


def test_rules_tell_the_bounds():
    assert Uniform(0, 0.5).check(2) == "must lie in [0, 0.5]"
    assert Int(2, 8).check(9) == "must lie in [2, 8]"
    assert Int(2, 8).check(3.0) == "must be an integer: write 3"
    assert Uniform(0, 1).check("1e-4") == "must be a number; this is text: write 1.0e-4"
    assert Choice(("sgd", "adam")).check("adm") == "must be one of 'sgd', 'adam'"


def test_cast_gives_the_domains_type():
    assert type(Uniform(0, 2).cast(1)) is float
    assert type(Int(0, 2).cast(1)) is int
    assert type(Choice((1, 2)).cast(1.0)) is int
    assert Constant(0.95).cast(0.95) == 0.95


def test_values_lists_what_is_finite():
    assert Int(2, 4).values() == (2, 3, 4)
    assert LogInt(1, 3).values() == (1, 2, 3)
    assert len(Int(1, 1000).values()) == 1000
    assert Int(0, 1000).values() is None
    assert Choice(("a", "b")).values() == ("a", "b")
    assert Constant(3).values() == (3,)
    assert Uniform(0, 1).values() is None


def test_decode_refuses_nan():
    for domain in (Uniform(0, 1), LogUniform(1, 2), Normal(mean=0, std=1, low=-1, high=1), Int(0, 1), LogInt(1, 2)):
        with pytest.raises(ValueError, match="NaN"):
            domain.decode(math.nan)


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: Uniform(1, 1), "`low < high` must hold"),
        (lambda: Uniform(0, math.inf), "must be finite"),
        (lambda: Uniform(-1.7e308, 1.7e308), "`high - low` must be finite"),
        (lambda: Uniform(True, 2), "must be a number"),
        (lambda: LogUniform(0, 1), "`0 < low` must hold"),
        (lambda: LogUniform(1e9, math.nextafter(1e9, 2e9)), "must differ on a logarithmic scale"),
        (lambda: Normal(mean=0, std=0, low=0, high=1), "`0 < std` must hold"),
        (lambda: Normal(mean=0, std=1, low=30, high=31), "must hold at least 1e-09 of the distribution's mass"),
        (lambda: Int(3, 2), "`low <= high` must hold"),
        (lambda: Int(1.0, 2), "must be an integer: write 1"),
        (lambda: Int(0, 2**60), "2\\*\\*53"),
        (lambda: LogInt(0, 2), "`1 <= low` must hold"),
        (lambda: Choice(()), "at least one option"),
        (lambda: Choice((1, 1.0)), "must not stand twice"),
        (lambda: Choice("ab"), "must be a list"),
        (lambda: Choice((math.nan,)), "NaN"),
        (lambda: Constant("1e-4"), "write 1.0e-4"),
        (lambda: Constant(object()), "must be null, a boolean"),
    ],
)
def test_a_domain_that_cannot_be_is_refused_with_its_rule(build, rule):
    with pytest.raises(SpaceError, match=rule):
        build()


def test_true_and_one_are_two_options():
    options = Choice((1, True, "1"))
    assert [options.index(value) for value in (1, True, "1")] == [0, 1, 2]
