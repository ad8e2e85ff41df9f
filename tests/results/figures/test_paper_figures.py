"""Figures of a best trial of the papers on targets, imbalance and digits. Oracles: by hand; the rules that we fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from results.figures import accuracy_by_threshold, class_distribution, confusion, recall, target_values
from results.figures.source import NotDrawnError, Source
from results.records import ResultRecord, SearchOutcome, SearchRecord, TrialRecord, TrialState
from trainables.fitted_rules.absolute import absolute
from trainables.fitted_rules.relative import relative
from trainables.fitted_rules.threshold import threshold

CLASSES = np.array(["cat", "dog", "cow"])


def source(history: list[dict[str, float]] | None = None, /, **arrays: Any) -> Source:
    history = [{}] if history is None else history
    results = tuple(
        ResultRecord(step=n, at_ms=n, metrics={"val/accuracy": 0.5, **metrics}) for n, metrics in enumerate(history, 1)
    )
    search = SearchRecord(
        search_id="s/c", key="c", cell={}, metric="val/accuracy", mode="max", started_at_ms=0, params={}
    )
    trial = TrialRecord(
        trial_id="s/c/0000",
        number=0,
        config={"values_per": arrays.pop("values_per", "class")},
        seed=1,
        state=TrialState.COMPLETE,
        started_at_ms=0,
        results=results,
    )
    kept = {name: np.asarray(value) for name, value in arrays.items()}
    return Source(outcome=SearchOutcome(search=search, trials=(trial,)), load=lambda: kept)


def values(n: int, at: float, **more: float) -> dict[str, float]:
    return {
        **{f"targets/class_value/{k}": at + k for k in range(n)},
        **{f"targets/non_class_value/{k}": -at - k for k in range(n)},
        **{name.replace("__", "/"): value for name, value in more.items()},
    }


def test_target_values() -> None:
    """Oracle: the metrics above each other; an epoch that diverged, with train/loss alone, is left out."""
    history = [values(2, 0.25, targets__sigma_sum=0.5), {"train/loss": 1.0}, values(2, 0.5, targets__sigma_sum=0.75)]
    data = target_values.data(source(history, classes=CLASSES))
    assert data.classes == (("cat", (0.25, 0.5), (-0.25, -0.5)), ("dog", (1.25, 1.5), (-1.25, -1.5)))
    assert (data.steps, data.sigma_sum, data.best_step, data.left_out) == ((1, 3), (0.5, 0.75), 1, 0)
    assert [c.name for c in target_values.data(source(history)).classes] == ["class 0", "class 1"]
    neurons = target_values.data(source(history, classes=CLASSES, values_per="neuron"))
    assert [c.name for c in neurons.classes] == ["neuron 0", "neuron 1"]


def test_target_values_without_an_adjustment_and_of_many_classes() -> None:
    """Oracle: by hand: the validation images' spread stands in, or none; the numbers go by value, not as text."""
    kept = target_values.data(source([values(14, 0.5, val__sigma_sum=0.25)]))
    assert (kept.sigma_sum, kept.left_out) == ((0.25,), 2)
    assert [c.name for c in kept.classes] == [f"class {k}" for k in range(12)]
    assert target_values.data(source([values(1, 0.5)])).sigma_sum == ()
    with pytest.raises(NotDrawnError, match="no class and non-class values"):
        target_values.data(source())
    target_values.draw(kept)


def test_recall() -> None:
    """Oracle: 8 of 10 and 1 of 4 by hand; Wilson's intervals (0.490, 0.943), (0.046, 0.699) as textbooks have them."""
    data = recall.data(source(confusion_matrix=[[8, 2, 0], [3, 1, 0], [0, 0, 0]], classes=CLASSES, split="test"))
    assert (data.classes, data.recalls, data.images, data.split) == (("cat", "dog"), (0.8, 0.25), (10, 4), "test")
    assert data.low == pytest.approx((0.490, 0.046), abs=5e-4)
    assert data.high == pytest.approx((0.943, 0.699), abs=5e-4)
    with pytest.raises(NotDrawnError, match="holds no images"):
        recall.data(source(confusion_matrix=np.zeros((3, 3), int), classes=CLASSES))


def test_class_distribution() -> None:
    data = class_distribution.data(source(train_class_counts=[5, 0, 2], classes=CLASSES))
    assert data == (("cat", "dog", "cow"), (5, 0, 2))
    with pytest.raises(NotDrawnError, match="kept no train_class_counts"):
        class_distribution.data(source(classes=CLASSES))


def test_a_binary_threshold() -> None:
    """Oracle: by hand: 0.1 0.3 | 0.2 0.9 of class 1; the rule is trained by `threshold` and stands at a best point."""
    second, labels = np.array([0.1, 0.3, 0.2, 0.9]), np.array([0, 0, 1, 1])
    probabilities = np.stack([1 - second, second], 1)
    tuned = threshold(probabilities, labels).thresholds
    given = source(probabilities=probabilities, labels=labels, classes=CLASSES[:2], thresholds_threshold=tuned)
    data = accuracy_by_threshold.data(given)
    ((rule, (curve,)),) = data.panels
    assert (rule, curve.name, data.default, len(data.thresholds)) == ("threshold", "dog", 0.75, 101)
    expected = [np.mean([s <= t for s in second[:2]] + [s > t for s in second[2:]]) for t in data.thresholds]
    assert curve.accuracy == pytest.approx(expected)
    assert curve.accuracy[0] == 0.5
    assert curve.accuracy[15] == curve.tuned[1] == max(curve.accuracy) == 0.75


def test_several_thresholds() -> None:
    """Oracle: the fitted rules' own predictions at what they tuned; by a loop over images where one threshold moved."""
    generator = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], (20, 6, 4))
    probabilities = generator.dirichlet((2, 1, 1), 30) * 0.7 + 0.3 * np.eye(3)[labels]
    fitted = {"absolute": absolute(probabilities, labels), "relative": relative(probabilities, labels)}
    kept = {f"thresholds_{name}": rule.thresholds for name, rule in fitted.items()}
    data = accuracy_by_threshold.data(source(probabilities=probabilities, labels=labels, classes=CLASSES, **kept))
    assert [rule for rule, _ in data.panels] == ["absolute", "relative"]
    for rule, curves in data.panels:
        reached = (fitted[rule](probabilities) == labels).mean()
        for k, curve in enumerate(curves):
            assert curve.tuned == (fitted[rule].thresholds[k], pytest.approx(reached))
            tuned = np.array(fitted[rule].thresholds)
            rest = tuned.sum() - tuned[k]
            moved = [0.4 if j == k else 0.6 * tuned[j] / rest for j in range(3)]
            right = 0
            for row, label in zip(probabilities, labels, strict=True):
                scores = [p - t if rule == "absolute" else p / t for p, t in zip(row, moved, strict=True)]
                right += scores.index(max(scores)) == label
            assert data.thresholds[40] == pytest.approx(0.4)
            assert curve.accuracy[40] == pytest.approx(right / 30)


def test_thresholds_at_their_bounds() -> None:
    """Oracle: by hand: (0, 0, 1) leaves the others no proportion, so they share equally; nothing divides by 0."""
    probabilities, labels = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]]), np.array([0, 1])
    given = {"probabilities": probabilities, "labels": labels, "classes": CLASSES}
    data = accuracy_by_threshold.data(source(**given, thresholds_relative=[0.0, 0.0, 1.0]))
    cow = data.panels[0][1][2]
    assert cow.accuracy[50] == 1.0  # thresholds 0.25, 0.25, 0.5
    assert cow.accuracy[0] == 0.0  # a threshold of 0 is exceeded without bound
    accuracy_by_threshold.draw(data)
    with pytest.raises(NotDrawnError, match="kept no thresholds_threshold"):
        accuracy_by_threshold.data(source(**given))


def test_a_rule_that_has_the_unnamed_table_stands_for_it() -> None:
    """Oracle: by hand: three tables are kept, the first and "default" hold the same."""
    same, other = [[1, 2], [0, 3]], [[3, 0], [0, 3]]
    kept = {"confusion_matrix": same, "confusion_matrix_default": same, "confusion_matrix_tree": other}
    data = confusion.data(source(**kept, classes=CLASSES[:2]))
    assert [rule for rule, _ in data.tables] == ["default", "tree"]
    assert [rule for rule, _ in confusion.data(source(confusion_matrix=same, classes=CLASSES[:2])).tables] == [""]


@pytest.mark.parametrize(("classes", "tables"), [(2, 3), (10, 4), (100, 1)])
def test_confusion_matrices_of_any_size_fit_a_page(classes: int, tables: int) -> None:
    """Oracle: the figure's inches: no wider than 7, for a phone has to show the names; numbers where there is room."""
    counts = tuple(tuple(int(i == j) for j in range(classes)) for i in range(classes))
    names = tuple(f"class {n}" for n in range(classes))
    canvas = confusion.draw(confusion.ConfusionData(names, tuple((f"r{n}", counts) for n in range(tables)), "test"))
    assert canvas.get_figwidth() <= 7
    assert len(canvas.axes) == tables
    assert len(canvas.axes[0].texts) == (classes if classes <= 12 else 0)
