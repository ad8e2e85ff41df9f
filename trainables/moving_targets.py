"""Moving targets: a network whose outputs are drawn to learned class embeddings, and its pure baseline.

Source: "A Geometric Approach to Image Classification using Neural Networks with Class Embeddings", sections III, IV.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainables.data.augment import Augment
from trainables.data.batches import Batches
from trainables.data.examples import example_arrays
from trainables.data.registry import find_source
from trainables.data.transform import Transform
from trainables.evaluation import Features, References, centres_of, measure
from trainables.export import ScoringModel
from trainables.inspection import arrays_of
from trainables.learner import Descent, Learner
from trainables.loss_surface import surface_arrays
from trainables.metrics.few_shot import few_shot_accuracy
from trainables.metrics.geometry import geometry
from trainables.models.embedding_model import Output
from trainables.moving_targets_data import DEFAULT_SHOTS, load_images
from trainables.moving_targets_model import build_model, decision_rules, rule_name
from trainables.moving_targets_options import MovingTargetsOptions
from trainables.objective import Objective
from trainables.options import read
from trainables.training import ExportedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from trainables.data.prepared import Split
    from trainables.training import TrialContext

DEFAULT_MOMENTUM = 0.9


class MovingTargets:
    """One trial of moving targets; see `MovingTargetsOptions` for what `config` may hold.

    Every epoch reports train/loss (the sum of the batches' losses, each a sum over its images, by the number of
    images), val/loss, val/accuracy, val/accuracy/<rule>, val/geometry/*, with held-out classes val/few_shot/accuracy,
    and the seconds spent: time/train_s, time/centres_s, time/eval_s. A diverged epoch reports train/loss alone:
    nothing else of it means anything.
    Raises OptionsError, DataError or WeightsError where the configuration, or what it names, is wrong.
    """

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self._context = context
        self._options = options = read(MovingTargetsOptions, config)
        self._images = load_images(options, context)
        self._objective = Objective(options.loss, options.loss_parameters)
        pure = not self._objective.has_class_embeddings
        self._rules = decision_rules(options, has_class_embeddings=not pure)
        self._learner = Learner(
            partial(build_model, options, self._images, has_class_embeddings=not pure), _descent(options), context
        )
        self._model, self._execution = self._learner.model, self._learner.execution
        self._train_batches = self._training_batches()
        self._centres: Tensor | None = None  # of the present weights; None: not computed yet
        self._reference: Tensor | None = None  # the first epoch's global centre, Figure 17

    @classmethod
    def prepare(cls, config: Mapping[str, Any], context: TrialContext) -> str:
        """Do once what every trial needs: decode the data, fetch the weights. Returns the data's fingerprint.

        Raises what building the trial would raise, before any trial starts.
        """
        training = cls(config, replace(context, device="cpu"))
        return training._images.data.fingerprint

    def train_epoch(self) -> dict[str, float]:
        """Train on all training images once, in a new order, then measure."""
        started = time.perf_counter()
        train_loss = self._learner.train(self._train_batches, self._loss)
        self._execution.wait()
        train_s = time.perf_counter() - started
        self._centres = None
        if not math.isfinite(train_loss):
            return {"train/loss": train_loss}
        started = time.perf_counter()
        if self._context.measured:
            self._references()
            self._execution.wait()
        centres_s = time.perf_counter() - started
        started = time.perf_counter()
        metrics: dict[str, float] = {}
        for split in self._context.measured:
            metrics |= self._measure(split)
        eval_s = time.perf_counter() - started
        times = {"time/train_s": train_s, "time/centres_s": centres_s, "time/eval_s": eval_s}
        return {"train/loss": train_loss, **metrics, **times}

    def test(self) -> dict[str, float]:
        """Measure the present weights on the test split, under the same names with "test/"."""
        return self._measure("test")

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on."""
        return self._learner.state_dict() | {"centres": self._centres, "reference": self._reference}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same configuration, on this trial's device. Raises KeyError, RuntimeError."""
        self._learner.load_state_dict(state)
        self._centres, self._reference = (
            None if state[name] is None else state[name].to(self._context.device, copy=True)
            for name in ("centres", "reference")
        )

    def export(self) -> ExportedModel:
        """Return the present weights as a module from uint8 images to the decision rule's scores."""
        data = self._images.data
        module = ScoringModel(
            self._model,
            mean=data.mean,
            std=data.std,
            rule=self._rules[rule_name(self._options.rule)],
            references=self._references(),
        )
        rows = self._images.indices.validation[:2]
        return ExportedModel(module, torch.from_numpy(np.take(data.train.images, rows, axis=0)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the model makes of the validation images: see `inspection.arrays_of`.

        Also the loss around its class embeddings, see `loss_surface`, and a few training images, see `data.examples`.
        """
        seen = arrays_of(
            self._features("val"),
            self._references(),
            rules=self._rules,
            main_rule=rule_name(self._options.rule),
            classes=self._images.classes,
            rows=self._images.indices.validation,
        )
        return seen | self._surface() | self._examples()

    def _surface(self) -> dict[str, NDArray[Any]]:
        """The loss over a plane of the embedding space; empty without class embeddings."""
        centres, class_embeddings = self._references().centres, self._model.class_embeddings
        if class_embeddings is None:
            return {}
        return surface_arrays(
            lambda embeddings, targets, others: self._objective(Output(embeddings, None), targets, others),
            class_embeddings,
            centres,
            through_origin=rule_name(self._options.rule).startswith("cos"),
        )

    def _examples(self) -> dict[str, NDArray[Any]]:
        source = find_source(self._options.dataset, data_dir=self._context.data_dir)
        data = self._images.data
        return example_arrays(
            source.read().train,
            np.asarray(self._images.train.labels),
            self._images.indices.train,
            Transform(*self._options.transform),
            mean=data.mean,
            std=data.std,
            augment=self._augment(),
        )

    def _loss(self, output: Output, targets: Tensor) -> Tensor:
        return self._objective(output, targets, self._model.class_embeddings)

    def _measure(self, split: str) -> dict[str, float]:
        """All metrics of "val" or "test"."""
        options = self._options
        features = self._features(split)
        loss, accuracies = measure(features, self._references(), rules=self._rules, loss=self._loss)
        shape = geometry(features.embeddings, features.labels, len(self._images.classes), reference=self._reference)
        if self._reference is None and split == "val":
            self._reference = shape.global_centre
        metrics = {f"{split}/loss": loss, f"{split}/accuracy": accuracies[rule_name(options.rule)]}
        metrics |= {f"{split}/accuracy/{name}": value for name, value in accuracies.items()}
        if self._images.few_shot:
            metrics[f"{split}/few_shot/accuracy"] = self._few_shot_accuracy(split)
        return metrics | shape.metrics(split)

    def _few_shot_accuracy(self, split: str) -> float:
        """Nearest-centre accuracy on the classes held out, by the direction-aware rule where the loss is one."""
        features = self._features(split, self._images.few_shot[split])
        return few_shot_accuracy(
            features.embeddings,
            features.labels,
            shots=self._options.few_shot_shots or DEFAULT_SHOTS,
            generator=torch.Generator().manual_seed(self._options.split_seed),
            rule=self._rules["cos" if rule_name(self._options.rule).startswith("cos") else "euc"],
        )

    def _features(self, split: str, indices: NDArray[np.int64] | None = None) -> Features:
        """Embed a split, or the images of it that `indices` name, in evaluation mode."""
        images, everything = self._images.split(split)
        batches = self._batches(images, everything if indices is None else indices)
        return self._learner.features(batches)

    def _references(self) -> References:
        """The class centres of the present weights, computed once, and the class embeddings."""
        if self._centres is None:
            batches = self._batches(self._images.train, self._images.centre_indices)
            with self._learner.evaluating():
                self._centres = centres_of(self._execution, batches, len(self._images.classes))
        class_embeddings = self._model.class_embeddings
        return References(self._centres, None if class_embeddings is None else class_embeddings.detach())

    def _batches(self, split: Split, indices: NDArray[np.int64]) -> Batches:
        return Batches(
            split,
            indices,
            batch_size=self._options.evaluation_batch_size,
            device=self._execution.device,
            mean=self._images.data.mean,
            std=self._images.data.std,
        )

    def _training_batches(self) -> Batches:
        """The training images in a new order each epoch. A last batch of one image is left out.

        Batch normalisation over a single value is an error where the map is one pixel, and noise elsewhere.
        """
        options, train = self._options, self._images.indices.train
        return Batches(
            self._images.train,
            train,
            batch_size=options.batch_size,
            device=self._execution.device,
            mean=self._images.data.mean,
            std=self._images.data.std,
            generator=self._learner.randomness.order,
            augment=self._augment(),
            drop_last=len(train) > options.batch_size > 1 == len(train) % options.batch_size,
        )

    def _augment(self) -> Augment | None:
        """What is random about training images; None if nothing is."""
        options = self._options
        if not options.flip and not options.random_crop:
            return None
        return Augment(flip=options.flip, crop_padding=options.random_crop)


def _descent(options: MovingTargetsOptions) -> Descent:
    return Descent(
        optimizer=options.optimizer,
        lr=options.lr,
        momentum=DEFAULT_MOMENTUM if options.momentum is None else options.momentum,
        weight_decay=options.weight_decay,
        schedule=options.lr_schedule,
        length=options.lr_epochs or 1,
    )
