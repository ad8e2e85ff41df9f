"""The losses for imbalanced classes against scalar loops over their formulas, binary and multiclass."""

import math

import pytest
import torch
from torch.nn import functional

from trainables.losses.cross_entropy import cross_entropy
from trainables.losses.focal import focal
from trainables.losses.logit_adjusted import logit_adjusted
from trainables.losses.pairwise_hinge import pairwise_hinge
from trainables.losses.soft_balanced_accuracy import soft_balanced_accuracy
from trainables.losses.soft_f1 import soft_f1
from trainables.losses.weighted_cross_entropy import weighted_cross_entropy


def batch(n=12, k=3, seed=0, absent=()):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, k, generator=generator, dtype=torch.float64) * 2
    present = [label for label in range(k) if label not in absent]
    targets = torch.tensor(present)[torch.randint(0, len(present), (n,), generator=generator)]
    return logits, targets


def softmax(row):
    odds = [math.exp(value) for value in row]
    return [value / sum(odds) for value in odds]


def scores_of(logits):
    return [softmax(row) for row in logits.tolist()]


def loop_hinge(scores, targets, margin, n_classes):
    areas = []
    for label in range(n_classes):
        pairs = [
            max(0.0, margin - scores[i][label] + scores[j][label])
            for i, y in enumerate(targets)
            for j, other in enumerate(targets)
            if y == label != other
        ]
        areas += [sum(pairs) / len(pairs)] if pairs else []
    return len(targets) * sum(areas) / len(areas)


def loop_f1(scores, targets, label):
    true_positive = sum(row[label] for row, y in zip(scores, targets, strict=True) if y == label)
    false_positive = sum(row[label] for row, y in zip(scores, targets, strict=True) if y != label)
    false_negative = sum(1 - row[label] for row, y in zip(scores, targets, strict=True) if y == label)
    return 2 * true_positive / (2 * true_positive + false_positive + false_negative)


CASES = pytest.mark.parametrize(
    ("k", "absent", "seed"), [(2, (), 0), (3, (), 1), (10, (), 2), (4, (2,), 3), (5, (0, 1, 4), 4)]
)


@CASES
@pytest.mark.parametrize("margin", [1.0, 0.3])
def test_pairwise_hinge(k, absent, seed, margin):
    """Oracle: a loop over pairs of samples, each class against the rest; absent classes count for nothing."""
    logits, targets = batch(k=k, absent=absent, seed=seed)
    expected = loop_hinge(scores_of(logits), targets.tolist(), margin, k)
    assert pairwise_hinge(logits, targets, margin=margin).item() == pytest.approx(expected, rel=1e-12)


def test_pairwise_hinge_on_logits_compares_the_sigmoid_s_argument():
    """Oracle: the loop on each logit less the mean of the others; for logits (0, z) that is z and -z."""
    logits, targets = batch(k=3)
    margins = [[row[c] - (sum(row) - row[c]) / 2 for c in range(3)] for row in logits.tolist()]
    expected = loop_hinge(margins, targets.tolist(), 1.0, 3)
    assert pairwise_hinge(logits, targets, on_logits=True).item() == pytest.approx(expected, rel=1e-12)
    z, labels = batch(k=2)
    z[:, 0] = 0
    expected = loop_hinge([[-v, v] for v in z[:, 1].tolist()], labels.tolist(), 1.0, 2)
    assert pairwise_hinge(z, labels, on_logits=True).item() == pytest.approx(expected, rel=1e-12)


def test_pairwise_hinge_by_hand():
    """Oracle: by hand. Probabilities 0.8 and 0.6 of class 1 for its samples, 0.3 for the other: (0.5 + 0.7) / 2 * 3."""
    p = torch.tensor([0.8, 0.6, 0.3], dtype=torch.float64)
    logits = torch.stack([torch.zeros(3, dtype=torch.float64), torch.logit(p)], 1)
    assert pairwise_hinge(logits, torch.tensor([1, 1, 0])).item() == pytest.approx(1.8)


def test_binary_hinge_with_margin_one_is_twice_the_balanced_accuracy_loss():
    """Oracle: probabilities differ by at most 1, so the hinge never bends: 1 - mean p of ones + mean p of zeros."""
    logits, targets = batch(n=30, k=2)
    twice = 2 * soft_balanced_accuracy(logits, targets)
    torch.testing.assert_close(pairwise_hinge(logits, targets), twice)


@CASES
def test_soft_f1(k, absent, seed):
    """Oracle: TP, FP and FN summed by a loop; class 1 of two classes, else the mean over those present."""
    logits, targets = batch(k=k, absent=absent, seed=seed)
    scores, labels = scores_of(logits), targets.tolist()
    over = [1] if k == 2 else sorted(set(labels))
    expected = len(labels) * (1 - sum(loop_f1(scores, labels, c) for c in over) / len(over))
    assert soft_f1(logits, targets).item() == pytest.approx(expected, rel=1e-12)
    macro = len(labels) * (1 - sum(loop_f1(scores, labels, c) for c in set(labels)) / len(set(labels)))
    assert soft_f1(logits, targets, macro=True).item() == pytest.approx(macro, rel=1e-12)


@CASES
def test_soft_balanced_accuracy(k, absent, seed):
    """Oracle: the mean probability of the true class, class by class, in a loop."""
    logits, targets = batch(k=k, absent=absent, seed=seed)
    scores, labels = scores_of(logits), targets.tolist()
    recalls = []
    for label in set(labels):
        own = [row[label] for row, y in zip(scores, labels, strict=True) if y == label]
        recalls.append(sum(own) / len(own))
    expected = len(labels) * (1 - sum(recalls) / len(recalls))
    assert soft_balanced_accuracy(logits, targets).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [2, 3, 10])
def test_focal(k):
    """Oracle: -(1 - p)^gamma log p in a loop; gamma 0 is cross entropy."""
    logits, targets = batch(k=k)
    own = [row[y] for row, y in zip(scores_of(logits), targets.tolist(), strict=True)]
    for gamma in (2.0, 0.5):
        expected = sum(-((1 - p) ** gamma) * math.log(p) for p in own)
        assert focal(logits, targets, gamma=gamma).item() == pytest.approx(expected, rel=1e-12)
    torch.testing.assert_close(focal(logits, targets, gamma=0.0), cross_entropy(logits, targets))


def test_focal_has_a_finite_gradient_where_the_probability_is_one():
    """Oracle: 0 and finite; (1 - p)^0.5 alone has an infinite slope there."""
    logits = torch.tensor([[200.0, 0.0]], requires_grad=True)
    focal(logits, torch.tensor([0]), gamma=0.5).backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("counts", [[90, 10], [60, 30, 10], [5, 5, 5, 5]])
def test_weighted_cross_entropy(counts):
    """Oracle: N / (K n_c) times -log p, in a loop; equal counts give cross entropy."""
    logits, targets = batch(k=len(counts))
    weights = [sum(counts) / (len(counts) * n) for n in counts]
    own = [(row[y], weights[y]) for row, y in zip(scores_of(logits), targets.tolist(), strict=True)]
    expected = sum(-w * math.log(p) for p, w in own)
    assert weighted_cross_entropy(logits, targets, torch.tensor(counts)).item() == pytest.approx(expected, rel=1e-12)
    if len(set(counts)) == 1:
        assert expected == pytest.approx(cross_entropy(logits, targets).item())


@pytest.mark.parametrize("tau", [1.0, 0.5, 0.0])
def test_logit_adjusted(tau):
    """Oracle: the softmax of logits + tau log(n_c / N), in a loop; tau 0 gives cross entropy."""
    counts = [60, 30, 10]
    logits, targets = batch(k=3)
    adjusted = [[z + tau * math.log(n / 100) for z, n in zip(row, counts, strict=True)] for row in logits.tolist()]
    expected = sum(-math.log(softmax(row)[y]) for row, y in zip(adjusted, targets.tolist(), strict=True))
    loss = logit_adjusted(logits, targets, torch.tensor(counts), tau=tau)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_two_logits_of_which_one_is_zero_give_the_binary_loss():
    """Oracle: torch's binary cross entropy of the sigmoid's argument."""
    z, labels = batch(n=9, k=2)
    z[:, 0] = 0
    binary = functional.binary_cross_entropy_with_logits(z[:, 1], labels.double(), reduction="sum")
    torch.testing.assert_close(cross_entropy(z, labels), binary)


COUNTS = torch.tensor([5, 4, 3])
LOSSES = {
    "pairwise_hinge": pairwise_hinge,
    "pairwise_hinge on logits": lambda z, y: pairwise_hinge(z, y, on_logits=True),
    "soft_f1": soft_f1,
    "soft_balanced_accuracy": soft_balanced_accuracy,
    "focal": focal,
    "weighted_cross_entropy": lambda z, y: weighted_cross_entropy(z, y, COUNTS),
    "logit_adjusted": lambda z, y: logit_adjusted(z, y, COUNTS),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name):
    """Oracle: finite differences in float64 (torch's gradcheck)."""
    logits, targets = batch(n=6)
    assert torch.autograd.gradcheck(lambda z: LOSSES[name](z, targets), logits.requires_grad_())


def test_a_batch_of_one_class_is_no_failure():
    """Oracle: no pairs, no loss; F1 of an absent class 1 is 0; the recall of the class that is there."""
    logits, targets = torch.zeros(4, 2, dtype=torch.float64, requires_grad=True), torch.zeros(4, dtype=torch.int64)
    assert pairwise_hinge(logits, targets).item() == 0
    assert soft_f1(logits, targets).item() == 4
    assert soft_balanced_accuracy(logits, targets).item() == pytest.approx(2)
    (soft_f1(logits, targets) + pairwise_hinge(logits, targets)).backward()
    assert logits.grad.isfinite().all()


Z, Y = batch(n=4)
MISTAKES = [
    (lambda: pairwise_hinge(Z, Y, margin=0.0), "margin must be above 0, but got 0"),
    (lambda: pairwise_hinge(Z[:, :1], Y), "2 classes or more"),
    (lambda: soft_f1(Z[0], Y), "logits must be a matrix"),
    (lambda: soft_balanced_accuracy(Z, Y[:2]), "targets must be 4 integer labels"),
    (lambda: focal(Z, Y, gamma=-1.0), "gamma must be finite and at least 0"),
    (lambda: weighted_cross_entropy(Z, Y, COUNTS[:2]), "class_counts must be 3 numbers"),
    (lambda: logit_adjusted(Z, Y, COUNTS, tau=math.nan), "tau must be finite"),
]


@pytest.mark.parametrize(("mistake", "words"), MISTAKES)
def test_what_does_not_fit_is_told(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake()
