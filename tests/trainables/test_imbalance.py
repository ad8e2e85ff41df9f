"""A trial of imbalanced classification on scikit-learn's digits: images, metrics, states, what is kept of it."""

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from trainables.data.errors import DataError
from trainables.imbalance import Imbalance
from trainables.imbalance_options import MULTICLASS_RULES
from trainables.options import OptionsError
from trainables.training import load_checkpoint, save_checkpoint

from .trials import make_context, run

LOSSES = (
    "cross_entropy",
    "pairwise_hinge",
    "soft_f1",
    "soft_balanced_accuracy",
    "weighted_cross_entropy",
    "focal",
    "logit_adjusted",
)
BINARY = {"classes": [3, 8], "proportions": [0.8, 0.2]}
TEN = {"retained": [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.4, 0.3, 0.3, 0.3], "threshold_draws": 50}


def training(folder, seed=1, every_epoch=False, **options):
    context = make_context(folder, seed, test_every_epoch=every_epoch)
    base = {"dataset": "digits", "network": "imbalance_cnn", "padding": "same", "batch_size": 16, "lr": 3e-3}
    return Imbalance({**base, **options}, context)


def numbers(trial, part):
    """How many images of each class a part has."""
    split, indices = trial._images.split(part)
    return np.bincount(split.labels[indices], minlength=len(trial._images.classes))


def test_classes_and_proportions_are_as_asked_for(folder):
    """Oracle: scikit-learn's digits counted; 80/20 of both; train and validation are disjoint and of those classes."""
    trial = training(folder, **BINARY)
    data = trial._images.data
    labels = np.asarray(data.train.labels)
    have = [(labels == 3).sum(), (labels == 8).sum()]
    whole = numbers(trial, "train") + numbers(trial, "val")
    assert whole[0] in (have[0], have[0] - 1)
    assert whole[0] / whole.sum() == pytest.approx(0.8, abs=0.01)
    assert numbers(trial, "val").sum() / whole.sum() == pytest.approx(0.2, abs=0.01)
    assert not set(trial._images.indices["train"]) & set(trial._images.indices["val"])
    chosen = np.concatenate([trial._images.indices["train"], trial._images.indices["val"]])
    assert set(labels[chosen]) == {3, 8}
    assert trial._images.classes == ("3", "8")


def test_the_test_distribution_is_an_option(folder):
    """Oracle: all test images of the two classes, or four of one to one of the other."""
    natural = numbers(training(folder, test_distribution="natural", **BINARY), "test")
    labels = np.asarray(training(folder, **BINARY)._images.data.test.labels)
    assert natural.tolist() == [(labels == 3).sum(), (labels == 8).sum()]
    drawn = numbers(training(folder, **BINARY), "test")
    assert drawn[0] / drawn.sum() == pytest.approx(0.8, abs=0.02)
    assert drawn[0] >= natural[0] - 1


def test_a_total_is_shared_and_all_trials_see_the_same_images(folder):
    """Oracle: by hand; the draw is of the split's seed, not of the trial's."""
    one, other = (training(folder, seed=s, total=100, **BINARY) for s in (1, 2))
    assert (numbers(one, "train") + numbers(one, "val")).tolist() == [80, 20]
    assert all(np.array_equal(one._images.indices[p], other._images.indices[p]) for p in ("train", "val", "test"))
    third = training(folder, split_seed=5, total=100, **BINARY)
    assert not np.array_equal(one._images.indices["train"], third._images.indices["train"])


def test_images_may_be_drawn_with_replacement(folder):
    """Oracle: the asked-for numbers, beyond what there is; images repeat, in test as in training."""
    trial = training(folder, replacement=True, total=1000, **BINARY)
    assert (numbers(trial, "train") + numbers(trial, "val")).tolist() == [800, 200]
    for part in ("train", "val", "test"):
        indices = trial._images.indices[part]
        assert len(np.unique(indices)) < len(indices)
    natural = training(folder, replacement=True, total=1000, test_distribution="natural", **BINARY)
    once = natural._images.indices["test"]
    assert len(np.unique(once)) == len(once)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("selection", [BINARY, TEN], ids=["binary", "ten"])
def test_every_loss_learns_two_and_ten_classes(folder, loss, selection):
    """Oracle: balanced accuracy, on images not trained on, well above chance; the loss falls."""
    results = run(training(folder, loss=loss, **selection), 10 if selection is TEN else 5)
    assert results[-1]["val/balanced_accuracy"] > (0.75 if selection is BINARY else 0.2)  # chance: 0.5, 0.1
    assert results[-1]["train/loss"] < results[0]["train/loss"]


@pytest.mark.parametrize("selection", [BINARY, TEN], ids=["binary", "ten"])
def test_metrics_are_those_of_the_arrays(folder, selection):
    """Oracle: scikit-learn on the scores and predictions that are kept; the tuned rule is the best on validation."""
    trial = training(folder, every_epoch=True, **selection)
    result = run(trial, 3)[-1]
    arrays = trial.arrays()
    labels, scores = arrays["labels"], arrays["probabilities"]
    k = 2 if selection is BINARY else 10
    rules = ("default", "threshold") if k == 2 else MULTICLASS_RULES
    for rule in rules:
        predicted = arrays[f"predictions_{rule}"]
        assert result[f"val/accuracy/{rule}"] == pytest.approx(sklearn_metrics.accuracy_score(labels, predicted))
        balanced = sklearn_metrics.balanced_accuracy_score(labels, predicted)
        assert result[f"val/balanced_accuracy/{rule}"] == pytest.approx(balanced)
        f1 = sklearn_metrics.f1_score(labels, predicted, average="macro")
        assert result[f"val/macro_f1/{rule}"] == pytest.approx(f1)
        confusion = sklearn_metrics.confusion_matrix(labels, predicted, labels=range(k))
        assert np.array_equal(arrays[f"confusion_matrix_{rule}"], confusion)
    assert (
        result["val/accuracy"] == result["val/accuracy/default"] == pytest.approx((scores.argmax(1) == labels).mean())
    )
    area = sklearn_metrics.roc_auc_score(np.eye(k)[labels], scores, average="macro")
    assert result["val/roc_auc"] == pytest.approx(area, abs=1e-5)
    assert np.array_equal(arrays["train_class_counts"], numbers(trial, "train"))
    best = max(rules[1:], key=lambda rule: result[f"val/accuracy/{rule}"])
    for split in ("val", "test"):
        assert result[f"{split}/accuracy/tuned"] == result[f"{split}/accuracy/{best}"]
    if k == 2:
        assert result["val/threshold/threshold"] == arrays["thresholds_threshold"][0]
        assert ((scores[:, 1] > result["val/threshold/threshold"]) == arrays["predictions_threshold"]).all()
    else:
        for rule in ("absolute", "relative"):
            kept = [result[f"val/threshold/{rule}/{label}"] for label in range(k)]
            assert kept == arrays[f"thresholds_{rule}"].tolist()
            assert sum(kept) == pytest.approx(1)
    assert arrays["classes"].tolist() == list(trial._images.classes)


def test_the_default_is_no_tuned_rule(folder):
    """Oracle: a single random set of thresholds, which is worse than none, is all that was tuned."""
    result = run(training(folder, **TEN | {"rules": ["absolute"], "threshold_draws": 1}), 6)[-1]
    assert result["val/accuracy/tuned"] == result["val/accuracy/absolute"] < result["val/accuracy/default"]
    alone = run(training(folder, **BINARY, rules=["default"]), 1)[-1]
    assert "val/accuracy/tuned" not in alone


def test_test_is_opened_when_asked_with_rules_of_the_validation_images(folder):
    """Oracle: the metrics that the last epoch gave; no test metric before, no threshold of test."""
    quiet, open_ = (training(folder, every_epoch=every, **BINARY) for every in (False, True))
    silent, told = run(quiet, 2)[-1], run(open_, 2)[-1]
    assert not [key for key in silent if key.startswith("test/")]
    tests = {key: value for key, value in told.items() if key.startswith("test/")}
    assert quiet.test() == tests
    assert {key.removeprefix("test/") for key in tests} == {
        key.removeprefix("val/") for key in silent if key.startswith("val/") and "threshold/" not in key
    } | {"accuracy/threshold", "balanced_accuracy/threshold", "macro_f1/threshold"}


def test_losses_are_means_over_batches(folder):
    """Oracle: the loss of each batch of 16 validation images in order, weighted by its size."""
    from trainables.losses.soft_f1 import soft_f1

    trial = training(folder, loss="soft_f1", **BINARY)
    result = run(trial, 1)[-1]
    scores = trial._validation_scores()
    labels = scores.labels
    parts = zip(scores.logits.split(16), labels.split(16), strict=True)
    assert result["val/loss"] == pytest.approx(sum(soft_f1(z, y).item() for z, y in parts) / len(labels), rel=1e-5)


def test_class_counts_are_those_of_the_training_images(folder):
    """Oracle: weighted cross entropy of the validation images by the counted training images."""
    trial = training(folder, loss="weighted_cross_entropy", **BINARY)
    result = run(trial, 1)[-1]
    scores = trial._validation_scores()
    n = numbers(trial, "train")
    weights = torch.tensor(n.sum() / (2 * n), dtype=torch.float32)
    labels = scores.labels
    own = torch.nn.functional.cross_entropy(scores.logits, labels, weight=weights, reduction="sum")
    assert result["val/loss"] == pytest.approx(own.item() / len(labels), rel=1e-5)


@pytest.mark.parametrize("selection", [BINARY, TEN], ids=["binary", "ten"])
def test_a_checkpoint_continues_to_the_last_digit(folder, tmp_path, selection):
    """Oracle: the uninterrupted run."""
    options = {**selection, "loss": "soft_f1"}
    whole = run(training(folder, **options), 3)
    first = training(folder, **options)
    start = run(first, 1)
    save_checkpoint(first, tmp_path / "c.pt", done=1)
    torch.manual_seed(7)
    second = training(folder, **options)
    done = load_checkpoint(second, tmp_path / "c.pt")
    assert start + run(second, 3, done) == whole
    first.load_state_dict(second.state_dict())
    assert first.test() == second.test()


@pytest.mark.parametrize("selection", [BINARY, TEN], ids=["binary", "ten"])
def test_the_exported_module_predicts_the_recorded_accuracy(folder, selection):
    """Oracle: val/accuracy as the epoch reported it, from raw pixels, through torch.export."""
    trial = training(folder, **selection)
    result = run(trial, 2)[-1]
    exported = trial.export()
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(exported.module, (exported.example,), dynamic_shapes=shapes).module()
    split, indices = trial._images.split("val")
    predicted = program(torch.from_numpy(split.images[indices])).argmax(1).numpy()
    assert (predicted == split.labels[indices]).mean() == pytest.approx(result["val/accuracy"], abs=1e-9)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"classes": ["3", "13"], "proportions": [0.5, 0.5]}, DataError, "classes must be of the data set"),
        ({**BINARY, "total": 5000}, DataError, "total=5000 needs 4000 images of 3"),
        ({**BINARY, "total": 4}, DataError, "no validation sample of class 1"),
        ({"classes": [3, 8], "retained": [1.0, 0.001]}, DataError, "leaves none of 8"),
        ({"split": "tops_trousers_90_10"}, DataError, "classes must be of the data set"),
        (
            {**BINARY, "padding": "valid"},
            DataError,
            "imbalance_cnn does not fit digits: image_size must be at least 22",
        ),
        ({"classes": [3, 8], "proportions": [0.8, 0.3]}, OptionsError, "must add up to 1"),
    ],
)
def test_mistakes_are_told_before_training(folder, options, error, words):
    """Oracle: `prepare`, which runs once before the trials, raises what they would."""
    context = make_context(folder)
    config = {"dataset": "digits", "padding": "same", **options}
    with pytest.raises(error, match=words):
        Imbalance.prepare(config, context)
    assert len(Imbalance.prepare({"dataset": "digits", "padding": "same", **BINARY}, context)) == 64
