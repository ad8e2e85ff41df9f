"""Every builder of the catalogue: shapes, the two parts, determinism; small networks that learn."""

import pytest
import torch

from trainables import catalog
from trainables.models.backbone import Backbone
from trainables.models.embedding_model import EmbeddingModel, PureModel
from trainables.models.mlp import mlp
from trainables.models.small_cnn import small_cnn

FEATURES = {
    "resnet18": 512,
    "resnet50": 2048,
    "resnet101": 2048,
    "small_cnn": 128,
    "mlp": 256,
    "two_conv": 50,
    "imbalance_cnn": 100,
}
SMALL = ["small_cnn", "mlp"]


def test_all_builders_are_covered():
    assert set(FEATURES) == set(catalog.names("models"))


@pytest.mark.parametrize("name", ["resnet18", "small_cnn", "mlp"])
@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 8), (1, 28), (3, 36), (1, 33)])
def test_shapes(name, channels, size):
    backbone = catalog.load("models", name)(channels, size, 7)
    backbone.eval()
    images = torch.randn(2, channels, size, size)
    assert isinstance(backbone, Backbone)
    features = backbone.features(images)
    assert features.shape == (2, FEATURES[name])
    torch.testing.assert_close(backbone(images), backbone.head(features))
    assert backbone(images).shape == (2, 7)


@pytest.mark.parametrize("name", ["resnet50", "resnet101"])
def test_shapes_of_the_large_ones(name):
    backbone = catalog.load("models", name)(1, 36, 5)
    backbone.eval()
    with torch.no_grad():
        assert backbone.features(torch.randn(1, 1, 36, 36)).shape == (1, FEATURES[name])
    assert backbone.head.weight.shape == (5, FEATURES[name])


@pytest.mark.parametrize("name", ["resnet18", "small_cnn", "mlp"])
def test_the_global_seed_decides_the_weights(name):
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(EmbeddingModel(catalog.load("models", name)(1, 8, 3), 4).state_dict())
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert not torch.equal(states[0]["class_embeddings"], states[2]["class_embeddings"])
    assert not torch.equal(states[0]["backbone.head.weight"], states[2]["backbone.head.weight"])


@pytest.mark.parametrize("name", FEATURES)
def test_bad_images_are_refused(name):
    build = catalog.load("models", name)
    with pytest.raises(ValueError, match=r"in_channels must be 1 \(grey\) or 3 \(RGB\), but got 2"):
        build(2, 32, 10)
    with pytest.raises(ValueError, match="image_size must be at least"):
        build(1, 0, 10)


def test_options_of_the_small_networks():
    assert small_cnn(1, 8, 3, width=5).head.in_features == 20
    assert mlp(1, 8, 3, hidden=9, layers=3).head.in_features == 9
    assert len([m for m in mlp(1, 8, 3, layers=3).body if isinstance(m, torch.nn.Linear)]) == 3
    with pytest.raises(ValueError, match="width must be at least 1"):
        small_cnn(1, 8, 3, width=0)
    with pytest.raises(ValueError, match="hidden=0"):
        mlp(1, 8, 3, hidden=0)


def test_embedding_model():
    """Oracle: the shapes of Figure 1, and a gradient that reaches both parts."""
    model = EmbeddingModel(small_cnn(1, 8, 6), 4)
    embeddings, logits = model(torch.randn(3, 1, 8, 8))
    assert embeddings.shape == (3, 6)
    assert logits is None
    assert model.class_embeddings.shape == (4, 6)
    assert any(p is model.class_embeddings for p in model.parameters())
    (embeddings - model.class_embeddings[:3]).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_class_embeddings_begin_standard_normal_and_apart():
    """Oracle: mean 0, variance 1, and |c - c'|^2 = 2 D on average, within four standard errors."""
    torch.manual_seed(0)
    classes = EmbeddingModel(mlp(1, 2, 1000), 10).class_embeddings.detach()
    assert classes.mean().item() == pytest.approx(0, abs=0.04)
    assert classes.std().item() == pytest.approx(1, abs=0.03)
    assert torch.pdist(classes).min().item() == pytest.approx(2000**0.5, rel=0.1)


def test_pure_model():
    """Oracle: the backbone itself."""
    model = PureModel(small_cnn(1, 8, 4)).eval()
    images = torch.randn(3, 1, 8, 8)
    embeddings, logits = model(images)
    assert model.class_embeddings is None
    torch.testing.assert_close(embeddings, model.backbone.features(images))
    torch.testing.assert_close(logits, model.backbone(images))


@pytest.mark.parametrize("name", SMALL)
def test_small_networks_learn_the_digits(name):
    """Oracle: scikit-learn's labels; a nearest-mean classifier on the same pixels reaches 0.90."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 8 - 1
    labels = torch.tensor(digits.target)
    torch.manual_seed(0)
    order = torch.randperm(len(labels))
    train, held = order[:1400], order[1400:]
    model = PureModel(catalog.load("models", name)(1, 8, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(3):
        for batch in train[torch.randperm(len(train))].split(64):
            loss = torch.nn.functional.cross_entropy(model(images[batch]).logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        right = (model(images[held]).logits.argmax(1) == labels[held]).float().mean().item()
    assert right > 0.90
