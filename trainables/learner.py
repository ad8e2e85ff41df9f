"""What every trial is made of, whatever its targets and loss: a model where it runs, its optimiser, its draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from trainables.allocator import keep_freed_memory
from trainables.evaluation import Features, features_of, logits_of
from trainables.execution import Execution
from trainables.optimizers import build_optimizer, scheduled_lr
from trainables.randomness import Randomness
from trainables.states import copied

if TYPE_CHECKING:
    from trainables.models.embedding_model import Output
    from trainables.training import TrialContext

M = TypeVar("M", bound=nn.Module)


class LabelledBatches(Protocol):
    """Batches of images [B, C, H, W] and labels [B], as often as it is iterated over."""

    @property
    def n_images(self) -> int:
        """How many images one iteration yields."""
        ...

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield images and labels on the learner's device."""
        ...


@dataclass(frozen=True, kw_only=True)
class Descent:
    """How the weights move. optimizer: adam, adamw or sgd; momentum is sgd's alone.

    schedule, length: see `optimizers.scheduled_lr`; length in epochs. weight_decay: see `build_optimizer`.
    mean: a step follows the gradient of the batch's mean loss, as mini-batch gradient descent is mostly written, and
    not of the sum; Adam hardly tells the two apart.
    """

    optimizer: str
    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "constant"
    length: int = 1
    mean: bool = False


class Learner(Generic[M]):
    """A model that learns from batches, and can be saved between two epochs and continued to the last digit.

    build: returns the model on the CPU, drawing from torch's global generators, which stand at the trial's seed then.
    The model maps images [B, C, H, W] to an `Output`. epoch: how many `train` calls it has behind it.
    """

    def __init__(self, build: Callable[[], M], descent: Descent, context: TrialContext) -> None:
        torch.set_num_threads(context.threads)
        keep_freed_memory()
        self.randomness = Randomness(context.seed, context.device)
        with self.randomness.active():
            self.model = build()
        self.execution = Execution(self.model, device=context.device, precision=context.precision)
        self.descent = descent
        self.optimizer = build_optimizer(
            self.model.parameters(),
            name=descent.optimizer,
            lr=descent.lr,
            momentum=descent.momentum,
            weight_decay=descent.weight_decay,
        )
        self.epoch = 0

    def train(self, batches: LabelledBatches, loss: Callable[[Output, Tensor], Tensor]) -> float:
        """One epoch: a step for each batch. Returns the mean loss over its images; NaN or infinite if it diverged.

        loss: of an output and its labels [B], summed over the batch. Waits for the device at the end alone.
        """
        self.model.train()
        descent = self.descent
        self.optimizer.lr = scheduled_lr(descent.lr, self.epoch, schedule=descent.schedule, length=descent.length)
        losses: list[Tensor] = []
        with self.randomness.active():
            for images, labels in batches:
                value = loss(self.execution(images), labels)
                self.optimizer.zero_grad()
                (value / len(labels) if descent.mean else value).backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                losses.append(value.detach())
            total = math.fsum(torch.stack(losses).tolist())
        self.epoch += 1
        return total / batches.n_images

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """The model in evaluation mode, without gradients."""
        self.model.eval()
        with torch.inference_mode():
            yield

    def features(self, batches: LabelledBatches) -> Features:
        """Embeddings, labels and logits of a split, in evaluation mode."""
        with self.evaluating():
            return features_of(self.execution, batches, batches.n_images)

    def logits(self, batches: LabelledBatches) -> tuple[Tensor, Tensor]:
        """Logits [N, K] and labels [N] of a split, in evaluation mode."""
        with self.evaluating():
            return logits_of(self.execution, batches, batches.n_images)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on; its tensors are those that are trained, `snapshot` copies them."""
        return {
            "model": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "randomness": self.randomness.state_dict(),
            "epoch": self.epoch,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same configuration, on this trial's device. Raises KeyError, RuntimeError."""
        state = copied(dict(state))
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.randomness.load_state_dict(state["randomness"])
        self.epoch = state["epoch"]
