"""A training's generators: its own stream inside, no trace outside."""

import pytest
import torch

from trainables.randomness import Randomness


def draws(randomness, n=1):
    with randomness.active():
        return [torch.rand(2).tolist() for _ in range(n)]


def test_one_seed_is_one_stream_whatever_runs_between():
    """Oracle: the stream drawn in one go."""
    whole = draws(Randomness(3, "cpu"), 4)
    torch.manual_seed(99)
    first, other = Randomness(3, "cpu"), Randomness(4, "cpu")
    parts = []
    for _ in range(4):
        parts += draws(first)
        torch.rand(7)
        draws(other, 3)
    assert parts == whole
    assert draws(Randomness(4, "cpu")) != whole[:1]


def test_the_process_sees_no_trace_even_after_an_error():
    """Oracle: the global stream without a Randomness."""
    torch.manual_seed(5)
    expected = torch.rand(3).tolist()
    torch.manual_seed(5)
    randomness = Randomness(1, "cpu")
    with pytest.raises(RuntimeError), randomness.active():
        torch.rand(10).reshape(3)
    assert torch.rand(3).tolist() == expected


def test_states_continue_all_generators():
    """Oracle: the uninterrupted generators."""
    first = Randomness(3, "cpu")
    draws(first, 2)
    torch.rand(3, generator=first.order)
    state = {name: tensor.clone() for name, tensor in first.state_dict().items()}
    expected = draws(first), torch.rand(3, generator=first.order).tolist()
    second = Randomness(77, "cpu")
    second.load_state_dict(state)
    assert (draws(second), torch.rand(3, generator=second.order).tolist()) == expected


def test_a_state_from_another_device_leaves_that_of_this_one():
    """Oracle: a checkpoint made on a GPU goes on where there is none."""
    first, second = Randomness(3, "cpu"), Randomness(4, "cpu")
    second.load_state_dict({**first.state_dict(), "cuda": torch.zeros(16, dtype=torch.uint8)})
    assert draws(second) == draws(first)
    assert "cuda" not in second.state_dict()
