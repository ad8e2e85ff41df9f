"""Names of everything a study can choose, one plain dict per kind: name -> "module:attr".

Nothing is imported until `load`. Wherever a name stands, "package.module:attr" or "/path/file.py:attr" may stand too;
`signature` reads either from its source. A key that ends in ":" stands for every name that begins with it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from trainables.complaints import did_you_mean
from trainables.signatures import Signature, class_constant, read_signature
from trainables.static_source import NotFoundError, find_definition, find_module, split_reference

TRAINABLES: dict[str, str] = {
    "moving_targets": "trainables.moving_targets:MovingTargets",
    "dynamic_targets": "trainables.dynamic_targets:DynamicTargets",
    "imbalance": "trainables.imbalance:Imbalance",
    "linear_classifier": "trainables.linear_classifier:LinearClassifier",
    "digits_network": "trainables.digits_network:DigitsNetworkTraining",
}
# The typed options of a trainable, in a module that imports no torch. A trainable of the user's own may name its
# options in its class body instead: OPTIONS = "module:attr".
OPTIONS: dict[str, str] = {
    "moving_targets": "trainables.moving_targets_options:MovingTargetsOptions",
    "dynamic_targets": "trainables.dynamic_targets_options:DynamicTargetsOptions",
    "imbalance": "trainables.imbalance_options:ImbalanceOptions",
    "linear_classifier": "trainables.linear_classifier_options:LinearClassifierOptions",
    "digits_network": "trainables.digits_network_options:DigitsNetworkOptions",
}
# Each is a function (data_dir) -> Source; "folder:" and "npz:" take the path that follows them.
DATASETS: dict[str, str] = {
    "digits": "trainables.data.digits:digits",
    "MNIST": "trainables.data.idx:mnist",
    "FashionMNIST": "trainables.data.idx:fashion_mnist",
    "KMNIST": "trainables.data.idx:kmnist",
    "CIFAR10": "trainables.data.cifar:cifar10",
    "CIFAR100": "trainables.data.cifar:cifar100",
    "folder:": "trainables.data.folder:folder",
    "npz:": "trainables.data.npz:npz",
}
MODELS: dict[str, str] = {
    "resnet18": "trainables.models.resnet:resnet18",
    "resnet50": "trainables.models.resnet:resnet50",
    "resnet101": "trainables.models.resnet:resnet101",
    "small_cnn": "trainables.models.small_cnn:small_cnn",
    "mlp": "trainables.models.mlp:mlp",
    "two_conv": "trainables.models.two_conv:two_conv",
    "imbalance_cnn": "trainables.models.imbalance_cnn:imbalance_cnn",
}
LOSSES: dict[str, str] = {
    "euclidean": "trainables.losses.euclidean:euclidean",
    "cosine": "trainables.losses.cosine:cosine",
    "class_proximity": "trainables.losses.class_proximity:class_proximity",
    "push_pull": "trainables.losses.push_pull:push_pull",
    "comparison": "trainables.losses.comparison:comparison",
    "cross_entropy": "trainables.losses.cross_entropy:cross_entropy",
    "multiple_binary_cross_entropy": ("trainables.losses.multiple_binary_cross_entropy:multiple_binary_cross_entropy"),
    "pairwise_hinge": "trainables.losses.pairwise_hinge:pairwise_hinge",
    "soft_f1": "trainables.losses.soft_f1:soft_f1",
    "soft_balanced_accuracy": "trainables.losses.soft_balanced_accuracy:soft_balanced_accuracy",
    "weighted_cross_entropy": "trainables.losses.weighted_cross_entropy:weighted_cross_entropy",
    "focal": "trainables.losses.focal:focal",
    "logit_adjusted": "trainables.losses.logit_adjusted:logit_adjusted",
}
DECISION_RULES: dict[str, str] = {
    "euc": "trainables.decision_rules.euclidean:euc",
    "cos": "trainables.decision_rules.cosine:cos",
    "euc_ce": "trainables.decision_rules.euclidean:euc_ce",
    "cos_ce": "trainables.decision_rules.cosine:cos_ce",
    "argmax": "trainables.decision_rules.argmax:argmax",
}
# How target values start, and how they change after each epoch: see `trainables.targets`.
STRATEGIES: dict[str, str] = {
    "one_hot": "trainables.targets.one_hot:one_hot",
    "soft": "trainables.targets.soft:soft",
    "uniform": "trainables.targets.uniform:uniform",
    "untrained_means": "trainables.targets.untrained_means:untrained_means",
    "remapped_means": "trainables.targets.remapped_means:remapped_means",
    "mean_nudge": "trainables.targets.mean_nudge:mean_nudge",
    "remapped_mean_nudge": "trainables.targets.remapped_mean_nudge:remapped_mean_nudge",
}
ADJUSTMENTS: dict[str, str] = {
    "keep": "trainables.targets.keep:keep",
    "sigma_spacing": "trainables.targets.sigma_spacing:sigma_spacing",
}
# Decision rules whose thresholds are chosen on validation data: functions (probabilities, labels) -> Fitted.
FITTED_RULES: dict[str, str] = {
    "default": "trainables.fitted_rules.default:default",
    "threshold": "trainables.fitted_rules.threshold:threshold",
    "decision_tree": "trainables.fitted_rules.decision_tree:decision_tree",
    "absolute": "trainables.fitted_rules.absolute:absolute",
    "relative": "trainables.fitted_rules.relative:relative",
}
KINDS: Mapping[str, dict[str, str]] = {
    "trainables": TRAINABLES,
    "datasets": DATASETS,
    "models": MODELS,
    "losses": LOSSES,
    "decision_rules": DECISION_RULES,
    "strategies": STRATEGIES,
    "adjustments": ADJUSTMENTS,
    "fitted_rules": FITTED_RULES,
}


class CatalogError(ValueError):
    """A name that leads nowhere: the rule it breaks, what was given, what may stand there."""

    def __init__(self, rule: str, given: object, choices: Iterable[str] = ()) -> None:
        self.rule = rule
        self.given = given
        self.choices = tuple(dict.fromkeys(choices))
        super().__init__(f"{rule}, but got {given!r}{did_you_mean(given, self.choices)}")

    def __reduce__(self) -> tuple[type[CatalogError], tuple[object, ...]]:
        return CatalogError, (self.rule, self.given, self.choices)  # it crosses processes


def names(kind: str) -> tuple[str, ...]:
    """The catalogue's names of a kind, in its order."""
    return tuple(_entries(kind))


def resolve(kind: str, name: str) -> str:
    """The "module:attr" behind a name; the name itself if it is one already. Raises CatalogError."""
    entries = _entries(kind)
    if not isinstance(name, str):
        raise CatalogError(f"must be a name from {kind}, or 'package.module:attr'", name, entries)
    prefix = name.partition(":")[0] + ":"
    if name in entries or prefix in entries:
        return entries[name] if name in entries else entries[prefix]
    if ":" in name:
        return name
    raise CatalogError(f"must be a name from {kind}, or 'package.module:attr'", name, entries)


def signature(kind: str, name: str) -> Signature | None:
    """The parameters behind a name, read from source; None where they cannot be read. Imports nothing.

    Raises CatalogError if the name, its module or its attribute does not exist.
    """
    return _signature(resolve(kind, name))


def options_class(trainable: str) -> type | None:
    """The dataclass with a trainable's options, without importing the trainable; None if it declares none.

    Raises CatalogError if the trainable, or the options it names, do not exist.
    """
    if trainable in OPTIONS:
        reference: str | None = OPTIONS[trainable]
    else:
        given = resolve("trainables", trainable)
        try:
            module, attribute = split_reference(given)
            reference = class_constant(find_definition(find_module(module), attribute), "OPTIONS")
        except NotFoundError as error:
            raise _as_catalog_error(error, given) from None
    options = _import(reference) if reference else None
    if options is not None and not isinstance(options, type):
        raise CatalogError(f"options of {trainable} must be a class", reference)
    return options


def load(kind: str, name: str) -> Any:
    """Import what a name stands for.

    Raises CatalogError if it does not exist or its module fails on import; the cause is chained then.
    """
    return _import(resolve(kind, name))


@functools.cache
def _signature(reference: str) -> Signature | None:
    try:
        module, attribute = split_reference(reference)
        definition = find_definition(find_module(module), attribute)
    except NotFoundError as error:
        raise _as_catalog_error(error, reference) from None
    return read_signature(definition) if definition else None


def _import(reference: str) -> Any:
    try:
        name, attribute = split_reference(reference)
        find_module(name)
    except NotFoundError as error:
        raise _as_catalog_error(error, reference) from None
    try:
        module = _import_file(Path(name)) if "/" in name or name.endswith(".py") else importlib.import_module(name)
    except Exception as error:
        raise CatalogError(f"must be importable ({type(error).__name__}: {error})", reference) from error
    if not hasattr(module, attribute):
        choices = (f"{name}:{public}" for public in vars(module) if not public.startswith("_"))
        raise CatalogError(f"module {name} must define {attribute}", reference, choices)
    return getattr(module, attribute)


def _import_file(path: Path) -> ModuleType:
    """Import a lone file once per process, under a name made of its path."""
    path = path.resolve()
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses and pickle look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _entries(kind: str) -> dict[str, str]:
    if kind not in KINDS:
        raise CatalogError("must be a kind of the catalogue", kind, KINDS)
    return KINDS[kind]


def _as_catalog_error(error: NotFoundError, reference: str) -> CatalogError:
    attribute = reference.rpartition(":")[2]
    return CatalogError(error.rule, reference, (c if ":" in c else f"{c}:{attribute}" for c in error.choices))
