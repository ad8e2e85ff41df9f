"""A small fully connected network on digits, by gradient descent over all images at once or in mini-batches.

Source: "Artificial Neural Network for Digits Classification", sections III and IV.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainables.data.batches import Batches
from trainables.data.errors import DataError
from trainables.data.passes import Passes
from trainables.data.prepared import load
from trainables.data.splits import split_indices
from trainables.digits_network_options import (
    DEFAULT_DISTRIBUTION,
    DEFAULT_READING,
    DEFAULT_SCALE,
    DigitsNetworkOptions,
)
from trainables.export import LogitModel
from trainables.inspection import class_arrays
from trainables.learner import Descent, Learner
from trainables.losses.cross_entropy import cross_entropy
from trainables.metrics.accuracy import accuracy
from trainables.metrics.confusion_matrix import confusion_matrix
from trainables.metrics.recall import recall_per_class
from trainables.models.digits_network import DigitsNetwork, kaiming, random
from trainables.options import read
from trainables.training import ExportedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from trainables.data.prepared import Split
    from trainables.models.embedding_model import Output
    from trainables.training import TrialContext


class DigitsNetworkTraining:
    """One trial of the digits network; see `DigitsNetworkOptions` for what `config` may hold.

    An epoch is `passes_per_epoch` passes over the training images; with full batches a pass is one step, as the paper
    iterates. It reports loss (cross-entropy), cost (with the L2 penalty), accuracy and recall/<label> of train and val
    by the weights at its end, and time/train_s, time/eval_s. A diverged epoch reports train/loss alone.
    Raises OptionsError or DataError where the configuration, or what it names, is wrong.
    """

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self._context = context
        self._options = options = read(DigitsNetworkOptions, config)
        self._data = load(options.dataset, data_dir=context.data_dir, cache_dir=context.cache_dir, normalisation="none")
        labels = np.asarray(self._data.train.labels)
        self._indices = split_indices(
            labels,
            validation_fraction=options.validation_fraction,
            seed=options.split_seed,
            train_size=options.train_size,
        ).trained_on(final=context.final)
        self._learner = Learner(self._network, _descent(options), context)
        self._passes = self._training_passes()

    @classmethod
    def prepare(cls, config: Mapping[str, Any], context: TrialContext) -> str:
        """Do once what every trial needs: decode the data. Returns the data's fingerprint.

        Raises what building the trial would raise, before any trial starts.
        """
        training = cls(config, replace(context, device="cpu"))
        training._split("test")
        return training._data.fingerprint

    def train_epoch(self) -> dict[str, float]:
        """Train on all training images as often as an epoch has passes, then measure."""
        started = time.perf_counter()
        cost = self._learner.train(self._passes, self._cost)
        self._learner.execution.wait()
        train_s = time.perf_counter() - started
        if not math.isfinite(cost):
            return {"train/loss": cost}
        started = time.perf_counter()
        metrics: dict[str, float] = {}
        for split in ("train", *self._context.measured):
            metrics |= self._measure(split)
        return {**metrics, "time/train_s": train_s, "time/eval_s": time.perf_counter() - started}

    def test(self) -> dict[str, float]:
        """Measure the present weights on the test images, under the same names with "test/"."""
        return self._measure("test")

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on."""
        return self._learner.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same configuration, on this trial's device. Raises KeyError, RuntimeError."""
        self._learner.load_state_dict(state)

    def export(self) -> ExportedModel:
        """Return the present weights as a module from uint8 images to logits."""
        rows = self._indices.validation[:2]
        module = LogitModel(self._learner.model, mean=self._data.mean, std=self._data.std)
        return ExportedModel(module, torch.from_numpy(np.take(self._data.train.images, rows, axis=0)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the model makes of the test images: see `inspection.class_arrays`; split "test".

        And train_class_counts [K] int64: images that were trained on.
        """
        logits, labels = self._learner.logits(self._batches("test"))
        trained_on = np.asarray(self._data.train.labels)[self._indices.train]
        return {
            **class_arrays(logits, labels, self._data.classes),
            "split": np.array("test"),
            "train_class_counts": np.bincount(trained_on, minlength=self._data.n_classes),
        }

    def _cost(self, output: Output, targets: Tensor) -> Tensor:
        """The sum over a batch of its images' costs."""
        if output.logits is None:
            raise ValueError("the digits network must have logits")
        loss = cross_entropy(output.logits, targets)
        if self._options.l2 == 0:
            return loss
        return loss + len(targets) * self._options.l2 / 2 * self._learner.model.squared_weights()

    def _measure(self, split: str) -> dict[str, float]:
        """All metrics of "train", "val" or "test"."""
        logits, labels = self._learner.logits(self._batches(split))
        with torch.inference_mode():
            loss = cross_entropy(logits, labels).item() / len(labels)
            penalty = self._options.l2 / 2 * self._learner.model.squared_weights().item()
            matrix = confusion_matrix(logits.argmax(1), labels, self._data.n_classes)
        metrics = {
            f"{split}/loss": loss,
            f"{split}/cost": loss + penalty,
            f"{split}/accuracy": accuracy(logits, labels),
        }
        recalls = enumerate(recall_per_class(matrix).tolist())
        return metrics | {f"{split}/recall/{label}": recall for label, recall in recalls if not math.isnan(recall)}

    def _network(self) -> DigitsNetwork:
        options = self._options
        if options.init == "kaiming":
            draw = partial(kaiming, reading=options.kaiming_reading or DEFAULT_READING)
        else:
            draw = partial(
                random,
                distribution=options.init_distribution or DEFAULT_DISTRIBUTION,
                scale=DEFAULT_SCALE if options.init_scale is None else options.init_scale,
                biases=options.init_biases is not False,
            )
        return DigitsNetwork(
            math.prod(self._data.shape),
            self._data.n_classes,
            hidden=options.hidden,
            second_hidden=options.second_hidden,
            negative_slope=options.negative_slope,
            relu_gradient=options.leaky_gradient == "relu",
            damped_output=options.output_error == "times_derivative",
            draw=draw,
        )

    def _split(self, name: str) -> tuple[Split, NDArray[np.int64] | None]:
        data, indices = self._data, self._indices
        if name != "test":
            return data.train, indices.train if name == "train" else indices.validation
        if self._options.test_on == "test":
            return data.test, None
        used = np.concatenate([indices.train, indices.validation])
        rest = np.setdiff1d(np.arange(len(data.train)), used)
        if len(rest) == 0:
            raise DataError(
                f"test_on: rest needs images that train_size leaves over, but train_size={self._options.train_size} "
                f"takes all that do not validate"
            )
        return data.train, rest

    def _batches(self, split: str) -> Batches:
        return Batches(
            *self._split(split),
            batch_size=self._options.evaluation_batch_size,
            device=self._learner.execution.device,
            mean=self._data.mean,
            std=self._data.std,
        )

    def _training_passes(self) -> Passes:
        """All images in one step and in one order, or mini-batches in a new order each pass."""
        options, n = self._options, len(self._indices.train)
        whole = options.batch_size >= n
        batches = Batches(
            *self._split("train"),
            batch_size=min(options.batch_size, n),
            device=self._learner.execution.device,
            generator=None if whole else self._learner.randomness.order,
            mean=self._data.mean,
            std=self._data.std,
        )
        rounded = torch.bfloat16 if self._context.precision == "bf16" else torch.float32
        return Passes(batches, options.passes_per_epoch, varies=not whole, kept_as=rounded)


def _descent(options: DigitsNetworkOptions) -> Descent:
    return Descent(
        optimizer="sgd", lr=options.lr, schedule=options.lr_schedule, length=options.lr_epochs or 1, mean=True
    )
