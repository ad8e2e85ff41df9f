"""Moving targets on the embedded digits: metrics against scalar loops, determinism, states. Seconds in all."""

import math

import numpy as np
import pytest

from trainables import training as protocols  # pytest would collect the name Testable
from trainables.moving_targets import MovingTargets
from trainables.training import Diverged, epochs

from .trials import embed, make_context, run

LOSSES = {
    "euclidean": {},
    "cosine": {},
    "class_proximity": {"r": 1e3},
    "push_pull": {"r": 0.95},
    "comparison": {},
    "cross_entropy": {},
}
EMBEDDED_RULES = {"euc", "cos", "euc_ce", "cos_ce"}
PURE_RULES = {"euc", "cos", "argmax"}
GEOMETRY = {"cluster_size", "centre_distance", "class_distance", "median_cosine", "reference_distance"}


def config(loss="euclidean", **options):
    base = {"dataset": "digits", "backbone": "mlp", "hidden": 16, "loss": loss, "train_size": 300, "lr": 3e-3}
    base |= LOSSES[loss]
    return base | ({} if loss == "cross_entropy" else {"embedding_dim": 8}) | options


def small_cnn(loss, **options):
    changed = config(loss, **options) | {"backbone": "small_cnn", "width": 4}
    del changed["hidden"]
    return changed


def nearest(embeddings, references, kind):
    """Equations (9) to (11), one pair at a time."""
    result = []
    for embedding in embeddings:
        if kind == "euc":
            distances = [np.linalg.norm(embedding - point) for point in references]
        else:
            norms = [np.linalg.norm(embedding) * np.linalg.norm(point) for point in references]
            distances = [-embedding @ point / norm for point, norm in zip(references, norms, strict=True)]
        result.append(int(np.argmin(distances)))
    return np.array(result)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_reports_the_same_metrics(context, loss):
    """Oracle: the list of keys that the architecture promises; val/accuracy is the default rule's."""
    training = MovingTargets(config(loss), context)
    result = next(epochs(training, last=1))
    rules = PURE_RULES if loss == "cross_entropy" else EMBEDDED_RULES
    expected = {"epoch", "train/loss", "val/loss", "val/accuracy", "time/epoch_s"}
    expected |= {f"val/accuracy/{rule}" for rule in rules} | {f"val/geometry/{name}" for name in GEOMETRY}
    expected |= {"time/train_s", "time/centres_s", "time/eval_s"}
    assert result.keys() == expected
    assert all(type(value) in (int, float) and math.isfinite(value) for value in result.values())
    default = {"cosine": "cos_ce", "cross_entropy": "argmax"}.get(loss, "euc_ce")
    assert result["val/accuracy"] == result[f"val/accuracy/{default}"]
    parts = [result[f"time/{part}_s"] for part in ("train", "centres", "eval")]
    assert sum(parts) <= result["time/epoch_s"]


@pytest.mark.parametrize("loss", ["euclidean", "cosine", "cross_entropy"])
def test_accuracies_by_every_rule(context, loss):
    """Oracle: scalar loops over images and classes; centres are means of training embeddings alone."""
    training = MovingTargets(config(loss), context)
    result = run(training, 2)[-1]
    train, _, train_labels = embed(training, "train")
    embeddings, logits, labels = embed(training, "val")
    centres = np.array([train[train_labels == k].mean(0) for k in range(10)])
    predicted = {"euc": nearest(embeddings, centres, "euc"), "cos": nearest(embeddings, centres, "cos")}
    if loss == "cross_entropy":
        predicted["argmax"] = logits.argmax(1)
    else:
        targets = training._model.class_embeddings.detach().double().numpy()
        predicted |= {f"{kind}_ce": nearest(embeddings, targets, kind) for kind in ("euc", "cos")}
    for rule, prediction in predicted.items():
        assert result[f"val/accuracy/{rule}"] == pytest.approx((prediction == labels).mean(), abs=1e-9), rule


def test_losses_are_means_over_images(context):
    """Oracle: equation (1) image by image; at a vanishing learning rate training sees the weights of evaluation."""
    training = MovingTargets(config(lr=1e-30), context)
    result = run(training, 1)[0]
    targets = training._model.class_embeddings.detach().double().numpy()
    for part in ("train", "val"):
        embeddings, _, labels = embed(training, part)
        losses = [((e - targets[k]) ** 2).sum() for e, k in zip(embeddings, labels, strict=True)]
        assert result[f"{part}/loss"] == pytest.approx(np.mean(losses), rel=1e-5)


def test_geometry_is_that_of_the_validation_split(context):
    """Oracle: section III-B's definitions in numpy; the reference point is the first epoch's global centre."""
    training = MovingTargets(config(), context)
    reference = None
    for result in epochs(training, last=3):
        embeddings, _, labels = embed(training, "val")
        centres = np.array([embeddings[labels == k].mean(0) for k in range(10)])
        reference = centres.mean(0) if reference is None else reference
        sizes = np.linalg.norm(embeddings - centres[labels], axis=1)
        distances = np.linalg.norm(centres - centres.mean(0), axis=1)
        assert result["val/geometry/cluster_size"] == pytest.approx(np.median(sizes), rel=1e-4)
        assert result["val/geometry/centre_distance"] == pytest.approx(distances.mean(), rel=1e-4)
        from_reference = np.linalg.norm(centres - reference, axis=1).mean()
        assert result["val/geometry/reference_distance"] == pytest.approx(from_reference, rel=1e-4)


def test_training_trains_and_measuring_does_not(context):
    """Oracle: batch normalisation counts the batches it saw in training mode: 5 of 64 images, in each epoch alike."""
    training = MovingTargets(small_cnn("cross_entropy"), context)
    counters = [value for name, value in training._model.named_buffers() if name.endswith("num_batches_tracked")]
    for epoch in (1, 2):
        run(training, epoch, epoch - 1)
        training.test()
        assert [int(counter) for counter in counters] == [5 * epoch] * 3


def test_the_digits_are_learned(context):
    """Oracle: chance is 0.1; a nearest-centre classifier on raw pixels has some 0.9."""
    assert run(MovingTargets(config(train_size=None, hidden=64), context), 5)[-1]["val/accuracy"] > 0.9


def test_the_test_split_is_opened_on_request_alone(folder):
    """Oracle: the same names with test/; the named protocol measures what test() does."""
    training = MovingTargets(config(), make_context(folder))
    result = run(training, 1)[0]
    assert not any(key.startswith("test/") for key in result)
    every = MovingTargets(config(), make_context(folder, test_every_epoch=True))
    measured = {key: value for key, value in run(every, 1)[0].items() if key.startswith("test/")}
    assert training.test() == measured
    assert {key.replace("test/", "val/") for key in measured} == {key for key in result if key.startswith("val/")}


def test_the_protocols_are_kept(context):
    training = MovingTargets(config(), context)
    assert isinstance(training, protocols.Testable)
    assert isinstance(training, protocols.Exportable)
    assert isinstance(training, protocols.Inspectable)


def test_a_diverged_epoch_is_divergence(context):
    """Oracle: a rate far beyond stability."""
    with pytest.raises(Diverged, match="train/loss is"):
        run(MovingTargets(config(optimizer="sgd", lr=100.0, momentum=0.0), context), 3)
