"""What every loss of the catalogue promises, however it is computed."""

import pytest
import torch

from trainables import catalog

TENSORS = ("embeddings", "targets", "class_embeddings"), ("logits", "targets"), ("logits", "targets", "class_counts")
OF_A_BATCH = ("pairwise_hinge", "soft_f1", "soft_balanced_accuracy")  # values of a batch, times its size
every_loss = pytest.mark.parametrize("name", catalog.names("losses"))
N, K, D = 9, 4, 6


def call(name, embeddings, targets, class_embeddings):
    """Any catalogued loss, with 0.5 for each hyperparameter that it requires."""
    signature = catalog.signature("losses", name)
    required = {p.name: 0.5 for p in signature.options if p.required}
    loss = catalog.load("losses", name)
    if "logits" in signature.input_names:
        counts = {"class_counts": torch.full((K,), 5)} if "class_counts" in signature.input_names else {}
        return loss(embeddings @ class_embeddings.T, targets, **counts, **required)
    return loss(embeddings, targets, class_embeddings, **required)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(3)
    embeddings = torch.randn(N, D, generator=generator, dtype=torch.float64)
    class_embeddings = torch.randn(K, D, generator=generator, dtype=torch.float64)
    return embeddings, torch.randint(0, K, (N,), generator=generator), class_embeddings


@every_loss
def test_signature_tells_what_it_takes(name):
    signature = catalog.signature("losses", name)
    assert signature.input_names in TENSORS
    assert all(p.annotation in ("float", "bool", "bool | None") for p in signature.options)
    assert catalog.load("losses", name).__doc__


@every_loss
def test_it_grows_with_the_batch(name, batch):
    """Oracle: twice the loss for every sample twice, so that the loss of a split by its size is a mean."""
    embeddings, targets, class_embeddings = batch
    twice = call(name, embeddings.repeat(2, 1), targets.repeat(2), class_embeddings)
    torch.testing.assert_close(twice, 2 * call(name, *batch))


@pytest.mark.parametrize("name", [name for name in catalog.names("losses") if name not in OF_A_BATCH])
def test_it_is_a_sum_over_samples(name, batch):
    """Oracle: the sum of the loss of each sample alone."""
    embeddings, targets, class_embeddings = batch
    alone = [call(name, embeddings[i : i + 1], targets[i : i + 1], class_embeddings) for i in range(N)]
    torch.testing.assert_close(call(name, *batch), torch.stack(alone).sum())


@every_loss
def test_order_of_samples_and_names_of_classes_do_not_matter(name, batch):
    """Oracle: the same loss under a permutation of samples and of classes."""
    embeddings, targets, class_embeddings = batch
    samples, classes = torch.randperm(N), torch.randperm(K)
    renamed = classes.argsort()[targets]  # class_embeddings[classes][renamed] == class_embeddings[targets]
    permuted = call(name, embeddings[samples], renamed[samples], class_embeddings[classes])
    torch.testing.assert_close(permuted, call(name, *batch))


@every_loss
def test_inputs_are_left_alone_and_gradients_reach_them(name, batch):
    embeddings, _, class_embeddings = batch
    before = [tensor.clone() for tensor in batch]
    embeddings.requires_grad_()
    class_embeddings.requires_grad_()
    call(name, *batch).backward()
    assert all(torch.equal(a, b) for a, b in zip(before, batch, strict=True))
    assert embeddings.grad.abs().sum() > 0
    assert class_embeddings.grad.abs().sum() > 0


@every_loss
def test_bfloat16_embeddings_under_autocast(name, batch):
    """Oracle: the float64 value, within bfloat16's three digits; the scalar itself stays float32."""
    embeddings, targets, class_embeddings = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = call(name, embeddings.bfloat16(), targets, class_embeddings.float())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(call(name, *batch).item(), rel=0.03)


@every_loss
def test_a_step_downhill_lowers_it(name, batch):
    """Oracle: the first-order expansion."""
    embeddings, targets, class_embeddings = batch
    embeddings.requires_grad_()
    before = call(name, *batch)
    before.backward()
    after = call(name, (embeddings - 1e-6 * embeddings.grad).detach(), targets, class_embeddings)
    assert after < before
