"""Every loss of the paper against its equation, summed by a scalar Python loop."""

import math

import pytest
import torch

from trainables.losses.class_proximity import class_proximity
from trainables.losses.comparison import comparison
from trainables.losses.cosine import cosine
from trainables.losses.cross_entropy import cross_entropy
from trainables.losses.euclidean import euclidean
from trainables.losses.push_pull import push_pull

EPS = 1e-6


def loop_distance(u, v):
    return sum((a - b) ** 2 for a, b in zip(u, v, strict=True))


def loop_euclidean(e, own, others, r):
    return loop_distance(e, own)


def loop_cosine(e, own, others, r):
    dot = sum(a * b for a, b in zip(e, own, strict=True))
    return 1 - dot / (math.hypot(*e) * math.hypot(*own))


def loop_class_proximity(e, own, others, r):
    return loop_distance(e, own) + r * sum(1 / (loop_distance(own, k) + EPS) for k in others)


def loop_push_pull(e, own, others, r):
    every = [own, *others]
    mean = [sum(column) / len(every) for column in zip(*every, strict=True)]
    return loop_distance(e, own) - r * loop_distance(e, mean)


def loop_comparison(e, own, others, r):
    a = loop_distance(e, own)
    return sum(a / (a + loop_distance(e, k)) for k in others)


LOSSES = {
    "euclidean": (euclidean, loop_euclidean, None),
    "cosine": (cosine, loop_cosine, None),
    "class_proximity": (class_proximity, loop_class_proximity, 5000.0),
    "push_pull": (push_pull, loop_push_pull, 0.95),
    "comparison": (comparison, loop_comparison, None),
}
every_loss = pytest.mark.parametrize("name", LOSSES)


def call(name, embeddings, targets, class_embeddings):
    loss, _, r = LOSSES[name]
    return loss(embeddings, targets, class_embeddings, **({} if r is None else {"r": r}))


def by_loop(name, embeddings, targets, class_embeddings):
    _, loop, r = LOSSES[name]
    classes = class_embeddings.tolist()
    return sum(
        loop(e, classes[y], classes[:y] + classes[y + 1 :], r)
        for e, y in zip(embeddings.tolist(), targets.tolist(), strict=True)
    )


def batch(n=7, k=4, d=5, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(n, d, generator=generator, dtype=torch.float64)
    class_embeddings = torch.randn(k, d, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, k, (n,), generator=generator)
    return embeddings.to(dtype), targets, class_embeddings.to(dtype)


@every_loss
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("shape", [(7, 4, 5), (1, 2, 1), (3, 2, 17), (64, 10, 33)])
def test_value_equals_the_equation(name, shape, dtype, tolerance):
    """Oracle: the paper's equation in plain Python floats."""
    tensors = batch(*shape, dtype=dtype)
    loss = call(name, *tensors)
    assert loss.shape == ()
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(by_loop(name, *tensors), rel=tolerance, abs=tolerance)


@every_loss
@pytest.mark.parametrize("max_direct", [0, 1 << 30], ids=["expanded", "direct"])
def test_both_ways_to_form_distances_agree_with_the_equation(name, max_direct, monkeypatch):
    """Oracle: the scalar loop, in float32 and far from the origin, where an expanded square would cancel."""
    monkeypatch.setattr("trainables.distances.MAX_DIRECT", max_direct)
    embeddings, targets, class_embeddings = batch(dtype=torch.float32)
    far = 1000.0 if name != "cosine" else 0.0  # an angle does depend on the origin
    tensors = (embeddings + far, targets, class_embeddings + far)
    assert call(name, *tensors).item() == pytest.approx(by_loop(name, *tensors), rel=1e-4)


@every_loss
@pytest.mark.parametrize("max_direct", [0, 1 << 30], ids=["expanded", "direct"])
def test_gradients(name, max_direct, monkeypatch):
    """Oracle: finite differences in float64 (torch's gradcheck), for embeddings and class embeddings at once."""
    monkeypatch.setattr("trainables.distances.MAX_DIRECT", max_direct)
    embeddings, targets, class_embeddings = batch(n=3, k=3, d=2)
    inputs = (embeddings.requires_grad_(), class_embeddings.requires_grad_())
    assert torch.autograd.gradcheck(lambda e, c: call(name, e, targets, c), inputs)


@every_loss
def test_gradients_in_float32_equal_those_of_the_loop(name):
    """Oracle: central differences of the scalar loop over the values that float32 holds."""
    tensors = batch(n=3, k=3, d=2, dtype=torch.float32)
    embeddings, _, class_embeddings = tensors
    embeddings.requires_grad_()
    class_embeddings.requires_grad_()
    call(name, *tensors).backward()
    for which in (0, 2):
        values = tensors[which].detach().double()
        for position in range(values.numel()):
            step = torch.zeros(values.numel(), dtype=torch.float64)
            step[position] = 1e-6
            around = []
            for sign in (1, -1):
                moved = [t.detach() for t in tensors]
                moved[which] = values + sign * step.view_as(values)
                around.append(by_loop(name, *moved))
            slope = (around[0] - around[1]) / 2e-6
            assert tensors[which].grad.flatten()[position].item() == pytest.approx(slope, rel=1e-3, abs=1e-4)


@every_loss
def test_absent_classes_get_no_pull(name):
    """Oracle: the equations; a class without samples appears in them only as one of the others."""
    embeddings, _, class_embeddings = batch(n=2, k=3)
    targets = torch.tensor([0, 0])
    class_embeddings.requires_grad_()
    loss = call(name, embeddings, targets, class_embeddings)
    assert loss.item() == pytest.approx(by_loop(name, embeddings, targets, class_embeddings), rel=1e-12)
    loss.backward()
    assert (class_embeddings.grad[1:] == 0).all() == (name in {"euclidean", "cosine"})


@every_loss
def test_identical_points_give_finite_values_and_gradients(name):
    """Oracle: no paper's value here; the promise is that training goes on."""
    embeddings = torch.ones(4, 3, requires_grad=True)
    class_embeddings = torch.ones(2, 3, requires_grad=True)
    loss = call(name, embeddings, torch.tensor([0, 1, 1, 0]), class_embeddings)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(embeddings.grad).all()
    assert torch.isfinite(class_embeddings.grad).all()
    if name == "class_proximity":
        assert loss.item() == pytest.approx(4 * 5000.0 / EPS)


@every_loss
def test_zero_vectors_give_finite_gradients(name):
    embeddings = torch.zeros(2, 3, requires_grad=True)
    class_embeddings = torch.zeros(2, 3, requires_grad=True)
    loss = call(name, embeddings, torch.tensor([0, 1]), class_embeddings)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(embeddings.grad).all()
    assert torch.isfinite(class_embeddings.grad).all()
    if name == "cosine":
        assert loss.item() == 2  # no direction: similarity 0


def test_values_by_hand():
    """Oracle: worked on paper for e = (3, 4), its class (0, 0), the other class (6, 8)."""
    tensors = (torch.tensor([[3.0, 4.0]]), torch.tensor([0]), torch.tensor([[0.0, 0.0], [6.0, 8.0]]))
    assert euclidean(*tensors).item() == 25
    assert class_proximity(*tensors, r=1000).item() == pytest.approx(25 + 1000 / 100, rel=1e-6)
    assert push_pull(*tensors, r=0.95).item() == 25  # e is the mean class embedding
    assert comparison(*tensors).item() == 0.5
    opposite = (torch.tensor([[3.0, 4.0]]), torch.tensor([0]), torch.tensor([[-6.0, -8.0]]))
    assert cosine(*opposite).item() == pytest.approx(2)


def test_push_pull_falls_without_bound():
    """Oracle: with r = 2 and far embeddings the push outweighs the pull."""
    class_embeddings = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    losses = [
        push_pull(torch.tensor([[x, 0.0]]), torch.tensor([0]), class_embeddings, r=2).item() for x in (1e1, 1e3, 1e5)
    ]
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < -9e9


def test_cosine_ignores_lengths():
    embeddings, targets, class_embeddings = batch()
    scaled = cosine(embeddings * 7, targets, class_embeddings * 0.01)
    assert scaled.item() == pytest.approx(cosine(embeddings, targets, class_embeddings).item())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_cross_entropy(dtype, tolerance):
    """Oracle: -log softmax in plain Python, and finite differences for the gradient."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 4, generator=generator, dtype=dtype) * 5
    targets = torch.randint(0, 4, (6,), generator=generator)
    expected = sum(
        math.log(sum(math.exp(z) for z in row)) - row[y]
        for row, y in zip(logits.tolist(), targets.tolist(), strict=True)
    )
    assert cross_entropy(logits, targets).item() == pytest.approx(expected, rel=tolerance)
    doubled = logits.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: cross_entropy(z, targets), (doubled,))


def test_cross_entropy_of_huge_logits_is_finite():
    """Oracle: by hand, log(1 + exp(-2e4)) + 2e4 = 2e4; exp alone would overflow."""
    assert cross_entropy(torch.tensor([[1e4, -1e4]]), torch.tensor([1])).item() == 2e4


@every_loss
def test_shapes_are_checked(name):
    embeddings, targets, class_embeddings = batch()
    with pytest.raises(ValueError, match="same dimension, but got 5 and 3"):
        call(name, embeddings, targets, class_embeddings[:, :3])
    with pytest.raises(ValueError, match="must be 7 integer labels"):
        call(name, embeddings, targets[:3], class_embeddings)
    with pytest.raises(ValueError, match="must be 7 integer labels"):
        call(name, embeddings, targets.double(), class_embeddings)
    with pytest.raises(ValueError, match="must be matrices"):
        call(name, embeddings[0], targets, class_embeddings)
    with pytest.raises((IndexError, RuntimeError), match="out of"):
        call(name, embeddings, targets + 4, class_embeddings)


@pytest.mark.parametrize("name", ["class_proximity", "push_pull", "comparison"])
def test_one_class_is_refused_where_others_are_needed(name):
    embeddings, targets, class_embeddings = batch()
    with pytest.raises(ValueError, match="at least 2 classes are needed, but got 1"):
        call(name, embeddings, targets * 0, class_embeddings[:1])


@pytest.mark.parametrize("r", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("loss", [class_proximity, push_pull])
def test_weights_are_checked(loss, r):
    with pytest.raises(ValueError, match="r must be finite and at least 0"):
        loss(*batch(), r=r)


def test_eps_is_checked():
    with pytest.raises(ValueError, match="eps must be above 0, but got 0"):
        class_proximity(*batch(), r=1, eps=0)


def test_logits_are_checked():
    with pytest.raises(ValueError, match="logits must be a matrix"):
        cross_entropy(torch.zeros(3), torch.zeros(3, dtype=torch.int64))
    with pytest.raises(ValueError, match="must be 3 integer labels"):
        cross_entropy(torch.zeros(3, 2), torch.zeros(4, dtype=torch.int64))
