"""The store against torch.cat."""

import pytest
import torch

from trainables.metrics.embedding_store import EmbeddingStore


def test_batches_are_kept_in_order():
    """Oracle: torch.cat."""
    store = EmbeddingStore(10)
    embeddings, labels = torch.randn(10, 3, requires_grad=True), torch.arange(10)
    for rows, own in zip(embeddings.split(4), labels.split(4), strict=True):
        store.add(embeddings=rows, labels=own)
    assert torch.equal(store["embeddings"], embeddings)
    assert not store["embeddings"].requires_grad
    assert torch.equal(store["labels"], labels)


def test_half_precision_is_kept_as_float32():
    store = EmbeddingStore(2)
    store.add(embeddings=torch.ones(2, 2).bfloat16())
    assert store["embeddings"].dtype == torch.float32


def test_only_what_was_filled_is_shown():
    store = EmbeddingStore(5)
    store.add(labels=torch.arange(2))
    assert store["labels"].tolist() == [0, 1]


def test_misuse():
    store = EmbeddingStore(3)
    store.add(labels=torch.arange(2))
    with pytest.raises(ValueError, match="3 samples were announced, but got 4"):
        store.add(labels=torch.arange(2))
    with pytest.raises(ValueError, match="each batch must have labels, but got logits"):
        store.add(logits=torch.zeros(1, 2))
    with pytest.raises(ValueError, match="one length"):
        store.add(labels=torch.arange(1), logits=torch.zeros(2, 2))
    with pytest.raises(KeyError):
        store["logits"]
