"""The linear classifier on the embedded digits against gradient descent written out in numpy. Seconds in all."""

import math

import numpy as np
import pytest
import torch

from trainables import training as protocols  # pytest would collect the name Testable
from trainables.linear_classifier import LinearClassifier
from trainables.linear_classifier_data import moments
from trainables.training import Diverged, TrialContext, load_checkpoint, save_checkpoint

from .trials import make_context, run

LOSSES = ("cross_entropy", "multiple_binary_cross_entropy")


def make(folder, seed=1, *, test_every_epoch=False, **options):
    context = make_context(folder, seed, test_every_epoch=test_every_epoch)
    base = {"dataset": "digits", "lr": 0.05, "batch_size": 32, "validation_fraction": 0.2, "train_size": 300}
    return LinearClassifier(base | options, context)


def weights(training):
    model = training._learner.model
    return model.weight.detach().double().numpy().copy(), model.bias.detach().double().numpy().copy()


def pixels(training, name):
    """A split's images, standardised pixel by pixel over the training images, and its labels."""
    data, indices = training._images.data, training._images.indices
    train = np.array(data.train.images[indices.train], dtype=np.float64).reshape(len(indices.train), -1)
    split, rows = {
        "train": (data.train, indices.train),
        "val": (data.train, indices.validation),
        "test": (data.test, np.arange(len(data.test))),
    }[name]
    images = np.array(split.images[rows], dtype=np.float64).reshape(len(rows), -1)
    varies = train.std(0) > 0
    return (images - train.mean(0))[:, varies] / train.std(0)[varies], np.array(split.labels[rows]), varies


def probabilities(scores, loss):
    if loss == "multiple_binary_cross_entropy":
        return 1 / (1 + np.exp(-scores))
    exponents = np.exp(scores - scores.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


def descend(training, name, start, *, loss, l2, rates, batch_size=32, seed=1):
    """Mini-batch gradient descent by the gradients that the paper derives, in the order that the seed draws."""
    x, labels, varies = pixels(training, name)
    weight, bias = start[0][:, varies].copy(), start[1].copy()
    rest = start[0][:, ~varies].copy()  # moved by the penalty alone
    order_of = torch.Generator().manual_seed(seed)
    for rate in rates:
        order = torch.randperm(len(x), generator=order_of).numpy()
        for begin in range(0, len(x), batch_size):
            rows = order[begin : begin + batch_size]
            error = probabilities(x[rows] @ weight.T + bias, loss) - np.eye(10)[labels[rows]]
            if loss == "multiple_binary_cross_entropy":
                error /= 10
            weight -= rate * (error.T @ x[rows] / len(rows) + 2 * l2 * weight)
            rest -= rate * 2 * l2 * rest
            bias -= rate * error.mean(0)
    whole = np.empty_like(start[0])
    whole[:, varies], whole[:, ~varies] = weight, rest
    return whole, bias


@pytest.mark.parametrize("loss", LOSSES)
def test_training_is_gradient_descent_on_the_cost(folder, loss):
    """Oracle: the paper's gradients in numpy; 2*lambda*W on weights alone; a tenth of the rate after two epochs."""
    training = make(folder, loss=loss, l2=0.01, lr_schedule="step", lr_epochs=2)
    before = weights(training)
    run(training, 3)
    expected = descend(training, "train", before, loss=loss, l2=0.01, rates=[0.05, 0.05, 0.005])
    for ours, theirs in zip(weights(training), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_cost_and_accuracy_of_every_split(folder, loss):
    """Oracle: the definitions over all images at the weights of the epoch's end, in numpy."""
    training = make(folder, loss=loss, l2=0.1, test_every_epoch=True)
    result = run(training, 2)[-1]
    weight, bias = weights(training)
    assert training.test() == {key: value for key, value in result.items() if key.startswith("test/")}
    for name in ("train", "val", "test"):
        x, labels, varies = pixels(training, name)
        p = probabilities(x @ weight[:, varies].T + bias, loss)
        own = p[np.arange(len(p)), labels]
        value = -np.log(own).mean()
        if loss == "multiple_binary_cross_entropy":
            others = np.where(np.eye(10)[labels] == 1, 0, np.log1p(-p)).sum(1)
            value = -(np.log(own) + others).mean() / 10
        assert result[f"{name}/loss"] == pytest.approx(value, rel=1e-4)
        assert result[f"{name}/cost"] == pytest.approx(value + 0.1 * (weight**2).sum(), rel=1e-4)
        assert result[f"{name}/accuracy"] == pytest.approx((p.argmax(1) == labels).mean(), abs=1e-9)


def test_the_test_split_is_opened_on_request_alone(folder):
    training = make(folder)
    result = run(training, 1)[0]
    assert result.keys() == {"epoch", *(f"{s}/{m}" for s in ("train", "val") for m in ("loss", "cost", "accuracy"))}
    assert all(type(value) in (int, float) and math.isfinite(value) for value in result.values())
    assert isinstance(training, protocols.Testable)
    assert isinstance(training, protocols.Exportable)
    assert isinstance(training, protocols.Inspectable)


def test_the_training_images_need_not_be_measured(folder):
    """Oracle: at a vanishing rate the steps' mean cost is the measured one; all else is as it was."""
    measured = run(make(folder, lr=1e-30, l2=0.1), 1)[0]
    not_measured = run(make(folder, lr=1e-30, l2=0.1, measure_train=False), 1)[0]
    assert not_measured.pop("train/cost") == pytest.approx(measured["train/cost"], rel=1e-5)
    assert not_measured == {key: value for key, value in measured.items() if not key.startswith("train/")}


@pytest.mark.parametrize("standardisation", ["pixel", "channel"])
def test_moments(standardisation):
    """Oracle: numpy's mean and std over the chosen images, of each pixel or of a whole channel."""
    images = np.random.default_rng(0).integers(0, 256, (2500, 3, 4, 5), dtype=np.uint8)
    chosen = np.arange(1, 2500, 2)
    axes = 0 if standardisation == "pixel" else (0, 2, 3)
    kept = images[chosen].astype(float)
    for ours, theirs in zip(
        moments(images, chosen, per_channel=standardisation == "channel"),
        (kept.mean(axes, keepdims=True), kept.std(axes, keepdims=True)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, np.broadcast_to(theirs, (1, 3, 4, 5))[0], rtol=1e-12)


def test_training_images_are_mirrored_and_measured_ones_are_not(folder):
    """Oracle: at a vanishing rate only the images differ: the steps' cost changes with flips, the measured does not."""
    plain, flipped = (make(folder, lr=1e-30, flip=flip, init_std=1.0) for flip in (False, True))
    assert run(plain, 1) == run(flipped, 1)
    plain, flipped = (make(folder, lr=1e-30, flip=flip, init_std=1.0, measure_train=False) for flip in (False, True))
    assert run(plain, 1)[0]["train/cost"] != run(flipped, 1)[0]["train/cost"]


def test_mirroring_once_is_of_training_images_alone(folder):
    """Oracle: numpy: each training image as it was or mirrored, about half of each; validation images as they were."""
    training = make(folder, flip="once", train_size=None)
    images, kept = training._images.train.images, training._images.data.train.images
    train, validation = training._images.indices.train, training._images.indices.validation
    as_it_was, mirrored = ((images[train] == side).all((1, 2, 3)) for side in (kept[train], kept[train][..., ::-1]))
    assert (as_it_was | mirrored).all()
    assert 0.4 < as_it_was.mean() < 0.6
    assert np.array_equal(images[validation], kept[validation])
    assert make(folder, seed=9, flip="once", train_size=None)._images.train is training._images.train


@pytest.mark.parametrize("loss", LOSSES)
def test_a_refitted_copy_has_seen_what_it_is_measured_on(folder, loss):
    """Oracle: gradient descent in numpy goes on from the same weights on the validation or test images."""
    training = make(folder, loss=loss, l2=0.01, refit_after=3, test_every_epoch=True)
    results = run(training, 3)
    assert not any("refitted" in key for result in results[:2] for key in result)
    for name in ("val", "test"):
        weight, bias = descend(training, name, weights(training), loss=loss, l2=0.01, rates=[0.05] * 3)
        x, labels, varies = pixels(training, name)
        expected = ((x @ weight[:, varies].T + bias).argmax(1) == labels).mean()
        assert results[2][f"{name}/accuracy/refitted"] == pytest.approx(expected, abs=1e-9)


def test_refitting_leaves_the_training_alone(folder):
    """Oracle: the run without it."""
    plain, refitting = make(folder, flip=True), make(folder, flip=True, refit_after=1)
    kept = [{k: v for k, v in result.items() if "refitted" not in k} for result in run(refitting, 3)]
    assert kept == run(plain, 3)


def test_a_checkpoint_continues_to_the_last_digit(folder, tmp_path):
    """Oracle: the uninterrupted run, flips and a step of the rate included; another seed differs."""
    options = {"flip": True, "l2": 0.01, "lr_schedule": "step", "lr_epochs": 3}
    whole = run(make(folder, **options), 4)
    first = make(folder, **options)
    start = run(first, 2)
    save_checkpoint(first, tmp_path / "c.pt", done=2)
    run(first, 3, 2)  # what was saved must not move with it
    second = make(folder, seed=99, **options)
    done = load_checkpoint(second, tmp_path / "c.pt")
    assert start + run(second, 4, done) == whole
    assert run(make(folder, seed=2, **options), 4) != whole


def test_an_exported_program_predicts_the_recorded_accuracy(folder):
    """Oracle: val/accuracy as the epoch reported it, from raw pixels, through torch.export."""
    training = make(folder)
    result = run(training, 3)[-1]
    exported = training.export()
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(exported.module, (exported.example,), dynamic_shapes=shapes).module()
    images, rows = training._images.data.train, training._images.indices.validation
    predicted = program(torch.from_numpy(images.images[rows])).argmax(1).numpy()
    assert (predicted == images.labels[rows]).mean() == pytest.approx(result["val/accuracy"], abs=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_arrays_show_templates_and_the_test_images(folder, loss):
    """Oracle: the weights themselves; probabilities in numpy; the accuracy that test() tells."""
    training = make(folder, loss=loss)
    run(training, 2)
    arrays = training.arrays()
    x, labels, varies = pixels(training, "test")
    weight, bias = weights(training)
    assert arrays["templates"].shape == (10, 1, 8, 8)
    np.testing.assert_allclose(arrays["templates"].reshape(10, -1), weight)
    p = probabilities(x @ weight[:, varies].T + bias, loss)
    np.testing.assert_allclose(arrays["true_class_probability"], p[np.arange(len(p)), labels], rtol=1e-4)
    right = arrays["predictions_argmax"] == arrays["labels"]
    assert right.mean() == pytest.approx(training.test()["test/accuracy"], abs=1e-9)
    assert arrays["split"] == "test"


def test_the_digits_are_learned(folder):
    """Oracle: chance is 0.1; logistic regression on these has some 0.96."""
    assert run(make(folder, train_size=None), 10)[-1]["val/accuracy"] > 0.9


def test_a_diverged_epoch_is_divergence(folder):
    """Oracle: each step multiplies the weights by 1 - 2 * 100 * 1000."""
    with pytest.raises(Diverged, match="train/loss is"):
        run(make(folder, lr=100.0, l2=1000.0), 2)


@pytest.mark.data
def test_the_first_epoch_on_cifar_is_listing_4s(data_dir, tmp_path):
    """Oracle: Listing 4, line 1: loss 1.8440, accuracy 36.23% (of training images; see the reproduction)."""
    context = TrialContext(seed=1, data_dir=data_dir, cache_dir=tmp_path)
    result = run(LinearClassifier({"dataset": "CIFAR10", "lr": 0.001, "l2": 0.001}, context), 1)[0]
    assert result["train/loss"] == pytest.approx(1.844, abs=0.02)
    assert result["train/accuracy"] == pytest.approx(0.3623, abs=0.01)
