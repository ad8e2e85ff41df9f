"""The imbalance paper's network and its single output for two classes."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from trainables.models.imbalance_cnn import imbalance_cnn
from trainables.models.sigmoid_model import SigmoidModel


@pytest.mark.parametrize(("padding", "flat"), [("valid", 32), ("same", 288)])
def test_layers_are_the_paper_s(padding, flat):
    """Oracle: filters and neurons as printed, weights counted by hand for 28 x 28 grey images and ten classes."""
    backbone = imbalance_cnn(1, 28, 10, padding=padding)
    convolutions = [m for m in backbone.modules() if isinstance(m, nn.Conv2d)]
    assert [(m.out_channels, m.kernel_size) for m in convolutions] == [(64, (3, 3)), (32, (3, 3)), (32, (3, 3))]
    n_weights = 64 * 9 + 64 + 32 * 64 * 9 + 32 + 32 * 32 * 9 + 32 + flat * 100 + 100 + 100 * 10 + 10
    assert sum(p.numel() for p in backbone.parameters()) == n_weights


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling_before_relu_gives_what_pooling_after_it_gives(padding):
    """Oracle: the layers in the paper's order, one by one."""
    backbone = imbalance_cnn(1, 28, 3, padding=padding)
    x = images = torch.randn(4, 1, 28, 28)
    for layer in (m for m in backbone.body if isinstance(m, nn.Conv2d)):
        x = functional.max_pool2d(functional.relu(functional.conv2d(x, layer.weight, layer.bias, padding=padding)), 2)
    dense = next(m for m in backbone.body if isinstance(m, nn.Linear))
    torch.testing.assert_close(backbone(images), backbone.head(functional.relu(dense(x.flatten(1)))))


def test_weights_begin_as_keras_begins_them():
    """Oracle: Glorot's bound sqrt(6 / (fan_in + fan_out)), nearly reached; biases 0."""
    backbone = imbalance_cnn(1, 28, 10)
    middle = [m for m in backbone.modules() if isinstance(m, nn.Conv2d)][1]
    bound = (6 / (64 * 9 + 32 * 9)) ** 0.5
    assert 0.99 * bound < middle.weight.abs().max().item() <= bound
    assert all(not m.bias.any() for m in backbone.modules() if isinstance(m, nn.Conv2d | nn.Linear))


def test_one_output_becomes_two_logits():
    """Oracle: the sigmoid of the backbone's own output."""
    model = SigmoidModel(imbalance_cnn(1, 28, 1))
    images = torch.randn(5, 1, 28, 28)
    output = model(images)
    assert output.embeddings.shape == (5, 100)
    assert not output.logits[:, 0].any()
    torch.testing.assert_close(output.logits.softmax(1)[:, 1], model.backbone(images)[:, 0].sigmoid())


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: imbalance_cnn(1, 21, 2), "at least 22 pixels"),
        (lambda: imbalance_cnn(1, 7, 2, padding="same"), "at least 8 pixels"),
        (lambda: imbalance_cnn(2, 28, 2), "in_channels must be 1"),
        (lambda: imbalance_cnn(1, 28, 2, padding="full"), "padding must be one of valid, same"),
        (lambda: SigmoidModel(imbalance_cnn(1, 28, 2)), "must have 1 output, but has 2"),
    ],
)
def test_what_does_not_fit_is_told(build, words):
    with pytest.raises(ValueError, match=words):
        build()
