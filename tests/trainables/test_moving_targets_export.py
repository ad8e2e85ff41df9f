"""What is kept of a trained model: an exported program that scores raw images, and arrays for figures."""

import io

import numpy as np
import pytest
import torch

from trainables.moving_targets import MovingTargets
from trainables.training import epochs

from .trials import make_context

CASES = [
    ("mlp", {"loss": "euclidean", "embedding_dim": 8}, "euc_ce"),
    ("mlp", {"loss": "cosine", "embedding_dim": 8}, "cos_ce"),
    ("mlp", {"loss": "push_pull", "r": 0.95, "embedding_dim": 8, "decision_rule": "euc"}, "euc"),
    ("small_cnn", {"loss": "class_proximity", "r": 1e3, "embedding_dim": 300, "decision_rule": "cos"}, "cos"),
    ("small_cnn", {"loss": "cross_entropy"}, "argmax"),
]


def trained(folder, backbone="mlp", **options):
    context = make_context(folder)
    config = {"dataset": "digits", "backbone": backbone, "train_size": 200, "lr": 3e-3, **options}
    training = MovingTargets(config, context)
    return training, next(epochs(training, last=1))


def saved_and_loaded(exported):
    """Through torch.export with any batch size, and a file without pickled code."""
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(exported.module, (exported.example,), dynamic_shapes=shapes)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return torch.export.load(file).module()


@pytest.mark.parametrize(("backbone", "options", "rule"), CASES)
def test_an_exported_program_predicts_the_recorded_accuracy(folder, backbone, options, rule):
    """Oracle: val/accuracy as the epoch reported it; scores equal to the module's for batches of any size."""
    training, result = trained(folder, backbone, **options)
    exported = training.export()
    program = saved_and_loaded(exported)
    split, indices = training._images.split("val")
    pixels, labels = torch.from_numpy(split.images[indices]), split.labels[indices]
    for size in (1, 3, 7):
        scores = program(pixels[:size])
        assert scores.shape == (size, 10)
        torch.testing.assert_close(scores, exported.module(pixels[:size]), rtol=1e-4, atol=1e-4)
    predicted = program(pixels).argmax(1).numpy()
    assert (predicted == labels).mean() == pytest.approx(result["val/accuracy"], abs=1e-9)
    assert result["val/accuracy"] == result[f"val/accuracy/{rule}"]


def test_the_example_is_real_images_of_the_prepared_size(folder):
    """Oracle: two rows, for one would fix the batch size; uint8 as the data holds them."""
    exported = trained(folder, loss="cross_entropy")[0].export()
    assert exported.example.shape == (2, 1, 8, 8)
    assert exported.example.dtype == torch.uint8
    assert not exported.module.training
    assert exported.module(exported.example).shape == (2, 10)


def test_an_export_is_a_copy(folder):
    """Oracle: the scores before the training went on, which itself goes on as if nothing had happened."""
    training, _ = trained(folder, loss="euclidean", embedding_dim=4)
    undisturbed, _ = trained(folder, loss="euclidean", embedding_dim=4)
    exported = training.export()
    before = exported.module(exported.example)
    again = training.train_epoch()
    assert torch.equal(exported.module(exported.example), before)
    assert again["val/loss"] == undisturbed.train_epoch()["val/loss"]


def test_arrays_tell_what_the_model_sees(folder):
    """Oracle: the accuracies that the epoch reported, for each rule; embeddings behind their scores."""
    training, result = trained(folder, loss="euclidean", embedding_dim=4)
    arrays = training.arrays()
    for rule in ("euc", "cos", "euc_ce", "cos_ce"):
        share = (arrays[f"predictions_{rule}"] == arrays["labels"]).mean()
        assert share == pytest.approx(result[f"val/accuracy/{rule}"], abs=1e-9)
    assert np.array_equal(arrays["scores"].argmax(1), arrays["predictions_euc_ce"])
    assert arrays["classes"].tolist() == [str(digit) for digit in range(10)]
    assert np.array_equal(training._images.data.train.labels[arrays["rows"]], arrays["labels"])
    embeddings, targets = arrays["embeddings"], arrays["class_embeddings"]
    scores = -np.linalg.norm(embeddings[:, None] - targets[None], axis=2)
    np.testing.assert_allclose(arrays["scores"][arrays["embedded"]], scores, rtol=1e-4, atol=1e-4)
    assert arrays["class_centres"].shape == (10, 4)


def test_arrays_hold_plain_data_and_no_class_embeddings_of_a_pure_model(folder, tmp_path):
    """Oracle: numpy's own reader without pickle."""
    arrays = trained(folder, loss="cross_entropy")[0].arrays()
    np.savez(tmp_path / "arrays.npz", **arrays)
    with np.load(tmp_path / "arrays.npz", allow_pickle=False) as loaded:
        assert set(loaded) == set(arrays)
    assert "class_embeddings" not in arrays
    assert {name for name in arrays if name.startswith("predictions_")} == {
        "predictions_euc",
        "predictions_cos",
        "predictions_argmax",
    }


def test_arrays_are_bounded(folder, monkeypatch):
    """Oracle: the announced sizes, lowered here; the same draw every time."""
    monkeypatch.setattr("trainables.inspection.MAX_SCORED", 50)
    monkeypatch.setattr("trainables.inspection.MAX_EMBEDDED", 20)
    training, _ = trained(folder, loss="cross_entropy")
    arrays = training.arrays()
    assert len(arrays["labels"]) == len(arrays["scores"]) == len(arrays["rows"]) == 50
    assert len(arrays["embeddings"]) == len(arrays["embedded"]) == 20
    assert np.array_equal(arrays["rows"], training.arrays()["rows"])
