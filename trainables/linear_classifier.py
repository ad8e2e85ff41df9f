"""One linear layer on pixels, trained by mini-batch gradient descent on softmax or multiple binary cross-entropy.

Source: "DD2424 - Bonus Assignment 1" (linear classifier on CIFAR-10), exercises 2.1 and 2.2.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainables.confidence import SIGMOID, SOFTMAX, confidence_arrays
from trainables.data.augment import Augment
from trainables.data.batches import Batches
from trainables.export import LogitModel
from trainables.learner import Descent, Learner
from trainables.linear_classifier_data import load_images
from trainables.linear_classifier_options import LinearClassifierOptions
from trainables.metrics.accuracy import accuracy
from trainables.models.embedding_model import Output
from trainables.models.linear import StandardisedLinear
from trainables.objective import Objective
from trainables.options import read
from trainables.training import ExportedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from trainables.data.prepared import Split
    from trainables.training import TrialContext


class LinearClassifier:
    """One trial of the linear classifier; see `LinearClassifierOptions` for what `config` may hold.

    The cost of an image is its loss + l2 * ||W||^2; a step of plain gradient descent follows the mean cost of its
    batch, in which l2 has the gradient 2 * l2 * W: an optimiser's weight_decay of 2 * l2 on the weights alone.
    Every epoch reports train/loss, train/cost, train/accuracy and the same of val, all by the weights at its end and on
    images that are not flipped, and time/train_s, time/eval_s. A diverged epoch reports train/loss alone.
    Raises OptionsError or DataError where the configuration, or what it names, is wrong.
    """

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self._context = context
        self._options = options = read(LinearClassifierOptions, config)
        self._images = load_images(options, context)
        channels = self._images.data.shape[0]
        self._mean, self._std = (0.0,) * channels, (1.0,) * channels  # pixels as they are: the model standardises them
        self._objective = Objective(options.loss, options.loss_parameters)
        self._learner = self._new_learner(context)
        self._train_batches = self._training_batches(self._learner, "train")

    @classmethod
    def prepare(cls, config: Mapping[str, Any], context: TrialContext) -> str:
        """Do once what every trial needs: decode the data. Returns the data's fingerprint.

        Raises what building the trial would raise, before any trial starts.
        """
        training = cls(config, replace(context, device="cpu"))
        return training._images.data.fingerprint

    def train_epoch(self) -> dict[str, float]:
        """Train on all training images once, in a new order, then measure."""
        started = time.perf_counter()
        cost = self._learner.train(self._train_batches, partial(self._cost, self._learner))
        self._learner.execution.wait()
        train_s = time.perf_counter() - started
        if not math.isfinite(cost):
            return {"train/loss": cost}
        started = time.perf_counter()
        metrics = self._measure("train") if self._options.measure_train else {"train/cost": cost}
        for split in self._context.measured:
            metrics |= self._measure(split)
            if self._learner.epoch == self._options.refit_after:
                metrics[f"{split}/accuracy/refitted"] = self._refitted_accuracy(split)
        return {**metrics, "time/train_s": train_s, "time/eval_s": time.perf_counter() - started}

    def test(self) -> dict[str, float]:
        """Measure the present weights on the test split, under the same names with "test/"."""
        return self._measure("test")

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on."""
        return self._learner.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same configuration, on this trial's device. Raises KeyError, RuntimeError."""
        self._learner.load_state_dict(state)

    def export(self) -> ExportedModel:
        """Return the present weights as a module from uint8 images to logits."""
        rows = self._images.indices.validation[:2]
        module = LogitModel(self._learner.model, mean=self._mean, std=self._std)
        return ExportedModel(module, torch.from_numpy(np.take(self._images.data.train.images, rows, axis=0)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the templates, and what the model makes of the test images.

        templates [K, C, H, W] float32: the weights of each class, in standardised pixels. labels [N] int64, scores
        [N, K] float32: the logits, predictions_argmax [N] int64, true_class_probability [N] float32 (a sigmoid of the
        label's logit for a loss of binary decisions, else softmax), classes [K] text, split "test"; the confidence by
        the same probabilities, see `confidence_arrays`.
        """
        data = self._images.data
        logits, labels = (tensor.cpu() for tensor in self._learner.logits(self._batches("test")))
        binary = self._options.loss == "multiple_binary_cross_entropy"
        probabilities = logits.sigmoid() if binary else logits.softmax(1)
        return {
            "templates": self._learner.model.weight.detach().cpu().view(-1, *data.shape).numpy().copy(),
            "labels": labels.numpy(),
            "scores": logits.numpy(),
            "predictions_argmax": logits.argmax(1).numpy(),
            "true_class_probability": probabilities.gather(1, labels[:, None])[:, 0].numpy(),
            "classes": np.array(data.classes),
            "split": np.array("test"),
            **confidence_arrays(probabilities, labels, SIGMOID if binary else SOFTMAX),
        }

    def _new_learner(self, context: TrialContext) -> Learner[StandardisedLinear]:
        options, images = self._options, self._images
        build = partial(StandardisedLinear, images.mean, images.std, images.data.n_classes, init_std=options.init_std)
        descent = Descent(
            optimizer="sgd", lr=options.lr, schedule=options.lr_schedule, length=options.lr_epochs or 1, mean=True
        )
        return Learner(build, descent, context)

    def _cost(self, learner: Learner[StandardisedLinear], output: Output, targets: Tensor) -> Tensor:
        """The sum over a batch of its images' costs."""
        loss = self._objective(output, targets, None)
        if self._options.l2 == 0:
            return loss
        return loss + len(targets) * self._options.l2 * learner.model.weight.square().sum()

    def _measure(self, split: str) -> dict[str, float]:
        """Loss, cost and accuracy on "train", "val" or "test"."""
        logits, labels = self._learner.logits(self._batches(split))
        with torch.inference_mode():
            loss = self._objective(Output(logits, logits), labels, None).item() / len(labels)
            cost = loss + self._options.l2 * self._learner.model.weight.double().square().sum().item()
        return {f"{split}/loss": loss, f"{split}/cost": cost, f"{split}/accuracy": accuracy(logits, labels)}

    def _refitted_accuracy(self, split: str) -> float:
        """Accuracy on a split of a copy that is first trained on that split, for as many epochs as this one has had."""
        copy = self._new_learner(self._context)
        copy.model.load_state_dict(self._learner.model.state_dict())
        batches = self._training_batches(copy, split)
        for _ in range(self._learner.epoch):
            copy.train(batches, partial(self._cost, copy))
        return accuracy(*copy.logits(self._batches(split)))

    def _split(self, name: str) -> tuple[Split, NDArray[np.int64] | None]:
        images = self._images
        return {
            "train": (images.train, images.indices.train),
            "val": (images.data.train, images.indices.validation),
            "test": (images.data.test, None),
        }[name]

    def _batches(self, split: str) -> Batches:
        options = self._options
        return Batches(
            *self._split(split),
            batch_size=options.evaluation_batch_size,
            device=self._learner.execution.device,
            mean=self._mean,
            std=self._std,
        )

    def _training_batches(self, learner: Learner[StandardisedLinear], split: str) -> Batches:
        """A split in a new order each epoch."""
        return Batches(
            *self._split(split),
            batch_size=self._options.batch_size,
            device=learner.execution.device,
            generator=learner.randomness.order,
            augment=Augment(flip=True) if self._options.flip is True else None,
            mean=self._mean,
            std=self._std,
        )
