"""Each fitted rule against the paper's example, hand-worked cases and a loop over every set of thresholds."""

import time

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from trainables.fitted_rules import absolute as absolute_module
from trainables.fitted_rules import relative as relative_module
from trainables.fitted_rules import threshold as threshold_module
from trainables.fitted_rules.absolute import absolute
from trainables.fitted_rules.decision_tree import decision_tree
from trainables.fitted_rules.default import default
from trainables.fitted_rules.relative import relative
from trainables.fitted_rules.search import choose, most_correct
from trainables.fitted_rules.simplex import candidates, grid
from trainables.fitted_rules.threshold import threshold

MODULES = {"absolute": absolute_module, "relative": relative_module}


def scored(n, n_classes, seed=0, shift=1.0):
    """Probabilities that know something of the labels, the first class the most frequent."""
    generator = np.random.default_rng(seed)
    shares = 0.5 ** np.arange(n_classes)
    labels = generator.choice(n_classes, n, p=shares / shares.sum())
    labels[:n_classes] = np.arange(n_classes)
    logits = generator.normal(size=(n, n_classes))
    logits[np.arange(n), labels] += shift
    odds = np.exp(logits)
    return odds / odds.sum(1, keepdims=True), labels


def loop_predict(kind, row, thresholds):
    """The class with the largest difference to, or ratio with, its threshold; the first of equal ones."""
    best, best_value = None, None
    for label, (p, t) in enumerate(zip(row, thresholds, strict=True)):
        value = p - t if kind == "absolute" else (p / t if t > 0 else p * 1e12)
        if best_value is None or value > best_value:
            best, best_value = label, value
    return best


@pytest.mark.parametrize(("kind", "winner"), [("absolute", "C"), ("relative", "A")])
def test_the_paper_s_example(kind, winner):
    """Oracle: outputs {0.4, 0, 0.7} and thresholds {0.25, 0.25, 0.5} go to C by the absolute, to A by the relative."""
    predicted = MODULES[kind].predict(np.array([[0.4, 0.0, 0.7]]), np.array([0.25, 0.25, 0.5]))
    assert ["ABC"[label] for label in predicted] == [winner]


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize(("n", "n_classes", "step"), [(60, 3, 0.1), (9, 2, 0.05), (40, 4, 0.25)])
def test_the_best_of_all_sets_is_found(kind, n, n_classes, step):
    """Oracle: a loop over samples, classes and sets in lexicographic order that keeps the first best one."""
    probabilities, labels = scored(n, n_classes)
    parts = round(1 / step)
    best, best_correct = None, -1
    for row in grid(n_classes, parts):
        thresholds = row / parts
        correct = sum(loop_predict(kind, p, thresholds) == y for p, y in zip(probabilities, labels, strict=True))
        if correct > best_correct:
            best, best_correct = thresholds, correct
    fitted = getattr(MODULES[kind], kind)(probabilities, labels, step=step)
    assert fitted.thresholds == pytest.approx(best)
    assert int((fitted(probabilities) == labels).sum()) == best_correct
    assert [loop_predict(kind, p, best) for p in probabilities] == fitted(probabilities).tolist()


@pytest.mark.parametrize("kind", MODULES)
def test_saturated_probabilities_and_ties_are_counted_as_they_are_predicted(kind):
    """Oracle: the predictions themselves, for probabilities of exactly 0 and 1 and thresholds of exactly 0."""
    probabilities = np.eye(3)[[0, 1, 2, 0, 2]]
    labels = np.array([0, 1, 2, 1, 0])
    sets = candidates(3, step=0.25, draws=1, seed=0)
    module = MODULES[kind]
    by_prediction = [int((module.predict(probabilities, row) == labels).sum()) for row in sets]
    if kind == "absolute":
        assert most_correct(probabilities, labels, sets).tolist() == by_prediction
    fitted = getattr(module, kind)(probabilities, labels, step=0.25)
    assert int((fitted(probabilities) == labels).sum()) == max(by_prediction) == 3


@pytest.mark.parametrize("kind", MODULES)
def test_three_classes_are_searched_exhaustively_within_a_second(kind):
    """Oracle: the clock of this process, 12,000 samples by 5,151 sets. A loop over the sets alone takes longer."""
    probabilities, labels = scored(12_000, 3)
    started = time.process_time()
    fitted = getattr(MODULES[kind], kind)(probabilities, labels)
    assert time.process_time() - started < 1
    assert len(candidates(3, step=0.01, draws=1, seed=0)) == 5151
    assert sum(fitted.thresholds) == pytest.approx(1)
    assert (fitted(probabilities) == labels).mean() >= (default(probabilities, labels)(probabilities) == labels).mean()


def test_the_grid_is_the_whole_simplex():
    """Oracle: the sets of three thresholds at step 1/2 by hand; stars and bars for the number at step 0.1."""
    by_hand = [[0, 0, 2], [0, 1, 1], [0, 2, 0], [1, 0, 1], [1, 1, 0], [2, 0, 0]]
    assert grid(3, 2).tolist() == by_hand
    whole = grid(4, 10)
    assert len({tuple(row) for row in whole.tolist()}) == len(whole) == 286
    assert (whole.sum(1) == 10).all()
    assert (whole >= 0).all()


def test_ten_classes_get_seeded_random_sets():
    """Oracle: 2,000 by the paper, on the simplex, the same for the same seed; uniform: the mean is 1/10 each."""
    sets = candidates(10, step=0.01, draws=2000, seed=3)
    assert sets.shape == (2000, 10)
    assert np.allclose(sets.sum(1), 1)
    assert np.array_equal(sets, candidates(10, step=0.01, draws=2000, seed=3))
    assert not np.array_equal(sets, candidates(10, step=0.01, draws=2000, seed=4))
    assert np.allclose(sets.mean(0), 0.1, atol=0.01)
    probabilities, labels = scored(300, 10)
    fitted = absolute(probabilities, labels, seed=3, draws=200)
    counted = most_correct(probabilities, labels, candidates(10, step=0.01, draws=200, seed=3))
    assert int((fitted(probabilities) == labels).sum()) == counted.max()


@pytest.mark.parametrize("seed", range(3))
def test_the_binary_threshold_is_the_best_of_a_loop(seed):
    """Oracle: a loop over 0, 0.001 ... 1 that keeps the first best one, predicting 1 above the threshold."""
    probabilities, labels = scored(80, 2, seed)
    correct = [
        sum((p > t) == y for p, y in zip(probabilities[:, 1], labels, strict=True)) for t in np.arange(1001) / 1000
    ]
    fitted = threshold(probabilities, labels)
    assert fitted.thresholds == (pytest.approx(int(np.argmax(correct)) / 1000),)
    assert int((fitted(probabilities) == labels).sum()) == max(correct)


def test_equally_good_thresholds_may_be_taken_from_their_middle():
    """Oracle: by hand. Between probabilities 0.2 and 0.6 all thresholds are right; 0.4 is in their middle."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    labels = np.array([0, 0, 1])
    assert threshold(probabilities, labels).thresholds == (0.2,)
    assert threshold(probabilities, labels, ties="centre").thresholds == (pytest.approx(0.4, abs=0.002),)
    rows = np.array([[0.0, 1.0], [0.4, 0.6], [0.5, 0.5]])
    assert choose(np.array([3, 3, 3]), rows, ties="centre").tolist() == [0.4, 0.6]
    assert choose(np.array([3, 3, 3]), rows, ties="first").tolist() == [0.0, 1.0]


def test_the_tree_is_scikit_learn_s():
    """Oracle: scikit-learn with the same depth and seed; the depth is the number of classes if not given."""
    probabilities, labels = scored(200, 3)
    for given, depth in ((None, 3), (1, 1), (6, 6)):
        tree = DecisionTreeClassifier(max_depth=depth, random_state=4).fit(probabilities, labels)
        fitted = decision_tree(probabilities, labels, depth=given, seed=4)
        assert fitted(probabilities).tolist() == tree.predict(probabilities).tolist()
        assert fitted.thresholds == ()


def test_the_default_is_a_half_or_the_likeliest():
    """Oracle: by hand; exactly a half is not above it."""
    labels = np.array([0, 1, 1])
    halves = np.array([[0.6, 0.4], [0.4, 0.6], [0.5, 0.5]])
    assert default(halves, labels)(halves).tolist() == [0, 1, 0]
    assert threshold_module.predict(halves, 0.5).tolist() == [0, 1, 0]


PROBABILITIES, LABELS = scored(12, 3)
MISTAKES = [
    (lambda: threshold(PROBABILITIES, LABELS), "is for 2 classes, but got probabilities of 3"),
    (lambda: threshold_module.predict(PROBABILITIES, 0.5), "is for 2 classes"),
    (lambda: absolute_module.predict(PROBABILITIES, np.array([0.5, 0.5])), "one threshold a class, but got 2"),
    (lambda: relative_module.predict(PROBABILITIES, np.ones(4)), "one threshold a class, but got 4"),
    (lambda: absolute(PROBABILITIES, LABELS[:3]), "must agree"),
    (lambda: default(PROBABILITIES[:0], LABELS[:0]), "at least one sample"),
    (lambda: relative(PROBABILITIES, LABELS + 1), r"labels must be 0..2, but got 1 to 3"),
    (lambda: absolute(PROBABILITIES, LABELS, step=0.3), "1 must be a multiple of step, but got 0.3"),
    (lambda: absolute(*scored(20, 10), draws=0), "draws must be at least 1"),
    (lambda: absolute(PROBABILITIES, LABELS, ties="last"), "ties must be one of first, centre, but got 'last'"),
    (lambda: decision_tree(PROBABILITIES, LABELS, depth=0), "depth must be at least 1"),
]


@pytest.mark.parametrize(("mistake", "words"), MISTAKES)
def test_what_does_not_fit_is_told(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake()
