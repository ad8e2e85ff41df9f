"""Several passes against as many iterations."""

import numpy as np
import pytest
import torch

from trainables.data.batches import Batches
from trainables.data.passes import Passes
from trainables.data.prepared import Split


def batches(batch_size, *, seed=None):
    images = np.random.default_rng(0).integers(0, 256, (10, 1, 2, 2), dtype=np.uint8)
    return Batches(
        Split(images, np.arange(10)),
        batch_size=batch_size,
        device="cpu",
        mean=(0.0,),
        std=(255.0,),
        generator=None if seed is None else torch.Generator().manual_seed(seed),
    )


def flat(iterable):
    pairs = list(iterable)
    return [label for _, labels in pairs for label in labels.tolist()], torch.cat([images for images, _ in pairs])


@pytest.mark.parametrize("batch_size", [10, 4])
def test_the_same_images_n_times(batch_size):
    """Oracle: three iterations over the batches themselves; a second use yields the same."""
    expected = flat([*batches(batch_size), *batches(batch_size), *batches(batch_size)])
    passes = Passes(batches(batch_size), 3, varies=False)
    assert passes.n_images == 30
    for _ in range(2):
        labels, images = flat(passes)
        assert labels == expected[0]
        assert torch.equal(images, expected[1])


def test_one_whole_batch_is_converted_once():
    passes = Passes(batches(10), 4, varies=False)
    assert len({id(images) for images, _ in [*passes, *passes]}) == 1


def test_an_order_that_varies_is_drawn_for_every_pass():
    """Oracle: the generator's own permutations."""
    generator = torch.Generator().manual_seed(5)
    expected = [label for _ in range(3) for label in torch.randperm(10, generator=generator).tolist()]
    assert flat(Passes(batches(10, seed=5), 3, varies=True))[0] == expected


def test_kept_images_are_rounded():
    ((images, _),) = Passes(batches(10), 1, varies=False, kept_as=torch.bfloat16)
    ((whole, _),) = batches(10)
    assert torch.equal(images, whole.bfloat16())


def test_no_pass_is_an_error():
    with pytest.raises(ValueError, match="n must be at least 1, but got 0"):
        Passes(batches(10), 0, varies=False)
