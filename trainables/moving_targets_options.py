"""What a study may set for moving targets. Torch-free: `tuner validate` checks every cell with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trainables import catalog
from trainables.base_options import ScheduledOptions, idle
from trainables.complaints import Complaint
from trainables.objective import WITH_CLASS_EMBEDDINGS, WITH_LOGITS, takes_class_embeddings
from trainables.options import option, parameters_of

# Section IV-B of the paper: these are enlarged to 44 x 44 and cut to the central 36 x 36.
PAPER_DATASETS = ("MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100")
PAPER_RESIZE, PAPER_CROP = 44, 36


@dataclass(frozen=True, kw_only=True)
class MovingTargetsOptions(ScheduledOptions):
    """A network whose outputs are drawn to learned class embeddings, or its pure baseline."""

    backbone: str = option(help="the network", kind="models")
    backbone_parameters: Mapping[str, Any] = parameters_of("backbone")
    loss: str = option(
        help="what is minimised; it decides whether there are class embeddings or a linear layer", kind="losses"
    )
    loss_parameters: Mapping[str, Any] = parameters_of("loss")
    embedding_dim: int | None = option(
        None,
        help="dimension d of embeddings; required by losses with class embeddings, theirs alone",
        low=1,
        high=65536,
    )

    optimizer: str = option("adam", help="who moves the weights", choices=("adam", "adamw", "sgd"))
    momentum: float | None = option(None, help="of sgd alone; 0.9 if not given", low=0, high=1)
    weight_decay: float = option(0.0, help="L2 penalty (adam, sgd) or decoupled decay (adamw)", low=0, high=1)

    resize: int | Literal["auto"] | None = option(
        "auto",
        help="new length of the smaller edge; auto: 44 for the paper's data sets; null: as it is",
        low=1,
        high=4096,
    )
    crop: int | Literal["auto"] | None = option(
        "auto", help="side of the central square; auto: 36 for the paper's data sets; null: none", low=1, high=4096
    )
    normalisation: str = option(
        "auto",
        help="table2: the paper's constants, each in its unit; table2_literal: all on 0-1; auto: table2, or dataset",
        choices=("auto", "table2", "table2_literal", "dataset", "none"),
    )
    flip: bool = option(False, help="mirror training images left to right, each with probability 1/2")
    random_crop: int = option(
        0, help="shift training images by up to this many pixels, padded with zeros", low=0, high=64
    )

    decision_rule: str | None = option(
        None,
        help="whose accuracy is val/accuracy; by default cos_ce for cosine, else euc_ce, or argmax of logits",
        kind="decision_rules",
    )
    centres_from: int | Literal["all"] = option(
        "all", help="class centres that classify are means over this many training images", low=1
    )
    held_out_classes: tuple[int, ...] = option((), help="labels that are neither trained nor validated on")
    few_shot_shots: int | None = option(
        None, help="images a held-out class gets for its centre; 5 if classes are held out", low=1
    )

    def check(self) -> Iterator[Complaint]:
        """What no option can tell alone: what the loss, the optimiser or the schedule make needed or meaningless."""
        yield from _check_loss(self)
        yield from _check_decision_rule(self)
        yield from _check_rest(self)
        yield from super().check()
        yield from idle(self, "momentum", unless="optimizer is sgd", active=self.optimizer == "sgd")
        yield from idle(self, "few_shot_shots", unless="held_out_classes is given", active=bool(self.held_out_classes))

    @property
    def transform(self) -> tuple[int | None, int | None]:
        """(resize, crop) with "auto" resolved: the paper's for its five data sets, none for others."""
        in_paper = self.dataset in PAPER_DATASETS
        resize = (PAPER_RESIZE if in_paper else None) if self.resize == "auto" else self.resize
        crop = (PAPER_CROP if in_paper else None) if self.crop == "auto" else self.crop
        return resize, crop

    @property
    def rule(self) -> str:
        """The decision rule with its default resolved."""
        if self.decision_rule is not None:
            return self.decision_rule
        if not takes_class_embeddings(self.loss):
            return "argmax"
        return "cos_ce" if self.loss == "cosine" else "euc_ce"


def _inputs(kind: str, name: str) -> frozenset[str]:
    signature = catalog.signature(kind, name)
    return frozenset(p.name for p in signature.inputs if p.required) if signature else frozenset()


def _check_loss(options: MovingTargetsOptions) -> Iterator[Complaint]:
    with_class_embeddings = takes_class_embeddings(options.loss)
    if with_class_embeddings is None:
        rule = f"must be a function of ({', '.join(WITH_CLASS_EMBEDDINGS)}) or of ({', '.join(WITH_LOGITS)})"
        yield Complaint("loss", rule, options.loss, catalog.names("losses"))
    elif with_class_embeddings and options.embedding_dim is None:
        yield Complaint("embedding_dim", f"must be given (needed by loss: {options.loss})", None)
    elif not with_class_embeddings:
        yield from idle(options, "embedding_dim", unless="the loss has class embeddings", active=False)


def _check_decision_rule(options: MovingTargetsOptions) -> Iterator[Complaint]:
    if options.decision_rule is None:
        return
    lacking = "logits" if takes_class_embeddings(options.loss) else "class_embeddings"
    if lacking in _inputs("decision_rules", options.decision_rule):
        fitting = tuple(n for n in catalog.names("decision_rules") if lacking not in _inputs("decision_rules", n))
        rule = f"must fit the loss: with {options.loss} there are no {lacking.replace('_', ' ')}"
        yield Complaint("decision_rule", rule, options.decision_rule, fitting)


def _check_rest(options: MovingTargetsOptions) -> Iterator[Complaint]:
    labels = options.held_out_classes
    if len(set(labels)) < len(labels) or min(labels, default=0) < 0 or len(labels) == 1:
        yield Complaint("held_out_classes", "must be none or two or more different labels, from 0 on", list(labels))
    backbone = options.backbone_parameters
    if backbone.get("weights") is not None and backbone.get("pretrained") is False:
        yield Complaint("weights", "does nothing unless pretrained is true: leave it out", backbone["weights"])
    resize, crop = options.transform
    if resize is not None and crop is not None and crop > resize:
        yield Complaint("crop", f"must be at most resize ({resize})", crop)
