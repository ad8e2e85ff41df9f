"""Dynamic targets on the embedded digits: values against the outputs they come from, states, options. Seconds."""

import math

import numpy as np
import pytest
import torch

from trainables import training as protocols  # pytest would collect the name Testable
from trainables.dynamic_targets import DynamicTargets
from trainables.targets.mean_nudge import mean_nudge
from trainables.targets.observation import Outputs, output_means
from trainables.targets.one_hot import one_hot
from trainables.targets.sigma import sigma_sum
from trainables.targets.sigma_spacing import sigma_spacing
from trainables.training import Diverged, load_checkpoint, save_checkpoint

from .trials import dropout_model, make_context, run

STRATEGIES = {
    "one_hot": {},
    "soft": {},
    "uniform": {},
    "untrained_means": {},
    "remapped_means": {},
    "mean_nudge": {"epsilon": 0.2},
    "remapped_mean_nudge": {"epsilon": 0.2},
}


def make(folder, strategy="mean_nudge", seed=1, *, test_every_epoch=False, **options):
    context = make_context(folder, seed, test_every_epoch=test_every_epoch)
    base = {"dataset": "digits", "backbone": dropout_model(folder), "normalisation": "dataset"}
    return DynamicTargets(base | {"strategy": strategy, "lr": 0.05, "train_size": 320} | options, context)


def outputs(training, part):
    """Logits and labels of a split, straight from the network in evaluation mode."""
    data, indices = training._data, training._indices
    split, rows = {
        "train": (data.train, indices.train),
        "validation": (data.train, indices.validation),
        "test": (data.test, np.arange(len(data.test))),
    }[part]
    mean, std = (np.array(values, dtype=np.float32).reshape(-1, 1, 1) for values in (data.mean, data.std))
    images = torch.from_numpy((np.array(split.images[rows], dtype=np.float32) - mean) / std)
    with torch.no_grad():
        logits = training._learner.model.eval()(images).logits
    return Outputs(logits, torch.from_numpy(np.array(split.labels[rows])))


def targets(result):
    """(class values, non-class values) that an epoch reports."""
    return tuple([result[f"targets/{name}/{k}"] for k in range(10)] for name in ("class_value", "non_class_value"))


def both(values):
    return values.class_values.tolist(), values.non_class_values.tolist()


def approx(pair):
    return tuple(pytest.approx(column, rel=1e-5) for column in pair)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_reports_the_same_metrics(folder, strategy):
    """Oracle: section 4.5's list; val/accuracy is the rule's, winner-takes-all for one-hot and soft alone."""
    training = make(folder, strategy, **STRATEGIES[strategy])
    result = run(training, 1)[0]
    measured = {"loss", "accuracy", "confidence", "sigma_sum"}
    measured |= {f"accuracy/{rule}" for rule in ("winner_takes_all", "nearest_target", "nearest_neuron")}
    separations = [result[f"targets/separation/{k}"] for k in range(10)]
    values = {f"targets/{n}/{k}" for n in ("class_value", "non_class_value", "separation") for k in range(10)}
    values |= {f"targets/separation/{n}" for n in ("mean", "min", "max")}
    assert result.keys() == {"epoch", "train/loss"} | {f"val/{name}" for name in measured} | values
    assert all(type(value) in (int, float) and math.isfinite(value) for value in result.values())
    rule = "winner_takes_all" if strategy in ("one_hot", "soft") else "nearest_target"
    assert result["val/accuracy"] == result[f"val/accuracy/{rule}"]
    assert separations == pytest.approx([abs(c - n) for c, n in zip(*targets(result), strict=True)])
    assert result["targets/separation/max"] == max(separations)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("per", ["class", "neuron"])
def test_the_start_is_taken_from_the_untrained_network(folder, split, per):
    """Oracle: Algorithm 1 on the outputs of a twin that was never trained, in evaluation mode, on the named split."""
    training = make(folder, init_split=split, values_per=per, epsilon=0.03)
    expected = mean_nudge(*output_means(outputs(make(folder), split), per=per), 0.0, epsilon=0.03)
    first, second = run(training, 2)
    assert targets(first) == targets(second) == approx(both(expected))
    vectors = training._target_vectors()
    assert vectors.numpy() == pytest.approx(expected.vectors(per).numpy(), rel=1e-5)


@pytest.mark.parametrize("split", [None, "train", "validation", "test"])
def test_sigma_spacing_follows_each_epoch(folder, split):
    """Oracle: Algorithm 2 on the values before and on sigma_sum of the outputs after each epoch."""
    given = {} if split is None else {"sigma_split": split}
    training = make(folder, adjustment="sigma_spacing", scaling_factor=0.5, **given)
    values, moved = None, 0
    for epoch in range(3):
        result = run(training, epoch + 1, epoch)[0]
        if values is not None:
            assert targets(result) == approx(both(values))
        after = outputs(training, split or "validation")
        spread = sigma_sum(after.probabilities, after.labels)
        assert result["targets/sigma_sum"] == pytest.approx(spread, rel=1e-4)
        before = training._values
        values = sigma_spacing(before, spread, scaling_factor=0.5)
        moved += both(values) != both(before)
    assert moved > 0  # or else nothing was tested


def test_values_can_be_adjusted_before_they_measure(folder):
    """Oracle: the same first epoch measured by values that Algorithm 2 has moved already."""
    options = {"adjustment": "sigma_spacing", "sigma_axes": "neurons"}
    after, before = make(folder, **options), make(folder, adjust="before_measuring", **options)
    first, early = run(after, 1)[0], run(before, 1)[0]
    assert first["train/loss"] == early["train/loss"]
    moved = sigma_spacing(after._values, first["targets/sigma_sum"])
    assert both(moved) != both(after._values)
    assert targets(early) == approx(both(moved))
    assert early["val/loss"] != first["val/loss"]
    assert run(after, 2, 1)[0]["train/loss"] == run(before, 2, 1)[0]["train/loss"]


def test_late_initialisation_starts_from_one_hot(folder):
    """Oracle: a one-hot trial of the same seed, and Algorithm 1 on its outputs after two epochs."""
    late, plain = make(folder, late_epochs=2), make(folder, "one_hot")
    results, expected = run(late, 2), run(plain, 2)
    assert [r["train/loss"] for r in results] == [r["train/loss"] for r in expected]
    assert targets(results[-1]) == both(one_hot(10))
    start = mean_nudge(*output_means(outputs(plain, "train")), 0.0)
    assert targets(run(late, 3, 2)[0]) == approx(both(start))


def test_a_step_is_the_gradient_of_the_loss_by_hand(folder):
    """Oracle: one epoch of SGD with momentum written out, on -sum t log p of soft targets, in one batch."""
    options = {"batch_size": 320, "backbone": "mlp", "hidden": 8, "reduction": "sum", "lr": 1e-3}
    training, twin = make(folder, "soft", **options), make(folder, "soft", **options)
    model = twin._learner.model
    vectors = torch.full((10, 10), 0.2).fill_diagonal_(0.8)
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    for _ in range(2):
        images, labels = next(iter(twin._batches("train", batch_size=320)))
        loss = -(vectors[labels] * model.train()(images).logits.log_softmax(1)).sum()
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for parameter, v, gradient in zip(model.parameters(), velocity, gradients, strict=True):
                v.mul_(0.5).add_(gradient)
                parameter.sub_(1e-3 * v)
    run(training, 2)
    for mine, expected in zip(training._learner.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-4, atol=1e-5)


def test_a_mean_is_a_sum_at_a_smaller_rate(folder):
    """Oracle: the gradients differ by the batch's size alone, 320 = 5 * 64."""
    summed = run(make(folder, "one_hot", reduction="sum", lr=0.05 / 64), 2)
    averaged = run(make(folder, "one_hot", reduction="mean", lr=0.05), 2)
    assert averaged[-1]["train/loss"] == pytest.approx(summed[-1]["train/loss"], rel=1e-4)


def test_one_hot_targets_learn_the_digits(folder):
    """Oracle: chance is 0.1; a nearest-mean classifier on the same pixels has 0.9."""
    options = {"backbone": "mlp", "hidden": 64, "train_size": None}
    result = run(make(folder, "one_hot", **options), 8)[-1]
    assert result["val/accuracy"] > 0.9
    assert result["val/accuracy"] == result["val/accuracy/nearest_target"]


EVERYTHING = {
    "strategy": "mean_nudge",
    "adjustment": "sigma_spacing",
    "sigma_axes": "all",
    "values_per": "neuron",
}


@pytest.mark.parametrize(
    "options", [EVERYTHING, EVERYTHING | {"late_epochs": 3}, {"strategy": "uniform"}, {"strategy": "soft"}], ids=str
)
def test_a_checkpoint_continues_to_the_last_digit(folder, tmp_path, options):
    """Oracle: the uninterrupted run, with dropout, and targets that move."""
    whole = run(make(folder, **options), 5)
    first = make(folder, **options)
    start = run(first, 2)
    save_checkpoint(first, tmp_path / "c.pt", done=2)
    torch.manual_seed(7)
    second = make(folder, **options | {"seed": 1})
    done = load_checkpoint(second, tmp_path / "c.pt")
    assert second.test() == first.test()
    assert start + run(second, 5, done) == whole


def test_seeds(folder):
    """Oracle: the first run, to the last digit; another seed has other targets."""
    first = run(make(folder, "uniform"), 2)
    run(make(folder, "one_hot", seed=9), 1)
    torch.manual_seed(1234)
    assert run(make(folder, "uniform"), 2) == first
    assert targets(run(make(folder, "uniform", seed=2), 1)[0]) != targets(first[0])


def test_the_test_split_is_opened_on_request_alone(folder):
    """Oracle: the same names with test/; the named protocol measures what test() does."""
    training, every = make(folder), make(folder, test_every_epoch=True)
    result = run(training, 1)[0]
    assert not any(key.startswith("test/") for key in result)
    measured = {key: value for key, value in run(every, 1)[0].items() if key.startswith("test/")}
    assert training.test() == measured
    assert {key.replace("test/", "val/") for key in measured} == {key for key in result if key.startswith("val/")}


@pytest.mark.parametrize("rule", ["winner_takes_all", "nearest_target", "nearest_neuron"])
def test_the_exported_model_decides_as_the_trial(folder, rule):
    """Oracle: the recorded accuracy, from raw pixels; the arrays hold the same predictions."""
    training = make(folder, decision_rule=rule)
    result = run(training, 2)[-1]
    exported = training.export()
    split, indices = training._data.train, training._indices.validation
    assert exported.module(exported.example).shape == (2, 10)
    predictions = exported.module(torch.from_numpy(np.array(split.images[indices]))).argmax(1).numpy()
    assert (predictions == split.labels[indices]).mean() == pytest.approx(result["val/accuracy"])
    arrays = training.arrays()
    assert (arrays[f"predictions_{rule}"] == arrays["labels"]).mean() == pytest.approx(result["val/accuracy"])
    assert (arrays["scores"].argmax(1) == predictions).all()
    assert arrays["probabilities"].sum(1) == pytest.approx(np.ones(len(indices)), abs=1e-5)
    assert arrays["target_vectors"].diagonal().tolist() == pytest.approx(targets(result)[0])


def test_the_protocols_are_kept(folder):
    training = make(folder)
    assert isinstance(training, protocols.Testable)
    assert isinstance(training, protocols.Exportable)
    assert isinstance(training, protocols.Inspectable)
    assert training.test()["test/loss"] > 0  # before any epoch too


def test_a_diverged_epoch_is_divergence(folder):
    """Oracle: a rate far beyond stability."""
    with pytest.raises(Diverged, match="train/loss is"):
        run(make(folder, "one_hot", lr=100.0, reduction="sum", normalisation="none", backbone="mlp"), 20)
