"""ResNets against torchvision's own, and their weights files in torchvision's own format."""

import pickle
import urllib.error
from pathlib import Path

import pytest
import torch
from torchvision import models

from trainables.models.pretrained import FILES, WeightsError, cached_file, missing_weights
from trainables.models.resnet import resnet18, resnet50


@pytest.fixture(scope="module")
def theirs():
    """A torchvision ResNet18 with random weights and batch statistics that are not the initial ones."""
    torch.manual_seed(0)
    network = models.resnet18(weights=None)
    with torch.no_grad():
        for name, buffer in network.named_buffers():
            if "running" in name:
                buffer += torch.rand_like(buffer)
    return network.eval()


@pytest.fixture(scope="module")
def file(theirs, tmp_path_factory):
    """Its weights in a file, as torchvision publishes them: a state dict saved by torch.save."""
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(theirs.state_dict(), path)
    return str(path)


def theirs_without_head(network, images):
    return torch.nn.Sequential(*list(network.children())[:-1])(images).flatten(1)


def test_weights_from_a_file_give_torchvisions_features(theirs, file):
    """Oracle: torchvision's network up to its average pool."""
    backbone = resnet18(3, 36, 10, pretrained=True, weights=file).eval()
    images = torch.randn(2, 3, 36, 36)
    torch.testing.assert_close(backbone.features(images), theirs_without_head(theirs, images))
    assert backbone.head.weight.shape == (10, 512)  # a new one, not the 1,000 of ImageNet


def test_grey_equals_the_image_repeated(theirs, file):
    """Oracle: the RGB network on three copies of the image."""
    grey = resnet18(1, 36, 10, pretrained=True, weights=file).eval()
    images = torch.randn(2, 1, 36, 36)
    torch.testing.assert_close(
        grey.features(images), theirs_without_head(theirs, images.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-5
    )
    assert grey.body.conv1.weight.shape == (64, 1, 7, 7)
    assert grey.body.conv1.weight.requires_grad


def test_random_weights_are_summed_too():
    """Oracle: the RGB network of the same seed on three copies."""
    networks = []
    for channels in (1, 3):
        torch.manual_seed(3)
        networks.append(resnet18(channels, 28, 4).eval())
    images = torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(networks[0](images), networks[1](images.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-5)


def test_old_files_without_batch_counters_are_read(theirs, tmp_path):
    """The published ResNet files are from before torch counted batches."""
    old = {k: v for k, v in theirs.state_dict().items() if not k.endswith("num_batches_tracked")}
    torch.save(old, tmp_path / "old.pth")
    backbone = resnet18(3, 36, 10, pretrained=True, weights=str(tmp_path / "old.pth")).eval()
    images = torch.randn(1, 3, 36, 36)
    torch.testing.assert_close(backbone.features(images), theirs_without_head(theirs, images))


def refused(weights, build=resnet18):
    with pytest.raises(WeightsError) as caught:
        build(3, 36, 10, pretrained=True, weights=str(weights))
    return str(caught.value)


def test_a_missing_file(tmp_path):
    message = refused(tmp_path / "none.pth")
    assert "none.pth does not exist" in message
    assert "pretrained: false" in message


def test_a_relative_path():
    assert "must be an absolute path, but got weights.pth" in refused("weights.pth")


def test_another_networks_file(file):
    message = refused(file, build=resnet50)
    assert "does not fit: layer1.0.conv1.weight must be (64, 64, 1, 1), but is (64, 64, 3, 3)" in message
    assert " more" in message


def test_a_truncated_file(file, tmp_path):
    whole = Path(file).read_bytes()
    for size in (0, 100, len(whole) // 2):
        (tmp_path / "cut.pth").write_bytes(whole[:size])
        assert "cannot be read as a state dict" in refused(tmp_path / "cut.pth")


def test_a_text_file_and_a_folder(tmp_path):
    (tmp_path / "page.pth").write_text("<html>404</html>")
    assert "cannot be read as a state dict" in refused(tmp_path / "page.pth")
    assert "cannot be read as a state dict" in refused(tmp_path)


class Evil:
    def __reduce__(self):
        return (print, ("code in a weights file was run",))


def test_code_in_a_file_is_not_run(tmp_path, capsys):
    torch.save({"conv1.weight": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(Evil(), protocol=2))
    for name in ("evil.pth", "bare.pth"):
        assert "cannot be read as a state dict" in refused(tmp_path / name)
    assert "was run" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, torch.zeros(3)])
def test_something_else_in_the_file(content, tmp_path):
    torch.save(content, tmp_path / "other.pth")
    assert "must hold a state dict" in refused(tmp_path / "other.pth")


def test_weights_without_pretrained_are_refused(file):
    with pytest.raises(ValueError, match="weights need pretrained: true"):
        resnet18(3, 36, 10, weights=file)


def test_a_failed_download_says_what_to_set(monkeypatch, tmp_path):
    """The download fails as it does without a network: torch.hub raises URLError."""

    def no_network(*arguments, **options):
        raise urllib.error.URLError("[Errno -2] Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setattr("torch.hub.urlopen", no_network)
    with pytest.raises(WeightsError, match=r"resnet18 cannot be fetched .*pretrained: false.*weights: /absolute"):
        resnet18(3, 36, 10, pretrained=True)


def test_an_earlier_download_of_torchvision_is_used(monkeypatch, theirs, tmp_path):
    """Oracle: the features of the network whose weights lie where torch.hub keeps its downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached_file("resnet18").parent.mkdir(parents=True)
    torch.save(theirs.state_dict(), cached_file("resnet18"))
    assert missing_weights("resnet18") is None
    backbone = resnet18(3, 36, 10, pretrained=True).eval()
    images = torch.randn(1, 3, 36, 36)
    torch.testing.assert_close(backbone.features(images), theirs_without_head(theirs, images))


@pytest.mark.parametrize("name", FILES)
def test_file_names_are_torchvisions(name):
    """Oracle: torchvision's weights enum."""
    url = models.get_model_weights(name).IMAGENET1K_V1.url
    assert url.endswith("/" + FILES[name])


def test_where_the_cache_is(monkeypatch, tmp_path):
    """Oracle: torch.hub itself."""
    for variable in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    assert str(cached_file("resnet18").parent) == torch.hub.get_dir() + "/checkpoints"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert str(cached_file("resnet18").parent) == torch.hub.get_dir() + "/checkpoints"
    assert "will be downloaded" in missing_weights("resnet18")
    assert "does not exist" in missing_weights("resnet18", str(tmp_path / "w.pth"))
    assert missing_weights("small_cnn") is None
