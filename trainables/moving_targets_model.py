"""What a moving-targets configuration names, built: the network, and the rules that judge it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from trainables import catalog
from trainables.data.errors import DataError
from trainables.models.embedding_model import EmbeddingModel, PureModel

if TYPE_CHECKING:
    from trainables.decision_rules.scoring import DecisionRule
    from trainables.moving_targets_data import Images
    from trainables.moving_targets_options import MovingTargetsOptions

Model = EmbeddingModel | PureModel


def build_model(options: MovingTargetsOptions, images: Images, *, has_class_embeddings: bool) -> Model:
    """Build the network for these images on the CPU, drawing from torch's global generator.

    Raises DataError if the images are not square, WeightsError if pretrained weights are not to be had, ValueError
    if the network does not take such images or options.
    """
    channels, height, width = images.data.shape
    if height != width:
        raise DataError(f"networks take square images, but {options.dataset} has {height}x{width}: set crop")
    dimension = options.embedding_dim if has_class_embeddings else len(images.classes)
    backbone = catalog.load("models", options.backbone)(channels, width, dimension, **options.backbone_parameters)
    return EmbeddingModel(backbone, len(images.classes)) if has_class_embeddings else PureModel(backbone)


def decision_rules(options: MovingTargetsOptions, *, has_class_embeddings: bool) -> dict[str, DecisionRule]:
    """Every rule of the catalogue that the model can answer, and the study's own, under their metrics' names.

    A rule from elsewhere, "package.module:attr", is called attr. Raises ValueError if a rule of the catalogue is
    called so too.
    """
    lacking = "logits" if has_class_embeddings else "class_embeddings"
    rules = {name: catalog.load("decision_rules", name) for name in catalog.names("decision_rules")}
    rules = {name: rule for name, rule in rules.items() if lacking not in inspect.signature(rule).parameters}
    name = rule_name(options.rule)
    if name != options.rule and name in catalog.names("decision_rules"):
        raise ValueError(f"decision rule {options.rule} needs a name of its own: there is a rule {name} already")
    return rules | {name: catalog.load("decision_rules", options.rule)}


def rule_name(rule: str) -> str:
    """What a rule is called in metrics."""
    return rule.rpartition(":")[2]
