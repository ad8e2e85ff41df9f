"""Where and how a model runs must not change what it says."""

import pytest
import torch

from trainables import execution
from trainables.execution import Execution
from trainables.models.embedding_model import EmbeddingModel, PureModel
from trainables.models.small_cnn import small_cnn
from trainables.moving_targets import MovingTargets
from trainables.training import TrialContext, epochs


def images(n=5, channels=1):
    return torch.randn(n, channels, 8, 8, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_layout_does_not_change_the_outputs(channels):
    """Oracle: the model applied by itself to contiguous images."""
    torch.manual_seed(0)
    model = PureModel(small_cnn(channels, 8, 10, width=8)).eval()
    expected = model(images(channels=channels))
    output = Execution(model, device="cpu", precision="fp32")(images(channels=channels))
    torch.testing.assert_close(output.embeddings, expected.embeddings)
    torch.testing.assert_close(output.logits, expected.logits)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_layout_does_not_change_the_training(tmp_path, monkeypatch, optimizer):
    """Oracle: the same trial in the contiguous layout, up to rounding; a fused step must pair what belongs together."""

    def losses():
        config = {"dataset": "digits", "backbone": "small_cnn", "width": 4, "train_size": 200, "lr": 1e-3}
        config |= {"loss": "cross_entropy", "optimizer": optimizer, "weight_decay": 0.01}
        training = MovingTargets(config, TrialContext(seed=1, data_dir=tmp_path, cache_dir=tmp_path))
        return [result["train/loss"] for result in epochs(training, last=3)]

    chosen = losses()
    monkeypatch.setattr(execution, "_prefers_channels_last", lambda model, device: False)
    assert chosen == pytest.approx(losses(), rel=1e-3)


@pytest.mark.parametrize("with_logits", [True, False])
def test_bf16_gives_float32_near_fp32(with_logits):
    """Oracle: the fp32 outputs; bf16 keeps 8 bits."""
    torch.manual_seed(0)
    backbone = small_cnn(1, 8, 10, width=8)
    model = (PureModel(backbone) if with_logits else EmbeddingModel(backbone, 3)).eval()
    exact = Execution(model, device="cpu", precision="fp32")(images())
    rough = Execution(model, device="cpu", precision="bf16")(images())
    assert rough.embeddings.dtype == torch.float32
    torch.testing.assert_close(rough.embeddings, exact.embeddings, rtol=0.05, atol=0.05)
    assert not torch.equal(rough.embeddings, exact.embeddings)
    assert (rough.logits is None) == (not with_logits)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="precision must be one of fp32, bf16, but got 'fp16'"):
        Execution(PureModel(small_cnn(1, 8, 10)), device="cpu", precision="fp16")
