"""Few-shot accuracy against a loop that redoes its protocol, and where the answer is known."""

import math

import pytest
import torch

from trainables.decision_rules.cosine import cos
from trainables.metrics.few_shot import few_shot_accuracy


def seeded():
    return torch.Generator().manual_seed(7)


def loop_few_shot(embeddings, labels, shots, episodes, generator):
    """Oracle: the documented protocol in plain Python; only the permutations come from torch."""
    total = 0.0
    for _ in range(episodes):
        support, centres = set(), {}
        for k in sorted(set(labels)):
            members = [i for i, y in enumerate(labels) if y == k]
            drawn = [members[j] for j in torch.randperm(len(members), generator=generator)[:shots].tolist()]
            support |= set(drawn)
            centres[k] = [sum(c) / shots for c in zip(*(embeddings[i] for i in drawn), strict=True)]
        queries = [i for i in range(len(labels)) if i not in support]
        right = sum(min(centres, key=lambda k, e=embeddings[i]: math.dist(e, centres[k])) == labels[i] for i in queries)
        total += right / len(queries)
    return total / episodes


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shots", [1, 3])
def test_protocol(shots, dtype):
    generator = torch.Generator().manual_seed(0)
    labels = torch.tensor([2, 7, 9]).repeat(8)
    embeddings = torch.randn(24, 4, generator=generator, dtype=dtype) + labels[:, None] / 4
    found = few_shot_accuracy(embeddings, labels, shots=shots, generator=seeded(), episodes=10)
    assert found == pytest.approx(loop_few_shot(embeddings.tolist(), labels.tolist(), shots, 10, seeded()))
    assert 0.4 < found < 1


def test_separated_clusters_are_always_right():
    labels = torch.arange(40) % 4
    embeddings = torch.eye(4)[labels] * 100 + torch.randn(40, 4, generator=seeded())
    assert few_shot_accuracy(embeddings, labels, shots=1, generator=seeded()) == 1
    assert few_shot_accuracy(embeddings, labels, shots=5, generator=seeded(), rule=cos) == 1


def test_more_shots_help():
    labels = torch.arange(300) % 3
    embeddings = torch.eye(3)[labels] * 2 + torch.randn(300, 3, generator=seeded())
    one, twenty = (few_shot_accuracy(embeddings, labels, shots=s, generator=seeded()) for s in (1, 20))
    assert twenty > one + 0.05


def test_the_generator_alone_decides():
    labels = torch.arange(30) % 3
    embeddings = torch.randn(30, 2, generator=seeded())
    first, again = (few_shot_accuracy(embeddings, labels, shots=2, generator=seeded()) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("labels", "shots", "episodes", "message"),
    [
        ([0, 0, 0], 1, 1, "at least two classes, but got 1"),
        ([0, 0, 5], 1, 1, "more than 1 samples, but class 5 has 1"),
        ([0, 0, 1, 1], 0, 1, "shots and episodes must be at least 1"),
        ([0, 0, 1, 1], 1, 0, "shots and episodes must be at least 1"),
    ],
)
def test_what_cannot_be_measured(labels, shots, episodes, message):
    embeddings = torch.zeros(len(labels), 2)
    with pytest.raises(ValueError, match=message):
        few_shot_accuracy(embeddings, torch.tensor(labels), shots=shots, generator=seeded(), episodes=episodes)
