"""Batches and augmentation against scalar loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainables.data import batches as batches_module
from trainables.data.augment import Augment, Draws
from trainables.data.batches import Batches
from trainables.data.prepared import Split

MEAN, STD = (100.0, 110.0, 120.0), (50.0, 60.0, 70.0)


def _split(n: int = 50, *, channels: int = 3, size: int = 6) -> Split:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (n, channels, size, size), dtype=np.uint8)
    images.flags.writeable = False  # as the mapped arrays are
    return Split(images=images, labels=np.arange(n, dtype=np.int64))  # the label tells which image it is


def _batches(split: Split, indices: np.ndarray | None = None, **options: object) -> Batches:
    return Batches(split, indices, **{"batch_size": 8, "device": "cpu", "mean": MEAN, "std": STD, **options})


def test_pixels_are_normalised_and_belong_to_their_labels() -> None:
    """Oracle: a scalar loop over every pixel in float64."""
    split = _split()
    indices = np.array([3, 49, 0, 7, 21])
    (x, y), (last_x, last_y) = list(_batches(split, indices, batch_size=3))
    assert (x.dtype, y.dtype, x.shape, last_x.shape) == (torch.float32, torch.int64, (3, 3, 6, 6), (2, 3, 6, 6))
    assert torch.cat([y, last_y]).tolist() == indices.tolist()
    found = torch.cat([x, last_x]).numpy()
    for row, index in enumerate(indices):
        for c in range(3):
            for i in range(6):
                for j in range(6):
                    expected = (float(split.images[index, c, i, j]) - MEAN[c]) / STD[c]
                    assert found[row, c, i, j] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("chunk_bytes", [1, 5000, 10**9])
def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch, chunk_bytes: int) -> None:
    """One batch a chunk, several, all in one: the same batches, augmentation included."""

    def passed() -> list[tuple[torch.Tensor, torch.Tensor]]:
        generator = torch.Generator().manual_seed(5)
        return list(_batches(_split(), generator=generator, augment=Augment(flip=True, crop_padding=2)))

    expected = passed()
    monkeypatch.setattr(batches_module, "_CPU_CHUNK_BYTES", chunk_bytes)
    for (x, y), (expected_x, expected_y) in zip(passed(), expected, strict=True):
        torch.testing.assert_close(x, expected_x, rtol=0, atol=0)
        assert y.tolist() == expected_y.tolist()


def test_a_shuffled_pass_yields_every_index_once_in_the_seeds_order() -> None:
    indices = np.arange(5, 45)

    def passes(seed: int) -> list[list[int]]:
        batches = _batches(_split(), indices, generator=torch.Generator().manual_seed(seed))
        return [[int(label) for _, y in batches for label in y] for _ in range(2)]

    first, second = passes(1)
    assert sorted(first) == sorted(second) == indices.tolist()
    assert first != second
    assert first != indices.tolist()
    assert passes(1) == [first, second]
    assert passes(2)[0] != first


def test_a_pass_draws_all_when_it_starts() -> None:
    """A checkpoint of the generator between passes is enough, whether the pass was finished or not."""
    states = []
    for finish in (True, False):
        generator = torch.Generator().manual_seed(1)
        batches = _batches(_split(), generator=generator, augment=Augment(flip=True, crop_padding=1))
        iterator = iter(batches)
        next(iterator)
        if finish:
            list(iterator)
        states.append(generator.get_state())
    assert torch.equal(*states)


def test_lengths_and_drop_last() -> None:
    assert [len(y) for _, y in _batches(_split(20))] == [8, 8, 4]
    dropped = _batches(_split(20), drop_last=True)
    assert [len(y) for _, y in dropped] == [8, 8]
    assert (len(_batches(_split(20))), len(dropped), dropped.n_images) == (3, 2, 16)


def test_batches_may_be_kept_changed_and_differentiated_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the batches taken one at a time and cloned. Their memory is used again only once nobody holds them."""
    monkeypatch.setattr(batches_module, "_CPU_CHUNK_BYTES", 1)
    batches = _batches(_split())
    clones = [x.clone() for x, _ in batches]
    for kept, clone in zip([x for x, _ in batches], clones, strict=True):
        assert torch.equal(kept, clone)
    for written, clone in zip([x.mul_(2) for x, _ in batches], clones, strict=True):
        assert torch.equal(written, clone * 2)
    weight = torch.ones((), requires_grad=True)
    losses = [(x * weight).sum() for x, _ in batches]  # autograd alone holds the batches
    for loss, clone in zip(losses, clones, strict=True):
        (gradient,) = torch.autograd.grad(loss, weight)
        torch.testing.assert_close(gradient, clone.sum())


def test_memory_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that keeps nothing needs the memory of two chunks."""
    monkeypatch.setattr(batches_module, "_CPU_CHUNK_BYTES", 1)
    assert len({x.data_ptr() for x, _ in _batches(_split())}) == 2


@pytest.mark.parametrize("flip", [False, True])
def test_augmentation_of_given_draws(flip: bool) -> None:
    """Oracle: a scalar loop: shift with black outside, then mirror."""
    n, padding, height, width = 9, 2, 5, 6
    generator = np.random.default_rng(1)
    pixels = generator.integers(1, 256, (n, 3, height, width), dtype=np.uint8)
    tops, lefts = generator.integers(0, 2 * padding + 1, (2, n))
    flips = generator.integers(0, 2, n).astype(bool) & flip
    draws = Draws(torch.from_numpy(flips), torch.from_numpy(tops), torch.from_numpy(lefts))
    found = Augment(flip=flip, crop_padding=padding)(torch.from_numpy(pixels), draws)
    expected = np.zeros_like(pixels)
    for b in range(n):
        for i in range(height):
            for j in range(width):
                column = width - 1 - j if flips[b] else j
                row_from, column_from = i + tops[b] - padding, column + lefts[b] - padding
                if 0 <= row_from < height and 0 <= column_from < width:
                    expected[b, :, i, j] = pixels[b, :, row_from, column_from]
    np.testing.assert_array_equal(found.numpy(), expected)


def test_draws_cover_their_range_evenly() -> None:
    """Oracle: uniform over 0..2p and 1/2, within 5 standard deviations for 10,000 draws."""
    draws = Augment(flip=True, crop_padding=2).draw(10_000, torch.Generator().manual_seed(0))
    assert abs(int(draws.flips.sum()) - 5000) < 5 * 50
    for offsets in (draws.tops, draws.lefts):
        assert np.all(np.abs(np.bincount(offsets, minlength=5) - 2000) < 5 * 40)
    none = Augment().draw(3, torch.Generator())
    assert (none.flips.tolist(), none.tops.tolist()) == ([False] * 3, [0] * 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"indices": np.array([50])}, r"0..49, but got 50..50"),
        ({"indices": np.array([], dtype=np.int64)}, "one or more"),
        ({"mean": (1.0,)}, "3 values"),
        ({"std": (1.0, 1.0, 0.0)}, "std > 0"),
        ({"augment": Augment(flip=True)}, "needs a generator"),
        ({"drop_last": True, "batch_size": 51}, "no batch of 51 from 50 images"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _batches(_split(), **options)


def test_a_negative_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="crop_padding must be at least 0"):
        Augment(crop_padding=-1)


@pytest.mark.gpu
@pytest.mark.parametrize("fits", [True, False])
def test_cuda_gives_the_same_batches(monkeypatch: pytest.MonkeyPatch, fits: bool) -> None:
    """Oracle: the CPU's batches; with the split resident on the device, and copied through pinned memory."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    from trainables.data import resident

    monkeypatch.setattr(resident, "_LARGEST_SHARE", 0.25 if fits else 0.0)
    passes = []
    for device in ("cpu", "cuda"):
        generator = torch.Generator().manual_seed(5)
        augment = Augment(flip=True, crop_padding=2)
        passes.append(list(_batches(_split(), device=device, generator=generator, augment=augment)))
    for (x, y), (cuda_x, cuda_y) in zip(*passes, strict=True):
        assert cuda_x.device.type == cuda_y.device.type == "cuda"
        torch.testing.assert_close(cuda_x.cpu(), x)
        assert torch.equal(cuda_y.cpu(), y)
