"""Nearest-neighbour rules against scalar loops."""

import math

import pytest
import torch

from trainables.decision_rules.argmax import argmax
from trainables.decision_rules.cosine import cos, cos_ce
from trainables.decision_rules.euclidean import euc, euc_ce
from trainables.decision_rules.scoring import score


def loop_euclidean(e, s):
    return -math.dist(e, s)


def loop_cosine(e, s):
    return sum(a * b for a, b in zip(e, s, strict=True)) / (math.hypot(*e) * math.hypot(*s))


RULES = [(euc, loop_euclidean), (euc_ce, loop_euclidean), (cos, loop_cosine), (cos_ce, loop_cosine)]


@pytest.mark.parametrize(("rule", "loop"), RULES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("max_direct", [0, 1 << 30], ids=["expanded", "direct"])
def test_scores_and_predictions(rule, loop, dtype, tolerance, max_direct, monkeypatch):
    """Oracle: equations (10) and (11) in plain Python, and the first smallest distance as the prediction."""
    monkeypatch.setattr("trainables.distances.MAX_DIRECT", max_direct)
    generator = torch.Generator().manual_seed(1)
    embeddings = torch.randn(20, 6, generator=generator, dtype=dtype)
    reference = torch.randn(4, 6, generator=generator, dtype=dtype)
    expected = torch.tensor(
        [[loop(e, s) for s in reference.tolist()] for e in embeddings.tolist()], dtype=torch.float64
    )
    scores = rule(embeddings, reference)
    assert scores.dtype == dtype
    torch.testing.assert_close(scores.double(), expected, rtol=tolerance, atol=tolerance)
    assert scores.argmax(1).tolist() == expected.argmax(1).tolist()


@pytest.mark.parametrize("max_direct", [0, 1 << 30], ids=["expanded", "direct"])
def test_close_classes_far_from_the_origin_are_told_apart(max_direct, monkeypatch):
    """Oracle: by construction. Expanding the square around the origin loses these distances in float32."""
    monkeypatch.setattr("trainables.distances.MAX_DIRECT", max_direct)
    reference = 1e4 + torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    embeddings = reference + torch.tensor([0.25, 0.25])
    assert euc(embeddings, reference).argmax(1).tolist() == [0, 1, 2]


def test_cosine_and_euclidean_differ_where_they_should():
    """Oracle: by hand. (10, 1) points along (1, 0) but lies nearer to (9, 9)."""
    embeddings, centres = torch.tensor([[10.0, 1.0]]), torch.tensor([[1.0, 0.0], [9.0, 9.0]])
    assert cos(embeddings, centres).argmax(1).item() == 0
    assert euc(embeddings, centres).argmax(1).item() == 1


def test_a_zero_embedding_has_no_direction():
    assert cos(torch.zeros(1, 3), torch.eye(3)).tolist() == [[0, 0, 0]]


def test_argmax_is_the_logits():
    logits = torch.tensor([[0.1, 2.0], [3.0, -1.0]])
    assert argmax(logits) is logits


def test_a_users_rule_gets_what_its_parameters_name():
    def nearest_to_either(embeddings, centres, class_embeddings):
        return torch.maximum(euc(embeddings, centres), euc_ce(embeddings, class_embeddings))

    embeddings = torch.tensor([[0.0], [10.0]])
    tensors = {"embeddings": embeddings, "centres": embeddings, "class_embeddings": embeddings.flip(0)}
    assert score(nearest_to_either, **tensors).tolist() == [[0, 0], [0, 0]]


def test_an_unknown_input_is_named():
    with pytest.raises(ValueError, match="needs temperature, but there is only embeddings"):
        score(lambda embeddings, temperature: embeddings, embeddings=torch.zeros(1, 1))
