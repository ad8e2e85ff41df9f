"""Imbalanced classification: losses that heed the minority, and decision thresholds tuned on validation data.

Source: the imbalance paper (Fashion-MNIST, accuracy of models trained on surrogates of other metrics).
"""

from __future__ import annotations

import inspect
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from trainables import catalog
from trainables.data.batches import Batches
from trainables.data.errors import DataError
from trainables.export import LogitModel
from trainables.imbalance_data import load_images
from trainables.imbalance_options import ImbalanceOptions
from trainables.inspection import class_arrays
from trainables.learner import Descent, Learner
from trainables.metrics.average_precision import average_precision
from trainables.metrics.balanced_accuracy import balanced_accuracy
from trainables.metrics.confusion_matrix import confusion_matrix
from trainables.metrics.macro_f1 import macro_f1
from trainables.metrics.roc_auc import roc_auc
from trainables.models.embedding_model import Output, PureModel
from trainables.models.sigmoid_model import SigmoidModel
from trainables.objective import Objective
from trainables.options import read
from trainables.training import ExportedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from trainables.fitted_rules.fitted import Fitted
    from trainables.training import TrialContext


@dataclass(frozen=True, eq=False)
class _Scores:
    """What the present weights make of a split: logits [N, K], labels [N], softmax probabilities [N, K] in float64."""

    logits: Tensor
    labels: Tensor
    probabilities: Tensor

    def predicted(self, rule: Fitted) -> Tensor:
        """What a fitted rule says of each image: int64 [N]."""
        return torch.from_numpy(rule(self.probabilities.numpy()))

    def confusion(self, rule: Fitted) -> Tensor:
        """Who is taken for whom by a fitted rule: [K, K], rows the true classes."""
        return confusion_matrix(self.predicted(rule), self.labels, self.logits.shape[1])


class Imbalance:
    """One trial of imbalanced classification; see `ImbalanceOptions` for what `config` may hold.

    Every epoch reports train/loss, and of the validation images: val/loss (the mean over batches of the training's
    size, for some losses are values of a batch), val/accuracy (the likeliest class), val/accuracy/<rule> for each
    rule, which is fitted on the same images, val/accuracy/tuned by the best of them ("default" is none),
    val/balanced_accuracy and val/macro_f1 with the same additions, val/roc_auc, val/average_precision, and
    val/threshold/<rule> or val/threshold/<rule>/<class's label>; then time/train_s, time/eval_s. Test metrics have
    the same names with "test/", without thresholds: rules, and the choice among them, are those of the validation
    images. A diverged epoch reports train/loss alone. After selection (`context.final`) the validation images are not
    trained on as other trainables do: the rules are still fitted on them.
    Raises OptionsError or DataError where the configuration, or what it names, is wrong.
    """

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self._context = context
        self._options = options = read(ImbalanceOptions, config)
        self._images = load_images(options, context)
        self._descent = Descent(
            optimizer=options.optimizer,
            lr=options.lr,
            momentum=options.momentum or 0.0,
            weight_decay=options.weight_decay,
            mean=True,
        )
        self._learner = Learner(self._build, self._descent, context)
        device = self._learner.execution.device
        class_counts = torch.from_numpy(self._images.class_counts).to(device)
        self._objective = Objective(options.loss, options.loss_parameters, class_counts=class_counts)
        self._train_batches = self._batches("train", options.batch_size, generator=self._learner.randomness.order)
        self._validation: _Scores | None = None  # of the present weights; None: not computed yet
        self._rules: dict[str, Fitted] = {}

    @classmethod
    def prepare(cls, config: Mapping[str, Any], context: TrialContext) -> str:
        """Do once what every trial needs: decode the data. Returns the data's fingerprint.

        Raises what building the trial would raise, before any trial starts.
        """
        training = cls(config, replace(context, device="cpu"))
        return training._images.data.fingerprint

    def train_epoch(self) -> dict[str, float]:
        """Train on all training images once, in a new order, then tune the rules and measure."""
        started = time.perf_counter()
        train_loss = self._learner.train(self._train_batches, self._loss)
        self._learner.execution.wait()
        train_s = time.perf_counter() - started
        self._validation = None
        if not math.isfinite(train_loss):
            return {"train/loss": train_loss}
        started = time.perf_counter()
        metrics: dict[str, float] = {}
        for split in self._context.measured:
            metrics |= self._measure(split)
        if "val" in self._context.measured:
            metrics |= self._thresholds()
        return {
            "train/loss": train_loss,
            **metrics,
            "time/train_s": train_s,
            "time/eval_s": time.perf_counter() - started,
        }

    def test(self) -> dict[str, float]:
        """Measure the present weights, and the rules tuned on validation images, on the test images."""
        return self._measure("test")

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on. Rules are fitted anew when asked for."""
        return self._learner.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same configuration, on this trial's device. Raises KeyError, RuntimeError."""
        self._learner.load_state_dict(state)
        self._validation = None

    def export(self) -> ExportedModel:
        """Return the present weights as a module from uint8 images to logits; with two classes the first of them is 0.

        Tuned rules are not part of it: they are functions of softmax(logits), with the thresholds in the metrics.
        """
        data = self._images.data
        module = LogitModel(self._learner.model, mean=data.mean, std=data.std)
        rows = self._images.indices["val"][:2]
        return ExportedModel(module, torch.from_numpy(np.take(data.train.images, rows, axis=0)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the model makes of the validation images.

        As `inspection.class_arrays` has it, and probabilities [N, K] float64, rows [N] int64 (positions in the training
        split), train_class_counts [K] int64 (images that were trained on); for every rule predictions_<rule> [N] int64,
        confusion_matrix_<rule> [K, K] int64, and, for those that have them, thresholds_<rule> float64.
        """
        scores = self._validation_scores()
        arrays = class_arrays(scores.logits, scores.labels, self._images.classes)
        arrays |= {"rows": self._images.indices["val"], "probabilities": scores.probabilities.numpy()}
        arrays["train_class_counts"] = self._images.class_counts
        for name, rule in self._rules.items():
            arrays[f"predictions_{name}"] = scores.predicted(rule).numpy()
            arrays[f"confusion_matrix_{name}"] = scores.confusion(rule).numpy()
            if rule.thresholds:
                arrays[f"thresholds_{name}"] = np.array(rule.thresholds)
        return arrays

    def _build(self) -> nn.Module:
        options, (channels, height, width) = self._options, self._images.data.shape
        if height != width:
            raise DataError(f"images must be square, but {options.dataset} has {height} x {width}")
        n_classes = len(self._images.classes)
        network = catalog.load("models", options.network)
        try:
            backbone = network(channels, height, 1 if n_classes == 2 else n_classes, **options.network_parameters)
        except ValueError as error:  # a size or a number of channels that the network cannot have
            raise DataError(f"{options.network} does not fit {options.dataset}: {error}") from error
        return SigmoidModel(backbone) if n_classes == 2 else PureModel(backbone)

    def _loss(self, output: Output, targets: Tensor) -> Tensor:
        return self._objective(output, targets, None)

    def _measure(self, split: str) -> dict[str, float]:
        """All metrics of "val" or "test"."""
        validation = self._validation_scores()
        scores = validation if split == "val" else self._scores(split)
        confusions = {name: scores.confusion(rule) for name, rule in self._rules.items()}
        if tuned := self._best_rule(validation):
            confusions["tuned"] = confusions[tuned]
        metrics = {f"{split}/loss": self._mean_loss(scores)}
        for measure in (_accuracy, balanced_accuracy, macro_f1):
            key = f"{split}/{measure.__name__.lstrip('_')}"
            metrics[key] = measure(confusions["default"])
            metrics |= {f"{key}/{name}": measure(confusion) for name, confusion in confusions.items()}
        metrics[f"{split}/roc_auc"] = roc_auc(scores.probabilities, scores.labels)
        metrics[f"{split}/average_precision"] = average_precision(scores.probabilities, scores.labels)
        return metrics

    def _best_rule(self, validation: _Scores) -> str | None:
        """The tuned rule with the highest accuracy on the validation images, the first of equal ones; None without."""
        accuracies = {
            name: _accuracy(validation.confusion(rule)) for name, rule in self._rules.items() if name != "default"
        }
        return max(accuracies, key=accuracies.__getitem__) if accuracies else None

    def _thresholds(self) -> dict[str, float]:
        metrics = {}
        for name, rule in self._rules.items():
            if len(rule.thresholds) == 1:
                metrics[f"val/threshold/{name}"] = rule.thresholds[0]
            else:
                metrics |= {f"val/threshold/{name}/{label}": value for label, value in enumerate(rule.thresholds)}
        return metrics

    def _mean_loss(self, scores: _Scores) -> float:
        size, labels = self._options.batch_size, scores.labels.to(scores.logits.device)
        parts = zip(torch.split(scores.logits, size), torch.split(labels, size), strict=True)
        with torch.inference_mode():
            sums = [self._loss(Output(logits, logits), targets) for logits, targets in parts]
            return math.fsum(torch.stack(sums).tolist()) / len(labels)

    def _validation_scores(self) -> _Scores:
        """Of the present weights, computed once; the rules are fitted on them."""
        if self._validation is None:
            self._validation = self._scores("val")
            self._rules = {name: self._fitted(name, self._validation) for name in self._options.rule_names}
        return self._validation

    def _fitted(self, name: str, scores: _Scores) -> Fitted:
        rule = catalog.load("fitted_rules", name)
        offered = {**self._options.rule_options, "seed": self._context.seed}
        taken = inspect.signature(rule).parameters
        options = {key: value for key, value in offered.items() if key in taken}
        fitted: Fitted = rule(scores.probabilities.numpy(), scores.labels.numpy(), **options)
        return fitted

    def _scores(self, split: str) -> _Scores:
        logits, labels = self._learner.logits(self._batches(split, self._options.evaluation_batch_size))
        return _Scores(logits, labels.cpu(), torch.softmax(logits.cpu().double(), 1))

    def _batches(self, split: str, batch_size: int, generator: torch.Generator | None = None) -> Batches:
        images, indices = self._images.split(split)
        return Batches(
            images,
            indices,
            batch_size=batch_size,
            device=self._learner.execution.device,
            mean=self._images.data.mean,
            std=self._images.data.std,
            generator=generator,
        )


def _accuracy(confusion: Tensor) -> float:
    return int(confusion.trace()) / int(confusion.sum())
