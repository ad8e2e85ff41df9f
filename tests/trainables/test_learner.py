"""The learner against training loops written out with torch.optim, and against itself without interruption."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from torch import nn

from trainables.data.batches import Batches
from trainables.data.prepared import Split
from trainables.learner import Descent, Learner
from trainables.models.embedding_model import Output
from trainables.training import TrialContext, snapshot

N_IMAGES, BATCH_SIZE = 22, 5  # the last batch holds two
MEAN, STD = 100.0, 64.0  # exact in float32, as is the division: the oracles need no tolerance


class Network(nn.Module):
    """What draws random numbers (dropout) and what remembers more than weights (batch normalisation)."""

    def __init__(self, n_features: int = 6) -> None:
        super().__init__()
        self.body = nn.Linear(16, n_features)
        self.norm = nn.BatchNorm1d(n_features)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(n_features, 3)

    def forward(self, images):
        embeddings = self.dropout(self.norm(self.body(images.flatten(1))))
        return Output(embeddings, self.head(embeddings))


def split() -> Split:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (N_IMAGES, 1, 4, 4), dtype=np.uint8)
    return Split(images, generator.integers(0, 3, N_IMAGES))


def batches(generator: torch.Generator | None = None) -> Batches:
    return Batches(split(), batch_size=BATCH_SIZE, device="cpu", mean=[MEAN], std=[STD], generator=generator)


def context(folder, **options) -> TrialContext:
    return TrialContext(**{"seed": 3, "data_dir": folder, "cache_dir": folder, **options})


def descent(**options) -> Descent:
    return Descent(**{"optimizer": "adam", "lr": 0.01, **options})


def summed(output: Output, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(output.logits, labels, reduction="sum")


def weights(learner: Learner) -> dict[str, list]:
    """All of the model's state as plain numbers."""
    return {name: tensor.tolist() for name, tensor in learner.model.state_dict().items()}


ORACLES = {
    "adam": (
        descent(optimizer="adam", weight_decay=0.02),
        lambda parameters: torch.optim.Adam(parameters, lr=0.01, weight_decay=0.02, fused=True),
        (0.01, 0.01, 0.01),
    ),
    "adamw, by steps": (
        descent(optimizer="adamw", weight_decay=0.02, schedule="step", length=1),
        lambda parameters: torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.02, fused=True),
        (0.01, 0.01 * 0.1, 0.01 * 0.1**2),
    ),
    "sgd, along a cosine": (
        descent(optimizer="sgd", momentum=0.8, schedule="cosine", length=2),
        lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.8, fused=True),
        (0.01, 0.01 * (0.01 + 0.99 * 0.5), 0.01 * 0.01),
    ),
}


@pytest.mark.parametrize(("options", "optimizer", "rates"), ORACLES.values(), ids=ORACLES)
def test_three_epochs_equal_a_plain_loop(tmp_path, options, optimizer, rates):
    """Oracle: torch.optim, the seed set once, pixels normalised image by image, the loss as a Python sum."""
    learner = Learner(Network, options, context(tmp_path))
    found = [learner.train(batches(), summed) for _ in rates]

    torch.manual_seed(3)
    model = Network()
    oracle = optimizer(model.parameters())
    pixels, labels = split().images, torch.from_numpy(split().labels)
    expected = []
    for rate in rates:
        oracle.param_groups[0]["lr"] = rate
        model.train()
        total = 0.0
        for start in range(0, N_IMAGES, BATCH_SIZE):
            rows = range(start, min(start + BATCH_SIZE, N_IMAGES))
            images = torch.stack([(torch.from_numpy(pixels[row]).float() - MEAN) / STD for row in rows])
            loss = summed(model(images), labels[rows[0] : rows[-1] + 1])
            oracle.zero_grad()
            loss.backward()
            oracle.step()
            total += loss.item()
        expected.append(total / N_IMAGES)

    assert found == pytest.approx(expected, rel=1e-12)  # sums in another order
    assert learner.epoch == 3
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(learner.model.state_dict()[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize("interrupted_after", [0, 1, 2])
def test_an_interrupted_training_equals_an_uninterrupted_one(tmp_path, interrupted_after):
    """Oracle: the uninterrupted one, to the last digit: order, dropout, slots, schedule and running statistics."""
    options = descent(schedule="cosine", length=4)
    whole = Learner(Network, options, context(tmp_path))
    order = batches(whole.randomness.order)
    losses = [whole.train(order, summed) for _ in range(4)]

    first = Learner(Network, options, context(tmp_path))
    order = batches(first.randomness.order)
    found = [first.train(order, summed) for _ in range(interrupted_after)]
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = Learner(Network, options, context(tmp_path, seed=99))
    second.load_state_dict(torch.load(file, weights_only=True))
    order = batches(second.randomness.order)
    found += [second.train(order, summed) for _ in range(4 - interrupted_after)]

    assert found == losses
    assert weights(second) == weights(whole)


def test_another_seed_is_another_training(tmp_path):
    """So that the test before cannot pass by everything being the same."""
    first, second = (Learner(Network, descent(), context(tmp_path, seed=seed)) for seed in (3, 99))
    assert weights(first) != weights(second)
    assert first.train(batches(first.randomness.order), summed) != second.train(
        batches(second.randomness.order), summed
    )


def test_nothing_outside_sees_it_and_it_sees_nothing_outside(tmp_path):
    """Oracles: torch's global stream as if there were no learner; the learner's losses as if nothing else drew."""
    alone = Learner(Network, descent(), context(tmp_path))
    expected = [alone.train(batches(alone.randomness.order), summed) for _ in range(2)]

    torch.manual_seed(5)
    stream = [torch.rand(2).tolist() for _ in range(5)]
    torch.manual_seed(5)
    drawn, found = [torch.rand(2).tolist()], []
    learner = Learner(Network, descent(), context(tmp_path))
    drawn.append(torch.rand(2).tolist())
    found.append(learner.train(batches(learner.randomness.order), summed))
    drawn.append(torch.rand(2).tolist())
    learner.features(batches())
    drawn.append(torch.rand(2).tolist())
    learner.load_state_dict(learner.state_dict())
    drawn.append(torch.rand(2).tolist())
    found.append(learner.train(batches(learner.randomness.order), summed))

    assert drawn == stream
    assert found == expected


def test_a_state_is_nobody_elses(tmp_path):
    """Oracle: the numbers when it was taken; training on, or from it elsewhere, changes neither it nor the other."""
    learner = Learner(Network, descent(), context(tmp_path))
    learner.train(batches(), summed)
    state = snapshot(learner, done=1).state
    kept = weights(learner)
    moments = [moment.tolist() for moment in state["optimizer"]["exp_avgs"]]
    other = Learner(Network, descent(), context(tmp_path, seed=99))
    other.load_state_dict(state)
    for _ in range(2):
        other.train(batches(), summed)
    assert weights(learner) == kept
    learner.train(batches(), summed)
    assert {name: tensor.tolist() for name, tensor in state["model"].items()} == kept
    assert [moment.tolist() for moment in state["optimizer"]["exp_avgs"]] == moments
    assert state["epoch"] == 1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_diverged_loss_is_returned(tmp_path, value):
    """One batch in five is enough; the caller decides what to do of it."""
    values = iter([1.0, 1.0, value, 1.0, 1.0])
    learner = Learner(Network, descent(), context(tmp_path))
    loss = learner.train(batches(), lambda output, labels: summed(output, labels) * next(values))
    assert not math.isfinite(loss)


def test_features_are_those_of_evaluation_mode(tmp_path):
    """Oracle: the modules applied by hand without dropout, running statistics in the normalisation."""
    learner = Learner(Network, descent(), context(tmp_path))
    learner.train(batches(), summed)
    before = weights(learner)
    features = learner.features(batches())
    model = learner.model
    images = (torch.from_numpy(split().images).float() - MEAN) / STD
    with torch.no_grad():
        raw = model.body(images.flatten(1))
        scale = model.norm.weight / (model.norm.running_var + model.norm.eps).sqrt()
        embeddings = (raw - model.norm.running_mean) * scale + model.norm.bias
        logits = embeddings @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(features.embeddings, embeddings)
    torch.testing.assert_close(features.logits, logits)
    assert features.labels.tolist() == split().labels.tolist()
    assert weights(learner) == before  # the running statistics included


def test_training_goes_on_in_training_mode_after_a_measurement(tmp_path):
    """Oracle: the same epochs without a measurement between them."""
    plain, measured = (Learner(Network, descent(), context(tmp_path)) for _ in range(2))
    expected = [plain.train(batches(), summed) for _ in range(2)]
    found = [measured.train(batches(), summed)]
    with measured.evaluating():
        assert not measured.model.training
        assert not measured.model(torch.zeros(2, 1, 4, 4)).embeddings.requires_grad
    found.append(measured.train(batches(), summed))
    assert found == expected


def test_the_trials_threads_are_used(tmp_path):
    before = torch.get_num_threads()
    try:
        Learner(Network, descent(), context(tmp_path, threads=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_state_of_another_model_is_refused(tmp_path):
    """Errors of the docstring: RuntimeError for other shapes, KeyError for what lacks a part."""
    learner = Learner(Network, descent(), context(tmp_path))
    other = Learner(lambda: Network(7), descent(), context(tmp_path))
    with pytest.raises(RuntimeError, match="size mismatch"):
        learner.load_state_dict(other.state_dict())
    with pytest.raises(KeyError, match="randomness"):
        learner.load_state_dict({key: value for key, value in learner.state_dict().items() if key != "randomness"})
