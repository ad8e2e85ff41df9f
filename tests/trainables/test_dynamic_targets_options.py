"""What a study may not set for dynamic targets: one clear complaint each, before anything starts."""

import pytest

from trainables.dynamic_targets_options import DynamicTargetsOptions
from trainables.options import OptionsError, read

NUDGE = {"dataset": "MNIST", "strategy": "mean_nudge"}
SIGMA = NUDGE | {"adjustment": "sigma_spacing"}
ONE_HOT = {"dataset": "MNIST", "strategy": "one_hot"}


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (NUDGE | {"epsilon": 0}, "epsilon: must be above 0 and at most 1, but got 0"),
        (NUDGE | {"epsilon": 1.5}, "epsilon: must be above 0 and at most 1, but got 1.5"),
        (SIGMA | {"scaling_factor": 0.0}, "scaling_factor: must be above 0 and at most 100, but got 0"),
        (SIGMA | {"scaling_factor": 1000}, "scaling_factor: must be above 0 and at most 100, but got 1000"),
        (NUDGE | {"scaling_factor": 1}, "scaling_factor: belongs only to adjustment=sigma_spacing"),
        (ONE_HOT | {"epsilon": 0.1}, "epsilon: belongs only to strategy=mean_nudge, strategy=remapped_mean_nudge"),
        (NUDGE | {"spacing": "sigmas"}, "spacing: must be one of the choices, but got 'sigmas'; did you mean 'sigma'"),
        (ONE_HOT | {"strategy": "soft", "class_value": 1.1}, "class_value: must be at least 0 and at most 1, but"),
        (ONE_HOT | {"strategy": "softt"}, "did you mean 'soft'?"),
        (ONE_HOT | {"init_split": "test"}, "init_split: does nothing unless strategy takes its values from"),
        (ONE_HOT | {"late_epochs": 1}, "late_epochs: does nothing unless strategy takes"),
        (NUDGE | {"sigma_split": "train"}, "sigma_split: does nothing unless adjustment is sigma_spacing"),
        (NUDGE | {"adjust": "before_measuring"}, "adjust: does nothing unless adjustment is another than keep"),
        (NUDGE | {"activation": "tanh"}, "activation: must be one of the choices, but got 'tanh'"),
        (NUDGE | {"dropout": 1.0}, "dropout: must be at least 0 and below 1, but got 1.0"),
        (NUDGE | {"sigma_axes": "rows"}, "sigma_axes: must be one of the choices, but got 'rows'"),
        ({"dataset": "MNIST"}, "strategy: must be given"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(config, complaint):
    """Oracle: the rule, what was given, and the choices, in words."""
    with pytest.raises(OptionsError) as raised:
        read(DynamicTargetsOptions, config)
    assert complaint in str(raised.value)
    assert len(raised.value.complaints) == 1


def test_all_mistakes_are_told_at_once():
    with pytest.raises(OptionsError) as raised:
        read(DynamicTargetsOptions, SIGMA | {"epsilon": 2, "scaling_factor": -1})
    assert [complaint.key for complaint in raised.value.complaints] == ["epsilon", "scaling_factor"]


def test_defaults_are_the_papers():
    """Oracle: sections 4.1 to 4.3; the rule of section 4.5."""
    options = read(DynamicTargetsOptions, SIGMA)
    assert (options.lr, options.momentum, options.batch_size, options.evaluation_batch_size) == (0.01, 0.5, 64, 1000)
    assert (options.backbone, options.normalisation) == ("two_conv", "mnist")
    rules = {name: read(DynamicTargetsOptions, ONE_HOT | {"strategy": name}).rule for name in ("one_hot", "soft")}
    assert set(rules.values()) == {"winner_takes_all"}
    assert options.rule == "nearest_target"
    assert read(DynamicTargetsOptions, NUDGE | {"decision_rule": "nearest_neuron"}).rule == "nearest_neuron"
