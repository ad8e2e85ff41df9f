"""Dynamic targets: a network drawn to target values that follow its own outputs, beside one-hot and soft targets.

Source: "Dynamic Optimization of Target Values in Neural Network Classification", sections 3 and 4.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from trainables import catalog
from trainables.confidence import SOFTMAX, confidence_arrays
from trainables.data.batches import Batches
from trainables.data.errors import DataError
from trainables.data.prepared import load
from trainables.data.splits import split_indices
from trainables.dynamic_targets_options import DynamicTargetsOptions
from trainables.export import LogitModel
from trainables.learner import Descent, Learner
from trainables.losses.target_nll import target_nll
from trainables.models.embedding_model import PureModel
from trainables.options import read
from trainables.targets.classification import RULES
from trainables.targets.export import TargetModel
from trainables.targets.measures import measures_of, value_metrics
from trainables.targets.observation import Outputs, initial_values
from trainables.targets.one_hot import one_hot
from trainables.targets.sigma import sigma_sum
from trainables.targets.values import TargetValues
from trainables.training import ExportedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from trainables.data.prepared import DataSet, Split
    from trainables.models.embedding_model import Output
    from trainables.training import TrialContext


class DynamicTargets:
    """One trial of dynamic targets; see `DynamicTargetsOptions` for what `config` may hold.

    Every epoch reports train/loss (of the epoch's steps, by image), of val (and test, by the named protocol) loss,
    accuracy, accuracy/<rule>, confidence and sigma_sum, and of the target values it was measured with
    targets/class_value/<k>, non_class_value/<k>, separation/<k>, separation/mean, /min, /max; with an adjustment that
    takes it, targets/sigma_sum, the spread that the next adjustment goes by; time/train_s, time/eval_s.
    A diverged epoch reports train/loss alone.
    Raises OptionsError or DataError where the configuration, or what it names, is wrong.
    """

    def __init__(self, config: Mapping[str, Any], context: TrialContext) -> None:
        self._context = context
        self._options = options = read(DynamicTargetsOptions, config)
        self._data = data = load(
            options.dataset,
            data_dir=context.data_dir,
            cache_dir=context.cache_dir,
            normalisation=options.normalisation,
        )
        self._indices = split_indices(
            np.asarray(data.train.labels),
            validation_fraction=options.validation_fraction,
            seed=options.split_seed,
            train_size=options.train_size,
        ).trained_on(final=context.final)
        descent = Descent(optimizer="sgd", lr=options.lr, momentum=options.momentum, mean=options.reduction == "mean")
        self._learner = Learner(partial(_build_model, options, data), descent, context)
        self._train_batches = self._batches("train", batch_size=options.batch_size, shuffled=True)
        self._adjust = catalog.load("adjustments", options.adjustment)
        self._values: TargetValues | None = None  # set by the first epoch, or by the first who asks
        self._vectors: Tensor | None = None  # the same as vectors, float32 on the device
        self._seen: dict[str, Outputs] = {}  # outputs of the present weights, by split

    @classmethod
    def prepare(cls, config: Mapping[str, Any], context: TrialContext) -> str:
        """Do once what every trial needs: decode the data. Returns the data's fingerprint.

        Raises what building the trial would raise, before any trial starts.
        """
        return cls(config, replace(context, device="cpu"))._data.fingerprint

    def train_epoch(self) -> dict[str, float]:
        """Set or adjust the target values, train on all training images once, in a new order, then measure."""
        started = time.perf_counter()
        options, epoch = self._options, self._learner.epoch
        if epoch == self._first_epoch:
            self._set(self._initial_values())
        elif epoch > self._first_epoch and options.adjust != "before_measuring":
            self._set(self._adjusted())
        train_loss = self._learner.train(self._train_batches, partial(self._loss, self._target_vectors()))
        self._learner.execution.wait()
        self._seen.clear()
        train_s = time.perf_counter() - started
        if not math.isfinite(train_loss):
            return {"train/loss": train_loss}
        started = time.perf_counter()
        metrics: dict[str, float] = {}
        if options.observes_sigma:
            metrics["targets/sigma_sum"] = self._sigma_sum()
        if epoch >= self._first_epoch and options.adjust == "before_measuring":
            self._set(self._adjusted())
        metrics |= value_metrics(self._target_values())
        for split in self._context.measured:
            metrics |= self._measure(split)
        eval_s = time.perf_counter() - started
        return {"train/loss": train_loss, **metrics, "time/train_s": train_s, "time/eval_s": eval_s}

    def test(self) -> dict[str, float]:
        """Measure the present weights on the test split, under the same names with "test/"."""
        return self._measure("test")

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next epoch depends on."""
        values = self._values
        both = None if values is None else torch.stack([values.class_values, values.non_class_values])
        return self._learner.state_dict() | {"target_values": both}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state of the same configuration, on this trial's device. Raises KeyError, RuntimeError."""
        both = state["target_values"]
        self._learner.load_state_dict(state)
        self._seen.clear()
        self._values = self._vectors = None
        if both is not None:
            self._set(TargetValues(*both.clone()))

    def export(self) -> ExportedModel:
        """Return the present weights and targets as a module from uint8 images to the decision rule's scores."""
        logits = LogitModel(self._learner.model, mean=self._data.mean, std=self._data.std)
        module = TargetModel(logits, RULES[self._options.rule], self._target_vectors())
        rows = self._indices.validation[:2]
        return ExportedModel(module, torch.from_numpy(np.take(self._data.train.images, rows, axis=0)))

    @torch.inference_mode()
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the model makes of the validation images.

        rows [N] int64: their positions in the training split. labels [N] int64, probabilities [N, K] float32, scores
        [N, K] float32 by the main rule, predictions_<rule> [N] int64, target_vectors [K, K] float32, classes [K] text;
        the network's confidence, see `confidence_arrays`.
        """
        outputs, vectors = self._outputs("val"), self._target_vectors()
        scores = {name: rule(outputs.probabilities, vectors).cpu() for name, rule in RULES.items()}
        return {
            "rows": self._indices.validation,
            "labels": outputs.labels.cpu().numpy(),
            "probabilities": outputs.probabilities.cpu().numpy(),
            "scores": scores[self._options.rule].numpy(),
            **{f"predictions_{name}": scored.argmax(1).numpy() for name, scored in scores.items()},
            "target_vectors": vectors.cpu().numpy(),
            "classes": np.array(self._data.classes),
            **confidence_arrays(outputs.probabilities, outputs.labels, SOFTMAX),
        }

    @property
    def _first_epoch(self) -> int:
        """The epoch, from 0, before which the strategy sets the values; one-hot targets until then."""
        return self._options.late_epochs or 0

    def _loss(self, target_vectors: Tensor, output: Output, labels: Tensor) -> Tensor:
        """The sum over a batch of its images' losses."""
        if output.logits is None:
            raise ValueError("the network must have a linear classifier, but it has no logits")
        return target_nll(output.logits, labels, target_vectors)

    def _initial_values(self) -> TargetValues:
        options = self._options
        return initial_values(
            catalog.load("strategies", options.strategy),
            options.strategy_parameters,
            n_classes=self._data.n_classes,
            generator=torch.Generator().manual_seed(self._context.seed),
            observe=lambda: self._outputs(options.init_split or "train"),
            per=options.values_per,
            axes=options.sigma_axes,
        )

    def _adjusted(self) -> TargetValues:
        given = {"sigma_sum": self._sigma_sum()} if self._options.observes_sigma else {}
        adjusted: TargetValues = self._adjust(self._target_values(), **given, **self._options.adjustment_parameters)
        return adjusted

    def _sigma_sum(self) -> float:
        outputs = self._outputs(self._options.sigma_split or "validation")
        return sigma_sum(outputs.probabilities, outputs.labels, axes=self._options.sigma_axes)

    def _set(self, values: TargetValues) -> None:
        self._values = values
        self._vectors = values.vectors(self._options.values_per).float().to(self._learner.execution.device)

    def _target_values(self) -> TargetValues:
        """The present values; those of an untrained network where there are none yet."""
        if self._values is None:
            self._set(one_hot(self._data.n_classes) if self._first_epoch > 0 else self._initial_values())
        if self._values is None:
            raise RuntimeError("setting target values left none")
        return self._values

    def _target_vectors(self) -> Tensor:
        self._target_values()
        if self._vectors is None:
            raise RuntimeError("setting target values left no vectors")
        return self._vectors

    @torch.inference_mode()
    def _measure(self, split: str) -> dict[str, float]:
        """Loss, accuracies, confidence and spread on "val" or "test"."""
        measured = measures_of(
            self._outputs(split), self._target_vectors(), rule=self._options.rule, axes=self._options.sigma_axes
        )
        return {f"{split}/{name}": value for name, value in measured.items()}

    def _outputs(self, split: str) -> Outputs:
        """Outputs of the present weights on "train", "val" or "validation", "test"; computed once."""
        split = "val" if split == "validation" else split
        if split not in self._seen:
            logits, labels = self._learner.logits(self._batches(split, batch_size=self._options.evaluation_batch_size))
            self._seen[split] = Outputs(logits, labels)
        return self._seen[split]

    def _batches(self, split: str, *, batch_size: int, shuffled: bool = False) -> Batches:
        images, indices = self._split(split)
        return Batches(
            images,
            indices,
            batch_size=batch_size,
            device=self._learner.execution.device,
            mean=self._data.mean,
            std=self._data.std,
            generator=self._learner.randomness.order if shuffled else None,
        )

    def _split(self, name: str) -> tuple[Split, NDArray[np.int64] | None]:
        if name == "test":
            return self._data.test, None
        return self._data.train, self._indices.train if name == "train" else self._indices.validation


def _build_model(options: DynamicTargetsOptions, data: DataSet) -> PureModel:
    """The network on the CPU, drawn from torch's global generator. Raises DataError if images are not square."""
    channels, height, width = data.shape
    if height != width:
        raise DataError(f"networks take square images, but {options.dataset} has {height}x{width}")
    build = catalog.load("models", options.backbone)
    return PureModel(build(channels, width, data.n_classes, **options.backbone_parameters))
