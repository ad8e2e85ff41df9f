"""Moving targets on a CUDA device against the same trial on the CPU."""

import warnings

import pytest
import torch

from trainables.moving_targets import MovingTargets
from trainables.training import TrialContext, epochs, load_checkpoint, save_checkpoint

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

CASES = [
    ("mlp", {"loss": "euclidean", "embedding_dim": 16}),
    ("small_cnn", {"loss": "class_proximity", "r": 1e3, "embedding_dim": 16}),
    ("small_cnn", {"loss": "cross_entropy", "flip": True, "random_crop": 1}),
    ("resnet18", {"loss": "cosine", "embedding_dim": 16, "pretrained": False, "resize": 32}),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


def build(folder, backbone, options, device="cuda", precision="fp32"):
    context = TrialContext(
        seed=1, data_dir=folder, cache_dir=folder / "cache", device=device, precision=precision, threads=4
    )
    config = {"dataset": "digits", "backbone": backbone, "train_size": 512, "lr": 1e-3, **options}
    return MovingTargets(config, context)


def run(training, last, done=0):
    return [
        {key: value for key, value in result.items() if not key.startswith("time/")}
        for result in epochs(training, last=last, done=done)
    ]


@pytest.mark.parametrize(("backbone", "options"), CASES)
def test_an_epoch_equals_that_on_the_cpu(folder, backbone, options):
    """Oracle: the CPU's epoch with the same weights, order and augmentation; sums are rounded in another order."""
    cpu, cuda = (run(build(folder, backbone, options, device), 1)[0] for device in ("cpu", "cuda"))
    assert cuda.keys() == cpu.keys()
    assert all(type(value) in (int, float) for value in cuda.values())
    assert cuda["train/loss"] == pytest.approx(cpu["train/loss"], rel=0.02)
    assert cuda["val/accuracy"] == pytest.approx(cpu["val/accuracy"], abs=0.1)


@pytest.mark.parametrize(("backbone", "options"), CASES)
def test_a_checkpoint_continues(folder, tmp_path, backbone, options):
    """Oracle: the uninterrupted run, the last digits left to the device's order of addition."""
    whole = run(build(folder, backbone, options), 3)
    first = build(folder, backbone, options)
    run(first, 2)
    save_checkpoint(first, tmp_path / "c.pt", done=2)
    second = build(folder, backbone, options)
    done = load_checkpoint(second, tmp_path / "c.pt")
    assert run(second, 3, done)[0]["train/loss"] == pytest.approx(whole[2]["train/loss"], rel=0.01)


def test_bf16_learns_as_well(folder):
    """Oracle: the fp32 epoch."""
    fp32, bf16 = (run(build(folder, *CASES[1], precision=p), 3)[-1] for p in ("fp32", "bf16"))
    assert bf16["train/loss"] == pytest.approx(fp32["train/loss"], rel=0.2)


@pytest.mark.parametrize(("backbone", "options"), CASES)
def test_no_step_waits_for_the_device(folder, backbone, options):
    """Oracle: CUDA's own record of synchronising calls; a pass may have some, but no more for more steps."""

    def waits(batch_size):
        training = build(folder, backbone, {**options, "batch_size": batch_size})
        training.train_epoch()
        torch.cuda.set_sync_debug_mode("warn")
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                training._train()
        finally:
            torch.cuda.set_sync_debug_mode("default")
        return sum("called a synchronizing" in str(warning.message) for warning in caught)

    assert waits(batch_size=32) == waits(batch_size=128)


def test_an_export_scores_on_the_cpu(folder):
    """Oracle: the accuracy that the epoch on the GPU reported."""
    training = build(folder, *CASES[0])
    result = run(training, 1)[0]
    exported = training.export()
    split, indices = training._images.split("val")
    scores = exported.module(torch.from_numpy(split.images[indices]))
    share = (scores.argmax(1).numpy() == split.labels[indices]).mean()
    assert share == pytest.approx(result["val/accuracy"], abs=0.02)
