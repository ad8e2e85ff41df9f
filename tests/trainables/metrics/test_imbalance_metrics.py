"""The metrics of imbalanced classification against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn import metrics

from trainables.metrics.average_precision import average_precision
from trainables.metrics.balanced_accuracy import balanced_accuracy
from trainables.metrics.confusion_matrix import confusion_matrix
from trainables.metrics.macro_f1 import macro_f1
from trainables.metrics.roc_auc import roc_auc

every_case = pytest.mark.parametrize(("k", "digits"), [(2, 15), (2, 1), (3, 15), (10, 15), (10, 1)])


def case(k, digits, n=300):
    """Labels and probabilities; with one digit many scores are equal."""
    generator = np.random.default_rng(k)
    labels = generator.choice(k, n, p=np.arange(1, k + 1) / np.arange(1, k + 1).sum())
    labels[:k] = np.arange(k)
    logits = generator.normal(size=(n, k))
    logits[np.arange(n), labels] += 1
    scores = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).round(digits)
    return scores, labels


def confusion_of(labels, predictions, k):
    return confusion_matrix(torch.as_tensor(predictions), torch.as_tensor(labels), k)


@every_case
def test_decisions(k, digits):
    """Oracle: scikit-learn's balanced accuracy and macro F1."""
    scores, labels = case(k, digits)
    predicted = scores.argmax(1)
    confusion = confusion_of(labels, predicted, k)
    assert balanced_accuracy(confusion) == pytest.approx(metrics.balanced_accuracy_score(labels, predicted))
    assert macro_f1(confusion) == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))


@every_case
def test_scores(k, digits):
    """Oracle: scikit-learn's area, one class against the rest, and average precision; ties included."""
    scores, labels = case(k, digits)
    tensors = torch.from_numpy(scores), torch.from_numpy(labels)
    one_hot = np.eye(k)[labels]
    assert roc_auc(*tensors) == pytest.approx(metrics.roc_auc_score(one_hot, scores, average="macro"))
    precision = (
        metrics.average_precision_score(labels, scores[:, 1])
        if k == 2
        else metrics.average_precision_score(one_hot, scores, average="macro")
    )
    assert average_precision(*tensors) == pytest.approx(precision)


def test_by_hand():
    """Oracle: by hand. Of 4 and 2 samples 3 and 1 are right; F1 is 6/8 and 2/4."""
    confusion = torch.tensor([[3, 1], [1, 1]])
    assert balanced_accuracy(confusion) == (3 / 4 + 1 / 2) / 2
    assert macro_f1(confusion) == (6 / 8 + 2 / 4) / 2


def test_absent_classes_are_left_out():
    """Oracle: the same without the class that has no sample and no prediction."""
    confusion = torch.tensor([[3, 1], [1, 1]])
    wider = torch.tensor([[3, 1, 0], [1, 1, 0], [0, 0, 0]])
    assert balanced_accuracy(wider) == balanced_accuracy(confusion)
    assert macro_f1(wider) == macro_f1(confusion)


SCORES, NONE = torch.from_numpy(case(3, 15)[0]), torch.zeros(300, dtype=torch.int64)
MISTAKES = [
    (lambda: balanced_accuracy(NONE[:4].view(2, 2)), "at least one sample"),
    (lambda: balanced_accuracy(NONE[:6].view(2, 3)), "must be square"),
    (lambda: macro_f1(NONE[:4].view(2, 2)), "at least one sample"),
    (lambda: roc_auc(SCORES, NONE), "positive and negative samples"),
    (lambda: average_precision(SCORES, NONE), "positive samples"),
]


@pytest.mark.parametrize(("mistake", "words"), MISTAKES)
def test_what_does_not_fit_is_told(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake()
