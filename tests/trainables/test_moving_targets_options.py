"""What a moving-targets configuration may hold, and what is refused with which words. No torch."""

import re
import subprocess
import sys

import pytest

from trainables.moving_targets_options import MovingTargetsOptions
from trainables.options import OptionsError, describe, read

EMBEDDED = {"dataset": "digits", "backbone": "mlp", "loss": "euclidean", "embedding_dim": 8}
PURE = {"dataset": "digits", "backbone": "mlp", "loss": "cross_entropy"}

GOOD = [
    EMBEDDED,
    PURE,
    {**EMBEDDED, "loss": "class_proximity", "r": 1000},
    {**EMBEDDED, "loss": "class_proximity", "r": 1e3, "eps": 1e-5},
    {**EMBEDDED, "loss": "push_pull", "r": 0.95, "decision_rule": "cos"},
    {**EMBEDDED, "optimizer": "sgd", "momentum": 0.5},
    {**EMBEDDED, "lr_schedule": "cosine", "lr_epochs": 30},
    {**EMBEDDED, "hidden": 64, "layers": 1},
    {**EMBEDDED, "resize": None, "crop": 6, "centres_from": 100},
    {**EMBEDDED, "held_out_classes": [8, 9], "few_shot_shots": 1},
    {**PURE, "backbone": "resnet18", "pretrained": True, "weights": "/weights.pth"},
    {**PURE, "decision_rule": "trainables.decision_rules.cosine:cos"},
]

BAD = [
    ({}, {"dataset": "must be given", "backbone": "must be given", "loss": "must be given"}),
    ({**PURE, "loss": "euclidean"}, {"embedding_dim": r"must be given \(needed by loss: euclidean\)"}),
    ({**PURE, "embedding_dim": 8}, {"embedding_dim": "does nothing unless the loss has class embeddings"}),
    ({**EMBEDDED, "loss": "push_pull"}, {"r": "must be given"}),
    ({**EMBEDDED, "r": 1.0}, {"r": "belongs only to"}),
    ({**EMBEDDED, "loss": "push_pull", "r": "a"}, {"r": "must be a number"}),
    ({**EMBEDDED, "decision_rule": "argmax"}, {"decision_rule": "with euclidean there are no logits"}),
    ({**PURE, "decision_rule": "cos_ce"}, {"decision_rule": "there are no class embeddings"}),
    ({**EMBEDDED, "momentum": 0.9}, {"momentum": "does nothing unless optimizer is sgd"}),
    ({**EMBEDDED, "lr_epochs": 3}, {"lr_epochs": "does nothing unless lr_schedule is cosine or step"}),
    ({**EMBEDDED, "lr_schedule": "step"}, {"lr_epochs": r"must be given \(needed by lr_schedule: step\)"}),
    ({**EMBEDDED, "few_shot_shots": 3}, {"few_shot_shots": "does nothing unless held_out_classes is given"}),
    ({**EMBEDDED, "held_out_classes": [3]}, {"held_out_classes": "must be none or two or more"}),
    ({**EMBEDDED, "held_out_classes": [3, 3]}, {"held_out_classes": "different labels"}),
    ({**EMBEDDED, "crop": 9, "resize": 8}, {"crop": r"must be at most resize \(8\)"}),
    ({**EMBEDDED, "pretrained": True}, {"pretrained": "belongs only to backbone=resnet18"}),
    (
        {**PURE, "backbone": "resnet18", "pretrained": False, "weights": "/w.pth"},
        {"weights": "does nothing unless pretrained is true"},
    ),
    ({**EMBEDDED, "loss": "trainables.metrics.accuracy:accuracy"}, {"loss": "must be a function of"}),
    ({**EMBEDDED, "loss": "euclid"}, {"loss": "must be a name from losses"}),
    ({**EMBEDDED, "lr": 0, "batch_size": 0.5}, {"lr": "must be above 0", "batch_size": "must be an int"}),
    ({**EMBEDDED, "batchsize": 3}, {"batchsize": "must be a known option"}),
]


def complaints_of(config):
    try:
        read(MovingTargetsOptions, config)
    except OptionsError as error:
        return list(error.complaints)
    return []


@pytest.mark.parametrize("config", GOOD)
def test_a_good_configuration_has_no_complaint(config):
    assert complaints_of(config) == []


@pytest.mark.parametrize(("config", "expected"), BAD)
def test_all_mistakes_are_named_at_once(config, expected):
    """Oracle: the keys by hand, one complaint each and no other."""
    complaints = {complaint.key: str(complaint) for complaint in complaints_of(config)}
    assert complaints.keys() == expected.keys()
    for key, words in expected.items():
        assert re.search(words, complaints[key]), complaints[key]


def test_every_option_is_documented_and_every_number_bounded():
    """Oracle: the promise that a study's extremes can be checked before anything starts."""
    for info in describe(MovingTargetsOptions):
        assert info.help, info.name
        if not info.owners and info.choices is None and info.type not in (bool, str, str | None):
            assert info.low is not None or info.name == "held_out_classes", info.name


@pytest.mark.parametrize(
    ("loss", "rule"),
    [("cosine", "cos_ce"), ("euclidean", "euc_ce"), ("comparison", "euc_ce"), ("cross_entropy", "argmax")],
)
def test_the_default_rule_follows_the_loss(loss, rule):
    """Oracle: section III-D and IV-C of the paper."""
    base = PURE if loss == "cross_entropy" else EMBEDDED
    assert read(MovingTargetsOptions, {**base, "loss": loss}).rule == rule


@pytest.mark.parametrize(
    ("config", "transform"),
    [
        ({"dataset": "KMNIST"}, (44, 36)),
        ({"dataset": "digits"}, (None, None)),
        ({"dataset": "CIFAR10", "resize": None, "crop": None}, (None, None)),
        ({"dataset": "MNIST", "crop": 20}, (44, 20)),
        ({"dataset": "digits", "resize": 16}, (16, None)),
    ],
)
def test_the_papers_transform_is_that_of_its_data_sets(config, transform):
    """Oracle: section IV-B and Table 2."""
    assert read(MovingTargetsOptions, {**EMBEDDED, **config}).transform == transform


def test_checking_imports_no_torch():
    code = (
        "import sys\n"
        "from trainables.moving_targets_options import MovingTargetsOptions\n"
        "from trainables.options import read\n"
        f"read(MovingTargetsOptions, {PURE!r})\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
