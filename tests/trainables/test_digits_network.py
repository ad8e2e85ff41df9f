"""The digits network on the embedded digits against back-propagation written out in numpy. Seconds in all."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from trainables import training as protocols  # pytest would collect the name Testable
from trainables.data.errors import DataError
from trainables.digits_network import DigitsNetworkTraining
from trainables.training import Diverged, TrialContext, load_checkpoint, save_checkpoint

from .trials import make_context, run

SIZES = {"hidden": 12, "second_hidden": 6}


def make(folder, seed=1, *, test_every_epoch=False, precision="fp32", **options):
    context = make_context(folder, seed, test_every_epoch=test_every_epoch, precision=precision)
    base = {"dataset": "digits", "validation_fraction": 0.2, "train_size": 300, **SIZES}
    return DigitsNetworkTraining(base | options, context)


def weights(training):
    """(W, b) of each layer, W [out, in], in float64."""
    layers = training._learner.model.layers()
    return [tuple(p.detach().double().numpy().copy() for p in (layer.weight, layer.bias)) for layer in layers]


def pixels(training, name):
    """A split's pixels on 0..1, and its labels."""
    data, indices = training._data, training._indices
    split, rows = {
        "train": (data.train, indices.train),
        "val": (data.train, indices.validation),
        "test": (data.test, np.arange(len(data.test))),
    }[name]
    return np.array(split.images[rows], dtype=np.float64).reshape(len(rows), -1) / 255, np.array(split.labels[rows])


def forward(layers, x, slope=0.01):
    """Net input of the first layer, the inputs of every layer, and the probabilities: equations (3), (5) and (7)."""
    net = x @ layers[0][0].T + layers[0][1]
    inputs = [x, np.where(net >= 0, net, slope * net)]
    if len(layers) == 3:
        inputs.append(np.tanh(inputs[1] @ layers[1][0].T + layers[1][1]))
    scores = inputs[-1] @ layers[-1][0].T + layers[-1][1]
    exponents = np.exp(scores - scores.max(1, keepdims=True))
    return net, inputs, exponents / exponents.sum(1, keepdims=True)


def step(layers, x, labels, *, lr, l2=0.0, derivative=0.01, damped=False):
    """One step by equations (9) to (15), their errors averaged over images, and lambda * W of equation (17)."""
    net, inputs, probabilities = forward(layers, x)
    error = probabilities - np.eye(10)[labels]
    if damped:
        error *= probabilities * (1 - probabilities)  # equation (8)
    moved = []
    for position in reversed(range(len(layers))):
        weight, bias = layers[position]
        gradient = error.T @ inputs[position] / len(x) + l2 * weight
        moved.insert(0, (weight - lr * gradient, bias - lr * error.mean(0)))
        error = error @ weight
        if position == 2:
            error *= 1 - inputs[2] ** 2
        elif position == 1:
            error *= np.where(net >= 0, 1, derivative)
    return moved


def agree(ours, theirs):
    for mine, expected in zip(ours, theirs, strict=True):
        for one, other in zip(mine, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("second_hidden", [6, None])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_an_epoch_is_steps_of_full_batch_gradient_descent(folder, second_hidden, l2):
    """Oracle: the paper's back-propagation in numpy; lambda * W on weights alone; a tenth of the rate after two."""
    options = {"passes_per_epoch": 3, "lr_schedule": "step", "lr_epochs": 2}
    training = make(folder, second_hidden=second_hidden, l2=l2, **options)
    layers = weights(training)
    run(training, 3)
    for lr in [0.1] * 6 + [0.01] * 3:
        layers = step(layers, *pixels(training, "train"), lr=lr, l2=l2)
    agree(weights(training), layers)


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"leaky_gradient": "relu"}, {"derivative": 0.0}),
        ({"output_error": "times_derivative"}, {"damped": True}),
    ],
)
def test_other_readings_of_back_propagation(folder, options, changed):
    """Oracle: the same with equation (2) for equation (4), or with equation (8) times equation (9)."""
    training = make(folder, passes_per_epoch=4, **options)
    layers = weights(training)
    run(training, 1)
    for _ in range(4):
        layers = step(layers, *pixels(training, "train"), lr=0.1, **changed)
    agree(weights(training), layers)


def test_mini_batches_come_in_a_new_order_each_pass(folder):
    """Oracle: steps in numpy in the orders that the seed draws, two passes an epoch; the last batch is smaller."""
    training = make(folder, batch_size=64, passes_per_epoch=2)
    layers = weights(training)
    run(training, 2)
    x, labels = pixels(training, "train")
    order_of = torch.Generator().manual_seed(1)
    for _ in range(4):
        order = torch.randperm(300, generator=order_of).numpy()
        for rows in np.split(order, range(64, 300, 64)):
            layers = step(layers, x[rows], labels[rows], lr=0.1)
    agree(weights(training), layers)


def test_how_passes_are_cut_into_epochs_changes_nothing(folder):
    """Oracle: six epochs of one step end where one epoch of six does."""
    one, six = make(folder, passes_per_epoch=1), make(folder, passes_per_epoch=6)
    assert run(one, 6)[-1] == {**run(six, 1)[-1], "epoch": 6}


def test_metrics_of_every_split(folder):
    """Oracle: the definitions in numpy and scikit-learn's recall, by the weights at the epoch's end."""
    training = make(folder, l2=0.1, passes_per_epoch=20, test_every_epoch=True)
    result = run(training, 2)[-1]
    layers = weights(training)
    penalty = 0.1 / 2 * sum((weight**2).sum() for weight, _ in layers)
    assert training.test() == {key: value for key, value in result.items() if key.startswith("test/")}
    for name in ("train", "val", "test"):
        x, labels = pixels(training, name)
        probabilities = forward(layers, x)[2]
        loss = -np.log(probabilities[np.arange(len(x)), labels]).mean()
        predicted = probabilities.argmax(1)
        assert result[f"{name}/loss"] == pytest.approx(loss, rel=1e-4)
        assert result[f"{name}/cost"] == pytest.approx(loss + penalty, rel=1e-4)
        assert result[f"{name}/accuracy"] == pytest.approx((predicted == labels).mean(), abs=1e-9)
        recalls = [result[f"{name}/recall/{digit}"] for digit in range(10)]
        np.testing.assert_allclose(recalls, sklearn_metrics.recall_score(labels, predicted, average=None))


def test_the_test_split_is_opened_on_request_alone(folder):
    training = make(folder)
    result = run(training, 1)[0]
    names = {"loss", "cost", "accuracy", *(f"recall/{digit}" for digit in range(10))}
    assert result.keys() == {"epoch", *(f"{split}/{name}" for split in ("train", "val") for name in names)}
    assert all(type(value) in (int, float) and math.isfinite(value) for value in result.values())
    assert isinstance(training, protocols.Testable)
    assert isinstance(training, protocols.Exportable)
    assert isinstance(training, protocols.Inspectable)


def test_images_that_are_left_over_may_be_the_test_set(folder):
    """Oracle: counting: of 1,437 training images 287 validate, 300 are trained on, no image counts twice."""
    training = make(folder, test_on="rest")
    split, rest = training._split("test")
    used = {*training._indices.train.tolist(), *training._indices.validation.tolist()}
    assert split is training._data.train
    assert len(rest) == 1437 - 287 - 300
    assert used | set(rest.tolist()) == set(range(1437))
    labels = np.array(split.labels[rest])
    images = np.array(split.images[rest], dtype=np.float64).reshape(len(rest), -1) / 255
    predicted = forward(weights(training), images)[2].argmax(1)
    assert training.test()["test/accuracy"] == pytest.approx((predicted == labels).mean(), abs=1e-9)


def test_nothing_left_over_is_an_error_before_the_first_epoch(folder):
    context = make_context(folder)
    options = {"dataset": "digits", "validation_fraction": 0.2, "train_size": 1150, "test_on": "rest"}
    with pytest.raises(DataError, match="train_size=1150 takes all that do not validate"):
        DigitsNetworkTraining.prepare(options, context)


@pytest.mark.parametrize("batch_size", [65536, 64])
def test_a_checkpoint_continues_to_the_last_digit(folder, tmp_path, batch_size):
    """Oracle: the uninterrupted run, a step of the rate included; another seed differs."""
    options = {"batch_size": batch_size, "l2": 0.01, "passes_per_epoch": 2, "lr_schedule": "step", "lr_epochs": 3}
    whole = run(make(folder, **options), 4)
    first = make(folder, **options)
    start = run(first, 2)
    save_checkpoint(first, tmp_path / "c.pt", done=2)
    run(first, 3, 2)  # what was saved must not move with it
    second = make(folder, seed=99, **options)
    done = load_checkpoint(second, tmp_path / "c.pt")
    assert start + run(second, 4, done) == whole
    assert run(make(folder, seed=2, **options), 4) != whole


def test_bfloat16_rounds_what_autocast_would_round(folder):
    """Oracle: mini-batches of all images, which are converted in every pass, on the same weights."""
    kept = make(folder, precision="bf16", passes_per_epoch=5)
    converted = make(folder, precision="bf16", passes_per_epoch=5)
    converted._passes._kept_as = torch.float32
    assert run(kept, 2) == run(converted, 2)


def test_an_exported_program_predicts_the_recorded_accuracy(folder):
    """Oracle: val/accuracy as the epoch reported it, from raw pixels, through torch.export."""
    training = make(folder, leaky_gradient="relu")
    result = run(training, 2)[-1]
    exported = training.export()
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(exported.module, (exported.example,), dynamic_shapes=shapes).module()
    images, rows = training._data.train, training._indices.validation
    predicted = program(torch.from_numpy(images.images[rows])).argmax(1).numpy()
    assert (predicted == images.labels[rows]).mean() == pytest.approx(result["val/accuracy"], abs=1e-9)


def test_arrays_show_what_happens_to_each_digit(folder):
    """Oracle: scikit-learn's confusion matrix and curves on the scores themselves; the accuracy that test() tells."""
    training = make(folder, passes_per_epoch=30)
    run(training, 1)
    arrays = training.arrays()
    labels, scores = arrays["labels"], arrays["scores"].astype(np.float64)
    np.testing.assert_array_equal(
        arrays["confusion_matrix"], sklearn_metrics.confusion_matrix(labels, arrays["predictions_argmax"])
    )
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    for digit in range(10):
        mine, share = labels == digit, shares[:, digit]
        roc = sklearn_metrics.roc_curve(mine, share)[:2]
        np.testing.assert_allclose(arrays[f"roc_{digit}"], roc, atol=1e-6)
        precision_recall = sklearn_metrics.precision_recall_curve(mine, share)[:2]
        np.testing.assert_allclose(arrays[f"precision_recall_{digit}"], precision_recall, atol=1e-6)
    right = arrays["predictions_argmax"] == labels
    assert right.mean() == pytest.approx(training.test()["test/accuracy"], abs=1e-9)
    assert arrays["split"] == "test"
    trained_on = np.asarray(training._data.train.labels)[training._indices.train]
    assert arrays["train_class_counts"].tolist() == [int((trained_on == digit).sum()) for digit in range(10)]


def test_the_digits_are_learned(folder):
    """Oracle: chance is 0.1."""
    options = {"init": "kaiming", "hidden": 200, "second_hidden": 20, "batch_size": 32, "train_size": None}
    assert run(make(folder, **options), 10)[-1]["val/accuracy"] > 0.9


def test_a_diverged_epoch_is_divergence(folder):
    """Oracle: each step multiplies the weights by 1 - 10 * 100."""
    with pytest.raises(Diverged, match="train/loss is"):
        run(make(folder, lr=10.0, l2=100.0, passes_per_epoch=50), 1)


@pytest.mark.data
def test_ten_steps_on_mnist_lower_the_loss(data_dir, tmp_path):
    """Oracle: Kaiming's first outputs are close to uniform, ln 10 = 2.3; steps along the gradient go down."""
    context = TrialContext(seed=1, data_dir=data_dir, cache_dir=tmp_path)
    options = {"dataset": "MNIST", "train_size": 2000, "init": "kaiming", "passes_per_epoch": 5}
    first, second = run(DigitsNetworkTraining(options, context), 2)
    assert second["train/loss"] < first["train/loss"] < math.log(10)
    assert second["train/accuracy"] > 0.3
