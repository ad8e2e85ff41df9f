"""Optimisers step by step against torch.optim, and schedules against their formulas."""

import subprocess
import sys

import pytest
import torch

from trainables.optimizers import build_optimizer, scheduled_lr

ORACLES = {
    "adam": lambda parameters, lr, decay: torch.optim.Adam(parameters, lr=lr, weight_decay=decay, fused=True),
    "adamw": lambda parameters, lr, decay: torch.optim.AdamW(parameters, lr=lr, weight_decay=decay, fused=True),
    "sgd": lambda parameters, lr, decay: torch.optim.SGD(
        parameters, lr=lr, momentum=0.9, weight_decay=decay, fused=True
    ),
}


def weights(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in [(3, 4), (4,), ()]]


def set_gradients(parameters, step):
    generator = torch.Generator().manual_seed(100 + step)
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def build(parameters, name, lr=0.1, decay=0.01):
    return build_optimizer(parameters, name=name, lr=lr, momentum=0.9, weight_decay=decay)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_ten_steps_equal_torchs(name, decay):
    """Oracle: torch.optim's class of the same name."""
    ours, theirs = weights(), weights()
    optimizer, oracle = build(ours, name, decay=decay), ORACLES[name](theirs, 0.1, decay)
    assert optimizer.lr == 0.1
    for step in range(10):
        set_gradients(ours, step)
        set_gradients(theirs, step)
        optimizer.lr = oracle.param_groups[0]["lr"] = 0.1 / (step + 1)
        optimizer.step()
        oracle.step()
        for mine, its in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, its, rtol=0, atol=0)


@pytest.mark.parametrize("name", ORACLES)
def test_a_loaded_state_continues_and_shares_nothing(name):
    """Oracle: the optimiser that was never interrupted."""
    first = weights()
    optimizer = build(first, name)
    for step in range(3):
        set_gradients(first, step)
        optimizer.step()
    second = [weight.detach().clone().requires_grad_() for weight in first]
    copy = build(second, name)
    copy.load_state_dict(optimizer.state_dict())
    for parameters, stepped in ((first, optimizer), (second, copy)):
        set_gradients(parameters, 3)
        stepped.step()
    for mine, its in zip(second, first, strict=True):
        torch.testing.assert_close(mine, its, rtol=0, atol=0)


def test_a_parameter_without_gradient_stays():
    """Oracle: torch.optim skips it too, its step count included."""
    used, unused = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    optimizer = build([used, unused], "adam")
    used.grad = torch.ones(2)
    optimizer.step()
    assert torch.equal(unused, torch.ones(2))
    assert [step.item() for step in optimizer.state_dict()["steps"]] == [1, 0]


def test_frozen_parameters_are_left_out():
    frozen, free = torch.ones(2), torch.ones(3, requires_grad=True)
    assert [slot.shape for slot in build([frozen, free], "sgd").state_dict()["momenta"]] == [(3,)]


def test_zero_grad_forgets():
    weight = torch.ones(2, requires_grad=True)
    weight.grad = torch.ones(2)
    build([weight], "sgd").zero_grad()
    assert weight.grad is None


def test_another_rules_state_is_refused():
    with pytest.raises(ValueError, match="must be of the same parameters and rule"):
        build(weights(), "adam").load_state_dict(build(weights(), "sgd").state_dict())


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="must be adam, adamw or sgd, but got 'lbfgs'"):
        build(weights(), "lbfgs")


def test_no_step_imports_the_compiler():
    """Oracle: the reason why torch.optim's classes are not used; fails once PyTorch's functions import it too."""
    code = (
        "import sys, torch\n"
        "from trainables.optimizers import build_optimizer\n"
        "for name in ('adam', 'adamw', 'sgd'):\n"
        "    weight = torch.ones(2, requires_grad=True)\n"
        "    optimizer = build_optimizer([weight], name=name, lr=0.1, momentum=0.9, weight_decay=0.0)\n"
        "    weight.sum().backward()\n"
        "    optimizer.step()\n"
        "sys.exit('torch._dynamo' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_schedules():
    """Oracle: by hand; the cosine is at half of the way from 1 to 0.01 in its middle."""
    constant = [scheduled_lr(0.3, epoch, schedule="constant", length=1) for epoch in (0, 100)]
    assert constant == [0.3, 0.3]
    cosine = [scheduled_lr(1.0, epoch, schedule="cosine", length=10) for epoch in (0, 5, 10, 99)]
    assert cosine == pytest.approx([1.0, 0.505, 0.01, 0.01])
    step = [scheduled_lr(1.0, epoch, schedule="step", length=3) for epoch in (0, 2, 3, 6)]
    assert step == pytest.approx([1.0, 1.0, 0.1, 0.01])


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match="must be constant, cosine or step, but got 'linear'"):
        scheduled_lr(1.0, 0, schedule="linear", length=1)
