"""Optimisers over PyTorch's own update functions, and learning-rate schedules as plain functions of the epoch.

`torch.optim.Optimizer` imports the compiler (`torch._dynamo`) at its first step: 3 to 20 s in every new process, for
a compiler that no trial uses. The functions under it, `torch.optim.adam.adam` and `torch.optim.sgd.sgd`, do not.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.optim.adam import adam
from torch.optim.sgd import sgd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

    Tensors = list[Tensor]
    Slots = Mapping[str, Tensors]

# Fused kernels took a third of the default's time on a CPU (ResNet18: 26 ms a step instead of 78).
_FUSED_DEVICES = ("cpu", "cuda")
_COSINE_FLOOR = 0.01  # of the first rate: an epoch past the schedule's end still learns a little


class Update(Protocol):
    """Changes parameters and their slots in place by one step."""

    def __call__(self, parameters: Tensors, gradients: Tensors, slots: Slots, *, lr: float, fused: bool) -> None:
        """All lists have one entry a parameter."""
        ...


class Optimizer:
    """Moves parameters by an update rule; parameters without a gradient stay as they are.

    lr: the rate of the next step, may be set at any time. slots: what the rule remembers of each parameter.
    """

    def __init__(self, parameters: Iterable[Tensor], update: Update, *, lr: float, slots: tuple[str, ...]) -> None:
        self.lr = lr
        self._parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._update = update
        self._fused = all(parameter.device.type in _FUSED_DEVICES for parameter in self._parameters)
        self._slots = {name: [self._slot(name, parameter) for parameter in self._parameters] for name in slots}

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward pass writes instead of adding."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        moving = [index for index, parameter in enumerate(self._parameters) if parameter.grad is not None]
        parameters = [self._parameters[index] for index in moving]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        slots = {name: [tensors[index] for index in moving] for name, tensors in self._slots.items()}
        self._update(parameters, gradients, slots, lr=self.lr, fused=self._fused)

    def state_dict(self) -> dict[str, Any]:
        """Return the slots by name, each a list in the parameters' order; shares memory with the optimiser."""
        return {name: list(tensors) for name, tensors in self._slots.items()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensors]) -> None:
        """Copy slots in, from any device. Raises ValueError if they are not of the same parameters and rule."""
        shapes = {name: [tensor.shape for tensor in tensors] for name, tensors in self._slots.items()}
        if shapes != {name: [tensor.shape for tensor in tensors] for name, tensors in state.items()}:
            raise ValueError("the optimiser's state must be of the same parameters and rule, but is of others")
        for name, tensors in self._slots.items():
            for mine, given in zip(tensors, state[name], strict=True):
                mine.copy_(given)

    def _slot(self, name: str, parameter: Tensor) -> Tensor:
        if name == "steps":  # torch's single-tensor kernels count on the CPU
            return torch.zeros((), device=parameter.device if self._fused else "cpu")
        return torch.zeros_like(parameter, requires_grad=False)


def build_optimizer(
    parameters: Iterable[Tensor], *, name: str, lr: float, momentum: float, weight_decay: float
) -> Optimizer:
    """Build "adam", "adamw" or "sgd" over `parameters`, with the fused kernels where the device has them.

    momentum: of sgd alone; the others keep PyTorch's betas (0.9, 0.999) and eps 1e-8. weight_decay: added to the
    gradient (adam, sgd) or taken from the weights (adamw). Raises ValueError for another name.
    """
    if name in ("adam", "adamw"):
        update = partial(_adam, weight_decay=weight_decay, decoupled=name == "adamw")
        return Optimizer(parameters, update, lr=lr, slots=("steps", "exp_avgs", "exp_avg_sqs"))
    if name == "sgd":
        update = partial(_sgd, weight_decay=weight_decay, momentum=momentum)
        return Optimizer(parameters, update, lr=lr, slots=("momenta",))
    raise ValueError(f"optimizer must be adam, adamw or sgd, but got {name!r}")


def scheduled_lr(lr: float, epoch: int, *, schedule: str, length: int) -> float:
    """Learning rate of `epoch` (0 is the first).

    "constant": `lr`. "cosine": half a cosine from `lr` down to a hundredth of it at epoch `length`, flat from
    there on. "step": a tenth of the rate after every `length` epochs. Raises ValueError for another schedule.
    """
    match schedule:
        case "constant":
            return lr
        case "cosine":
            fraction = 0.5 * (1 + math.cos(math.pi * min(epoch, length) / length))
            return lr * (_COSINE_FLOOR + (1 - _COSINE_FLOOR) * fraction)
        case "step":
            return float(lr * 0.1 ** (epoch // length))
        case _:
            raise ValueError(f"lr_schedule must be constant, cosine or step, but got {schedule!r}")


def _adam(
    parameters: Tensors,
    gradients: Tensors,
    slots: Slots,
    *,
    lr: float,
    fused: bool,
    weight_decay: float,
    decoupled: bool,
) -> None:
    adam(
        parameters,
        gradients,
        slots["exp_avgs"],
        slots["exp_avg_sqs"],
        [],
        slots["steps"],
        foreach=False,
        fused=fused,
        decoupled_weight_decay=decoupled,
        amsgrad=False,
        beta1=0.9,
        beta2=0.999,
        lr=lr,
        weight_decay=weight_decay,
        eps=1e-8,
        maximize=False,
    )


def _sgd(
    parameters: Tensors,
    gradients: Tensors,
    slots: Slots,
    *,
    lr: float,
    fused: bool,
    weight_decay: float,
    momentum: float,
) -> None:
    sgd(
        parameters,
        gradients,
        [*slots["momenta"]],
        foreach=False,
        fused=fused,
        weight_decay=weight_decay,
        momentum=momentum,
        lr=lr,
        dampening=0.0,
        nesterov=False,
        maximize=False,
    )
