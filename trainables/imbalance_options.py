"""What a study may set for imbalanced classification. Torch-free: `tuner validate` checks every cell with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trainables import catalog
from trainables.base_options import TrainingOptions
from trainables.complaints import Complaint
from trainables.data.mixtures import SPLITS, SUM_TOLERANCE, Mixture, geometric, parse_classes, parse_shares
from trainables.objective import WITH_CLASS_COUNTS, WITH_LOGITS, inputs_of
from trainables.options import option, parameters_of

BINARY_RULES = ("default", "threshold")
MULTICLASS_RULES = ("default", "decision_tree", "absolute", "relative")
_WAYS = ("split", "proportions", "retained", "imbalance_ratio")


@dataclass(frozen=True, kw_only=True)
class ImbalanceOptions(TrainingOptions):
    """A network trained on an imbalanced selection of classes, and decision rules tuned on validation data."""

    split: str | None = option(None, help=f"a named selection: {', '.join(SPLITS)}")
    classes: tuple[str | int, ...] | str | None = option(
        None, help="the classes, by name or label, as a list or 'Bag, Coat'; by default the data set's first ones"
    )
    n_classes: int | None = option(None, help="only so many classes, the first of the selection", low=2, high=1000)
    proportions: tuple[float, ...] | str | None = option(
        None, help="of each class in the whole: a list that adds up to 1, or percentages, 90/10"
    )
    retained: tuple[float, ...] | str | None = option(
        None, help="share of each class's images that is kept: a list, or percentages, 90/80/50"
    )
    imbalance_ratio: float | None = option(
        None, help="shares kept fall geometrically from 1 to 1 / this", low=1, high=1e6
    )
    total: int | None = option(
        None, help="images of training and validation together; as many as there are without repeating", low=2
    )
    replacement: bool = option(False, help="draw with replacement: images repeat, also between training and validation")
    test_distribution: str = option(
        "as_train",
        help="as_train: test images drawn like the training images; natural: all of the chosen classes",
        choices=("as_train", "natural"),
    )

    network: str = option("imbalance_cnn", help="the network", kind="models")
    network_parameters: Mapping[str, Any] = parameters_of("network")
    loss: str = option("cross_entropy", help="what is minimised: a function of logits", kind="losses")
    loss_parameters: Mapping[str, Any] = parameters_of("loss")
    optimizer: str = option("adam", help="who moves the weights", choices=("adam", "adamw", "sgd"))
    momentum: float | None = option(None, help="of sgd alone; 0 if not given", low=0, high=1)
    weight_decay: float = option(0.0, help="L2 penalty (adam, sgd) or decoupled decay (adamw)", low=0, high=1)
    batch_size: int = option(128, help="images in a step; the last, smaller batch is trained on too", low=1, high=65536)
    validation_fraction: float = option(
        0.2, help="share of the training images that tunes the rules", low=0, low_open=True, high=0.9
    )
    normalisation: str = option(
        "none", help="none: pixels from 0 to 1; dataset: mean 0 and deviation 1", choices=("none", "dataset")
    )

    rules: tuple[str, ...] | None = option(
        None, help=f"tuned rules; by default {', '.join(BINARY_RULES)}, or {', '.join(MULTICLASS_RULES)}"
    )
    threshold_step: float | None = option(
        None, help="of the thresholds of absolute and relative, where all sets are tried; 0.01", low=1e-3, high=0.5
    )
    threshold_draws: int | None = option(
        None, help="random sets where all would be more than 10,000; 2,000", low=1, high=1_000_000
    )
    threshold_ties: str | None = option(
        None, help="which of equally good thresholds: the first tried or the most central", choices=("first", "centre")
    )
    tree_depth: int | None = option(None, help="of the decision tree; as many as classes", low=1, high=1000)

    def check(self) -> Iterator[Complaint]:
        """What no option can tell alone: whether classes, shares, loss and rules fit each other."""
        complaints = list(_check_selection(self))
        yield from complaints
        if inputs_of(self.loss) not in (WITH_LOGITS, WITH_CLASS_COUNTS):
            fitting = tuple(n for n in catalog.names("losses") if inputs_of(n) in (WITH_LOGITS, WITH_CLASS_COUNTS))
            rule = f"must be a function of ({', '.join(WITH_LOGITS)}) or of ({', '.join(WITH_CLASS_COUNTS)})"
            yield Complaint("loss", rule, self.loss, fitting)
        if self.momentum is not None and self.optimizer != "sgd":
            yield Complaint("momentum", "does nothing unless optimizer is sgd: leave it out", self.momentum)
        if not complaints:
            yield from _check_rules(self)

    @property
    def mixture(self) -> Mixture:
        """The classes and how many of each. Raises nothing for options without complaints."""
        if self.split is not None:
            whole = SPLITS[self.split]
        else:
            proportions, retained = self.shares("proportions"), self.shares("retained")
            if self.imbalance_ratio is not None:
                retained = geometric(self.n_classes or len(self.class_list), self.imbalance_ratio)
            classes = self.class_list or tuple(range(len(proportions or retained)))
            whole = Mixture(classes, proportions, retained)
        n = self.n_classes or len(whole)
        return Mixture(whole.classes[:n], whole.proportions, whole.retained[:n])

    @property
    def class_list(self) -> tuple[str | int, ...]:
        """The classes that are given, () if none are."""
        given = self.classes or ()
        return parse_classes(given) if isinstance(given, str) else given

    def shares(self, key: str) -> tuple[float, ...]:
        """The proportions or the retained shares that are given, () if none are. Raises ValueError for other text."""
        given = getattr(self, key) or ()
        return parse_shares(given) if isinstance(given, str) else tuple(given)

    @property
    def rule_names(self) -> tuple[str, ...]:
        """The rules with their default resolved; "default" is always among them, first."""
        named = self.rules or (BINARY_RULES if len(self.mixture) == 2 else MULTICLASS_RULES)
        return tuple(dict.fromkeys(("default", *named)))

    @property
    def rule_options(self) -> dict[str, Any]:
        """Keyword arguments of fitted rules that the study has set, by the rules' names for them."""
        given = {
            "step": self.threshold_step,
            "draws": self.threshold_draws,
            "ties": self.threshold_ties,
            "depth": self.tree_depth,
        }
        return {name: value for name, value in given.items() if value is not None}


def _check_selection(options: ImbalanceOptions) -> Iterator[Complaint]:
    given = [way for way in _WAYS if getattr(options, way) is not None]
    if len(given) != 1:
        yield Complaint(given[-1] if given else "split", f"must be given as one of {', '.join(_WAYS)}", given or None)
        return
    if options.split is not None:
        if options.split not in SPLITS:
            yield Complaint("split", "must be a named selection", options.split, tuple(SPLITS))
            return
        if options.classes is not None:
            yield Complaint("classes", "does nothing with split, which names them: leave it out", options.classes)
    if options.classes is not None and not len(options.class_list) == len(set(options.class_list)) >= 2:
        yield Complaint("classes", "must be two or more different ones", options.classes)
        return
    if options.proportions is not None or options.retained is not None:
        wrong = list(_check_shares(options, "retained" if options.proportions is None else "proportions"))
        yield from wrong
        if wrong:
            return
    yield from _check_number(options)


def _check_shares(options: ImbalanceOptions, key: str) -> Iterator[Complaint]:
    given = getattr(options, key)
    try:
        shares = options.shares(key)
    except ValueError as error:
        yield Complaint(key, str(error), given)
        return
    n_classes = len(options.class_list)
    if len(shares) < 2 or (n_classes and len(shares) != n_classes):
        yield Complaint(key, f"must be {n_classes} numbers, one a class" if n_classes else "must be two or more", given)
    elif not all(0 < share <= 1 for share in shares):
        yield Complaint(key, "must each be above 0 and at most 1 (0.9 for 90%)", given)
    elif key == "proportions" and abs(math.fsum(shares) - 1) > SUM_TOLERANCE:
        yield Complaint(key, f"must add up to 1, but they add up to {math.fsum(shares):.6g}", given)


def _check_number(options: ImbalanceOptions) -> Iterator[Complaint]:
    if options.imbalance_ratio is not None and options.classes is None and options.n_classes is None:
        yield Complaint("n_classes", "must be given (needed by imbalance_ratio without classes)", None)
    if options.n_classes is None:
        return
    split = SPLITS[options.split] if options.split is not None else None
    if options.proportions is not None or (split and split.proportions):
        yield Complaint(
            "n_classes", "does nothing with proportions, which are as many: leave it out", options.n_classes
        )
        return
    most = split or options.shares("retained") or options.class_list
    if most and options.n_classes > len(most):
        yield Complaint("n_classes", f"must be at most the {len(most)} classes of the selection", options.n_classes)


def _check_rules(options: ImbalanceOptions) -> Iterator[Complaint]:
    n_classes = len(options.mixture)
    wrong = []
    for name in options.rules or ():
        try:
            catalog.signature("fitted_rules", name)
        except catalog.CatalogError as error:
            wrong.append(name)
            yield Complaint("rules", error.rule, name, error.choices)
    if "threshold" in options.rule_names and n_classes != 2:
        rule = f"must fit the number of classes: a single threshold is for 2, not {n_classes}"
        yield Complaint("rules", rule, "threshold", MULTICLASS_RULES)
    if wrong:
        return
    taken = {
        name
        for rule in options.rule_names
        if (signature := catalog.signature("fitted_rules", rule))
        for name in signature.option_names
    }
    keys = {"step": "threshold_step", "draws": "threshold_draws", "ties": "threshold_ties", "depth": "tree_depth"}
    for name, value in options.rule_options.items():
        if name not in taken:
            rule = f"does nothing with the rules {', '.join(options.rule_names)}: leave it out"
            yield Complaint(keys[name], rule, value)
    step = options.threshold_step
    if step is not None and not math.isclose(round(1 / step) * step, 1):
        yield Complaint("threshold_step", "must divide 1", step)
