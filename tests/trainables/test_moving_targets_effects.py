"""Every option does what it says, and what does not fit is refused before any trial."""

import numpy as np
import pytest
import torch

from trainables.moving_targets import MovingTargets

from .trials import embed, make_context, run


def config(**options):
    base = {"dataset": "digits", "backbone": "mlp", "hidden": 16, "train_size": 300, "lr": 3e-3}
    return base | {"loss": "euclidean", "embedding_dim": 8, **options}


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 1e-4},
        {"embedding_dim": 9},
        {"hidden": 17},
        {"batch_size": 32},
        {"optimizer": "sgd"},
        {"optimizer": "adamw", "weight_decay": 0.5},
        {"weight_decay": 0.5},
        {"train_size": 200},
        {"validation_fraction": 0.2},
        {"split_seed": 1},
        {"resize": 10},
        {"crop": 6},
        {"normalisation": "none"},
        {"flip": True},
        {"random_crop": 1},
    ],
    ids=str,
)
def test_no_option_is_ignored(context, options):
    """Oracle: the trial without it, whose training loss must differ."""
    assert run(MovingTargets(config(**options), context), 1)[0]["train/loss"] != plain_loss(context)


def plain_loss(context):
    return run(MovingTargets(config(), context), 1)[0]["train/loss"]


def test_momentum_is_sgds(context):
    """Oracle: the default is 0.9."""
    losses = [
        run(MovingTargets(config(optimizer="sgd", lr=1e-4, **momentum), context), 1)[0]["train/loss"]
        for momentum in ({}, {"momentum": 0.9}, {"momentum": 0.0})
    ]
    assert losses[0] == losses[1] != losses[2]


def test_the_schedule_sets_each_epochs_rate(context):
    """Oracle: a tenth after every epoch, by hand."""
    training = MovingTargets(config(lr=1e-2, lr_schedule="step", lr_epochs=1), context)
    rates = []
    for epoch in range(3):
        run(training, epoch + 1, epoch)
        rates.append(training._learner.optimizer.lr)
    assert rates == pytest.approx([1e-2, 1e-3, 1e-4])


def test_the_size_of_evaluation_batches_changes_speed_alone(context):
    """Oracle: the default size, up to rounding."""
    first, second = (run(MovingTargets(config(evaluation_batch_size=n), context), 1)[0] for n in (256, 7))
    assert second == pytest.approx(first, rel=1e-4)


def test_centres_may_come_from_fewer_images(context):
    """Oracle: the mean over the images that were chosen, drawn once and the same for every trial."""
    training = MovingTargets(config(centres_from=50), context)
    run(training, 1)
    chosen = training._images.centre_indices
    assert len(chosen) == 50
    assert set(chosen) <= set(training._images.indices.train)
    assert np.array_equal(MovingTargets(config(centres_from=50), context)._images.centre_indices, chosen)
    embeddings, _, labels = embed(training, "train")
    rows = np.isin(training._images.indices.train, chosen)
    for k in set(labels[rows]):
        mean = embeddings[rows & (labels == k)].mean(0)
        assert training._references().centres[k].tolist() == pytest.approx(mean.tolist(), abs=1e-4)


def test_held_out_classes_are_not_trained_and_get_few_shot_accuracy(context):
    """Oracle: eight classes are left, 8/10 of the images; chance on the two held out is 0.5."""
    training = MovingTargets(config(held_out_classes=[0, 4], few_shot_shots=3, train_size=None, lr=1e-2), context)
    result = run(training, 4)[-1]
    assert training._images.classes == ("1", "2", "3", "5", "6", "7", "8", "9")
    assert training._model.class_embeddings.shape == (8, 8)
    split, indices = training._images.split("train")
    names = np.array(training._images.data.classes)[training._images.data.train.labels[indices]]
    assert [training._images.classes[label] for label in split.labels[indices]] == names.tolist()
    assert result["val/few_shot/accuracy"] > 0.7
    assert training.test()["test/few_shot/accuracy"] > 0.7
    assert result["val/accuracy"] > 0.8


def test_a_last_batch_of_one_image_is_left_out(context):
    """Oracle: 300 = 4 * 74 + 4 and 301 = 4 * 75 + 1 images."""
    assert MovingTargets(config(batch_size=4), context)._train_batches.n_images == 300
    assert MovingTargets(config(batch_size=4, train_size=301), context)._train_batches.n_images == 300
    assert MovingTargets(config(batch_size=1), context)._train_batches.n_images == 300


def test_bf16_reports_float32_metrics_near_those_of_fp32(folder):
    """Oracle: the fp32 run; 8 bits of mantissa leave some per cent."""
    fp32, bf16 = (run(MovingTargets(config(), make_context(folder, precision=p)), 1)[0] for p in ("fp32", "bf16"))
    assert bf16["train/loss"] == pytest.approx(fp32["train/loss"], rel=0.05)
    assert bf16["train/loss"] != fp32["train/loss"]


def test_threads_follow_the_context(folder):
    before = torch.get_num_threads()
    try:
        MovingTargets(config(), make_context(folder, threads=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_prepare_returns_the_datas_fingerprint(folder):
    """Oracle: the prepared set's own; another transform is other data."""
    context = make_context(folder)
    fingerprint = MovingTargets.prepare(config(), context)
    assert fingerprint == MovingTargets(config(), context)._images.data.fingerprint
    assert MovingTargets.prepare(config(crop=6), context) != fingerprint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"centres_from": 9999}, "centres_from must be all or at most the 300 training images, but got 9999"),
        ({"train_size": 99999}, "train_size must be between 1 and"),
        ({"held_out_classes": [3, 12]}, r"held_out_classes must be labels 0\.\.9 of digits, but got \[12\]"),
        ({"held_out_classes": [3, 4], "few_shot_shots": 500}, "few_shot_shots must be below the"),
        ({"crop": 60}, "crop must fit the image"),
        ({"nonsense": 1}, "nonsense: must be a known option"),
        ({"hidden": 0}, "hidden and layers must be at least 1"),
    ],
)
def test_what_does_not_fit_the_data_is_said_before_any_trial(context, options, message):
    with pytest.raises(ValueError, match=message):
        MovingTargets.prepare(config(**options), context)


def test_an_unknown_precision_is_refused(folder):
    with pytest.raises(ValueError, match="precision must be one of fp32, bf16, but got 'fp8'"):
        MovingTargets(config(), make_context(folder, precision="fp8"))


def test_images_that_are_not_square_are_refused(folder, context):
    path = folder / "wide.npz"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 12), dtype=np.uint8)
    labels = np.arange(40) % 2
    np.savez(path, x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    with pytest.raises(ValueError, match=r"networks take square images, but .* has 8x12: set crop"):
        MovingTargets(config(dataset=f"npz:{path}", train_size=None), context)
