"""One seed, one result: whatever ran before, beside or in between, and across checkpoints."""

import pytest
import torch

from trainables.moving_targets import MovingTargets
from trainables.training import load_checkpoint, save_checkpoint, snapshot

from .trials import dropout_model, make_context, run


def config(**options):
    base = {"dataset": "digits", "backbone": "mlp", "hidden": 16, "train_size": 300, "lr": 3e-3}
    return base | {"loss": "euclidean", "embedding_dim": 8, **options}


def with_dropout(folder, **options):
    """A configuration in which everything random happens: dropout, flips, crops, shuffling."""
    changed = config(flip=True, random_crop=1, **options) | {"backbone": dropout_model(folder)}
    del changed["hidden"]
    return changed


def test_one_seed_gives_one_result_whatever_ran_before(folder):
    """Oracle: the first run, to the last digit."""
    first = run(MovingTargets(with_dropout(folder), make_context(folder)), 3)
    run(MovingTargets(config(lr=0.1), make_context(folder, seed=9)), 2)
    torch.manual_seed(1234)
    assert run(MovingTargets(with_dropout(folder), make_context(folder)), 3) == first
    assert run(MovingTargets(with_dropout(folder), make_context(folder, seed=2)), 3) != first


def test_trainings_do_not_disturb_each_other(folder):
    """Oracle: each one run alone; here they take turns in one process."""
    alone = [run(MovingTargets(with_dropout(folder), make_context(folder, seed=s)), 3) for s in (1, 2)]
    together = [MovingTargets(with_dropout(folder), make_context(folder, seed=s)) for s in (1, 2)]
    results = [[], []]
    for epoch in range(3):
        for index, training in enumerate(together):
            results[index] += run(training, epoch + 1, epoch)
    assert results == alone


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_a_checkpoint_continues_to_the_last_digit(folder, tmp_path, optimizer):
    """Oracle: the uninterrupted run. The file holds tensors and plain values: load_checkpoint refuses others."""
    options = with_dropout(folder, optimizer=optimizer, lr=1e-4, lr_schedule="cosine", lr_epochs=4)
    whole = run(MovingTargets(options, make_context(folder)), 4)
    first = MovingTargets(options, make_context(folder))
    start = run(first, 2)
    save_checkpoint(first, tmp_path / "c.pt", done=2)
    torch.manual_seed(7)
    second = MovingTargets(options, make_context(folder, seed=99))
    done = load_checkpoint(second, tmp_path / "c.pt")
    assert start + run(second, 4, done) == whole


def test_a_snapshot_is_a_copy(context):
    """Oracle: the weights at the time it was taken; neither training on nor loading it ties two trainings."""
    first, second = MovingTargets(config(), context), MovingTargets(config(), context)
    run(first, 1)
    state = snapshot(first, done=1).state
    before = {name: tensor.clone() for name, tensor in state["model"].items()}
    second.load_state_dict(state)
    later = run(first, 2, 1)
    run(second, 2, 1)
    assert all(torch.equal(state["model"][name], tensor) for name, tensor in before.items())
    third = MovingTargets(config(), context)
    third.load_state_dict(state)
    assert run(third, 2, 1) == later


def test_test_after_a_restore_needs_no_epoch(context):
    """Oracle: the training that made the state."""
    first = MovingTargets(config(), context)
    run(first, 1)
    second = MovingTargets(config(), context)
    second.load_state_dict(first.state_dict())
    assert second.test() == first.test()
